"""Guides while moving, aligning, swapping, leading wires by hand, cutting them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.edits import MoveBlocks, RemoveWire, SetRoute, SetTexts
from blockstudio.graph.format import dumps
from blockstudio.gui.canvas.hand.cutting import Cut
from blockstudio.gui.canvas.hand.leading import Lead
from tests.support.canvas_driver import click, double_click, drag, key, middle, press, release, wire_ends

K, M = Qt.Key, Qt.KeyboardModifier
RIGHT = Qt.MouseButton.RightButton


@pytest.fixture
def row() -> Diagram:
    """Two cards in a row 24 apart, a third aside, off the grid, and one above that feeds it."""
    d = Diagram("row")
    for name, at in {"a": (3.0, 0.0), "b": (179.0, 0.0), "c": (500.0, 200.0), "top": (430.0, 40.0)}.items():
        d.add("ReLU", name, at=at)
    d.connect("top", "c")
    d.history.clear()
    return d


def hold(canvas, name: str, by: QPointF | QPoint):
    """Hold a block aside from where it stands; what the gesture shows."""
    start = middle(canvas, name)
    press(canvas, start)
    scale = canvas.camera.scale
    end = start + QPoint(round(by.x() * scale), round(by.y() * scale))
    QTest.mouseMove(canvas, start + QPoint(10, 10))
    QTest.mouseMove(canvas, end)
    return end


def test_a_card_falls_in_line_with_a_straight_wire_the_middles_and_equal_gaps(show, row) -> None:
    canvas = show(row)
    before = dumps(row)
    # 4 px off the straight wire: it snaps to it, not to the grid.
    end = hold(canvas, "c", QPoint(-66, 40))
    guides = canvas.gesture.guides
    assert guides.lines and guides.lines[0].x1() == guides.lines[0].x2() == 430.0
    canvas.grab()
    release(canvas, end)
    assert row.main.block("c").at[0] == 430.0
    canvas.session.undo()
    assert dumps(row) == before
    # Into the row, the gap of the other two on: 24, with its number.
    end = hold(canvas, "c", QPoint(355 - 500 + 3, -203))
    guides = canvas.gesture.guides
    assert [gap.number for gap in guides.gaps] == [24, 24]
    assert any(line.y1() == line.y2() == 0.0 for line in guides.lines)
    canvas.grab()
    release(canvas, end)
    assert row.main.block("c").at == (355.0, 0.0)


def test_alt_moves_freely(show, row) -> None:
    canvas = show(row)
    start = middle(canvas, "c")
    press(canvas, start, M.AltModifier)
    for step in (6, 63):
        QTest.mouseMove(canvas, start - QPoint(step, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, M.AltModifier, start - QPoint(63, 0))
    assert row.main.block("c").at is not None


@pytest.mark.parametrize(
    ("command", "places"),
    [
        ("align.top", {"a": (3.0, 0.0), "b": (179.0, 0.0), "c": (500.0, 0.0)}),
        ("align.left", {"a": (3.0, 0.0), "b": (3.0, 0.0), "c": (3.0, 200.0)}),
        ("align.centre", {"a": (251.5, 0.0), "c": (251.5, 200.0)}),
        ("align.bottom", {"a": (3.0, 200.0), "b": (179.0, 200.0)}),
        ("align.across", {"b": (251.5, 0.0)}),
        ("align.down", {"b": (179.0, 100.0), "a": (3.0, 0.0)}),
        ("edit.straighten", {"c": (430.0, 200.0), "top": (430.0, 40.0)}),
    ],
)
def test_commands_set_in_order_as_one_step(show, row, command, places) -> None:
    canvas = show(row)
    before = dumps(row)
    canvas.session.select(["a", "b", "c"] if command.startswith("align") else [])
    assert canvas.run(command)
    assert {name: row.main.block(name).at for name in places} == places
    assert not canvas.run(command)
    canvas.session.undo()
    assert dumps(row) == before


def test_two_blocks_change_places(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    canvas.session.select(["conv2d", "relu"])
    upper = canvas.block_rect("conv2d").center()
    assert canvas.run("edit.swap")
    assert {"input -> relu", "relu -> conv2d", "conv2d -> output"} == wire_ends(canvas)
    assert canvas.block_rect("relu").center() == upper
    canvas.session.undo()
    assert dumps(simple) == before
    heard = []
    canvas.session.refused.connect(heard.append)
    canvas.session.select(["input", "relu"])
    assert not canvas.run("edit.swap")
    assert len(heard) == 1


def test_a_wire_is_led_through_points_by_hand(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    wire = Wire("conv2d", "out", "relu", "in")
    at = canvas.camera.to_view(canvas.scene.drawing.path(wire).pointAtPercent(0.3)).toPoint()

    drag(canvas, at, at + QPoint(120, 0))
    assert len(simple.main.routes[wire]) == 1
    ((x, y),) = simple.main.routes[wire]
    assert (x % 8, y % 8) == (0, 0) and x > 60
    assert canvas.scene.marks.wires == {wire}
    assert canvas.scene.drawing.path(wire).contains(QPointF(x, y)) or canvas.scene.drawing.path(
        wire
    ).boundingRect().adjusted(-1, -1, 1, 1).contains(QPointF(x, y))
    canvas.grab()
    # The point itself can be taken, others be added, and taken away by a double click.
    point = canvas.camera.to_view(QPointF(x, y)).toPoint()
    drag(canvas, point, point + QPoint(40, 8))
    assert simple.main.routes[wire] == ((x + 40, y + 8),)
    # A move of both ends takes it along; of one end it stays.
    canvas.session.select(["conv2d", "relu"])
    key(canvas, K.Key_Right)
    assert simple.main.routes[wire] == ((x + 48, y + 8),)
    canvas.session.select(["relu"])
    key(canvas, K.Key_Right)
    assert simple.main.routes[wire] == ((x + 48, y + 8),)
    double_click(canvas, canvas.camera.to_view(QPointF(x + 48, y + 8)).toPoint())
    assert not simple.main.routes
    while simple.history.undo_label:
        canvas.session.undo()
    assert dumps(simple) == before
    assert not canvas.scene.drawing.led


def test_a_led_wire_goes_its_own_way_by_command_and_follows_undo(show, simple) -> None:
    canvas = show(simple)
    wire = Wire("conv2d", "out", "relu", "in")
    own = canvas.scene.drawing.path(wire)
    assert canvas.session.do("Lead", SetRoute(wire=wire, route=((200.0, 150.0), (200.0, 190.0))))
    assert canvas.scene.drawing.led[wire] == [(200.0, 150.0), (200.0, 190.0)]
    assert canvas.scene.drawing.path(wire) != own
    for scale in (0.1, 0.3, 0.5, 1.0):
        canvas.zoom_to(scale)
        canvas.grab()
    canvas.scene.select_wires([wire])
    assert canvas.run("wire.free")
    assert canvas.scene.drawing.path(wire) == own
    canvas.session.undo()
    assert wire in canvas.scene.drawing.led
    canvas.session.undo()
    assert not canvas.run("wire.free")


def test_escape_lets_a_wire_that_is_being_led_be(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    wire = Wire("conv2d", "out", "relu", "in")
    at = canvas.camera.to_view(canvas.scene.drawing.path(wire).pointAtPercent(0.3)).toPoint()
    press(canvas, at)
    QTest.mouseMove(canvas, at + QPoint(30, 0))
    QTest.mouseMove(canvas, at + QPoint(80, 0))
    assert isinstance(canvas.gesture, Lead) and canvas.scene.drawing.led
    key(canvas, K.Key_Escape)
    release(canvas, at)
    assert not canvas.scene.drawing.led
    assert dumps(simple) == before


def test_a_line_drawn_with_ctrl_and_the_right_button_cuts_what_it_crosses(show, simple) -> None:
    simple.add("Tanh", "aside", at=(200.0, 224.0))
    simple.connect("conv2d", "aside")
    canvas = show(simple)
    before = dumps(simple)
    y = canvas.port_point("conv2d", "out").y() + 26
    start, end = QPoint(round(canvas.port_point("conv2d", "out").x()) - 60, round(y)), QPoint(900, round(y))
    press(canvas, start, M.ControlModifier, RIGHT)
    for step in range(1, 9):
        QTest.mouseMove(canvas, start + (end - start) * step / 8)
    assert isinstance(canvas.gesture, Cut) and len(canvas.gesture.wires) == 2
    canvas.grab()
    release(canvas, end, M.ControlModifier, RIGHT)
    assert wire_ends(canvas) == {"input -> conv2d", "relu -> output"}
    assert simple.history.undo_label == "Cut 2 wires"
    canvas.session.undo()
    assert dumps(simple) == before
    # Over nothing it does nothing; Esc takes it back.
    drag(canvas, (20, 20), (200, 30), M.ControlModifier, RIGHT)
    press(canvas, start, M.ControlModifier, RIGHT)
    for step in range(1, 9):
        QTest.mouseMove(canvas, start + (end - start) * step / 8)
    key(canvas, K.Key_Escape)
    release(canvas, end, M.ControlModifier, RIGHT)
    assert dumps(simple) == before
    click(canvas, (20, 20))


def test_laying_out_lets_led_wires_go_and_undo_leads_them_again(show, simple) -> None:
    wire = Wire("conv2d", "out", "relu", "in")
    simple.move("relu", 200, 300)
    simple.history.do(SetRoute(wire=wire, route=((300.0, 150.0),)))
    canvas = show(simple)
    before = dumps(simple)
    canvas.run("view.arrange")
    assert not simple.main.routes
    canvas.session.undo()
    assert dumps(simple) == before
    assert canvas.scene.drawing.led


def test_a_led_wire_goes_along_where_room_is_made(show, simple) -> None:
    wire = Wire("relu", "out", "output", "in")
    simple.history.do(SetRoute(wire=wire, route=((200.0, 280.0),)))
    canvas = show(simple)
    before = dumps(simple)
    canvas.scene.select_wires([simple.main.wires_into("conv2d")[0]])
    canvas.run("edit.search")
    QTest.keyClicks(canvas.finder.line, "bn")
    start = simple.main.block("relu").at[1]
    key(canvas.finder.line, K.Key_Return)
    down = simple.main.block("relu").at[1] - start
    assert simple.main.routes[wire] == ((200.0, 280.0 + down),)
    canvas.session.undo()
    assert dumps(simple) == before


def test_a_line_cuts_the_wires_of_the_level_that_it_begins_on(show, nested) -> None:
    canvas = show(nested, 900, 1000)
    canvas.toggle_frame("stage")
    before = dumps(nested)
    inner, offset = next((stage, at) for stage, at in canvas.scene.stages() if stage.path == "stage")
    assert canvas.scene.stage is canvas.scene.root
    wire = Wire("conv", "out", "relu", "in")
    middle_of = canvas.camera.to_view(inner.drawing.path(wire).pointAtPercent(0.5) + offset)
    drag(canvas, middle_of - QPoint(50, 0), middle_of + QPoint(50, 0), M.ControlModifier, RIGHT)
    assert wire not in nested.modules["Stage"].wires() and canvas.session.path == "stage"
    assert {"input -> conv", "relu -> output"} == wire_ends(canvas)
    canvas.session.undo()
    assert dumps(nested) == before


@pytest.mark.parametrize("right", [False, True])
def test_a_wire_is_led_past_a_module_that_is_open(show, nested, right) -> None:
    """Shut or open, the points stand beside the same; what is done to them there is done to the document's."""
    nested.add("Add", "sum", at=(0, 320))
    nested.history.do(RemoveWire(wire=nested.main.wires_into("output")[0]))
    for source in ("head", "input"):
        nested.connect(source, "sum")
    nested.connect("sum", "output")
    nested.move("output", 0, 432)
    if right:
        for name, block in list(nested.main.blocks()):
            nested.move(name, block.at[1] * 2, block.at[0])
        nested.history.do(SetTexts(about={"flow": "right"}))
    skip = next(wire for wire in nested.main.wires_into("sum") if wire.source == "input")
    route = ((200.0, 100.0), (200.0, 200.0))
    nested.history.do(SetRoute(wire=skip, route=tuple((y, x) for x, y in route) if right else route))
    nested.history.clear()
    before = dumps(nested)
    canvas = show(nested, 1400, 1100)
    canvas.toggle_frame("stage")
    canvas.fit()
    drawing = canvas.scene.drawing
    frame = drawing.rect("stage")
    shown = drawing.led[skip]
    assert not any(frame.adjusted(-4, -4, 4, 4).contains(QPointF(*at)) for at in shown)
    assert not frame.adjusted(4, 4, -4, -4).intersects(drawing.path(skip).boundingRect()) or all(
        not frame.adjusted(4, 4, -4, -4).contains(drawing.path(skip).pointAtPercent(t / 50)) for t in range(51)
    )
    for at, of in zip(shown, nested.main.routes[skip], strict=True):
        assert drawing.document_point(skip, at) == pytest.approx(of)
    # One is pulled further aside, one more is put in, one is taken away: each a step.
    by = QPoint(0, 64) if right else QPoint(64, 0)
    start = canvas.camera.to_view(QPointF(*shown[0])).toPoint()
    drag(canvas, start, start + by)
    first, second = nested.main.routes[skip]
    assert second == nested.main.routes[skip][1] and first[0 if not right else 1] > 208
    drawing = canvas.scene.drawing
    way = [drawing.path(skip).pointAtPercent(step / 100) for step in range(10, 90)]
    free = max(way, key=lambda at: min((at - QPointF(*one)).manhattanLength() for one in drawing.led[skip]))
    at = canvas.camera.to_view(free).toPoint()
    drag(canvas, at, at + by)
    assert len(nested.main.routes[skip]) == 3
    now = min(canvas.scene.drawing.led[skip], key=lambda one: (QPointF(*one) - free).manhattanLength())
    apart = QPointF(*now) - canvas.camera.to_scene(QPointF(at + by))
    assert abs(apart.x()) + abs(apart.y()) < 24, "the point stays where it was let go"
    double_click(canvas, canvas.camera.to_view(QPointF(*now)).toPoint())
    assert len(nested.main.routes[skip]) == 2
    canvas.toggle_frame("stage")
    assert canvas.scene.drawing.led[skip] == [tuple(at) for at in nested.main.routes[skip]]
    while nested.history.undo_label:
        canvas.session.undo()
    assert dumps(nested) == before


def test_a_wire_of_a_level_that_nobody_has_placed_is_led_while_a_module_is_open(show, nested) -> None:
    for name, _ in list(nested.main.blocks()):
        nested.history.do(MoveBlocks(to={name: None}))
    nested.history.clear()
    before = dumps(nested)
    canvas = show(nested, 1000, 1000)
    canvas.toggle_frame("stage")
    canvas.fit()
    wire = Wire("stage", "output", "head", "input")
    canvas.zoom_to(2.0)
    canvas.reveal("head")
    at = canvas.camera.to_view(canvas.scene.drawing.path(wire).pointAtPercent(0.5)).toPoint()
    drag(canvas, at, at + QPoint(80, 0))
    assert len(nested.main.routes[wire]) == 1 and len(canvas.scene.drawing.led[wire]) == 1
    canvas.session.undo()
    assert dumps(nested) == before and not canvas.scene.drawing.led
