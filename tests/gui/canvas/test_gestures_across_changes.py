"""Whatever a gesture holds on to (a note, a frame, a wire's points, a card's handle, letters, a search, a text being
written), another document, another level or a change of what it holds ends it or leaves it with what there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.graph.annotations import Annotation
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import RenameBlock, SetParameter
from blockstudio.graph.format import dumps, loads
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.hand.annotating import Resize
from blockstudio.gui.canvas.hand.cutting import Cut
from blockstudio.gui.canvas.hand.leading import Lead
from blockstudio.gui.canvas.hand.lettering import Lettering
from blockstudio.gui.canvas.hand.moving import Move
from blockstudio.gui.canvas.hand.repeating import Repeat
from blockstudio.gui.canvas.hand.writing import Writing
from blockstudio.gui.canvas.scene.annotated import TITLE
from blockstudio.gui.canvas.scene.repeating import handle
from tests.support.canvas_driver import key, middle, move, press, release

K, M = Qt.Key, Qt.KeyboardModifier
NOTE, FRAME = Annotation("note", "note"), Annotation("frame", "frame")
STEP = QPoint(13, 17)


@pytest.fixture
def drawn(nested: Diagram) -> Diagram:
    nested.note("A note", at=(260.0, 120.0), width=160, name="note")
    nested.frame("A frame", ["stage"], name="frame")
    nested.note("Inside", at=(260.0, 120.0), width=160, name="note", scope="Stage")
    return nested


def seen(canvas: Canvas, at: QPointF) -> QPoint:
    return canvas.camera.to_view(at).toPoint()


def held(canvas: Canvas, at: QPoint, kind: type, **given: object) -> QPoint:
    press(canvas, at, **given)
    move(canvas, at + STEP)
    assert isinstance(canvas.gesture, kind)
    return at


def resize_note(canvas: Canvas) -> QPoint:
    rect = canvas.scene.drawing.rect_of(NOTE)
    return held(canvas, seen(canvas, QPointF(rect.right(), rect.center().y())), Resize)


def resize_frame(canvas: Canvas) -> QPoint:
    rect = canvas.scene.drawing.rect_of(FRAME)
    return held(canvas, seen(canvas, QPointF(rect.center().x() + 40, rect.bottom())), Resize)


def move_note(canvas: Canvas) -> QPoint:
    return held(canvas, seen(canvas, canvas.scene.drawing.rect_of(NOTE).topLeft() + QPointF(40, 20)), Move)


def move_frame(canvas: Canvas) -> QPoint:
    return held(canvas, seen(canvas, canvas.scene.drawing.rect_of(FRAME).topLeft() + QPointF(40, TITLE / 2)), Move)


def lead_wire(canvas: Canvas) -> QPoint:
    wire = canvas.session.definition.wires_into("head")[0]
    return held(canvas, seen(canvas, canvas.scene.drawing.path(wire).pointAtPercent(0.5)), Lead)


def pull_handle(canvas: Canvas) -> QPoint:
    canvas.session.select(["stage"])
    found = handle(canvas.scene.stage, canvas.scene.marks)
    assert found is not None
    return held(canvas, seen(canvas, found[1].center()), Repeat)


def cut_stroke(canvas: Canvas) -> QPoint:
    at = middle(canvas, "stage") - QPoint(90, 55)
    press(canvas, at, button=Qt.MouseButton.RightButton, modifiers=M.ControlModifier)
    for step in range(1, 12):
        move(canvas, at + QPoint(15 * step, 1))
    assert isinstance(canvas.gesture, Cut)
    return at


def letters(canvas: Canvas) -> QPoint:
    canvas.session.select(["head"])
    assert canvas.hand.letter() and isinstance(canvas.gesture, Lettering)
    return middle(canvas, "head")


GESTURES = [resize_note, resize_frame, move_note, move_frame, lead_wire, pull_handle, cut_stroke, letters]


def undo(canvas: Canvas) -> None:
    canvas.session.undo()


def all_gone(canvas: Canvas) -> None:
    diagram = canvas.session.diagram
    with diagram.history.gesture("Gone"):
        for name in [*diagram.main.notes]:
            diagram.remove_note(name)
        for name in [*diagram.main.frames]:
            diagram.remove_frame(name)
        for name in ("stage", "head"):
            diagram.remove(name)


def renamed(canvas: Canvas) -> None:
    assert canvas.session.do("Rename", RenameBlock(name="stage", to="first"), RenameBlock(name="head", to="second"))


def read_again(canvas: Canvas) -> None:
    """As where another window has saved the file."""
    canvas.session.open(loads(dumps(canvas.session.diagram)))


def other(canvas: Canvas) -> None:
    canvas.session.open(Diagram("other"))


def inside(canvas: Canvas) -> None:
    canvas.session.go("stage")


def pasted(canvas: Canvas) -> None:
    canvas.session.select(["stage"])
    canvas.run("edit.copy")
    canvas.run("edit.paste")


CHANGES = [undo, all_gone, renamed, read_again, other, inside, pasted]


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("begin", GESTURES, ids=lambda each: each.__name__)
def test_what_is_held_is_let_go(
    show, drawn: Diagram, begin: Callable[[Canvas], QPoint], change: Callable[[Canvas], None]
) -> None:
    canvas = show(drawn)
    canvas.session.do("Set", SetParameter(name="stage", key="width", value=12))
    button = Qt.MouseButton.RightButton if begin is cut_stroke else Qt.MouseButton.LeftButton
    at = begin(canvas)
    change(canvas)
    assert canvas.gesture is None
    after, marks = dumps(canvas.session.diagram), canvas.scene.marks
    assert marks.repeating is marks.taken is marks.ports_of is None
    for step in (2, 3, 4):
        move(canvas, at + STEP * step)
    canvas.grab()
    release(canvas, at + STEP * 4, button=button)
    key(canvas, K.Key_A)
    key(canvas, K.Key_Shift)
    assert dumps(canvas.session.diagram) == after and not canvas.fault
    canvas.grab()


def writing() -> Writing:
    field = QApplication.focusWidget()
    assert isinstance(field, Writing)
    return field


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("change", [other, inside, read_again], ids=lambda each: each.__name__)
def test_what_is_being_written_is_written_nowhere_else(
    show, drawn: Diagram, change: Callable[[Canvas], None], new: bool
) -> None:
    """Another document, or another level, may have a note of the same name."""
    canvas = show(drawn)
    theirs = Diagram("theirs")
    theirs.note("Theirs", at=(260.0, 120.0), width=160, name="note")
    canvas.hand.pointer = QPointF(700, 600)
    if not new:
        canvas.session.select((), [NOTE])
    canvas.run("edit.note" if new else "edit.write")
    field = writing()
    field.selectAll()
    QTest.keyClicks(field, "Written here")
    if change is other:
        canvas.session.open(theirs)
    else:
        change(canvas)
    key(field, K.Key_Escape)
    QApplication.processEvents()
    assert theirs.main.notes["note"].text == "Theirs"
    for diagram in (drawn, canvas.session.diagram):
        if diagram is not theirs:
            assert [note.text for note in diagram.modules["Stage"].notes.values()] == ["Inside"]
    texts = {note.text for diagram in (drawn, canvas.session.diagram) for note in diagram.main.notes.values()}
    assert "Written here" in texts
    assert not canvas.fault
