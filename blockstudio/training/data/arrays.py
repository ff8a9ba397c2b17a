"""SVHN and STL-10 as published: all images of a part in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded
from blockstudio.runs.mat_files import MAX_UNPACKED, read_mat
from blockstudio.text import say
from blockstudio.training.data.images import ImageSet, RawData

STL_SIDE = 96


def load_svhn(folder: Path, beside: Sequence[Path] = ()) -> RawData:
    """``train_32x32.mat`` and ``test_32x32.mat``; the digit 0 has label 10 there.

    Raises `StudioError` ``data.mat``, ``data.count``.
    """
    test = folder / "test_32x32.mat"
    notes: list[str] = []
    if (folder / "extra_32x32.mat").is_file():
        notes.append(say("extra_32x32.mat is not used: training takes the images of train_32x32.mat."))
    return RawData(
        train=_svhn(folder / "train_32x32.mat"),
        test=_svhn(test) if test.is_file() else None,
        classes=tuple("0123456789"),
        notes=notes,
    )


def _svhn(path: Path) -> ImageSet:
    found = read_mat(path, "X", "y")
    images, labels = found.get("X"), found.get("y")
    if not isinstance(images, np.ndarray) or not isinstance(labels, np.ndarray):
        raise StudioError("data.mat", say("has not the variables X and y of SVHN."), where=str(path))
    images = images.reshape(*images.shape, 1) if images.ndim == 3 else images  # One image: the last axis is dropped.
    if images.ndim != 4 or images.shape[:3] != (32, 32, 3) or images.dtype != np.uint8 or images.shape[3] == 0:
        raise StudioError("data.mat", say("X is not of 32×32 colour images, as SVHN's is."), where=str(path))
    flat = labels.ravel()
    if len(flat) != images.shape[3]:
        raise _uneven(path, len(flat), images.shape[3])
    if not np.isin(flat, np.arange(11)).all():
        raise StudioError("data.mat", say("has labels other than 1 to 10."), where=str(path))
    pixels = torch.from_numpy(np.ascontiguousarray(images.transpose(3, 2, 0, 1)))
    return ImageSet(pixels, torch.from_numpy(flat.astype(np.int64)) % 10)


def load_stl10(folder: Path, beside: Sequence[Path] = ()) -> RawData:
    """``train_X.bin`` and ``train_y.bin``, ``test_X.bin`` and ``test_y.bin``: pixels by column, labels from 1.

    Raises `StudioError` ``data.stl10``, ``data.count``.
    """
    names = folder / "class_names.txt"
    classes: tuple[str, ...] = ()
    if names.is_file():
        classes = tuple(read_bounded(names, 1 << 16).decode(errors="replace").split())
    if len(classes) != 10:
        classes = tuple(str(label) for label in range(1, 11))
    has_test = (folder / "test_X.bin").is_file() and (folder / "test_y.bin").is_file()
    return RawData(
        train=_stl10(folder, "train", len(classes)),
        test=_stl10(folder, "test", len(classes)) if has_test else None,
        classes=classes,
    )


def _stl10(folder: Path, part: str, classes: int) -> ImageSet:
    path, listed = folder / f"{part}_X.bin", folder / f"{part}_y.bin"
    size = 3 * STL_SIDE * STL_SIDE
    data = np.frombuffer(read_bounded(path, MAX_UNPACKED), np.uint8)
    if not len(data) or len(data) % size:
        raise StudioError(
            "data.stl10",
            say("has {data:,} bytes, not a multiple of {size:,} as images of STL-10 are.", data=len(data), size=size),
            where=str(path),
        )
    labels = np.frombuffer(read_bounded(listed, 1 << 26), np.uint8).astype(np.int64)
    images = data.reshape(-1, 3, STL_SIDE, STL_SIDE).transpose(0, 1, 3, 2)
    if len(labels) != len(images):
        raise _uneven(listed, len(labels), len(images))
    if labels.min() < 1 or labels.max() > classes:
        raise StudioError("data.stl10", say("has labels other than 1 to {last}.", last=classes), where=str(listed))
    return ImageSet(torch.from_numpy(np.ascontiguousarray(images)), torch.from_numpy(labels - 1))


def _uneven(path: Path, labels: int, images: int) -> StudioError:
    text = say("has {labels:,} labels for {images:,} images.", labels=labels, images=images)
    return StudioError("data.count", text, where=str(path))
