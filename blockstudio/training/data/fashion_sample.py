"""A tenth of Fashion-MNIST that comes along: 6,000 training and 1,000 test photos of clothes, as many of each class.

Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms*, 2017;
under the MIT licence, whose text lies beside the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from blockstudio.runs.idx_files import NAMES
from blockstudio.training.data.images import ImageSet, RawData
from blockstudio.training.data.packaged import read_arrays

FILE = Path(__file__).with_name("fashion_sample.npz")
"""Made by ``tools/fashion_sample.py``."""


def load_fashion_sample() -> RawData:
    """28×28 grey images. Raises `StudioError` ``data.packaged``."""
    shapes = {"train": (6000, 28, 28), "train_labels": (6000,), "test": (1000, 28, 28), "test_labels": (1000,)}
    arrays = read_arrays(FILE, shapes)

    def part(name: str) -> ImageSet:
        # Kept as differences of neighbours, which compress better.
        pixels = np.cumsum(arrays[name], axis=2, dtype=np.uint8)
        return ImageSet(
            torch.from_numpy(pixels).unsqueeze(1), torch.from_numpy(arrays[f"{name}_labels"].astype(np.int64))
        )

    return RawData(train=part("train"), test=part("test"), classes=NAMES["fashion_mnist"][1])
