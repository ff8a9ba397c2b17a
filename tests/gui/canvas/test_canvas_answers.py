"""The drawing answers the hand: room is made, chains heal, blocks are replaced and carried, each as one step."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt

from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.edits import SetRoute
from blockstudio.graph.format import dumps
from blockstudio.graph.operations.grouping import group
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.scene.stage import pills_of
from blockstudio.gui.kit import motion
from tests.gui.canvas.conftest import chain
from tests.support.canvas_driver import (
    branch_off,
    drag,
    drop,
    hover_drop,
    key,
    leave_drop,
    middle,
    move,
    offer,
    wire_ends,
)

Key, Mod = Qt.Key, Qt.KeyboardModifier


def lying(canvas) -> set[tuple[str, str, str]]:
    """Cards and frames that lie on one another, of all that is drawn."""
    found = set()
    for stage, _ in canvas.scene.stages():
        drawing = stage.drawing
        names = [name for name in drawing.names if not drawing.is_hidden(name)]
        boxes = drawing.boxes[[drawing.rows[name] for name in names]] + (0.1, 0.1, -0.1, -0.1)
        wide = (boxes[:, None, 0] < boxes[None, :, 2]) & (boxes[:, None, 2] > boxes[None, :, 0])
        tall = (boxes[:, None, 1] < boxes[None, :, 3]) & (boxes[:, None, 3] > boxes[None, :, 1])
        found |= {(stage.path, *sorted((names[a], names[b]))) for a, b in np.argwhere(wide & tall).tolist() if a < b}
    return found


def on_wire(canvas, wire: Wire, part: float = 0.5) -> QPointF:
    """A point of a wire of the stage, in the view."""
    path = canvas.scene.drawing.path(wire)
    return canvas.camera.to_view(path.pointAtPercent(part) + canvas.scene.offset)


def places(canvas) -> dict[str, QPointF]:
    drawing = canvas.scene.drawing
    return {name: drawing.rect(name).center() for name in drawing.names}


def undone(canvas, before: str) -> bool:
    """Whether one undo gives the text ``before``, and redo what is now."""
    session = canvas.session
    after = dumps(session.diagram)
    session.undo()
    same = dumps(session.diagram) == before
    session.redo()
    return same and dumps(session.diagram) == after


def test_a_block_put_into_a_wire_gets_room(show) -> None:
    canvas = show(load_preset("resnet34"))
    before, stood, text = lying(canvas), places(canvas), dumps(canvas.session.diagram)

    name = drop(canvas, "BatchNorm2d", on_wire(canvas, Wire("conv1", "out", "bn1", "in")))

    assert lying(canvas) == before == set()
    now = places(canvas)
    assert stood["conv1"] == now["conv1"] and stood["input"] == now["input"]
    assert now["conv1"].x() == now[name].x() == now["bn1"].x()
    gaps = [now[b].y() - now[a].y() for a, b in (("conv1", name), (name, "bn1"), ("bn1", "relu"))]
    assert gaps == [stood["bn1"].y() - stood["conv1"].y()] * 3
    assert undone(canvas, text)


def test_points_of_wires_move_with_what_makes_room(show) -> None:
    canvas = show(chain("Input", "Conv2d", "ReLU", "MaxPool2d", "Output"))
    session, led = canvas.session, Wire("relu", "out", "maxpool2d", "in")
    session.do("Lead", SetRoute(wire=led, route=((120.0, 280.0),)))
    text = dumps(session.diagram)
    drop(canvas, "BatchNorm2d", on_wire(canvas, Wire("input", "out", "conv2d", "in")))
    assert session.definition.routes[led] == ((120.0, 392.0),)
    assert undone(canvas, text)


def test_a_fix_of_several_blocks_gets_room(show) -> None:
    diagram = chain("Input", "Conv2d", "Linear", "Output")
    canvas = show(diagram)
    (problem,) = [each for each in canvas.session.analysis.problems if each.block == "linear"]
    fix = next(each for each in problem.fixes if sum(type(edit).__name__ == "AddBlock" for edit in each.edits) == 2)
    text = dumps(diagram)

    assert canvas.apply_fix(fix)

    assert lying(canvas) == set()
    assert len({point.x() for point in places(canvas).values()}) == 1
    assert undone(canvas, text)


def test_an_open_module_makes_room_inside(show) -> None:
    canvas = show(load_preset("googlenet"))
    canvas.toggle_frame("inception_3a")
    session = canvas.session
    session.go("inception_3a")
    before = lying(canvas)
    wire = next(wire for wire in session.definition.wires() if wire.target == "concat")

    name = drop(canvas, "ReLU", on_wire(canvas, wire, 0.4))

    assert session.path == "inception_3a" and name in session.definition
    assert {f"{wire.source} -> {name}", f"{name} -> concat:{wire.target_port}"} <= wire_ends(canvas)
    assert lying(canvas) <= before


@pytest.mark.parametrize(
    ("modifier", "healed"), [(Mod.NoModifier, True), (Mod.ControlModifier, False), (Mod.ShiftModifier, False)]
)
def test_delete_heals_unless_the_cut_is_wanted(show, simple, modifier, healed) -> None:
    canvas = show(simple)
    text, stood = dumps(simple), places(canvas)
    canvas.session.select(["conv2d"])

    key(canvas, Key.Key_Delete, modifier)

    assert ("input -> relu" in wire_ends(canvas)) is healed
    assert places(canvas)["relu"] == (stood["conv2d"] if healed else stood["relu"])
    assert undone(canvas, text)


def test_a_cut_that_does_not_fit_stays(show) -> None:
    canvas = show(load_preset("resnet18"))
    canvas.session.enter("layer2")
    canvas.session.enter(next(iter(canvas.session.definition.graph)))
    session = canvas.session
    session.select(["downsample.1"])
    key(canvas, Key.Key_Delete)
    assert "downsample.0 -> add:1" in wire_ends(canvas)
    session.select(["pad", "downsample.0"])  # another size than the main way's
    key(canvas, Key.Key_Delete)
    assert "input -> add:1" not in wire_ends(canvas)


def test_a_block_dropped_on_a_card_takes_its_place(show) -> None:
    canvas = show(load_preset("googlenet"))
    session = canvas.session
    old, ends, text, stood = (
        session.definition.block("pool1"),
        wire_ends(canvas),
        dumps(session.diagram),
        places(canvas),
    )

    hover_drop(canvas, offer("AvgPool2d"), middle(canvas, "pool1"))
    assert canvas.scene.marks.drop_block == "pool1"
    canvas.grab()
    leave_drop(canvas)
    assert canvas.scene.marks.drop_block is None
    assert hover_drop(canvas, offer("AvgPool2d"), middle(canvas, "pool1"))
    canvas.gesture.drop()

    new = session.definition.block("pool1")
    assert new.type == "AvgPool2d" and wire_ends(canvas) == ends and places(canvas) == stood
    assert {k: v for k, v in old.parameters.items() if k in ("kernel_size", "stride", "ceil_mode")} == dict(
        new.parameters
    )
    assert session.selection == ("pool1",)
    assert undone(canvas, text)


def test_an_end_does_not_replace_a_layer(show, simple) -> None:
    canvas = show(simple)
    name = drop(canvas, "Input", middle(canvas, "relu"))
    assert "relu" in canvas.session.definition and name != "relu"
    assert lying(canvas) == set()


def test_a_wired_block_dragged_onto_another_wire_moves_there(show) -> None:
    canvas = show(chain("Input", "Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Output"))
    text, stood = dumps(canvas.session.diagram), places(canvas)

    drag(canvas, middle(canvas, "relu"), on_wire(canvas, Wire("input", "out", "conv2d", "in")))

    assert {"input -> relu", "relu -> conv2d", "batchnorm2d -> maxpool2d"} <= wire_ends(canvas)
    now = places(canvas)
    order = ["input", "relu", "conv2d", "batchnorm2d", "maxpool2d", "output"]
    assert [now[name].y() for name in order] == sorted(point.y() for point in stood.values())
    assert lying(canvas) == set()
    assert undone(canvas, text)


def test_alt_pulls_a_block_out_of_its_chain(show, simple) -> None:
    canvas = show(simple)
    text, start = dumps(simple), middle(canvas, "conv2d")

    drag(canvas, start, start + QPointF(260, 0).toPoint(), Mod.AltModifier)

    assert wire_ends(canvas) == {"input -> relu", "relu -> output"}
    assert lying(canvas) == set()
    assert undone(canvas, text)


def test_a_loose_block_dragged_onto_a_card_replaces_it(show, simple) -> None:
    canvas = show(simple)
    simple.add("GELU", "gelu", at=(300.0, 0.0))
    move(canvas, middle(canvas, "gelu"))
    drag(canvas, middle(canvas, "gelu"), middle(canvas, "relu"))
    assert "gelu" not in canvas.session.definition
    assert canvas.session.definition.block("relu").type == "GELU"


def test_a_second_branch_stands_beside_the_first(show, simple) -> None:
    canvas = show(simple)
    name = branch_off(canvas, "input", "MaxPool2d")
    now = places(canvas)
    assert now[name].y() == now["conv2d"].y() and now[name].x() != now["conv2d"].x()
    assert lying(canvas) == set()


def test_copies_stand_beside(show, simple) -> None:
    canvas = show(simple)
    session = canvas.session
    for step in (session.duplicate, session.duplicate, lambda: session.copy() and session.paste(), session.paste):
        session.select(["conv2d", "relu"])
        step()
        assert lying(canvas) == set()
    canvas.session.select(["conv2d"])
    session.copy()
    session.paste((400.0, 400.0))
    assert session.definition.block(session.selection[0]).at == (400.0, 400.0)


def test_paste_goes_to_the_pointer_and_into_a_wire(show, simple) -> None:
    canvas = show(simple)
    session = canvas.session
    session.select(["relu"])
    session.copy()
    canvas.scene.select_wires(())
    at = canvas.camera.to_view(QPointF(320, 200))
    move(canvas, at)
    canvas.run("edit.paste")
    assert session.definition.block(session.selection[0]).at == (320.0, 200.0)

    text = dumps(simple)
    move(canvas, on_wire(canvas, Wire("input", "out", "conv2d", "in")))
    canvas.run("edit.paste")
    (name,) = session.selection
    assert {f"input -> {name}", f"{name} -> conv2d"} <= wire_ends(canvas)
    assert lying(canvas) == set()
    assert undone(canvas, text)


def test_cards_with_no_place_yet_stay_when_others_move(show) -> None:
    canvas = show(load_preset("module_inception"))
    diagram: Diagram = canvas.session.diagram
    stood = places(canvas)
    canvas.session.select(["conv3x3"] if "conv3x3" in stood else [next(iter(stood))])
    key(canvas, Key.Key_Delete)
    assert lying(canvas) == set()
    assert all(block.at is not None for _, block in diagram.main.blocks()) or places(canvas).keys() < stood.keys()


def test_what_makes_room_glides_there_unless_the_system_asks_for_stillness(show, simple, monkeypatch) -> None:
    canvas = show(simple)
    gliding = canvas.scene.gliding
    wire = Wire("conv2d", "out", "relu", "in")
    drop(canvas, "BatchNorm2d", on_wire(canvas, wire))
    assert not gliding.going  # nobody looks at an offscreen window
    canvas.session.undo()

    monkeypatch.setattr(motion, "reduced", lambda: False)
    drop(canvas, "BatchNorm2d", on_wire(canvas, wire))
    assert gliding.going
    assert gliding.asides()[""]["relu"] == QPointF(0, -112)
    assert places(canvas)["relu"] == QPointF(0, 336)  # where it is, from the first moment on
    canvas.grab()
    assert canvas.fault == ""
    gliding.stop()
    assert gliding.asides() == {}


def test_where_fewer_blocks_come_than_go_the_gap_closes(show) -> None:
    canvas = show(load_preset("resnet34"), 1000, 2400)
    session = canvas.session
    canvas.arranging.set_columns(1)
    before, text = places(canvas), dumps(session.diagram)
    step = before["relu"].y() - before["bn1"].y()
    added = group(session.diagram, "", ["conv1", "bn1", "relu"])
    assert session.do("Group", *added.edits)
    (name,) = added.names
    now = places(canvas)
    steps = [now[b].y() - now[a].y() for a, b in (("input", name), (name, "maxpool"), ("maxpool", "layer1"))]
    assert steps == [step] * 3 and lying(canvas) == set()
    assert undone(canvas, text)


def test_what_is_carried_into_a_wire_comes_into_the_frame_there_and_leaves_its_own(show) -> None:
    diagram = chain("Input", "Conv2d", "ReLU", "Sigmoid", "Tanh", "MaxPool2d", "Output")
    diagram.frame("Up", ["input", "conv2d", "relu"], name="up")
    diagram.frame("Down", ["sigmoid", "tanh", "maxpool2d"], name="down")
    canvas, text = show(diagram, 900, 1100), dumps(diagram)
    canvas.session.select(["sigmoid", "tanh"])
    drag(canvas, middle(canvas, "sigmoid"), on_wire(canvas, Wire("input", "out", "conv2d", "in")), steps=4)
    assert {"input -> sigmoid", "tanh -> conv2d", "relu -> maxpool2d"} <= wire_ends(canvas)
    frames = {name: set(frame.blocks) for name, frame in diagram.main.frames.items()}
    assert frames == {"up": {"input", "conv2d", "relu", "sigmoid", "tanh"}, "down": {"maxpool2d"}}
    assert undone(canvas, text)


def test_a_pill_keeps_off_the_title_of_a_frame(show) -> None:
    diagram = chain("Input", "Conv2d", "ReLU", "Output")
    diagram.frame("A title that reaches over the middle of it all", ["conv2d", "relu"], name="frame")
    canvas = show(diagram)
    (title,) = canvas.scene.drawing.titles().tolist()
    title = QRectF(QPointF(*title[:2]), QPointF(*title[2:]))
    wire = diagram.main.wires_into("conv2d")[0]
    assert canvas.scene.drawing.path(wire).intersects(title), "the wire runs under it"
    pills = [rect for rect, _, _ in pills_of(canvas.scene.stage, range(len(canvas.scene.drawing.wires)))]
    assert not any(rect.intersects(title) for rect in pills)


def test_a_pinned_block_stays_when_room_is_made_and_when_a_gap_closes(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["output"])
    canvas.arranging.toggle_pin()
    text, stood = dumps(simple), places(canvas)
    name = drop(canvas, "BatchNorm2d", on_wire(canvas, Wire("conv2d", "out", "relu", "in")))
    assert f"{name} -> relu" in wire_ends(canvas) and lying(canvas) == set()
    assert places(canvas)["output"] == stood["output"]
    assert undone(canvas, text)
    canvas.session.undo()
    canvas.session.select(["conv2d"])
    key(canvas, Key.Key_Delete)
    assert "input -> relu" in wire_ends(canvas)
    assert places(canvas)["output"] == stood["output"] and places(canvas)["relu"].y() < stood["relu"].y()


def test_paste_goes_to_the_level_under_the_pointer(show, nested) -> None:
    canvas = show(nested, 900, 1000)
    session = canvas.session
    canvas.toggle_frame("stage")
    session.go("stage")
    session.select(["relu"])
    session.copy()
    session.go("")
    inner = next(stage for stage, _ in canvas.scene.stages() if stage.path == "stage")
    frame = canvas.scene.root.drawing.rect("stage")
    free = QPointF(frame.right() - 8, frame.bottom() - 6)
    assert inner is not canvas.scene.stage
    move(canvas, canvas.camera.to_view(free))
    canvas.run("edit.paste")
    assert session.path == "stage" and "relu_2" in nested.modules["Stage"]
    assert lying(canvas) == set()
    # And back to the paper around it.
    move(canvas, canvas.camera.to_view(QPointF(frame.right() + 120, frame.bottom() - 6)))
    canvas.run("edit.paste")
    assert session.path == "" and "relu" in nested.main
