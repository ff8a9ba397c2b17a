"""The 1,797 handwritten digits of the UCI repository that come along: real, small, always there."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from blockstudio.errors import StudioError
from blockstudio.training.data.images import ImageSet, RawData

FILE = Path(__file__).with_name("digits.npz")
"""With its notice beside it."""
DEEPEST = 16
"""The darkest value of a pixel."""
TEST_EVERY = 5
AGAIN = "Install Block Studio again."


def load_digits() -> RawData:
    """8×8 grey images. Every fifth of each class is for testing: a fixed split, equal in all classes, which mixes the
    writers (the file has their digits one after the other). Raises `StudioError` ``data.digits``."""
    pixels, values = _arrays()
    images = torch.from_numpy(np.rint(pixels * (255 / DEEPEST)).astype(np.uint8)).view(-1, 1, 8, 8)
    labels = torch.from_numpy(values.astype(np.int64))
    test = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        test[torch.nonzero(labels == label).flatten()[TEST_EVERY - 1 :: TEST_EVERY]] = True
    everything = ImageSet(images, labels)
    return RawData(
        train=everything.subset(torch.nonzero(~test).flatten()),
        test=everything.subset(torch.nonzero(test).flatten()),
        classes=tuple(str(label) for label in range(10)),
    )


def _arrays() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """``(1797, 8, 8)`` pixels from 0 to `DEEPEST`, ``(1797,)`` labels, both bytes."""
    try:
        with np.load(FILE, allow_pickle=False) as found:
            pixels, labels = found["images"], found["labels"]
    except (OSError, KeyError, ValueError, EOFError, zlib.error, BadZipFile) as error:
        raise StudioError("data.digits", f"cannot be read: {error}.", where=str(FILE), hint=AGAIN) from error
    if pixels.shape != (1797, 8, 8) or labels.shape != (1797,):
        raise StudioError("data.digits", "is not the table of digits.", where=str(FILE), hint=AGAIN)
    return pixels, labels
