"""Tables that say the class of each image, as people put them beside their photos: comma, tab or semicolon, a header
or none, the image by its name, its path or its name without the ending, the class as a column or one column a class."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded
from blockstudio.runs.folder_tree import files_in
from blockstudio.text import listed, say

MAX_TABLE = 64 << 20
LIST = ".txt"
ENDINGS = (".csv", ".tsv", ".jsonl", LIST)
NOT_LABELS = re.compile(r"sample_?submission|readme|licen[sc]e|requirements|robots", re.IGNORECASE)
MOST_TABLES = 40
"""Tables of a folder that are looked into."""
CLASS_NAMES = (
    "label", "class", "category", "breed", "species", "diagnosis", "dx", "labelname", "classname", "categoryname",
    "target", "type", "labels", "classes", "classid", "labelid", "categoryid", "classlabel", "y",
    "标签", "类别", "类名", "分类", "類別", "標籤",
)  # fmt: skip
"""What a column of classes is called, letters only, names before numbers."""
SPLIT_NAMES = ("split", "set", "subset", "partition", "usage", "phase", "划分", "集合")
FIRST = 12
"""Columns among which that of the images is looked for."""
FEW = 20
"""Rows from which as good as one class an image is taken for no class."""
NAMED = 4


@dataclass(frozen=True)
class Table:
    """The rows of a file that name an image each, and what else they say. ``columns``: by their header, or number."""

    path: Path
    photos: tuple[Path, ...]
    columns: Mapping[str, Sequence[str]]

    def column(self, names: Sequence[str]) -> Sequence[str] | None:
        """The first column that is called so, whatever the case and what is no letter."""
        plain = {letters(name): values for name, values in reversed(list(self.columns.items()))}
        return next((plain[name] for name in names if name in plain), None)


def tables_in(folder: Path) -> list[Path]:
    """Files of a folder that may be such tables, by name."""
    found = files_in(
        folder,
        lambda name: name.lower().endswith(ENDINGS) and not name.startswith(".") and not NOT_LABELS.search(name),
    )
    return list(islice((path for path in found if path.stat().st_size <= MAX_TABLE), MOST_TABLES))


def read_table(path: Path, photos: Sequence[Path], least: int = 0) -> Table | None:
    """The rows of ``path`` that name one of ``photos``; ``None`` if they are less than half of the photos (fewer than
    ``least``, where given) or it is no table. Raises `StudioError` ``file.*`` where it cannot be read."""
    rows = list(_rows(path))
    if not rows or not photos:
        return None
    places = _places(photos)
    sample = rows[:: max(1, len(rows) // 300)]
    width = max(map(len, sample))
    hits = [
        sum(_photo(row[at], places) is not None for row in sample if at < len(row)) for at in range(min(width, FIRST))
    ]
    at = hits.index(max(hits))
    named = {photo: row for row in rows if at < len(row) and (photo := _photo(row[at], places)) is not None}
    if len(named) < (least or (len(photos) + 1) // 2):
        return None
    head = rows[0] if _photo(rows[0][at] if at < len(rows[0]) else "", places) is None else []
    titles = [head[column].strip() if column < len(head) else str(column + 1) for column in range(width)]
    columns = {
        title: [row[column].strip() if column < len(row) else "" for row in named.values()]
        for column, title in enumerate(titles)
        if column != at
    }
    return Table(path, tuple(named), columns)


def classes_of(table: Table, known: Collection[str] = ()) -> Sequence[str] | None:
    """The class of each photo of a table; of ``known`` ones, where the set has classes already. ``None`` if no column
    says it. Raises `StudioError` ``data.list`` where several could, or an image has several classes."""
    if known:
        found = next((found for values in table.columns.values() if (found := _known(values, known))), None)
        hot = None if found else _one_hot(table.path, table.columns)
        return found or (_known(hot, known) if hot else None)
    columns = {name: values for name, values in table.columns.items() if letters(name) not in SPLIT_NAMES}
    called = Table(table.path, table.photos, columns).column(CLASS_NAMES)
    if called is not None:
        return called if _are_classes(called) else None
    hot = _one_hot(table.path, columns)
    if hot is not None:
        return hot
    likely = {name: values for name, values in columns.items() if _are_classes(values)}
    if len(likely) > 1:
        raise StudioError(
            "data.list",
            say("has several columns that may be the classes: {names}.", names=listed(list(likely), NAMED)),
            where=str(table.path),
            hint=say("Call the one that is meant {name}.", name=CLASS_NAMES[0]),
        )
    return next(iter(likely.values()), None)


def _known(values: Sequence[str], known: Collection[str]) -> Sequence[str] | None:
    """The values as names of ``known`` classes: as they are, whatever the case, or as the numbers that they are."""
    for read in (lambda name: name, str.lower, _number):
        names = {read(name): name for name in known}
        if len(names) == len(known) and None not in names:
            found = [names.get(read(value)) for value in values]
            if all(name is not None for name in found):
                return [str(name) for name in found]
    return None


def _number(text: str) -> str | None:
    return str(int(text)) if text.isdecimal() and len(text) < 19 else None


def _are_classes(values: Sequence[str]) -> bool:
    kinds = len(set(values))
    return "" not in values and kinds >= 2 and (len(values) < FEW or 2 * kinds <= len(values))


def _one_hot(path: Path, columns: Mapping[str, Sequence[str]]) -> Sequence[str] | None:
    """The name of the column that has the one in each row, where all columns are zeros and ones."""
    if len(columns) < 2 or not all(set(values) <= {"0", "1", "0.0", "1.0"} for values in columns.values()):
        return None
    names = list(columns)
    found = [
        [name for name, value in zip(names, row, strict=True) if value[0] == "1"]
        for row in zip(*columns.values(), strict=True)
    ]
    if any(len(row) != 1 for row in found):
        raise StudioError(
            "data.list",
            say("gives an image several classes, or none; each image must have one."),
            where=str(path),
            hint=say("Keep the rows with one class, or add a column called {name}.", name=CLASS_NAMES[0]),
        )
    return [row[0] for row in found]


def _rows(path: Path) -> Iterator[list[str]]:
    text = read_bounded(path, MAX_TABLE).decode("utf-8-sig", "replace").replace("\0", "")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return
    if path.suffix.lower() == ".jsonl":
        yield from _objects(lines)
        return
    mark = max("\t;,", key=lines[0].count)
    if lines[0].count(mark):
        try:
            yield from csv.reader(io.StringIO("\n".join(lines)), delimiter=mark, skipinitialspace=True)
        except csv.Error:
            return
    else:  # An image and its class, which may be of several words.
        yield from (line.split(None, 1) for line in lines)


def _objects(lines: Sequence[str]) -> Iterator[list[str]]:
    head: list[str] = []
    for line in lines:
        try:
            found = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            return
        if not isinstance(found, dict):
            return
        if not head:
            head = [str(key) for key in found]
            yield head
        yield [str(found.get(key, "")) for key in head]


def _places(photos: Sequence[Path]) -> dict[str, Path]:
    """The photos by all names that mean one of them: path, end of the path, name, each with and without ending."""
    found: dict[str, Path | None] = {}
    for photo in photos:
        parts = photo.parts[-4:]
        names = {"/".join(parts[start:]) for start in range(len(parts))}
        for name in names | {name[: -len(photo.suffix)] for name in names if photo.suffix}:
            found[name] = photo if found.get(name, photo) == photo else None
    return {name: photo for name, photo in found.items() if photo is not None}


def _photo(text: str, places: Mapping[str, Path]) -> Path | None:
    parts = PurePosixPath(text.strip().replace("\\", "/")).parts[-4:]
    return next((photo for at in range(len(parts)) if (photo := places.get("/".join(parts[at:])))), None)


def letters(name: str) -> str:
    """The letters of a column's name, of whatever script, small: ``Label_ID`` is ``labelid``."""
    return "".join(sign for sign in name.lower() if sign.isalpha())
