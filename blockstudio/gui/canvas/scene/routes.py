"""How wires run: quiet curves with vertical ends, and lanes beside the blocks for those that skip some."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

Array = NDArray[np.float64]
Points = Sequence[tuple[float, float]]

SKIPS = 90.0
"""A wire that goes down less than this cannot have a block in its way."""
CLEAR = 12.0
"""Room between a lane and the blocks beside it."""
BETWEEN = 6.0
"""Half the room between two lanes."""
BEND, BENDS = 64.0, 0.45
"""How high a bend into a lane is, at most and as a part of the wire's height."""
DETOUR = 480.0
"""A wire that would have to go further aside than this, or than it goes down, runs behind the blocks instead."""


def curves(x0: Array, y0: Array, x1: Array, y1: Array) -> Array:
    """Control points of cubic curves, one a row: x0, y0, cx0, cy0, cx1, cy1, x1, y1. Ends are vertical."""
    down = y1 - y0
    pull = np.where(down > 0, np.clip(down * 0.5, 20.0, 160.0), 48.0 + np.minimum(-down * 0.35, 120.0))
    return np.column_stack((x0, y0, x0, y0 + pull, x1, y1 - pull, x1, y1))


_T = np.linspace(0.0, 1.0, 65)
_BASIS = np.column_stack(((1 - _T) ** 3, 3 * (1 - _T) ** 2 * _T, 3 * (1 - _T) * _T**2, _T**3))


def sample(curve: Array) -> Array:
    """65 points on one curve, (65, 2): few enough to be quick, near enough that no corner of a card is cut."""
    points: Array = _BASIS @ curve.reshape(4, 2)
    return points


def find_lane(curve: Array, boxes: Array, lanes: Array) -> float | None:
    """Where a wire should go down beside the blocks in its way; ``None`` if nothing is, or there is no way round.

    ``boxes`` and ``lanes``: left, top, right, bottom of other blocks, and x, top, bottom of lanes in use.
    The lane is the free one that takes the shortest way round.
    """
    x0, y0, x1, y1 = curve[0], curve[1], curve[6], curve[7]
    if y1 - y0 < SKIPS:
        return None
    low, high = min(x0, x1), max(x0, x1)
    level = (boxes[:, 3] > y0 + 6) & (boxes[:, 1] < y1 - 6)
    near = boxes[level & (boxes[:, 2] > low - 8) & (boxes[:, 0] < high + 8)]
    if not len(near):
        return None
    points = sample(curve)
    x, y = points[:, :1], points[:, 1:]
    inside = (x > near[:, 0] - 4) & (x < near[:, 2] + 4) & (y > near[:, 1] - 2) & (y < near[:, 3] + 2)
    if not inside.any():
        return None
    beside = boxes[level]
    shut = np.column_stack((beside[:, 0] - CLEAR, beside[:, 2] + CLEAR))
    if len(lanes):
        used = lanes[(lanes[:, 2] > y0 + 6) & (lanes[:, 1] < y1 - 6), 0]
        shut = np.vstack((shut, np.column_stack((used - BETWEEN, used + BETWEEN))))
    return _nearest_gap(shut, float(x0), float(x1), max(DETOUR, float(y1 - y0)))


def _nearest_gap(shut: Array, x0: float, x1: float, limit: float) -> float | None:
    """The x nearest to both ends that lies in none of the intervals; none further aside than ``limit``."""
    shut = shut[np.argsort(shut[:, 0])]
    edge = np.maximum.accumulate(shut[:, 1])
    # Free is what lies before the first interval, between the end of all so far and the next, after the last.
    free_from = np.concatenate(([-np.inf], edge))
    free_to = np.concatenate((shut[:, 0], [np.inf]))
    free = free_to >= free_from
    free_from, free_to = free_from[free], free_to[free]
    for end in (x1, x0):
        # Straight above the one end or below the other: one bend instead of two.
        if np.any((free_from <= end) & (end <= free_to)):
            return end
    low, high = min(x0, x1), max(x0, x1)
    at = np.clip(low, free_from, free_to)
    extra = np.maximum(low - at, 0) + np.maximum(at - high, 0)
    best = int(np.argmin(extra))
    return float(at[best]) if extra[best] <= limit else None


def path(curve: Array, lane: float | None) -> QPainterPath:
    """The wire as it is stroked."""
    x0, y0, a, b, c, d, x1, y1 = curve.tolist()
    drawn = QPainterPath(QPointF(x0, y0))
    if lane is None:
        drawn.cubicTo(a, b, c, d, x1, y1)
        return drawn
    bend = min(BEND, (y1 - y0) * BENDS)
    drawn.cubicTo(x0, y0 + bend * 0.6, lane, y0 + bend * 0.4, lane, y0 + bend)
    drawn.lineTo(lane, y1 - bend)
    drawn.cubicTo(lane, y1 - bend * 0.4, x1, y1 - bend * 0.6, x1, y1)
    return drawn


def led_path(curve: Array, points: Points) -> QPainterPath:
    """A wire that is led through points: vertical at its ends, smooth at the points."""
    x0, y0, x1, y1 = curve[0], curve[1], curve[6], curve[7]
    way = [(float(x0), float(y0)), *points, (float(x1), float(y1))]
    slopes = [((c[0] - a[0]) / 4, (c[1] - a[1]) / 4) for a, c in zip(way, way[2:], strict=False)]
    first, last = (abs(b[1] - a[1]) / 2 for a, b in (way[:2], way[-2:]))
    slopes = [(0.0, max(12.0, first)), *slopes, (0.0, max(12.0, last))]
    drawn = QPainterPath(QPointF(*way[0]))
    for (x, y), (u, v), (dx, dy), (du, dv) in zip(way, way[1:], slopes, slopes[1:], strict=False):
        drawn.cubicTo(x + dx, y + dy, u - du, v - dv, u, v)
    return drawn


def led_spots(curve: Array, points: Points) -> list[QPointF]:
    """Where the pill of a wire that is led may stand: amid its parts, the longest first."""
    way = [(float(curve[0]), float(curve[1])), *points, (float(curve[6]), float(curve[7]))]
    parts = sorted(pairwise(way), key=lambda part: -abs(part[0][0] - part[1][0]) - abs(part[0][1] - part[1][1]))
    return [QPointF((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in parts]


def corners(curve: list[float], lane: float | None, led: Points = ()) -> list[tuple[float, float]]:
    """The wire as straight lines, for a drawing seen from far: where they begin, bend and end."""
    x0, y0, x1, y1 = curve[0], curve[1], curve[6], curve[7]
    if led:
        return [(x0, y0), *led, (x1, y1)]
    if lane is None:
        return [(x0, y0), (x1, y1)]
    bend = min(BEND, (y1 - y0) * BENDS)
    return [(x0, y0), (lane, y0 + bend), (lane, y1 - bend), (x1, y1)]


def spots(curve: Array, lane: float | None) -> list[QPointF]:
    """Points on the wire where its pill may stand, the best first."""
    if lane is not None:
        bend = min(BEND, (curve[7] - curve[1]) * BENDS)
        top, bottom = float(curve[1] + bend), float(curve[7] - bend)
        return [QPointF(lane, y) for y in np.arange(top + 14, max(bottom, top + 15), 18.0).tolist()[:40]]
    part = np.array((0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8))
    weights = np.column_stack(((1 - part) ** 3, 3 * (1 - part) ** 2 * part, 3 * (1 - part) * part**2, part**3))
    return [QPointF(x, y) for x, y in (weights @ curve.reshape(4, 2)).tolist()]
