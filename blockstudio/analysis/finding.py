"""Blocks by what is known of them: name, type, shapes, parameters, notes, inside modules too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blockstudio.analysis.level import whole_shape
from blockstudio.analysis.report import Analysis
from blockstudio.analysis.rules import Result
from blockstudio.analysis.sheet import Sheet
from blockstudio.blocks import shape_text
from blockstudio.graph.definition import Block

_SIZES = re.compile(r"×|(?<=\d)\s*,\s*(?=\d)|(?<=\d)\s*\*\s*(?=\d)")
"""What stands between the sizes of a shape."""


@dataclass(frozen=True, slots=True)
class Found:
    """A block that fits what was looked for."""

    path: str
    """Its full path; of a repeated module's inside that of the first copy."""
    type: str
    shape: str
    """What comes out, ``64×56×56``; empty if that is not known."""
    matched: str
    """What fits beside name and type: ``stride=2``; empty if these did."""
    rank: int
    """The smaller the nearer."""


def find(analysis: Analysis, text: str, within: str = "") -> list[Found]:
    """The blocks that fit every word of ``text``, those that fit best first, then in document order.

    A word fits a part of a name or type; a whole number a parameter or a size of a shape; ``3x3``, ``64×56×56`` and
    ``(64, 56, 56)`` sizes written so; ``stride=2`` a parameter's value, ``stride=`` whatever it is; one of several
    words the module that a block lies in.

    Args:
        analysis: Of the diagram.
        text: Words, with blanks between them; none fits nothing.
        within: Of blocks that fit alike, those on the level of this path come first.
    """
    words = [word for each in _SIZES.sub("x", text.lower()).split() if (word := each.strip("()[],"))]
    found = []
    for path, name, block, result in _walk(analysis.main, "") if words else ():
        rank, matched = 0, ""
        facts: list[tuple[str, str]] | None = None
        for word in words:
            step = _by_name(word, name.lower(), path.lower(), block.type.lower())
            if step is None and len(words) > 1 and word in path.lower().split("."):
                step = 4  # where it lies narrows down what else is looked for
            if step is None:
                facts = _facts(block, result) if facts is None else facts
                hit = next((shown for key, shown in facts if _fits(word, key)), None)
                if hit is None:
                    break
                step, matched = 5, hit
            rank = max(rank, step)
        else:
            shape = whole_shape(next(iter(result.outputs), None))
            here = path.rpartition(name)[0].rstrip(".") == within
            known = shape_text(shape) if shape else ""
            found.append(Found(path, block.type, known, matched, 2 * rank + (not here)))
    return sorted(found, key=lambda each: each.rank)


def _walk(sheet: Sheet, prefix: str) -> Iterator[tuple[str, str, Block, Result]]:
    for name in sheet.plan.names:
        result = sheet.results[name]
        yield prefix + name, name, sheet.plan.items[name].block, result
        inside = result.copies[0].sub if result.copies else result.sub
        if inside is not None:
            yield from _walk(inside, f"{prefix}{name}.0." if result.copies else f"{prefix}{name}.")


def _by_name(word: str, name: str, path: str, kind: str) -> int | None:
    """How near a word comes to a block's name or type; numbers alone are sizes, not parts of ``conv64``."""
    if word in (name, path):
        return 0
    if word.isdecimal():
        return None
    if name.startswith(word):
        return 1
    if word in name or ("." in word and word in path):
        return 2
    if kind.startswith(word):
        return 3
    return 4 if word in kind else None


def _facts(block: Block, result: Result) -> list[tuple[str, str]]:
    """What else is known: in the form that words are held against, and as it is shown."""
    facts: list[tuple[str, str]] = []
    for key in {**result.values, **block.parameters}:
        for value in (result.values.get(key), block.parameters.get(key)):
            if value is not None:
                shown = _written(value)
                facts.append((f"{key}={shown}".lower(), f"{key}={shown}"))
    if block.repeat is not None:
        facts.append((f"repeat={block.repeat}".lower(), f"×{block.repeat}"))
    if result.bypassed:
        facts.append(("bypassed", "bypassed"))
    if block.note:
        facts.append((f"note={block.note}".lower(), block.note))
    for shape in map(whole_shape, (*result.outputs, *result.inputs)):
        if shape is not None:
            text = shape_text(shape)
            facts.append((text.replace("×", "x"), text))
    return facts


def _written(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _fits(word: str, fact: str) -> bool:
    key, equals, value = fact.partition("=")
    if not equals:
        return word in _parts(fact) or (word in fact and not word.isdecimal())
    wanted_key, asks, wanted = word.partition("=")
    if asks:
        return key.startswith(wanted_key) and (not wanted or _is_value(wanted, value))
    if word.isdecimal():
        return _is_value(word, value)
    return word in key or word == value or _is_value(word, value) or (key == "note" and word in value)


def _is_value(word: str, value: str) -> bool:
    """``3`` and ``3x3`` are both the value ``3x3``; a kernel of one number is written ``3x3`` as well."""
    parts = value.split("x")
    return word == value or (len(set(parts)) == 1 and word in (parts[0], f"{parts[0]}x{parts[0]}"))


def _parts(text: str) -> Iterable[str]:
    return (text, *text.split("x"))
