"""A number out of an answer: a way through names and lists, and what is made of several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

TAKES = ("mean", "median", "least", "most", "peak")
"""``peak``: the place of the largest, from 0."""


def picked(answer: Any, way: str, leave: Sequence[str] = (), over: str = "") -> float | None:
    """A number out of an answer.

    Args:
        answer: Mappings and lists, as JSON gives them.
        way: Names with ``/`` between them; a number is a place in a list, from the end where it is negative; ``*``
            stands for all of a level, and a list at the end for its numbers.
        leave: Names that a ``*`` leaves out.
        over: One of `TAKES`; without, the mean.

    Returns:
        The number; ``None`` where nothing stands there.

    Example:
        >>> picked({"without": {"a": {"loss": 1.0}, "b": {"loss": 3.0}}}, "without/*/loss", over="most")
        3.0
    """
    found = [answer]
    for name in way.split("/"):
        found = [value for each in found for value in _of(each, name, leave)]
    if len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    placed = {
        place: float(each) for place, each in enumerate(found) if isinstance(each, int | float) and math.isfinite(each)
    }
    if not placed:
        return None
    values = list(placed.values())
    match over:
        case "median":
            return median(values)
        case "least":
            return min(values)
        case "most":
            return max(values)
        case "peak":
            return float(max(placed, key=placed.__getitem__))
    return fmean(values)


def _of(each: Any, name: str, leave: Sequence[str]) -> list[Any]:
    if isinstance(each, Mapping):
        if name == "*":
            return [value for key, value in each.items() if key not in leave]
        return [each[name]] if name in each else []
    if isinstance(each, list):
        if name == "*":
            return list(each)
        place = int(name) if name.lstrip("-").isdigit() else len(each)
        return [each[place]] if -len(each) <= place < len(each) else []
    return []
