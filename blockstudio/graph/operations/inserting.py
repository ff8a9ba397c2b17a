"""Putting blocks in: by themselves, into a wire, behind a block; new ones, or ones that stand there already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.edits import AddBlock, AddWire, Edit, RemoveWire
from blockstudio.graph.free_names import FreeNames, legal
from blockstudio.graph.operations.base import Added, Edits, first_input, free_input, place_of
from blockstudio.graph.operations.removing import Fits, detach_where_it_fits
from blockstudio.text import say


class New(NamedTuple):
    """A block to come. ``name``: what it is called if that is free; made from the type where none is given."""

    type: str
    name: str = ""
    parameters: Mapping[str, RawValue] = {}
    bypass: bool | str = False
    at: tuple[float, float] | None = None
    """Its centre; where it lies is the caller's to say."""


def add(
    diagram: Contents, scope: str, new: New, *, behind: str | None = None, index: int | None = None,
    names: FreeNames | None = None,
) -> Added:  # fmt: skip
    """Add a block; ``behind`` a block, it is wired to that one's first output if both have the ports. ``names`` gives
    out its name where an act adds more than one. Raises `StudioError` ``diagram.type`` or ``diagram.block``."""
    definition = diagram.definition(scope)
    diagram.declared(new.type)
    name = (names or FreeNames(definition)).free(new.name or legal(new.type))
    edits: list[Edit] = [AddBlock(scope=scope, name=name, block=_block(new), index=index)]
    if behind is not None:
        outputs, port = diagram.output_ports(definition.block(behind).type), first_input(diagram, new.type)
        if outputs and port is not None:
            edits.append(AddWire(scope=scope, wire=Wire(behind, outputs[0], name, port)))
    return Added((name,), tuple(edits))


def splice(diagram: Contents, scope: str, wire: Wire, news: Sequence[New], names: FreeNames | None = None) -> Added:
    """Put a chain of new blocks into a wire, in document order before the block that it ends at. Each takes the signal
    at its first input and passes it on from its first output.

    Raises `StudioError` ``splice.ends`` for a type without inputs or outputs, ``wire.missing``.
    """
    definition = diagram.definition(scope)
    names = names or FreeNames(definition)
    place = place_of(definition, wire.target) if wire.target in definition else None
    called = []
    edits: list[Edit] = [RemoveWire(scope=scope, wire=wire)]
    source, out = wire.source, wire.source_port
    for count, new in enumerate(news):
        inlet, outlet = _ends(diagram, new.type)
        name = names.free(new.name or legal(new.type))
        index = None if place is None else place + count
        edits.append(AddBlock(scope=scope, name=name, block=_block(new), index=index))
        edits.append(AddWire(scope=scope, wire=Wire(source, out, name, inlet)))
        source, out = name, outlet
        called.append(name)
    edits.append(AddWire(scope=scope, wire=Wire(source, out, wire.target, wire.target_port)))
    return Added(tuple(called), tuple(edits))


def splice_existing(diagram: Contents, scope: str, wire: Wire, first: str, last: str = "") -> Edits:
    """Lead a wire through blocks that stand in the drawing: into the free input of ``first``, out of ``last`` (by
    default the same block), which is wired to it already.

    Raises `StudioError` ``splice.ends`` where there is no free input or no output, ``splice.self`` for a wire that
    begins or ends there.
    """
    definition = diagram.definition(scope)
    last = last or first
    if {wire.source, wire.target} & {first, last}:
        raise StudioError("splice.self", say("the wire begins or ends at it."), where=first)
    port = free_input(diagram, definition, first)
    outputs = diagram.output_ports(definition.block(last).type)
    if port is None or not outputs:
        raise _no_ends(first if port is None else last)
    return (
        RemoveWire(scope=scope, wire=wire),
        AddWire(scope=scope, wire=Wire(wire.source, wire.source_port, first, port)),
        AddWire(scope=scope, wire=Wire(last, outputs[0], wire.target, wire.target_port)),
    )


def chain(diagram: Contents, scope: str, names: Iterable[str]) -> tuple[str, ...]:
    """Blocks in the order of the signal, if each feeds the next and none else of them, and a signal can pass through;
    else nothing. Raises `StudioError` ``diagram.block``."""
    definition = diagram.definition(scope)
    left = set(names)
    inner = [wire for name in left for wire in definition.wires_from(name) if wire.target in left]
    after = {wire.source: wire.target for wire in inner}
    starts = left - {wire.target for wire in inner}
    if len(inner) != len(left) - 1 or len(after) != len(inner) or len(starts) != 1:
        return ()
    found = [starts.pop()]
    while found[-1] in after:
        found.append(after[found[-1]])
    types = [definition.block(name).type for name in (found[0], found[-1])]
    passing = first_input(diagram, types[0]) is not None and bool(diagram.output_ports(types[1]))
    return tuple(found) if passing and len(found) == len(left) else ()


def carry_into(diagram: Contents, scope: str, wire: Wire, names: Iterable[str], fits: Fits) -> Edits:
    """Take a chain of blocks that stands elsewhere out of there, closing up behind it where that ``fits``, and lead a
    wire through it. Raises `StudioError` ``splice.ends`` for what is no chain, ``splice.self`` for a wire that begins
    or ends there."""
    names = chain(diagram, scope, names)
    definition = diagram.definition(scope)
    inlet = first_input(diagram, definition.block(names[0]).type) if names else None
    if inlet is None:
        raise _no_ends(wire.source)
    if {wire.source, wire.target}.intersection(names):
        raise StudioError("splice.self", say("the wire begins or ends at it."), where=names[0])
    outlet = diagram.output_ports(definition.block(names[-1]).type)[0]
    return (
        *detach_where_it_fits(diagram, scope, names, fits),
        RemoveWire(scope=scope, wire=wire),
        AddWire(scope=scope, wire=Wire(wire.source, wire.source_port, names[0], inlet)),
        AddWire(scope=scope, wire=Wire(names[-1], outlet, wire.target, wire.target_port)),
    )


def wire_in_order(diagram: Contents, scope: str, names: Iterable[str]) -> tuple[AddWire, ...]:
    """Wire blocks one to the next: first output to first free input. Raises `StudioError` ``wire.full``."""
    definition = diagram.definition(scope)
    names = list(dict.fromkeys(names))
    edits = []
    for source, target in pairwise(names):
        outputs = diagram.output_ports(definition.block(source).type)
        port = free_input(diagram, definition, target)
        if not outputs or port is None:
            raise StudioError(
                "wire.full",
                say("{source} cannot be wired to {target}: no port is free", source=source, target=target),
            )
        edits.append(AddWire(scope=scope, wire=Wire(source, outputs[0], target, port)))
    return tuple(edits)


def passes(diagram: Contents, type_name: str) -> bool:
    """Whether blocks of a type can stand in a wire: they take a signal and put one out."""
    return first_input(diagram, type_name) is not None and bool(diagram.output_ports(type_name))


def leading(diagram: Contents, scope: str, name: str) -> Wire | None:
    """The wire by which alone the signal leads on from a block: what comes behind that block stands in it. ``None``
    where it ends there, branches, or has several ways out. Raises `StudioError` ``diagram.block``."""
    definition = diagram.definition(scope)
    onward = definition.wires_from(name)
    alone = len(onward) == 1 and len(diagram.output_ports(definition.block(name).type)) == 1
    return onward[0] if alone else None


def _block(new: New) -> Block:
    return Block(type=new.type, parameters=dict(new.parameters), at=new.at, bypass=new.bypass)


def _ends(diagram: Contents, type_name: str) -> tuple[str, str]:
    inlet, outputs = first_input(diagram, type_name), diagram.output_ports(type_name)
    if inlet is None or not outputs:
        raise _no_ends(type_name)
    return inlet, outputs[0]


def _no_ends(name: str) -> StudioError:
    return StudioError("splice.ends", say("it needs a free input and an output to stand in a wire."), where=name)
