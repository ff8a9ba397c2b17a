"""Cards set on one line, at equal gaps, under one another."""

from __future__ import annotations

import pytest

from blockstudio.graph.diagram import Diagram
from blockstudio.layout.aligning import aligned, distributed, straightened

SIZES = {"a": (152.0, 48.0), "b": (200.0, 48.0), "c": (152.0, 48.0)}
PLACES = {"a": (0.0, 0.0), "b": (30.0, 100.0), "c": (300.0, 400.0)}


@pytest.mark.parametrize(
    ("edge", "moved"),
    [
        ("left", {"a": (6.0 - 0.0, 0.0)} | {"c": (6.0, 400.0)}),
        ("centre", {"a": (150.0, 0.0), "b": (150.0, 100.0), "c": (150.0, 400.0)}),
        ("right", {"a": (300.0, 0.0), "b": (276.0, 100.0)}),
        ("top", {"b": (30.0, 0.0), "c": (300.0, 0.0)}),
        ("middle", {"a": (0.0, 200.0), "b": (30.0, 200.0), "c": (300.0, 200.0)}),
        ("bottom", {"a": (0.0, 400.0), "b": (30.0, 400.0)}),
    ],
)
def test_cards_come_on_one_line(edge, moved):
    # The outermost left edge is a's at -76 or b's at -70.
    if edge == "left":
        moved = {"b": (24.0, 100.0), "c": (0.0, 400.0)}
    assert aligned(PLACES, SIZES, edge) == moved
    assert aligned(PLACES | moved, SIZES, edge) == {}


def test_gaps_become_equal():
    assert distributed(PLACES, SIZES, "down") == {"b": (30.0, 200.0)}
    found = {**PLACES, **distributed(PLACES, SIZES, "across")}
    rights = [found[name][0] + SIZES[name][0] / 2 for name in "abc"]
    lefts = [found[name][0] - SIZES[name][0] / 2 for name in "abc"]
    assert lefts[1] - rights[0] == lefts[2] - rights[1]
    assert distributed({"a": (0, 0), "b": (1, 1)}, SIZES, "down") == {}


def test_chains_stand_straight_and_nothing_comes_to_lie_on_another():
    d = Diagram("net")
    for kind, name in (("Input", "input"), ("ReLU", "a"), ("ReLU", "b"), ("ReLU", "side")):
        d.add(kind, name)
    d.connect("input", "a")
    d.connect("a", "b")
    sizes = dict.fromkeys(d.main.graph, (152.0, 48.0))
    places = {"input": (0.0, 0.0), "a": (9.0, 80.0), "b": (-30.0, 160.0), "side": (400.0, 0.0)}
    assert straightened(d, "", places, sizes, places) == {"a": (0.0, 80.0), "b": (0.0, 160.0)}
    assert straightened(d, "", places, sizes, ["b"]) == {"b": (9.0, 160.0)}
    places["side"] = (0.0, 170.0)
    places["b"] = (-200.0, 160.0)
    assert straightened(d, "", places, sizes, places) == {"a": (0.0, 80.0)}
