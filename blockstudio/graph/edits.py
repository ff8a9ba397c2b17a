"""Edits: small values that change a diagram and know their inverse. They are data, so a journal can hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec
import networkx as nx

from blockstudio.blocks import CATALOGUE, Parameter, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Block, Definition, Wire, check_name, suggestion
from blockstudio.graph.expressions import is_name, parse

if TYPE_CHECKING:
    from blockstudio.graph.diagram import Diagram

MAX_BLOCKS = 100_000
MAX_REPEAT = 10_000


class _Edit(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base: `apply` changes the diagram and returns the inverse, or raises `StudioError` and changes nothing."""

    def apply(self, diagram: Diagram) -> Edit:
        raise NotImplementedError


class AddBlock(_Edit, frozen=True, kw_only=True):
    scope: str = MAIN
    name: str
    block: Block
    index: int | None = None
    """Place in document order; ``None``: last."""

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        check_name(self.name)
        taken = clash(definition, self.name)
        if taken:
            raise StudioError("diagram.taken", f"there is already a block '{taken}'.", where=self.name)
        if len(definition.graph) >= MAX_BLOCKS:
            raise StudioError("diagram.size", f"a graph holds at most {MAX_BLOCKS:,} blocks.")
        check_block(diagram, self.block, self.name)
        if self.block.type in diagram.modules and reaches(diagram, self.block.type, self.scope):
            raise StudioError("diagram.recursion", f"module '{self.scope}' would contain itself.", where=self.name)
        if self.scope != MAIN and self.block.type == "AuxOutput":
            raise StudioError(
                "diagram.auxiliary", "auxiliary outputs stand in the main graph only.", where=self.name,
                hint="Give the module an Output and wire that to an AuxOutput outside.",
            )  # fmt: skip
        graph = definition.graph
        last = len(graph)
        graph.add_node(self.name, block=self.block)
        if self.index is not None and self.index < last:
            names = list(graph)
            names.insert(self.index, names.pop())
            _reorder(definition, names)
        return RemoveBlock(scope=self.scope, name=self.name)


class RemoveBlock(_Edit, frozen=True, kw_only=True):
    """Its wires must be gone already."""

    scope: str = MAIN
    name: str

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        block = definition.block(self.name)
        graph = definition.graph
        if graph.degree(self.name):
            raise StudioError("diagram.wired", "it still has wires.", where=self.name)
        _no_wires_to_port(diagram, self.scope, self.name, block)
        index = list(graph).index(self.name)
        last = index == len(graph) - 1
        graph.remove_node(self.name)
        return AddBlock(scope=self.scope, name=self.name, block=block, index=None if last else index)


class RenameBlock(_Edit, frozen=True, kw_only=True):
    """Renaming an Input or Output of a module renames the port on every instance with it."""

    scope: str = MAIN
    name: str
    to: str

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        block = definition.block(self.name)
        check_name(self.to)
        taken = clash(definition, self.to, but=self.name)
        if taken:
            raise StudioError("diagram.taken", f"there is already a block '{taken}'.", where=self.to)
        definition.graph = nx.relabel_nodes(definition.graph, {self.name: self.to}, copy=True)
        if self.scope != MAIN and block.type in ("Input", "Output"):
            for other in map(diagram.definition, diagram.scopes()):
                for name, instance in list(other.blocks()):
                    if instance.type == self.scope:
                        self._rename_port(other.graph, name, block.type)
        return RenameBlock(scope=self.scope, name=self.to, to=self.name)

    def _rename_port(self, graph: nx.MultiDiGraph, name: str, kind: str) -> None:
        side = 1 if kind == "Input" else 0
        edges = graph.in_edges if kind == "Input" else graph.out_edges
        for u, v, key in list(edges(name, keys=True)):
            if key[side] == self.name:
                graph.remove_edge(u, v, key)
                renamed = (key[0], self.to) if side else (self.to, key[1])
                graph.add_edge(u, v, renamed)


class AddWire(_Edit, frozen=True, kw_only=True):
    scope: str = MAIN
    wire: Wire

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        wire = self.wire
        source, target = definition.block(wire.source), definition.block(wire.target)
        if wire.source_port not in diagram.output_ports(source.type):
            raise _no_port(wire.source, "output", wire.source_port, diagram.output_ports(source.type))
        if diagram.is_variadic(target.type):
            legal = wire.target_port.isdecimal() and str(int(wire.target_port)) == wire.target_port
            if not legal or int(wire.target_port) >= 10_000:
                raise _no_port(wire.target, "input", wire.target_port, ("0", "1", "2", "..."))
        elif wire.target_port not in diagram.input_ports(target.type):
            raise _no_port(wire.target, "input", wire.target_port, diagram.input_ports(target.type))
        for other in definition.wires_into(wire.target):
            if other.target_port == wire.target_port:
                raise StudioError(
                    "wire.taken",
                    f"input {wire.target_port} already comes from '{other.source}'.",
                    where=wire.target,
                    hint="Remove that wire first, or merge the two with Concat or Add.",
                )
        definition.graph.add_edge(wire.source, wire.target, (wire.source_port, wire.target_port))
        return RemoveWire(scope=self.scope, wire=wire)


class RemoveWire(_Edit, frozen=True, kw_only=True):
    scope: str = MAIN
    wire: Wire

    def apply(self, diagram: Diagram) -> Edit:
        graph = diagram.definition(self.scope).graph
        wire = self.wire
        key = (wire.source_port, wire.target_port)
        if not graph.has_edge(wire.source, wire.target, key):
            raise StudioError("wire.missing", f"there is no wire from '{wire.source}'.", where=wire.target)
        graph.remove_edge(wire.source, wire.target, key)
        return AddWire(scope=self.scope, wire=wire)


class SetParameter(_Edit, frozen=True, kw_only=True):
    """``value=None`` goes back to the default."""

    scope: str = MAIN
    name: str
    key: str
    value: RawValue | None

    def apply(self, diagram: Diagram) -> Edit:
        block = diagram.definition(self.scope).block(self.name)
        old = block.parameters.get(self.key)
        changed = {key: value for key, value in block.parameters.items() if key != self.key}
        if self.value is not None:
            changed[self.key] = self.value
        # Document order of parameters is the declaration's, whatever order they were set in.
        declared = diagram.declared(block.type)
        ordered = {key: changed[key] for key in declared if key in changed}
        ordered |= {key: value for key, value in changed.items() if key not in ordered}
        new = msgspec.structs.replace(block, parameters=ordered)
        check_block(diagram, new, self.name)
        _put(diagram, self.scope, self.name, new)
        return SetParameter(scope=self.scope, name=self.name, key=self.key, value=old)


class SetBlock(_Edit, frozen=True, kw_only=True):
    """Put another state of the same type in a block's place: bypass, repeat, note, or several at once."""

    scope: str = MAIN
    name: str
    block: Block

    def apply(self, diagram: Diagram) -> Edit:
        old = diagram.definition(self.scope).block(self.name)
        if old.type != self.block.type:
            raise StudioError("diagram.type", f"it is a {old.type}, not a {self.block.type}.", where=self.name)
        check_block(diagram, self.block, self.name)
        _put(diagram, self.scope, self.name, self.block)
        return SetBlock(scope=self.scope, name=self.name, block=old)


class MoveBlocks(_Edit, frozen=True, kw_only=True):
    """New positions of any number of blocks; nothing but the drawing changes."""

    scope: str = MAIN
    to: dict[str, tuple[float, float] | None]

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        old = {name: definition.block(name).at for name in self.to}
        for name, at in self.to.items():
            _put(diagram, self.scope, name, msgspec.structs.replace(definition.block(name), at=at))
        return MoveBlocks(scope=self.scope, to=old)


class SetDefault(_Edit, frozen=True, kw_only=True):
    """The value of a diagram's or module's own parameter (its declared default)."""

    scope: str = MAIN
    key: str
    value: RawValue

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        declared = definition.parameters.get(self.key)
        if declared is None:
            raise unknown_parameter(self.key, diagram.name if self.scope == MAIN else self.scope, definition.parameters)
        try:
            declared.check(self.value)
        except StudioError as error:
            raise error.at(self.key) from None
        definition.parameters = definition.parameters | {
            self.key: msgspec.structs.replace(declared, default=self.value)
        }
        return SetDefault(scope=self.scope, key=self.key, value=declared.default)


class SetDeclarations(_Edit, frozen=True, kw_only=True):
    """All declared parameters of a definition at once (adding, removing, renaming or ordering them)."""

    scope: str = MAIN
    parameters: dict[str, Parameter]

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        check_declarations(self.parameters)
        old = definition.parameters
        definition.parameters = dict(self.parameters)
        return SetDeclarations(scope=self.scope, parameters=old)


class SetTexts(_Edit, frozen=True, kw_only=True):
    """Name and facts of the diagram, description of a definition. ``None`` leaves one as it is."""

    scope: str = MAIN
    name: str | None = None
    description: str | None = None
    about: dict[str, str] | None = None

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.scope)
        inverse = SetTexts(
            scope=self.scope,
            name=None if self.name is None else diagram.name,
            description=None if self.description is None else definition.description,
            about=None if self.about is None else diagram.about,
        )
        if self.name is not None:
            diagram.name = self.name
        if self.description is not None:
            definition.description = self.description
        if self.about is not None:
            diagram.about = dict(self.about)
        return inverse


class AddModule(_Edit, frozen=True, kw_only=True):
    """An empty definition; its blocks are added by further edits."""

    name: str
    parameters: dict[str, Parameter] = {}
    description: str = ""
    index: int | None = None

    def apply(self, diagram: Diagram) -> Edit:
        if not is_name(self.name) or self.name in CATALOGUE:
            raise StudioError(
                "diagram.name", f"'{self.name}' cannot name a module.",
                hint="Use a class name that no block type has, such as InceptionA.",
            )  # fmt: skip
        if self.name in diagram.modules:
            raise StudioError("diagram.taken", f"there is already a module '{self.name}'.", where=self.name)
        check_declarations(self.parameters)
        items = list(diagram.modules.items())
        place = len(items) if self.index is None else self.index
        items.insert(place, (self.name, Definition(self.parameters, self.description)))
        diagram.modules = dict(items)
        return RemoveModule(name=self.name)


class RemoveModule(_Edit, frozen=True, kw_only=True):
    """An unused definition without blocks."""

    name: str

    def apply(self, diagram: Diagram) -> Edit:
        definition = diagram.definition(self.name)
        if len(definition.graph):
            raise StudioError("diagram.used", "it still has blocks.", where=self.name)
        for scope in diagram.scopes():
            if diagram.definition(scope).of_type(self.name):
                raise StudioError("diagram.used", "it still has instances.", where=self.name)
        index = list(diagram.modules).index(self.name)
        last = index == len(diagram.modules) - 1
        diagram.modules = {key: value for key, value in diagram.modules.items() if key != self.name}
        return AddModule(
            name=self.name, parameters=definition.parameters, description=definition.description,
            index=None if last else index,
        )  # fmt: skip


Edit: TypeAlias = (
    AddBlock | RemoveBlock | RenameBlock | AddWire | RemoveWire | SetParameter | SetBlock | MoveBlocks
    | SetDefault | SetDeclarations | SetTexts | AddModule | RemoveModule
)  # fmt: skip


def check_block(diagram: Diagram, block: Block, where: str) -> None:
    """Raises `StudioError` unless the block's parameters are declared and legal as far as they are literal."""
    declared = diagram.declared(block.type)
    for key, value in block.parameters.items():
        if key not in declared:
            raise unknown_parameter(key, block.type, declared, where)
        check_raw(declared[key], value, f"{where}.{key}")
    for key, attribute in (("repeat", block.repeat), ("bypass", block.bypass)):
        if isinstance(attribute, str):
            try:
                parse(attribute)
            except StudioError as error:
                raise error.at(f"{where}.{key}") from None
    if block.repeat is not None and not isinstance(block.repeat, str) and not 0 <= block.repeat <= MAX_REPEAT:
        raise StudioError("parameter.limit", f"expected repeat from 0 to {MAX_REPEAT:,}.", where=where)


def check_raw(parameter: Parameter, value: RawValue, where: str) -> None:
    """Check a value that may be or hold expressions; those are only parsed."""
    try:
        if isinstance(value, str) and parameter.kind != "text" and value not in parameter.words:
            parse(value)
        elif isinstance(value, list | tuple) and any(isinstance(item, str) for item in value):
            for item in value:
                if isinstance(item, str):
                    parse(item)
        else:
            parameter.check(value)
    except StudioError as error:
        raise error.at(where) from None


def check_declarations(parameters: dict[str, Parameter]) -> None:
    """Raises `StudioError` unless every name is legal and every default a literal of its kind."""
    for name, parameter in parameters.items():
        if not is_name(name) or name in ("in_channels", "i"):
            # A main graph may declare in_channels: there it is no inferred name.
            if name == "in_channels":
                continue
            raise StudioError("diagram.name", f"'{name}' cannot name a parameter.", where=name)
        try:
            parameter.check(parameter.default)
        except StudioError as error:
            raise error.at(name) from None


def unknown_parameter(key: str, owner: str, declared: object, where: str = "") -> StudioError:
    """``Conv2d has no parameter 'kernel'. Did you mean kernel_size?``"""
    names = list(declared)  # type: ignore[call-overload]
    hint = suggestion(key, names) if names else ""
    return StudioError("parameter.unknown", f"{owner} has no parameter '{key}'.", where=where or key, hint=hint)


def clash(definition: Definition, name: str, but: str = "") -> str:
    """The block whose path ``name`` would equal, contain or lie in; ``""`` if none."""
    for other in definition.graph:
        if other != but and (other == name or other.startswith(name + ".") or name.startswith(other + ".")):
            return str(other)
    return ""


def reaches(diagram: Diagram, start: str, goal: str) -> bool:
    """Whether module ``start`` is, or contains at any depth, module ``goal``."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting += [b.type for _, b in diagram.modules[name].blocks() if b.type in diagram.modules]
    return False


def _put(diagram: Diagram, scope: str, name: str, block: Block) -> None:
    diagram.definition(scope).graph.nodes[name]["block"] = block


def _reorder(definition: Definition, names: list[str]) -> None:
    old = definition.graph
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((name, old.nodes[name]) for name in names)
    graph.add_edges_from(old.edges(keys=True))
    definition.graph = graph


def _no_port(name: str, side: str, port: str, ports: tuple[str, ...]) -> StudioError:
    known = ", ".join(ports) or "none"
    return StudioError("wire.port", f"there is no {side} '{port}'.", where=name, hint=f"Its {side}s: {known}.")


def _no_wires_to_port(diagram: Diagram, scope: str, name: str, block: Block) -> None:
    if scope == MAIN or block.type not in ("Input", "Output"):
        return
    for other_scope in diagram.scopes():
        other = diagram.definition(other_scope)
        for instance in other.of_type(scope):
            wires = other.wires_into(instance) if block.type == "Input" else other.wires_from(instance)
            for wire in wires:
                if (wire.target_port if block.type == "Input" else wire.source_port) == name:
                    raise StudioError(
                        "diagram.wired", f"instance '{instance}' still has a wire on this port.", where=name
                    )
