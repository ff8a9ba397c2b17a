"""A document drawn from left to right: every gesture means there what it means in one that runs down."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPointF, Qt

from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.edits import MoveBlocks
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas import layout_commands
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.scene.camera import MARGIN, READABLE
from blockstudio.gui.canvas.scene.hits import port_at
from blockstudio.gui.canvas.scene.order import in_reading_order
from blockstudio.layout.flow import DOWN, FLOW, RIGHT
from tests.gui.canvas.test_canvas_answers import lying, on_wire, places, undone
from tests.gui.canvas.test_canvas_random import run
from tests.support.canvas_driver import branch_off, drag, drag_wire, drop, key, middle, wire_ends

Key = Qt.Key


def to_the_right(name: str) -> Diagram:
    diagram = load_preset(name)
    diagram.about = {**diagram.about, FLOW: RIGHT}
    return diagram


def wide(count: int = 12) -> Diagram:
    """So many branches side by side."""
    diagram = Diagram("wide")
    diagram.add("Input", "input", shape=[8, 8, 8])
    diagram.add("Concat", "concat")
    for index in range(count):
        diagram.add("ReLU", f"r{index}")
        diagram.connect("input", f"r{index}")
        diagram.connect(f"r{index}", f"concat:{index}")
    diagram.add("Output", "output")
    diagram.connect("concat", "output")
    diagram.history.clear()
    return diagram


def run_right(canvas: Canvas, *names: str) -> bool:
    """Whether blocks stand one right of the other, at one height."""
    rects = [canvas.block_rect(name) for name in names]
    return all(a.right() < b.left() and a.center().y() == b.center().y() for a, b in pairwise(rects))


def test_ports_wires_and_gaps_lie_the_other_way(show) -> None:
    canvas = show(to_the_right("module_inception"), 1500, 800)
    drawing = canvas.scene.drawing
    assert drawing.right and run_right(canvas, "reduce3x3", "relu2", "conv3x3", "relu3")
    out, into = drawing.port("relu3", "out", "out").point, drawing.port("concat", "1", "in").point
    assert out.x() == drawing.rect("relu3").right() and into.x() == drawing.rect("concat").left()
    assert port_at(canvas.scene.stage, into + QPointF(-2, 0), 1.0) is not None
    path = drawing.path(Wire("input", "out", "pool", "in"))
    assert path.pointAtPercent(0) == drawing.port("input", "out", "out").point
    assert path.angleAtPercent(0) == 0.0 == path.angleAtPercent(1), "a wire leaves and comes in level"
    first = ["input", "conv1x1", "reduce3x3", "reduce5x5", "pool"]
    assert in_reading_order(drawing)[:5] == first, "one column after the other"


def test_the_drawing_answers_to_the_right(show) -> None:
    canvas = show(to_the_right("module_inception"), 1500, 800)
    text, stood = dumps(canvas.session.diagram), places(canvas)
    name = drop(canvas, "BatchNorm2d", on_wire(canvas, Wire("conv3x3", "out", "relu3", "in")))
    now = places(canvas)
    assert lying(canvas) == set() and run_right(canvas, "conv3x3", name, "relu3")
    assert now["conv3x3"] == stood["conv3x3"] and now["conv1x1"] == stood["conv1x1"]
    assert now["relu3"].x() - now["conv3x3"].x() == 2 * (stood["relu3"].x() - stood["conv3x3"].x())
    assert undone(canvas, text)
    with_it = dumps(canvas.session.diagram)
    canvas.session.select([name])
    key(canvas, Key.Key_Delete)
    assert places(canvas)["relu3"] == stood["relu3"], "the gap closes"
    assert undone(canvas, with_it)
    drag(canvas, middle(canvas, "relu2"), on_wire(canvas, Wire("conv5x5", "out", "relu5", "in")), steps=3)
    assert {"reduce3x3 -> conv3x3", "conv5x5 -> relu2", "relu2 -> relu5"} <= wire_ends(canvas)
    assert lying(canvas) == set() and run_right(canvas, "conv5x5", "relu2", "relu5")


def test_blocks_fall_in_line_with_what_feeds_them(show) -> None:
    canvas = show(to_the_right("module_inception"), 1500, 800)
    start = middle(canvas, "relu3")
    drag(canvas, start, QPointF(start) + QPointF(30, 5), steps=4)
    assert run_right(canvas, "conv3x3", "relu3"), "the wire stays straight"
    canvas.session.do("Move", MoveBlocks(to={**canvas.scene.loose_places(), "relu3": (1100.0, 333.0)}))
    assert not run_right(canvas, "conv3x3", "relu3")
    canvas.session.select(["relu3"])
    assert canvas.run("edit.straighten") and run_right(canvas, "conv3x3", "relu3")


def test_a_wire_is_drawn_from_the_right_edge_to_the_left(show) -> None:
    diagram = Diagram("two")
    diagram.about = {FLOW: RIGHT}
    diagram.add("Input", "input", shape=[3, 8, 8], at=(0.0, 0.0))
    diagram.add("ReLU", "relu", at=(300.0, 0.0))
    canvas = show(diagram)
    drag_wire(canvas, ("input", "out"), ("relu", "in"))
    assert wire_ends(canvas) == {"input -> relu"}
    canvas.session.select(["relu"])
    more = canvas.insert_block("ReLU")
    assert more is not None and run_right(canvas, "input", "relu", more)
    second = branch_off(canvas, "input", "Sigmoid")
    assert places(canvas)[second].x() == places(canvas)["relu"].x(), "a lane of its own"


def test_the_direction_is_a_command_kept_in_the_file_and_taken_back(show) -> None:
    diagram = load_preset("resnet18")
    canvas = show(diagram, 1200, 800)
    start, down = dumps(diagram), places(canvas)
    (command,) = (each for each in layout_commands.commands(canvas) if each.id == "view.direction")
    assert [choice.value for choice in command.choices(None)] == [None, False, True]
    command.run(None, True)
    assert canvas.scene.drawing.right and diagram.about[FLOW] == RIGHT
    assert show(loads(dumps(diagram)), 1200, 800).scene.drawing.right
    diagram.undo()
    assert dumps(diagram) == start and places(canvas) == down
    command.run(None, False)
    assert diagram.about[FLOW] == DOWN and not canvas.scene.drawing.right


def test_what_the_user_has_put_somewhere_is_laid_out_anew_on_every_level(show) -> None:
    diagram = load_preset("resnet18")
    canvas = show(diagram, 1200, 800)
    canvas.arranging.whole()
    canvas.session.enter("layer1")
    canvas.arranging.whole()
    text = dumps(diagram)
    canvas.arranging.set_right(True)
    for scope in ("", "BasicBlock"):
        definition = diagram.definition(scope)
        at = {name: block.at for name, block in definition.blocks()}
        rising = [at[wire.target][0] > at[wire.source][0] for wire in definition.wires()]
        assert sum(rising) > len(rising) * 0.7, "but for those that lead to the next row"
    assert undone(canvas, text)


def test_a_module_opens_in_place_to_the_right(show) -> None:
    canvas = show(to_the_right("resnet18"), 1200, 800)
    canvas.toggle_frame("layer1")
    frame, inner = canvas.scene.root.drawing, canvas.scene.root.inside["layer1"].drawing
    assert inner.right and lying(canvas) == set()
    ends = [inner.rect(name).center() for name in ("input", "output")]
    assert ends[0].x() < inner.rect("conv1").left() and ends[1].x() == frame.rect("layer1").width()
    assert ends[0].y() == frame.port("layer1", "input", "in").point.y() - frame.rect("layer1").top()


def test_it_is_chosen_where_it_shows_larger_and_written_down_with_the_first_place(show) -> None:
    canvas = show(wide(), 1200, 900)
    diagram = canvas.session.diagram
    assert canvas.scene.drawing.right and FLOW not in diagram.about
    text = dumps(diagram)
    before = places(canvas)["r3"]
    drag(canvas, middle(canvas, "r0"), QPointF(middle(canvas, "r0")) + QPointF(0, -40), steps=3)
    assert diagram.about[FLOW] == RIGHT and places(canvas)["r3"] == before and canvas.scene.drawing.right
    assert undone(canvas, text)
    assert not show(load_preset("vgg16"), 1200, 900).scene.drawing.right, "columns show it as large"


def test_what_is_wider_than_the_view_begins_at_its_edge(show) -> None:
    canvas = show(to_the_right("googlenet"), 700, 500)
    assert canvas.camera.scale == READABLE
    assert canvas.camera.to_view(canvas.scene.bounds().topLeft()).x() == MARGIN


def test_gestures_at_random(show) -> None:
    diagram = to_the_right("googlenet")
    assert run(show(diagram), 3, 24, dumps(diagram)) > 8
