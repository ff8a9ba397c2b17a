"""Work beside the window: answers come back on its thread, mistakes too, and nothing waits for ever."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import save
from blockstudio.gui.work import child
from blockstudio.gui.work.worker import Work


@pytest.fixture
def work(qtbot) -> Work:
    return Work()


def test_an_answer_comes_back_on_the_window_s_thread(work: Work, qtbot) -> None:
    seen: list[tuple[str, bool]] = []
    here = threading.get_ident()
    work.run(
        lambda: str(threading.get_ident() != here), lambda answer: seen.append((answer, threading.get_ident() == here))
    )
    assert work.busy
    qtbot.waitUntil(lambda: seen == [("True", True)])
    assert not work.busy


def test_what_the_user_can_put_right_is_told(work: Work, qtbot) -> None:
    told: list[Exception] = []

    def fail() -> None:
        raise StudioError("x", "not so.")

    work.run(fail, lambda _: told.append(AssertionError()), told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert str(told[0]) == "not so."


def test_a_defect_reaches_the_hook_and_its_asker(work: Work, qtbot, monkeypatch) -> None:
    told: list[Exception] = []
    hooked: list[type] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: hooked.append(kind))
    work.run(lambda: {}["nothing"], lambda _: None, told.append)
    qtbot.waitUntil(lambda: bool(told) and bool(hooked))
    assert "KeyError" in str(told[0]) and hooked == [KeyError] and not work.busy


def test_cancelled_work_is_not_heard_of(work: Work, qtbot) -> None:
    heard: list[int] = []
    gate = threading.Event()
    work.run(lambda: gate.wait(10), lambda _: heard.append(1))
    work.cancel()
    gate.set()
    work.run(lambda: 2, heard.append)
    qtbot.waitUntil(lambda: heard == [2])


def test_a_network_that_is_still_being_written_keeps_its_folder_until_it_is(qtbot, monkeypatch, tmp_path) -> None:
    gate, begun, written = threading.Event(), threading.Event(), []

    def slowly(diagram: Diagram, file: Path) -> None:
        begun.set()
        assert gate.wait(60) and file.parent.is_dir(), "its folder went while it was being written"
        save(diagram, file)
        written.append(file)

    monkeypatch.setattr(child, "save", slowly)
    running = child.Child()
    running.run("summary", child.DIAGRAM, diagram=Diagram("small"))
    assert begun.wait(60)
    running.cancel()
    gate.set()
    qtbot.waitUntil(lambda: bool(written) and not written[0].parent.exists())
