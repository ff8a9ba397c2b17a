"""The 1,797 handwritten digits that come with scikit-learn: real, small, always there."""

from __future__ import annotations

import numpy as np
import torch

from blockstudio.training.data.images import ImageSet, RawData

TEST_EVERY = 5


def load_digits() -> RawData:
    """8×8 grey images. Every fifth of each class is for testing: a fixed split, equal in all classes, which mixes the
    writers (the file has their digits one after the other)."""
    from sklearn.datasets import load_digits as bundled

    found = bundled()
    images = torch.from_numpy(np.rint(found.images * (255 / 16)).astype(np.uint8)).unsqueeze(1)
    labels = torch.from_numpy(found.target.astype(np.int64))
    test = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        test[torch.nonzero(labels == label).flatten()[TEST_EVERY - 1 :: TEST_EVERY]] = True
    everything = ImageSet(images, labels)
    return RawData(
        train=everything.subset(torch.nonzero(~test).flatten()),
        test=everything.subset(torch.nonzero(test).flatten()),
        classes=tuple(str(label) for label in range(10)),
    )
