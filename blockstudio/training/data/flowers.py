"""Oxford's Flowers-17 and Flowers-102 as published: one folder of numbered photos, lists in MAT files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.runs.mat_files import read_mat
from blockstudio.runs.published import FLOWERS17, flowers17_photos, flowers102_photos
from blockstudio.text import say
from blockstudio.training.data.folder import Files, FolderParts

CLASSES17 = (
    "daffodil", "snowdrop", "lily of the valley", "bluebell", "crocus", "iris", "tigerlily", "tulip", "fritillary",
    "sunflower", "daisy", "colt's foot", "dandelion", "cowslip", "buttercup", "windflower", "pansy",
)  # fmt: skip
"""In the order of the photos' numbers."""
A_CLASS = FLOWERS17 // len(CLASSES17)
COUNT102 = 102


def load_flowers17(folder: Path, beside: Sequence[Path]) -> FolderParts:
    """Photos ``image_0001.jpg`` to 1360, 80 of each class in order; the first of the splits in ``datasplits.mat``, in
    ``folder`` or one of ``beside``, or all for training where there is none.

    Raises `StudioError` ``data.count``, ``data.mat``.
    """
    photos = flowers17_photos(folder)
    assert photos is not None
    paths = _numbered(photos, 4)
    if max(paths) > FLOWERS17:
        raise StudioError(
            "data.count", say("has photos beyond number {last:,}, the last of Flowers-17.", last=FLOWERS17),
            where=str(photos),
        )  # fmt: skip
    labels = {number: (number - 1) // A_CLASS for number in paths}
    splits = _beside("datasplits.mat", folder, photos, *beside)
    if splits is None:
        note = say("There is no datasplits.mat beside the photos, so the parts are drawn by class.")
        return FolderParts(_files(sorted(paths), paths, labels, photos), None, None, CLASSES17, [note])
    found = read_mat(splits, "trn1", "val1", "tst1")
    parts = [_files(_numbers(found, name, splits), paths, labels, splits) for name in ("trn1", "val1", "tst1")]
    note = say("Of the three splits of {name} the first is taken.", name=splits.name)
    return FolderParts(parts[0], parts[1], parts[2], CLASSES17, [note])


def load_flowers102(folder: Path, beside: Sequence[Path]) -> FolderParts:
    """Photos ``image_00001.jpg`` on, their labels in ``imagelabels.mat``, the parts in ``setid.mat``, both in
    ``folder`` or one of ``beside``. Raises `StudioError` ``data.missing`` without labels, ``data.count``, ``data.mat``.
    """
    photos = flowers102_photos(folder)
    assert photos is not None
    paths = _numbered(photos, 5)
    listed = _beside("imagelabels.mat", folder, photos, *beside)
    if listed is None:
        raise StudioError(
            "data.missing",
            say("is needed beside the photos of Flowers-102: it holds their classes."),
            where=str(photos.parent / "imagelabels.mat"),
        )
    values = _numbers(read_mat(listed, "labels"), "labels", listed)
    if min(values) < 1 or max(values) > COUNT102 or len(values) < max(paths):
        raise StudioError(
            "data.count",
            say(
                "has {count:,} labels from {first} to {last}; {photos:,} photos of {classes} classes are here.",
                count=len(values), first=min(values), last=max(values), photos=max(paths), classes=COUNT102,
            ),
            where=str(listed),
        )  # fmt: skip
    labels = {number: label - 1 for number, label in enumerate(values, start=1)}
    splits = _beside("setid.mat", folder, photos, *beside)
    if splits is None:
        note = say("There is no setid.mat beside the photos, so the parts are drawn by class.")
        return FolderParts(_files(sorted(paths), paths, labels, photos), None, None, _names102(), [note])
    found = read_mat(splits, "trnid", "valid", "tstid")
    parts = [_files(_numbers(found, name, splits), paths, labels, splits) for name in ("trnid", "valid", "tstid")]
    return FolderParts(parts[0], parts[1], parts[2], _names102())


def _names102() -> tuple[str, ...]:
    from torchvision.datasets import Flowers102

    names = tuple(getattr(Flowers102, "classes", ()))
    return names if len(names) == COUNT102 else tuple(str(number) for number in range(1, COUNT102 + 1))


def _beside(name: str, *folders: Path) -> Path | None:
    places = (place / name for folder in folders for place in (folder, folder.parent))
    return next((path for path in places if path.is_file()), None)


def _numbered(folder: Path, digits: int) -> dict[int, Path]:
    pattern = re.compile(rf"image_(\d{{{digits}}})\.jpg")
    return {int(match[1]): path for path in folder.iterdir() if (match := pattern.fullmatch(path.name)) is not None}


def _numbers(found: Mapping[str, Any], name: str, where: Path) -> list[int]:
    """Whole numbers of a variable. Raises `StudioError` ``data.mat`` without it."""
    values = found.get(name)
    if not isinstance(values, np.ndarray) or not values.size or not _whole(values):
        raise StudioError("data.mat", say("has no list of whole numbers called '{name}'.", name=name), where=str(where))
    return [int(value) for value in values.ravel(order="F")]


def _whole(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all() and (values == np.rint(values)).all() and (np.abs(values) < 1 << 31).all())


def _files(numbers: Sequence[int], paths: Mapping[int, Path], labels: Mapping[int, int], where: Path) -> Files:
    missing = [number for number in numbers if number not in paths]
    if missing:
        raise StudioError(
            "data.count",
            say(
                "names photo {number}, which is not here; {count:,} are missing.", number=missing[0], count=len(missing)
            ),
            where=str(where),
        )
    return Files(
        tuple(paths[number] for number in numbers),
        torch.tensor([labels[number] for number in numbers], dtype=torch.int64),
    )
