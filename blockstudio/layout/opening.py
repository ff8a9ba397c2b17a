"""Room for modules that are opened where they stand: what is below moves down, what is beside moves aside, and the
rest stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

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


def _aside(x: Array, wider: Array) -> Array:
    """How far each block moves aside."""
    shift = np.zeros(len(x))
    rows = np.flatnonzero(wider > 0)
    rows = rows[np.argsort(x[rows], kind="stable")]
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and x[rows[end]] - x[rows[end - 1]] <= SAME:
            end += 1
        column = rows[start:end]
        most = float(wider[column].max()) / 2
        low, high = float(x[column[0]]) - SAME, float(x[column[-1]]) + SAME
        shift += np.where(x > high, most, np.where(x < low, -most, 0.0))
        start = end
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
