"""Blocks from the palette: dropped on the canvas, on a wire, or put in by a key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPointF

from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.format import dumps
from blockstudio.gui.canvas import MIME
from tests.support.canvas_driver import drag_wire, drop, hover_drop, leave_drop, offer, wire_ends


def test_a_dropped_block_stands_where_it_was_dropped_selected_and_on_the_grid(show) -> None:
    canvas = show()
    here = canvas.camera.to_view(QPointF(101, 53))

    name = drop(canvas, "Conv2d", here, kernel_size=3, padding=1)

    block = canvas.session.definition.block(name)
    assert (block.at, block.parameters) == ((104.0, 56.0), {"kernel_size": 3, "padding": 1})
    assert canvas.session.selection == (name,)
    assert canvas.block_rect(name).center() == QPointF(104, 56)
    canvas.session.undo()
    assert len(canvas.scene.drawing) == 0


def test_the_ghost_shows_while_dragging_and_goes_when_the_drag_leaves(show) -> None:
    canvas = show()

    assert hover_drop(canvas, offer("Conv2d"), (300, 200))
    assert canvas.gesture is not None
    canvas.grab()
    leave_drop(canvas)

    assert canvas.gesture is None
    assert len(canvas.scene.drawing) == 0


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"type": "Nothing"}', b'{"type": "Conv2d", "parameters": 3}', b"\xff"])
def test_what_is_no_block_is_not_taken(show, text) -> None:
    canvas = show()
    data = QMimeData()
    data.setData(MIME, text)

    assert not hover_drop(canvas, data, (300, 200))
    assert canvas.gesture is None


def test_a_block_dropped_on_a_wire_goes_into_it_as_one_step(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    on_it = canvas.camera.to_view(canvas.scene.drawing.path(Wire("conv2d", "out", "relu", "in")).pointAtPercent(0.5))

    hover_drop(canvas, offer("BatchNorm2d"), on_it)
    assert canvas.scene.marks.drop_wire == Wire("conv2d", "out", "relu", "in")
    leave_drop(canvas)
    name = drop(canvas, "BatchNorm2d", on_it)

    assert {f"conv2d -> {name}", f"{name} -> relu"} < wire_ends(canvas)
    assert "conv2d -> relu" not in wire_ends(canvas)
    assert canvas.session.analysis.problems == ()
    canvas.session.undo()
    assert dumps(simple) == before


def test_a_block_without_inputs_does_not_go_into_a_wire(show, simple) -> None:
    canvas = show(simple)
    on_it = canvas.camera.to_view(canvas.scene.drawing.path(Wire("conv2d", "out", "relu", "in")).pointAtPercent(0.5))

    drop(canvas, "Input", on_it)

    assert "conv2d -> relu" in wire_ends(canvas)


def test_a_module_of_the_diagram_can_be_dropped(show) -> None:
    diagram = Diagram("modules")
    scope = diagram.module("Twice", {"width": 8})
    diagram.add("Input", "input", scope=scope)
    diagram.add("Conv2d", "conv", scope=scope, out_channels="width")
    diagram.add("Output", "output", scope=scope)
    diagram.connect("input", "conv", scope=scope)
    diagram.connect("conv", "output", scope=scope)
    canvas = show(diagram)

    name = drop(canvas, "Twice", (300, 200), width=16)

    assert canvas.session.definition.block(name).type == "Twice"
    assert [port.port for port in canvas.scene.drawing.ports(name)] == ["input", "output"]


def test_a_key_puts_a_block_behind_the_selected_one(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d"])

    name = canvas.insert_block("BatchNorm2d")

    assert f"conv2d -> {name}" in wire_ends(canvas)
    new = canvas.block_rect(name)
    assert all(not new.intersects(canvas.block_rect(other)) for other in canvas.scene.drawing.names if other != name)
    canvas.session.undo()
    assert name not in canvas.scene.drawing.rows


def test_a_key_puts_a_block_into_the_middle_of_the_view_when_nothing_is_selected(show) -> None:
    canvas = show()

    first, second = canvas.insert_block("Conv2d"), canvas.insert_block("Conv2d")

    assert first is not None and second is not None
    assert not canvas.block_rect(first).intersects(canvas.block_rect(second))


def test_dropping_into_a_level_without_places_keeps_the_picture_as_it_was(show) -> None:
    diagram = Diagram("unplaced")
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", "conv")
    diagram.connect("input", "conv")
    diagram.history.clear()
    before = dumps(diagram)
    canvas = show(diagram)
    stood = {name: canvas.block_rect(name) for name in ("input", "conv")}

    drop(canvas, "ReLU", (60, 400))

    assert {name: canvas.block_rect(name) for name in stood} == stood
    assert all(block.at is not None for _, block in diagram.main.blocks())
    canvas.session.undo()
    assert dumps(diagram) == before
    assert {name: canvas.block_rect(name) for name in stood} == stood


PLACES = {
    "input": (480, 60), "one": (180, 260), "reduce3": (380, 200), "three": (380, 320), "reduce5": (580, 200),
    "five": (580, 320), "pool": (780, 200), "project": (780, 320), "concat": (480, 460), "output": (480, 560),
}  # fmt: skip
CONVS = {"one": (64, 1), "reduce3": (96, 1), "three": (128, 3), "reduce5": (16, 1), "five": (32, 5), "project": (32, 1)}


def test_an_inception_module_is_put_together_with_the_mouse_alone(show) -> None:
    canvas = show()
    session = canvas.session
    names = {}
    for key, at in PLACES.items():
        if key in CONVS:
            channels, kernel = CONVS[key]
            parameters = {"out_channels": channels, "kernel_size": kernel, "padding": kernel // 2}
            names[key] = drop(canvas, "Conv2d", at, **parameters)
        elif key == "pool":
            names[key] = drop(canvas, "MaxPool2d", at, kernel_size=3, stride=1, padding=1)
        elif key == "input":
            names[key] = drop(canvas, "Input", at, shape=[192, 28, 28])
        else:
            names[key] = drop(canvas, key.capitalize(), at)

    for target in ("one", "reduce3", "reduce5", "pool"):
        drag_wire(canvas, (names["input"], "out"), (names[target], "in"))
    for source, target in (("reduce3", "three"), ("reduce5", "five"), ("pool", "project")):
        drag_wire(canvas, (names[source], "out"), (names[target], "in"))
    for port, source in enumerate(("one", "three", "five", "project")):
        drag_wire(canvas, (names[source], "out"), (names["concat"], str(port)))
    drag_wire(canvas, (names["concat"], "out"), (names["output"], "in"))

    assert session.analysis.problems == ()
    assert session.level.shapes[names["concat"], "out"] == (256, 28, 28)
    assert session.analysis.parameters == 163_696
    assert canvas.scene.stage.facts.content(names["concat"]).line == "64+128+32+32"
    assert canvas.scene.stage.facts.pill(Wire(names["concat"], "out", names["output"], "in")) == "256×28×28"
    for _ in range(len(PLACES) + 12):
        session.undo()
    assert len(canvas.scene.drawing) == 0 and not canvas.scene.drawing.wires
