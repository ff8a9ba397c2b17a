"""How wires run: quiet curves with vertical ends, and lanes beside the blocks for those that skip some. All here is of
a drawing that runs down; one to the right is turned before and after."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QDataStream, QPointF
from PySide6.QtGui import QPainterPath

from blockstudio.gui.canvas.scene.metrics import PILL_HEIGHT

Array = NDArray[np.float64]
Points = Sequence[tuple[float, float]]

SKIPS = 90.0
"""A wire that goes down less than this cannot have a block in its way."""
MEETS = 56.0
"""One that goes down more than this and aside keeps below its own block before it meets others."""
RISES = 60.0
"""A wire that has to go up more than this runs around the blocks: it leads to the top of another column."""
CLEAR = 12.0
"""Room between a lane and the blocks beside it."""
BETWEEN = 6.0
"""Half the room between two lanes."""
BEND_OUT, BEND_IN, BENDS = 40.0, 36.0, 0.45
"""How high a bend out into a lane is and one back in, at most and as a part of the wire's height."""
ASIDE, ASIDE_RIGHT = 24.0, 12.0
"""Wires whose ends are no further apart sideways need no lane of their own: downwards, and to the right, where blocks
stand closer side by side."""
CROSSES = 300.0
"""So much further a wire goes rather than cross another."""
DETOUR = 480.0
"""A wire that would have to go further aside than this, or than it goes down, runs behind the blocks instead."""
BELOW, ABOVE, ROUND = 32.0, 16.0, 10.0
"""How far below a column and above the next a wire between them runs across, and the radius of its corners."""


class Turn(NamedTuple):
    """The way of a wire that leads up again: across at a height below, up, across above."""

    below: float
    x: float
    above: float


Route = float | Turn | list[tuple[float, float]] | None
"""Beside the blocks at an x, around them, through points that the user chose, or straight."""


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


def find_lane(
    curve: Array,
    boxes: Array,
    lanes: Array,
    merges: bool = False,
    crossed: Callable[[float], int] | None = None,
    aside: float = ASIDE,
) -> float | None:
    """Where a wire should go down beside the blocks in its way; ``None`` if nothing is, or there is no way round.

    ``boxes`` and ``lanes``: left, top, right, bottom of other blocks, and x, top, bottom of lanes in use.
    A wire that ``merges`` with others keeps below its own block as long as it can, another goes where it ends; else
    the lane is the free one that takes the shortest way round, where a wire ``crossed`` counts as a long way.
    """
    x0, y0, x1, y1 = (float(value) for value in curve[[0, 1, 6, 7]])
    if y1 - y0 < MEETS:
        return None
    level = boxes[(boxes[:, 3] > y0 + 6) & (boxes[:, 1] < y1 - 6)]
    direct = not _hits(sample(curve), level)
    if direct and abs(x1 - x0) <= aside:
        return None
    shut = np.column_stack((level[:, 0] - CLEAR, level[:, 2] + CLEAR))
    if len(lanes):
        used = lanes[(lanes[:, 2] > y0 + 6) & (lanes[:, 1] < y1 - 6), 0]
        shut = np.vstack((shut, np.column_stack((used - BETWEEN, used + BETWEEN))))
    for end in (x0, x1) if merges else (x1, x0):
        # Straight below the one end or above the other: one bend instead of two.
        free = not np.any((shut[:, 0] < end) & (end < shut[:, 1]))
        if free and not _hits(_bent(curve, end), level):
            return end
    if direct:
        return None
    found = _gaps(shut, x0, x1, max(DETOUR, y1 - y0))
    if crossed is not None and len(found) > 1:
        low, high = min(x0, x1), max(x0, x1)
        found.sort(key=lambda lane: max(low - lane, lane - high, 0.0) + CROSSES * crossed(lane))
    # Rather a longer way than one through a card.
    return next((lane for lane in found if not _hits(_bent(curve, lane), level)), found[0] if found else None)


def _hits(points: Array, boxes: Array) -> bool:
    """Whether a line of points runs into one of the boxes."""
    low, high = points.min(axis=0), points.max(axis=0)
    near = boxes[(boxes[:, 2] > low[0] - 4) & (boxes[:, 0] < high[0] + 4)]
    if not len(near):
        return False
    x, y = points[:, :1], points[:, 1:]
    inside = (x > near[:, 0] - 4) & (x < near[:, 2] + 4) & (y > near[:, 1] - 2) & (y < near[:, 3] + 2)
    return bool(inside.any())


def _bent(curve: Array, lane: float) -> Array:
    """Points on the bends into a lane and out of it."""
    x0, y0, x1, y1 = (float(value) for value in curve[[0, 1, 6, 7]])
    out, into = bends(x0, y0, x1, y1, lane)
    one = _BASIS[::4] @ np.array(((x0, y0), (x0, y0 + out * 0.6), (lane, y0 + out * 0.4), (lane, y0 + out)))
    two = _BASIS[::4] @ np.array(((lane, y1 - into), (lane, y1 - into * 0.4), (x1, y1 - into * 0.6), (x1, y1)))
    points: Array = np.vstack((one, two))
    return points


def bends(x0: float, y0: float, x1: float, y1: float, lane: float) -> tuple[float, float]:
    """How high the bends from the upper end into a lane and from it to the lower end are."""
    most = (y1 - y0) * BENDS
    return (
        0.0 if abs(lane - x0) < 1 else min(BEND_OUT, most),
        0.0 if abs(lane - x1) < 1 else min(BEND_IN, most),
    )


def _free(shut: Array) -> tuple[Array, Array]:
    """Where the stretches begin and end that lie in none of the intervals."""
    shut = shut[np.argsort(shut[:, 0])]
    edge = np.maximum.accumulate(shut[:, 1])
    # Free is what lies before the first interval, between the end of all so far and the next, after the last.
    free_from = np.concatenate(([-np.inf], edge))
    free_to = np.concatenate((shut[:, 0], [np.inf]))
    free = free_to >= free_from
    return free_from[free], free_to[free]


def _gaps(shut: Array, x0: float, x1: float, limit: float) -> list[float]:
    """Every x that lies in none of the intervals and nearest to both ends, the nearest first."""
    free_from, free_to = _free(shut)
    low, high = min(x0, x1), max(x0, x1)
    at = np.clip(low, free_from, free_to)
    extra = np.maximum(low - at, 0) + np.maximum(at - high, 0)
    order = np.argsort(extra, kind="stable")
    return [float(at[index]) for index in order.tolist() if extra[index] <= limit]


def find_turn(curve: Array, boxes: Array, turns: Iterable[Turn] = ()) -> Turn | None:
    """The way of a wire whose target stands above its source, as the next column does: below the blocks, up between
    the columns, over to the target; ``None`` for a wire that need not go up so far. ``turns``: those in use."""
    x0, y0, x1, y1 = (float(value) for value in curve[[0, 1, 6, 7]])
    if y0 - y1 < RISES or not len(boxes):
        return None
    level = boxes[(boxes[:, 3] > y1 - ABOVE) & (boxes[:, 1] < y0 + BELOW)]
    shut = np.column_stack((level[:, 0] - CLEAR, level[:, 2] + CLEAR))
    free_from, free_to = _free(shut)
    low, high = min(x0, x1), max(x0, x1)
    # In the middle of the gap nearest to where it leads, rather between the two ends than beyond them.
    middle = np.where(np.isinf(free_from), free_to - CLEAR, np.where(np.isinf(free_to), free_from + CLEAR, 0.0))
    inner = ~np.isinf(free_from) & ~np.isinf(free_to)
    middle[inner] = (free_from[inner] + free_to[inner]) / 2
    outside = np.maximum(low - middle, 0) + np.maximum(middle - high, 0)
    x = float(middle[int(np.argmin(outside * 4 + abs(middle - x1)))])
    x += 2 * BETWEEN * sum(abs(turn.x - x) < BETWEEN and turn.above < y0 and turn.below > y1 for turn in turns)
    below, above = y0 + BELOW, y1 - ABOVE
    for _ in range(len(level)):
        hit = _across(boxes, x0, x, below)
        if not len(hit):
            break
        below = float(hit[:, 3].max()) + ABOVE
    for _ in range(len(level)):
        hit = _across(boxes, x, x1, above)
        if not len(hit):
            break
        above = float(hit[:, 1].min()) - ABOVE
    return Turn(below, x, above)


def _across(boxes: Array, x0: float, x1: float, y: float) -> Array:
    """The boxes in the way of a stretch across."""
    wide = (boxes[:, 2] > min(x0, x1) - 4) & (boxes[:, 0] < max(x0, x1) + 4)
    found: Array = boxes[wide & (boxes[:, 1] < y + 8) & (boxes[:, 3] > y - 8)]
    return found


def path(curve: Array, route: Route) -> QPainterPath:
    """The wire as it is stroked."""
    x0, y0, a, b, c, d, x1, y1 = curve.tolist()
    if isinstance(route, Turn):
        return _rounded(corners(curve.tolist(), route))
    if isinstance(route, list):
        return led_path(curve, route)
    drawn = QPainterPath(QPointF(x0, y0))
    if route is None:
        drawn.cubicTo(a, b, c, d, x1, y1)
        return drawn
    out, into = bends(x0, y0, x1, y1, route)
    if out:
        drawn.cubicTo(x0, y0 + out * 0.6, route, y0 + out * 0.4, route, y0 + out)
    drawn.lineTo(route, y1 - into)
    if into:
        drawn.cubicTo(route, y1 - into * 0.4, x1, y1 - into * 0.6, x1, y1)
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


def _rounded(points: list[tuple[float, float]]) -> QPainterPath:
    """Straight lines through the points, with round corners."""
    drawn = QPainterPath(QPointF(*points[0]))
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        into = min(ROUND, (abs(bx - ax) + abs(by - ay)) / 2)
        out = min(ROUND, (abs(cx - bx) + abs(cy - by)) / 2)
        drawn.lineTo(bx - into * _sign(bx - ax), by - into * _sign(by - ay))
        drawn.quadTo(bx, by, bx + out * _sign(cx - bx), by + out * _sign(cy - by))
    drawn.lineTo(*points[-1])
    return drawn


def _sign(value: float) -> float:
    return float(value > 0) - float(value < 0)


def corners(curve: list[float], route: Route) -> list[tuple[float, float]]:
    """The wire as straight lines, for a drawing seen from far: where they begin, bend and end."""
    x0, y0, x1, y1 = curve[0], curve[1], curve[6], curve[7]
    if route is None:
        return [(x0, y0), (x1, y1)]
    if isinstance(route, Turn):
        below, x, above = route
        return [(x0, y0), (x0, below), (x, below), (x, above), (x1, above), (x1, y1)]
    if isinstance(route, list):
        return [(x0, y0), *route, (x1, y1)]
    out, into = bends(x0, y0, x1, y1, route)
    return [(x0, y0), (route, y0 + out), (route, y1 - into), (x1, y1)]


_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
"""A point of a path as Qt writes it; its kind is 0 where a line begins."""


def broken_lines(points: list[tuple[float, float]], starts: list[int]) -> QPainterPath:
    """Lines through points as one path; ``starts``: at which points they begin. Read as Qt writes a path: a call for
    each of thousands of points takes longer."""
    path = QPainterPath()
    if points:
        elements = np.ones(len(points), _ELEMENT)
        elements["kind"][starts] = 0
        elements["x"], elements["y"] = np.array(points).T
        # The number of elements before them; behind them where the last line begins, and how the path is filled.
        written = struct.pack(">i", len(points)) + elements.tobytes() + struct.pack(">ii", starts[-1], 0)
        QDataStream(QByteArray(written)) >> path
    return path


HALF = PILL_HEIGHT / 2
"""How far a pill reaches along a wire that runs down."""
AIR = 8.0
"""Between a port and the pill beside it."""


def spots(curve: Array, route: Route, merges: bool = False, half: float = HALF) -> list[QPointF]:
    """Points on the wire where its pill may stand, the best first; ``half``: how far it reaches along the wire."""
    x0, y0, x1, y1 = (float(value) for value in curve[[0, 1, 6, 7]])
    if isinstance(route, Turn):
        low, high = route.above + 24, route.below - 24
        beside = QPointF(x0, y0 + half + AIR)
        upward = [QPointF(route.x, high - (high - low) * part) for part in _PARTS.tolist()]
        # Beside the port if it is over before the wire turns.
        return [beside, *upward] if 2 * half + AIR < route.below - y0 else [*upward, beside]
    if isinstance(route, list):
        return led_spots(curve, route)
    if route is not None:
        out, into = bends(x0, y0, x1, y1, route)
        top, bottom = y0 + out, y1 - into
        along = np.arange(top + half + 6, max(bottom - half - 2, top + half + 7), 18.0).tolist()[:40]
        # Of wires that meet in one block the pills stand on one row.
        first = [bottom - half - 4] if merges and bottom - top > 2 * half + 8 else []
        return [QPointF(route, y) for y in (*first, *along)]
    return [QPointF(x, y) for x, y in (_WEIGHTS @ curve.reshape(4, 2)).tolist()]


_PARTS = np.array((0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8))
_WEIGHTS = np.column_stack(((1 - _PARTS) ** 3, 3 * (1 - _PARTS) ** 2 * _PARTS, 3 * (1 - _PARTS) * _PARTS**2, _PARTS**3))
