"""Sets of images kept as tables, a row an image: Kaggle's digits (``label,pixel0,pixel1,…``), MNIST as CSV without a
header, and faces whose pixels are one text (``emotion,pixels,Usage``)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.runs.folder_tree import files_in
from blockstudio.runs.image_folders import WORDS, Part, part_of
from blockstudio.runs.tables import CLASS_NAMES, NOT_LABELS, SPLIT_NAMES, letters
from blockstudio.text import Text, listed, say

LEAST_COLUMNS = 49
"""Numbers in a row from which it may be an image, 7×7."""
LONGEST_LINE = 1 << 22
MAX_TABLE = 8 << 30
DELIMITERS = (",", ";", "\t")
ENDINGS = (".csv", ".tsv")
NAMED = 4
_LABELS = (*CLASS_NAMES, "digit", "emotion", "character", "letter", "number")
_PIXEL = re.compile(r"(pixels?|px|p|x|feature|v|col)?[\W_]*\d+([xX_.\-]\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Side:
    """The images of a table: rows of ``3 × side × side`` are the three colours of each pixel one after the other."""

    channels: Literal[1, 3]
    side: int


@dataclass(frozen=True)
class PixelTable:
    """How a file holds its images. ``label``, ``usage``: columns, ``None`` where there is none."""

    path: Path
    delimiter: str
    header: bool
    label: int | None
    usage: int | None
    pixels: tuple[int, int]
    """The first column of pixels and the one behind the last; the only one where all are one text."""
    text: bool
    """All pixels are one text, blanks between them."""
    shape: Side
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Rows:
    """What the rows of a table say but for the pixels."""

    labels: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    """Of each row; empty where the table is one part."""


@dataclass(frozen=True)
class TableSet:
    """The tables of one set."""

    path: Path
    tables: dict[Part, PixelTable]
    """One for each part; the same for all where a column says which row is of which."""
    notes: tuple[Text, ...] = field(default=())

    def shape(self) -> Side:
        """Of the images. Raises `StudioError` ``data.table`` where the parts differ."""
        first = self.tables["train"]
        for table in self.tables.values():
            if table.shape != first.shape:
                text = say(
                    "its images are {found} pixels wide, those of {first} are {wide}.",
                    found=table.shape.side, first=first.path.name, wide=first.shape.side,
                )  # fmt: skip
                raise StudioError("data.table", text, where=str(table.path))
        return first.shape


def tables_of_pixels(path: Path) -> TableSet | None:
    """The set in one table, or in the tables of a folder; ``None`` if none of them holds images with labels.

    Raises `StudioError` ``data.table`` for a folder with several sets, ``file.*``.
    """
    files = [path] if path.is_file() else _files(path)
    found = [table for each in files if (table := look_at(each)) is not None]
    labelled = [table for table in found if table.label is not None]
    if not labelled:
        return None
    notes = [
        say("{name} has no column of labels: it is not used.", name=table.path.name)
        for table in found
        if table.label is None
    ]
    parts: dict[Part, PixelTable] = {}
    if len(labelled) == 1:
        parts["train"] = labelled[0]
    else:
        for table in labelled:
            part = _part(table.path.stem)
            if part is None or part in parts:
                notes.append(say("{name} is not used: its name says no part of the set.", name=table.path.name))
            else:
                parts[part] = table
    if "train" not in parts:
        raise StudioError(
            "data.table",
            say("holds several tables of images: {names}.",
                names=listed([table.path.name for table in labelled], NAMED)),
            where=str(path),
            hint=say("Name one of them, or call them train.csv and test.csv."),
        )  # fmt: skip
    notes += [note for table in parts.values() for note in table.notes]
    return TableSet(path, parts, tuple(dict.fromkeys(notes)))


def _files(folder: Path) -> list[Path]:
    return list(files_in(folder, lambda name: name.lower().endswith(ENDINGS) and not NOT_LABELS.search(name)))


def _part(name: str) -> Part | None:
    known = part_of(name)
    return known[0] if known is not None else None


def look_at(path: Path) -> PixelTable | None:
    """What the first two lines of a file say: ``None`` if its rows are no images. Raises `StudioError` ``file.*``."""
    try:
        with path.open("r", encoding="utf-8-sig", errors="replace", newline="") as file:
            first, second = (file.readline(LONGEST_LINE) for _ in range(2))
    except OSError as error:
        raise StudioError(
            "file.read", say("it cannot be read: {reason}.", reason=error.strerror or error), where=str(path)
        ) from error
    delimiter = max(DELIMITERS, key=first.count)
    head, row = _fields(first, delimiter), _fields(second, delimiter)
    if len(head) < 2 and len(row) < 2:
        return None
    titles = [letters(name) for name in head]
    if "pixels" in titles and len(row) == len(head):
        at = titles.index("pixels")
        shape = _side(len(row[at].split()))
        if shape is None or not all(map(_is_number, row[at].split())):
            return None
        return PixelTable(path, delimiter, True, _first(titles, _LABELS), _first(titles, SPLIT_NAMES), (at, at + 1),
                          True, shape, _said(path, shape))  # fmt: skip
    has_header = not all(map(_is_number, head)) or (any("." in each for each in head) and "." not in second)
    if has_header and (len(row) != len(head) or not row):
        return None
    return _in_columns(path, delimiter, head if has_header else [], row if has_header else head)


def _in_columns(path: Path, delimiter: str, head: Sequence[str], row: Sequence[str]) -> PixelTable | None:
    titles = [letters(name) for name in head]
    named = [at for at, name in enumerate(head) if _PIXEL.fullmatch(name.strip())]
    label = _first(titles, _LABELS)
    if named and label is None and len(named) == len(row) and _side(len(row)) is None:
        named = []  # The columns are numbered, the first one among them.
    if named and len(named) >= LEAST_COLUMNS and named == list(range(named[0], named[-1] + 1)):
        span, guessed = (named[0], named[-1] + 1), False
    elif len(row) > LEAST_COLUMNS and _side(len(row) - 1) is not None:
        # No names that tell: the label is the first column unless a name says that it is the last.
        guessed = label is None
        label = 0 if label is None else label
        if label not in (0, len(row) - 1):
            return None
        span = (1, len(row)) if label == 0 else (0, len(row) - 1)
    else:
        return None
    shape = _side(span[1] - span[0])
    if shape is None or not all(map(_is_number, row[span[0] : span[1]])):
        return None
    notes = _said(path, shape)
    if guessed:
        notes = (*notes, say("{name}: the first column is taken for the label.", name=path.name))
    return PixelTable(path, delimiter, bool(head), label, _first(titles, SPLIT_NAMES), span, False, shape, notes)


def _said(path: Path, shape: Side) -> tuple[Text, ...]:
    if shape.channels == 1:
        return ()
    return (say("{name}: the three colours of each pixel are read one after the other.", name=path.name),)


def _side(count: int) -> Side | None:
    """The square images of so many numbers, grey before coloured."""
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if count >= LEAST_COLUMNS and side * side * channels == count:
            return Side(1 if channels == 1 else 3, side)
    return None


def _first(titles: Sequence[str], names: Sequence[str]) -> int | None:
    return next((titles.index(name) for name in names if name in titles), None)


def _fields(line: str, delimiter: str) -> list[str]:
    text = line.rstrip("\r\n")
    return [each.strip().strip('"').strip() for each in text.split(delimiter)] if text else []


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def lines(table: PixelTable) -> Iterator[list[str]]:
    """The fields of each row, without blank lines. Raises `StudioError` ``data.table`` for a row of another length."""
    with table.path.open("r", encoding="utf-8-sig", errors="replace", newline="") as file:
        count = 0
        for number, line in enumerate(file, 1):
            if number == 1 and table.header:
                count = line.count(table.delimiter)
                continue
            if not line.strip():
                continue
            count = count or line.count(table.delimiter)
            if line.count(table.delimiter) != count:
                text = say("line {number} has {found} columns; {expected} expected.", number=number,
                           found=line.count(table.delimiter) + 1, expected=count + 1)  # fmt: skip
                raise StudioError("data.table", text, where=str(table.path))
            yield line.split(table.delimiter)


def rows_of(table: PixelTable) -> Rows:
    """Label of every row, and its part where a column says it. Raises `StudioError` ``data.table``."""
    stamp = table.path.stat()
    if stamp.st_size > MAX_TABLE:
        raise StudioError("data.table", say("it is larger than 8 GiB."), where=str(table.path))
    return _rows(table.path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=8)
def _rows(path: Path, _changed: int, _size: int) -> Rows:
    table = look_at(path)
    assert table is not None and table.label is not None
    labels: list[str] = []
    parts: list[Part] = []
    for fields in lines(table):
        labels.append(fields[table.label].strip().strip('"').strip())
        if table.usage is not None:
            parts.append(_usage(fields[table.usage]))
    return Rows(tuple(labels), tuple(parts))


def by_part(tables: TableSet, values: Callable[[PixelTable], NDArray[Any]]) -> dict[Part, NDArray[Any]]:
    """What ``values`` gives for the rows of a table, ``(N, …)``, by part: a table a part, or as its column says. Raises
    `StudioError` ``data.table``."""
    found: dict[Part, NDArray[Any]] = {}
    for part, table in tables.tables.items():
        every, parts = values(table), np.array(rows_of(table).parts)
        if not len(parts) or len(tables.tables) > 1:
            found[part] = every
        else:
            found |= {each: every[parts == each] for each in WORDS if (parts == each).any()}
    return found


def _usage(text: str) -> Part:
    """The part that a row is of; FER calls its validation images *PublicTest*, its test images *PrivateTest*."""
    word = letters(text)
    if word in ("publictest", "privatetest"):
        return "validation" if word == "publictest" else "test"
    return next((part for part, known in WORDS.items() if word in known), "train")
