"""What two diagrams do not have in common."""

from __future__ import annotations

from blockstudio.graph.diagram import Block, Diagram, Wire
from blockstudio.graph.edits import (
    AddBlock,
    AddWire,
    MoveBlocks,
    RemoveBlock,
    RemoveWire,
    RenameBlock,
    SetParameter,
)
from blockstudio.graph.operations.differing import difference
from blockstudio.graph.presets import load_preset
from blockstudio.graph.snapshot import build, snapshot
from blockstudio.text import render


def twin(diagram: Diagram) -> Diagram:
    return build(snapshot(diagram))


def told(before: Diagram, after: Diagram) -> list[tuple[str, str, str, list[str]]]:
    return [
        (each.kind, each.scope, each.name or (f"{each.wire.source}>{each.wire.target}" if each.wire else ""),
         list(map(render, each.what)))
        for each in difference(before, after).changes
    ]  # fmt: skip


def test_nothing_differs_between_twins_wherever_their_blocks_stand() -> None:
    one = load_preset("resnet34")
    other = twin(one)
    other.edit("Move", [MoveBlocks(to={"conv1": (400.0, 90.0)})])
    found = difference(one, other)
    assert found.changes == () and not found.inside
    assert not any(found.added_wires.values()) and not any(found.removed_wires.values())


def test_blocks_and_wires_that_came_went_and_changed() -> None:
    one = load_preset("resnet34")
    other = twin(one)
    other.edit("Set", [SetParameter(name="conv1", key="out_channels", value=96)])
    wire, on = Wire("relu", "out", "maxpool", "in"), Wire("maxpool", "out", "layer1", "input")
    other.edit("Take out", [RemoveWire(wire=wire), RemoveWire(wire=on), RemoveBlock(name="maxpool")])
    other.edit("Wire", [AddWire(wire=Wire("relu", "out", "layer1", "input"))])
    other.edit("Loose", [AddBlock(name="drop", block=Block(type="Dropout"))])

    assert told(one, other) == [
        ("changed", "", "conv1", ["out_channels: width → 96"]),
        ("added", "", "drop", []),
        ("removed", "", "maxpool", []),
        ("added", "", "relu>layer1", []),
    ]
    found = difference(one, other)
    assert found.removed_wires[""] == {wire, on} and found.added_wires[""] == {Wire("relu", "out", "layer1", "input")}
    back = {(each.kind, each.name) for each in difference(other, one).changes if each.wire is None}
    assert back == {("changed", "conv1"), ("removed", "drop"), ("added", "maxpool")}


def test_a_block_under_another_name_is_the_same_block() -> None:
    one = load_preset("resnet34")
    other = twin(one)
    other.edit("Rename", [RenameBlock(name="maxpool", to="pool")])
    assert told(one, other) == [("changed", "", "pool", ["name: maxpool → pool"])]
    found = difference(one, other)
    assert found.names[""]["maxpool"] == "pool" and not found.added_wires[""] and not found.removed_wires[""]


def test_what_differs_in_a_module_is_told_of_it_and_of_all_around_it() -> None:
    one = load_preset("resnet34")
    other = twin(one)
    other.edit("Set", [SetParameter(scope="BasicBlock", name="conv1", key="bias", value=True)])
    assert told(one, other) == [("changed", "BasicBlock", "conv1", ["bias: False → True"])]
    assert difference(one, other).inside == {"BasicBlock"}
    assert {each.kind for each in difference(one, load_preset("googlenet")).changes} == {"added", "removed", "changed"}
