"""The file format as JSON Schema, derived from the declarations: for editors that complete and check as one types."""

from __future__ import annotations

from blockstudio.blocks import CATALOGUE, Parameter
from blockstudio.graph.annotation_edits import MAX_MARGIN, MAX_NOTES, NARROW, WIDE
from blockstudio.graph.annotations import COLOURS
from blockstudio.graph.checks import MAX_BLOCKS, MAX_MODULES, MAX_POINTS, MAX_REPEAT, MAX_WIRES
from blockstudio.graph.expressions import MAX_LENGTH
from blockstudio.graph.foreign import MAX_TYPES
from blockstudio.graph.migrations import FORMAT_VERSION
from blockstudio.graph.names import MAX_NAME, MAX_TITLE

Schema = dict[str, object]

_EXPRESSION: Schema = {"type": "string", "maxLength": MAX_LENGTH}
_POINT: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_LENGTHS = {"pair": (2,), "padding": (2, 4), "shape": (1, 3)}
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*(\.(0|[1-9][0-9]*|[A-Za-z_][A-Za-z0-9_]*))*$"
_TYPE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_END = r"[A-Za-z_][A-Za-z0-9_.]*(:[A-Za-z0-9_.]+)?"


def schema() -> Schema:
    """JSON Schema (draft 2020-12) of a ``*.blocks.json`` file. It knows each block type's parameters with their
    kinds, limits and help; what only the whole diagram can tell (names, ports, nesting) it leaves to loading."""
    texts: Schema = {"type": "string", "maxLength": 20_000}
    wire: Schema = {"type": "string", "pattern": rf"^\s*{_END}\s*->\s*{_END}\s*$"}
    graph: Schema = {
        "description": texts,
        "parameters": {"type": "object", "additionalProperties": {"$ref": "#/$defs/declaration"}},
        "blocks": {
            "type": "object",
            "maxProperties": MAX_BLOCKS,
            "propertyNames": {"pattern": _NAME, "maxLength": MAX_NAME},
            "additionalProperties": {"$ref": "#/$defs/block"},
        },
        "wires": {
            "type": "array",
            "maxItems": MAX_WIRES,
            "items": wire,
        },
        "routes": {
            "description": "Points that wires are led through, by wire, from its source on.",
            "type": "object",
            "propertyNames": wire,
            "additionalProperties": {"type": "array", "minItems": 1, "maxItems": MAX_POINTS, "items": _POINT},
        },
        "frames": _annotations("Titled rectangles around blocks.", "frame"),
        "notes": _annotations("Texts on the drawing.", "note"),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Block Studio diagram",
        "type": "object",
        "required": ["format", "version"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": "blockstudio"},
            "version": {"const": FORMAT_VERSION},
            "name": {"type": "string", "maxLength": 200},
            "about": {"type": "object", "maxProperties": 200, "additionalProperties": texts},
            "types": {
                "description": "Block types of other packages, with the package that brings each.",
                "type": "object",
                "maxProperties": MAX_TYPES,
                "propertyNames": {"pattern": _TYPE, "maxLength": MAX_NAME},
                "additionalProperties": _origin(),
            },
            **graph,
            "modules": {
                "type": "object",
                "maxProperties": MAX_MODULES,
                "additionalProperties": {"type": "object", "additionalProperties": False, "properties": graph},
            },
        },
        "$defs": {"block": _block(), "declaration": _declaration(), "frame": _frame(), "note": _note(), **_types()},
    }


def _annotations(about: str, kind: str) -> Schema:
    return {
        "description": about,
        "type": "object",
        "maxProperties": MAX_NOTES,
        "propertyNames": {"pattern": _TYPE, "maxLength": MAX_NAME},
        "additionalProperties": {"$ref": f"#/$defs/{kind}"},
    }


def _frame() -> Schema:
    margin: Schema = {"type": "number", "minimum": 0, "maximum": MAX_MARGIN}
    return {
        "type": "object",
        "required": ["blocks"],
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string", "maxLength": MAX_TITLE},
            "colour": {"enum": list(COLOURS)},
            "blocks": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MAX_BLOCKS},
            "margins": {"type": "array", "items": margin, "minItems": 4, "maxItems": 4},
        },
    }


def _note() -> Schema:
    return {
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {
            "text": {"description": "Markdown.", "type": "string", "maxLength": 20_000},
            "at": {"description": "Upper left corner.", **_POINT},
            "width": {"type": "number", "minimum": NARROW, "maximum": WIDE},
            "colour": {"enum": list(COLOURS)},
        },
    }


def _origin() -> Schema:
    package = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    ports: Schema = {"type": "array", "items": {"type": "string", "pattern": _TYPE, "maxLength": MAX_NAME}}
    return {
        "type": "object",
        "required": ["package"],
        "additionalProperties": False,
        "properties": {
            "package": {
                "type": "string",
                "pattern": package,
                "maxLength": MAX_NAME,
            },
            "inputs": {**ports, "default": ["in"]},
            "outputs": {**ports, "default": ["out"]},
            "variadic": {"type": "boolean", "default": False},
        },
    }


def _block() -> Schema:
    return {
        "type": "object",
        "required": ["type"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string", "examples": list(CATALOGUE)},
            "parameters": {"type": "object"},
            "repeat": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_REPEAT}, _EXPRESSION]},
            "bypass": {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
            "at": _POINT,
            "pinned": {"type": "boolean"},
            "note": {"type": "string", "maxLength": 20_000},
        },
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}},
                "then": {"properties": {"parameters": {"$ref": f"#/$defs/{name}"}}},
            }
            for name in CATALOGUE
        ],
    }


def _types() -> dict[str, Schema]:
    return {
        name: {
            "description": kind.help,
            "type": "object",
            "additionalProperties": False,
            "properties": {key: _value(parameter) for key, parameter in kind.parameters.items()},
        }
        for name, kind in CATALOGUE.items()
    }


def _value(parameter: Parameter) -> Schema:
    """A value of this parameter, or an expression for one."""
    default = parameter.default
    about: Schema = {"description": parameter.help, "default": list(default) if isinstance(default, tuple) else default}
    if parameter.kind == "text":
        return {"type": "string", **about}
    kinds = {"bool": "boolean", "float": "number", "choice": "string"}
    number: Schema = {"type": kinds.get(parameter.kind, "integer")}
    if parameter.kind not in ("bool", "choice"):
        for key in ("minimum", "maximum"):
            if (limit := getattr(parameter, key)) is not None:
                number[key] = limit
    options: list[Schema] = [{**_EXPRESSION, "examples": list(parameter.words)} if parameter.words else _EXPRESSION]
    if parameter.kind != "choice":
        options.insert(0, number)
    if parameter.kind in _LENGTHS:
        item: Schema = {"anyOf": [number, _EXPRESSION]}
        lengths = _LENGTHS[parameter.kind]
        options += [{"type": "array", "items": item, "minItems": size, "maxItems": size} for size in lengths]
    return {"anyOf": options, **about}


def _declaration() -> Schema:
    limit: Schema = {"type": ["number", "null"]}
    value: Schema = {"type": ["number", "boolean", "string", "array"]}
    return {
        "anyOf": [
            value,
            {
                "type": "object",
                "required": ["kind", "default"],
                "additionalProperties": False,
                "properties": {
                    "kind": {"enum": ["int", "float", "bool", "choice", "text", "pair", "padding", "shape"]},
                    "default": value,
                    "minimum": limit,
                    "maximum": limit,
                    "choices": {"type": "array", "items": {"type": "string", "maxLength": 100}},
                    "help": {"type": "string", "maxLength": 2_000},
                },
            },
        ]
    }
