"""IDX files, the format of MNIST and its many siblings: plain or gzipped, in one folder."""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.runs.idx_files import IdxSet, choose_set, idx_header, numbering, open_plain
from blockstudio.text import say
from blockstudio.training.data.images import ImageSet, RawData

MAX_BYTES = 8 << 30


def load_idx(folder: Path, prefix: str = "", name: str = "") -> RawData:
    """The IDX files of ``folder`` that begin with ``prefix``, of a set called ``name`` if it is a known one.

    Raises `StudioError` ``data.idx`` naming the file.
    """
    found = choose_set(folder, prefix)
    if found is None:
        raise StudioError("data.idx", say("has no IDX files of images with labels."), where=str(folder))
    first, classes, _ = numbering(found, name)
    parts = [None if pair is None else _read_part(pair, found, first) for pair in (found.train, found.test)]
    assert parts[0] is not None
    return RawData(train=parts[0], test=parts[1], classes=classes)


def _read_part(files: tuple[Path, Path], found: IdxSet, first: int) -> ImageSet:
    images, labels = read_idx(files[0], 3), read_idx(files[1], 1)
    if len(images) != len(labels):
        raise StudioError(
            "data.count",
            say("has {labels:,} labels for {images:,} images.", labels=len(labels), images=len(images)),
            where=str(files[1]),
            hint=say("The images are those of {name}.", name=files[0].name),
        )
    if not len(images):
        raise StudioError("data.empty", say("holds no image."), where=str(files[0]))
    if found.lies_on_its_side:
        images = images.transpose(1, 2).contiguous()
    return ImageSet(images.unsqueeze(1), labels.long() - first)


def read_idx(path: Path, dimensions: int) -> Tensor:
    """uint8 tensor of the file's shape. Raises `StudioError` ``data.idx``."""
    shape = idx_header(path)
    if len(shape) != dimensions:
        raise StudioError(
            "data.idx",
            say("has {shape} dimensions; {dimensions} expected.", shape=len(shape), dimensions=dimensions),
            where=str(path),
        )
    size = math.prod(shape)
    if size > MAX_BYTES:
        raise StudioError("data.idx", say("claims {size:,} bytes.", size=size), where=str(path))
    try:
        with open_plain(path) as file:
            file.read(4 + 4 * dimensions)
            data = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise StudioError("data.idx", say("cannot be read: {error}.", error=error), where=str(path)) from error
    if len(data) != size:
        found = "more" if len(data) > size else f"{len(data):,}"
        raise StudioError(
            "data.idx", say("holds {found} bytes; its header says {size:,}.", found=found, size=size), where=str(path)
        )
    return torch.from_numpy(np.frombuffer(data, np.uint8).reshape(shape).copy())
