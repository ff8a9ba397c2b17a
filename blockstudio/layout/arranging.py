"""A level laid out anew at the user's word: all of it or what is selected, in columns, pinned blocks where they are.
Plain data in and out, so that it can run away from the window."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.graph.diagram import Diagram
from blockstudio.layout import arrangement, place
from blockstudio.layout.box import Size
from blockstudio.layout.columns import Columns, Place
from blockstudio.layout.flow import turned, turned_places
from blockstudio.layout.room import Standing, rect_at


@dataclass(frozen=True)
class Task:
    """What is to be laid out: the arguments of `place`, and what the user wants."""

    names: Sequence[str]
    edges: Sequence[tuple[int, int]]
    sizes: Sequence[Size]
    inputs: Sequence[int]
    outputs: Sequence[int]
    ports: Sequence[float]
    now: Mapping[str, Place]
    """Where blocks stand, those that are not to be laid out included."""
    pinned: Collection[str]
    around: Mapping[str, Size]
    """The cards of the blocks that stay."""
    columns: int | None = 1
    """In so many columns; ``None``: as fits the room."""
    room: Size | None = None
    right: bool = False
    """From left to right: all places and sizes here are then turned, as those of a drawing that runs down."""


def task(
    diagram: Diagram,
    scope: str,
    sizes: Mapping[str, Size],
    now: Mapping[str, Place],
    chosen: Collection[str] = (),
    columns: int | None = 1,
    room: Size | None = None,
    right: bool = False,
) -> Task:
    """The task of laying out a level, or the blocks ``chosen`` of it. ``now``: where each block stands; ``right``: from
    left to right."""
    definition = diagram.definition(scope)
    names, edges, cards, inputs, outputs, ports = arrangement(diagram, scope, sizes, right)
    room = turned(room) if right and room is not None else room
    pinned = {name for name, block in definition.blocks() if block.pinned and name in now}
    stay: dict[str, Size] = {}
    if chosen:
        kept = [index for index, name in enumerate(names) if name in chosen and name not in pinned]
        local = {index: row for row, index in enumerate(kept)}
        stay = {name: cards[index] for index, name in enumerate(names) if index not in local}
        there = [(edge, port) for edge, port in zip(edges, ports, strict=True) if edge[0] in local and edge[1] in local]
        edges, ports = [(local[u], local[v]) for (u, v), _ in there], [port for _, port in there]
        names, cards = [names[index] for index in kept], [cards[index] for index in kept]
        types = {name: definition.block(name).type for name in names}
        inputs, outputs = ([row for row, name in enumerate(names) if types[name] == kind] for kind in (INPUT, OUTPUT))
        columns = 1
    return Task(
        names, edges, cards, inputs, outputs, ports, turned_places(now, right), pinned, stay, columns, room, right
    )


def rearranged(given: Task) -> dict[str, Place]:
    """New centres of the blocks that are to be laid out and are not pinned.

    What is chosen stays about where it is, beside what stands there. With pinned blocks the rest is laid out so that
    the first of them stands where it is; nothing covers a pinned block.
    """
    return turned_places(_rearranged(given), given.right)


def _rearranged(given: Task) -> dict[str, Place]:
    found = place(given.names, given.edges, given.sizes, given.inputs, given.outputs, given.ports)
    if not found:
        return {}
    cards = dict(zip(given.names, given.sizes, strict=True))
    wires = [(given.names[u], given.names[v]) for u, v in given.edges]
    columns = Columns(found, cards, wires)
    if given.columns is not None:
        cuts = columns.into(min(given.columns, len(columns.cuts) + 1))
    else:
        cuts = columns.for_room(*given.room) if given.room is not None else []
    found = columns.folded(cuts)
    if given.around:
        return _beside(given, found, cards)
    return _around(given, found, cards)


def _beside(given: Task, found: dict[str, Place], cards: Mapping[str, Size]) -> dict[str, Place]:
    """What is chosen, its upper edge and middle where they were, moved aside if something stands there."""
    before = _bounds({name: given.now[name] for name in found if name in given.now}, cards)
    after = _bounds(found, cards)
    dx, dy = (before[0] + before[2] - after[0] - after[2]) / 2, before[1] - after[1]
    moved = {name: (x + dx, y + dy) for name, (x, y) in found.items()}
    stay = Standing({name: given.now[name] for name in given.around if name in given.now}, given.around)
    dx, dy = stay.free_shift([rect_at(at, cards[name]) for name, at in moved.items()])
    return {name: (round(x + dx, 2), round(y + dy, 2)) for name, (x, y) in moved.items()}


def _around(given: Task, found: dict[str, Place], cards: Mapping[str, Size]) -> dict[str, Place]:
    """The whole level, pinned blocks where they are."""
    fixed = {name: given.now[name] for name in found if name in given.pinned}
    if not fixed:
        return found
    first = next(iter(fixed))
    dx, dy = (fixed[first][axis] - found[first][axis] for axis in (0, 1))
    found = {name: (x + dx, y + dy) for name, (x, y) in found.items() if name not in fixed}
    standing = Standing(fixed, cards)
    for name, at in found.items():
        free = standing.free_place(at, cards[name])
        if free != at:
            # Not on those either that are laid out already.
            free = Standing({**found, **fixed}, cards).free_place(at, cards[name])
            found[name] = free
    return found


def _bounds(places: Mapping[str, Place], cards: Mapping[str, Size]) -> tuple[float, float, float, float]:
    rects = [rect_at(at, cards[name]) for name, at in places.items()]
    left, top, right, bottom = (list(side) for side in zip(*rects, strict=True))
    return min(left), min(top), max(right), max(bottom)
