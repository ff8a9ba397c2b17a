"""Drawing from a script with a builder: wired as it comes, names free, modules by `with`."""

from __future__ import annotations

import pytest

import blockstudio as bs


def test_a_chain_is_wired_in_order_and_names_are_made_up() -> None:
    net = bs.Builder("Chain", input=(3, 8, 8), parameters={"width": 16})
    last = net.chain(("Conv2d", {"out_channels": "width"}), "ReLU", ("Conv2d", {"out_channels": "2 * width"}), "ReLU")
    diagram = net.finish()
    assert last == "relu_2"
    assert list(diagram.main.graph) == ["input", "conv2d", "relu", "conv2d_2", "relu_2", "output"]
    assert bs.analyze(diagram).blocks["conv2d_2"].output_shape == (32, 4, 4)


def test_modules_are_drawn_inside_a_with_and_joins_take_several() -> None:
    net = bs.Builder("Modules", input=(8, 9, 9))
    with net.module("Outer", width=4) as outer:
        with outer.module("Inner") as inner:
            inner.chain("ReLU", ("Conv2d", {"out_channels": 4, "padding": 1}))
        left = outer.add("Inner", "left")
        right = outer.add("Conv2d", "right", after=outer.input, out_channels="width", padding=1)
        outer.add("Concat", after=[right, left, outer.input])
    net.add("Outer", "stage", repeat=2, width=6)
    diagram = net.finish()
    assert bs.analyze(diagram).blocks["stage"].output_shape == (8 + 2 * (4 + 6), 9, 9)
    assert diagram.definition("Outer").of_type("Output") and diagram.scopes() == ["", "Outer", "Inner"]
    assert "class Inner(nn.Module)" in bs.source(diagram) or "class Inner(nn.Sequential)" in bs.source(diagram)


def test_a_mistake_leaves_nothing_behind() -> None:
    net = bs.Builder("Wrong")
    for act in (
        lambda: net.add("ReLU", after=["input", "input"]),
        lambda: net.add("ReLU", after="nobody"),
        lambda: net.add("Nothing"),
        lambda: net.chain(("Conv2d", {"width": 3})),
        lambda: net.add(5),  # type: ignore[arg-type]
    ):
        with pytest.raises(bs.StudioError):
            act()
    assert list(net.diagram.main.graph) == ["input"] and net.here == "input"
