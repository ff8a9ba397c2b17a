"""What is known of a set that is kept as arrays or as a table of pixels, before an image of it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.runs.array_files import ENDINGS, ArraySet, arrays_in, labels_of
from blockstudio.runs.folder_tree import current
from blockstudio.runs.image_folders import Part, class_folders, holds_images
from blockstudio.runs.pixel_tables import ENDINGS as TABLES
from blockstudio.runs.pixel_tables import PixelTable, TableSet, by_part, rows_of, tables_of_pixels
from blockstudio.text import Text, listed, say, say_many

MOST_CLASSES = 100_000
NAMED = 10
SHOWN = 5
OTHERS = (
    ".parquet", ".h5", ".hdf5", ".hdf", ".tfrecord", ".tfrecords", ".arrow", ".pkl", ".pickle", ".feather", ".lmdb",
    ".mdb", ".mat", ".arff", ".pt", ".pth", ".rec", ".beton", *ENDINGS, *TABLES,
)  # fmt: skip
"""Files in which people keep sets of images, and which are no set that is read."""
PACKED = (".zip", ".tar", ".tgz", ".gz", ".7z", ".rar", ".xz", ".bz2", ".zst")


@dataclass(frozen=True)
class Facts:
    """A set and what is known of it. ``labels``: for each part the class of every image, counted from 0."""

    found: ArraySet | TableSet
    classes: tuple[str, ...]
    labels: Mapping[Part, NDArray[np.int64]]
    channels: int
    height: int
    width: int
    notes: tuple[Text, ...]


def facts_of(path: Path) -> Facts | None:
    """The set at ``path``, a file or a folder; ``None`` if there is none of this kind.

    Raises `StudioError` ``data.array``, ``data.table``, ``data.count``, ``data.classes``, ``file.*``.
    """
    if path.is_dir() or path.suffix.lower() in ENDINGS:
        arrays = arrays_in(path)
        if arrays is not None:
            grid = arrays.grid()
            raw = {part: labels_of(labels) for part, (_, labels) in arrays.parts.items()}
            return _facts(arrays, raw, grid.channels, grid.height, grid.width)
    if path.is_dir() or path.suffix.lower() in TABLES:
        tables = tables_of_pixels(path)
        if tables is not None:
            shape = tables.shape()
            return _facts(tables, _of_tables(tables), shape.channels, shape.side, shape.side)
    return None


def unread(path: Path) -> StudioError | None:
    """What is said of a file, or of the files of a folder, that may hold a set in a form that is not read."""
    files = [path.name] if path.is_file() else sorted(current().entries(path).files)
    names = [name for name in files if not name.startswith(".")]
    others = [name for name in names if name.lower().endswith(OTHERS)]
    packed = [name for name in names if name.lower().endswith(PACKED)]
    if not others and (path.is_file() or not packed):
        return None
    if path.is_dir() and any(holds_images(folder) for folder in (path, *class_folders(path))):
        return None  # then it is the images that somebody meant, and the table that does not tell of them
    text = (
        say("is a file, of a kind that is not read as a data set.")
        if path.is_file()
        else say("is no data set that is read: it holds {names}, but no images.", names=listed(others or packed, SHOWN))
    )
    hint = say(
        'Save it as arrays, numpy.savez("data.npz", x_train=…, y_train=…, x_test=…, y_test=…), or each image as a file '
        "in a folder of its class."
    )
    return StudioError("data.folder", text, where=str(path), hint=hint if others else say("Unpack it."))


def _of_tables(tables: TableSet) -> dict[Part, NDArray[Any]]:
    def labels(table: PixelTable) -> NDArray[Any]:
        found = _numbers(rows_of(table).labels)
        if not len(found):
            raise StudioError("data.empty", say("holds no image."), where=str(table.path))
        return found

    found = by_part(tables, labels)
    if "train" not in found:
        raise StudioError("data.table", say("has no row to train on."), where=str(tables.path))
    return found


def _numbers(labels: Sequence[str]) -> NDArray[Any]:
    """Whole numbers where all labels are."""
    try:
        values = np.array(labels, dtype=np.float64) if labels else np.zeros(0)
    except ValueError:
        return np.array(labels)
    whole = np.isfinite(values).all() and (values == np.rint(values)).all() and (abs(values) < 2**53).all()
    return values.astype(np.int64) if whole else np.array(labels)


def _facts(
    found: ArraySet | TableSet, raw: Mapping[Part, NDArray[Any]], channels: int, height: int, width: int
) -> Facts:
    where = str(found.path)
    known = np.unique(raw["train"])
    for part, labels in raw.items():
        if labels.dtype.kind != raw["train"].dtype.kind:
            raise StudioError(
                "data.classes", say("has numbers for labels in one part and texts in another."), where=where
            )
        strange = np.setdiff1d(labels, known)
        if len(strange):
            names = [str(value) for value in strange]
            raise StudioError(
                "data.classes",
                say_many(
                    "has the class {names} in the part '{part}', of which there is no image to train on.",
                    "has the classes {names} in the part '{part}', of which there is no image to train on.",
                    len(names), names=listed(names, NAMED), part=part,
                ),
                where=where,
                hint=say("Every part must have the same classes."),
            )  # fmt: skip
    if len(known) < 2:
        text = say("has images of one class only, {name}; at least 2 are needed.", name=str(known[0]))
        raise StudioError("data.classes", text, where=where)
    if len(known) > min(MOST_CLASSES, len(raw["train"]) - 1):
        text = say("has {count:,} different labels for {images:,} images: they are no classes.",
                   count=len(known), images=len(raw["train"]))  # fmt: skip
        raise StudioError("data.classes", text, where=where, hint=say("Labels are N whole numbers or texts."))
    notes = list(found.notes)
    if known.dtype.kind == "i" and (known[0] or known[-1] != len(known) - 1):
        notes.append(
            say("The labels are {first} to {last}, with {count} of them in use: as many classes, by their numbers.",
                first=int(known[0]), last=int(known[-1]), count=len(known))
        )  # fmt: skip
    counted = {part: np.searchsorted(known, each).astype(np.int64) for part, each in raw.items()}
    return Facts(found, tuple(str(value) for value in known), counted, channels, height, width, tuple(notes))
