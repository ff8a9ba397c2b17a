"""A stop while a step is compiled or recorded ends the process, and not before, and not later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from blockstudio.runs import Run, start_run
from blockstudio.training import leaving, trainer
from blockstudio.training.control import Control
from blockstudio.training.leaving import Leaving
from blockstudio.training.prepare import Builder, Prepared
from blockstudio.training.step import Step

MakeRun = Callable[..., Run]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The end of the process, as an event."""
    event = threading.Event()
    monkeypatch.setattr(leaving, "end_process", event.set)
    monkeypatch.setattr(leaving, "LOOK", 0.01)
    monkeypatch.setattr(leaving, "PATIENCE", 0.0)
    return event


def test_a_step_that_lasts_is_left_behind_and_the_log_says_so(tmp_path: Path, ended: threading.Event) -> None:
    control, said = Control(tmp_path / "control.jsonl"), []
    watch = Leaving(control, lambda: said.append("stopped"), 1)
    with watch:
        (tmp_path / "control.jsonl").write_text('{"command": "stop"}\n')
        assert ended.wait(20)
    assert said[0] == "stopped" and not watch.steps


def test_what_is_asked_between_steps_is_the_trainers_own(tmp_path: Path, ended: threading.Event) -> None:
    control, said = Control(tmp_path / "control.jsonl"), []
    watch = Leaving(control, lambda: said.append("stopped"), 2)
    with watch:
        pass
    control.stop()
    assert not ended.wait(0.1) and said == [] and watch.steps == 1
    with watch:
        assert ended.wait(20)


def test_once_the_first_steps_are_done_nobody_watches(tmp_path: Path, ended: threading.Event) -> None:
    watch = Leaving(Control(tmp_path / "control.jsonl"), lambda: None, 1)
    with watch:
        pass
    assert watch._over.is_set() and not ended.is_set()


def test_a_stop_while_images_are_read_ends_the_trainer(
    make_run: MakeRun, ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(epochs=1)

    def prepare(run: Run, build: object) -> None:
        run.send("stop")
        assert ended.wait(20)
        assert (run.state().status, run.state().step) == ("stopped", 0)
        raise AssertionError("the process has ended")

    monkeypatch.setattr(trainer, "prepare", prepare)
    with pytest.raises(ValueError, match="closed file"):  # After the last word there is none.
        trainer.train_run(run, own_process=True)


def test_a_stop_amid_a_first_step_that_lasts_ends_the_trainer(
    make_run: MakeRun, ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ResNet-152 a step takes a minute on a busy machine; before its first one is over there is nothing to keep."""
    run = make_run(epochs=1)

    def lasting(step: Step, batch: object, before_update: object = None) -> None:
        run.send("stop")
        assert ended.wait(20)
        assert (run.state().status, run.state().step) == ("stopped", 0)
        raise AssertionError("the process has ended")

    monkeypatch.setattr(Step, "__call__", lasting)
    with pytest.raises(ValueError, match="closed file"):
        trainer.train_run(run, own_process=True)
    monkeypatch.undo()
    trainer.train_run(run)
    assert run.state().status == "finished"


def test_what_was_asked_while_a_trainer_got_ready_is_heard_before_the_first_step(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(epochs=1)
    seen: list[str] = []

    def prepare(run: Run, build: Builder | None) -> Prepared:
        run.send("stop")
        return prepared(run, build)

    prepared = trainer.prepare
    with monkeypatch.context() as patched:
        patched.setattr(trainer, "prepare", prepare)
        trainer.train_run(run, on_event=lambda event: seen.append(event["type"]))
    assert [kind for kind in seen if kind != "note"] == ["started", "stopped"], "no step, and no checkpoint of nothing"
    assert run.state().status == "stopped" and not run.checkpoints.all()
    trainer.train_run(run)
    assert run.state().status == "finished"


@pytest.mark.slow
def test_a_run_stopped_while_it_is_compiled_ends_and_can_be_continued(make_run: MakeRun) -> None:
    from blockstudio.api import load

    run = make_run("compiled", load("resnet152"), compile=True, steps=4, batch_size=16)
    child = start_run(run)
    for event in run.follow(interval=0.05):
        if event["type"] == "started":
            run.send("stop")
    assert child.wait(60) == 0
    assert (run.state().status, run.state().step) == ("stopped", 0) and not run.state().active
