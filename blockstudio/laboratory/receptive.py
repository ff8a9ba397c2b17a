"""Receptive fields on the picture: what a unit can see, and what it does see.

Luo et al., *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks* (arXiv 1701.04128),
section 4.1: the gradient of one unit at the input, its absolute value averaged over images; the effective field is
where it is above 4.55 % of its largest value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.laboratory.places import place_of, shape_at
from blockstudio.laboratory.subject import Subject
from blockstudio.text import say

TWO_SIGMA = 1 - 0.9545
"""Of the largest value, above which a pixel counts (the paper's section 4.1)."""

MOST = 0.9
"""What the middle of a profile holds."""

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels, right and bottom outside."""


@dataclass(frozen=True)
class Seen:
    """What one unit sees."""

    theoretical: Box
    """Pixels that can change it, as far as they lie on the picture."""
    size: tuple[int, int]
    """(height, width) of what it would see far from the border."""
    gradient: Tensor
    """``(H, W)``: mean absolute gradient, over the largest."""
    effective: Box
    """Around the pixels above `TWO_SIGMA` of the largest."""
    share: float
    """Pixels above it, of those in the theoretical field."""
    reach: tuple[int, int]
    """First column, and the one behind the last, of what it would see if the picture had no edge."""
    profile: tuple[float, ...]
    """The share of the gradient in each column of the picture."""
    middle: tuple[int, int]
    """First column, and the one behind the last, of the fewest neighbouring ones that hold `MOST` of it."""


def seen_by(
    subject: Subject, block: str, place: tuple[int, int], images: Tensor, channels: Sequence[int] | None = None
) -> Seen:
    """The receptive field of one place of a block's maps.

    Args:
        subject: Who is asked.
        block: Path of a block or module.
        place: Row and column of the map.
        images: ``(N, C, H, W)``, normalised; the gradient is averaged over them.
        channels: Of the block; all together without.

    Raises:
        StudioError: ``lab.block``; ``lab.place`` for a place outside of the map, ``lab.unit`` for a channel that is not
            there.
    """
    port = place_of(subject, block, maps=True)
    count, rows, columns = shape_at(subject, port)
    for unit in channels or ():
        if not 0 <= unit < count:
            text = say("has channels 0 to {last}, not {unit}.", last=count - 1, unit=unit)
            raise StudioError("lab.unit", text, where=block)
    row, column = place
    if not (0 <= row < rows and 0 <= column < columns):
        text = say(
            "has {rows}×{columns} places; ({row}, {column}) is none of them.",
            rows=rows, columns=columns, row=row, column=column,
        )  # fmt: skip
        raise StudioError("lab.place", text, where=block)
    height, width = images.shape[2:]
    report = subject.trunk.analysis.blocks[port.path]
    field = report.field_at(place)
    if field is None:
        raise StudioError("lab.place", say("has a receptive field that is not known."), where=block)
    low, high = field
    box = (max(0, low[1]), max(0, low[0]), min(width, high[1] + 1), min(height, high[0] + 1))
    leaf = images.detach().clone().requires_grad_()
    with torch.enable_grad():
        _, maps = subject.tapped(port)(leaf)
        unit = maps[:, :, row, column]
        wanted = unit if channels is None else unit[:, list(channels)]
        (slopes,) = torch.autograd.grad(wanted.sum(), leaf)
    found = slopes.abs().mean((0, 1)).cpu()
    largest = float(found.max())
    found = found / largest if largest else found
    counted = found > TWO_SIGMA
    ys, xs = torch.nonzero(counted, as_tuple=True)
    effective = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1) if len(xs) else (0, 0, 0, 0)
    area = max(1, (box[2] - box[0]) * (box[3] - box[1]))
    columns_sum = slopes.abs().mean((0, 1, 2)).double().cpu()
    profile = tuple((columns_sum / max(float(columns_sum.sum()), 1e-300)).tolist())
    return Seen(box, report.receptive_field or (0, 0), found, effective, int(counted.sum()) / area,
                (low[1], high[1] + 1), profile, narrowest(profile, MOST))  # fmt: skip


def narrowest(shares: Sequence[float], most: float) -> tuple[int, int]:
    """The fewest neighbours that hold ``most`` of the sum: the first, and the one behind the last."""
    sums = [0.0, *accumulate(shares)]
    wanted = most * sums[-1] - 1e-12
    best = 0, len(shares)
    behind = 0
    for first in range(len(shares)):
        while behind < len(shares) and sums[behind] - sums[first] < wanted:
            behind += 1
        if sums[behind] - sums[first] >= wanted and behind - first < best[1] - best[0]:
            best = first, behind
    return best
