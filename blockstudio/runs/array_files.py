"""Sets of images kept as numpy's arrays: one ``.npz`` (Keras' MNIST, MedMNIST) or a file an array (KMNIST), told by the
arrays' names. Headers are read, and the labels; nothing is unpickled, and no size is believed that its file cannot
hold."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.runs.folder_tree import files_in
from blockstudio.runs.image_folders import WORD, WORDS, Part
from blockstudio.text import Text, listed, say

MAX_BYTES = 8 << 30
"""Of one array."""
MAX_LABELS = 1 << 26
MOST_PACKED = 1040
"""Times that deflate makes bytes fewer, at most."""
CHANNELS = (1, 3)
NAMED = 6
LONE = "arr_0"
"""What numpy calls an array that was saved without a name."""
ENDINGS = (".npz", ".npy")
DAMAGED = (OSError, ValueError, EOFError, KeyError, zlib.error, BadZipFile, NotImplementedError, MemoryError,
           SyntaxError, RuntimeError, TypeError)  # fmt: skip
"""What is raised for a damaged file depends on where the damage is."""

Role: TypeAlias = Literal["images", "labels"]
_ROLES: dict[Role, tuple[str, ...]] = {
    "images": ("x", "images", "image", "imgs", "img", "data", "features", "pixels"),
    "labels": ("y", "labels", "label", "targets", "target", "classes", "class"),
}
_SHORT = {"tr": "train", "te": "test"}


@dataclass(frozen=True)
class Array:
    """One array: ``member`` is its name in a ``.npz``, empty for a ``.npy``."""

    path: Path
    member: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def where(self) -> str:
        return f"{self.path}: {self.member}" if self.member else str(self.path)

    def read(self) -> NDArray[Any]:
        """Its numbers. Raises `StudioError` ``data.array``."""
        if self.dtype.hasobject:
            raise StudioError(
                "data.array", say("holds Python objects, which are not read."), where=self.where,
                hint=say("Save it as an array of numbers or of texts."),
            )  # fmt: skip
        try:
            found: NDArray[Any] = _in_file(self.path, self.member, _numbers)
            return found
        except DAMAGED as error:
            raise _damaged(self.where, error) from error


Pair: TypeAlias = tuple[Array, Array]
"""Images and their labels."""


@dataclass(frozen=True)
class Grid:
    """How the pixels of a part lie: ``order`` is ``HW``, ``HWC``, ``CHW`` or ``flat``, one row of grey pixels."""

    order: Literal["HW", "HWC", "CHW", "flat"]
    channels: int
    height: int
    width: int


@dataclass(frozen=True)
class ArraySet:
    """The arrays of one set."""

    path: Path
    parts: Mapping[Part, Pair]
    notes: tuple[Text, ...]

    def grid(self) -> Grid:
        """How the images lie. Raises `StudioError` ``data.array`` where parts differ or they are no images."""
        found = {part: grid_of(images) for part, (images, _) in self.parts.items()}
        first = found["train"]
        for part, grid in found.items():
            if grid != first:
                images = self.parts[part][0]
                text = say(
                    "its images are {found}, those of the training part are {first}.",
                    found=_shape(images.shape[1:]), first=_shape(self.parts["train"][0].shape[1:]),
                )  # fmt: skip
                raise StudioError("data.array", text, where=images.where)
        return first


def arrays_in(path: Path) -> ArraySet | None:
    """The set in a ``.npz`` file, or in the files of a folder; ``None`` if none has images and labels by their names.

    Raises `StudioError` ``data.array`` for a file that is damaged or holds objects, or a folder with several sets.
    """
    if path.is_file():
        return _set(path, _arrays(path))
    files = list(files_in(path, lambda name: name.lower().endswith(ENDINGS)))
    whole = [found for each in files if each.suffix.lower() == ENDINGS[0] if (found := _set(each, _arrays(each)))]
    if len(whole) > 1:
        raise StudioError(
            "data.array",
            say("holds {count} sets: {names}.", count=len(whole),
                names=listed([found.path.name for found in whole], NAMED)),
            where=str(path),
            hint=say("Name one of them: {example}.", example=str(whole[0].path)),
        )  # fmt: skip
    if whole:
        return whole[0]
    return _set(path, [array for each in files for array in _arrays(each) if array.member in ("", LONE)])


def _set(path: Path, arrays: Iterable[Array]) -> ArraySet | None:
    named: dict[tuple[Part, Role], Array] = {}
    others: list[str] = []
    for array in arrays:
        name = array.path.stem if array.member in ("", LONE) else array.member
        key = _meaning(name)
        if key is None or key in named:
            others.append(name)
        else:
            named[key] = array
    parts = {part: (named[part, "images"], named[part, "labels"]) for part in WORDS
             if (part, "images") in named and (part, "labels") in named}  # fmt: skip
    if "train" not in parts:
        return None
    used = {array for pair in parts.values() for array in pair}
    others += [array.member or array.path.name for array in named.values() if array not in used]
    notes = (say("Not used: {names}.", names=listed(others, NAMED)),) if others else ()
    for images, labels in parts.values():
        if labels.shape[:1] != images.shape[:1]:
            raise StudioError(
                "data.count",
                say("has {labels:,} labels for {images:,} images.",
                    labels=math.prod(labels.shape[:1]), images=math.prod(images.shape[:1])),
                where=labels.where,
            )  # fmt: skip
        if not images.shape[0]:
            raise StudioError("data.empty", say("holds no image."), where=images.where)
    return ArraySet(path, parts, notes)


def _meaning(name: str) -> tuple[Part, Role] | None:
    """Part and role of an array by its name: ``x_train``, ``val_images``, ``kmnist-test-labels``, ``trainX``."""
    words = [word.lower() for word in WORD.findall(name)]
    if len(words) == 1 and words[0][:1] in ("x", "y") and any(words[0][1:] in known for known in WORDS.values()):
        words = [words[0][0], words[0][1:]]  # xtrain
    words = [_SHORT.get(word, word) for word in words]
    parts = [part for part, known in WORDS.items() if any(word in known for word in words)]
    roles = [role for role, known in _ROLES.items() if any(word in known for word in words)]
    if len(roles) != 1 or len(parts) > 1:
        return None
    return parts[0] if parts else "train", roles[0]


def grid_of(images: Array) -> Grid:
    """How images lie in their array. Raises `StudioError` ``data.array`` for what is no array of images."""
    sizes = images.shape[1:]
    if images.dtype.kind in "fiub" and all(sizes):
        if len(sizes) == 2:
            return Grid("HW", 1, *sizes)
        if len(sizes) == 3 and sizes[2] in CHANNELS:
            return Grid("HWC", sizes[2], *sizes[:2])
        if len(sizes) == 3 and sizes[0] in CHANNELS:
            return Grid("CHW", *sizes)
        if len(sizes) == 1 and (side := math.isqrt(sizes[0])) ** 2 == sizes[0] and side > 1:
            return Grid("flat", 1, side, side)
    raise StudioError(
        "data.array",
        say("is no array of images: it is {shape}, of type {type}.", shape=_shape(images.shape), type=images.dtype),
        where=images.where,
        hint=say("Images are N×H×W, N×H×W×3 or N×3×H×W numbers."),
    )


def labels_of(array: Array) -> NDArray[Any]:
    """One label for each image: whole numbers or texts. Raises `StudioError` ``data.array``."""
    if math.prod(array.shape) > MAX_LABELS:
        raise StudioError("data.array", say("holds more than {most:,} labels.", most=MAX_LABELS), where=array.where)
    found = array.read()
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim == 2 and found.dtype.kind in "fiub":
        if not (np.isin(found, (0, 1)).all() and (found.sum(1) == 1).all()):
            raise StudioError(
                "data.array",
                say("has {count} labels for each image; a network here gives one class.", count=found.shape[1]),
                where=array.where,
                hint=say("Keep one column of whole numbers."),
            )
        found = found.argmax(1)
    if found.ndim == 1 and found.dtype.kind == "f" and (found == np.rint(found)).all():
        found = found.astype(np.int64)
    if found.ndim != 1 or found.dtype.kind not in "iubUS":
        raise StudioError(
            "data.array",
            say("is no array of labels: it is {shape}, of type {type}.", shape=_shape(found.shape), type=found.dtype),
            where=array.where,
            hint=say("Labels are N whole numbers or texts."),
        )
    if found.dtype.kind == "S":
        found = np.char.decode(found, "utf-8", "replace")
    return found if found.dtype.kind == "U" else found.astype(np.int64)


def _arrays(path: Path) -> list[Array]:
    """What a file holds, from its headers. Raises `StudioError` ``data.array``."""
    try:
        if path.suffix.lower() != ENDINGS[0]:
            with path.open("rb") as file:
                return [_header(path, "", file, path.stat().st_size)]
        with ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(ENDINGS[1])]
        members = [name.removesuffix(ENDINGS[1]) for name in names]
        return [_in_file(path, member, partial(_header, path, member)) for member in members]
    except StudioError:
        raise
    except DAMAGED as error:
        raise _damaged(str(path), error) from error


def _in_file(path: Path, member: str, work: Callable[[IO[bytes], int], Any]) -> Any:
    """``work`` on the bytes of an array, with how many there may be."""
    if path.suffix.lower() != ENDINGS[0]:
        with path.open("rb") as file:
            return work(file, path.stat().st_size)
    with ZipFile(path) as archive:
        entry = archive.getinfo(member + ENDINGS[1])
        if entry.file_size > max(entry.compress_size, 1) * MOST_PACKED:
            raise ValueError("it claims more than it can hold")
        with archive.open(entry) as file:
            return work(file, entry.file_size)


def _numbers(file: IO[bytes], _: int) -> Any:
    return npy.read_array(file, allow_pickle=False)


def _header(path: Path, member: str, file: IO[bytes], size: int) -> Array:
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError("a version that is not known")
    shape, _, dtype = read(file)
    claimed = math.prod(shape) * dtype.itemsize
    if any(side < 0 for side in shape) or (claimed > min(MAX_BYTES, size) and not dtype.hasobject):
        raise ValueError("it claims more than it can hold")
    return Array(path, member, shape, dtype)


def _damaged(where: str, error: BaseException) -> StudioError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")
    return StudioError("data.array", say("cannot be read as numpy's arrays: {reason}.", reason=reason), where=where)


def _shape(sizes: Iterable[int]) -> str:
    return "×".join(map(str, sizes)) or "1"
