"""CIFAR-10 and CIFAR-100: in their binary version, label bytes followed by 3×32×32 pixels, and in their Python one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.runs.found_sets import cifar_files
from blockstudio.runs.known_sets import DATASETS
from blockstudio.text import say
from blockstudio.training.data.cifar_batch import read_batch
from blockstudio.training.data.images import ImageSet, RawData

PIXELS = 3 * 32 * 32
NAMES = {"cifar10": ("batches.meta.txt", "batches.meta"), "cifar100": ("fine_label_names.txt", "meta")}
"""Files with the names of the classes, in either version."""


def load_cifar(folder: Path, name: str) -> RawData:
    """``data_batch_*`` and ``test_batch``, or ``train`` and ``test`` (fine labels), with ``.bin`` or without.

    Raises `StudioError` ``data.cifar`` naming the file.
    """
    files = cifar_files(folder, name)
    if files is None:
        raise StudioError("data.cifar", say("has not the files of CIFAR."), where=str(folder))
    train = [_read(path, name) for path in files[0]]
    return RawData(
        train=ImageSet(torch.cat([part.images for part in train]), torch.cat([part.labels for part in train])),
        test=_read(files[1], name),
        classes=_names(folder, name),
    )


def _read(path: Path, name: str) -> ImageSet:
    classes = DATASETS[name].classes
    images, labels = _binary(path, name) if path.suffix == ".bin" else _python(path, name)
    if int(labels.max()) >= classes or int(labels.min()) < 0:
        raise StudioError(
            "data.cifar",
            say("has a label {max}; there are {classes}.", max=int(labels.max()), classes=classes),
            where=str(path),
        )
    return ImageSet(images, labels)


def _binary(path: Path, name: str) -> tuple[Tensor, Tensor]:
    label_bytes = 1 if name == "cifar10" else 2
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise StudioError(
            "data.cifar", say("cannot be read: {strerror}.", strerror=error.strerror), where=str(path)
        ) from error
    record = label_bytes + PIXELS
    if not len(data) or len(data) % record:
        raise StudioError(
            "data.cifar",
            say("has {data:,} bytes, not a multiple of {record:,} as records are.", data=len(data), record=record),
            where=str(path),
        )
    rows = torch.from_numpy(data.reshape(-1, record).copy())
    images = rows[:, label_bytes:].reshape(-1, 3, 32, 32).contiguous()
    return images, rows[:, label_bytes - 1].long()


def _python(path: Path, name: str) -> tuple[Tensor, Tensor]:
    found = read_batch(path)
    data, labels = found.get("data"), found.get("labels" if name == "cifar10" else "fine_labels")
    whole = isinstance(labels, list) and all(type(label) is int and abs(label) < 1 << 31 for label in labels)
    if not isinstance(data, np.ndarray) or not whole or data.shape != (len(labels or ()), PIXELS) or not len(data):
        raise StudioError(
            "data.cifar", say("holds no images with a label each, as batches of CIFAR do."), where=str(path)
        )
    return torch.from_numpy(data.reshape(-1, 3, 32, 32).copy()), torch.tensor(labels, dtype=torch.int64)


def _names(folder: Path, name: str) -> tuple[str, ...]:
    texts, meta = NAMES[name]
    names: tuple[str, ...] = ()
    if (folder / texts).is_file():
        lines = (folder / texts).read_text(errors="replace").splitlines()
        names = tuple(line.strip() for line in lines if line.strip())
    elif (folder / meta).is_file():
        found = read_batch(folder / meta).get("label_names" if name == "cifar10" else "fine_label_names")
        names = tuple(map(str, found)) if isinstance(found, list) else ()
    count = DATASETS[name].classes
    return names if len(names) == count else tuple(str(label) for label in range(count))
