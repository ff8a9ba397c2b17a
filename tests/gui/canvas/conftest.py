"""A canvas on a desk of its own, without the window around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from blockstudio.graph.diagram import Diagram
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.feature import install
from blockstudio.gui.document import feature
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from tests.support.desks import end_desk


@pytest.fixture
def show(qtbot) -> Iterator[Callable[..., Canvas]]:
    """Show a diagram on a canvas of a size; the layout has come when it returns."""
    desks: list[Desk] = []

    def show_one(diagram: Diagram | None = None, width: int = 1000, height: int = 800) -> Canvas:
        desk = Desk()
        desk.documents.add(Document(diagram or Diagram("test")))
        feature.install(desk)
        canvas = install(desk)
        desk.commands.attach(canvas)
        desks.append(desk)
        canvas.resize(width, height)
        canvas.show()
        qtbot.waitExposed(canvas)
        qtbot.waitUntil(lambda: not canvas.busy)
        canvas.activateWindow()
        canvas.setFocus()
        qtbot.waitUntil(canvas.hasFocus)
        return canvas

    yield show_one
    for desk in desks:
        end_desk(desk)


def chain(*types: str, **parameters: dict[str, object]) -> Diagram:
    """Blocks one behind the other, 112 px apart, each called by its type."""
    diagram = Diagram("chain")
    before = None
    for index, type_name in enumerate(types):
        name = diagram.free_name(type_name)
        diagram.add(type_name, name, at=(0.0, 112.0 * index), **parameters.get(name, {}))
        if before is not None:
            diagram.connect(before, name)
        before = name
    diagram.history.clear()
    return diagram


@pytest.fixture
def simple() -> Diagram:
    """input → conv2d → relu → output."""
    return chain("Input", "Conv2d", "ReLU", "Output", input={"shape": [3, 32, 32]}, conv2d={"padding": 1})


@pytest.fixture
def nested() -> Diagram:
    """input → stage (a module: input → conv → relu → output, repeated twice) → head (the same module) → output."""
    diagram = Diagram("nested")
    scope = diagram.module("Stage", {"width": 8})
    diagram.add("Input", "input", scope=scope, at=(0, 0))
    diagram.add("Conv2d", "conv", scope=scope, out_channels="width", padding=1, at=(0, 112))
    diagram.add("ReLU", "relu", scope=scope, at=(0, 224))
    diagram.add("Output", "output", scope=scope, at=(0, 336))
    for source, target in (("input", "conv"), ("conv", "relu"), ("relu", "output")):
        diagram.connect(source, target, scope=scope)
    diagram.add("Input", "input", shape=[3, 32, 32], at=(0, 0))
    diagram.add("Stage", "stage", width=16, at=(0, 112))
    diagram.add("Stage", "head", width=4, repeat=2, at=(0, 224))
    diagram.add("Output", "output", at=(0, 336))
    for source, target in (("input", "stage"), ("stage", "head"), ("head", "output")):
        diagram.connect(source, target)
    diagram.history.clear()
    return diagram
