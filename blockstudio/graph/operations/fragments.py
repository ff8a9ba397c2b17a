"""Blocks on their own: what the clipboard holds.

A fragment is a small diagram. The names that its blocks take from where they stood are its parameters, with the values
that they had there, so that it means the same wherever it is read; and it is written in the file format, so that it is
read as carefully as a file and goes through a mail or a chat as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from blockstudio.blocks import Parameter, Value
from blockstudio.errors import StudioError
from blockstudio.graph.checks import check_declarations
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, inferred
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import literal
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.substitution import names_used

NAME = "fragment"
_DIAGRAM, _MODULE = "diagram", "module"
"""What a fragment's ``about`` says of its origin."""

Values = Mapping[str, Value | None]
"""What the names of a definition stand for in the view that the user has of it; ``None`` for what is not known."""


def fragment(
    diagram: Contents, scope: str, names: Iterable[str], values: Values | None = None, notes: Iterable[str] = ()
) -> Diagram:
    """The blocks ``names`` of ``scope`` in document order, the wires among them, the frames that hold no others, the
    modules they need, and what the names in their expressions stand for: ``values`` of the instance in view, by default
    the declared ones. ``notes``: those that come along.

    Raises `StudioError` ``diagram.block``.
    """
    source, found = diagram.definition(scope), Diagram(NAME)
    chosen = set(names)
    for name in chosen:
        source.block(name)
    found.about = {_DIAGRAM: diagram.name} | ({_MODULE: scope} if scope != MAIN else {})
    blocks = {name: block for name, block in source.blocks() if name in chosen}
    needed = _needed(diagram, [block.type for block in blocks.values()])
    found.modules = {name: diagram.modules[name].copy() for name in needed}
    for name, block in blocks.items():
        found.main.insert(name, block)
    for wire in source.wires():
        if wire.source in chosen and wire.target in chosen:
            found.main.join(wire, source.routes.get(wire, ()))
    found.main.write_frames({key: each for key, each in source.frames.items() if chosen.issuperset(each.blocks)})
    found.main.write_notes({key: source.notes[key] for key in notes if key in source.notes})
    known = defaults(diagram, scope) if values is None else values
    used: dict[str, None] = {}
    for block in blocks.values():
        used |= names_used(diagram, block)
    order = [*(name for name in source.parameters if name in used), *(n for n in used if n not in source.parameters)]
    declared = {name: _declaration(source.parameters.get(name), value) for name in order
                if (value := known.get(name)) is not None}  # fmt: skip
    check_declarations(declared, in_module=False)
    found.main.parameters = declared
    return found


def to_text(found: Diagram) -> str:
    """A fragment as text, the file format's."""
    return dumps(found)


def from_text(text: str) -> Diagram:
    """A fragment, or any diagram, from text. Raises `StudioError` for what is none."""
    return loads(text, "clipboard")


def is_from(found: Contents, diagram: Contents, scope: str) -> bool:
    """Whether a fragment was taken from this very module, so that its names mean what they mean there."""
    return scope != MAIN and (found.about.get(_DIAGRAM), found.about.get(_MODULE)) == (diagram.name, scope)


def defaults(diagram: Contents, scope: str) -> dict[str, Value | None]:
    """The declared values of a definition's parameters."""
    return {
        name: parameter.check(parameter.default) for name, parameter in diagram.definition(scope).parameters.items()
    }


def _declaration(parameter: Parameter | None, value: Value) -> Parameter:
    """A declaration like ``parameter`` whose default is ``value``."""
    raw = literal(value)
    if parameter is not None:
        try:
            if parameter.check(raw) == value:
                return msgspec.structs.replace(parameter, default=raw)
        except StudioError:  # a value beyond its limits, which the instance in view has all the same
            pass
    return inferred(raw)


def _needed(diagram: Contents, types: Iterable[str]) -> list[str]:
    """The modules that blocks of these types need, in document order."""
    seen: set[str] = set()
    waiting = [name for name in types if name in diagram.modules]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [kind for kind in diagram.modules[name].types() if kind in diagram.modules]
    return [name for name in diagram.modules if name in seen]
