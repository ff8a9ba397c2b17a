"""How a folder of images is laid out: which of its folders are the parts of the set, which are classes, and what is
to be said of it. Names of parts are known in any case and wording; what goes unused or looks odd is said."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.runs.flat_labels import Labelled, class_titles, find_labels, needed
from blockstudio.text import Text, listed, say, say_many

IMAGE_ENDINGS = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
    ".jfif", ".jpe", ".jif", ".mpo", ".apng", ".dib", ".avif", ".jp2", ".tga", ".ico",
)  # fmt: skip
STRANGE_ENDINGS = (
    ".heic", ".heif", ".jxl", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".psd", ".svg", ".eps", ".pcx",
    ".dds", ".exr", ".hdr",
)  # fmt: skip
"""Of pictures that are not read; that they are left out is said."""

Part: TypeAlias = Literal["train", "validation", "test"]

WORDS: dict[Part, tuple[str, ...]] = {
    "train": ("train", "training", "trn", "trainval"),
    "validation": ("val", "valid", "validation", "validate", "validating", "dev"),
    "test": ("test", "testing", "tst", "eval", "evaluation", "holdout"),
}
"""Words for a part in names of folders, the plainest first."""
FILLERS = ("set", "sets", "data", "dataset", "image", "images", "img", "imgs", "split", "folder", "part", "seg")
"""Words that say nothing beside one of `WORDS`."""
NAMED = 5
"""So many folders are named in a note."""
IMAGENET = ("ILSVRC/Data/CLS-LOC", "Data/CLS-LOC")
"""Where the archive of ImageNet's challenge has its parts."""
SYSTEM = frozenset({"$recycle.bin", "system volume information", "lost+found", "@eadir", "#recycle", "recycler"})
"""Folders that systems and storage boxes put beside people's own."""
DEEPEST = 4
"""Levels too many that are looked through."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_JOINED = re.compile(rf"(?P<word>{'|'.join(word for words in WORDS.values() for word in words)})({'|'.join(FILLERS)})")


@dataclass(frozen=True)
class Layout:
    """Where the classes of an image folder are. ``classes``: the folders trained on; the other parts have folders of
    the same names, or are ``None``."""

    train: Path
    classes: tuple[Path, ...]
    validation: Path | None
    test: Path | None
    notes: tuple[Text, ...]
    lists: Mapping[Part, Labelled] = field(default_factory=dict)
    """Parts whose photos lie in one folder, with a list of their classes."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What classes are called whose folders have numbers for names."""


def class_folders(folder: Path) -> list[Path]:
    """Visible subfolders, by name, without a link that leads back to where one is. Raises `StudioError`
    ``data.folder`` if it cannot be looked into."""
    try:
        found = sorted(
            path for path in folder.iterdir() if path.is_dir() and is_own(path.name) and not _leads_back(path)
        )
    except OSError as error:
        raise StudioError(
            "data.folder", say("cannot be read: {error}.", error=error.strerror), where=str(folder)
        ) from error
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
    return path.is_symlink() and path.resolve() in path.parent.resolve().joinpath("inside").parents


def walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every folder below, with the names of its files; links are followed, each folder is entered once."""
    seen: set[Path] = set()
    for where, names, files in os.walk(folder, followlinks=True):
        here = Path(where)
        if here.resolve() in seen:
            names.clear()
            continue
        seen.add(here.resolve())
        names[:] = [name for name in names if is_own(name)]
        yield here, [name for name in files if not name.startswith(".")]


def is_text(name: str) -> bool:
    """Whether a file's name is text, not bytes of another encoding."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def printable(path: Path | str) -> str:
    """A path that can be shown and stored, whatever bytes its names are of."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
    for token in _WORD.findall(name):
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


def layout(root: Path) -> Layout:
    """The layout of ``root``. Raises `StudioError` ``data.folder`` if a folder cannot be looked into."""
    notes: list[Text] = []
    top = root
    root = next((root / inner for inner in IMAGENET if (root / inner).is_dir()), root)
    root = _looked_through(root, notes)
    # Lists may lie beside the parts, or where the archive was unpacked.
    places = [root, *(folder for folder in root.parents if folder == top or top in folder.parents)]
    folders = class_folders(root)
    parts, others = _parts(folders)
    if "train" not in parts:
        classes = tuple(folder for folder in folders if folder not in parts.values())
        found = Layout(root, classes, parts.get("validation"), parts.get("test"), ())
        return _noted(found, [*notes, *_doubts(classes), *_strays(found)], parts, places)
    inner = {part: _looked_through(folder, notes) for part, folder in parts.items()}
    others = [folder for folder in others if "devkit" not in folder.name.lower()]
    if others:
        notes.append(
            say(
                "Beside {train} these folders of {root} are not used: {names}.",
                train=parts["train"].name, root=root.name, names=listed([folder.name for folder in others], NAMED),
            )
        )  # fmt: skip
    classes = tuple(class_folders(inner["train"]))
    found = Layout(inner["train"], classes, inner.get("validation"), inner.get("test"), ())
    return _noted(found, [*notes, *_doubts(classes), *_strays(found)], parts, places)


def _noted(found: Layout, notes: list[Text], parts: dict[Part, Path], places: Sequence[Path]) -> Layout:
    """The layout with its notes, and the parts named where they are called other than usual."""
    dropped: dict[str, Path | None] = {}
    usual = {"train", "val", "valid", "validation", "test"}
    if parts and any(folder.name not in usual for folder in parts.values()):
        named = [f"{part} = {folder.name}" for part, folder in parts.items()]
        notes.insert(0, say("The parts of the set: {parts}.", parts=", ".join(named)))
    names = [folder.name for folder in found.classes]
    lists: dict[Part, Labelled] = {}
    flat: tuple[tuple[Part, Path | None], ...] = (("validation", found.validation), ("test", found.test))
    for part, folder in flat:
        photos = _flat(folder) if folder is not None else []
        if folder is None or not photos:
            continue
        dropped[part] = None
        words = ("val", folder.name) if part == "validation" else ("test", folder.name)
        labelled = next(
            (it for word in dict.fromkeys(words) if (it := find_labels(word, photos, [folder, *places], names))), None
        )
        if labelled is not None:
            lists[part] = labelled
            by = labelled.by.name
            notes.append(say("The classes of {folder} are those that {file} names.", folder=folder.name, file=by))
        elif part == "validation":
            notes.append(needed(folder))
        else:
            # Images without classes, to be sorted by someone else: nothing can be measured on them.
            notes.append(say("{folder} has images but no class folders, so it is not used.", folder=folder.name))
    return replace(
        found,
        validation=dropped.get("validation", found.validation),
        test=dropped.get("test", found.test),
        notes=tuple(notes),
        lists=lists,
        titles=class_titles(names, places),
    )


def _flat(folder: Path) -> list[Path]:
    """The photos of a part without class folders: in it, or in its only subfolder that says nothing, ``images``."""
    inside = class_folders(folder)
    if len(inside) == 1 and inside[0].name.lower() in FILLERS and not _holds_images(folder):
        folder = inside[0]
        inside = class_folders(folder)
    if inside or not _holds_images(folder):
        return []
    return [path for path in folder.iterdir() if path.name.lower().endswith(IMAGE_ENDINGS) and path.name[0] != "."]


def _parts(folders: Sequence[Path]) -> tuple[dict[Part, Path], list[Path]]:
    """The folders that are parts, the plainest name of each, and those that are none."""
    named = {folder: known for folder in folders if (known := part_of(folder.name)) is not None}
    rests = [rest for _, rest in named.values()]
    candidates: dict[Part, list[Path]] = {}
    for folder, (part, rest) in named.items():
        # Another word is no part's name unless a sibling has it too: a class may be called "test tube".
        if rest and rests.count(rest) < 2:
            continue
        # Among classes a train is one: it holds images, they do too.
        if part == "train" and not class_folders(folder):
            continue
        candidates.setdefault(part, []).append(folder)
    found: dict[Part, Path] = {}
    for part, words in WORDS.items():
        if part in candidates:
            order = {word: place for place, word in enumerate(words)}
            found[part] = min(candidates[part], key=lambda path: (order.get(path.name, 99), len(path.name), path.name))
    return found, [folder for folder in folders if folder not in found.values()]


def _looked_through(folder: Path, notes: list[Text]) -> Path:
    """``folder``, or the only one in it, as long as that holds the folders: ``train/train/cat``."""
    start = folder
    for _ in range(DEEPEST):
        inside = class_folders(folder)
        if len(inside) != 1 or _holds_images(folder) or not class_folders(inside[0]):
            break
        part, own = part_of(inside[0].name), part_of(folder.name)
        if part is not None and (own is None or own[0] != part[0]):
            break  # A set with one part.
        folder = inside[0]
    if folder != start:
        notes.append(
            say(
                "{outer} holds one folder only, so its classes are taken from {inner}.",
                outer=start.name, inner=folder.relative_to(start.parent).as_posix(),
            )
        )  # fmt: skip
    return folder


def _doubts(classes: Sequence[Path]) -> list[Text]:
    """What makes one doubt that these folders are classes."""
    parts = [folder.name for folder in classes if (known := part_of(folder.name)) is not None and known[1]]
    if len(parts) >= 2:
        return [
            say(
                "The folders {names} are taken as classes, though they are called like parts of a set.",
                names=listed(parts, NAMED),
            )
        ]
    hollow = [folder for folder in classes if not _holds_images(folder) and class_folders(folder)]
    inside = [{path.name.lower() for path in class_folders(folder)} for folder in hollow]
    plain = all(len(names) == 1 and names <= set(FILLERS) for names in inside)
    if not hollow or (plain and len(hollow) == len(classes)):
        return []  # None, or each with its ``images`` as Tiny-ImageNet has them.
    names = listed([folder.name for folder in hollow], NAMED)
    shared = set.intersection(*inside)
    if len(hollow) == len(classes) >= 2 and len(shared) >= 2:
        return [
            say(
                "The folders {names} are taken as classes, but all of them hold the same subfolders ({shared}). If "
                "they are parts of the set, call them train, val and test.",
                names=names, shared=listed(sorted(shared), NAMED),
            )
        ]  # fmt: skip
    return [
        say_many(
            "The class {names} holds only folders: all images below it count as its own.",
            "The classes {names} hold only folders: all images below each count as its own.",
            len(hollow), names=names,
        )
    ]  # fmt: skip


def _strays(found: Layout) -> list[Text]:
    """That images beside the class folders are of no class."""
    names = [path.name for path in found.train.iterdir() if is_image(path.name) and path.is_file()]
    if not names or not found.classes:
        return []
    return [
        say_many(
            "{count} image beside the class folders of {folder} is in none of them, so it is not used.",
            "{count:,} images beside the class folders of {folder} are in none of them, so they are not used.",
            len(names), folder=found.train.name,
        )
    ]  # fmt: skip


def is_image(name: str) -> bool:
    """Whether a file's name is that of an image, and not a hidden one's."""
    return name.lower().endswith(IMAGE_ENDINGS) and not name.startswith(".")


def _holds_images(folder: Path) -> bool:
    try:
        with os.scandir(folder) as found:
            return any(is_image(entry.name) and entry.is_file() for entry in found)
    except OSError as error:
        raise StudioError(
            "data.folder", say("cannot be read: {error}.", error=error.strerror), where=str(folder)
        ) from error
