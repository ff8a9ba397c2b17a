"""Copies that are dragged off with Ctrl."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from blockstudio.graph.format import dumps
from blockstudio.graph.presets import load_preset
from tests.support.canvas_driver import click, drag, key, middle, move, press, release, wire_ends

Ctrl = Qt.KeyboardModifier.ControlModifier


def places(canvas) -> dict[str, tuple[float, float]]:
    centres = {name: canvas.block_rect(name).center() for name in canvas.scene.drawing.names}
    return {name: (round(at.x(), 1), round(at.y(), 1)) for name, at in centres.items()}


def test_ctrl_and_a_drag_put_a_copy_there_as_one_step(show, simple) -> None:
    canvas, before = show(simple), dumps(simple)
    stood = places(canvas)
    start = middle(canvas, "relu")
    drag(canvas, start, start + QPoint(240, 8), Ctrl)
    now = places(canvas)
    assert canvas.session.selection == ("relu_2",)
    assert {name: at for name, at in now.items() if name != "relu_2"} == stood
    assert now["relu_2"] == (stood["relu"][0] + 240, stood["relu"][1] + 8)
    assert not any("relu_2" in ends for ends in wire_ends(canvas))
    canvas.session.undo()
    assert dumps(simple) == before and places(canvas) == stood


def test_several_come_with_the_wires_among_them_and_a_wire_under_the_mouse_is_no_target(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["conv2d", "relu"])
    drag(canvas, middle(canvas, "conv2d"), middle(canvas, "conv2d") + QPoint(300, -56), Ctrl)
    assert canvas.session.selection == ("conv2d_2", "relu_2")
    assert {"conv2d_2 -> relu_2", "input -> conv2d"} <= wire_ends(canvas)
    assert "input -> conv2d_2" not in wire_ends(canvas)


def test_where_nobody_has_placed_anything_the_rest_stays(show) -> None:
    diagram = load_preset("resnet18")
    canvas = show(diagram)
    stood = places(canvas)
    drag(canvas, middle(canvas, "layer2"), middle(canvas, "layer2") + QPoint(260, 0), Ctrl)
    (copy,) = canvas.session.selection
    now = places(canvas)
    assert {name: at for name, at in now.items() if name != copy} == stood
    assert abs(now[copy][0] - stood["layer2"][0]) > 100


def test_escape_and_a_click_leave_no_copy(show, simple) -> None:
    canvas, before = show(simple), dumps(simple)
    press(canvas, middle(canvas, "relu"), Ctrl)
    for aside in (40, 90):
        move(canvas, middle(canvas, "input") + QPoint(aside, 40))
    key(canvas, Qt.Key.Key_Escape)
    release(canvas, QPoint(5, 5), Ctrl)
    click(canvas, middle(canvas, "relu"), Ctrl)
    assert dumps(simple) == before and canvas.session.selection == ()
