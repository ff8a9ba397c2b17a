"""The work of emitting source grows with the diagram and no faster: calls of functions are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch

import blockstudio as bs
from blockstudio.compiler import source
from blockstudio.compiler.class_plans import ClassPlan
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


@pytest.mark.parametrize("depth", [15, 20])
def test_source_of_a_name_of_many_parts(depth: int) -> None:
    """Containers in containers are looked at once each, not once for each way down to them."""

    def drawn(parts: int) -> Diagram:
        diagram, name = Diagram("deep"), ".".join(["a"] * parts)
        diagram.add("Input", "input", shape=[3, 8, 8])
        diagram.add("Conv2d", name, out_channels=3, kernel_size=1)
        diagram.add("Output", "output")
        diagram.connect("input", name)
        diagram.connect(name, "output")
        return diagram

    source(drawn(5))
    assert calls(lambda: source(drawn(depth))) < (depth / 5) ** 2 * calls(lambda: source(drawn(5)))


@pytest.mark.parametrize("merge", ["Add", "Multiply", "Maximum"])
@pytest.mark.parametrize("bypass", [False, "off"])
def test_a_merge_of_very_many_is_written_in_several_statements(merge: str, bypass: bool | str) -> None:
    """Python nests each operand of a sum in the one before, and gives up at some thousand."""
    count = 250  # more than brackets may stand within each other
    diagram = bs.Diagram("wide")
    diagram.declare("off", False)
    diagram.add("Input", "input", shape=[3, 2, 2])
    diagram.add(merge, "sum", bypass=bypass)
    for index in range(count):
        diagram.add("Conv2d", f"b{index}", out_channels=3, kernel_size=1)
        diagram.connect("input", f"b{index}")
        diagram.connect(f"b{index}", "sum")
    for _ in range(2):  # the first operand once more, in a later statement
        diagram.connect("b0", "sum")
    diagram.add("Output", "output")
    diagram.connect("sum", "output")
    body = bs.source(diagram).split("def forward")[1]
    assert max(line.count("self.b") for line in body.splitlines()) <= 64
    model, x = bs.compile(diagram).double(), torch.rand(2, 3, 2, 2, dtype=torch.float64)
    parts = [getattr(model, f"b{index}")(x) for index in [*range(count), 0, 0]]
    wanted = parts[0]
    for part in parts[1:]:
        wanted = {"Add": torch.add, "Multiply": torch.mul, "Maximum": torch.maximum}[merge](wanted, part)
    assert torch.equal(model(x), wanted)


def test_names_of_all_classes_are_not_gathered_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def name(plan: ClassPlan) -> str:
        read.append(vars(plan)["name"])
        return read[-1]

    diagram = Diagram("many")
    last = diagram.add("Input", "input", shape=[3, 8, 8])
    for index in range(60):
        scope = f"M{index}"
        diagram.module(scope)
        for kind, block in (("Input", "x"), ("Conv2d", "conv"), ("Output", "y")):
            diagram.add(kind, block, scope=scope, **({"out_channels": 3, "kernel_size": 1} if kind == "Conv2d" else {}))
        diagram.connect("x", "conv", scope=scope)
        diagram.connect("conv", "y", scope=scope)
        diagram.connect(last, diagram.add(scope, f"b{index}"))
        last = f"b{index}"
    diagram.connect(last, diagram.add("Output", "output"))
    kept = property(name, lambda plan, value: vars(plan).update(name=value))
    monkeypatch.setattr(ClassPlan, "name", kept)
    assert source(diagram).count("\nclass ") == 61
    assert len(read) <= 10 * 61
