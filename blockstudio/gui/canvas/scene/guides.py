"""What a card that is moved falls into line with: straight wires, the middles of its neighbours, equal gaps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF

from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.overlay import Gap, Guides

REACH = 6.0
"""So near, in pixels of the screen, it snaps."""
AROUND = 900.0
"""Cards further away than this are no neighbours."""
PAST = 28.0
"""So far a line reaches past the cards it runs through."""
EVEN = 0.51
"""Lengths that differ by less are equal."""


class _Try(NamedTuple):
    """A place on one axis: how far the card would move to it, and what is then shown. Small ``rank`` first."""

    shift: float
    rank: int
    lines: tuple[QLineF, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Fall:
    """How far to move further, and what to show; an axis without a guide has ``None``."""

    dx: float | None
    dy: float | None
    guides: Guides


def fall_in(drawing: Drawing, names: Collection[str], box: QRectF, scale: float) -> Fall:
    """What a box (stage coordinates) that the blocks ``names`` would fill falls in line with. They themselves, and
    those far away, do not count."""
    reach = REACH / scale
    others = _others(drawing, names, box)
    across = [*_middles(others, box, 0), *_gaps(others, box, 0)]
    down = [*_middles(others, box, 1), *_gaps(others, box, 1)]
    (down if drawing.right else across).extend(_straight(drawing, names, box))
    best = [_best(tries, reach) for tries in (across, down)]
    shown = [each for each in best if each is not None]
    dx, dy = (each.shift if each is not None else None for each in best)
    lines = tuple(line for each in shown for line in each.lines)
    return Fall(dx, dy, Guides(lines, tuple(gap for each in shown for gap in each.gaps)))


def _best(tries: list[_Try], reach: float) -> _Try | None:
    near = [each for each in tries if abs(each.shift) <= reach]
    return min(near, key=lambda each: (round(abs(each.shift), 1), each.rank), default=None)


def _others(drawing: Drawing, names: Collection[str], box: QRectF) -> np.ndarray:
    """Boxes (left, top, right, bottom) of the neighbours."""
    rows = drawing.rows_in(box.adjusted(-AROUND, -AROUND, AROUND, AROUND))
    kept = [row for row in rows if drawing.names[row] not in names and not drawing.is_hidden(drawing.names[row])]
    return drawing.boxes[kept]


def _straight(drawing: Drawing, names: Collection[str], box: QRectF) -> Iterator[_Try]:
    """Wires to blocks that do not move, straight."""
    first = min(drawing.rect(name).top() if drawing.right else drawing.rect(name).left() for name in names)
    definition = drawing.definition
    for name in names:
        for wire in (*definition.wires_into(name), *definition.wires_from(name)):
            if (wire.source in names) == (wire.target in names) or wire not in drawing.wire_rows:
                continue
            start = drawing.port(wire.source, wire.source_port, "out").point
            end = drawing.port(wire.target, wire.target_port, "in").point
            mine, theirs = (start, end) if wire.source in names else (end, start)
            if drawing.right:
                line = QLineF(theirs.x(), theirs.y(), box.center().x(), theirs.y())
                yield _Try(theirs.y() - (mine.y() - first + box.top()), 0, (line,))
            else:
                line = QLineF(theirs.x(), theirs.y(), theirs.x(), box.center().y())
                yield _Try(theirs.x() - (mine.x() - first + box.left()), 0, (line,))


def _middles(others: np.ndarray, box: QRectF, axis: int) -> Iterator[_Try]:
    """The middles of neighbours, the nearest of each line."""
    mine = box.center().x() if axis == 0 else box.center().y()
    middles = (others[:, axis] + others[:, axis + 2]) / 2
    for value in np.unique(middles.round(1)).tolist():
        there = others[abs(middles - value) < EVEN]
        low = min(float(there[:, 1 - axis].min()), box.top() if axis == 0 else box.left()) - PAST
        high = max(float(there[:, 3 - axis].max()), box.bottom() if axis == 0 else box.right()) + PAST
        line = QLineF(value, low, value, high) if axis == 0 else QLineF(low, value, high, value)
        yield _Try(value - mine, 1, (line,))


def _gaps(others: np.ndarray, box: QRectF, axis: int) -> Iterator[_Try]:
    """Places at which gaps are equal: between two neighbours, or as far from one as that is from the next."""
    start, end = (box.left(), box.right()) if axis == 0 else (box.top(), box.bottom())
    low, high = (box.top(), box.bottom()) if axis == 0 else (box.left(), box.right())
    row = others[(others[:, 1 - axis] < high) & (others[:, 3 - axis] > low)]
    if not len(row):
        return
    before = row[row[:, axis + 2] <= start + REACH * 4]
    after = row[row[:, axis] >= end - REACH * 4]
    before = before[np.argsort(-before[:, axis + 2])]
    after = after[np.argsort(after[:, axis])]
    at = (low + high) / 2
    size = end - start
    if len(before) and len(after):
        left, right = float(before[0, axis + 2]), float(after[0, axis])
        gap = (right - left - size) / 2
        if gap > 4:
            yield _Try(
                left + gap - start, 2, (), (_gap(left, left + gap, at, axis), _gap(right - gap, right, at, axis))
            )
    for cards, sign in ((before, -1), (after, 1)):
        if len(cards) < 2:
            continue
        near, far = cards[0], cards[1]
        gap = float(near[axis] - far[axis + 2]) if sign < 0 else float(far[axis] - near[axis + 2])
        if gap <= 4:
            continue
        inner = (float(far[axis + 2]), float(near[axis])) if sign < 0 else (float(near[axis + 2]), float(far[axis]))
        if sign < 0:
            place, own = float(near[axis + 2]) + gap, (float(near[axis + 2]), float(near[axis + 2]) + gap)
        else:
            place, own = float(near[axis]) - gap - size, (float(near[axis]) - gap, float(near[axis]))
        yield _Try(place - start, 2, (), (_gap(*inner, at, axis), _gap(*own, at, axis)))


def _gap(first: float, last: float, at: float, axis: int) -> Gap:
    ends = ((first, at), (last, at)) if axis == 0 else ((at, first), (at, last))
    return Gap(QPointF(*ends[0]), QPointF(*ends[1]), round(abs(last - first)))
