"""The work of emitting source grows with the diagram and no faster: calls of functions are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise

import pytest

from blockstudio.compiler import source
from blockstudio.graph.diagram import Diagram


def calls(act: Callable[[], object]) -> int:
    """Calls of Python functions that ``act`` makes."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


def chain(kind: str, length: int, **given: object) -> Diagram:
    diagram = Diagram("chain")
    names = ["input", *(f"b{index}" for index in range(length)), "output"]
    diagram.add("Input", "input", shape=[3, 8, 8])
    for name in names[1:-1]:
        diagram.add(kind, name, **given)
    diagram.add("Output", "output")
    for one, other in pairwise(names):
        diagram.connect(one, other)
    return diagram


@pytest.mark.parametrize(
    ("kind", "given"),
    [("Identity", {}), ("ReLU", {}), ("Dropout", {"p": 0.0}), ("Conv2d", {"out_channels": 3, "kernel_size": 1})],
)
def test_source_of_a_chain(kind: str, given: dict) -> None:
    source(chain(kind, 5, **given))  # what is made once is made here
    small, large = (chain(kind, length, **given) for length in (100, 400))
    assert calls(lambda: source(large)) < 4.4 * calls(lambda: source(small))
