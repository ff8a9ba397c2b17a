"""Notes and frames on the drawing, by mouse and keys."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.graph.annotations import Annotation
from blockstudio.graph.edits import SetNote
from blockstudio.graph.format import dumps
from blockstudio.gui.canvas.hand.writing import Writing
from blockstudio.gui.canvas.scene.annotated import TITLE
from blockstudio.gui.canvas.spoken.accessible import DrawingInterface
from blockstudio.gui.kit.markdown import laid_out
from tests.support.canvas_driver import click, double_click, drag, drop, key, middle, press, release

K, M = Qt.Key, Qt.KeyboardModifier
NOTE, FRAME = Annotation("note", "note"), Annotation("frame", "frame")


def seen(canvas, at) -> QPoint:
    return canvas.camera.to_view(at).toPoint()


def paper(canvas, mark) -> QPoint:
    """A point that takes hold of a note, or of a frame by its title."""
    rect = canvas.scene.drawing.rect_of(mark)
    return seen(canvas, rect.topLeft() + QPointF(40, TITLE / 2 if mark.kind == "frame" else 30))


def write(text: str) -> Writing:
    field = QApplication.focusWidget()
    assert isinstance(field, Writing)
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def test_a_note_is_written_moved_coloured_and_taken_away_each_one_step(show, simple):
    canvas = show(simple)
    start, steps = dumps(simple), 0
    canvas.hand.pointer = QPointF(700, 200)
    canvas.run("edit.note")
    field = write("A **bold** word")
    key(field, K.Key_Return, M.ControlModifier)
    assert canvas.hasFocus() and simple.main.notes["note"].text == "A **bold** word"
    assert canvas.session.noted == (NOTE,) and not canvas.session.selection
    assert laid_out("A **bold** word", 200).plain == "A bold word"
    # An empty one does not come; what was written before the mouse went elsewhere does.
    canvas.run("edit.note")
    key(write(" "), K.Key_Escape)
    assert list(simple.main.notes) == ["note"]
    double_click(canvas, paper(canvas, NOTE))
    write("Other")
    canvas.setFocus()
    assert simple.main.notes["note"].text == "Other"
    before = simple.main.notes["note"].at
    at = paper(canvas, NOTE)
    drag(canvas, at, at + QPoint(40, 80))
    x, y = simple.main.notes["note"].at
    assert abs(x - before[0] - 40) <= 4 and abs(y - before[1] - 80) <= 4
    key(canvas, K.Key_Right)
    assert simple.main.notes["note"].at == (x + 8, y)
    rect = canvas.scene.drawing.rect_of(NOTE)
    edge = seen(canvas, QPointF(rect.right(), rect.center().y()))
    drag(canvas, edge, edge + QPoint(60, 0))
    assert 290 <= simple.main.notes["note"].width <= 310
    canvas.run("select.annotation")
    canvas.grab()
    key(canvas, K.Key_Delete)
    assert not simple.main.notes
    while simple.history.undo_label:
        simple.undo()
        steps += 1
    assert steps == 6 and dumps(simple) == start
    canvas.grab()


def test_a_frame_goes_with_its_blocks_and_they_with_it(show, simple):
    canvas = show(simple)
    simple.note("stands in it", at=(90.0, 112.0), width=80)
    start = dumps(simple)
    canvas.session.select(["conv2d", "relu"])
    canvas.run("edit.frame")
    key(write("Body"), K.Key_Return)
    assert simple.main.frames["frame"].blocks == ("conv2d", "relu")
    assert simple.main.frames["frame"].title == "Body"
    inner = canvas.scene.drawing.rect("conv2d").united(canvas.scene.drawing.rect("relu"))
    area = canvas.scene.drawing.rect_of(FRAME)
    assert area.contains(inner) and not area.intersects(canvas.scene.drawing.rect("input"))
    # By its right edge around the note, which then moves along; a press inside draws a rectangle.
    right = seen(canvas, QPointF(area.right(), area.center().y() + 20))
    drag(canvas, right, right + QPoint(100, 0))
    places = {name: block.at for name, block in simple.main.blocks()}
    at = paper(canvas, FRAME)
    drag(canvas, at, at + QPoint(160, 0))
    assert simple.main.block("conv2d").at == (places["conv2d"][0] + 160, places["conv2d"][1])
    assert simple.main.block("input").at == places["input"]
    assert simple.main.notes["note"].at == (250.0, 112.0)
    # A block dragged out leaves it, one dragged in comes; what is put into a wire between two of it comes too.
    at = middle(canvas, "relu")
    drag(canvas, at, at + QPoint(0, 300))
    assert simple.main.frames["frame"].blocks == ("conv2d",)
    canvas.session.undo()
    name = drop(canvas, "BatchNorm2d", canvas.camera.to_view(
        canvas.scene.drawing.path(simple.main.wires_into("relu")[0]).pointAtPercent(0.5)))  # fmt: skip
    assert simple.main.frames["frame"].blocks == (name, "conv2d", "relu")
    canvas.grab()
    # Deleted, it leaves its blocks.
    canvas.session.select(())
    click(canvas, paper(canvas, FRAME))
    key(canvas, K.Key_Delete)
    assert not simple.main.frames and "relu" in simple.main
    while simple.history.undo_label != "Note":
        simple.undo()
    assert dumps(simple) == start


def test_the_edges_of_a_frame_choose_what_is_in_it_and_a_drag_can_be_called_off(show, simple):
    canvas = show(simple)
    simple.frame("A", ["conv2d"], name="frame")
    start = dumps(simple)
    area = canvas.scene.drawing.rect_of(FRAME)
    bottom = seen(canvas, QPointF(area.center().x() + 50, area.bottom()))
    press(canvas, bottom)
    QTest.mouseMove(canvas, bottom + QPoint(0, 60))
    assert canvas.scene.drawing.rect_of(FRAME).bottom() > area.bottom() + 40
    canvas.cancel_gesture()
    assert canvas.scene.drawing.rect_of(FRAME) == area and dumps(simple) == start
    release(canvas, bottom)
    drag(canvas, bottom, bottom + QPoint(0, 130))
    assert simple.main.frames["frame"].blocks == ("conv2d", "relu")
    bottom = seen(canvas, QPointF(area.center().x() + 50, canvas.scene.drawing.rect_of(FRAME).bottom()))
    drag(canvas, bottom, bottom - QPoint(0, 130))
    assert simple.main.frames["frame"].blocks == ("conv2d",)
    at = paper(canvas, FRAME)
    press(canvas, at)
    QTest.mouseMove(canvas, at + QPoint(90, 90))
    assert canvas.scene.drawing.rect_of(FRAME).left() > area.left() + 60
    canvas.cancel_gesture()
    release(canvas, at)
    assert canvas.scene.drawing.rect_of(FRAME).left() == area.left()


def test_they_are_copied_with_the_selection_and_selected_by_a_rectangle(show, simple):
    canvas = show(simple)
    simple.frame("A", ["conv2d", "relu"], name="frame")
    simple.note("beside", at=(140.0, 112.0))
    canvas.select_all()
    assert set(canvas.session.noted) == {FRAME, NOTE}
    canvas.session.select((), [FRAME, NOTE])
    assert canvas.session.copy() and canvas.session.paste()
    assert simple.main.frames["frame_2"].blocks == ("conv2d_2", "relu_2")
    first, second = simple.main.block("conv2d").at, simple.main.block("conv2d_2").at
    note = simple.main.notes["note_2"].at
    assert (note[0] - 140.0, note[1] - 112.0) == (second[0] - first[0], second[1] - first[1])
    assert Annotation("note", "note_2") in canvas.session.noted
    canvas.session.select((), [NOTE])
    assert canvas.session.duplicate() and simple.main.notes["note_3"].at == (164.0, 136.0)
    canvas.fit()
    rect = canvas.scene.drawing.bounds
    drag(canvas, seen(canvas, rect.topLeft()) - QPoint(8, 8), seen(canvas, rect.bottomRight()) + QPoint(8, 8))
    assert len(canvas.session.noted) == 5


def test_a_note_goes_along_when_room_is_made_and_the_level_is_arranged(show, simple):
    canvas = show(simple)
    simple.note("by the output", at=(100.0, 336.0), width=80)
    wire = simple.main.wires_into("conv2d")[0]
    drop(canvas, "ReLU", canvas.camera.to_view(canvas.scene.drawing.path(wire).pointAtPercent(0.5)))
    assert simple.main.wires_into("conv2d")[0] != wire
    down = simple.main.block("output").at[1] - 336.0
    assert down > 40 and simple.main.notes["note"].at == (100.0, 336.0 + down)
    simple.move("output", 300, 900)
    simple.history.do(SetNote(name="note", note=None))
    simple.note("by the output", at=(400.0, 900.0), width=80, name="note")
    canvas.run("view.arrange")
    x, y = simple.main.block("output").at
    assert simple.main.notes["note"].at == (100.0 + x, y)


def test_they_are_spoken_and_found_from_far(show, simple):
    canvas = show(simple)
    simple.note("# Title\n\nwords", at=(140.0, 0.0))
    simple.frame("Body", ["conv2d", "relu"], name="frame")
    spoken = DrawingInterface(canvas)
    told = [spoken.child(index).text(QAccessible.Text.Name) for index in range(spoken.childCount())]
    assert "Frame Body, 2 blocks" in told and any(each.startswith("Note, Title") for each in told)
    assert all(spoken.interface(mark).rect().isValid() for mark in (NOTE, FRAME))
    canvas.session.select((), [FRAME])
    assert canvas.accessibleDescription() == "Frame Body, 2 blocks"
    for scale in (2.0, 1.0, 0.5, 0.4, 0.2, 0.05):
        canvas.zoom_to(scale)
        assert not canvas.grab().isNull() and not canvas.fault
