"""A result at chance is no success."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.runs.chance import at_chance, doubt
from blockstudio.runs.events import EventWriter
from blockstudio.runs.run import EVENTS
from blockstudio.runs.terminal import TerminalView
from tests.support.tiny import tiny_network


@pytest.mark.parametrize(
    ("accuracy", "chance", "images", "guessed"),
    [(1 / 3, 1 / 3, 60, True), (0.4, 1 / 3, 60, True), (0.5, 1 / 3, 60, False), (0.95, 0.95, 1000, True),
     (0.0, 0.1, 10, True), (0.11, 0.1, 10_000, False), (1.0, 0.5, 10, False)],
)  # fmt: skip
def test_guessing_is_told_from_learning(accuracy: float, chance: float, images: int, guessed: bool) -> None:
    assert at_chance(accuracy, chance, images) is guessed


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"test_accuracy": None, "chance": 0.1, "test_images": 5},
        {"test_accuracy": 0.1},
        {"test_accuracy": 1.0, "chance": 1.0, "test_images": 5},
    ],
)
def test_where_nothing_is_known_nothing_is_said(event: dict[str, float] | None) -> None:
    assert doubt(event) is None


@pytest.mark.parametrize(
    ("accuracy", "trained", "guessed"), [(0.333, 0.4, True), (0.333, None, True), (0.9, 0.9, False)]
)
def test_the_end_of_a_run_says_so(tmp_path: Path, accuracy: float, trained: float | None, guessed: bool) -> None:
    run = create_run(tiny_network(), with_fields(Recipe(), {"epochs": 1}), tmp_path / "run")
    end = {
        "step": 3, "test_accuracy": accuracy, "test_loss": 1.0, "confusion": None, "seconds": 1.0,
        "test_images": 60, "chance": 1 / 3,
    }  # fmt: skip
    events = EventWriter(run.directory / EVENTS)
    events.write("epoch", epoch=1, step=3, train_loss=1.0, train_accuracy=trained)
    events.write("finished", **end)
    events.close()
    state = run.state()
    assert (state.status, state.at_chance) == ("finished", guessed)
    assert ("learnt nothing" in state.message) is guessed
    out = io.StringIO()
    view = TerminalView(run, Console(file=out, width=200))
    view.show({"type": "finished", **end})
    assert view.close() == 0
    assert ("Try more epochs" in out.getvalue()) is guessed


def test_what_was_learnt_by_heart_is_told_from_what_was_not_learnt() -> None:
    end = {"test_accuracy": 0.35, "test_images": 60, "chance": 1 / 3}
    assert "learnt nothing that shows" in str(doubt(end, 0.4))
    text = str(doubt(end, 1.0))
    assert "by heart (100.0% are right)" in text and "Try augmentation" in text and "more epochs" not in text
    assert doubt({**end, "test_accuracy": 0.8}, 1.0) is None
