"""A disk that is full: a small one of its own, where this system lets the test have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.recovery import Journal, pending, recover
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.training import train_run
from tests.support.disks import fill
from tests.support.tiny import tiny_network


def test_the_journal_stays_and_goes_on_once_there_is_room(small_disk: Path) -> None:
    diagram, told = Diagram("thesis"), []
    journal = Journal(diagram, small_disk, on_error=told.append)
    diagram.add("Input", "input", shape=[3, 8, 8])
    filler = fill(small_disk)
    for number in range(600):
        diagram.add("ReLU", f"relu{number}", note="x" * 50)
    assert journal.error is not None and len(told) == 1
    text = str(told[0])
    assert "the disk is full" in text and "bytes are needed" in text and "free" in text
    assert journal.path is not None and journal.path.stat().st_size > 0
    filler.unlink()
    diagram.add("ReLU", "last")
    assert journal.error is None
    journal.close(keep=True)
    (entry,) = pending(small_disk)
    assert dict(recover(entry).main.blocks()) == dict(diagram.main.blocks())


def test_training_says_so_in_a_sentence_and_leaves_nothing_half_done(small_disk: Path) -> None:
    recipe = with_fields(Recipe(), {"threads": 1, "steps": 4, "checkpoints": {"steps": 1, "epochs": 0}})
    run = create_run(tiny_network(width=64), recipe, small_disk / "run")
    filler = fill(small_disk, spare=60_000)
    with pytest.raises(StudioError) as caught:
        train_run(run)
    assert caught.value.code in ("checkpoint.write", "run.write") and "the disk is full" in str(caught.value)
    state = run.state()
    assert state.status == "failed" and "bytes are needed" in state.message and "\n" not in state.message
    left = [path.name for path in run.directory.rglob("*") if path.name.startswith(".") and path.name != ".lock-guard"]
    assert left == [] and not (run.directory / "lock").exists()
    filler.unlink()
    train_run(run)
    assert run.state().status == "finished"


def test_a_log_without_room_ends_in_a_word(small_disk: Path) -> None:
    recipe = with_fields(Recipe(), {"threads": 1, "steps": 400, "checkpoints": {"epochs": 0}})
    run = create_run(tiny_network(), recipe, small_disk / "run")
    fillers = []

    def take_all(event: dict[str, object]) -> None:
        if event["type"] == "started" and not fillers:
            fillers.append(fill(small_disk))

    with pytest.raises(StudioError):
        train_run(run, on_event=take_all)
    assert run.state().status == "failed" and "the disk is full" in run.state().message
