"""Commands in a process of their own: their answer, their mistakes, and that they can be ended."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from blockstudio.answers import Answer
from blockstudio.errors import StudioError
from blockstudio.graph.presets import load_preset
from blockstudio.gui.work.child import DIAGRAM, KILLED, Child
from blockstudio.runs.processes import start_mark


@pytest.fixture
def child(qtbot):
    made = Child()
    yield made
    made.cancel()


def answers(child: Child) -> list[Answer]:
    heard: list[Answer] = []
    child.done.connect(heard.append)
    return heard


def test_a_command_reads_the_diagram_as_it_is_and_answers(child: Child, qtbot) -> None:
    heard = answers(child)
    diagram = load_preset("nin_cifar10")
    diagram.set("", num_classes=7)
    child.run("summary", DIAGRAM, diagram=diagram)
    assert child.busy
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)
    assert heard[0].error is None and heard[0].value["output_shape"] == [7] and not child.busy


def test_what_went_wrong_comes_with_all_its_parts(child: Child, qtbot) -> None:
    heard = answers(child)
    child.run("summary", "resnet34", "--set", "colour=3")
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)
    with pytest.raises(StudioError) as raised:
        load_preset("resnet34", colour=3)
    told, error = raised.value, heard[0].error
    assert heard[0].code == 2 and error is not None
    assert (error.code, error.message, error.where, error.hint) == (told.code, told.message, told.where, told.hint)


def test_cancelling_kills_it_and_nothing_is_heard(child: Child, qtbot) -> None:
    heard = answers(child)
    child.run("export", "resnet50", "-o", "-")
    process = child._process
    assert process is not None and process.waitForStarted(30_000)
    pid = process.processId()
    child.cancel()
    assert not child.busy and start_mark(pid) is None
    child.run("summary", "resnet50")
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)
    assert len(heard) == 1 and heard[0].value["name"] == "ResNet-50"


def test_a_program_that_is_not_there_is_told(child: Child, qtbot, monkeypatch, tmp_path: Path) -> None:
    heard = answers(child)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    child.run("presets")
    qtbot.waitUntil(lambda: bool(heard))
    assert heard[0].code == KILLED and "cannot be started" in str(heard[0].error)


def test_a_process_that_dies_says_so(child: Child, qtbot) -> None:
    heard = answers(child)
    child.run("export", "resnet50", "-o", "-")
    process = child._process
    assert process is not None and process.waitForStarted(30_000)
    process.kill()  # as a system does that runs out of memory
    qtbot.waitUntil(lambda: bool(heard))
    assert heard[0].code == KILLED and heard[0].error is not None and heard[0].error.code == "child.killed"
