"""Two blocks in each other's place."""

from __future__ import annotations

from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Wire
from blockstudio.graph.edits import AddWire, MoveBlocks, RemoveWire
from blockstudio.graph.operations.base import Edits, wires_of
from blockstudio.text import say


def swap(diagram: Contents, scope: str, first: str, second: str) -> Edits:
    """Exchange two blocks: each takes the wires and the place of the other, and keeps its name and parameters. Of
    neighbours in a chain the later comes first. Ports go over by their order.

    Raises `StudioError` ``swap.ports`` where one has too few ports for the other's wires, ``swap.self``.
    """
    definition = diagram.definition(scope)
    if first == second:
        raise StudioError("swap.self", say("two blocks are needed."), where=first)
    other = {first: second, second: first}
    wires = wires_of(definition, (first, second))
    new = []
    for wire in wires:
        source, target = other.get(wire.source, wire.source), other.get(wire.target, wire.target)
        new.append(
            Wire(
                source,
                _port(diagram, scope, wire.source, source, wire.source_port, "out"),
                target,
                _port(diagram, scope, wire.target, target, wire.target_port, "in"),
            )
        )
    places = {name: definition.block(other[name]).at for name in (first, second)}
    moved = {name: at for name, at in places.items() if at != definition.block(name).at}
    return (
        *(RemoveWire(scope=scope, wire=wire) for wire in wires),
        *(AddWire(scope=scope, wire=wire) for wire in new),
        *([MoveBlocks(scope=scope, to=moved)] if moved else []),
    )


def _port(diagram: Contents, scope: str, old: str, new: str, port: str, side: str) -> str:
    """The port of ``new`` that takes over a wire of ``old``."""
    if old == new:
        return port
    definition = diagram.definition(scope)
    was, kind = definition.block(old).type, definition.block(new).type
    if side == "out":
        before, after = diagram.output_ports(was), diagram.output_ports(kind)
    elif diagram.is_variadic(kind):
        if diagram.is_variadic(was):
            return port
        return str(diagram.input_ports(was).index(port))
    else:
        wired = tuple(wire.target_port for wire in definition.wires_into(old))
        before, after = wired if diagram.is_variadic(was) else diagram.input_ports(was), diagram.input_ports(kind)
    if port in after:
        return port
    place = before.index(port)
    if place >= len(after):
        raise StudioError(
            "swap.ports", say("{other} has no port for one of its wires.", other=new), where=old,
            hint=say("Remove that wire first."),
        )  # fmt: skip
    return after[place]
