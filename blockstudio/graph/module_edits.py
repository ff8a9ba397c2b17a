"""Edits of definitions: their parameters and texts, and modules as a whole."""

from __future__ import annotations

import msgspec

from blockstudio.blocks import Parameter, RawValue
from blockstudio.errors import StudioError, shown
from blockstudio.graph.annotation_edits import annotate, own_frame, own_note
from blockstudio.graph.annotations import Frame, Note
from blockstudio.graph.block_edits import own_route, place_block, place_wire
from blockstudio.graph.checks import (
    MAX_MODULES,
    check_declarations,
    check_facts,
    check_instances,
    check_literal,
    check_route,
    unknown_parameter,
)
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Route, Wire, own_value
from blockstudio.graph.edit_base import EditBase
from blockstudio.graph.foreign import check_free_type
from blockstudio.graph.names import MAX_TITLE, check_text
from blockstudio.text import say


class SetDefault(EditBase, frozen=True, kw_only=True):
    """The value of a diagram's or module's own parameter (its declared default)."""

    scope: str = MAIN
    key: str
    value: RawValue

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "value", own_value(self.value))

    def apply(self, diagram: Contents) -> SetDefault:
        definition = diagram.definition(self.scope)
        declared = definition.parameters.get(self.key)
        if declared is None:
            owner = self.scope or diagram.name or "The diagram"
            raise unknown_parameter(self.key, owner, definition.parameters)
        check_literal(declared, self.value, self.key)
        changed = msgspec.structs.replace(declared, default=self.value)
        definition.parameters = {**definition.parameters, self.key: changed}
        return SetDefault(scope=self.scope, key=self.key, value=declared.default)


class SetDeclarations(EditBase, frozen=True, kw_only=True):
    """All declared parameters of a definition at once (adding, removing, renaming or ordering them). Refused
    while an instance sets a parameter that would be gone, or sets it to what would be illegal."""

    scope: str = MAIN
    parameters: dict[str, Parameter]

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "parameters", _own_declarations(self.parameters))

    def apply(self, diagram: Contents) -> SetDeclarations:
        definition = diagram.definition(self.scope)
        check_declarations(self.parameters, in_module=self.scope != MAIN)
        if self.scope != MAIN:
            check_instances(diagram, self.scope, self.parameters)
        old = dict(definition.parameters)
        definition.parameters = dict(self.parameters)
        return SetDeclarations(scope=self.scope, parameters=old)


class SetTexts(EditBase, frozen=True, kw_only=True):
    """Name and facts of the diagram, description of a definition. ``None`` leaves one as it is."""

    scope: str = MAIN
    name: str | None = None
    description: str | None = None
    about: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if self.about is not None:
            msgspec.structs.force_setattr(self, "about", dict(self.about))

    def apply(self, diagram: Contents) -> SetTexts:
        definition = diagram.definition(self.scope)
        if self.name is not None:
            check_text(self.name, "name", MAX_TITLE)
        if self.description is not None:
            check_text(self.description, "description")
        if self.about is not None:
            check_facts(self.about)
            for key, value in self.about.items():
                check_text(key, "about", 200)
                check_text(value, f"about.{shown(key)}")
        inverse = SetTexts(
            scope=self.scope,
            name=None if self.name is None else diagram.name,
            description=None if self.description is None else definition.description,
            about=None if self.about is None else dict(diagram.about),
        )
        if self.name is not None:
            diagram.name = self.name
        if self.description is not None:
            definition.description = self.description
        if self.about is not None:
            diagram.about = dict(self.about)
        return inverse


class AddModule(EditBase, frozen=True, kw_only=True):
    """A definition, empty unless its blocks and wires come with it."""

    name: str
    parameters: dict[str, Parameter] = {}
    description: str = ""
    index: int | None = None
    """Place among the modules; ``None``: last."""
    blocks: dict[str, Block] = {}
    wires: list[Wire] = []
    routes: list[tuple[Wire, Route]] = []
    """Of the wires that are led through points, see `SetRoute`."""
    notes: dict[str, Note] = {}
    frames: dict[str, Frame] = {}

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "parameters", _own_declarations(self.parameters))
        msgspec.structs.force_setattr(self, "blocks", dict(self.blocks))
        msgspec.structs.force_setattr(self, "wires", list(self.wires))
        msgspec.structs.force_setattr(self, "routes", [(wire, own_route(route)) for wire, route in self.routes])
        msgspec.structs.force_setattr(self, "notes", {name: own_note(note) for name, note in self.notes.items()})
        msgspec.structs.force_setattr(self, "frames", {name: own_frame(each) for name, each in self.frames.items()})

    def apply(self, diagram: Contents) -> RemoveModule:
        check_free_type(diagram, self.name)
        if self.name in diagram.modules:
            raise StudioError(
                "diagram.taken", say("there is already a module '{name}'.", name=self.name), where=self.name
            )
        if len(diagram.modules) >= MAX_MODULES:
            raise StudioError(
                "diagram.size",
                say("a diagram holds at most {max_modules:,} modules.", max_modules=MAX_MODULES),
                where=self.name,
            )
        check_declarations(self.parameters, in_module=True)
        check_text(self.description, "description")
        before = diagram.modules
        items = list(before.items())
        place = len(items) if self.index is None else self.index
        items.insert(place, (self.name, Definition(self.parameters, self.description)))
        diagram.modules = dict(items)
        try:
            for name, block in self.blocks.items():
                place_block(diagram, self.name, name, block)
            routes = dict(self.routes)
            for wire in self.wires:
                check_route(routes.get(wire, ()), wire.target)
                place_wire(diagram, self.name, wire, routes.get(wire, ()))
            annotate(diagram.modules[self.name], self.notes, self.frames)
        except StudioError:
            diagram.modules = before
            raise
        return RemoveModule(name=self.name)


class RemoveModule(EditBase, frozen=True, kw_only=True):
    """A definition without instances, and with it its blocks."""

    name: str

    def apply(self, diagram: Contents) -> AddModule:
        if self.name == MAIN:
            raise StudioError("diagram.module", say("the main graph cannot be removed."))
        definition = diagram.definition(self.name)
        for scope in diagram.scopes():
            instances = diagram.definition(scope).of_type(self.name)
            if instances:
                where = f"{scope}.{instances[0]}" if scope else instances[0]
                raise StudioError(
                    "diagram.used", say("'{where}' is still an instance of it.", where=where), where=self.name
                )
        index = list(diagram.modules).index(self.name)
        last = index == len(diagram.modules) - 1
        diagram.modules = {key: value for key, value in diagram.modules.items() if key != self.name}
        return AddModule(
            name=self.name, parameters=dict(definition.parameters), description=definition.description,
            index=None if last else index, blocks=dict(definition.blocks()), wires=definition.wires(),
            routes=list(definition.routes.items()), notes=dict(definition.notes), frames=dict(definition.frames),
        )  # fmt: skip


class RenameModule(EditBase, frozen=True, kw_only=True):
    """Another name for a definition; its instances follow."""

    name: str
    to: str

    def apply(self, diagram: Contents) -> RenameModule:
        if self.name == MAIN:
            raise StudioError("diagram.module", say("the main graph has no module name."))
        diagram.definition(self.name)
        if self.to != self.name:
            check_free_type(diagram, self.to)
            if self.to in diagram.modules:
                raise StudioError("diagram.taken", say("there is already a module '{to}'.", to=self.to), where=self.to)
            instances = [(scope, name) for scope in diagram.scopes()
                         for name in diagram.definition(scope).of_type(self.name)]  # fmt: skip
            diagram.modules = {self.to if key == self.name else key: value for key, value in diagram.modules.items()}
            for scope, name in instances:
                definition = diagram.definition(self.to if scope == self.name else scope)
                definition.put(name, msgspec.structs.replace(definition.block(name), type=self.to))
        return RenameModule(name=self.to, to=self.name)


def _own_declarations(parameters: dict[str, Parameter]) -> dict[str, Parameter]:
    """Declarations that share no list with the ones given."""
    return {
        name: msgspec.structs.replace(parameter, default=own_value(parameter.default), choices=tuple(parameter.choices))
        if isinstance(parameter, Parameter) and (isinstance(parameter.default, list | tuple) or parameter.choices)
        else parameter
        for name, parameter in parameters.items()
    }
