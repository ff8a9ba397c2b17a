"""Commands in a process of their own: their answer, their mistakes, and that they can be ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from blockstudio.graph.presets import load_preset
from blockstudio.gui.work.child import DIAGRAM, FAILED, Child, error_text
from blockstudio.runs.processes import start_mark


@pytest.fixture
def child(qtbot):
    made = Child()
    yield made
    made.cancel()


def answers(child: Child) -> list[tuple[int, str, str]]:
    heard: list[tuple[int, str, str]] = []
    child.done.connect(lambda *answer: heard.append(answer))
    return heard


def test_a_command_reads_the_diagram_as_it_is_and_answers(child: Child, qtbot) -> None:
    heard = answers(child)
    diagram = load_preset("nin_cifar10")
    diagram.set("", num_classes=7)
    child.run("summary", DIAGRAM, "--json", diagram=diagram)
    assert child.busy
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)
    code, out, _ = heard[0]
    assert code == 0 and json.loads(out)["output_shape"] == [7] and not child.busy


def test_what_went_wrong_is_one_sentence(child: Child, qtbot) -> None:
    heard = answers(child)
    child.run("summary", "no_such_network")
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)
    code, _, err = heard[0]
    assert code == 2
    assert error_text("Warning: something\n" + err).startswith("there is no preset and no file 'no_such_network'")


def test_cancelling_kills_it_and_nothing_is_heard(child: Child, qtbot) -> None:
    heard = answers(child)
    child.run("export", "resnet50", "-o", "-")
    process = child._process
    assert process is not None and process.waitForStarted(30_000)
    pid = process.processId()
    child.cancel()
    assert not child.busy and start_mark(pid) is None
    child.run("presets", "resnet50")
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)
    assert len(heard) == 1 and heard[0][1].startswith("resnet50")


def test_a_program_that_is_not_there_is_told(child: Child, qtbot, monkeypatch, tmp_path: Path) -> None:
    heard = answers(child)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    child.run("presets")
    qtbot.waitUntil(lambda: bool(heard), timeout=30_000)
    assert heard[0][0] == FAILED and "cannot be started" in error_text(heard[0][2])


def test_a_process_that_dies_says_so(child: Child, qtbot) -> None:
    heard = answers(child)
    child.run("export", "resnet50", "-o", "-")
    process = child._process
    assert process is not None and process.waitForStarted(30_000)
    process.kill()  # as a system does that runs out of memory
    qtbot.waitUntil(lambda: bool(heard), timeout=30_000)
    assert heard[0][0] == FAILED and "ended by the system" in error_text(heard[0][2])
