"""Places for blocks that have none: small levels at once, large ones in a worker."""

from __future__ import annotations

import numpy as np
import pytest

from blockstudio.graph.diagram import Block, Diagram, Wire
from blockstudio.graph.edits import AddBlock, AddWire
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.scene.placing import AT_ONCE, free_place, rough
from blockstudio.gui.document.session import Session


def ladder(blocks: int) -> Diagram:
    """Rungs of two branches that merge, without places."""
    diagram = Diagram("ladder")
    main = diagram.main
    main.insert("input", Block(type="Input", parameters={"shape": [4, 4, 4]}))
    before = "input"
    for index in range(blocks // 3):
        for side in ("left", "right"):
            main.insert(f"{side}{index}", Block(type="ReLU"))
            main.join(Wire(before, "out", f"{side}{index}", "in"))
        main.insert(f"add{index}", Block(type="Add"))
        for port, side in enumerate(("left", "right")):
            main.join(Wire(f"{side}{index}", "out", f"add{index}", str(port)))
        before = f"add{index}"
    return diagram


def overlaps(canvas: Canvas) -> int:
    """Pairs of blocks that cover each other."""
    boxes = canvas.scene.drawing.boxes
    wide = (boxes[:, None, 0] < boxes[None, :, 2]) & (boxes[:, None, 2] > boxes[None, :, 0])
    tall = (boxes[:, None, 1] < boxes[None, :, 3]) & (boxes[:, None, 3] > boxes[None, :, 1])
    return int((wide & tall).sum() - len(boxes)) // 2


@pytest.mark.parametrize("blocks", [30, 3 * AT_ONCE])
def test_a_level_without_places_is_laid_out_and_the_document_stays_as_it_is(show, blocks) -> None:
    diagram = ladder(blocks)

    canvas = show(diagram)

    assert overlaps(canvas) == 0
    assert diagram.history.undo_label is None
    assert all(block.at is None for _, block in diagram.main.blocks())
    tops = {name: canvas.block_rect(name).top() for name in canvas.scene.drawing.names}
    assert all(tops[wire.source] < tops[wire.target] for wire in diagram.main.wires())


def test_a_large_level_is_drawn_roughly_until_its_layout_comes(qtbot) -> None:
    canvas = Canvas(Session(ladder(3 * AT_ONCE)))
    qtbot.addWidget(canvas)
    assert canvas.busy
    first = canvas.scene.drawing.boxes.copy()
    assert len(canvas.scene.drawing) == 3 * AT_ONCE + 1 and overlaps(canvas) == 0
    assert not canvas.grab().isNull()

    qtbot.waitUntil(lambda: not canvas.busy)

    assert not np.array_equal(canvas.scene.drawing.boxes, first)
    canvas.session.close()


def test_edits_made_while_the_layout_is_computed_are_kept(qtbot) -> None:
    diagram = ladder(3 * AT_ONCE)
    canvas = Canvas(Session(diagram))
    qtbot.addWidget(canvas)
    assert canvas.busy

    diagram.remove("left7")
    canvas.session.do(
        "Add", AddBlock(name="late", block=Block(type="ReLU")), AddWire(wire=Wire("add3", "out", "late", "in"))
    )
    qtbot.waitUntil(lambda: not canvas.busy)

    assert set(canvas.scene.drawing.names) == set(diagram.main.graph)
    assert set(canvas.scene.drawing.wires) == set(diagram.main.wires())
    assert canvas.block_rect("late").top() > canvas.block_rect("add3").bottom()
    canvas.session.close()


def test_a_canvas_that_is_gone_does_not_wait_for_its_layout(qtbot) -> None:
    session = Session(ladder(3 * AT_ONCE))
    canvas = Canvas(session)
    other = Diagram("other")

    session.open(other)

    assert not canvas.busy
    assert len(canvas.scene.drawing) == 0
    session.close()
    canvas.deleteLater()
    qtbot.wait(0)


def test_rough_places_go_down_with_the_signal_and_survive_circles() -> None:
    diagram = ladder(30)
    places = rough(diagram.main)
    assert all(places[wire.source][1] < places[wire.target][1] for wire in diagram.main.wires())

    circle = Diagram("circle")
    for name in ("a", "b"):
        circle.main.insert(name, Block(type="ReLU"))
    circle.main.join(Wire("a", "out", "b", "in"))
    circle.main.join(Wire("b", "out", "a", "in"))
    assert set(rough(circle.main)) == {"a", "b"}


def test_a_free_place_is_near_and_covers_nothing(show, simple) -> None:
    canvas = show(simple)

    x, y = free_place(canvas.scene.drawing, (0.0, 112.0))

    assert (x % 8, y % 8) == (0, 0)
    boxes = canvas.scene.drawing.boxes
    hit = (boxes[:, 0] < x + 76) & (boxes[:, 2] > x - 76) & (boxes[:, 1] < y + 24) & (boxes[:, 3] > y - 24)
    assert not hit.any()
    assert abs(x) + abs(y - 112) < 400


def test_wires_of_a_large_level_get_their_lanes_between_events(qtbot) -> None:
    diagram = Diagram("skips")
    main = diagram.main
    main.insert("input", Block(type="Input", parameters={"shape": [4, 4, 4]}, at=(0.0, 0.0)))
    before = ["input"]
    for index in range(600):
        main.insert(f"add{index}", Block(type="Add", at=(0.0, 112.0 * (index + 1))))
        main.join(Wire(before[-1], "out", f"add{index}", "0"))
        main.join(Wire(before[max(-4, -len(before))], "out", f"add{index}", "1"))
        before.append(f"add{index}")
    canvas = Canvas(Session(diagram))
    qtbot.addWidget(canvas)
    assert canvas.scene.drawing.unrouted

    qtbot.waitUntil(lambda: not canvas.scene.drawing.unrouted)

    assert len(canvas.scene.drawing.lanes) > 500
    canvas.session.close()


def test_wires_of_a_large_module_that_is_open_get_their_lanes_too(qtbot) -> None:
    diagram = Diagram("skips")
    scope = diagram.module("Ladder", {})
    inside = diagram.modules[scope]
    inside.insert("input", Block(type="Input", at=(0.0, 0.0)))
    before = ["input"]
    for index in range(300):
        inside.insert(f"add{index}", Block(type="Add", at=(0.0, 112.0 * (index + 1))))
        inside.join(Wire(before[-1], "out", f"add{index}", "0"))
        inside.join(Wire(before[max(-4, -len(before))], "out", f"add{index}", "1"))
        before.append(f"add{index}")
    diagram.main.insert("input", Block(type="Input", parameters={"shape": [4, 4, 4]}, at=(0.0, 0.0)))
    diagram.main.insert("ladder", Block(type=scope, at=(0.0, 112.0)))
    canvas = Canvas(Session(diagram))
    qtbot.addWidget(canvas)

    canvas.toggle_frame("ladder")
    drawing = canvas.scene.root.inside["ladder"].drawing
    assert drawing.unrouted
    qtbot.waitUntil(lambda: not drawing.unrouted)

    assert len(drawing.lanes) > 250
    canvas.session.close()
