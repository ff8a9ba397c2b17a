"""Finding IDX files, the format of MNIST and its many siblings, in a folder: which images go with which labels,
and what their classes are called."""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias, cast

from blockstudio.errors import StudioError
from blockstudio.runs.folder_tree import files_in
from blockstudio.text import Text, say, say_many

MAX_LABELS = 1 << 26
MAX_BYTES = 8 << 30
"""Of the images of one file."""
MOST_PACKED = 1040
"""Times that gzip makes bytes fewer, at most."""

_NAME = re.compile(
    r"(?P<prefix>.*?)[-_.]?(?P<part>train|t10k|test)[-_.](?P<what>images|labels)[-_.]idx(?P<dimensions>\d)[-_.]ubyte(\.gz)?",
    re.IGNORECASE,
)
_DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()
NAMES: dict[str, tuple[int, tuple[str, ...]]] = {
    "fashion_mnist": (
        0,
        ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    ),
    "emnist-letters": (1, tuple(_LOWER)),
    "emnist-balanced": (0, tuple(_DIGITS + _UPPER + "abdefghnqrt")),
    "emnist-bymerge": (0, tuple(_DIGITS + _UPPER + "abdefghnqrt")),
    "emnist-byclass": (0, tuple(_DIGITS + _UPPER + _LOWER)),
}
"""The first label of known sets and what their labels mean, where it is not the digit itself."""


@dataclass(frozen=True)
class IdxSet:
    """The IDX files of one set: images and labels of its parts."""

    prefix: str
    """What their names begin with: ``emnist-letters``; empty for MNIST's own names."""
    train: tuple[Path, Path]
    test: tuple[Path, Path] | None
    notes: tuple[Text, ...]

    @property
    def lies_on_its_side(self) -> bool:
        """EMNIST's files hold their images with rows and columns exchanged."""
        return self.prefix.lower().startswith("emnist")


Named: TypeAlias = dict[tuple[str, str], Path]
"""The files of one set by part and by what they hold."""


def _files(folder: Path) -> dict[str, Named]:
    found: dict[str, Named] = {}
    try:
        paths = list(files_in(folder, lambda name: _NAME.fullmatch(name) is not None)) if folder.is_dir() else []
    except OSError as error:
        raise StudioError(
            "data.folder", say("cannot be read: {error}.", error=error.strerror), where=str(folder)
        ) from error
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match is not None:
            part = "train" if match["part"].lower() == "train" else "test"
            # The plain file comes before the gzipped one, which holds the same.
            found.setdefault(match["prefix"], {}).setdefault((part, match["what"].lower()), path)
    return found


def choose_set(folder: Path, prefix: str | None = None) -> IdxSet | None:
    """The set of ``folder`` whose names begin with ``prefix``, by default the only one; ``None`` if there is none.

    Raises `StudioError` ``data.idx`` where there are several, or training images without labels; ``data.folder`` if it
    cannot be looked into.
    """
    named = _files(folder)
    found = {each: files for each, files in named.items() if ("train", "images") in files}
    whole = {each: files for each, files in found.items() if ("train", "labels") in files}
    if prefix is not None:
        return _set(prefix, whole[prefix], named) if prefix in whole else None
    if not found:
        return None
    if not whole:
        images = next(iter(found.values()))["train", "images"]
        raise StudioError(
            "data.idx",
            say("has no labels: there is no file {name} beside it.", name=_labels_of(images.name)),
            where=str(images),
        )
    if len(whole) > 1:
        raise StudioError(
            "data.idx",
            say("holds {count} sets: {names}.", count=len(whole), names=", ".join(each or "train" for each in whole)),
            where=str(folder),
            hint=say("Name one of them as if it were a folder: {example}.", example=str(folder / max(whole))),
        )
    return _set(next(iter(whole)), next(iter(whole.values())), named)


def _labels_of(images: str) -> str:
    return images.replace("images", "labels").replace("idx3", "idx1")


def _set(prefix: str, files: Named, named: dict[str, Named]) -> IdxSet:
    test, labels = files.get(("test", "images")), files.get(("test", "labels"))
    pair = (test, labels) if test is not None and labels is not None else None
    used = {files["train", "images"], files["train", "labels"], *(pair or ())}
    # Sets that are whole are there to be chosen; what belongs to none is left over.
    whole = [each for each in named.values() if each is not files and len(each) >= 2]
    used |= {path for each in whole for path in each.values()}
    unused = [path.name for each in named.values() for path in each.values() if path not in used]
    notes: tuple[Text, ...] = ()
    if unused:
        notes = (
            say_many(
                "{names} is not used: no file goes with it.", "{names} are not used: no files go with them.",
                len(unused), names=", ".join(unused),
            ),
        )  # fmt: skip
    return IdxSet(prefix, (files["train", "images"], files["train", "labels"]), pair, notes)


def open_plain(path: Path) -> IO[bytes]:
    """A file or gzipped file, for reading."""
    if path.suffix.lower() == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def idx_header(path: Path) -> tuple[int, ...]:
    """Sizes an IDX file of bytes says it has. Raises `StudioError` ``data.idx``."""
    try:
        with open_plain(path) as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
                raise StudioError("data.idx", say("is not an IDX file of bytes."), where=str(path))
            sizes = file.read(4 * magic[3])
            if len(sizes) < 4 * magic[3]:
                raise StudioError("data.idx", say("ends within its header."), where=str(path))
    except (OSError, EOFError, zlib.error) as error:
        raise StudioError("data.idx", say("cannot be read: {error}.", error=error), where=str(path)) from error
    return struct.unpack(f">{magic[3]}I", sizes)


def check_counts(found: IdxSet) -> None:
    """Whether images and labels go together, as far as the headers say: before anything large is read.

    Raises `StudioError` ``data.idx``, ``data.count``, ``data.empty``."""
    for pair in (found.train, found.test):
        if pair is None:
            continue
        sizes = [_header_of(path, dimensions) for path, dimensions in zip(pair, (3, 1), strict=True)]
        images, labels = sizes[0][0], sizes[1][0]
        if images != labels:
            raise StudioError(
                "data.count",
                say("has {labels:,} labels for {images:,} images.", labels=labels, images=images),
                where=str(pair[1]),
                hint=say("The images are those of {name}.", name=pair[0].name),
            )
        if not images:
            raise StudioError("data.empty", say("holds no image."), where=str(pair[0]))


def _header_of(path: Path, dimensions: int) -> tuple[int, ...]:
    shape = idx_header(path)
    if len(shape) != dimensions:
        raise StudioError(
            "data.idx",
            say("has {shape} dimensions; {dimensions} expected.", shape=len(shape), dimensions=dimensions),
            where=str(path),
        )
    return shape


def checked_size(path: Path, shape: tuple[int, ...]) -> int:
    """Bytes that a file of ``shape`` holds. Raises `StudioError` ``data.idx`` where it cannot hold so many."""
    size, packed = math.prod(shape), path.suffix.lower() == ".gz"
    there = path.stat().st_size
    if size > MAX_BYTES or (packed and size > there * MOST_PACKED):
        text = say("claims {size:,} bytes; the file has {there:,}.", size=size, there=there)
        raise StudioError("data.idx", text, where=str(path))
    return size


def numbering(found: IdxSet, name: str = "") -> tuple[int, tuple[str, ...], tuple[Text, ...]]:
    """The first label, what the classes are called, and what is to be said.

    Labels that begin later than at 0 are counted from there: EMNIST's letters are 1 to 26.
    Raises `StudioError` ``data.idx``."""
    first, last = _label_range(found)
    begin, names = NAMES.get(name or found.prefix.lower(), (0, ()))
    if begin <= first and last < begin + len(names):
        first = begin
    else:
        names = tuple(str(label) for label in range(first, last + 1))
    notes = list(found.notes)
    if first > 0:
        notes.append(
            say_many(
                "The labels begin at {first}; there is {count} class.",
                "The labels begin at {first}, not at 0; there are {count} classes.", len(names), first=first,
            )
        )  # fmt: skip
    if found.lies_on_its_side:
        notes.append(say("EMNIST's files hold the images lying on their side; they are turned upright."))
    return first, names, tuple(notes)


def _label_range(found: IdxSet) -> tuple[int, int]:
    """The least and the largest label of all parts; 0 and -1 where there are none."""
    seen: set[int] = set()
    for pair in (found.train, found.test):
        if pair is None:
            continue
        idx_header(pair[1])
        try:
            with open_plain(pair[1]) as file:
                file.read(8)
                seen.update(file.read(MAX_LABELS))
        except (OSError, EOFError, zlib.error) as error:
            raise StudioError("data.idx", say("cannot be read: {error}.", error=error), where=str(pair[1])) from error
    return (min(seen), max(seen)) if seen else (0, -1)
