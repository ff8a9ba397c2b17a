"""The 1,797 handwritten digits of the UCI repository that come along: real, small, always there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from blockstudio.training.data.images import ImageSet, RawData
from blockstudio.training.data.packaged import read_arrays

FILE = Path(__file__).with_name("digits.npz")
"""With its notice beside it."""
DEEPEST = 16
"""The darkest value of a pixel."""
TEST_EVERY = 5


def load_digits() -> RawData:
    """8×8 grey images. Every fifth of each class is for testing: a fixed split, equal in all classes, which mixes the
    writers (the file has their digits one after the other). Raises `StudioError` ``data.packaged``."""
    arrays = read_arrays(FILE, {"images": (1797, 8, 8), "labels": (1797,)})
    images = torch.from_numpy(np.rint(arrays["images"] * (255 / DEEPEST)).astype(np.uint8)).view(-1, 1, 8, 8)
    labels = torch.from_numpy(arrays["labels"].astype(np.int64))
    test = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        test[torch.nonzero(labels == label).flatten()[TEST_EVERY - 1 :: TEST_EVERY]] = True
    everything = ImageSet(images, labels)
    return RawData(
        train=everything.subset(torch.nonzero(~test).flatten()),
        test=everything.subset(torch.nonzero(test).flatten()),
        classes=tuple(str(label) for label in range(10)),
    )
