"""Wires between blocks that stand there: onto an input that is taken, onto merges, from several sources at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Definition, Route, Wire
from blockstudio.graph.edits import AddWire, Edit, RemoveWire
from blockstudio.graph.free_names import FreeNames
from blockstudio.graph.operations.base import Added, Edits, first_input, free_input
from blockstudio.graph.operations.inserting import New, add
from blockstudio.text import say

End = tuple[str, str]
"""A block and one of its ports."""


def circle(definition: Definition, wire: Wire, without: Wire | None = None) -> list[str]:
    """The blocks on the path that a wire would close, from its target to its source; empty if it closes none.
    ``without``: a wire that goes."""
    before: dict[str, str | None] = {wire.target: None}
    waiting = [wire.target]
    for name in waiting:  # grows while it is walked
        if name == wire.source:
            way = [name]
            while (step := before[way[-1]]) is not None:
                way.append(step)
            return way[::-1]
        for follower in definition.readers(name, without):
            if follower not in before:
                before[follower] = name
                waiting.append(follower)
    return []


def closing(definition: Definition, names: Iterable[str], into: bool = True, without: Wire | None = None) -> set[str]:
    """The blocks that a wire from one of ``names`` would close a circle at (``into``), or a wire to one of them: those
    that feed it, or that it feeds, itself included. ``without``: a wire that goes."""
    graph = definition.graph
    found = set(names)
    waiting = list(found)
    while waiting:
        name = waiting.pop()
        edges = graph.in_edges(name, keys=True) if into else graph.out_edges(name, keys=True)
        for source, target, key in edges:
            other = source if into else target
            if other not in found and Wire(source, key[0], target, key[1]) != without:
                found.add(other)
                waiting.append(other)
    return found


def attach(diagram: Contents, scope: str, wire: Wire, instead: Wire | None = None) -> Edits:
    """Wire an output to an input. What came into the input goes; where the block takes any number of inputs nothing
    goes, and the wire gets an input of its own instead. ``instead``: the wire that was pulled off to be plugged in
    here; within one merge it changes its place among the inputs.

    Raises `StudioError` ``diagram.block``, ``wire.circle``; what the edits refuse comes when they are applied.
    """
    definition = diagram.definition(scope)
    if wire == instead:
        return ()
    if instead is not None and (instead.source, instead.source_port, instead.target) == (
        wire.source, wire.source_port, wire.target,
    ) and diagram.is_variadic(definition.block(wire.target).type):  # fmt: skip
        return order_input(diagram, scope, instead, wire.target_port)
    check_circle(definition, wire, instead)
    edits: list[Edit] = [] if instead is None else [RemoveWire(scope=scope, wire=instead)]
    taken = definition.wire_into(wire.target, wire.target_port)
    there = None if taken is None else Wire(*taken, wire.target, wire.target_port)
    if there is not None and there != instead:
        if there == wire:
            return ()
        if diagram.is_variadic(definition.block(wire.target).type):
            wire = wire._replace(target_port=free_input(diagram, definition, wire.target) or wire.target_port)
        else:
            edits.append(RemoveWire(scope=scope, wire=there))
    return (*edits, AddWire(scope=scope, wire=wire))


def check_circle(definition: Definition, wire: Wire, without: Wire | None = None) -> None:
    """Raise `StudioError` ``wire.circle`` with the path that a wire would close."""
    if way := circle(definition, wire, without):
        raise StudioError("wire.circle", say("it would close a circle: {way}.", way=path_text(way)), where=wire.target)


def path_text(way: Sequence[str]) -> str:
    """``a → b → c``, of a long one the beginning and the end."""
    return " → ".join(way if len(way) <= 5 else [*way[:2], "…", *way[-2:]])


def order_input(diagram: Contents, scope: str, wire: Wire, port: str) -> Edits:
    """Move a wire among the inputs of a merge to where ``port`` is; those between move up by one. The numbers in use
    stay. Nothing where it is there already, or no wire is at ``port``."""
    wires = diagram.definition(scope).wires_into(wire.target)
    ports = [each.target_port for each in wires]
    if wire not in wires or port not in ports or port == wire.target_port:
        return ()
    order = [each for each in wires if each != wire]
    order.insert(ports.index(port), wire)
    return _as_ordered(diagram, scope, wires, order)


def order_inputs(diagram: Contents, scope: str, name: str, wires: Sequence[Wire]) -> Edits:
    """Give the inputs of a merge another order: ``wires`` are those into it, each once.

    Raises `StudioError` ``wire.order`` for others.
    """
    there = diagram.definition(scope).wires_into(name)
    if sorted(there) != sorted(wires):
        raise StudioError("wire.order", say("the order names other wires than those into it."), where=name)
    return _as_ordered(diagram, scope, there, wires)


def _as_ordered(diagram: Contents, scope: str, there: Sequence[Wire], wanted: Sequence[Wire]) -> Edits:
    routes = diagram.definition(scope).routes
    changed: list[tuple[Wire, Wire, Route]] = [
        (old, old._replace(target_port=place.target_port), routes.get(old, ()))
        for place, old in zip(there, wanted, strict=True)
        if place != old
    ]
    return (
        *(RemoveWire(scope=scope, wire=old) for old, _, _ in changed),
        *(AddWire(scope=scope, wire=new, route=route) for _, new, route in changed),
    )


def connect(diagram: Contents, scope: str, sources: Iterable[str], target: str, port: str = "") -> Edits:
    """Wire the first outputs of ``sources``, in this order, to one block: to its free inputs, as many as a merge needs.
    A single source replaces what comes into the only input there is, or into ``port``. A source that is wired to the
    block already, and the block itself, is left as it is.

    Raises `StudioError` ``wire.circle``, ``wire.full`` where there are more sources than inputs, ``wire.port`` for one
    without an output or a target without an input.
    """
    definition = diagram.definition(scope)
    wired = {wire.source for wire in definition.wires_into(target)} if not port else set()
    chosen = [name for name in dict.fromkeys(sources) if name != target]
    new = [name for name in chosen if name not in wired]
    starts = [Wire(name, _output(diagram, definition, name), target, "") for name in new]
    if not starts:
        return ()
    kind = definition.block(target).type
    if diagram.is_variadic(kind):
        first = int(free_input(diagram, definition, target) or 0)
        ports = [str(first + index) for index in range(len(starts))]
    else:
        inputs = diagram.input_ports(kind)
        if not inputs:
            raise StudioError("wire.port", say("it has no input."), where=target)
        free = [each for each in inputs if definition.wire_into(target, each) is None]
        # One that is wired already is not cut off by another that was chosen with it.
        ports = [port] if port else free if free or len(new) < len(chosen) else [*inputs[:1]]
        if len(starts) > len(ports):
            there = len(chosen) - len(new)
            raise StudioError(
                "wire.full",
                say(
                    "{count} blocks cannot be wired to it: it takes {free}.",
                    count=len(starts) + there, free=len(ports) + there,
                ),
                where=target, hint=say("Merge them with Concat or Add first."),
            )  # fmt: skip
    edits: list[Edit] = []
    for start, each in zip(starts, ports, strict=False):
        edits += attach(diagram, scope, start._replace(target_port=each))
    return tuple(edits)


def gather(
    diagram: Contents, scope: str, new: New, sources: Iterable[str | End], names: FreeNames | None = None
) -> Added:  # fmt: skip
    """Add a block that reads ``sources`` in this order: a merge all of them, another as many as it has inputs. A
    source is a block, by its first output, or a block with the name of an output.

    Raises `StudioError` ``diagram.type``, ``diagram.block``.
    """
    definition = diagram.definition(scope)
    (name,), edits = add(diagram, scope, new, names=names)
    starts: list[End] = []
    for each in dict.fromkeys(sources):
        if isinstance(each, str):
            starts += [(each, port) for port in diagram.output_ports(definition.block(each).type)[:1]]
        else:
            starts.append(each)
    if diagram.is_variadic(new.type):
        ports: Sequence[str] = [str(index) for index in range(len(starts))]
    else:
        ports = diagram.input_ports(new.type) if first_input(diagram, new.type) is not None else ()
    wires = [Wire(*start, name, port) for start, port in zip(starts, ports, strict=False)]
    return Added((name,), (*edits, *(AddWire(scope=scope, wire=wire) for wire in wires)))


def _output(diagram: Contents, definition: Definition, name: str) -> str:
    outputs = diagram.output_ports(definition.block(name).type)
    if not outputs:
        raise StudioError("wire.port", say("it has no output."), where=name)
    return outputs[0]
