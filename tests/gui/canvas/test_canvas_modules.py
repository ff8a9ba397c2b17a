"""Modules: entered, or opened in place."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt

from blockstudio.graph.diagram import Block, Wire
from blockstudio.graph.edits import AddBlock, AddWire, MoveBlocks, RenameBlock, SetParameter
from blockstudio.graph.format import dumps
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.hand.menu import menu_at
from blockstudio.gui.canvas.scene.stage import pills_of
from tests.support.canvas_driver import (
    chevron,
    click,
    double_click,
    drag,
    drag_wire,
    drop,
    hover_drop,
    key,
    middle,
    offer,
)


def test_a_double_click_enters_a_module_with_the_shapes_of_that_instance(show, nested) -> None:
    canvas = show(nested)

    double_click(canvas, middle(canvas, "stage"))

    assert canvas.session.path == "stage"
    assert set(canvas.scene.drawing.names) == {"input", "conv", "relu", "output"}
    assert canvas.scene.stage.facts.pill(Wire("input", "out", "conv", "in")) == "3×32×32"
    assert canvas.scene.stage.facts.pill(Wire("conv", "out", "relu", "in")) == "16×32×32"


def test_the_view_of_a_level_is_as_it_was_left(show, nested) -> None:
    canvas = show(nested)
    canvas.zoom_to(1.4)
    canvas.camera.pan(33, -21)
    left = (canvas.camera.scale, canvas.camera.x, canvas.camera.y)

    canvas.session.enter("stage")
    canvas.zoom_to(0.5)
    canvas.session.leave()

    assert (canvas.camera.scale, canvas.camera.x, canvas.camera.y) == left
    assert canvas.session.selection == ("stage",)


def test_a_repeated_block_carries_a_badge_and_a_module_its_arguments(show, nested) -> None:
    canvas = show(nested)
    content = canvas.scene.stage.facts.content("head")

    assert (content.badge, content.line) == ("×2", "Stage · 4")
    assert canvas.scene.stage.facts.content("stage").badge == ""


def test_opening_in_place_shows_the_inside_in_a_frame_and_moves_what_is_below(show, nested) -> None:
    canvas = show(nested)
    below = canvas.block_rect("head").top() - canvas.block_rect("stage").bottom()
    top = canvas.block_rect("stage").top()

    canvas.toggle_frame("stage")

    frame = canvas.block_rect("stage")
    assert frame.height() > 200 and frame.top() == top
    assert canvas.block_rect("head").top() - frame.bottom() == below
    inner = canvas.scene.stage.inside["stage"]
    conv = inner.drawing.rect("conv").translated(frame.topLeft())
    assert frame.contains(conv)
    assert inner.facts.pill(Wire("conv", "out", "relu", "in")) == "16×32×32"
    assert nested.history.undo_label is None, "a matter of the view, not of the document"

    canvas.toggle_frame("stage")
    assert canvas.block_rect("stage").height() == 48
    assert canvas.block_rect("head").center() == QPointF(0, 224)


def test_the_frame_is_drawn_with_the_cards_of_its_inside(show, nested) -> None:
    canvas = show(nested)
    canvas.zoom_to(1.0)
    canvas.toggle_frame("stage")
    canvas.fit()
    canvas.zoom_to(0.75)
    canvas.camera.centre_on(canvas.block_rect("stage").center())
    canvas.grab()
    shut_cards = {"input", "head", "output"}

    assert canvas.painter.painted.cards == len({"conv", "relu"}) + len(shut_cards)


def inside(canvas, instance: str, name: str) -> QPointF:
    """The middle of a block inside an open frame, in pixels."""
    (offset,) = [offset for stage, offset in canvas.scene.stages() if stage.path == instance]
    (stage,) = [stage for stage, _ in canvas.scene.stages() if stage.path == instance]
    return canvas.camera.to_view(stage.drawing.rect(name).center() + offset)


def test_a_click_inside_a_frame_selects_there_and_the_picture_stays(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    camera = (canvas.camera.scale, canvas.camera.x, canvas.camera.y)

    click(canvas, inside(canvas, "stage", "conv"))

    assert (canvas.session.path, canvas.session.selection) == ("stage", ("conv",))
    assert canvas.scene.root.path == "" and canvas.scene.stage.path == "stage"
    assert (canvas.camera.scale, canvas.camera.x, canvas.camera.y) == camera

    click(canvas, middle_of_root(canvas, "head"))
    assert (canvas.session.path, canvas.session.selection) == ("", ("head",))
    assert canvas.scene.stage is canvas.scene.root


def middle_of_root(canvas, name: str) -> QPointF:
    return canvas.camera.to_view(canvas.scene.root.drawing.rect(name).center())


def test_a_block_inside_a_frame_is_moved_by_as_much_as_the_mouse(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    canvas.zoom_to(1.0)
    before = dumps(nested)
    start = inside(canvas, "stage", "relu")

    drag(canvas, start, start + QPointF(64, 0))

    assert nested.modules["Stage"].block("relu").at == (64.0, 224.0)
    assert canvas.scene.root.path == "" and canvas.scene.root.inside
    canvas.session.undo()
    assert dumps(nested) == before


def test_wires_are_drawn_and_taken_off_inside_a_frame(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    click(canvas, inside(canvas, "stage", "relu"))

    drag(canvas, canvas.port_point("relu", "in", "in"), canvas.port_point("relu", "in", "in") + QPointF(160, 10))
    assert nested.modules["Stage"].wires_into("relu") == []

    drag_wire(canvas, ("conv", "out"), ("relu", "in"))
    assert nested.modules["Stage"].wires_into("relu") == [Wire("conv", "out", "relu", "in")]


def test_a_block_is_dropped_into_the_frame_under_the_mouse(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    wire = Wire("conv", "out", "relu", "in")
    (stage, offset) = next((stage, offset) for stage, offset in canvas.scene.stages() if stage.path == "stage")
    on_it = canvas.camera.to_view(stage.drawing.path(wire).pointAtPercent(0.5) + offset)

    hover_drop(canvas, offer("BatchNorm2d"), on_it)
    assert canvas.session.path == "stage"
    name = drop(canvas, "BatchNorm2d", on_it)

    assert [each.target for each in nested.modules["Stage"].wires_from("conv")] == [name]
    assert canvas.scene.root.path == ""


def test_escape_goes_from_the_inside_of_a_frame_to_its_instance(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    click(canvas, inside(canvas, "stage", "conv"))

    key(canvas, Qt.Key.Key_Escape)
    key(canvas, Qt.Key.Key_Escape)

    assert (canvas.session.path, canvas.session.selection) == ("", ("stage",))
    assert canvas.scene.is_open("stage")


def test_entering_an_open_module_shuts_its_frame_and_shows_it_alone(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")

    canvas.open("stage")

    assert canvas.scene.root.path == "stage"
    canvas.session.leave()
    assert canvas.scene.root.path == "" and not canvas.scene.is_open("stage")


def test_the_first_copy_of_a_repeated_module_opens_in_place(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("head")

    click(canvas, inside(canvas, "head.0", "conv"))

    assert canvas.session.path == "head.0"
    assert canvas.scene.root.path == ""
    assert canvas.scene.stage.facts.pill(Wire("conv", "out", "relu", "in")) == "4×32×32"


def test_an_instance_that_is_renamed_stays_open(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")

    canvas.session.do("Rename", RenameBlock(name="stage", to="body"))

    assert canvas.scene.is_open("body")


def test_selecting_all_inside_a_frame_leaves_its_border_points_alone(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    click(canvas, inside(canvas, "stage", "conv"))

    key(canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)

    assert set(canvas.session.selection) == {"conv", "relu"}


def test_a_module_may_vanish_while_one_works_in_it(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    click(canvas, inside(canvas, "stage", "conv"))

    nested.remove("stage")

    assert canvas.session.path == "" and canvas.scene.stage is canvas.scene.root
    assert "stage" not in canvas.scene.drawing.rows
    canvas.session.undo()
    assert canvas.scene.is_open("stage")
    assert not canvas.grab().isNull()


def test_an_edit_of_the_definition_shows_in_the_open_frame(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    before = canvas.block_rect("stage").height()

    canvas.session.do(
        "Add",
        AddBlock(scope="Stage", name="bn", block=Block(type="BatchNorm2d", at=(200.0, 500.0))),
        AddWire(scope="Stage", wire=Wire("conv", "out", "bn", "in")),
    )

    assert "bn" in canvas.scene.stage.inside["stage"].drawing.rows
    assert canvas.block_rect("stage").height() > before


def test_a_port_renamed_inside_is_renamed_on_the_instances(show, nested) -> None:
    canvas = show(nested)

    canvas.session.do("Rename", RenameBlock(scope="Stage", name="input", to="image"))

    assert [port.port for port in canvas.scene.drawing.ports("stage") if port.side == "in"] == ["image"]
    assert set(canvas.scene.drawing.wires) == set(nested.main.wires())


def test_modules_nested_in_modules_open_in_place(show, nested) -> None:
    nested.module("Outer")
    nested.add("Input", "input", scope="Outer", at=(0, 0))
    nested.add("Stage", "deep", scope="Outer", at=(0, 112))
    nested.add("Output", "output", scope="Outer", at=(0, 224))
    nested.connect("input", "deep", scope="Outer")
    nested.connect("deep", "output", scope="Outer")
    nested.add("Outer", "outer", at=(400, 112))
    nested.connect("input", "outer")
    canvas = show(nested)

    canvas.scene.staging.opened = {"outer", "outer.deep"}
    canvas.toggle_frame("stage")

    outer = canvas.scene.stage.inside["outer"]
    deep = outer.inside["deep"]
    assert deep.facts.pill(Wire("conv", "out", "relu", "in")) == "8×32×32"
    assert outer.drawing.rect("deep").height() > 200
    assert canvas.block_rect("outer").height() > outer.drawing.rect("deep").height()
    assert not canvas.grab().isNull()


def test_the_menu_offers_what_can_be_done(show, nested) -> None:
    canvas = show(nested)

    found = menu_at(canvas, QPointF(middle(canvas, "stage")), canvas)
    texts = [action.text() for action in found.actions() if action.text()]
    assert texts[:2] == ["Enter stage", "Open in place"]
    assert "Bypass" in texts and "Delete" in texts
    assert canvas.session.selection == ("stage",)

    empty = [action.text() for action in menu_at(canvas, QPointF(5, 5), canvas).actions() if action.text()]
    assert empty == [
        "Paste here", "Add a block…", "Write a note", "Select all", "Arrange", "Columns", "Open all modules",
        "Show everything",
    ]  # fmt: skip


def test_the_menu_bypasses_all_selected_blocks_as_one_step(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d", "relu"])
    menu = menu_at(canvas, QPointF(middle(canvas, "relu")), canvas)

    next(action for action in menu.actions() if action.text() == "Bypass").trigger()

    assert all(simple.main.block(name).bypass is True for name in ("conv2d", "relu"))
    assert canvas.scene.stage.facts.content("relu").off
    canvas.session.undo()
    assert simple.main.block("conv2d").bypass is False


def test_an_edit_elsewhere_keeps_the_selection_and_the_view(show, nested) -> None:
    canvas = show(nested)
    click(canvas, middle(canvas, "stage"))
    camera = (canvas.camera.scale, canvas.camera.x, canvas.camera.y)

    nested.set("", scope="Stage", width=32)

    assert canvas.session.selection == ("stage",)
    assert (canvas.camera.scale, canvas.camera.x, canvas.camera.y) == camera


def test_the_sign_on_a_module_opens_and_shuts_it_in_place(show, nested) -> None:
    canvas = show(nested)
    canvas.zoom_to(1.0)

    click(canvas, chevron(canvas, "stage"))
    assert canvas.scene.is_open("stage")
    click(canvas, chevron(canvas, "stage"))
    assert not canvas.scene.is_open("stage")
    assert canvas.session.selection == ()


def test_what_leaves_a_nested_frame_ends_at_its_border(show, nested) -> None:
    outer = nested.module("Outer", {})
    nested.add("Input", "input", scope=outer, at=(0, 0))
    nested.add("Stage", "inner", scope=outer, at=(0, 112))
    nested.add("Output", "output", scope=outer, at=(0, 224))
    nested.connect("input", "inner", scope=outer)
    nested.connect("inner", "output", scope=outer)
    nested.add("Outer", "outer", at=(300, 112))
    nested.connect("input", "outer")
    canvas = show(nested)
    canvas.toggle_frame("outer")
    canvas.scene.staging.opened.add("outer.inner")
    canvas.scene.restage()

    frame, inside = canvas.scene.root.drawing.rect("outer"), canvas.scene.root.inside["outer"].drawing

    assert "inner" in inside.frames
    assert inside.rect("output").center().y() == frame.height()
    assert inside.rect("inner").bottom() < frame.height()


def test_of_frames_side_by_side_the_tallest_decides_how_far_the_rest_goes_down(show, nested) -> None:
    nested.add("Stage", "beside", at=(400, 112))
    nested.connect("input", "beside")
    canvas = show(nested)
    before = canvas.scene.drawing.rect("head").top()
    canvas.toggle_frame("stage")
    alone = canvas.scene.drawing.rect("head").top()
    canvas.toggle_frame("beside")

    drawing = canvas.scene.drawing
    assert alone > before
    assert drawing.rect("head").top() == alone, "both are of one height"
    assert drawing.rect("stage").top() == drawing.rect("beside").top()
    assert not drawing.rect("stage").intersects(drawing.rect("beside"))


def test_an_edit_draws_only_those_open_modules_anew_that_it_concerns(show) -> None:
    canvas = show(load_preset("googlenet"))
    for name in ("inception_3a", "conv1"):
        canvas.toggle_frame(name)
    session, scene = canvas.session, canvas.scene

    def drawn() -> dict[str, int]:
        return {name: inner.drawing.serial for name, inner in scene.root.inside.items()}

    def boxes() -> dict[str, list]:
        return {stage.path: stage.drawing.boxes.round(2).tolist() for stage, _ in scene.stages()}

    def pills() -> set[str]:
        insides = scene.root.inside.values()
        return {text for inner in insides for _, text, _ in pills_of(inner, range(len(inner.drawing.wires)))}

    before, told = drawn(), pills()
    session.do("Wider", SetParameter(name="conv1", key="out_channels", value=48))
    assert drawn() == before and pills() != told, "the shapes inside are those of now"
    canvas.insert_block("ReLU")
    session.select(["pool1"])
    canvas.delete()
    assert drawn() == before

    scope = session.definition.block("inception_3a").type
    inner = session.diagram.definition(scope).of_type("Concat")[0]
    session.do("Move", MoveBlocks(scope=scope, to={inner: (500.0, 900.0)}))
    now = drawn()
    assert now["conv1"] == before["conv1"] and now["inception_3a"] != before["inception_3a"]

    kept = boxes()
    scene.restage()
    assert boxes() == kept, "as drawn anew"


@pytest.mark.parametrize("preset", ["resnet34", "googlenet"])
def test_placing_a_block_while_a_module_is_open_leaves_the_rest_about_where_it_is(show, preset) -> None:
    """Nobody has placed anything: the first drag writes all places down, and the drawing stays in view as it was."""
    diagram = load_preset(preset)
    canvas = show(diagram, 1400, 900)
    name = [each for each, block in diagram.main.blocks() if block.type in diagram.modules][1]
    canvas.toggle_frame(name)
    drawing = canvas.scene.drawing
    first = drawing.names[1]
    before = {each: drawing.rect(each).center() for each in drawing.names}
    canvas.session.select([first])
    key(canvas, Qt.Key.Key_Right)
    drawing = canvas.scene.drawing
    assert diagram.main.block(first).at is not None
    apart = [(drawing.rect(each).center() - at).manhattanLength() for each, at in before.items()]
    assert max(apart) <= 48, f"{max(apart)} px"
    canvas.session.undo()
    # What goes, or gets another name, while a module is open has a place no more.
    canvas.session.select([first])
    canvas.delete()
    assert first not in canvas.scene.drawing.rows
    canvas.session.undo()
    assert canvas.session.do("Rename", RenameBlock(name=first, to="other"))
    assert "other" in canvas.scene.drawing.rows and canvas.scene.is_open(name)
    canvas.session.do("Add", AddBlock(name="late", block=Block(type="ReLU")))
    assert "late" in canvas.scene.drawing.rows
