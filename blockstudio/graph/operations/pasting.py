"""Pasting: a fragment's blocks come in under free names and mean what they meant where they came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from blockstudio.blocks import Parameter, RawValue, Value
from blockstudio.errors import StudioError
from blockstudio.graph.annotation_edits import free as free_annotation
from blockstudio.graph.checks import MAX_REPEAT
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Wire
from blockstudio.graph.edits import AddBlock, AddModule, AddWire, Edit, RemoveWire, SetDeclarations, SetFrame, SetNote
from blockstudio.graph.expand import literal
from blockstudio.graph.expressions import parse
from blockstudio.graph.free_names import FreeNames
from blockstudio.graph.operations.base import Added, Edits, first_input
from blockstudio.graph.operations.fragments import Values, defaults, fragment, is_from
from blockstudio.graph.operations.inserting import chain
from blockstudio.graph.operations.replacing import free_module_name
from blockstudio.graph.operations.substitution import INDEX, free_parameter_name, replaced
from blockstudio.graph.resolve import is_expression, resolve_value

Point = tuple[float, float]

FLAG = Parameter(kind="bool", default=False)
TIMES = Parameter(kind="int", default=1, minimum=0, maximum=MAX_REPEAT)


def paste(
    diagram: Contents,
    scope: str,
    found: Contents,
    *,
    values: Values | None = None,
    centre: Point | None = None,
    shift: Point = (0.0, 0.0),
) -> Added:
    """Add the blocks of a fragment (or of any diagram's main graph) with the wires among them, under free names.

    An expression stays where each name it uses stands for the same value in ``scope`` (by ``values``, those of the
    instance in view, else by the declared ones); otherwise its value is written in its place, and where that cannot be,
    the declarations that it needs come along under free names. Modules come along, under free names where the diagram
    has others so called; one that it has already is used.

    ``centre``: where the middle of the placed blocks comes to lie; without it they move by ``shift`` pixels.
    """
    known = defaults(found, "")
    here = defaults(diagram, scope) if values is None else values
    if is_from(found, diagram, scope):
        keep = {
            name for name in known if name in diagram.definition(scope).parameters or name.startswith("in_channels")
        }
    else:
        keep = {name for name, value in known.items() if _alike(here.get(name), value)}
    return _paste(diagram, scope, found, known, keep, _shift(found.main, centre, shift))


def brought(diagram: Contents, found: Contents) -> tuple[Block, Edits]:
    """The instance that a kept module's fragment holds, as the diagram would have it, and the edits that add the
    modules that it needs."""
    edits = paste(diagram, MAIN, found).edits
    (block,) = (edit.block for edit in edits if isinstance(edit, AddBlock))
    return block, tuple(edit for edit in edits if isinstance(edit, AddModule))


def led_through(scope: str, found: Contents, added: Added, wire: Wire) -> Edits:
    """The edits of a paste with a wire led through what it adds, if the fragment is a chain; else as they are. Raises
    `StudioError` ``diagram.block``."""
    old = [name for name, _ in found.main.blocks()]
    called = dict(zip(old, added.names, strict=True))
    names = chain(found, MAIN, old)
    if not names:
        return added.edits
    inlet = first_input(found, found.main.block(names[0]).type)
    outlet = found.output_ports(found.main.block(names[-1]).type)[0]
    assert inlet is not None  # a chain lets a signal through
    return (
        *added.edits,
        RemoveWire(scope=scope, wire=wire),
        AddWire(scope=scope, wire=Wire(wire.source, wire.source_port, called[names[0]], inlet)),
        AddWire(scope=scope, wire=Wire(called[names[-1]], outlet, wire.target, wire.target_port)),
    )


def duplicate(
    diagram: Contents, scope: str, names: Iterable[str], *, shift: Point = (0.0, 0.0), notes: Iterable[str] = ()
) -> Added:
    """Copies of blocks in their own definition, with the wires among them, the frames that hold no others, and
    ``notes``. Expressions stay as they are."""
    return _paste(diagram, scope, fragment(diagram, scope, names, notes=notes), {}, frozenset(), shift)


def _paste(
    diagram: Contents, scope: str, found: Contents, known: Mapping[str, Value | None], keep: Set[str], shift: Point
) -> Added:
    edits: list[Edit] = []
    modules = _modules(diagram, found)
    for old, new in modules.items():
        if new not in diagram.modules:
            definition = found.modules[old]
            blocks = {name: _retyped(block, modules) for name, block in definition.blocks()}
            edits.append(AddModule(name=new, parameters=dict(definition.parameters), blocks=blocks,
                                   description=definition.description, wires=definition.wires(),
                                   routes=list(definition.routes.items()), notes=dict(definition.notes),
                                   frames=dict(definition.frames)))  # fmt: skip
    free = FreeNames(diagram.definition(scope))
    renamed = {name: free.free(name) for name, _ in found.main.blocks()}
    settling = _Settling(diagram.definition(scope), found, known, keep)
    added = []
    for name, block in found.main.blocks():
        at = None if block.at is None else (block.at[0] + shift[0], block.at[1] + shift[1])
        block = msgspec.structs.replace(_retyped(settling.block(block), modules), at=at)
        added.append(AddBlock(scope=scope, name=renamed[name], block=block))
    if settling.carried:
        edits.append(SetDeclarations(scope=scope, parameters=settling.declarations()))
    edits += added
    for wire in found.main.wires():
        ends = Wire(renamed[wire.source], wire.source_port, renamed[wire.target], wire.target_port)
        route = tuple((x + shift[0], y + shift[1]) for x, y in found.main.routes.get(wire, ()))
        edits.append(AddWire(scope=scope, wire=ends, route=route))
    edits += _annotations(diagram.definition(scope), scope, found.main, renamed, shift)
    return Added(tuple(renamed.values()), tuple(edits))


def _annotations(
    here: Definition, scope: str, found: Definition, renamed: Mapping[str, str], shift: Point
) -> Iterator[Edit]:
    """The frames and notes of a fragment, under free names."""
    taken = set(here.frames)
    for key, frame in found.frames.items():
        called = free_annotation(key, taken)
        taken.add(called)
        blocks = tuple(renamed[each] for each in frame.blocks)
        yield SetFrame(scope=scope, name=called, frame=msgspec.structs.replace(frame, blocks=blocks))
    taken = set(here.notes)
    for key, note in found.notes.items():
        called = free_annotation(key, taken)
        taken.add(called)
        at = None if note.at is None else (note.at[0] + shift[0], note.at[1] + shift[1])
        yield SetNote(scope=scope, name=called, note=msgspec.structs.replace(note, at=at))


def _alike(here: Value | None, there: Value | None) -> bool:
    """The same value of the same kind: 1 is not true."""
    return here is not None and type(here) is type(there) and here == there


# Expressions


class _Settling:
    """Puts values in the place of the names in expressions, except in those that use nothing but ``keep``. What had no
    meaning where it came from has none to keep."""

    def __init__(self, target: Definition, found: Contents, known: Mapping[str, Value | None], keep: Set[str]) -> None:
        self._target, self._found, self._keep = target, found, keep
        self._known: dict[str, Value] = {name: value for name, value in known.items() if value is not None}
        self.carried: dict[str, str] = {}
        """Parameters that have to come along, with the names that they get."""

    def block(self, block: Block) -> Block:
        declared, indexed = self._found.declared(block.type), block.repeat is not None
        parameters = {
            key: self._value(declared[key], raw, indexed)
            if key in declared and is_expression(declared[key], raw)
            else raw
            for key, raw in block.parameters.items()
        }
        bypass, repeat = block.bypass, block.repeat
        if isinstance(bypass, str):
            bypass = self._value(FLAG, bypass, indexed)  # type: ignore[assignment]
        if isinstance(repeat, str):
            repeat = self._value(TIMES, repeat, False)  # type: ignore[assignment]
        return msgspec.structs.replace(block, parameters=parameters, bypass=bypass, repeat=repeat)

    def declarations(self) -> dict[str, Parameter]:
        """Those of the target with the ones that come along."""
        more = {new: self._found.main.parameters[old] for old, new in self.carried.items()}
        return {**self._target.parameters, **more}

    def _value(self, parameter: Parameter, raw: RawValue, indexed: bool) -> RawValue:
        texts = [item for item in (raw if isinstance(raw, list) else [raw]) if isinstance(item, str)]
        own = {INDEX} if indexed else set()
        names = {name for text in texts for name in parse(text).names - own}
        moved = {name for name in names if name in self._known and name not in self._keep}
        if not moved:
            return raw
        try:
            if all(parse(text).names <= self._known.keys() - own for text in texts):
                return literal(resolve_value(parameter, raw, self._known))
            return replaced(raw, {name: literal(self._known[name]) for name in names & self._known.keys()}, fold=True)
        except StudioError:  # too long, or a mistake already where it came from: it stays as it is written
            return replaced(raw, {name: parse(self._carry(name)).tree for name in sorted(moved)})

    def _carry(self, name: str) -> str:
        if name not in self.carried:
            taken = {*self._target.parameters, *self.carried.values(), *self._found.main.parameters} - {name}
            self.carried[name] = free_parameter_name(name, taken | (self._target.parameters.keys() & {name}))
        return self.carried[name]


# Modules


def _modules(diagram: Contents, found: Contents) -> dict[str, str]:
    """What each of a fragment's modules is called in the diagram, inner ones first: as the one there that is the same,
    else by its own name if that is free, else by one that is."""
    called: dict[str, str] = {}
    for old in _inner_first(found):
        alike = (name for name in diagram.modules if re.fullmatch(rf"{re.escape(old)}\d*", name))
        there = next((name for name in alike if _same(diagram.modules[name], found.modules[old], called)), None)
        called[old] = there or free_module_name(
            old, {*diagram.modules, *called.values(), *(found.modules.keys() - {old})}
        )
    return called


def _same(there: Definition, here: Definition, called: Mapping[str, str]) -> bool:
    """Whether two modules differ in nothing but where their blocks lie, inner modules included."""
    return (
        dict(there.parameters) == dict(here.parameters)
        and list(_unplaced(there, {})) == list(_unplaced(here, called))
        and there.wires() == here.wires()
    )


def _unplaced(definition: Definition, called: Mapping[str, str]) -> Iterator[tuple[str, Block]]:
    for name, block in definition.blocks():
        yield name, msgspec.structs.replace(_retyped(block, called), at=None)


def _retyped(block: Block, called: Mapping[str, str]) -> Block:
    name = called.get(block.type, block.type)
    return block if name == block.type else msgspec.structs.replace(block, type=name)


def _inner_first(found: Contents) -> list[str]:
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in order:
            for _, block in found.modules[name].blocks():
                if block.type in found.modules:
                    visit(block.type)
            order[name] = None

    for name in found.modules:
        visit(name)
    return list(order)


def _shift(source: Definition, centre: Point | None, shift: Point) -> Point:
    if centre is None:
        return shift
    places = [block.at for _, block in source.blocks() if block.at is not None]
    places = places or [note.at for note in source.notes.values() if note.at is not None]
    if not places:
        return 0.0, 0.0
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return centre[0] - (min(xs) + max(xs)) / 2, centre[1] - (min(ys) + max(ys)) / 2
