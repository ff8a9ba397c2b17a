"""Room for modules that are opened where they stand: what is below moves down, what is beside moves aside, and the
rest stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Place = tuple[float, float]

SAME = 8.0
"""Centres no further apart stand in one column."""


def make_room(centres: Array, cards: Array, sizes: Array, wires: Sequence[tuple[int, int]]) -> Array:
    """New centres, (n, 2), for blocks whose cards (width, height) become as large as ``sizes``.

    A block keeps the height of its upper edge. Those right of a wider one move right, those left of it left, a whole
    column at once, so that what stood on one line still does. What stood below a block that grew, or is fed by it
    from above, moves down with what it stands on.
    """
    grown = sizes - cards
    moved = centres.copy()
    moved[:, 0] += _aside(centres[:, 0], np.maximum(grown[:, 0], 0.0))
    moved[:, 1] += _down(centres, moved[:, 0], cards, sizes, wires)
    moved[:, 1] += np.maximum(grown[:, 1], 0.0) / 2
    return moved


class Stretch:
    """How points between blocks, as those of wires that are led, go along where `make_room` has made room. Each axis
    is stretched by itself, so that every place shown has one on the closed drawing."""

    def __init__(self, centres: Array, moved: Array, cards: Array, sizes: Array) -> None:
        """``centres`` and ``cards`` of the closed drawing, ``moved`` and ``sizes`` of the one that is shown, (n, 2)."""
        self._was = np.column_stack((centres[:, 1] - cards[:, 1] / 2, centres[:, 1] + cards[:, 1] / 2))
        self._now = np.column_stack((moved[:, 1] - sizes[:, 1] / 2, moved[:, 1] + sizes[:, 1] / 2))
        self._x = _way(*_stretched(centres[:, 0], cards[:, 0], np.maximum(sizes[:, 0] - cards[:, 0], 0.0)))
        # The lowest that anything at a height has moved to is what all at that height goes along with.
        edges = np.argsort(self._was.ravel(), kind="stable")
        shift = np.maximum.accumulate((self._now - self._was).ravel()[edges]) if len(edges) else np.zeros(0)
        self._y = _way(self._was.ravel()[edges], shift)

    def shown(self, at: Place, ends: tuple[int | None, int | None]) -> Place:
        """Where a point of the closed drawing is; ``ends``: the rows of the blocks that its wire leaves and enters, as
        far as they are shown. It stays between these."""
        was, now = self._along(ends)
        return _through(at[0], *self._x), _through(at[1], was, now)

    def closed(self, at: Place, ends: tuple[int | None, int | None]) -> Place:
        """The point of the closed drawing that is shown there."""
        was, now = self._along(ends)
        return _through(at[0], *reversed(self._x)), _through(at[1], now, was)

    def _along(self, ends: tuple[int | None, int | None]) -> tuple[Array, Array]:
        """Heights of the closed drawing and those that they have become, for a wire between two blocks."""
        source, target = ends
        known = [(self._was[row, side], self._now[row, side]) for row, side in ((source, 1), (target, 0))
                 if row is not None]  # fmt: skip
        was, now = self._y
        if not known:
            return was, now
        (first, at), (last, till) = min(known), max(known)
        inside = (was > first) & (was < last)
        if till - at <= 0 or last - first <= 0:
            return np.array([first]), np.array([at])
        low, high = _through(first, was, now), _through(last, was, now)
        between = at + (now[inside] - low) * ((till - at) / (high - low))
        return np.hstack((first, was[inside], last)), np.hstack((at, between, till))


def _way(places: Array, shift: Array) -> tuple[Array, Array]:
    """Places in order, each once, and where they are shifted to."""
    if not len(places):
        return np.zeros(1), np.zeros(1)
    last = np.append(places[1:] > places[:-1], True)
    return places[last], (places + shift)[last]


def _through(at: float, was: Array, now: Array) -> float:
    """A place between others goes along with them, one outside with the outermost."""
    if at <= was[0]:
        return float(at + now[0] - was[0])
    if at >= was[-1]:
        return float(at + now[-1] - was[-1])
    return float(np.interp(at, was, now))


def _stretched(x: Array, width: Array, wider: Array) -> tuple[Array, Array]:
    """The edges of columns that become wider, and how far each of them moves."""
    reaches = [(x[rows] - width[rows] / 2, x[rows] + width[rows] / 2, most) for rows, most in _columns(x, wider)]
    columns = [(float(left.min()), float(right.max()), most) for left, right, most in reaches]
    edges = np.array(sorted({edge for left, right, _ in columns for edge in (left, right)}))
    shift = np.zeros(len(edges))
    for left, right, most in columns:
        shift += np.interp(edges, (left, right), (-most, most))
    return edges, shift


def _columns(x: Array, wider: Array) -> Iterator[tuple[NDArray[np.intp], float]]:
    """The rows of each column in which something becomes wider, from the left, and by how much on either side."""
    rows = np.flatnonzero(wider > 0)
    rows = rows[np.argsort(x[rows], kind="stable")]
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and x[rows[end]] - x[rows[end - 1]] <= SAME:
            end += 1
        yield rows[start:end], float(wider[rows[start:end]].max()) / 2
        start = end


def _aside(x: Array, wider: Array) -> Array:
    """How far each block moves aside."""
    shift = np.zeros(len(x))
    for column, most in _columns(x, wider):
        low, high = float(x[column[0]]) - SAME, float(x[column[-1]]) + SAME
        shift += np.where(x > high, most, np.where(x < low, -most, 0.0))
    return shift


def _down(centres: Array, x: Array, cards: Array, sizes: Array, wires: Sequence[tuple[int, int]]) -> Array:
    """How far each block moves down, from the top on."""
    taller = np.maximum(sizes[:, 1] - cards[:, 1], 0.0)
    shift = np.zeros(len(centres))
    if not taller.any():
        return shift
    tops, bottoms = centres[:, 1] - cards[:, 1] / 2, centres[:, 1] + cards[:, 1] / 2
    left, right = x - np.maximum(sizes[:, 0], cards[:, 0]) / 2, x + np.maximum(sizes[:, 0], cards[:, 0]) / 2
    fed: dict[int, list[int]] = {}
    for source, target in wires:
        if bottoms[source] <= tops[target]:
            fed.setdefault(source, []).append(target)
    for row in np.argsort(tops, kind="stable").tolist():
        pushed = shift[row] + taller[row]
        if pushed <= 0:
            continue
        below = (tops >= bottoms[row]) & (left < right[row]) & (right > left[row])
        shift[below] = np.maximum(shift[below], pushed)
        for target in fed.get(row, ()):
            shift[target] = max(shift[target], pushed)
    return shift
