"""Diagrams for the drawing."""

from __future__ import annotations

import math

from blockstudio.graph.diagram import Block, Diagram, Wire


def grid(count: int) -> Diagram:
    """``count`` ReLUs in chains side by side."""
    diagram = Diagram("grid")
    main = diagram.main
    main.insert("input", Block(type="Input", parameters={"shape": [1, 4, 4]}, at=(0.0, -112.0)))
    columns = math.isqrt(count)
    for index in range(count - 1):
        column, row = index % columns, index // columns
        main.insert(f"r{index}", Block(type="ReLU", at=(column * 200.0, row * 112.0)))
        before = "input" if row == 0 else f"r{index - columns}"
        main.join(Wire(before, "out", f"r{index}", "in"))
    return diagram


def chain_with_branch() -> Diagram:
    """An input, a chain of three, and a branch beside the second that is added to it. Nothing has a place."""
    diagram = Diagram("branch")
    kinds = {"input": "Input", "a": "ReLU", "b": "ReLU", "c": "ReLU", "d": "Sigmoid", "add": "Add"}
    for name, kind in kinds.items():
        diagram.add(kind, name)
    for source, target in (("input", "a"), ("a", "b"), ("b", "c"), ("c", "add"), ("a", "d"), ("d", "add")):
        diagram.connect(source, target)
    return diagram
