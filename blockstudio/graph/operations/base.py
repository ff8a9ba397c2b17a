"""What the acts share: their result where it has names, and the removal of blocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Definition, Wire
from blockstudio.graph.edits import Edit, RemoveBlock, RemoveWire, SetFrame

Edits = tuple[Edit, ...]
"""What an act returns: to be applied in this order, as one step (`Diagram.edit`)."""


class Added(NamedTuple):
    """Edits that add blocks, and how these are called."""

    names: tuple[str, ...]
    edits: Edits


def wires_of(definition: Definition, names: Iterable[str]) -> list[Wire]:
    """Every wire that begins or ends at one of the blocks, each once. Raises `StudioError` ``diagram.block``."""
    found: dict[Wire, None] = {}
    for name in names:
        definition.block(name)
        found |= dict.fromkeys([*definition.wires_into(name), *definition.wires_from(name)])
    return list(found)


def removal(diagram: Contents, scope: str, names: Iterable[str]) -> list[Edit]:
    """Edits that take blocks away with all their wires, and the frames that held no others."""
    names = list(dict.fromkeys(names))
    definition = diagram.definition(scope)
    edits: list[Edit] = [RemoveWire(scope=scope, wire=wire) for wire in wires_of(definition, names)]
    edits += unframed(definition, scope, names)
    return edits + [RemoveBlock(scope=scope, name=name) for name in names]


def unframed(definition: Definition, scope: str, names: Iterable[str]) -> list[SetFrame]:
    """Edits that take blocks out of their frames; a frame that held no others goes."""
    gone = set(names)
    concerned = {key for name in gone for key in definition.frames_of(name)}
    found = []
    for key, frame in definition.frames.items():
        if key in concerned:
            left = tuple(name for name in frame.blocks if name not in gone)
            smaller = msgspec.structs.replace(frame, blocks=left) if left else None
            found.append(SetFrame(scope=scope, name=key, frame=smaller))
    return found


def framed_instead(definition: Definition, scope: str, old: Iterable[str], new: Iterable[str]) -> list[SetFrame]:
    """Edits after which the frames that held one of ``old``, which are gone, hold ``new`` in their place."""
    gone, there = set(old), tuple(new)
    found = []
    for key, frame in definition.frames.items():
        if there and gone.intersection(frame.blocks):
            left = [name for name in frame.blocks if name not in gone]
            found.append(SetFrame(scope=scope, name=key, frame=msgspec.structs.replace(frame, blocks=(*left, *there))))
    return found


def place_of(definition: Definition, name: str) -> int:
    """A block's place in document order."""
    return definition.index.order.index(name)


def first_input(diagram: Contents, type_name: str) -> str | None:
    """The input that a chain runs into; ``None`` for a type without inputs."""
    if diagram.is_variadic(type_name):
        return "0"
    return next(iter(diagram.input_ports(type_name)), None)


def free_input(diagram: Contents, definition: Definition, name: str) -> str | None:
    """The first input of a block that no wire ends at; ``None`` if all are taken."""
    type_name = definition.block(name).type
    taken = {wire.target_port for wire in definition.wires_into(name)}
    if diagram.is_variadic(type_name):
        return str(max((int(port) for port in taken), default=-1) + 1)
    return next((port for port in diagram.input_ports(type_name) if port not in taken), None)
