"""Folders of images and their names: which are a person's own, what a name says of a part of a set, which files are
images."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.runs.folder_tree import IMAGE_ENDINGS, Entries, current
from blockstudio.text import say

STRANGE_ENDINGS = (
    ".heic", ".heif", ".jxl", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".psd", ".svg", ".eps", ".pcx",
    ".dds", ".exr", ".hdr",
)  # fmt: skip
"""Of pictures that are not read; that they are left out is said."""

Part: TypeAlias = Literal["train", "validation", "test"]

WORDS: dict[Part, tuple[str, ...]] = {
    "train": ("train", "training", "trn", "trainval", "训练", "訓練"),
    "validation": ("val", "valid", "validation", "validate", "validating", "vld", "dev", "验证", "驗證", "校验"),
    "test": ("test", "testing", "tst", "eval", "evaluation", "holdout", "测试", "測試"),
}
"""Words for a part in names of folders, the plainest first."""
FILLERS = ("set", "sets", "data", "dataset", "image", "images", "img", "imgs", "split", "folder", "part", "seg",
           "集", "数据", "数据集", "图片", "图像", "样本", "資料", "圖片")  # fmt: skip
"""Words that say nothing beside one of `WORDS`."""
SYSTEM = frozenset({"$recycle.bin", "system volume information", "lost+found", "@eadir", "#recycle", "recycler"})
"""Folders that systems and storage boxes put beside people's own."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[\u4e00-\u9fff]+")
"""A word of a name: a run of capitals, one of small letters, one of Chinese characters."""
_JOINED = re.compile(rf"(?P<word>{'|'.join(word for words in WORDS.values() for word in words)})({'|'.join(FILLERS)})+")


def _entries(folder: Path) -> Entries:
    """Raises `StudioError` ``data.folder`` if it cannot be looked into."""
    try:
        return current().entries(folder)
    except OSError as error:
        raise StudioError(
            "data.folder", say("cannot be read: {error}.", error=error.strerror), where=printable(folder)
        ) from error


def class_folders(folder: Path) -> list[Path]:
    """Visible subfolders, by name, without a link that leads back to where one is. Raises `StudioError`
    ``data.folder`` if it cannot be looked into."""
    inside = _entries(folder)
    found = [
        folder / name
        for name in inside.folders
        if is_own(name) and not (name in inside.links and _leads_back(folder / name))
    ]
    for path in found:
        if not is_text(path.name):
            raise StudioError(
                "data.name",
                say("has a name that is no text in UTF-8, so no class can be called so."),
                where=printable(path),
                hint=say("Rename the folder."),
            )
    return found


def is_own(name: str) -> bool:
    """Whether a folder is one that a person made: not hidden, not a system's."""
    return not name.startswith((".", "__")) and name.lower() not in SYSTEM


def _leads_back(path: Path) -> bool:
    """Whether a link leads to a folder that it lies in."""
    return path.resolve() in path.parent.resolve().joinpath("inside").parents


def walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every folder below, with the names of its files; links are followed, each folder is entered once. What cannot be
    looked into is passed by. Raises `StudioError` ``data.folder`` in a tree that is no set."""
    for where, files in walk_all(folder):
        yield Path(where), [name for name in files if not name.startswith(".")]


def walk_all(folder: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """As `walk`, hidden files included."""
    look = current()
    seen: set[tuple[int, int]] = set()
    waiting = [os.fspath(folder)]
    while waiting:
        where = waiting.pop()
        try:
            real = os.stat(where)
            if (real.st_dev, real.st_ino) in seen:
                continue
            seen.add((real.st_dev, real.st_ino))
            inside = look.entries(where)
        except OSError:
            continue
        waiting += [os.path.join(where, name) for name in reversed(inside.folders) if is_own(name)]
        yield where, inside.files


def is_text(name: str) -> bool:
    """Whether a file's name is text, not bytes of another encoding."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def printable(path: Path | str) -> str:
    """A path that can be shown and stored, whatever bytes its names are of."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_image(name: str) -> bool:
    """Whether a file's name is that of an image, and not a hidden one's."""
    return name.lower().endswith(IMAGE_ENDINGS) and not name.startswith(".")


def holds_images(folder: Path) -> bool:
    return any(is_image(name) and os.path.isfile(folder / name) for name in _entries(folder).files)


def count_images(folders: Sequence[Path], limit: int) -> int | None:
    """How many images are in ``folders`` and below, or ``None`` if they are more than ``limit``."""
    count = 0
    for folder in folders:
        for _, files in walk(folder):
            count += sum(name.lower().endswith(IMAGE_ENDINGS) for name in files)
            if count > limit:
                return None
    return count


def part_of(name: str) -> tuple[Part, str] | None:
    """The part of a set that a folder of this name is, and what else the name says, or ``None``: ``Train``,
    ``training_set``, ``seg_train``, ``train2017`` and ``asl_train`` (which says "asl" besides) are ``train``."""
    found: Part | None = None
    rest: list[str] = []
    for token in WORD.findall(name):
        word = token.lower()
        joined = _JOINED.fullmatch(word)
        word = joined["word"] if joined else word
        part = next((part for part, words in WORDS.items() if word in words), None)
        if part == "validation" and found == "train":
            continue  # Both in one, as in train_val: that is what there is to train on.
        if part is not None and found is not None and part != found:
            return None
        if part is not None:
            found = part
        elif word not in FILLERS:
            rest.append(word)
    return (found, " ".join(rest)) if found is not None else None


def plain_name(name: str) -> str:
    """A name as systems compare it that know no case, whichever way its accents are written."""
    return unicodedata.normalize("NFC", name).casefold()


def folder_of(part: Path, name: str, names: Collection[str]) -> Path:
    """The folder of the class ``name`` in another part of a set: so called, or so but for the case where none of the
    classes ``names`` is."""
    exact = part / name
    if exact.is_dir() or not part.is_dir():
        return exact
    alike = [path for path in class_folders(part) if plain_name(path.name) == plain_name(name)]
    return alike[0] if len(alike) == 1 and alike[0].name not in names else exact


def words_of(name: str) -> list[str]:
    """The words of a folder's name, small: ``HAM_images_part_1`` is ham, images, part."""
    return [word.lower() for word in WORD.findall(name)]


def images_in(folder: Path, deep: bool = True) -> list[Path]:
    """The images of a folder in order, those below it too unless told otherwise."""
    if not deep:
        return [folder / name for name in _entries(folder).files if is_image(name) and os.path.isfile(folder / name)]
    return sorted(where / name for where, files in walk(folder) for name in files if is_image(name))


def any_image(folder: Path) -> bool:
    """Whether there is an image in a folder or below it."""
    return any(is_image(name) for _, files in walk(folder) for name in files)
