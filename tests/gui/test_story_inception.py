"""A person drags an Inception module together, sets it up by typing, reads its shape, and trains a step of it."""

from __future__ import annotations

import pytest

from blockstudio.gui.shell.window import StudioWindow
from tests.support.hands import click_block, drag_from_palette, type_into, wire

CONV = {
    "one": ("64", "1"),
    "reduce3": ("96", "1"),
    "three": ("128", "3"),
    "reduce5": ("16", "1"),
    "five": ("32", "5"),
    "project": ("32", "1"),
}


def build(window: StudioWindow) -> None:
    """The module of stage 3a, as in the paper."""
    place = {
        "one": (80, 260), "reduce3": (260, 180), "reduce5": (440, 180), "pool": (620, 180),
        "three": (260, 300), "five": (440, 300), "project": (620, 300),
    }  # fmt: skip
    names = {"input": drag_from_palette(window, "Input", (350, 60))}
    for key, at in place.items():
        title = "MaxPool2d" if key == "pool" else "1×1 Conv" if CONV[key][1] == "1" else "Conv2d"
        names[key] = drag_from_palette(window, title, at)
    names["concat"] = drag_from_palette(window, "Concat", (350, 420))
    names["output"] = drag_from_palette(window, "Output", (350, 500))
    fields = window.features.inspector
    for key, name in names.items():
        click_block(window, name)
        if key == "input":
            type_into(fields.field("shape"), "192×28×28")
        elif key == "pool":
            for parameter, text in (("kernel_size", "3"), ("stride", "1"), ("padding", "1")):
                type_into(fields.field(parameter), text)
        elif key in CONV:
            channels, kernel = CONV[key]
            type_into(fields.field("out_channels"), channels)
            type_into(fields.field("kernel_size"), kernel)
            type_into(fields.field("padding"), str(int(kernel) // 2))
        type_into(fields.field("name"), key)
    for target in ("one", "reduce3", "reduce5", "pool"):
        wire(window, "input", target)
    for source, target in (("reduce3", "three"), ("reduce5", "five"), ("pool", "project")):
        wire(window, source, target)
    for port, source in enumerate(("one", "three", "five", "project")):
        wire(window, source, "concat", str(port))
    wire(window, "concat", "output")


@pytest.mark.slow
def test_an_inception_module_is_dragged_together_and_trained(open_window, qtbot) -> None:
    window = open_window()
    session = window.session

    build(window)

    assert session.analysis.problems == ()
    assert session.level.shapes[("concat", "out")] == (256, 28, 28)
    assert session.analysis.parameters == 163_696
    click_block(window, "concat")
    assert "256×28×28" in window.features.inspector.page.shown_output
    assert "163,696" in window.status.parameters.text()
    assert train_one_step(session.diagram) == (256, 28, 28)


def train_one_step(diagram) -> tuple[int, ...]:
    """Compile the drawing, take one step of gradient descent, and return the shape of its result."""
    import torch

    from blockstudio.compiler import compile

    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = compile(diagram)
    images = torch.randn(2, 192, 28, 28)
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3)
    before = module(images).square().mean()
    before.backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
    optimizer.step()
    result = module(images)
    assert result.square().mean() < before
    return tuple(result.shape[1:])
