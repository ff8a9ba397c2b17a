"""Another block in a block's place."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from blockstudio.blocks import CATALOGUE, PORTS, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.checks import check_raw, repeatable
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Block, Definition, Wire
from blockstudio.graph.edits import AddBlock, AddModule, AddWire, Edit
from blockstudio.graph.operations.base import Edits, framed_instead, place_of, removal
from blockstudio.graph.operations.inserting import passes
from blockstudio.text import say


def replace(
    diagram: Contents, scope: str, name: str, type: str, parameters: Mapping[str, RawValue] | None = None
) -> Edits:
    """Put a block of another type in the place of ``name``: it keeps name, place, pin, note, bypass and, where the type
    can repeat, its repeat. ``parameters`` are all that it sets; ``None`` keeps those that both types have and the new
    one accepts. Each wire stays at the port of the same name, else at the one of the same place, led through the same
    points; where there is none, it goes.

    Raises `StudioError` ``diagram.type``, ``diagram.block``; what the edits refuse comes when they are applied.
    """
    definition = diagram.definition(scope)
    old, declared = definition.block(name), diagram.declared(type)
    if parameters is None:
        parameters = shared(diagram, type, old.parameters)
    block = Block(
        type=type,
        parameters={key: parameters[key] for key in declared if key in parameters}
        | {key: raw for key, raw in parameters.items() if key not in declared},
        at=old.at,
        repeat=old.repeat if repeatable(diagram, type) else None,
        bypass=False if type in PORTS else old.bypass,
        pinned=old.pinned,
        note=old.note,
    )
    return tuple(_put(diagram, scope, definition, name, block))


def can_replace(diagram: Contents, old: str, new: str) -> bool:
    """Whether a block of type ``new`` may be offered for one of type ``old``: signals pass through both, or both are
    ends of the same kind."""
    if old in PORTS or new in PORTS:
        return old == new
    return passes(diagram, old) and passes(diagram, new)


def stand_in(diagram: Contents, scope: str, name: str, type: str, parameters: Mapping[str, RawValue]) -> Edits:
    """Put another block in the place of ``name``, with the parameters that both have; ``parameters`` stand before
    these. Raises `StudioError` ``replace.ports`` where the one cannot stand for the other, and as `replace`."""
    old = diagram.definition(scope).block(name)
    diagram.declared(type)
    if not can_replace(diagram, old.type, type):
        raise StudioError("replace.ports", say("{type} cannot take its place.", type=type), where=name)
    return replace(diagram, scope, name, type, {**shared(diagram, type, old.parameters), **parameters})


def shared(diagram: Contents, type: str, parameters: Mapping[str, RawValue]) -> dict[str, RawValue]:
    """Those of a block's parameters that blocks of another type have too and accept."""
    return {key: raw for key, raw in parameters.items() if _accepted(diagram, type, key, raw)}


def make_unique(diagram: Contents, scope: str, name: str, module: str = "") -> Edits:
    """Give an instance a definition of its own: a copy of its module, called ``module`` or by a free name. Nothing
    where it is the only instance. Raises `StudioError` ``unique.block`` for what is no instance."""
    definition = diagram.definition(scope)
    block = definition.block(name)
    if block.type not in diagram.modules:
        raise StudioError("unique.block", say("{type} is a block, not a module.", type=block.type), where=name)
    uses = sum(len(diagram.definition(each).of_type(block.type)) for each in diagram.scopes())
    if uses < 2:
        return ()
    source = diagram.modules[block.type]
    called = module or free_module_name(block.type, diagram.modules)
    return (
        AddModule(
            name=called, parameters=dict(source.parameters), description=source.description,
            index=list(diagram.modules).index(block.type) + 1, blocks=dict(source.blocks()), wires=source.wires(),
            routes=list(source.routes.items()), notes=dict(source.notes), frames=dict(source.frames),
        ),
        *_put(diagram, scope, definition, name, msgspec.structs.replace(block, type=called), ports_of=block.type),
    )  # fmt: skip


def free_module_name(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, or ``wanted2``, ``wanted3``..., whichever is not taken and may name a module."""
    name, index = wanted, 1
    while name in taken or name in CATALOGUE:
        index += 1
        name = f"{wanted}{index}"
    return name


def _accepted(diagram: Contents, type: str, key: str, raw: RawValue) -> bool:
    parameter = diagram.declared(type).get(key)
    if parameter is None:
        return False
    try:
        check_raw(parameter, raw, key)
    except StudioError:
        return False
    return True


def _put(
    diagram: Contents, scope: str, definition: Definition, name: str, block: Block, ports_of: str = ""
) -> list[Edit]:
    """Edits that put ``block`` in the place of ``name``; its ports are those of the type ``ports_of``."""
    old, kind = definition.block(name).type, ports_of or block.type
    wires = dict.fromkeys([*definition.wires_into(name), *definition.wires_from(name)])
    inlets = _turned(diagram, old, kind, [wire.target_port for wire in definition.wires_into(name)])
    outlets = dict(zip(diagram.output_ports(old), diagram.output_ports(kind), strict=False))
    outlets |= {port: port for port in diagram.output_ports(old) if port in diagram.output_ports(kind)}
    edits = removal(diagram, scope, [name])
    edits.append(AddBlock(scope=scope, name=name, block=block, index=place_of(definition, name)))
    taken: set[tuple[str, str]] = set()
    for wire in wires:
        target_port = inlets.get(wire.target_port) if wire.target == name else wire.target_port
        source_port = outlets.get(wire.source_port) if wire.source == name else wire.source_port
        if target_port is None or source_port is None or (wire.target, target_port) in taken:
            continue
        taken.add((wire.target, target_port))
        again = Wire(wire.source, source_port, wire.target, target_port)
        edits.append(AddWire(scope=scope, wire=again, route=definition.routes.get(wire, ())))
    return edits + framed_instead(definition, scope, [name], [name])


def _turned(diagram: Contents, old: str, new: str, ports: list[str]) -> dict[str, str]:
    """Which input of type ``new`` takes over each of the wired inputs of type ``old``."""
    if diagram.is_variadic(new):
        if diagram.is_variadic(old):
            return {port: port for port in ports}
        order = list(diagram.input_ports(old))
        return {port: str(order.index(port)) for port in ports}
    there = diagram.input_ports(new)
    found = {port: port for port in ports if port in there}
    left = iter([port for port in there if port not in found.values()])
    for port in ports:
        if port not in found and (free := next(left, None)) is not None:
            found[port] = free
    return found
