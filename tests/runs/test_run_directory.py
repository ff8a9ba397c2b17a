"""Run directories: made, listed, watched, told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import blockstudio as bs
from blockstudio.errors import StudioError
from blockstudio.runs import Recipe, Run, create_run, list_runs, with_fields
from blockstudio.runs.events import EventWriter
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import EVENTS


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(bs.load("cifar_resnet", n=1), with_fields(Recipe(), {"epochs": 2}), tmp_path / "run")


def write(run: Run, *events: dict[str, Any]) -> None:
    writer = EventWriter(run.directory / EVENTS)
    for event in events:
        fields = dict(event)
        writer.write(fields.pop("type"), **fields)
    writer.close()


STARTED = {"type": "started", "step": 0, "steps": 40, "epochs": 2, "steps_per_epoch": 20}


def test_a_run_holds_the_fitted_diagram_and_the_whole_recipe(run: Run) -> None:
    assert bs.analyze(run.diagram()).output_shape == (10,)
    recipe = run.recipe()
    assert (recipe.epochs, recipe.batch_size, recipe.optimizer.lr) == (2, 64, 1e-3)
    assert run.state().status == "new"
    assert not run.state().active
    events, _ = run.events()
    assert [event["type"] for event in events] == ["note"]
    assert "in_channels = 1" in events[0]["text"]


def test_a_directory_is_used_once(run: Run, tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        create_run(bs.load("cifar_resnet"), Recipe(), run.directory)
    assert caught.value.code == "run.exists"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(StudioError):
        create_run(bs.load("cifar_resnet"), Recipe(), tmp_path / "full")
    assert (tmp_path / "full" / "thesis.txt").read_text() == "mine"


def test_a_bad_recipe_makes_no_directory(tmp_path: Path) -> None:
    with pytest.raises(StudioError):
        create_run(bs.load("cifar_resnet"), with_fields(Recipe(), {"data": "nothing"}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(StudioError) as caught:
            Run(path)
        assert caught.value.code == "run.missing"


def test_runs_are_named_after_diagram_and_time_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list_runs() == []
    first = create_run(bs.load("cifar_resnet"), Recipe())
    second = create_run(bs.load("cifar_resnet"), Recipe())
    (tmp_path / "runs" / "other").mkdir()
    assert first.directory != second.directory
    assert {item.directory for item in list_runs()} == {first.directory, second.directory}


def test_the_state_follows_the_events_of_a_living_trainer(run: Run) -> None:
    lock = Lock(run.directory)
    lock.claim()
    # It has the lock and has said nothing yet: it is starting.
    assert (run.state().status, run.state().active) == ("running", True)
    write(run, STARTED, {"type": "step", "step": 5, "epoch": 1, "seconds_left": 3.0})
    state = run.state()
    assert (state.status, state.step, state.steps, state.epoch, state.seconds_left) == ("running", 5, 40, 1, 3.0)
    write(run, {"type": "paused", "step": 5})
    assert (run.state().status, run.state().active) == ("paused", True)
    write(run, {"type": "resumed", "step": 5})
    assert run.state().status == "running"
    write(run, {"type": "stopped", "step": 6})
    lock.release()
    state = run.state()
    assert (state.status, state.active, state.pid) == ("stopped", False, None)


def dead_trainer(run: Run) -> None:
    lock = Lock(run.directory)
    lock.claim()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    lock.hand_to(child.pid)


def test_a_trainer_that_died_midway_is_lost(run: Run) -> None:
    dead_trainer(run)
    write(run, STARTED)
    assert run.state().status == "lost"
    assert not run.state().active


def test_a_trainer_that_died_before_its_first_word_failed_and_its_last_line_says_why(run: Run) -> None:
    (run.directory / "trainer.log").write_text("Traceback ...\nImportError: libcudart.so is missing\n\n")
    dead_trainer(run)
    state = run.state()
    assert (state.status, state.message) == ("failed", "ImportError: libcudart.so is missing")
    events = list(run.follow())
    assert events[-1]["type"] == "failed"
    assert events[-1]["message"] == "ImportError: libcudart.so is missing"


def test_a_second_trainer_that_died_is_not_hidden_by_what_the_first_said(run: Run) -> None:
    write(run, STARTED, {"type": "stopped", "step": 6})
    assert run.state().status == "stopped"
    dead_trainer(run)
    assert run.state().status == "failed"


def test_a_failed_run_says_why(run: Run) -> None:
    write(run, {"type": "failed", "code": "x", "message": "is empty.", "where": "a.png", "hint": "Remove it."})
    assert run.state().message == "a.png: is empty. Remove it."
    assert run.state().status == "failed"


def test_following_ends_after_the_last_event(run: Run) -> None:
    write(run, STARTED, {"type": "finished", "step": 40, "test_accuracy": 0.5})
    assert [event["type"] for event in run.follow()] == ["note", "started", "finished"]
    results = run.results()
    assert results is not None and results["test_accuracy"] == 0.5


def test_following_waits_for_a_living_trainer(run: Run) -> None:
    lock = Lock(run.directory)
    lock.claim()
    moves: Iterator[dict[str, Any]] = iter([STARTED, {"type": "step", "step": 1}, {"type": "stopped", "step": 1}])

    def next_move() -> None:
        move = next(moves)
        write(run, move)
        if move["type"] == "stopped":
            lock.release()

    seen = list(run.follow(interval=0.0, while_waiting=next_move))
    assert [event["type"] for event in seen] == ["note", "started", "step", "stopped"]


def test_commands_are_appended_for_the_trainer_and_refused_without_one(run: Run) -> None:
    with pytest.raises(StudioError) as caught:
        run.send("pause")
    assert caught.value.code == "run.idle"
    lock = Lock(run.directory)
    lock.claim()
    run.send("pause")
    run.send("stop")
    lines = (run.directory / "control.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["command"] for line in lines] == ["pause", "stop"]


def test_a_finished_run_is_not_started_again_unless_it_is_given_more(run: Run) -> None:
    write(run, STARTED, {"type": "finished", "step": 40, "test_accuracy": 0.5})
    with pytest.raises(StudioError) as caught:
        run.check_unfinished()
    assert caught.value.code == "run.finished"
    path = run.directory / "recipe.json"
    path.write_text(path.read_text().replace('"epochs": 2', '"epochs": 3'))
    run.check_unfinished()


@pytest.mark.parametrize(("name", "ask"), [("recipe.json", "recipe"), ("diagram.blocks.json", "diagram")])
def test_a_damaged_file_is_named(run: Run, name: str, ask: str) -> None:
    (run.directory / name).write_bytes(b"\x00\xff")
    with pytest.raises(StudioError) as caught:
        getattr(run, ask)()
    assert name in str(caught.value)
