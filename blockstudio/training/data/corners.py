"""Corners: a set that no linear filter can tell apart, drawn on the spot. The label is an exclusive or within a window.

In an image of the class *alike* the two ends of every 3×3 window's falling diagonal are both light or both dark; in
one of the class *unlike* one is light and one is dark. Each pixel by itself is as often light as dark in both classes,
and so is what any weighted sum of a window comes to on average: a linear filter has nothing to tell them apart by.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from blockstudio.training.data.images import ImageSet, RawData

SIZE = 12
TRAIN, TEST = 2000, 1000
CLASSES = ("alike", "unlike")
WINDOW = 3
LIGHT, DARK, NOISE = 192, 64, 48
"""Grey values, and how far either way they are blurred."""


def load_corners() -> RawData:
    """12×12 grey images, the same ones each time, both classes in turn."""
    return RawData(train=draw(TRAIN, 0), test=draw(TEST, 1), classes=CLASSES)


def draw(count: int, part: int) -> ImageSet:
    """``count`` images ``(N, 1, 12, 12)`` of one part: 0 for training, 1 for testing."""
    random = np.random.Generator(np.random.PCG64(part))
    labels = np.arange(count) % 2
    light: NDArray[np.bool_] = random.integers(0, 2, (count, SIZE, SIZE)).astype(np.bool_)
    reach = WINDOW - 1
    for row in range(reach, SIZE):
        # What lies a window's diagonal up and to the left is repeated, or turned round.
        light[:, row, reach:] = light[:, row - reach, :-reach] ^ (labels == 1)[:, None]
    grey = np.where(light, LIGHT, DARK) + random.integers(-NOISE, NOISE + 1, light.shape)
    images = torch.from_numpy(grey.astype(np.uint8)).unsqueeze(1)
    return ImageSet(images, torch.from_numpy(labels.astype(np.int64)))
