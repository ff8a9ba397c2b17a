"""Areas are shares, fill the whole and do not overlap."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from blockstudio.report.treemap import treemap


@pytest.mark.parametrize("values", [[6, 6, 4, 3, 2, 2, 1], [1], [5, 0, 5], [1e9, 1, 1, 1], list(range(1, 60))])
def test_areas_are_shares(values: list[float]) -> None:
    tiles = treemap(values, 600, 400)
    for value, tile in zip(values, tiles, strict=True):
        assert tile.width * tile.height == pytest.approx(value / sum(values) * 240_000, rel=1e-6)
        assert tile.x >= -1e-6 and tile.x + tile.width <= 600.001 and tile.y + tile.height <= 400.001
    for one, other in combinations([tile for tile in tiles if tile.width > 1e-3 and tile.height > 1e-3], 2):
        wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
        high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
        assert wide <= 1e-3 or high <= 1e-3


@pytest.mark.parametrize(
    ("values", "shares"),
    [
        ([1e308] * 4, [0.25] * 4),
        ([float("inf"), 1], [1, 0]),
        ([float("nan"), 1, 3], [0, 0.25, 0.75]),
        ([10**400, 2**70, -1], [1, 0, 0]),
        ([2**70, 2**70], [0.5, 0.5]),
        ([5e-324, 5e-324], [0.5, 0.5]),
        ([float("-inf"), float("nan")], [0, 0]),
    ],
)
def test_values_beyond_all_bounds_have_areas_too(values: list[float], shares: list[float]) -> None:
    tiles = treemap(values, 60, 40)
    assert [tile.width * tile.height / 2400 for tile in tiles] == pytest.approx(shares)
    assert all(math.isfinite(each) for tile in tiles for each in tile)


def test_alike_values_are_about_square_and_nothing_has_no_area() -> None:
    ratios = [max(tile.width / tile.height, tile.height / tile.width) for tile in treemap([1] * 12, 600, 400)]
    assert max(ratios) < 2.1
    assert treemap([], 10, 10) == [] and treemap([0, 0], 10, 10)[0].width == 0 and treemap([1], 0, 5)[0].height == 0
