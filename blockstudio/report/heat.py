"""Maps of numbers as colours, over a picture and by themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

HEAT = ((0.0, (176, 30, 84)), (0.4, (226, 68, 52)), (0.7, (250, 148, 40)), (1.0, (255, 224, 84)))
"""Colours of a map over a picture, from its clear end on."""
CLEAR = 0.22
"""Part of a map below which the picture shows through alone."""
INK = ((0.0, (255, 255, 255)), (0.5, (59, 125, 221)), (1.0, (16, 32, 84)))
"""Colours of a map by itself, from its least value to its largest."""

Numbers = NDArray[np.floating[Any]]


def heat(values: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Colours ``(H, W, 3)`` of a map ``(H, W)`` in 0 … 1, and how much of the picture below they cover, ``(H, W)``."""
    level = ((values - CLEAR) / (1 - CLEAR)).clip(0, 1)
    return _coloured(level, HEAT), np.where(values < CLEAR, 0.0, 0.25 + 0.5 * level)


def ink(values: Numbers) -> NDArray[np.uint8]:
    """A map ``(H, W)`` in 0 … 1 by itself, as uint8 ``(H, W, 3)``."""
    found: NDArray[np.uint8] = _coloured(values, INK).round().astype(np.uint8)
    return found


def _coloured(level: Numbers, scale: tuple[tuple[float, tuple[int, int, int]], ...]) -> NDArray[np.float64]:
    places = [place for place, _ in scale]
    return np.stack([np.interp(level, places, [colour[i] for _, colour in scale]) for i in range(3)], axis=-1)
