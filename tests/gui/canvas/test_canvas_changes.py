"""The document changes while the mouse or a key holds something on the drawing: what a gesture did not change itself
cancels or rebases it, and nothing is left of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import MoveBlocks, RemoveModule, RenameBlock, SetParameter
from blockstudio.graph.format import dumps
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.hand.dropping import Ghost
from blockstudio.gui.canvas.hand.gesture import Press
from blockstudio.gui.canvas.hand.leading import Lead
from blockstudio.gui.canvas.hand.marquee import Marquee
from blockstudio.gui.canvas.hand.moving import Move, Nudge
from blockstudio.gui.canvas.hand.panning import Pan
from blockstudio.gui.canvas.hand.wiring import DrawWire
from tests.support.canvas_driver import (
    chevron,
    click,
    drop,
    hover_drop,
    key,
    leave_drop,
    middle,
    move,
    offer,
    press,
    release,
)

K, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier
AWAY = QPoint(61, 43)


def drag_block(canvas: Canvas) -> QPoint:
    at = middle(canvas, "conv2d")
    press(canvas, at)
    move(canvas, at + AWAY)
    assert isinstance(canvas.gesture, Move) and canvas.gesture.dragging
    return at


def pull_wire(canvas: Canvas) -> QPoint:
    at = canvas.port_point("conv2d", "out").toPoint()
    press(canvas, at)
    move(canvas, at + AWAY)
    assert isinstance(canvas.gesture, DrawWire) and canvas.gesture.dragging
    return at


def unplug_wire(canvas: Canvas) -> QPoint:
    at = canvas.port_point("relu", "in", "in").toPoint()
    press(canvas, at)
    move(canvas, at + AWAY)
    assert isinstance(canvas.gesture, DrawWire) and canvas.scene.marks.taken is not None
    return at


def draw_rectangle(canvas: Canvas) -> QPoint:
    at = middle(canvas, "conv2d") - QPoint(200, 100)
    press(canvas, at)
    move(canvas, middle(canvas, "relu") + QPoint(120, 40))
    assert isinstance(canvas.gesture, Marquee) and {"conv2d", "relu"} <= canvas.scene.marks.selected
    return at


def hold_wire(canvas: Canvas) -> QPoint:
    """Press on a wire's body without moving."""
    start, end = canvas.port_point("conv2d", "out"), canvas.port_point("relu", "in", "in")
    at = ((start + end) / 2).toPoint()
    press(canvas, at)
    assert isinstance(canvas.gesture, Lead)
    return at


def nudge(canvas: Canvas) -> QPoint:
    QTest.keyPress(canvas, K.Key_Right)
    assert isinstance(canvas.gesture, Nudge)
    return middle(canvas, "conv2d")


GESTURES = [drag_block, pull_wire, unplug_wire, draw_rectangle, hold_wire, nudge]


def undo(canvas: Canvas) -> None:
    key(canvas, K.Key_Z, CTRL)


def delete(canvas: Canvas) -> None:
    key(canvas, K.Key_Delete)


def cut(canvas: Canvas) -> None:
    key(canvas, K.Key_X, CTRL)


def rename(canvas: Canvas) -> None:
    assert canvas.session.do("Rename", RenameBlock(name="conv2d", to="stem"))


def other_document(canvas: Canvas) -> None:
    canvas.session.open(Diagram("other"))


CHANGES = [undo, delete, cut, rename, other_document]


def places(canvas: Canvas) -> dict[str, tuple[float, float]]:
    drawing = canvas.scene.drawing
    return {name: drawing.rect(name).center().toTuple() for name in drawing.names}


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("begin", GESTURES, ids=lambda each: each.__name__)
def test_a_change_ends_what_the_mouse_or_a_key_holds(
    show, simple, begin: Callable[[Canvas], QPoint], change: Callable[[Canvas], None]
) -> None:
    canvas = show(simple)
    # Something to undo that the gesture is about.
    canvas.session.do("Move", MoveBlocks(to={"conv2d": (8.0, 120.0)}))
    canvas.session.select(["conv2d"])
    at = begin(canvas)
    change(canvas)
    assert canvas.gesture is None
    after, marks = dumps(canvas.session.diagram), canvas.scene.marks
    assert marks.taken is marks.ports_of is marks.drop_wire is None
    assert marks.selected == set(canvas.session.selection)
    for step in (2, 3, 4):
        move(canvas, at + AWAY * step)
    canvas.grab()
    release(canvas, at + AWAY * 4)
    QTest.keyRelease(canvas, K.Key_Right)
    assert dumps(canvas.session.diagram) == after and canvas.gesture is None
    assert sorted(places(canvas)) == sorted(name for name, _ in canvas.session.definition.blocks())
    assert places(canvas) == {name: block.at for name, block in canvas.session.definition.blocks()}
    assert not canvas.fault


def test_what_arrow_keys_did_is_a_step_before_what_comes_next(show, simple) -> None:
    """Ctrl+Z while an arrow key is held takes the arrow's step back, not the one before it."""
    canvas = show(simple)
    canvas.session.do("Move", MoveBlocks(to={"conv2d": (8.0, 120.0)}))
    before = dumps(canvas.session.diagram)
    canvas.session.select(["conv2d"])
    nudge(canvas)
    undo(canvas)
    assert dumps(canvas.session.diagram) == before
    QTest.keyRelease(canvas, K.Key_Right)
    assert dumps(canvas.session.diagram) == before
    assert canvas.session.diagram.redo() == "Move conv2d"


def test_an_arrow_key_does_nothing_while_the_mouse_holds_a_block(show, simple) -> None:
    canvas = show(simple)
    at = drag_block(canvas)
    gesture = canvas.gesture
    key(canvas, K.Key_Right)
    assert canvas.gesture is gesture
    release(canvas, at + AWAY)
    assert simple.main.block("conv2d").at == (64.0, 152.0)


def test_a_press_takes_over_from_an_arrow_key(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])
    nudge(canvas)
    drag_block(canvas)
    assert simple.main.block("conv2d").at == (8.0, 112.0), "the nudge is done"
    key(canvas, K.Key_Escape)
    assert places(canvas)["conv2d"] == (8.0, 112.0)


def test_panning_goes_on(show, simple) -> None:
    """It knows no block: a change of the document is nothing to it."""
    canvas = show(simple)
    at = QPoint(20, 20)
    canvas.session.do("Set", SetParameter(name="conv2d", key="bias", value=False))
    press(canvas, at, button=Qt.MouseButton.MiddleButton)
    move(canvas, at + QPoint(10, 0))
    undo(canvas)
    x = canvas.camera.x
    assert isinstance(canvas.gesture, Pan)
    move(canvas, at + QPoint(30, 0))
    assert canvas.camera.x == x + 20
    release(canvas, at, button=Qt.MouseButton.MiddleButton)


def test_a_dragged_block_finds_another_name_when_its_own_is_taken(show, simple) -> None:
    canvas = show(simple)
    assert hover_drop(canvas, offer("ReLU"), QPoint(40, 40))
    assert canvas.gesture.name == "relu_2"
    canvas.session.do("Rename", RenameBlock(name="conv2d", to="relu_2"))
    assert isinstance(canvas.gesture, Ghost) and canvas.gesture.name == "relu_3"
    canvas.grab()
    assert drop(canvas, "ReLU", QPoint(40, 40)) == "relu_3"


def test_a_dragged_block_lets_go_of_a_wire_that_is_gone(show, simple) -> None:
    canvas = show(simple)
    start, end = canvas.port_point("conv2d", "out"), canvas.port_point("relu", "in", "in")
    assert hover_drop(canvas, offer("BatchNorm2d"), (start + end) / 2)
    assert canvas.gesture.wire is not None
    canvas.session.select(["relu"])
    canvas.delete(keep_cut=True)
    assert canvas.gesture.wire is None and canvas.scene.marks.drop_wire is None
    canvas.grab()
    leave_drop(canvas)
    assert canvas.gesture is None


def test_a_dragged_instance_goes_with_its_module(show, nested) -> None:
    canvas = show(nested)
    nested.module("Spare", {})
    assert hover_drop(canvas, offer("Spare"), QPoint(40, 40))
    canvas.session.do("Remove", RemoveModule(name="Spare"))
    assert canvas.gesture is None
    leave_drop(canvas)
    canvas.grab()


@pytest.mark.parametrize("change", ["undo", "removed", "shut", "rename"])
def test_a_block_dragged_in_an_open_module_is_let_go_when_the_module_changes(show, nested, change: str) -> None:
    canvas = show(nested)
    canvas.session.do("Set", SetParameter(name="stage", key="width", value=12))
    canvas.toggle_frame("stage")
    canvas.fit()
    click(canvas, canvas.camera.to_view(_inside(canvas, "conv")).toPoint())
    assert canvas.session.path == "stage"
    at = middle(canvas, "conv")
    press(canvas, at)
    move(canvas, at + AWAY)
    assert isinstance(canvas.gesture, Move) and canvas.gesture.dragging
    if change == "undo":
        undo(canvas)
    elif change == "removed":
        canvas.session.diagram.remove("stage")
        assert canvas.session.path == ""
    elif change == "shut":
        canvas.session.go("")
    else:
        canvas.session.do("Rename", RenameBlock(name="stage", to="first"))
    assert canvas.gesture is None
    after = dumps(nested)
    for step in (2, 3):
        move(canvas, at + AWAY * step)
    canvas.grab()
    release(canvas, at + AWAY * 3)
    assert dumps(nested) == after
    for stage, _ in canvas.scene.stages():
        shown = {name: stage.drawing.rect(name).center().toTuple() for name in stage.drawing.names}
        canvas.scene.restage()
        fresh = next(each for each, _ in canvas.scene.stages() if each.path == stage.path)
        assert shown == {name: fresh.drawing.rect(name).center().toTuple() for name in fresh.drawing.names}


def _inside(canvas: Canvas, name: str):
    stage, offset = next((stage, offset) for stage, offset in canvas.scene.stages() if stage.path == "stage")
    return stage.drawing.rect(name).center() + offset


def test_the_sign_of_a_module_does_nothing_once_the_module_is_gone(show, nested) -> None:
    canvas = show(nested)
    at = chevron(canvas, "stage")
    press(canvas, at)
    assert isinstance(canvas.gesture, Press)
    canvas.session.select(["stage"])
    delete(canvas)
    release(canvas, at)
    assert "stage" not in nested.main and not canvas.scene.root.inside
    canvas.toggle_frame("stage")


def test_a_link_in_a_note_is_not_followed_after_a_change(show, qtbot) -> None:
    diagram = Diagram("broken")
    diagram.add("Input", "input", shape=[3, 32, 32], at=(0, 0))
    diagram.add("Conv2d", "conv", kernel_size=40, at=(0, 112))
    diagram.connect("input", "conv")
    canvas = show(diagram)
    QApplication.processEvents()
    canvas.zoom_to(1.0)
    with qtbot.waitSignal(canvas.session.fix_finder.found):
        canvas.session.select(["conv"])
    (note,) = canvas.scene.notebook.notes
    link = next(link for link in note.links if link.fix is not None)
    at = canvas.camera.to_view(link.rect.center()).toPoint()
    press(canvas, at)
    canvas.session.do("Set", SetParameter(name="conv", key="kernel_size", value=3))
    after = dumps(diagram)
    release(canvas, at)
    assert dumps(diagram) == after


def test_a_menu_goes_when_the_document_changes(show, simple) -> None:
    canvas = show(simple)
    at = middle(canvas, "relu")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    canvas.session.do("Rename", RenameBlock(name="relu", to="act"))
    assert QApplication.activePopupWidget() is None
