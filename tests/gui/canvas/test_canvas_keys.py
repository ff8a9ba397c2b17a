"""The drawing by keyboard alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeySequence, QNativeGestureEvent, QPointingDevice, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from tests.support.canvas_driver import click, key, middle, tip, wire_ends

K, M = Qt.Key, Qt.KeyboardModifier


def test_shift_tab_walks_the_blocks_from_bottom_to_top_and_leaves_at_the_end(show, simple) -> None:
    canvas = show(simple)
    walked = []

    for _ in range(4):
        QTest.keyClick(canvas, K.Key_Backtab, M.ShiftModifier)
        walked.append(canvas.session.selection)

    assert walked == [("output",), ("relu",), ("conv2d",), ("input",)]
    assert not canvas.run("go.previous")


def test_home_and_end_go_to_the_first_and_the_last_block(show, simple) -> None:
    canvas = show(simple)

    key(canvas, K.Key_End)
    assert canvas.session.selection == ("output",)
    key(canvas, K.Key_Home)
    assert canvas.session.selection == ("input",)


def test_alt_and_arrows_go_to_the_nearest_block_that_way(show) -> None:
    diagram = Diagram("cross")
    for name, at in {"mid": (0, 0), "up": (10, -120), "left_1": (-200, 8), "right_1": (200, 0)}.items():
        diagram.add("ReLU", name, at=at)
    canvas = show(diagram)
    canvas.session.select(["mid"])
    visited = []

    for arrow in (K.Key_Up, K.Key_Down, K.Key_Left, K.Key_Right, K.Key_Right):
        key(canvas, arrow, M.AltModifier)
        visited.append(canvas.session.selection[0])

    assert visited == ["up", "mid", "left_1", "mid", "right_1"]
    assert diagram.main.block("mid").at == (0, 0)


def test_arrows_nudge_the_selection_and_all_presses_until_release_are_one_step(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])
    before = dumps(simple)

    for _ in range(3):
        QTest.keyPress(canvas, K.Key_Right)
    assert canvas.block_rect("conv2d").center() == QPointF(24, 112)
    assert simple.history.undo_label is None
    QTest.keyRelease(canvas, K.Key_Right)

    assert simple.main.block("conv2d").at == (24.0, 112.0)
    canvas.session.undo()
    assert dumps(simple) == before


def test_escape_takes_a_nudge_back(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])
    QTest.keyPress(canvas, K.Key_Down)

    key(canvas, K.Key_Escape)
    QTest.keyRelease(canvas, K.Key_Down)

    assert canvas.block_rect("conv2d").center() == QPointF(0, 112)
    assert simple.history.undo_label is None
    assert canvas.session.selection == ("conv2d",)


def test_a_nudge_is_made_when_the_focus_leaves_before_the_key_is_up(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])
    QTest.keyPress(canvas, K.Key_Down)

    canvas.clearFocus()

    assert simple.main.block("conv2d").at == (0.0, 120.0)


@pytest.mark.parametrize("which", [K.Key_Delete, K.Key_Backspace])
def test_delete_removes_the_selection_with_its_wires_and_undo_brings_it_back(show, simple, which) -> None:
    canvas = show(simple)
    before = dumps(simple)
    canvas.session.select(["conv2d", "relu"])

    key(canvas, which)
    assert list(canvas.scene.drawing.names) == ["input", "output"] and wire_ends(canvas) == {"input -> output"}

    key(canvas, K.Key_Z, M.ControlModifier)
    assert dumps(simple) == before
    assert set(canvas.scene.drawing.names) == {"input", "conv2d", "relu", "output"}
    assert set(canvas.scene.drawing.wires) == set(simple.main.wires())


def test_escape_first_drops_the_selection_then_leaves_the_module(show, nested) -> None:
    canvas = show(nested)
    canvas.session.enter("stage")
    canvas.session.select(["conv"])

    key(canvas, K.Key_Escape)
    assert (canvas.session.path, canvas.session.selection) == ("stage", ())
    key(canvas, K.Key_Escape)
    assert canvas.session.path == ""


def test_enter_opens_a_module_and_asks_for_the_fields_of_another_block(show, nested) -> None:
    canvas = show(nested)
    asked = []
    canvas.activated.connect(asked.append)

    canvas.session.select(["input"])
    key(canvas, K.Key_Return)
    assert (asked, canvas.session.path) == (["input"], "")

    canvas.session.select(["stage"])
    key(canvas, K.Key_Return)
    assert canvas.session.path == "stage"
    key(canvas, K.Key_Backspace)
    assert canvas.session.path == ""


def test_copy_paste_and_duplicate(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d", "relu"])

    key(canvas, K.Key_C, M.ControlModifier)
    key(canvas, K.Key_V, M.ControlModifier)
    assert len(canvas.scene.drawing) == 6
    pasted = canvas.session.selection
    assert len(pasted) == 2 and set(pasted).isdisjoint({"conv2d", "relu"})

    key(canvas, K.Key_D, M.ControlModifier)
    assert len(canvas.scene.drawing) == 8
    assert f"{pasted[0]} -> {pasted[1]}" in wire_ends(canvas)


def test_select_all_and_zoom_keys(show, simple) -> None:
    canvas = show(simple)

    key(canvas, K.Key_A, M.ControlModifier)
    assert set(canvas.session.selection) == set(canvas.scene.drawing.names)

    canvas.zoom_to(0.3)
    key(canvas, K.Key_1, M.ControlModifier)
    assert canvas.camera.scale == 1.0
    canvas.camera.pan(5000, 5000)
    key(canvas, K.Key_F)
    seen = canvas.camera.rect_to_view(canvas.scene.drawing.bounds)
    assert canvas.rect().contains(seen.toAlignedRect())


def test_selected_blocks_are_wired_in_the_order_of_their_selection(show) -> None:
    from blockstudio.gui.canvas.hand.dropping import wire_in_order

    diagram = Diagram("loose")
    for index, (name, kind) in enumerate({"a": "Input", "b": "ReLU", "c": "Add"}.items()):
        diagram.add(kind, name, at=(0, 120 * index))
    canvas = show(diagram)
    canvas.session.select(["a", "b", "c"])

    assert wire_in_order(canvas.scene)
    assert wire_ends(canvas) == {"a -> b", "b -> c:0"}
    canvas.session.undo()
    assert wire_ends(canvas) == set()

    heard = []
    canvas.session.refused.connect(heard.append)
    canvas.session.select(["b", "a"])
    assert not wire_in_order(canvas.scene)
    assert heard == ["b cannot be wired to a: no port is free"]


def test_a_screen_reader_hears_what_is_selected(show, simple) -> None:
    canvas = show(simple)
    assert canvas.accessibleName() == "Drawing"
    assert canvas.accessibleDescription() == "4 blocks"

    click(canvas, middle(canvas, "conv2d"))

    assert canvas.accessibleDescription().startswith("conv2d, 3×3, 64, 3×32×32 → 64×32×32, 1,792 parameters")


def test_keys_of_the_drawing_come_before_shortcuts_of_the_window(show, simple, qtbot) -> None:
    canvas = show(simple)
    shortcut = QShortcut(QKeySequence(K.Key_Delete), canvas)
    heard = []
    shortcut.activated.connect(lambda: heard.append("shortcut"))
    canvas.session.select(["relu"])

    qtbot.keyClick(canvas, K.Key_Delete)

    assert heard == [] and "relu" not in canvas.scene.drawing.rows


def test_a_pinch_zooms_about_the_fingers(show, simple) -> None:
    canvas = show(simple)
    at = QPointF(200, 150)
    before, scale = canvas.camera.to_scene(at), canvas.camera.scale
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, at, at, at, 0.25, QPointF()
    )

    QApplication.sendEvent(canvas, pinch)

    assert canvas.camera.scale == pytest.approx(scale * 1.25)
    assert canvas.camera.to_scene(at).x() == pytest.approx(before.x())


def test_a_tip_tells_what_is_under_the_mouse(show, simple) -> None:

    canvas = show(simple)

    text = tip(canvas, QPointF(middle(canvas, "conv2d")))
    assert text.splitlines()[:3] == ["conv2d", "3×3, 64", "3×32×32 → 64×32×32"]
    assert tip(canvas, canvas.port_point("conv2d", "in", "in")) == "Input in of conv2d: from input"
    assert tip(canvas, canvas.port_point("conv2d", "out")) == "Output out of conv2d: 64×32×32"
    assert tip(canvas, QPointF(3, 3)) == ""
