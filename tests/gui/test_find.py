"""Ctrl+F, selecting what belongs together, following wires, the next problem: by keys in the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.support.hands import press_key

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_a_block_is_found_inside_its_module_and_shown(open_window) -> None:
    window = open_window("resnet34")
    window.canvas.setFocus()
    press_key(window.canvas, Qt.Key.Key_F, CTRL)
    sheet = window.features.find
    assert sheet.line.hasFocus()
    QTest.keyClicks(sheet.line, "layer3 downsample")
    assert sheet.found and "layer3" in sheet.found[0].path
    wanted = sheet.found[0].path
    press_key(sheet.line, Qt.Key.Key_Return)
    session = window.session
    assert not sheet.isVisible() and window.canvas.hasFocus()
    assert f"{session.path}.{session.selection[0]}" == wanted

    press_key(window.canvas, Qt.Key.Key_F, CTRL)
    QTest.keyClicks(sheet.line, "nothing like it")
    assert not sheet.list.count() and "nothing like it" in sheet.none.text() and sheet.none.isVisible()
    press_key(sheet.line, Qt.Key.Key_Escape)
    assert not sheet.isVisible() and window.canvas.hasFocus()


def test_all_that_is_found_here_is_selected(open_window) -> None:
    window = open_window("googlenet")
    window.commands.run("find.block")
    sheet = window.features.find
    QTest.keyClicks(sheet.line, "maxpool2d")
    press_key(sheet.line, Qt.Key.Key_Return, SHIFT)
    assert set(window.session.selection) == {"pool1", "pool2", "pool3", "pool4"}


def test_what_belongs_together_is_selected_and_wires_are_followed(open_window) -> None:
    window = open_window("googlenet")
    session, run = window.session, window.commands.run
    session.select(["pool3"])
    run("select.type")
    assert set(session.selection) == {"pool1", "pool2", "pool3", "pool4"}
    session.select(["conv2"])
    run("select.upstream")
    assert set(session.selection) == {"input", "conv1", "pool1", "norm1", "conv2_reduce", "conv2"}
    session.select(["dropout"])
    run("select.downstream")
    assert "output" in session.selection and "pool5" not in session.selection

    session.select(["inception_4a"])
    window.canvas.setFocus()
    press_key(window.canvas, Qt.Key.Key_BracketRight)
    first = session.selection[0]
    assert first in {"inception_4b", "aux1"}
    press_key(window.canvas, Qt.Key.Key_Backslash)
    assert session.selection[0] in {"inception_4b", "aux1"} - {first}
    press_key(window.canvas, Qt.Key.Key_BracketLeft)
    assert session.selection == ("inception_4a",)


def test_f8_goes_round_the_problems(open_window) -> None:
    window = open_window()
    session = window.session
    for name in ("a", "b", "c"):
        session.diagram.add("ReLU", name)
    window.canvas.setFocus()
    problems = session.analysis.problems
    seen = []
    for _ in (*problems, problems[0]):
        press_key(window.canvas, Qt.Key.Key_F8)
        seen.append(session.selection)
    assert {name for names in seen for name in names} == {problem.block for problem in problems if problem.block}
    assert seen[-1] == seen[0]
    press_key(window.canvas, Qt.Key.Key_F8, SHIFT)
    assert session.selection == seen[-2]
