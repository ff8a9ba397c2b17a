"""Edits of blocks and wires within one graph."""

from __future__ import annotations

import msgspec

from blockstudio.blocks import AUX_OUTPUT, INPUT, OUTPUT, PORTS, RawValue
from blockstudio.errors import StudioError, shown
from blockstudio.graph.annotation_edits import check_frame
from blockstudio.graph.annotation_edits import check_name as check_annotation_name
from blockstudio.graph.annotations import Frame
from blockstudio.graph.checks import (
    MAX_BLOCKS,
    MAX_WIRES,
    check_at,
    check_block,
    check_nesting,
    check_new_port,
    check_route,
    unknown_parameter,
)
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Route, Wire, own_position, own_value
from blockstudio.graph.edit_base import EditBase
from blockstudio.graph.foreign import missing
from blockstudio.graph.names import check_name
from blockstudio.text import say

MAX_VARIADIC = 10_000


class AddBlock(EditBase, frozen=True, kw_only=True):
    scope: str = MAIN
    name: str
    block: Block
    index: int | None = None
    """Place in document order; ``None``: last."""
    frames: dict[str, Frame | None] = {}
    """The frames that it comes into; with one that is not there, what that is apart from its blocks."""

    def apply(self, diagram: Contents) -> RemoveBlock:
        definition = diagram.definition(self.scope)
        for key, frame in self.frames.items():
            if frame is not None:
                check_annotation_name(key, definition.frames)
                check_frame(frame, key)
            elif key not in definition.frames:
                raise StudioError("frame.missing", say("there is no frame '{name}'.", name=shown(key)), where=self.name)
        place_block(diagram, self.scope, self.name, self.block, self.index)
        definition.reframe(self.name, {
            key: None if frame is None else msgspec.structs.replace(frame, blocks=())
            for key, frame in self.frames.items()
        })  # fmt: skip
        return RemoveBlock(scope=self.scope, name=self.name)


class RemoveBlock(EditBase, frozen=True, kw_only=True):
    """Its wires must be gone already."""

    scope: str = MAIN
    name: str

    def apply(self, diagram: Contents) -> AddBlock:
        definition = diagram.definition(self.scope)
        block = definition.block(self.name)
        if definition.wired(self.name):
            raise StudioError("diagram.wired", say("it still has wires."), where=self.name)
        _no_wires_to_port(diagram, self.scope, self.name, block)
        frames = definition.unframe(self.name)
        index = definition.take(self.name)
        return AddBlock(scope=self.scope, name=self.name, block=block, index=index, frames=frames)


class RenameBlock(EditBase, frozen=True, kw_only=True):
    """Renaming an Input or Output of a module renames the port on every instance with it."""

    scope: str = MAIN
    name: str
    to: str

    def apply(self, diagram: Contents) -> RenameBlock:
        definition = diagram.definition(self.scope)
        block = definition.block(self.name)
        check_name(self.to)
        taken = definition.clash(self.to, but=self.name)
        if taken:
            raise StudioError("diagram.taken", say("there is already a block '{taken}'.", taken=taken), where=self.to)
        definition.rename(self.name, self.to)
        if self.scope != MAIN and block.type in PORTS:
            for other in map(diagram.definition, diagram.scopes()):
                for instance in other.of_type(self.scope):
                    self._rename_port(other, instance, block.type)
        return RenameBlock(scope=self.scope, name=self.to, to=self.name)

    def _rename_port(self, definition: Definition, instance: str, kind: str) -> None:
        wires = definition.wires_into(instance) if kind == INPUT else definition.wires_from(instance)
        for wire in wires:
            if kind == INPUT and wire.target_port == self.name:
                definition.join(wire._replace(target_port=self.to), definition.cut(wire))
            elif kind == OUTPUT and wire.source_port == self.name:
                definition.join(wire._replace(source_port=self.to), definition.cut(wire))


class AddWire(EditBase, frozen=True, kw_only=True):
    scope: str = MAIN
    wire: Wire
    route: Route = ()
    """See `SetRoute`."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "route", own_route(self.route))

    def apply(self, diagram: Contents) -> RemoveWire:
        check_route(self.route, self.wire.target)
        place_wire(diagram, self.scope, self.wire, self.route)
        return RemoveWire(scope=self.scope, wire=self.wire)


class RemoveWire(EditBase, frozen=True, kw_only=True):
    scope: str = MAIN
    wire: Wire

    def apply(self, diagram: Contents) -> AddWire:
        definition = diagram.definition(self.scope)
        check_wired(definition, self.wire)
        return AddWire(scope=self.scope, wire=self.wire, route=definition.cut(self.wire))


class SetRoute(EditBase, frozen=True, kw_only=True):
    """The points that a wire is led through, none for its own way; nothing but the drawing changes."""

    scope: str = MAIN
    wire: Wire
    route: Route = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "route", own_route(self.route))

    def apply(self, diagram: Contents) -> SetRoute:
        definition = diagram.definition(self.scope)
        check_wired(definition, self.wire)
        check_route(self.route, self.wire.target)
        return SetRoute(scope=self.scope, wire=self.wire, route=definition.lead(self.wire, self.route))


class SetParameter(EditBase, frozen=True, kw_only=True):
    """``value=None`` goes back to the default."""

    scope: str = MAIN
    name: str
    key: str
    value: RawValue | None

    def __post_init__(self) -> None:
        if isinstance(self.value, list | tuple):
            msgspec.structs.force_setattr(self, "value", own_value(self.value))

    def apply(self, diagram: Contents) -> SetParameter:
        definition = diagram.definition(self.scope)
        block = definition.block(self.name)
        declared = diagram.declared(block.type)
        kind = diagram.kind(block.type)
        if kind is not None and not kind.installed:
            raise missing(block, kind, self.name)
        if self.key not in declared:
            raise unknown_parameter(self.key, block.type, declared, self.name)
        old = block.parameters.get(self.key)
        changed = {key: value for key, value in block.parameters.items() if key != self.key}
        if self.value is not None:
            changed[self.key] = self.value
        # The order of parameters is the declaration's, whatever order they were set in.
        ordered = {key: changed[key] for key in declared if key in changed}
        new = msgspec.structs.replace(block, parameters=ordered)
        check_block(diagram, new, self.name)
        definition.put(self.name, new)
        return SetParameter(scope=self.scope, name=self.name, key=self.key, value=old)


class SetBlock(EditBase, frozen=True, kw_only=True):
    """Put another state of the same type in a block's place: bypass, repeat, note, or several at once."""

    scope: str = MAIN
    name: str
    block: Block

    def apply(self, diagram: Contents) -> SetBlock:
        definition = diagram.definition(self.scope)
        old = definition.block(self.name)
        if old.type != self.block.type:
            raise StudioError(
                "diagram.type",
                say("it is a {type}, not a {type_2}.", type=old.type, type_2=self.block.type),
                where=self.name,
            )
        check_block(diagram, self.block, self.name)
        definition.put(self.name, self.block)
        return SetBlock(scope=self.scope, name=self.name, block=old)


class MoveBlocks(EditBase, frozen=True, kw_only=True):
    """New positions of any number of blocks; nothing but the drawing changes."""

    scope: str = MAIN
    to: dict[str, tuple[float, float] | None]

    def __post_init__(self) -> None:
        own = {name: None if at is None else own_position(at) for name, at in self.to.items()}
        msgspec.structs.force_setattr(self, "to", own)

    def apply(self, diagram: Contents) -> MoveBlocks:
        definition = diagram.definition(self.scope)
        for name, at in self.to.items():
            definition.block(name)
            check_at(at, name)
        return MoveBlocks(scope=self.scope, to=definition.move(self.to))


def place_block(
    diagram: Contents, scope: str, name: str, block: Block, index: int | None = None, whole: bool = True
) -> None:
    """Add a block, or raise `StudioError` and change nothing. Without ``whole`` the checks that look at the
    whole diagram are left to one `checks.check_whole` at the end."""
    definition = diagram.definition(scope)
    check_name(name)
    taken = definition.clash(name)
    if taken:
        raise StudioError("diagram.taken", say("there is already a block '{taken}'.", taken=taken), where=name)
    if diagram.room_for_blocks <= 0:
        diagram.room_for_blocks = MAX_BLOCKS - len(diagram.main) - sum(map(len, diagram.modules.values()))
        if diagram.room_for_blocks <= 0:
            raise too_many_blocks(name)
    check_block(diagram, block, name)
    if scope != MAIN:
        if block.type == AUX_OUTPUT:
            raise StudioError(
                "diagram.auxiliary", say("auxiliary outputs stand in the main graph only."), where=name,
                hint=say("Give the module an Output and wire that to an AuxOutput outside."),
            )  # fmt: skip
        if whole:
            check_new_port(diagram, scope, block, name)
            if block.type in diagram.modules and block.type not in definition.types():
                try:
                    check_nesting(diagram, (scope, block.type))
                except StudioError as error:
                    raise error.at(name) from None
    if index is not None and (isinstance(index, bool) or not isinstance(index, int) or index < 0):
        raise StudioError("diagram.place", say("expected a place in the order, counted from 0."), where=name)
    definition.insert(name, block, index)
    diagram.room_for_blocks -= 1


def check_wired(definition: Definition, wire: Wire) -> None:
    """Raise `StudioError` ``wire.missing`` unless there is such a wire."""
    if definition.wire_into(wire.target, wire.target_port) != (wire.source, wire.source_port):
        raise StudioError(
            "wire.missing",
            say("there is no wire from '{source}'.", source=shown(wire.source)),
            where=shown(wire.target, 120),
        )


def own_route(route: Route) -> Route:
    """Points as a file gives them back. What are none are left for the check."""
    return tuple(map(own_position, route)) if isinstance(route, list | tuple) else route


def place_wire(diagram: Contents, scope: str, wire: Wire, route: Route = ()) -> None:
    """Add a wire, or raise `StudioError` and change nothing."""
    definition = diagram.definition(scope)
    source, target = definition.block(wire.source), definition.block(wire.target)
    outputs = diagram.output_ports(source.type)
    if wire.source_port not in outputs:
        raise _no_port(wire.source, "output", wire.source_port, outputs)
    if diagram.is_variadic(target.type):
        port = wire.target_port
        legal = port.isascii() and port.isdecimal() and len(port) < 6 and str(int(port)) == port
        if not legal or int(port) >= MAX_VARIADIC:
            raise _no_port(wire.target, "input", port, ("0", "1", "2", "..."))
    elif wire.target_port not in diagram.input_ports(target.type):
        raise _no_port(wire.target, "input", wire.target_port, diagram.input_ports(target.type))
    other = definition.wire_into(wire.target, wire.target_port)
    if other is not None:
        raise StudioError(
            "wire.taken",
            say("input {port} already comes from '{other}'.", port=wire.target_port, other=other[0]),
            where=wire.target,
            hint=say("Remove that wire first, or merge the two with Concat or Add."),
        )  # fmt: skip
    if diagram.room_for_wires <= 0:
        count = sum(module.wire_count for module in diagram.modules.values())
        diagram.room_for_wires = MAX_WIRES - diagram.main.wire_count - count
        if diagram.room_for_wires <= 0:
            raise too_many_wires(wire.target)
    definition.join(wire, route)
    diagram.room_for_wires -= 1


def too_many_blocks(where: str) -> StudioError:
    """More than `MAX_BLOCKS` in all."""
    return StudioError(
        "diagram.size", say("a diagram holds at most {max_blocks:,} blocks.", max_blocks=MAX_BLOCKS), where=where
    )


def too_many_wires(where: str) -> StudioError:
    """More than `MAX_WIRES` in all."""
    return StudioError(
        "diagram.size", say("a diagram holds at most {max_wires:,} wires.", max_wires=MAX_WIRES), where=where
    )


def _no_port(name: str, side: str, port: str, ports: tuple[str, ...]) -> StudioError:
    known = ", ".join(ports) or say("none")
    return StudioError(
        "wire.port",
        say("there is no input '{port}'.", port=shown(port))
        if side == "input"
        else say("there is no output '{port}'.", port=shown(port)),
        where=name,
        hint=say("Its inputs: {known}.", known=known) if side == "input" else say("Its outputs: {known}.", known=known),
    )


def _no_wires_to_port(diagram: Contents, scope: str, name: str, block: Block) -> None:
    if scope == MAIN or block.type not in PORTS:
        return
    for other_scope in diagram.scopes():
        other = diagram.definition(other_scope)
        for instance in other.of_type(scope):
            wires = other.wires_into(instance) if block.type == INPUT else other.wires_from(instance)
            for wire in wires:
                if (wire.target_port if block.type == INPUT else wire.source_port) == name:
                    where = f"{other_scope}.{instance}" if other_scope else instance
                    raise StudioError(
                        "diagram.wired",
                        say("instance '{where}' still has a wire on this port.", where=where),
                        where=name,
                    )
