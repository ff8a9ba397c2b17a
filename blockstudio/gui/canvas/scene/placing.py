"""Places for blocks that have none in the document: for a whole level by layout, for a newcomer beside its
neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSizeF

from blockstudio.graph.diagram import Definition
from blockstudio.gui.canvas.scene.geometry import Geometry, Size
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, CARD_WIDTH, GRID
from blockstudio.gui.canvas.scene.routed import exchanged
from blockstudio.layout.flow import ALONG, turned, turned_places
from blockstudio.layout.opening import make_room

AT_ONCE = 150
"""Up to this many blocks a layout is far below 50 ms."""

LONG = 100.0
"""Of wires that go no further no more is in the way than their ends."""
NEAR = 1600.0
"""So far around a block it is looked for a place beside it."""

Place = tuple[float, float]


def snap(value: float) -> float:
    """The nearest multiple of the grid."""
    return float(round(value / GRID) * GRID)


def step(right: bool) -> tuple[float, float]:
    """From one card to the next, across and along the way the signal runs."""
    return (CARD_HEIGHT + 32, CARD_WIDTH + 56 + ALONG) if right else (CARD_WIDTH + 32, CARD_HEIGHT + 56)


def rough(definition: Definition, right: bool = False) -> dict[str, Place]:
    """Every block below those that feed it, or to the ``right`` of them, in rows: what stands there until a layout has
    been computed."""
    graph = definition.graph
    waiting = dict.fromkeys(graph, 0)
    after: dict[str, list[str]] = {name: [] for name in graph}
    for name, follower in graph.edges():
        waiting[follower] += 1
        after[name].append(follower)
    depth = dict.fromkeys(graph, 0)
    ready = [name for name, degree in waiting.items() if degree == 0]
    for name in ready:
        for follower in after[name]:
            depth[follower] = max(depth[follower], depth[name] + 1)
            waiting[follower] -= 1
            if waiting[follower] == 0:
                ready.append(follower)
    rows: dict[int, list[str]] = {}
    for name, row in depth.items():
        rows.setdefault(row, []).append(name)
    across, along = step(right)
    found = {
        name: (snap((index - (len(names) - 1) / 2) * across), float(row * along))
        for row, names in rows.items()
        for index, name in enumerate(names)
    }
    return turned_places(found, right)


def with_room(
    definition: Definition,
    places: Mapping[str, Place],
    cards: Mapping[str, Size],
    frames: Mapping[str, Size],
    right: bool,
) -> dict[str, Place]:
    """Places of a level with all modules shut, with room for the ``frames`` of those that are open."""
    # A block that has just gone, or has another name, may still have a place.
    names = [name for name in places if name in definition]
    index = {name: row for row, name in enumerate(names)}
    wires = [(index[w.source], index[w.target]) for w in definition.wires() if w.source in index and w.target in index]
    sizes = {**cards, **frames}
    centres = np.array([places[name] for name in names]).reshape(len(names), 2)
    card, size = (np.array([each[name] for name in names]).reshape(len(names), 2) for each in (cards, sizes))
    centres, card, size = (exchanged(each, right) for each in (centres, card, size))
    moved = exchanged(make_room(centres, card, size, wires), right)
    return {name: (x, y) for name, (x, y) in zip(names, moved.tolist(), strict=True)}


def shifted_to(places: Mapping[str, Place], like: Mapping[str, Place], right: bool) -> dict[str, Place]:
    """Places moved across the flow, all alike and on the grid, to where most of them stand in another drawing."""
    axis = 1 if right else 0
    apart = [like[name][axis] - at[axis] for name, at in places.items() if name in like]
    aside = snap(float(np.median(apart))) if apart else 0.0
    dx, dy = (0.0, aside) if right else (aside, 0.0)
    return {name: (x + dx, y + dy) for name, (x, y) in places.items()}


def settle(drawing: Geometry, name: str) -> Place:
    """A free place for a new block: between those it is wired to, behind what feeds it, else beside the drawing."""
    definition, right = drawing.definition, drawing.right
    above = [_turned(drawing.rect(wire.source), right) for wire in definition.wires_into(name)
             if wire.source in drawing.rows]  # fmt: skip
    below = [_turned(drawing.rect(wire.target), right) for wire in definition.wires_from(name)
             if wire.target in drawing.rows]  # fmt: skip
    both = [*above, *below]
    if not both:
        return free_place(drawing, _behind_all(drawing))
    x, away = sum(rect.center().x() for rect in both) / len(both), _away(right)
    if above and below:
        y = (max(rect.bottom() for rect in above) + min(rect.top() for rect in below)) / 2
    elif above:
        y = max(rect.bottom() for rect in above) + away
    else:
        y = min(rect.top() for rect in below) - away
    return free_place(drawing, (y, x) if right else (x, y))


def _turned(rect: QRectF, right: bool) -> QRectF:
    return QRectF(rect.top(), rect.left(), rect.height(), rect.width()) if right else rect


def _away(right: bool) -> float:
    """From the edge of a card to the middle of the next of its chain."""
    return step(right)[1] - (CARD_WIDTH if right else CARD_HEIGHT) / 2


def _behind_all(drawing: Geometry) -> Place:
    """Below the drawing, or to its right."""
    bounds = drawing.bounds
    if bounds.isEmpty():
        return 0.0, 0.0
    if drawing.right:
        return bounds.right() + _away(True), bounds.center().y()
    return bounds.center().x(), bounds.bottom() + _away(False)


def free_place(drawing: Geometry, wanted: Place, width: float = CARD_WIDTH, taken: Sequence[Place] = ()) -> Place:
    """The place nearest to ``wanted`` where a card covers no other, looking sideways first; in the document's
    coordinates. ``taken``: centres of further cards to come."""
    x0, y0 = drawing.origin
    others = np.array(taken, dtype=float).reshape(len(taken), 2)
    half = np.array((CARD_WIDTH / 2, CARD_HEIGHT / 2))
    boxes = np.vstack((drawing.boxes - (x0, y0, x0, y0), np.hstack((others - half, others + half))))
    x, y = snap(wanted[0]), snap(wanted[1])
    across, along = step(drawing.right)
    tries = [(column * (across / 2), row * (along / 2)) for row in range(-4, 5) for column in range(-8, 9)]
    for aside, on in sorted(tries, key=lambda each: abs(each[0]) + 2 * abs(each[1])):
        dx, dy = (on, aside) if drawing.right else (aside, on)
        at = snap(x + dx), snap(y + dy)
        left, top = at[0] - width / 2 - GRID, at[1] - CARD_HEIGHT / 2 - GRID
        right, bottom = at[0] + width / 2 + GRID, at[1] + CARD_HEIGHT / 2 + GRID
        hit = (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
        if not np.any(hit):
            return at
    return x, y


def _runs(drawing: Geometry, area: QRectF, source: str) -> Iterator[tuple[int, int, QRectF]]:
    """What long wires in an area run through, in pieces: no card is to be put on them. Without those of a block, which
    part for what comes."""
    for row in drawing.wires_in(area):
        curve = drawing.curves[row]
        if drawing.wires[row].source == source or max(abs(curve[6:] - curve[:2])) < LONG:
            continue
        path = drawing.path(drawing.wires[row])
        for index in range(1, pieces := 2 + int(path.length() / CARD_HEIGHT)):
            yield row, index, QRectF(path.pointAtPercent(index / pieces), QSizeF(1, 1))


def beside(drawing: Geometry, sources: Sequence[str], size: tuple[float, float]) -> Place:
    """Where a block goes that reads others: under the one (right of it, where the signal goes there), on a lane of its
    own beside its other readers; below several, in their middle. Without any, below the drawing. In the document's
    coordinates."""
    from blockstudio.layout.room import Standing  # loads the layout engine: only for those who ask for it

    there = [name for name in sources if name in drawing.rows]
    (x0, y0), right = drawing.origin, drawing.right
    if len(there) == 1:
        definition = drawing.definition
        near = drawing.rect(there[0]).adjusted(-NEAR, -NEAR, NEAR, NEAR)
        rects = {drawing.names[row]: drawing.rect(drawing.names[row]) for row in drawing.rows_in(near)}
        rects |= {f"wire {row}.{index}": part for row, index, part in _runs(drawing, near, there[0])}
        standing = Standing(
            turned_places({name: (rect.center().x() - x0, rect.center().y() - y0) for name, rect in rects.items()},
                          right),
            turned_places({name: (rect.width(), rect.height()) for name, rect in rects.items()}, right),
            ((wire.source, wire.target) for wire in definition.wires_from(there[0])),
            ALONG if right else 0.0,
        )  # fmt: skip
        found = standing.below(there[0], turned(size) if right else size)
        return turned(found) if right else found
    if there:
        cards = [_turned(drawing.rect(name), right) for name in there]
        middle = (min(card.left() for card in cards) + max(card.right() for card in cards)) / 2
        below = max(card.bottom() for card in cards) + _away(right)
        x, y = (below, middle) if right else (middle, below)
        return free_place(drawing, (x - x0, y - y0), size[0])
    if drawing.bounds.isEmpty():
        return 0.0, 0.0
    x, y = _behind_all(drawing)
    return free_place(drawing, (x - x0, y - y0), size[0])
