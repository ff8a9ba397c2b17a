"""Places for blocks that have none in the document: for a whole level by layout, for a newcomer beside its
neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blockstudio.graph.diagram import Definition
from blockstudio.gui.canvas.scene.geometry import Geometry
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, CARD_WIDTH, GRID

AT_ONCE = 150
"""Up to this many blocks a layout is far below 50 ms."""
STEP_X, STEP_Y = CARD_WIDTH + 32, CARD_HEIGHT + 56

NEAR = 1600.0
"""So far around a block it is looked for a place beside it."""

Place = tuple[float, float]


def snap(value: float) -> float:
    """The nearest multiple of the grid."""
    return float(round(value / GRID) * GRID)


def rough(definition: Definition) -> dict[str, Place]:
    """Every block below those that feed it, in rows: what stands there until a layout has been computed."""
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
    return {
        name: (snap((index - (len(names) - 1) / 2) * STEP_X), float(row * STEP_Y))
        for row, names in rows.items()
        for index, name in enumerate(names)
    }


def settle(drawing: Geometry, name: str) -> Place:
    """A free place for a new block: between those it is wired to, below what feeds it, else beside the drawing."""
    definition = drawing.definition
    above = [drawing.rect(wire.source) for wire in definition.wires_into(name) if wire.source in drawing.rows]
    below = [drawing.rect(wire.target) for wire in definition.wires_from(name) if wire.target in drawing.rows]
    both = [*above, *below]
    if not both:
        bounds = drawing.bounds
        wanted = (0.0, 0.0) if bounds.isEmpty() else (bounds.center().x(), bounds.bottom() + STEP_Y - CARD_HEIGHT / 2)
    else:
        x = sum(rect.center().x() for rect in both) / len(both)
        if above and below:
            y = (max(rect.bottom() for rect in above) + min(rect.top() for rect in below)) / 2
        elif above:
            y = max(rect.bottom() for rect in above) + STEP_Y - CARD_HEIGHT / 2
        else:
            y = min(rect.top() for rect in below) - STEP_Y + CARD_HEIGHT / 2
        wanted = (x, y)
    return free_place(drawing, wanted)


def free_place(drawing: Geometry, wanted: Place, width: float = CARD_WIDTH, taken: Sequence[Place] = ()) -> Place:
    """The place nearest to ``wanted`` where a card covers no other, looking sideways first; in the document's
    coordinates. ``taken``: centres of further cards to come."""
    x0, y0 = drawing.origin
    others = np.array(taken, dtype=float).reshape(len(taken), 2)
    half = np.array((CARD_WIDTH / 2, CARD_HEIGHT / 2))
    boxes = np.vstack((drawing.boxes - (x0, y0, x0, y0), np.hstack((others - half, others + half))))
    x, y = snap(wanted[0]), snap(wanted[1])
    tries = [(column * (STEP_X / 2), row * (STEP_Y / 2)) for row in range(-4, 5) for column in range(-8, 9)]
    for dx, dy in sorted(tries, key=lambda step: abs(step[0]) + 2 * abs(step[1])):
        at = snap(x + dx), snap(y + dy)
        left, top = at[0] - width / 2 - GRID, at[1] - CARD_HEIGHT / 2 - GRID
        right, bottom = at[0] + width / 2 + GRID, at[1] + CARD_HEIGHT / 2 + GRID
        hit = (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
        if not np.any(hit):
            return at
    return x, y


def beside(drawing: Geometry, sources: Sequence[str], size: tuple[float, float]) -> Place:
    """Where a block goes that reads others: under the one, on a lane of its own beside its other readers; below
    several, in their middle. Without any, below the drawing. In the document's coordinates."""
    from blockstudio.layout.room import Standing  # loads the layout engine: only for those who ask for it

    there = [name for name in sources if name in drawing.rows]
    x0, y0 = drawing.origin
    if len(there) == 1:
        definition = drawing.definition
        near = drawing.rect(there[0]).adjusted(-NEAR, -NEAR, NEAR, NEAR)
        rects = {drawing.names[row]: drawing.rect(drawing.names[row]) for row in drawing.rows_in(near)}
        standing = Standing(
            {name: (rect.center().x() - x0, rect.center().y() - y0) for name, rect in rects.items()},
            {name: (rect.width(), rect.height()) for name, rect in rects.items()},
            ((wire.source, wire.target) for wire in definition.wires_from(there[0])),
        )
        return standing.below(there[0], size)
    if there:
        cards = [drawing.rect(name) for name in there]
        x = (min(card.left() for card in cards) + max(card.right() for card in cards)) / 2
        below = max(card.bottom() for card in cards) + STEP_Y - CARD_HEIGHT / 2
        return free_place(drawing, (x - x0, below - y0), size[0])
    bounds = drawing.bounds
    if bounds.isEmpty():
        return 0.0, 0.0
    return free_place(drawing, (bounds.center().x() - x0, bounds.bottom() - y0 + STEP_Y - CARD_HEIGHT / 2), size[0])
