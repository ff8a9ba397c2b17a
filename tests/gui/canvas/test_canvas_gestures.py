"""Selecting, moving, panning and zooming with the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from blockstudio.graph.format import dumps
from tests.support.canvas_driver import LEFT, click, drag, key, middle, move, press, release, turn_wheel

SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
MIDDLE = Qt.MouseButton.MiddleButton


def test_a_click_selects_a_block_and_a_click_beside_selects_nothing(show, simple) -> None:
    canvas = show(simple)

    click(canvas, middle(canvas, "conv2d"))
    assert canvas.session.selection == ("conv2d",)
    assert canvas.scene.marks.selected == {"conv2d"}

    click(canvas, (20, 20))
    assert canvas.session.selection == ()


def test_shift_click_adds_and_takes_away(show, simple) -> None:
    canvas = show(simple)

    click(canvas, middle(canvas, "conv2d"))
    click(canvas, middle(canvas, "relu"), SHIFT)
    assert canvas.session.selection == ("conv2d", "relu")

    click(canvas, middle(canvas, "conv2d"), SHIFT)
    assert canvas.session.selection == ("relu",)


def test_a_rectangle_selects_what_it_touches_and_shift_adds(show, simple) -> None:
    canvas = show(simple)
    top, bottom = middle(canvas, "input"), middle(canvas, "conv2d")

    drag(canvas, top - QPoint(200, 60), bottom + QPoint(10, 0))
    assert set(canvas.session.selection) == {"input", "conv2d"}

    last = middle(canvas, "output")
    drag(canvas, last - QPoint(200, 0), last, SHIFT)
    assert set(canvas.session.selection) == {"input", "conv2d", "output"}


def test_the_selection_shows_while_the_rectangle_is_drawn_but_is_made_at_its_end(show, simple) -> None:
    canvas = show(simple)
    heard = []
    canvas.session.selection_changed.connect(lambda: heard.append(canvas.session.selection))
    start = middle(canvas, "input") - QPoint(200, 60)

    press(canvas, start)
    move(canvas, middle(canvas, "conv2d"))
    assert canvas.scene.marks.selected == {"input", "conv2d"}
    assert heard == []

    release(canvas, middle(canvas, "conv2d"))
    assert heard == [("input", "conv2d")]


def test_escape_cancels_a_rectangle(show, simple) -> None:
    canvas = show(simple)
    press(canvas, middle(canvas, "input") - QPoint(200, 60))
    move(canvas, middle(canvas, "conv2d"))

    key(canvas, Qt.Key.Key_Escape)

    assert canvas.gesture is None
    assert canvas.scene.marks.selected == frozenset()
    release(canvas, middle(canvas, "conv2d"))
    assert canvas.session.selection == ()


def test_dragging_a_block_is_one_step_that_undo_takes_back(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)

    drag(canvas, middle(canvas, "conv2d"), middle(canvas, "conv2d") + QPoint(83, 18), steps=9)

    assert simple.main.block("conv2d").at == (80.0, 128.0), "snapped to the grid of 8"
    assert canvas.block_rect("conv2d").center() == QPointF(80, 128)
    canvas.session.undo()
    assert dumps(simple) == before
    assert canvas.block_rect("conv2d").center() == QPointF(0, 112)
    assert simple.history.undo_label is None


def test_dragging_one_of_the_selected_moves_them_all(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d", "relu"])

    drag(canvas, middle(canvas, "relu"), middle(canvas, "relu") + QPoint(-40, 0))

    assert simple.main.block("conv2d").at == (-40.0, 112.0)
    assert simple.main.block("relu").at == (-40.0, 224.0)
    assert simple.main.block("input").at == (0.0, 0.0)


def test_dragging_another_block_than_the_selected_selects_it(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])

    drag(canvas, middle(canvas, "relu"), middle(canvas, "relu") + QPoint(40, 0))

    assert canvas.session.selection == ("relu",)
    assert simple.main.block("conv2d").at == (0.0, 112.0)


@pytest.mark.parametrize(("modifiers", "at"), [(SHIFT, (264.0, 112.0)), (ALT, (261.0, 125.0))])
def test_shift_keeps_a_drag_straight_and_alt_off_the_grid(show, simple, modifiers, at) -> None:
    canvas = show(simple)
    canvas.zoom_to(1.0)
    start = middle(canvas, "conv2d")
    press(canvas, start)
    gesture = canvas.gesture
    assert gesture is not None

    gesture.move(QPointF(start + QPoint(261, 13)), modifiers)
    gesture.end(modifiers)
    canvas.hand.gesture = None

    assert simple.main.block("conv2d").at == at


def test_escape_puts_dragged_blocks_back_and_leaves_no_step(show, simple) -> None:
    canvas = show(simple)
    start = middle(canvas, "conv2d")
    press(canvas, start)
    move(canvas, start + QPoint(90, 50))
    assert canvas.block_rect("conv2d").center() != QPointF(0, 112)

    key(canvas, Qt.Key.Key_Escape)
    release(canvas, start)

    assert canvas.block_rect("conv2d").center() == QPointF(0, 112)
    assert simple.history.undo_label is None


def test_a_press_that_hardly_moves_is_a_click(show, simple) -> None:
    canvas = show(simple)
    start = middle(canvas, "conv2d")

    drag(canvas, start, start + QPoint(2, 1), steps=2)

    assert simple.history.undo_label is None
    assert canvas.session.selection == ("conv2d",)


def test_the_middle_button_pans_and_escape_goes_back(show, simple) -> None:
    canvas = show(simple)
    before = (canvas.camera.x, canvas.camera.y)

    drag(canvas, (300, 300), (350, 280), button=MIDDLE)
    assert (canvas.camera.x, canvas.camera.y) == (before[0] + 50, before[1] - 20)

    press(canvas, (300, 300), button=MIDDLE)
    move(canvas, (400, 400))
    key(canvas, Qt.Key.Key_Escape)
    release(canvas, (400, 400), button=MIDDLE)
    assert (canvas.camera.x, canvas.camera.y) == (before[0] + 50, before[1] - 20)


def test_space_and_the_left_button_pan_even_over_a_block(show, simple, qtbot) -> None:
    canvas = show(simple)
    start = middle(canvas, "conv2d")
    before = canvas.camera.x

    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    drag(canvas, start, start + QPoint(60, 0))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)

    assert canvas.camera.x == before + 60
    assert simple.main.block("conv2d").at == (0.0, 112.0)


@pytest.mark.parametrize("notches", [1, -2, 3])
@pytest.mark.parametrize("modifiers", [Qt.KeyboardModifier.NoModifier, CTRL])
def test_the_wheel_zooms_and_the_point_under_the_cursor_stays(show, simple, notches, modifiers) -> None:
    canvas = show(simple)
    at = QPointF(317, 423)
    before, scale = canvas.camera.to_scene(at), canvas.camera.scale
    told = []
    canvas.zoom_changed.connect(told.append)

    turn_wheel(canvas, at, notches, modifiers)

    after = canvas.camera.to_scene(at)
    assert abs(after.x() - before.x()) < 1e-6
    assert abs(after.y() - before.y()) < 1e-6
    assert (canvas.camera.scale > scale) == (notches > 0)
    assert told == [canvas.camera.scale]


def test_shift_and_the_wheel_pan_sideways(show, simple) -> None:
    canvas = show(simple)
    before = (canvas.camera.x, canvas.camera.y, canvas.camera.scale)

    turn_wheel(canvas, (300, 300), 1, SHIFT)

    assert (canvas.camera.x, canvas.camera.y, canvas.camera.scale) == (before[0] + 60, before[1], before[2])


def test_the_zoom_has_limits(show, simple) -> None:
    canvas = show(simple)

    canvas.zoom_to(1e9)
    assert canvas.camera.scale == 4.0
    canvas.zoom_to(1e-9)
    assert canvas.camera.scale == 0.02


def test_a_click_during_a_drag_with_another_button_is_ignored(show, simple) -> None:
    canvas = show(simple)
    start = middle(canvas, "conv2d")
    press(canvas, start)
    move(canvas, start + QPoint(80, 0))
    press(canvas, (20, 20), button=MIDDLE)
    release(canvas, (20, 20), button=MIDDLE)
    assert canvas.gesture is not None

    release(canvas, start + QPoint(80, 0), button=LEFT)

    assert simple.main.block("conv2d").at == (80.0, 112.0)


def test_a_drag_at_the_edge_moves_the_view_and_the_block_with_it(show, simple, qtbot) -> None:
    canvas = show(simple)
    canvas.zoom_to(1.0)
    canvas.camera.centre_on(canvas.block_rect("conv2d").center())
    start = middle(canvas, "conv2d")
    seen_from = canvas.camera.x
    edge = QPoint(canvas.width() - 3, start.y())

    press(canvas, start)
    move(canvas, start + QPoint(60, 0))
    move(canvas, edge)
    qtbot.waitUntil(lambda: canvas.camera.x < seen_from - 60)
    release(canvas, edge)

    x, y = simple.main.block("conv2d").at
    assert x >= edge.x() - start.x() + 56 and y == 112.0
    assert simple.history.undo_label == "Move conv2d"


def test_zooming_during_a_drag_keeps_the_block_under_the_mouse(show, simple) -> None:
    canvas = show(simple)
    canvas.zoom_to(1.0)
    start = middle(canvas, "conv2d")
    press(canvas, start)
    move(canvas, start + QPoint(40, 0))

    turn_wheel(canvas, start + QPoint(40, 0), 2)
    move(canvas, start + QPoint(41, 0))
    release(canvas, start + QPoint(41, 0))

    assert simple.main.block("conv2d").at == (40.0, 112.0)


def test_the_port_under_the_mouse_is_marked(show, simple) -> None:
    canvas = show(simple)

    move(canvas, canvas.port_point("conv2d", "out"))
    assert (canvas.scene.marks.port.block, canvas.scene.marks.port.port) == ("conv2d", "out")
    canvas.grab()
    move(canvas, (5, 5))
    assert canvas.scene.marks.port is None
