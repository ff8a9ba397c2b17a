"""Wires drawn with the mouse: what is accepted, what is refused and why, and taking a wire by its end."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.format import dumps
from tests.support.canvas_driver import click, drag, drag_wire, key, middle, move, point, press, release, wire_ends


@pytest.fixture
def loose() -> Diagram:
    """Blocks that wait to be wired: two convolutions of other sizes, an Add, a Concat."""
    diagram = Diagram("loose")
    diagram.add("Input", "input", shape=[16, 8, 8], at=(0, 0))
    diagram.add("Conv2d", "same", out_channels=16, kernel_size=1, at=(-160, 120))
    diagram.add("Conv2d", "smaller", out_channels=32, kernel_size=1, stride=2, at=(160, 120))
    diagram.add("Add", "add", at=(-160, 260))
    diagram.add("Concat", "concat", at=(160, 260))
    diagram.add("Output", "output", at=(0, 380))
    diagram.history.clear()
    return diagram


@pytest.mark.parametrize("backwards", [False, True])
def test_a_wire_is_drawn_from_port_to_port_either_way(show, loose, backwards) -> None:
    canvas = show(loose)

    drag_wire(canvas, ("input", "out"), ("same", "in"), backwards=backwards)

    assert wire_ends(canvas) == {"input -> same"}
    assert loose.history.undo_label == "Wire input to same"
    assert canvas.session.level.shapes["same", "out"] == (16, 8, 8)
    canvas.session.undo()
    assert wire_ends(canvas) == set()


def test_letting_go_over_a_block_means_its_first_free_input(show, loose) -> None:
    canvas = show(loose)

    drag(canvas, canvas.port_point("input", "out"), middle(canvas, "smaller") + QPoint(20, 5))

    assert wire_ends(canvas) == {"input -> smaller"}


def test_a_merge_takes_one_wire_after_the_other_wherever_they_land_on_it(show, loose) -> None:
    canvas = show(loose)

    drag_wire(canvas, ("input", "out"), ("concat", "0"))
    drag(canvas, canvas.port_point("same", "out"), middle(canvas, "concat"))
    drag(canvas, canvas.port_point("smaller", "out"), canvas.port_point("concat", "0", "in"))

    assert wire_ends(canvas) == {"input -> concat:0", "same -> concat:1", "smaller -> concat:2"}


def test_a_merge_shows_a_free_input_only_while_a_wire_is_over_it(show, loose) -> None:
    canvas = show(loose)
    drag_wire(canvas, ("input", "out"), ("concat", "0"))
    idle = [port.port for port in canvas.scene.drawing.ports("concat") if port.side == "in"]

    press(canvas, canvas.port_point("same", "out"))
    move(canvas, middle(canvas, "concat"))
    assert canvas.scene.marks.ports_of == "concat"
    shown = [port.port for port in canvas.scene.drawing.ports("concat", free=True) if port.side == "in"]
    release(canvas, (10, 10))

    assert (idle, shown) == (["0"], ["0", "1"])
    assert canvas.scene.marks.ports_of is None


def aim(canvas, source, target) -> None:
    """Hold a wire from (block, port) over the middle of a block."""
    press(canvas, canvas.port_point(*source))
    move(canvas, middle(canvas, target) - QPoint(0, 40))
    move(canvas, middle(canvas, target))


def test_a_wire_dropped_on_a_taken_input_takes_its_place_as_one_step(show, loose) -> None:
    loose.connect("input", "same")
    loose.history.clear()
    canvas = show(loose)
    before = dumps(loose)

    aim(canvas, ("smaller", "out"), "same")
    verdict = canvas.gesture.verdict
    release(canvas, middle(canvas, "same"))

    assert not verdict.refused
    assert "in place of input" in verdict.text.lower()
    assert wire_ends(canvas) == {"smaller -> same"}
    canvas.session.undo()
    assert dumps(loose) == before


def test_a_circle_refuses_and_names_the_way(show, simple) -> None:
    simple.add("Add", "add", at=(200, 0))
    simple.connect("relu", "add")
    simple.disconnect("input", "conv2d")
    canvas = show(simple)

    aim(canvas, ("add", "out"), "conv2d")
    verdict = canvas.gesture.verdict
    release(canvas, middle(canvas, "conv2d"))

    assert verdict.refused
    assert verdict.text == "Would close a circle: conv2d → relu → add"
    assert "add -> conv2d" not in wire_ends(canvas)


def test_a_block_cannot_feed_itself(show, loose) -> None:
    canvas = show(loose)

    drag_wire(canvas, ("same", "out"), ("same", "in"))

    assert wire_ends(canvas) == set()


def test_shapes_that_differ_warn_but_the_wire_may_stay(show, loose) -> None:
    for target in ("same", "smaller"):
        loose.connect("input", target)
    loose.connect("same", "add:0")
    canvas = show(loose)

    aim(canvas, ("smaller", "out"), "add")
    verdict = canvas.gesture.verdict
    release(canvas, middle(canvas, "add"))

    assert verdict.warned and not verdict.refused
    assert "16×8×8" in verdict.text and "32×4×4" in verdict.text
    assert "smaller -> add:1" in wire_ends(canvas)
    assert canvas.scene.stage.facts.severity("add") == "error"


def test_a_good_wire_tells_what_will_come_out(show, loose) -> None:
    canvas = show(loose)

    aim(canvas, ("input", "out"), "smaller")
    verdict = canvas.gesture.verdict
    release(canvas, (5, 5))

    assert verdict.text == "16×8×8 → 32×4×4"
    assert not verdict.warned


def test_letting_go_over_nothing_or_pressing_escape_leaves_no_wire(show, loose) -> None:
    canvas = show(loose)
    before = dumps(loose)

    drag(canvas, canvas.port_point("input", "out"), (20, 20))
    press(canvas, canvas.port_point("input", "out"))
    move(canvas, canvas.port_point("same", "in", "in"))
    key(canvas, Qt.Key.Key_Escape)
    release(canvas, canvas.port_point("same", "in", "in"))

    assert dumps(loose) == before
    assert loose.history.undo_label is None


def test_a_wire_taken_by_its_end_goes_to_another_input_as_one_step(show, loose) -> None:
    loose.connect("input", "same")
    loose.history.clear()
    canvas = show(loose)
    before = dumps(loose)

    drag(canvas, canvas.port_point("same", "in", "in"), canvas.port_point("smaller", "in", "in"))

    assert wire_ends(canvas) == {"input -> smaller"}
    canvas.session.undo()
    assert dumps(loose) == before


def test_a_wire_taken_by_its_end_and_put_back_is_no_step(show, loose) -> None:
    loose.connect("input", "same")
    loose.history.clear()
    canvas = show(loose)
    start = canvas.port_point("same", "in", "in")

    press(canvas, start)
    move(canvas, (20, 20))
    move(canvas, start)
    release(canvas, start)

    assert loose.history.undo_label is None
    assert wire_ends(canvas) == {"input -> same"}


def test_a_wire_pulled_off_and_let_go_is_removed(show, loose) -> None:
    loose.connect("input", "same")
    canvas = show(loose)

    drag(canvas, canvas.port_point("same", "in", "in"), (20, 20))

    assert wire_ends(canvas) == set()


def test_the_wire_that_is_pulled_off_does_not_count_as_taken(show, loose) -> None:
    for source, port in (("input", "0"), ("same", "1")):
        loose.connect(source, f"concat:{port}")
    canvas = show(loose)

    drag(canvas, canvas.port_point("concat", "1", "in"), middle(canvas, "concat"))

    assert wire_ends(canvas) == {"input -> concat:0", "same -> concat:1"}


def test_a_wire_is_selected_by_a_click_and_deleted_by_a_key(show, loose) -> None:
    loose.connect("input", "output")
    canvas = show(loose)
    wire = Wire("input", "out", "output", "in")
    on_it = canvas.camera.to_view(canvas.scene.drawing.path(wire).pointAtPercent(0.3))

    click(canvas, on_it)
    assert canvas.scene.marks.wires == {wire}
    assert canvas.session.selection == ()
    key(canvas, Qt.Key.Key_Delete)

    assert wire_ends(canvas) == set()
    assert canvas.scene.marks.wires == frozenset()
    canvas.session.undo()
    assert wire_ends(canvas) == {"input -> output"}


def test_the_wire_under_the_mouse_is_marked(show, loose) -> None:
    loose.connect("input", "output")
    canvas = show(loose)
    wire = Wire("input", "out", "output", "in")

    move(canvas, canvas.camera.to_view(canvas.scene.drawing.path(wire).pointAtPercent(0.3)))
    assert canvas.scene.marks.hovered_wire == wire

    move(canvas, (10, 10))
    assert canvas.scene.marks.hovered_wire is None


def test_the_free_end_snaps_to_the_port_it_would_take(show, loose) -> None:
    canvas = show(loose)
    port = point(canvas.port_point("same", "in", "in"))

    press(canvas, canvas.port_point("input", "out"))
    move(canvas, port + QPoint(4, 3))
    target = canvas.gesture.target
    release(canvas, (5, 5))

    assert (target.block, target.port) == ("same", "in")
    assert point(canvas.camera.to_view(target.point)) == port
