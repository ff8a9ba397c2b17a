"""The file format, ``*.blocks.json``: reading, writing, checking.

A file is JSON text written so that it diffs well: document order, one block and one wire a line. Reading is
bounded, and whatever is wrong with a file comes out as a `StudioError` that names the place in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from json import JSONEncoder
from pathlib import Path

import msgspec

from blockstudio.blocks import CATALOGUE, Origin, Parameter, origin_of
from blockstudio.errors import StudioError, shown
from blockstudio.graph.annotation_edits import SetFrame, SetNote
from blockstudio.graph.annotations import Frame, Note
from blockstudio.graph.block_edits import SetRoute, place_block, place_wire, too_many_blocks, too_many_wires
from blockstudio.graph.checks import MAX_BLOCKS, MAX_WIRES, check_declarations, check_facts, check_whole
from blockstudio.graph.definition import MAIN, Block, Definition, Route, Wire, inferred
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import read_bounded, write_atomic
from blockstudio.graph.foreign import MAX_TYPES, check_origin, check_same_type
from blockstudio.graph.jsontext import CONVERSION_ERRORS, Place, parse_json
from blockstudio.graph.migrations import FORMAT_VERSION, migrate
from blockstudio.graph.module_edits import AddModule, SetDeclarations, SetTexts
from blockstudio.text import say

SUFFIX = ".blocks.json"
MAX_BYTES = 32 * 2**20
WIDTH = 120
"""Columns; what fits stands on one line."""

_WIRE = re.compile(r"\s*([^\s:]+)(?::([^\s:]+))?\s*->\s*([^\s:]+)(?::([^\s:]+))?\s*")


class _Declaration(Parameter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A parameter's declaration as a file holds it."""


class _Graph(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    description: str = ""
    parameters: dict[str, object] = {}
    blocks: dict[str, object] = {}
    wires: list[object] = []
    routes: dict[str, object] = {}
    frames: dict[str, object] = {}
    notes: dict[str, object] = {}


class _File(_Graph, kw_only=True, forbid_unknown_fields=True):
    format: str
    version: int
    name: str = "untitled"
    about: dict[str, object] = {}
    types: dict[str, object] = {}
    modules: dict[str, object] = {}


# Reading


def load(path: str | os.PathLike[str]) -> Diagram:
    """Read a diagram from a file. Raises `StudioError` ``file.*`` or what is wrong in it, naming the place."""
    return loads(read_bounded(path, MAX_BYTES), where=Path(path).name)


def loads(text: str | bytes, where: str = "") -> Diagram:
    """Read a diagram from JSON text. ``where`` (a file's name) begins the place that an error names:
    ``net.blocks.json: blocks.conv1.parameters.kernel_size``. Raises only `StudioError`."""
    place = Place(where)
    size = len(text)
    if size > MAX_BYTES:
        raise StudioError(
            "file.size", say("it is larger than {max_bytes} MiB.", max_bytes=MAX_BYTES // 2**20), where=where
        )
    data = parse_json(text, place)
    if not isinstance(data, dict) or data.get("format") != "blockstudio":
        raise StudioError(
            "file.format", say("it is not a Block Studio diagram."), where=where,
            hint=say("Such a file begins with \"format\": \"blockstudio\"."),
        )  # fmt: skip
    file = place.convert(migrate(data, place), _File)
    diagram = Diagram()
    graphs = _declare(diagram, file, place)
    origins = _origins(file.types, place / "types")
    _count(graphs.values())
    for scope, (graph, here) in graphs.items():
        _place_blocks(diagram, scope, graph.blocks, here / "blocks", origins)
    with (place / "modules").standing():
        check_whole(diagram)
    for scope, (graph, here) in graphs.items():
        _place_wires(diagram, scope, graph.wires, here / "wires")
        _lead_wires(diagram, scope, graph.routes, here / "routes")
        _annotate(diagram, scope, graph, here)
    return diagram


def _declare(diagram: Diagram, file: _File, place: Place) -> dict[str, tuple[_Graph, Place]]:
    """Texts, parameters and all modules, still without blocks; returns what to fill each scope with."""
    with place.standing(("about",)):
        check_facts(file.about)  # before any of them is looked at: there may be a million
    about = {key: (place / "about" / key).convert(value, str) for key, value in file.about.items()}
    with place.standing(("name", "description", "about")):
        SetTexts(name=file.name, description=file.description, about=about).apply(diagram)
    declared = _declarations(file.parameters, place / "parameters")
    with (place / "parameters").standing(declared):
        SetDeclarations(parameters=declared).apply(diagram)
    graphs: dict[str, tuple[_Graph, Place]] = {MAIN: (file, place)}
    for name, raw in file.modules.items():
        here = place / "modules" / name
        module = here.convert(raw, _Graph)
        declared = _declarations(module.parameters, here / "parameters")
        with (here / "parameters").standing(declared):
            check_declarations(declared, in_module=True)
        with here.standing(("description",)):
            AddModule(name=name, parameters=declared, description=module.description).apply(diagram)
        graphs[name] = (module, here)
    return graphs


def _count(graphs: Iterable[tuple[_Graph, Place]]) -> None:
    """What is too much is said before any of it is placed."""
    blocks, wires = MAX_BLOCKS, MAX_WIRES
    for graph, here in graphs:
        if len(graph.blocks) > blocks:
            raise too_many_blocks(str(here / "blocks" / next(islice(graph.blocks, blocks, None))))
        if len(graph.wires) > wires:
            raise too_many_wires(str(here / "wires" / wires))
        blocks -= len(graph.blocks)
        wires -= len(graph.wires)


def _declarations(raw: Mapping[str, object], place: Place) -> dict[str, Parameter]:
    declared = {}
    for name, value in raw.items():
        here = place / name
        if isinstance(value, dict):
            found = here.convert(value, _Declaration)
            declared[name] = Parameter(**msgspec.structs.asdict(found))
        else:
            declared[name] = inferred(here.raw(value))
    return declared


def _origins(types: Mapping[str, object], place: Place) -> dict[str, Origin]:
    """What the file says of types that are not the studio's own."""
    if len(types) > MAX_TYPES:
        raise StudioError(
            "file.size", say("there can be {max_types} types at most.", max_types=MAX_TYPES), where=str(place)
        )
    origins = {}
    for name, raw in types.items():
        origins[name] = (place / name).convert(raw, Origin)
        check_origin(name, origins[name], str(place / name))
    return origins


def _place_blocks(
    diagram: Diagram, scope: str, blocks: Mapping[str, object], place: Place, origins: Mapping[str, Origin]
) -> None:
    for name, raw in blocks.items():
        try:
            block = msgspec.convert(raw, Block)
            if block.origin is not None:
                raise StudioError("file.field", say("a block has no field 'origin'."), where=f"{name}.origin")
            if origins and block.type in origins and block.type not in diagram.modules:
                if block.type in CATALOGUE:
                    check_same_type(CATALOGUE[block.type], origins[block.type])
                else:
                    block = msgspec.structs.replace(block, origin=origins[block.type])
            place_block(diagram, scope, name, block, whole=False)
        except (StudioError, *CONVERSION_ERRORS) as reason:
            raise _misplaced_block(raw, place / name, reason) from None


def _misplaced_block(raw: object, place: Place, reason: Exception) -> StudioError:
    """The error at its place in the file."""
    given = raw.get("parameters") if isinstance(raw, dict) else None
    parameters = given if isinstance(given, dict) else {}
    if isinstance(reason, StudioError):
        _, _, key = reason.where.rpartition(".")
        inner = reason.where.endswith(f"{place.path[-1]}.{key}")
        if inner and key in parameters:
            return reason.at(str(place / "parameters" / key))
        return reason.at(str(place / key if inner else place))
    try:
        for key, value in parameters.items():
            (place / "parameters" / key).raw(value)
        place.convert(raw, Block)
    except StudioError as error:
        return error
    return StudioError("file.field", say("{reason}.", reason=reason), where=str(place))


def _place_wires(diagram: Diagram, scope: str, wires: list[object], place: Place) -> None:
    for index, text in enumerate(wires):
        try:
            place_wire(diagram, scope, _wire(diagram, diagram.definition(scope), text))
        except StudioError as error:
            about = f"'{shown(text)}': " if error.code != "file.wire" else ""
            raise StudioError(
                error.code,
                say("{about}{message}", about=about, message=error.message),
                where=str(place / index),
                hint=error.hint,
            ) from None


def _lead_wires(diagram: Diagram, scope: str, routes: Mapping[str, object], place: Place) -> None:
    for text, raw in routes.items():
        here = place / text
        with here.standing():
            wire = _wire(diagram, diagram.definition(scope), text)
        route = here.convert(raw, Route)
        if not route:
            raise StudioError("wire.route", say("it is led through no point."), where=str(here))
        with here.standing():
            SetRoute(scope=scope, wire=wire, route=route).apply(diagram)


def _annotate(diagram: Diagram, scope: str, graph: _Graph, place: Place) -> None:
    for name, raw in graph.frames.items():
        here = place / "frames" / name
        frame = here.convert(raw, Frame)
        with (place / "frames").standing((name,)):
            SetFrame(scope=scope, name=name, frame=frame).apply(diagram)
    for name, raw in graph.notes.items():
        here = place / "notes" / name
        note = here.convert(raw, Note)
        with (place / "notes").standing((name,)):
            SetNote(scope=scope, name=name, note=note).apply(diagram)


def _wire(diagram: Diagram, definition: Definition, text: object) -> Wire:
    match = _WIRE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise StudioError(
            "file.wire", say("'{text}' is not a wire.", text=shown(text)), hint=say("Write it as 'conv1 -> add:0'.")
        )
    source, source_port, target, target_port = match.groups()
    if not source_port:
        source_port = _first(diagram.output_ports(definition.block(source).type), source, "output")
    if not target_port:
        target_type = definition.block(target).type
        if diagram.is_variadic(target_type):
            raise StudioError(
                "wire.port",
                say("{target} needs the number of an input.", target=target),
                hint=say("Write {target}:0.", target=target),
            )
        target_port = _first(diagram.input_ports(target_type), target, "input")
    return Wire(source, source_port, target, target_port)


def _first(ports: tuple[str, ...], name: str, side: str) -> str:
    if not ports:
        raise StudioError("wire.port", say("'{name}' has no {side}.", name=name, side=side))
    return ports[0]


# Writing


def save(diagram: Diagram, path: str | os.PathLike[str]) -> Path:
    """Write a diagram to a file in one step: a crash leaves the old file or the new, never half of one.
    Returns the file written. Raises `StudioError` ``file.write``; the old file is then untouched."""
    data = dumps(diagram).encode()
    if len(data) > MAX_BYTES:
        # What could not be read back is not written.
        raise StudioError(
            "file.size",
            say("the diagram takes more than {max_bytes} MiB.", max_bytes=MAX_BYTES // 2**20),
            where=str(path),
        )
    return write_atomic(path, data)


def dumps(diagram: Diagram) -> str:
    """The canonical text of a diagram: equal diagrams give equal text."""
    lines = [f'"format": "blockstudio", "version": {FORMAT_VERSION}', f'"name": {_json(diagram.name)}']
    if diagram.description:
        lines.append(f'"description": {_json(diagram.description)}')
    if diagram.about:
        entries = [f"{_json(key)}: {_json(value)}" for key, value in diagram.about.items()]
        lines.append(f'"about": {_fold(entries, "{}", 2)}')
    types = [_entry(name, _origin(origin), 2) for name, origin in _foreign(diagram).items()]
    if types:
        lines.append(f'"types": {_fold(types, "{}", 2)}')
    lines += _graph_sections(diagram, diagram.main, 1)
    if diagram.modules:
        modules = []
        for name, definition in diagram.modules.items():
            inner = [f'"description": {_json(definition.description)}'] if definition.description else []
            inner += _graph_sections(diagram, definition, 3)
            modules.append(f"{_json(name)}: {_fold(inner, '{}', 3)}")
        lines.append(f'"modules": {_fold(modules, "{}", 2)}')
    return _fold(lines, "{}", 1) + "\n"


def _foreign(diagram: Diagram) -> dict[str, Origin]:
    """Where the types in use come from that are not the studio's own, in the order of their first use."""
    found: dict[str, Origin] = {}
    for definition in map(diagram.definition, diagram.scopes()):
        kinds = {name: kind for name in definition.types() if (kind := diagram.kind(name)) is not None and kind.package}
        if kinds:
            for _, block in definition.blocks():
                origin = origin_of(kinds[block.type]) if block.type in kinds else None
                if origin is not None:
                    found.setdefault(block.type, origin)
    return found


def _origin(origin: Origin) -> dict[str, object]:
    plain = Origin(package=origin.package)
    return {
        key: value
        for key, value in msgspec.structs.asdict(origin).items()
        if key == "package" or value != getattr(plain, key)
    }


def _graph_sections(diagram: Diagram, definition: Definition, depth: int) -> list[str]:
    sections = []
    if definition.parameters:
        entries = [
            _entry(name, _declaration(parameter), depth + 1) for name, parameter in definition.parameters.items()
        ]
        sections.append(f'"parameters": {_fold(entries, "{}", depth + 1)}')
    blocks = [_entry(name, _block(diagram, block), depth + 1) for name, block in definition.blocks()]
    sections.append(f'"blocks": {_fold(blocks, "{}", depth + 1)}')
    outputs: dict[str, str] = {}
    inputs: dict[str, str] = {}
    for name, block in definition.blocks():
        outputs[name] = next(iter(diagram.output_ports(block.type)), "")
        inputs[name] = next(iter(diagram.input_ports(block.type)), "")
    texts: dict[Wire, str] = {}
    for wire in definition.wires():
        source, source_port, target, target_port = wire
        start = source if source_port == outputs[source] else f"{source}:{source_port}"
        end = target if target_port == inputs[target] else f"{target}:{target_port}"
        texts[wire] = f'"{start} -> {end}"'
    sections.append(f'"wires": {_fold(list(texts.values()), "[]", depth + 1)}')
    if definition.routes:
        led = [(text, definition.routes[wire]) for wire, text in texts.items() if wire in definition.routes]
        routes = [f"{text}: {_json([[_number(x), _number(y)] for x, y in route])}" for text, route in led]
        sections.append(f'"routes": {_fold(routes, "{}", depth + 1)}')
    for title, written in (
        ("frames", {name: _frame(frame) for name, frame in definition.frames.items()}),
        ("notes", {name: _note(note) for name, note in definition.notes.items()}),
    ):
        if written:
            entries = [_entry(name, value, depth + 1) for name, value in written.items()]
            sections.append(f'"{title}": {_fold(entries, "{}", depth + 1)}')
    return sections


def _frame(frame: Frame) -> dict[str, object]:
    plain = Frame(blocks=())
    out: dict[str, object] = {"title": str(frame.title)} if frame.title else {}
    if frame.colour != plain.colour:
        out["colour"] = frame.colour
    out["blocks"] = list(frame.blocks)
    if frame.margins != plain.margins:
        out["margins"] = [_number(each) for each in frame.margins]
    return out


def _note(note: Note) -> dict[str, object]:
    out: dict[str, object] = {"text": str(note.text)}
    if note.at is not None:
        out["at"] = [_number(value) for value in note.at]
    plain = Note(text="")
    if note.width != plain.width:
        out["width"] = _number(note.width)
    if note.colour != plain.colour:
        out["colour"] = note.colour
    return out


def _block(diagram: Diagram, block: Block) -> dict[str, object]:
    out: dict[str, object] = {"type": block.type}
    if block.parameters:
        given = block.parameters
        kind = diagram.kind(block.type)
        declared = diagram.declared(block.type) if kind is None or kind.installed else given
        out["parameters"] = {key: given[key] for key in declared if key in given}
    if block.repeat is not None:
        out["repeat"] = block.repeat
    if block.bypass is not False:
        out["bypass"] = block.bypass
    if block.at is not None:
        out["at"] = [_number(value) for value in block.at]
    if block.pinned:
        out["pinned"] = True
    if block.note:
        out["note"] = block.note
    return out


def _declaration(parameter: Parameter) -> object:
    if parameter == inferred(parameter.default):
        return parameter.default
    out: dict[str, object] = {"kind": parameter.kind, "default": parameter.default}
    for key in ("minimum", "maximum"):
        limit = getattr(parameter, key)
        if limit is not None:
            out[key] = _number(limit)
    if parameter.choices:
        out["choices"] = list(parameter.choices)
    if parameter.help:
        out["help"] = parameter.help
    return out


def _number(value: float) -> int | float:
    """Whole numbers without a point, where the field says that they are no different."""
    return int(value) if float(value).is_integer() else float(value)


_json = JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _entry(key: str, value: object, depth: int) -> str:
    """``"key": value`` on one line if it fits, else spread."""
    line = f"{_json(key)}: {_json(value)}"
    if depth + len(line) + 1 <= WIDTH or not isinstance(value, dict):
        return line
    entries = [_entry(inner, item, depth + 1) for inner, item in value.items()]
    return f"{_json(key)}: {_fold(entries, '{}', depth + 1)}"


def _fold(entries: list[str], brackets: str, depth: int) -> str:
    """Entries one a line, indented by ``depth``."""
    if not entries:
        return brackets
    indent = " " * depth
    return f"{brackets[0]}\n{indent}" + f",\n{indent}".join(entries) + f"\n{indent[1:]}{brackets[1]}"
