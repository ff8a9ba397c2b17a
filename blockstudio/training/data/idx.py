"""IDX files, the format of MNIST and its many siblings: plain or gzipped, in one folder."""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.runs.datasets import IDX_STEMS, idx_files, idx_header, open_plain
from blockstudio.training.data.images import ImageSet, RawData

MAX_BYTES = 8 << 30
NAMES = {
    "fashion_mnist": (
        "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
}  # fmt: skip
"""What the labels of known sets mean, where it is not the digit itself."""


def load_idx(folder: Path, classes: int, name: str = "") -> RawData:
    """``train-…`` and, if there, ``t10k-…`` files of ``folder``. Raises `StudioError` ``data.idx`` naming the file."""
    train = _read_part(folder, "train")
    if train is None:
        stems = " and ".join(IDX_STEMS["train"])
        raise StudioError("data.idx", f"has no {stems} (plain or .gz).", where=str(folder))
    test = _read_part(folder, "test")
    count = max(classes, *(int(part.labels.max()) + 1 for part in (train, test) if part is not None))
    names = NAMES.get(name, ())
    classes_found = names if len(names) == count else tuple(str(label) for label in range(count))
    return RawData(train=train, test=test, classes=classes_found)


def _read_part(folder: Path, part: str) -> ImageSet | None:
    files = idx_files(folder, part)
    if files is None:
        return None
    images, labels = read_idx(files[0], 3), read_idx(files[1], 1)
    if len(images) != len(labels):
        raise StudioError(
            "data.count",
            f"has {len(labels):,} labels for {len(images):,} images.",
            where=str(files[1]),
            hint=f"The images are those of {files[0].name}.",
        )
    if not len(images):
        raise StudioError("data.empty", "holds no image.", where=str(files[0]))
    return ImageSet(images.unsqueeze(1), labels.long())


def read_idx(path: Path, dimensions: int) -> Tensor:
    """uint8 tensor of the file's shape. Raises `StudioError` ``data.idx``."""
    shape = idx_header(path)
    if len(shape) != dimensions:
        raise StudioError("data.idx", f"has {len(shape)} dimensions; {dimensions} expected.", where=str(path))
    size = math.prod(shape)
    if size > MAX_BYTES:
        raise StudioError("data.idx", f"claims {size:,} bytes.", where=str(path))
    try:
        with open_plain(path) as file:
            file.read(4 + 4 * dimensions)
            data = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise StudioError("data.idx", f"cannot be read: {error}.", where=str(path)) from error
    if len(data) != size:
        found = "more" if len(data) > size else f"{len(data):,}"
        raise StudioError("data.idx", f"holds {found} bytes; its header says {size:,}.", where=str(path))
    return torch.from_numpy(np.frombuffer(data, np.uint8).reshape(shape).copy())
