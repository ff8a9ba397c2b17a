"""What lies over what: cards in the hand, handles and light, the search and what stands around it."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from blockstudio.graph.format import dumps
from blockstudio.gui.canvas.scene.repeating import handle
from blockstudio.gui.kit.theme import theme
from tests.support.canvas_driver import click, key, middle, move, press, release, wire_ends

K, M = Qt.Key, Qt.KeyboardModifier


def held(canvas, name: str, to: QPointF | QPoint) -> None:
    """Drag a card there and keep it in the hand."""
    press(canvas, middle(canvas, name))
    for step in (0.5, 1.0):
        start = QPointF(middle(canvas, name)) if step == 0.5 else QPointF(to)
        move(canvas, start + (QPointF(to) - start) * step)


def wire_middle(canvas, source: str, target: str) -> QPointF:
    drawing = canvas.scene.drawing
    (wire,) = [each for each in drawing.wires if (each.source, each.target) == (source, target)]
    return canvas.camera.to_view(drawing.path(wire).pointAtPercent(0.5) + canvas.scene.offset)


def test_a_card_in_the_hand_lies_over_the_others_and_is_taken_again(show, simple) -> None:
    canvas = show(simple)
    home = canvas.block_rect("conv2d").center()
    held(canvas, "conv2d", canvas.camera.to_view(canvas.block_rect("relu").center() + QPointF(24, 16)))
    inside = canvas.block_rect("conv2d").topLeft() + QPointF(2.5, 12)
    assert canvas.block_rect("relu").contains(inside)
    stripe = canvas.camera.to_view(inside).toPoint()
    assert canvas.grab().toImage().pixelColor(stripe) == theme().family("convolution")
    release(canvas, canvas.mapFromGlobal(canvas.cursor().pos()))
    assert canvas.block_rect("conv2d").center() != home
    click(canvas, middle(canvas, "output"))
    canvas.session.select(["conv2d"])
    both = canvas.block_rect("conv2d").intersected(canvas.block_rect("relu")).center()
    click(canvas, canvas.camera.to_view(both).toPoint())
    assert canvas.session.selection == ("conv2d",)


def test_a_card_in_the_hand_says_what_would_become_of_it(show, simple) -> None:
    simple.add("Tanh", "tanh", at=(300.0, 0.0))
    canvas = show(simple)
    held(canvas, "relu", wire_middle(canvas, "input", "conv2d"))
    assert canvas.gesture.overlay().text == "between input and conv2d"
    key(canvas, K.Key_Escape)
    release(canvas, QPoint(5, 5))
    held(canvas, "tanh", middle(canvas, "conv2d"))
    assert canvas.gesture.overlay().text == "replaces conv2d"
    key(canvas, K.Key_Escape)
    release(canvas, QPoint(5, 5))
    held(canvas, "tanh", QPoint(900, 700))
    assert canvas.gesture.overlay().text == ""
    key(canvas, K.Key_Escape)


def test_no_shape_is_left_where_a_wire_has_been_taken(show, simple) -> None:
    canvas = show(simple)
    canvas.grab()
    before = canvas.painter.painted.pills
    press(canvas, canvas.port_point("relu", "in", "in"))
    for aside in (40, 80):
        move(canvas, canvas.port_point("relu", "in", "in") + QPointF(aside, 0))
    canvas.grab()
    assert canvas.painter.painted.pills == before - 1
    key(canvas, K.Key_Escape)


def test_the_light_on_a_card_leaves_its_handle_clear(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])
    _, rect = handle(canvas.scene.stage, canvas.scene.marks)
    place = canvas.camera.rect_to_view(rect.translated(canvas.scene.offset)).toAlignedRect().adjusted(4, 4, -4, -4)
    dark = canvas.grab(place).toImage()
    canvas.session.lit = ("conv2d",)
    assert canvas.grab(place).toImage() == dark
    aside = place.translated(-60, 4)
    lit = canvas.grab(aside).toImage()
    canvas.session.lit = ()
    assert canvas.grab(aside).toImage() != lit


def test_what_is_looked_for_behind_a_block_comes_into_its_wire(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    canvas.session.select(["conv2d"])
    QTest.keyClick(canvas, K.Key_Tab)
    finder = canvas.finder
    assert finder.about.text() == "between conv2d and relu" and "branch off" in finder.foot.text()
    QTest.keyClicks(finder.line, "bn")
    assert canvas.gesture.overlay().wires[1][1] == canvas.scene.drawing.port("relu", "in", "in").point
    key(finder.line, K.Key_Return)
    assert wire_ends(canvas) >= {"conv2d -> batchnorm2d", "batchnorm2d -> relu"}
    assert "conv2d -> relu" not in wire_ends(canvas)
    canvas.session.undo()
    assert dumps(simple) == before


def test_with_shift_it_branches_off_and_so_does_what_cannot_stand_in_a_wire(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])
    QTest.keyClick(canvas, K.Key_Tab)
    QTest.keyClicks(canvas.finder.line, "bn")
    key(canvas.finder.line, K.Key_Return, M.ShiftModifier)
    assert wire_ends(canvas) >= {"conv2d -> batchnorm2d", "conv2d -> relu"}

    # Where it parts already, one more comes beside.
    canvas.session.select(["conv2d"])
    QTest.keyClick(canvas, K.Key_Tab)
    assert canvas.finder.about.text().startswith("behind conv2d") and "branch off" not in canvas.finder.foot.text()
    key(canvas.finder.line, K.Key_Escape)

    canvas.session.select(["relu"])
    QTest.keyClick(canvas, K.Key_Tab)
    QTest.keyClicks(canvas.finder.line, "auxout")
    assert canvas.finder.about.text().startswith("behind relu")
    key(canvas.finder.line, K.Key_Return)
    assert wire_ends(canvas) >= {"relu -> auxoutput", "relu -> output"}


def test_a_block_put_in_without_a_mouse_comes_into_the_wire_behind_the_selected_one(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])
    name = canvas.insert_block("BatchNorm2d")
    assert wire_ends(canvas) >= {f"conv2d -> {name}", f"{name} -> relu"}
    rects = [canvas.block_rect(each) for each in ("conv2d", name, "relu")]
    assert all(above.bottom() < below.top() for above, below in pairwise(rects))


def test_a_branch_stands_on_no_wire_that_passes(show, simple) -> None:
    simple.add("Conv2d", "side", at=(184.0, 112.0), padding=1)
    simple.add("Concat", "concat", at=(184.0, 448.0))
    simple.connect("input", "side")
    simple.connect("side", "concat")
    canvas = show(simple)
    drawing = canvas.scene.drawing
    (passing,) = [wire for wire in drawing.wires if (wire.source, wire.target) == ("side", "concat")]
    canvas.session.select(["conv2d"])
    canvas.run("edit.search")
    QTest.keyClicks(canvas.finder.line, "bn")
    key(canvas.finder.line, K.Key_Return, M.ShiftModifier)
    drawing = canvas.scene.drawing
    assert not drawing.path(passing).intersects(drawing.rect("batchnorm2d"))


def test_the_search_leaves_what_is_chosen_in_view_and_its_line_where_it_is(show, simple) -> None:
    canvas = show(simple, 700, 460)
    finder = None
    for name in ("input", "conv2d", "relu"):
        canvas.session.select([name])
        canvas.run("edit.search")
        finder = canvas.finder
        ghost = canvas.camera.rect_to_view(canvas.gesture.rect)
        assert not ghost.toAlignedRect().intersects(finder.geometry())
        assert canvas.rect().contains(finder.geometry())
        top = finder.line.mapTo(canvas, QPoint())
        QTest.keyClicks(finder.line, "conv")
        assert finder.line.mapTo(canvas, QPoint()) == top
        assert finder.list.height() > 0
        key(finder.line, K.Key_Escape)


def test_nothing_lies_over_the_search(open_window) -> None:
    window = open_window("module_inception")
    window.desk.say("a note that stays", "problem")
    window.session.select(["conv1x1"])
    window.canvas.run("edit.search")
    finder = window.canvas.finder
    for widget in (finder.line, finder.list, finder.foot):
        at = widget.mapTo(window, widget.rect().center())
        found = window.childAt(at)
        assert found is not None and finder.isAncestorOf(found)


def test_copies_come_into_view(open_window) -> None:
    window = open_window("module_inception")
    canvas = window.canvas
    for name in ("conv3x3", "input", "output"):
        window.session.select([name])
        window.commands.run("edit.duplicate")
        (copy,) = window.session.selection
        assert canvas.view_rect().contains(canvas.camera.rect_to_view(canvas.block_rect(copy)))
        window.session.undo()
