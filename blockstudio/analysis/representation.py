"""How large the representation is along a network: C·H·W behind each block, in order of evaluation."""

from __future__ import annotations

import math
from typing import NamedTuple

from blockstudio.analysis.level import Level
from blockstudio.blocks import Shape


class Station(NamedTuple):
    """One place on the way."""

    block: str
    """Its name on the level."""
    shape: Shape
    """``(C, H, W)`` or ``(F,)`` of its first output."""
    size: int
    """So many values."""


def representation(level: Level) -> tuple[Station, ...]:
    """What each block of a level hands on, from input to output.

    Args:
        level: The main graph, or the inside of an instance.

    Returns:
        The blocks that reach an output, without those whose shape a mistake hides.
    """
    found = []
    blocks = level.blocks
    for name in level.order(False):
        shape = blocks[name].output_shape
        if shape is not None:
            found.append(Station(name, shape, math.prod(shape)))
    return tuple(found)
