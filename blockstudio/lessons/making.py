"""Directives of a lesson as a diagram: open, new, and edits. What is wrong is told with the lesson's file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram, suggestion
from blockstudio.graph.edits import AddWire, RemoveBlock, RemoveWire
from blockstudio.graph.format import SUFFIX, load
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.presets import open_diagram, preset_names, set_values
from blockstudio.lessons.lesson import Directive, Lesson
from blockstudio.lessons.reading import BUILDS
from blockstudio.text import say

CIRCLE = "lesson.circle"
MAX_DEEP = 8
"""Diagrams of a lesson that are made from one another."""
_TOKEN = re.compile(r'[^\s\[\]"]*(?:\[[^\]]*\]|"[^"]*")?[^\s\[\]"]*')
_KEY = re.compile(r"[A-Za-z_]\w*")


class Made:
    """A diagram while it is made, with the blocks into which a fault was planted."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.scope = MAIN
        self.planted: list[str] = []


def tokens(rest: str) -> list[str]:
    """Words, where what stands in brackets or quotes is one."""
    return [token for token in _TOKEN.findall(rest) if token]


def build(lesson: Lesson, directives: Iterable[Directive], deep: int = 0) -> Made | None:
    """The diagram that directives make, each line after the other; ``None`` if they make none.

    Raises:
        StudioError: What is wrong, at the file and line of the directive.
    """
    made: Made | None = None
    for directive in directives:
        if directive.word not in BUILDS:
            continue
        place = lesson.place(directive.line)
        try:
            if directive.word in ("open", "new"):
                made = _begin(lesson, directive, deep)
                continue
            if made is None:
                raise StudioError(
                    "lesson.directive", say("'{word}' has no drawing to change.", word=directive.word),
                    hint=say("Begin with 'open PRESET' or 'new TITLE'."),
                )  # fmt: skip
            _EDITS[directive.word](made, tokens(directive.rest), directive)
        except StudioError as error:
            if error.code == CIRCLE:  # told once, not at each turn
                raise
            where = f"{place}: {error.where}" if error.where else place
            raise error.at(where) from None
        except (ValueError, KeyError, IndexError):
            raise StudioError(
                "lesson.directive", say("'{word} {rest}' is not complete.", word=directive.word, rest=directive.rest),
                where=place, hint=say("See docs/lessons.md for what stands behind each word."),
            ) from None  # fmt: skip
    if made is not None:
        made.diagram.history.clear()
    return made


def named(lesson: Lesson, spec: str, deep: int = 0) -> Diagram:
    """A diagram by what `open` takes: ``cifar_resnet n=9``, or one of the lesson's own. Raises `StudioError`."""
    name, *given = tokens(spec) or [""]
    if name in lesson.diagrams:
        if deep > MAX_DEEP:
            where = lesson.place(lesson.diagrams[name][0].line)
            text = say("the diagrams of this lesson go round in a circle, through '{name}'.", name=name)
            raise StudioError(CIRCLE, text, where=where)
        made = build(lesson, lesson.diagrams[name], deep + 1)
        if made is None:
            raise StudioError("lesson.diagram", say("this block makes no diagram."), where=name)
        diagram = copy_diagram(made.diagram)
        set_values(diagram, values_of(given))
        return diagram
    if name.endswith(SUFFIX):  # the author's own, never a file from elsewhere
        diagram = load(lesson.beside(name))
        set_values(diagram, values_of(given))
        return diagram
    if name not in preset_names():
        near = suggestion(name, [*preset_names(), *lesson.diagrams])
        raise StudioError(
            "preset.unknown", say("there is no preset and no diagram '{name}'.", name=name[:80]), hint=near
        )
    return open_diagram(name, **values_of(given))


def values_of(pairs: Iterable[str]) -> dict[str, RawValue]:
    """``n=9 shape=[3,32,32]`` as values. Raises `StudioError` ``lesson.directive``."""
    found: dict[str, RawValue] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not _KEY.fullmatch(key):
            raise StudioError("lesson.directive", say("'{pair}' is not NAME=VALUE.", pair=pair[:60]))
        try:
            found[key] = json.loads(text.lower() if text in ("True", "False") else text)
        except (ValueError, RecursionError):
            found[key] = text
    return found


def _begin(lesson: Lesson, directive: Directive, deep: int) -> Made:
    if directive.word == "new":
        return Made(Diagram(directive.rest or "untitled"))
    return Made(named(lesson, directive.rest, deep))


def _add(made: Made, words: list[str], directive: Directive) -> None:
    """``add NAME TYPE [key=value …] [after BLOCK[:port] …]``"""
    after = words[words.index("after") + 1 :] if "after" in words else []
    name, kind, *given = words[: words.index("after")] if "after" in words else words
    made.diagram.add(kind, name, scope=made.scope, parameters=values_of(given))
    for source in after:
        made.diagram.connect(source, name, scope=made.scope)
    _note(made, name, directive)


def _wire(made: Made, words: list[str], directive: Directive) -> None:
    """``wire A[:port] -> B[:port]``"""
    source, arrow, target = words
    if arrow != "->":
        raise ValueError
    made.diagram.connect(source, target, scope=made.scope)
    _note(made, target.partition(":")[0], directive)


def _cut(made: Made, words: list[str], directive: Directive) -> None:
    """``cut A -> B``: every wire from one to the other."""
    source, arrow, target = words
    wires = [each for each in made.diagram.definition(made.scope).wires_from(source) if each.target == target]
    if arrow != "->" or not wires:
        raise ValueError
    made.diagram.edit("Cut", [RemoveWire(scope=made.scope, wire=wire) for wire in wires])
    _note(made, target, directive)


def _remove(made: Made, words: list[str], directive: Directive) -> None:
    """``remove NAME … [through]``: with its wires; ``through``: what fed it then feeds what it fed."""
    definition = made.diagram.definition(made.scope)
    through = words[-1] == "through"
    for name in words[:-1] if through else words:
        into, out = definition.wires_into(name), definition.wires_from(name)
        edits: list[Any] = [RemoveWire(scope=made.scope, wire=wire) for wire in (*into, *out)]
        edits.append(RemoveBlock(scope=made.scope, name=name))
        if through:
            first = into[0]
            edits += [
                AddWire(scope=made.scope, wire=wire._replace(source=first.source, source_port=first.source_port))
                for wire in out
            ]
            for wire in out:
                _note(made, wire.target, directive)
        made.diagram.edit("Remove", edits)


def _set(made: Made, words: list[str], directive: Directive) -> None:
    """``set NAME key=value …``; the name ``@``: the diagram's or module's own parameters."""
    name, *given = words
    made.diagram.set("" if name == "@" else name, scope=made.scope, parameters=values_of(given))
    _note(made, name, directive)


def _bypass(made: Made, words: list[str], directive: Directive) -> None:
    for name in words:
        made.diagram.bypass(name, scope=made.scope)
        _note(made, name, directive)


def _rename(made: Made, words: list[str], directive: Directive) -> None:
    name, to = words
    made.diagram.rename(name, to, scope=made.scope)


def _scope(made: Made, words: list[str], directive: Directive) -> None:
    """``scope MODULE``; alone: back to the main graph."""
    made.scope = words[0] if words else MAIN
    made.diagram.definition(made.scope)


def _note(made: Made, name: str, directive: Directive) -> None:
    if directive.planted and name not in made.planted:
        made.planted.append(name)


_EDITS: dict[str, Callable[[Made, list[str], Directive], None]] = {
    "add": _add, "wire": _wire, "cut": _cut, "remove": _remove, "set": _set, "bypass": _bypass, "rename": _rename,
    "scope": _scope,
}  # fmt: skip
