"""What a test may leave behind: what ends by itself, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial

import pytest

from tests.support import leavings
from tests.support.leavings import Leavings

forget: Callable[[], None] = dict[str, object]().clear


@pytest.mark.parametrize("daemon", [False, True])
def test_a_thread_that_is_ending_already_is_waited_for(daemon: bool) -> None:
    before, go = Leavings(), threading.Event()
    thread = threading.Thread(target=go.wait, daemon=daemon)
    thread.start()
    assert before.new(forget=go.set) == []
    assert not thread.is_alive()


def test_a_thread_that_goes_on_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leavings, "PATIENCE", 0.01)
    before, go = Leavings(), threading.Event()
    thread = threading.Thread(target=go.wait, name="goes on", daemon=True)
    thread.start()
    (left,) = before.new(forget)
    assert left.startswith("threads: <Thread(goes on")
    go.set()
    thread.join()


def test_what_was_there_before_is_not_waited_for() -> None:
    go = threading.Event()
    old = threading.Thread(target=go.wait, daemon=True)
    old.start()
    before, end = Leavings(), threading.Event()
    young = threading.Thread(target=end.wait, daemon=True)
    young.start()
    assert before.new(forget=end.set) == []
    assert old.is_alive() and not young.is_alive()
    go.set()
    old.join()


def test_a_process_that_is_ending_is_waited_for_and_one_that_goes_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Leavings()
    start = partial(subprocess.Popen, [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with start() as child:
        assert child.stdin is not None
        assert before.new(forget=child.stdin.close) == []
    monkeypatch.setattr(leavings, "PATIENCE", 0.01)
    with start() as child:
        left = before.new(forget)
        assert left and all(line.startswith("processes: ") and "input()" in line for line in left)
