"""The 1,797 handwritten digits that come with scikit-learn: real, small, always there."""

from __future__ import annotations

import gzip
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from blockstudio.errors import StudioError
from blockstudio.training.data.images import ImageSet, RawData

TEST_EVERY = 5


def load_digits() -> RawData:
    """8×8 grey images. Every fifth of each class is for testing: a fixed split, equal in all classes, which mixes the
    writers (the file has their digits one after the other). Raises `StudioError` ``data.digits``."""
    table = _table()
    images = torch.from_numpy(np.rint(table[:, :64] * (255 / 16)).astype(np.uint8)).view(-1, 1, 8, 8)
    labels = torch.from_numpy(table[:, 64].astype(np.int64))
    test = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        test[torch.nonzero(labels == label).flatten()[TEST_EVERY - 1 :: TEST_EVERY]] = True
    everything = ImageSet(images, labels)
    return RawData(
        train=everything.subset(torch.nonzero(~test).flatten()),
        test=everything.subset(torch.nonzero(test).flatten()),
        classes=tuple(str(label) for label in range(10)),
    )


def _table() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """``(1797, 65)``: 64 pixels from 0 to 16, and the label."""
    # The library's data file, read by ourselves: importing the library takes a second and half of scipy.
    found = find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise StudioError("data.digits", "scikit-learn, which brings the digits, is not installed.", where="digits")
    path = Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.float64)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise StudioError("data.digits", f"cannot be read: {error}.", where=str(path)) from error
    if table.ndim != 2 or table.shape[1] != 65:
        raise StudioError("data.digits", "is not the table of digits.", where=str(path))
    return table
