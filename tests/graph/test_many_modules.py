"""Diagrams of very many modules: nobody counts all of them for each block and wire, and the largest size holds."""

from __future__ import annotations

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph import block_edits
from blockstudio.graph.definition import Definition
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps, loads


def drawn(modules: int) -> Diagram:
    diagram = Diagram("many")
    for number in range(modules):
        diagram.module(f"M{number}")
        diagram.add("Input", "x", scope=f"M{number}")
        diagram.add("Output", "y", scope=f"M{number}")
        diagram.connect("x", "y", scope=f"M{number}")
    return diagram


def test_what_is_counted_for_a_block_does_not_grow_with_the_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    count, counted = Definition.wire_count, list[Definition]()
    looked = property(lambda definition: counted.append(definition) or count.fget(definition))  # type: ignore[attr-defined]
    text = dumps(drawn(120))
    monkeypatch.setattr(Definition, "wire_count", looked)
    assert len(loads(text).modules) == 120 and len(counted) <= 3 * 121


def test_the_largest_size_holds_however_blocks_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_edits, "MAX_BLOCKS", 12)
    monkeypatch.setattr(block_edits, "MAX_WIRES", 5)
    diagram = drawn(5)
    diagram.add("ReLU", "a")
    diagram.add("ReLU", "b")
    for _ in range(3):
        with pytest.raises(StudioError, match="at most 12 blocks"):
            diagram.add("ReLU", "c")
        with pytest.raises(StudioError, match="at most 5 wires"):
            diagram.connect("a", "b")
        diagram.remove_module("M0") if "M0" in diagram.modules else diagram.remove("a")
        diagram.add("ReLU", "c")
        diagram.undo()
        diagram.undo()
    twin = loads(dumps(diagram))
    with pytest.raises(StudioError, match="at most 12 blocks"):
        twin.add("ReLU", "c")
