"""Blocks that the user has put somewhere, set in order: on one line, at equal gaps, under one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from blockstudio.graph.contents import Contents
from blockstudio.layout.box import Size
from blockstudio.layout.flow import turned_places

Place = tuple[float, float]
Edge = Literal["left", "centre", "right", "top", "middle", "bottom"]
Axis = Literal["across", "down"]
EDGES: Mapping[Edge, tuple[int, float]] = {
    "left": (0, -0.5), "centre": (0, 0.0), "right": (0, 0.5), "top": (1, -0.5), "middle": (1, 0.0), "bottom": (1, 0.5),
}  # fmt: skip
"""Of each: the axis, and where on a card it lies, in parts of its size from the middle."""


def aligned(places: Mapping[str, Place], sizes: Mapping[str, Size], edge: Edge) -> dict[str, Place]:
    """New centres of cards that come to lie on one line: left, right, upper and lower edges on the outermost, middles
    on the middle of all. Only what moves is in it. ``places``: centres; ``sizes``: widths and heights."""
    axis, part = EDGES[edge]
    at = {name: place[axis] + part * sizes[name][axis] for name, place in places.items()}
    if not at:
        return {}
    line = min(at.values()) if part < 0 else max(at.values()) if part > 0 else (min(at.values()) + max(at.values())) / 2
    return _moved(places, {name: line - part * sizes[name][axis] for name in places}, axis)


def distributed(places: Mapping[str, Place], sizes: Mapping[str, Size], axis: Axis) -> dict[str, Place]:
    """New centres of cards with equal gaps between them: the outermost stay. Only what moves is in it."""
    index = 0 if axis == "across" else 1
    order = sorted(places, key=lambda name: (places[name][index], name))
    if len(order) < 3:
        return {}
    first, last = order[0], order[-1]
    start = places[first][index] - sizes[first][index] / 2
    end = places[last][index] + sizes[last][index] / 2
    gap = (end - start - sum(sizes[name][index] for name in order)) / (len(order) - 1)
    found, edge = {}, start
    for name in order:
        found[name] = edge + sizes[name][index] / 2
        edge += sizes[name][index] + gap
    return _moved(places, found, index)


def straightened(
    diagram: Contents,
    scope: str,
    places: Mapping[str, Place],
    sizes: Mapping[str, Size],
    names: Iterable[str],
    right: bool = False,
) -> dict[str, Place]:
    """New centres of blocks among ``names`` that stand under what feeds them (beside it, where the signal goes to the
    ``right``), so that the wire between the two is straight: where one alone is read by the other alone. What is pinned
    or would come to lie on another card stays. Only what moves is in it."""
    definition = diagram.definition(scope)
    places, sizes = turned_places(places, right), turned_places(sizes, right)
    chosen = [name for name in dict.fromkeys(names) if name in places and not definition.block(name).pinned]
    now, moved = dict(places), {}
    for name in sorted(chosen, key=lambda each: places[each][1]):
        into = definition.wires_into(name)
        above = into[0].source if len(into) == 1 else ""
        if above not in now or len(definition.wires_from(above)) != 1 or now[above][1] >= now[name][1]:
            continue
        at = (now[above][0], now[name][1])
        if at != now[name] and not _covers(name, at, now, sizes):
            now[name] = moved[name] = at
    return turned_places(moved, right)


def _covers(name: str, at: Place, places: Mapping[str, Place], sizes: Mapping[str, Size]) -> bool:
    width, height = sizes[name]
    return any(
        abs(at[0] - x) < (width + sizes[other][0]) / 2 and abs(at[1] - y) < (height + sizes[other][1]) / 2
        for other, (x, y) in places.items()
        if other != name and other in sizes
    )


def _moved(places: Mapping[str, Place], values: Mapping[str, float], axis: int) -> dict[str, Place]:
    found = {}
    for name, value in values.items():
        x, y = places[name]
        at = (round(value, 2), y) if axis == 0 else (x, round(value, 2))
        if at != (x, y):
            found[name] = at
    return found
