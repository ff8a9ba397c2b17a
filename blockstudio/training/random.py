"""Randomness by counting: every draw depends on the seed and on its place (epoch, step, image), never on what was
drawn before. A run that is continued midway therefore draws what the uninterrupted one would have."""

from __future__ import annotations

import torch

ORDER, AUGMENT, SPLIT, MIXUP, STATISTICS, DROPOUT, CROP, LIGHTING = range(8)
"""What a draw is for: the first number after the seed, so that no two purposes share their numbers."""

_MASK = (1 << 64) - 1


def mixed(*numbers: int) -> int:
    """A well spread 32-bit number that depends on all of ``numbers`` (splitmix64, folded)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return (state ^ (state >> 32)) & 0xFFFFFFFF


def generator(*numbers: int) -> torch.Generator:
    """A generator on the CPU that starts at the place ``numbers``; its draws are the same for every device."""
    found = torch.Generator()
    found.manual_seed(mixed(*numbers))
    return found
