"""IDX files, the format of MNIST and its many siblings: plain or gzipped, in one folder."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.runs.idx_files import IdxSet, check_counts, checked_size, choose_set, idx_header, numbering, open_plain
from blockstudio.text import listed, say, say_many
from blockstudio.training.data.images import ImageSet, RawData

PIECE = 1 << 24
"""Bytes read at a time: a file that is smaller than it says takes no more memory than it has."""
NAMED = 10


def load_idx(folder: Path, prefix: str = "", name: str = "") -> RawData:
    """The IDX files of ``folder`` that begin with ``prefix``, of a set called ``name`` if it is a known one.

    Raises `StudioError` ``data.idx`` naming the file.
    """
    found = choose_set(folder, prefix)
    if found is None:
        raise StudioError("data.idx", say("has no IDX files of images with labels."), where=str(folder))
    check_counts(found)
    first, classes, _ = numbering(found, name)
    train = _read_part(found.train, found, first)
    test = None if found.test is None else _read_part(found.test, found, first)
    known = set(np.unique(train.labels.numpy()).tolist())
    if len(known) < 2:
        raise StudioError(
            "data.classes",
            say("has images of one class only, {name}; at least 2 are needed.", name=classes[known.pop()]),
            where=str(found.train[1]),
        )
    strange = sorted(set(np.unique(test.labels.numpy()).tolist()) - known) if test is not None else []
    if strange and found.test is not None:
        raise StudioError(
            "data.classes",
            say_many(
                "has the class {names}, of which there is no image to train on.",
                "has the classes {names}, of which there is no image to train on.",
                len(strange), names=listed([classes[label] for label in strange], NAMED),
            ),
            where=str(found.test[1]),
            hint=say("Every part must have the same classes."),
        )  # fmt: skip
    return RawData(train=train, test=test, classes=classes)


def _read_part(files: tuple[Path, Path], found: IdxSet, first: int) -> ImageSet:
    images, labels = read_idx(files[0], 3), read_idx(files[1], 1)
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
    size = checked_size(path, shape)
    data = np.empty(size, np.uint8)
    found = 0
    try:
        with open_plain(path) as file:
            file.read(4 + 4 * dimensions)
            while found < size:
                piece = file.read(min(PIECE, size - found))
                if not piece:
                    break
                data[found : found + len(piece)] = np.frombuffer(piece, np.uint8)
                found += len(piece)
            more = bool(file.read(1))
    except (OSError, EOFError, zlib.error) as error:
        raise StudioError("data.idx", say("cannot be read: {error}.", error=error), where=str(path)) from error
    if more or found < size:
        held = "more" if more else f"{found:,}"
        raise StudioError(
            "data.idx", say("holds {found} bytes; its header says {size:,}.", found=held, size=size), where=str(path)
        )
    return torch.from_numpy(data.reshape(shape))
