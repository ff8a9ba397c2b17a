"""CIFAR-10 and CIFAR-100 in their binary version: label bytes followed by 3×32×32 pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from blockstudio.errors import StudioError
from blockstudio.runs.datasets import cifar_files
from blockstudio.training.data.images import ImageSet, RawData

PIXELS = 3 * 32 * 32


def load_cifar(folder: Path, name: str) -> RawData:
    """``data_batch_*.bin`` and ``test_batch.bin``, or ``train.bin`` and ``test.bin`` (fine labels).

    Raises `StudioError` ``data.cifar`` naming the file.
    """
    files = cifar_files(folder, name)
    if files is None:
        raise StudioError("data.cifar", "has not the files of CIFAR's binary version.", where=str(folder))
    label_bytes, count = (1, 10) if name == "cifar10" else (2, 100)
    train = [_read(path, label_bytes, count) for path in files[0]]
    return RawData(
        train=ImageSet(torch.cat([part.images for part in train]), torch.cat([part.labels for part in train])),
        test=_read(files[1], label_bytes, count),
        classes=_names(folder, name, count),
    )


def _read(path: Path, label_bytes: int, classes: int) -> ImageSet:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise StudioError("data.cifar", f"cannot be read: {error.strerror}.", where=str(path)) from error
    record = label_bytes + PIXELS
    if not len(data) or len(data) % record:
        raise StudioError(
            "data.cifar", f"has {len(data):,} bytes, not a multiple of {record:,} as records are.", where=str(path)
        )
    rows = torch.from_numpy(data.reshape(-1, record).copy())
    labels = rows[:, label_bytes - 1].long()
    if int(labels.max()) >= classes:
        raise StudioError("data.cifar", f"has a label {int(labels.max())}; there are {classes}.", where=str(path))
    return ImageSet(rows[:, label_bytes:].reshape(-1, 3, 32, 32).contiguous(), labels)


def _names(folder: Path, name: str, count: int) -> tuple[str, ...]:
    path = folder / ("batches.meta.txt" if name == "cifar10" else "fine_label_names.txt")
    if path.is_file():
        names = tuple(line.strip() for line in path.read_text(errors="replace").splitlines() if line.strip())
        if len(names) == count:
            return names
    return tuple(str(label) for label in range(count))
