"""Diagrams of very many modules: nobody counts all of them for each block and wire, and the largest size holds."""

from __future__ import annotations

import pytest

from blockstudio.blocks.absent import Origin
from blockstudio.errors import StudioError
from blockstudio.graph import block_edits
from blockstudio.graph.block_edits import AddBlock
from blockstudio.graph.definition import Block, Definition
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.copying import copy_diagram


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


def test_nobody_walks_all_modules_for_each_module(monkeypatch: pytest.MonkeyPatch) -> None:
    walk, walked = Definition.of_type, list[Definition]()
    monkeypatch.setattr(Definition, "of_type", lambda self, *types: walked.append(self) or walk(self, *types))
    diagram = loads(dumps(drawn(120)))
    assert len(diagram.modules) == 120 and len(walked) <= 8 * 121


def test_a_type_from_outside_is_found_wherever_it_is_and_was() -> None:
    diagram = drawn(3)
    origin = Origin(package="their-blocks", inputs=("in",), outputs=("out",))
    diagram.history.do(AddBlock(scope="M1", name="a", block=Block(type="Theirs", origin=origin)))
    with pytest.raises(StudioError, match="Theirs"):
        diagram.module("Theirs")
    twin = copy_diagram(diagram)
    kind = twin.kind("Theirs")
    assert kind is not None and kind.package == "their-blocks"
    twin.remove("a", scope="M1")
    assert twin.kind("Theirs") is None
    twin.undo()
    assert twin.kind("Theirs") == kind


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
