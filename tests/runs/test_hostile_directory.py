"""Run directories as a bad disk, another program or a joker leaves them: one sentence, never an endless read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.errors import StudioError
from blockstudio.runs import Recipe, Run, create_run, list_runs, start_run, with_fields
from blockstudio.runs.events import EventWriter, read_events
from blockstudio.runs.lock import Lock
from blockstudio.runs.terminal import watch
from blockstudio.training.control import Control

DEEP = b'{"a":' * 20_000 + b"1" + b"}" * 20_000


def fifo(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def deep(path: Path) -> None:
    path.write_bytes(DEEP)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(bs.load("cifar_resnet", n=1), with_fields(Recipe(), {"epochs": 2}), tmp_path / "run")


ASKED: dict[str, Callable[[Run], object]] = {
    "lock": lambda run: run.state(),
    "data.json": lambda run: run.data(),
    "environment.json": lambda run: run.environment(),
    "events.jsonl": lambda run: run.state(),
    "recipe.json": lambda run: Run(run.directory).recipe(),
    "diagram.blocks.json": lambda run: Run(run.directory).diagram(),
    "control.jsonl": lambda run: Control(run.directory / "control.jsonl", 0).poll(),
    "trainer.log": lambda run: (run.last_words(), start_run(run)),
    ".lock-guard": lambda run: Lock(run.directory).claim(),
    "checkpoints": lambda run: run.best(),
}


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices of POSIX")
@pytest.mark.parametrize("put", [fifo, endless, folder, deep])
def test_whatever_a_file_has_become_is_one_sentence(run: Run, put: Callable[[Path], None]) -> None:
    for name, ask in ASKED.items():
        if name == "trainer.log" and put is deep:
            continue  # Any text will do there.
        path = run.directory / name
        kept = path.read_bytes() if path.is_file() else None
        path.unlink(missing_ok=True)
        put(path)
        try:
            ask(Run(run.directory))
        except StudioError as error:
            assert "\n" not in str(error), (name, error)
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        if kept is not None:
            path.write_bytes(kept)
    Lock(run.directory).release()
    assert [found.name for found in list_runs(run.directory.parent)] == ["run"]


def test_a_log_that_is_no_file_is_neither_read_nor_written(run: Run) -> None:
    log = run.directory / "events.jsonl"
    log.unlink()
    log.mkdir()
    for act in (run.state, lambda: EventWriter(log), lambda: watch(run)):
        with pytest.raises(StudioError) as caught:
            act()
        assert caught.value.code in ("run.damaged", "run.write") and caught.value.where == str(log)


def test_a_torn_line_hides_nothing_of_the_next_trainer(run: Run) -> None:
    log = run.directory / "events.jsonl"
    for whole in (b"", log.read_bytes()):
        log.write_bytes(whole + b'{"type": "step", "st' + b"x" * 300)
        lock = Lock(run.directory)
        lock.claim()
        writer = EventWriter(log)
        writer.write("started", step=0, steps=4, epochs=1)
        writer.write("finished", step=4, test_accuracy=0.9)
        writer.close()
        assert Run(run.directory).state().status == "finished"
        lock.release()


def test_a_line_without_end_is_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blockstudio.runs.events.READ_AT_ONCE", 1000)
    monkeypatch.setattr("blockstudio.runs.events.LONGEST", 10_000)
    log = tmp_path / "events.jsonl"
    log.write_bytes(b"x" * 20_000)
    with pytest.raises(StudioError, match="no log"):
        read_events(log)
