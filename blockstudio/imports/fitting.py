"""Numbers that differ from use to use as expressions over what a module knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Vector: TypeAlias = tuple[Any, ...]
"""One value a use; ``None`` where it does not matter."""

FACTORS = (2, 3, 4, 5, 6, 8, 16, 32)


def agrees(found: Vector, wanted: Vector) -> bool:
    """Whether the values are right wherever they matter."""
    pairs = zip(found, wanted, strict=True)
    return all(want is None or (type(have) is type(want) and have == want) for have, want in pairs)


def expression(wanted: Vector, scope: Mapping[str, Vector]) -> str | None:
    """An expression over the names of ``scope`` that gives ``wanted``; ``None`` if no simple one does."""
    if not all(value is None or type(value) is int for value in wanted):
        return next((name for name, values in scope.items() if agrees(values, wanted)), None)
    return next((text for text, values in _candidates(scope) if agrees(values, wanted)), None)


def _candidates(scope: Mapping[str, Vector]) -> Iterator[tuple[str, Vector]]:
    numbers = {
        name: values for name, values in scope.items() if all(value is None or type(value) is int for value in values)
    }
    yield from numbers.items()
    for name, values in numbers.items():
        for factor in FACTORS:
            yield f"{factor} * {name}", _each(values, lambda value, by=factor: value * by)
            yield f"{name} // {factor}", _each(values, lambda value, by=factor: value // by)
    for name, values in numbers.items():
        if len({*values} - {None}) > 2:
            for other, others in numbers.items():
                if other > name and len({*others} - {None}) > 1:
                    yield (
                        f"{name} * {other}",
                        tuple(
                            None if one is None or two is None else one * two
                            for one, two in zip(values, others, strict=True)
                        ),
                    )


def _each(values: Vector, change: Any) -> Vector:
    return tuple(None if value is None else change(value) for value in values)


def condition(wanted: Sequence[bool], scope: Mapping[str, Vector], kept: Sequence[str]) -> str | None:
    """An expression that is true where ``wanted`` says: that a block is off. ``kept`` are expressions for the channels
    that would come out of it."""
    found: list[tuple[str, list[bool]]] = []
    for name, values in scope.items():
        if any(value is None for value in values):
            continue
        if all(isinstance(value, bool) for value in values):
            found += [(f"not {name}", [not value for value in values]), (name, list(values))]
        elif all(isinstance(value, int) for value in values):
            found.append((f"{name} == 1", [value == 1 for value in values]))
            found.append((f"{name} != 1", [value != 1 for value in values]))
    same = [(f"in_channels == {text}", agree) for text, agree in _equal("in_channels", kept, scope)]
    steps = [item for item in found if item[0].startswith("stride")]
    both = [
        (f"{one} and {other}", [a and b for a, b in zip(first, second, strict=True)])
        for one, first in same
        for other, second in steps
        if other.endswith("== 1")
    ]
    either = [(text.replace("==", "!=").replace(" and ", " or "), [not value for value in row]) for text, row in both]
    unlike = [(text.replace("==", "!="), [not value for value in values]) for text, values in same]
    options = [*both, *same, *either, *unlike, *found]
    return next((text for text, values in options if list(values) == list(wanted)), None)


def _equal(name: str, texts: Sequence[str], scope: Mapping[str, Vector]) -> Iterator[tuple[str, list[bool]]]:
    if name not in scope:
        return
    for text in texts:
        values = dict(_candidates(scope)).get(text) or scope.get(text)
        if values is not None and text != name and None not in values:
            yield text, [a == b for a, b in zip(scope[name], values, strict=True)]


def along(row: Sequence[Any]) -> tuple[str, tuple[Any, ...]] | None:
    """How a value runs along the copies of a chain: the kind of series and its numbers. ``None`` for no simple one."""
    first, rest = row[0], row[1:]
    if all(value == first and type(value) is type(first) for value in rest):
        return "same", (first,)
    if all(value == rest[0] and type(value) is type(rest[0]) for value in rest):
        return "first", (first, rest[0])
    if all(value == first for value in row[:-1]):
        return "last", (first, row[-1])
    if all(type(value) is float for value in row):
        return _ramp(row)
    if all(type(value) is int for value in row) and len(row) > 2:
        step = row[1] - first
        if all(value == first + step * index for index, value in enumerate(row)):
            return "steps", (first, step)
    return None


def _ramp(row: Sequence[float]) -> tuple[str, tuple[Any, ...]] | None:
    """``most * (i + start) / total``: how a rate of dropping grows with depth."""
    for total in range(1, 400):
        step = (row[-1] - row[0]) / (len(row) - 1) * total
        for most in (round(step, 6), round(step, 3)):
            if not most:
                continue
            start = round(row[0] * total / most)
            if all(value == most * (index + start) / total for index, value in enumerate(row)):
                return "ramp", (most, start, total)
    return None
