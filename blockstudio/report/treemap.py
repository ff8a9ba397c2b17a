"""Rectangles whose areas are shares of a whole, as square as they can be (Bruls, Huizing and van Wijk)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST = 1e300
"""What is larger counts as this."""


class Tile(NamedTuple):
    """One rectangle, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


def treemap(values: Sequence[float], width: float, height: float) -> list[Tile]:
    """A tile for each value, in their order; together they fill ``width`` × ``height``. Nothing gets no area."""
    values = [float(min(max(value, 0), MOST)) if value == value else 0.0 for value in values]
    largest = max(values, default=0.0)
    tiles = [Tile(0.0, 0.0, 0.0, 0.0)] * len(values)
    if not largest or width <= 0 or height <= 0:
        return tiles
    values = [value / largest for value in values]
    order = sorted((row for row, value in enumerate(values) if value > 0), key=lambda row: -values[row])
    total = sum(values[row] for row in order)
    scale = width * height / total
    x, y, wide, high = 0.0, 0.0, width, height
    start = 0
    while start < len(order):
        side = min(wide, high)
        end, area = start + 1, values[order[start]] * scale
        worst = _worst(area, area, area, side)
        while end < len(order):
            more = values[order[end]] * scale
            longer = _worst(values[order[start]] * scale, more, area + more, side)
            if longer > worst:
                break
            worst, area, end = longer, area + more, end + 1
        depth = area / side if side else 0.0
        along = 0.0
        for row in order[start:end]:
            length = values[row] * scale / depth if depth else 0.0
            tiles[row] = Tile(x, y + along, depth, length) if wide >= high else Tile(x + along, y, length, depth)
            along += length
        if wide >= high:
            x, wide = x + depth, wide - depth
        else:
            y, high = y + depth, high - depth
        start = end
    return tiles


def _worst(largest: float, smallest: float, area: float, side: float) -> float:
    """The longest ratio of sides in a row of tiles of this area along a side."""
    if not smallest or not side:
        return float("inf")
    return max(side * side * largest / (area * area), area * area / (side * side * smallest))
