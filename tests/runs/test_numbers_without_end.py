"""Every number of a run's log, a recipe and an experiment in turn replaced by one that no float holds, or by none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.experiments.definition import load_experiment
from blockstudio.experiments.library import experiment_path
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.events import EventWriter
from blockstudio.runs.rows import read_rows
from tests.support.tiny import tiny_network

NUMBER = re.compile(rb"(?<=[:\[,\s])-?\d+(\.\d+)?([eE][-+]?\d+)?(?=[,\]\}\s])")
OTHERS = (b"1" + b"0" * 400, b"-1" + b"0" * 400, b"1e308", b"9223372036854775808", b"-1", b'"x"', b"null", b"[]")


def replaced(path: Path, others: tuple[bytes, ...] = OTHERS) -> Iterator[bytes]:
    good = path.read_bytes()
    for found in NUMBER.finditer(good):
        for other in others:
            text = good[: found.start()] + other + good[found.end() :]
            path.write_bytes(text)
            yield text
    path.write_bytes(good)


def refused_or_read(ask: Callable[[], object]) -> None:
    try:
        ask()
    except StudioError:
        return


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = create_run(tiny_network(), with_fields(Recipe(), {"epochs": 2}), tmp_path / "runs" / "one")
    log = EventWriter(run.directory / "events.jsonl")
    log.write("started", step=0, steps=4)
    log.write("step", step=1, loss=2.0, lr=0.1, accuracy=0.1, aux=[0.5])
    log.write("blocks", step=1, gradient=[0.5, 1.5])
    log.write("epoch", step=2, epoch=1, train_loss=1.0, validation_accuracy=0.5)
    log.write("paused", step=2)
    log.write("resumed", step=2)
    log.write("finished", step=4, seconds=3.5, test_accuracy=0.5, chance=0.1, test_images=100)
    log.close()
    return run


def test_a_run_is_read_or_refused(run: Run) -> None:
    count = 0
    for _ in replaced(run.directory / "events.jsonl"):
        count += 1
        again = Run(run.directory)
        row = read_rows(run.directory.parent)[0]
        for ask in (again.recipe, again.state, again.history, again.results, again.best,
                    lambda row=row: (row.best, row.test, row.at_chance, row.images_per_second, row.seconds, row.share),
                    ):  # fmt: skip
            refused_or_read(ask)
    assert count > 20


def test_a_recipe_is_read_or_refused(run: Run) -> None:
    count = 0
    for _ in replaced(run.directory / "recipe.json"):
        count += 1
        refused_or_read(Run(run.directory).recipe)
    assert count > 100


def test_an_experiment_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.experiment.json"
    path.write_bytes(experiment_path("gradient_at_the_start").read_bytes())
    count = 0
    for _ in replaced(path, OTHERS[:1]):
        count += 1
        refused_or_read(lambda: load_experiment(path))
    assert count > 20
