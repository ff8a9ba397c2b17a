"""A whole diagram as one plain value, as a journal holds it. (A copy to work on: `operations.copying`.)"""

from __future__ import annotations

import msgspec

from blockstudio.blocks import Parameter
from blockstudio.graph.annotation_edits import annotate
from blockstudio.graph.annotations import Frame, Note
from blockstudio.graph.block_edits import place_block, place_wire
from blockstudio.graph.checks import check_route, check_whole
from blockstudio.graph.definition import MAIN, Block, Definition, Route, Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.module_edits import AddModule, SetDeclarations, SetTexts


class ScopeSnapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One definition."""

    parameters: dict[str, Parameter]
    description: str
    blocks: list[tuple[str, Block]]
    wires: list[Wire]
    routes: list[tuple[Wire, Route]] = []
    notes: dict[str, Note] = {}
    frames: dict[str, Frame] = {}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The main graph and every module, in document order."""

    name: str
    about: dict[str, str]
    main: ScopeSnapshot
    modules: list[tuple[str, ScopeSnapshot]]


def snapshot(diagram: Diagram) -> Snapshot:
    """What a diagram is now; later edits leave it alone."""
    modules = [(name, _level(definition)) for name, definition in diagram.modules.items()]
    return Snapshot(name=diagram.name, about=dict(diagram.about), main=_level(diagram.main), modules=modules)


def build(taken: Snapshot) -> Diagram:
    """A new diagram, without history. Raises `StudioError` for a snapshot that no diagram ever had."""
    diagram = Diagram()
    SetTexts(name=taken.name, description=taken.main.description, about=taken.about).apply(diagram)
    SetDeclarations(parameters=taken.main.parameters).apply(diagram)
    for name, level in taken.modules:
        AddModule(name=name, parameters=level.parameters, description=level.description).apply(diagram)
    levels = [(MAIN, taken.main), *taken.modules]
    for scope, level in levels:
        for name, block in level.blocks:
            place_block(diagram, scope, name, block, whole=False)
    check_whole(diagram)
    for scope, level in levels:
        routes = dict(level.routes)
        for wire in level.wires:
            check_route(routes.get(wire, ()), wire.target)
            place_wire(diagram, scope, wire, routes.get(wire, ()))
        annotate(diagram.definition(scope), level.notes, level.frames)
    return diagram


def _level(definition: Definition) -> ScopeSnapshot:
    wires = [Wire(u, key[0], v, key[1]) for u, v, key in definition.graph.edges(keys=True)]
    return ScopeSnapshot(
        parameters=dict(definition.parameters),
        description=definition.description,
        blocks=list(definition.blocks()),
        wires=wires,
        routes=list(definition.routes.items()),
        notes=dict(definition.notes),
        frames=dict(definition.frames),
    )
