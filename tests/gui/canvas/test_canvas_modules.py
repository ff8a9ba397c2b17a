"""Modules: entered, or opened in place."""

from __future__ import annotations

from canvas_driver import click, double_click, middle
from PySide6.QtCore import QPointF

from blockstudio.graph.diagram import Block, Wire
from blockstudio.graph.edits import AddBlock, AddWire, RenameBlock
from blockstudio.gui.canvas.menu import menu_at


def test_a_double_click_enters_a_module_with_the_shapes_of_that_instance(show, nested) -> None:
    canvas = show(nested)

    double_click(canvas, middle(canvas, "stage"))

    assert canvas.session.path == "stage"
    assert set(canvas.drawing.names) == {"input", "conv", "relu", "output"}
    assert canvas.stage.facts.pill(Wire("input", "out", "conv", "in")) == "3×32×32"
    assert canvas.stage.facts.pill(Wire("conv", "out", "relu", "in")) == "16×32×32"


def test_the_view_of_a_level_is_as_it_was_left(show, nested) -> None:
    canvas = show(nested)
    canvas.zoom_to(1.4)
    canvas.pan(33, -21)
    left = (canvas.camera.scale, canvas.camera.x, canvas.camera.y)

    canvas.session.enter("stage")
    canvas.zoom_to(0.5)
    canvas.session.leave()

    assert (canvas.camera.scale, canvas.camera.x, canvas.camera.y) == left
    assert canvas.session.selection == ("stage",)


def test_a_repeated_block_carries_a_badge_and_a_module_its_arguments(show, nested) -> None:
    canvas = show(nested)
    content = canvas.stage.facts.content("head")

    assert (content.badge, content.line) == ("×2", "Stage · 4")
    assert canvas.stage.facts.content("stage").badge == ""


def test_opening_in_place_shows_the_inside_in_a_frame_and_moves_what_is_below(show, nested) -> None:
    canvas = show(nested)
    below = canvas.block_rect("head").top() - canvas.block_rect("stage").bottom()
    top = canvas.block_rect("stage").top()

    canvas.toggle_frame("stage")

    frame = canvas.block_rect("stage")
    assert frame.height() > 200 and frame.top() == top
    assert canvas.block_rect("head").top() - frame.bottom() == below
    inner = canvas.stage.inside["stage"]
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
    canvas.centre_on(canvas.block_rect("stage").center())
    canvas.grab()
    shut_cards = {"input", "head", "output"}

    assert canvas.painted.cards == len({"conv", "relu"}) + len(shut_cards)


def test_a_double_click_inside_a_frame_goes_to_that_block(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    frame = canvas.drawing.frames["stage"]
    conv = canvas.stage.inside["stage"].drawing.rect("conv").center() + QPointF(frame.dx, frame.dy)

    double_click(canvas, canvas.camera.to_view(conv))

    assert canvas.session.path == "stage"
    assert canvas.session.selection == ("conv",)


def test_an_edit_of_the_definition_shows_in_the_open_frame(show, nested) -> None:
    canvas = show(nested)
    canvas.toggle_frame("stage")
    before = canvas.block_rect("stage").height()

    canvas.session.do(
        "Add",
        AddBlock(scope="Stage", name="bn", block=Block(type="BatchNorm2d", at=(200.0, 500.0))),
        AddWire(scope="Stage", wire=Wire("conv", "out", "bn", "in")),
    )

    assert "bn" in canvas.stage.inside["stage"].drawing.rows
    assert canvas.block_rect("stage").height() > before


def test_a_port_renamed_inside_is_renamed_on_the_instances(show, nested) -> None:
    canvas = show(nested)

    canvas.session.do("Rename", RenameBlock(scope="Stage", name="input", to="image"))

    assert [port.port for port in canvas.drawing.ports("stage") if port.side == "in"] == ["image"]
    assert set(canvas.drawing.wires) == set(nested.main.wires())


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

    canvas.staging.opened = {"outer", "outer.deep"}
    canvas.toggle_frame("stage")

    outer = canvas.stage.inside["outer"]
    deep = outer.inside["deep"]
    assert deep.facts.pill(Wire("conv", "out", "relu", "in")) == "8×32×32"
    assert outer.drawing.rect("deep").height() > 200
    assert canvas.block_rect("outer").height() > outer.drawing.rect("deep").height()
    assert not canvas.grab().isNull()


def test_the_menu_offers_what_can_be_done(show, nested) -> None:
    canvas = show(nested)

    texts = [action.text() for action in menu_at(canvas, QPointF(middle(canvas, "stage"))).actions() if action.text()]
    assert texts[:2] == ["Enter stage", "Open in place"]
    assert "Bypass" in texts and "Delete" in texts
    assert canvas.session.selection == ("stage",)

    empty = [action.text() for action in menu_at(canvas, QPointF(5, 5)).actions() if action.text()]
    assert empty == ["Paste here", "Select all", "Arrange", "Fit in window"]


def test_the_menu_bypasses_all_selected_blocks_as_one_step(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d", "relu"])
    menu = menu_at(canvas, QPointF(middle(canvas, "relu")))

    next(action for action in menu.actions() if action.text() == "Bypass").trigger()

    assert all(simple.main.block(name).bypass is True for name in ("conv2d", "relu"))
    assert canvas.stage.facts.content("relu").off
    canvas.session.undo()
    assert simple.main.block("conv2d").bypass is False


def test_an_edit_elsewhere_keeps_the_selection_and_the_view(show, nested) -> None:
    canvas = show(nested)
    click(canvas, middle(canvas, "stage"))
    camera = (canvas.camera.scale, canvas.camera.x, canvas.camera.y)

    nested.set("", scope="Stage", width=32)

    assert canvas.session.selection == ("stage",)
    assert (canvas.camera.scale, canvas.camera.x, canvas.camera.y) == camera
