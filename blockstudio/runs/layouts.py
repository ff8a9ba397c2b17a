"""How a folder of images is laid out: which of its folders are the parts of the set, which are classes, and what is
to be said of it. Names of parts are known in any case and wording; what goes unused or looks odd is said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from blockstudio.errors import file_errors
from blockstudio.runs.flat_labels import Labelled, class_titles, find_labels, needed
from blockstudio.runs.image_folders import (
    FILLERS,
    WORDS,
    Part,
    any_image,
    class_folders,
    count_images,
    holds_images,
    images_in,
    part_of,
    plain_name,
)
from blockstudio.runs.unsorted import (
    LIST_FOLDERS,
    Sorted,
    divided,
    labels_of,
    parts_in_classes,
    says_nothing,
    sorted_photos,
)
from blockstudio.text import Text, listed, say, say_many

NAMED = 5
"""So many folders are named in a note."""
IMAGENET = ("ILSVRC/Data/CLS-LOC", "Data/CLS-LOC")
"""Where the archive of ImageNet's challenge has its parts."""
DEEPEST = 4
"""Levels too many that are looked through."""


@dataclass(frozen=True)
class Layout:
    """Where the images of each class are. ``classes``: names of the folders in ``train``; the other parts have folders
    of the same names, or are ``None``."""

    train: Path
    classes: tuple[str, ...]
    validation: Path | None
    test: Path | None
    notes: tuple[Text, ...]
    lists: Mapping[Part, Labelled] = field(default_factory=dict)
    """Parts whose photos are not in folders of their classes, each with its class."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What classes are called whose folders have numbers for names."""

    def count(self, limit: int) -> int | None:
        """How many images there are to train on, or ``None`` if they are more than ``limit``."""
        if "train" in self.lists:
            found = len(self.lists["train"].photos)
            return found if found <= limit else None
        return count_images([self.train / name for name in self.classes], limit)


@file_errors()
def layout(root: Path) -> Layout:
    """The layout of ``root``. Raises `StudioError` ``data.folder`` if a folder cannot be looked into, ``data.list`` for
    a table of classes that can be read in several ways."""
    notes: list[Text] = []
    top = root
    root = next((root / inner for inner in IMAGENET if (root / inner).is_dir()), root)
    root = _looked_through(root, notes)
    # Lists may lie beside the parts, or where the archive was unpacked.
    places = [root, *(folder for folder in root.parents if folder == top or top in folder.parents)]
    places += [folder for folder in class_folders(root) if folder.name.lower() in LIST_FOLDERS]
    inner = _only_with_images(root)
    folders = class_folders(inner)
    parts, others = _parts(folders)
    if "train" in parts:
        return _in_parts(root, parts, others, notes, places)
    found = divided(root, inner, places) if not parts else None
    if inner != root:
        notes.append(_looked_into(root, inner))
    pool = _unsorted(inner, others)
    found = found or (sorted_photos(pool, [*pool, *places], root.name) if pool else None)
    found = found or (parts_in_classes(others) if not parts else None)
    if found is not None:
        return _noted(_as_sorted(inner, found, parts), [*notes, *found.notes], parts, places)
    if pool and len(pool) == 1:
        return _noted(Layout(pool[0], (), parts.get("validation"), parts.get("test"), ()), notes, parts, places)
    classes = _without_copies(others, notes)
    plain = Layout(inner, _names(classes), parts.get("validation"), parts.get("test"), ())
    return _noted(plain, [*notes, *_doubts(classes), *_strays(plain)], parts, places)


def _in_parts(
    root: Path, parts: dict[Part, Path], others: Sequence[Path], notes: list[Text], places: Sequence[Path]
) -> Layout:
    """The layout of a set with a folder to train on."""
    inner = {part: _looked_through(folder, notes) for part, folder in parts.items()}
    others = [folder for folder in others if "devkit" not in folder.name.lower()]
    if others:
        notes.append(
            say(
                "Beside {train} these folders of {root} are not used: {names}.",
                train=parts["train"].name, root=root.name, names=listed([folder.name for folder in others], NAMED),
            )
        )  # fmt: skip
    train = inner["train"]
    classes = class_folders(train)
    pool = _unsorted(train, classes)
    found = sorted_photos(pool, [*pool, train, *places], parts["train"].name) if pool else None
    if found is not None:
        return _noted(_as_sorted(train, found, inner), [*notes, *found.notes], parts, places)
    plain = Layout(train, _names(classes), inner.get("validation"), inner.get("test"), ())
    return _noted(plain, [*notes, *_doubts(classes), *_strays(plain)], parts, places)


def _names(folders: Sequence[Path]) -> tuple[str, ...]:
    return tuple(folder.name for folder in folders)


def _as_sorted(train: Path, found: Sorted, parts: Mapping[Part, Path]) -> Layout:
    validation, test = parts.get("validation"), parts.get("test")
    return Layout(train, found.classes, validation, test, (), found.parts)


def _unsorted(root: Path, others: Sequence[Path]) -> Sequence[Path]:
    """The folders whose photos have their classes elsewhere: ``root`` itself, the only one to train on, or some that
    are called ``images`` and ``part_1``."""
    if not others:
        return [root] if holds_images(root) else []
    if holds_images(root) or any(class_folders(folder) or not holds_images(folder) for folder in others):
        return []
    if all(says_nothing(folder.name) for folder in others):
        return others
    known = part_of(others[0].name)
    return others if len(others) == 1 and known is not None and known[0] == "train" else []


def _only_with_images(root: Path) -> Path:
    """``root``, or the only one of its folders with images, where that holds the classes and the others are lists and
    notes."""
    folders = class_folders(root)
    if len(folders) < 2 or any(map(holds_images, (root, *folders))):
        return root
    full = [folder for folder in folders if any_image(folder)]
    return full[0] if len(full) == 1 and len(class_folders(full[0])) > 1 else root


def _looked_into(root: Path, inner: Path) -> Text:
    idle = [folder.name for folder in class_folders(root) if folder != inner]
    return say_many(
        "Of the folders of {root} {inner} alone holds images, so its folders are the classes; {names} holds none.",
        "Of the folders of {root} {inner} alone holds images, so its folders are the classes; {names} hold none.",
        len(idle), root=root.name, inner=inner.name, names=listed(idle, NAMED),
    )  # fmt: skip


def _without_copies(classes: Sequence[Path], notes: list[Text]) -> list[Path]:
    """The class folders without one that holds all the others once more, as a set that was packed twice has it."""
    names = {folder.name for folder in classes}
    copies = [
        folder
        for folder in classes
        if len(names) > 2 and {path.name for path in class_folders(folder)} >= names - {folder.name}
    ]
    for folder in copies:
        notes.append(
            say("{folder} holds folders of all the other classes once more, so it is not used.", folder=folder.name)
        )
    return [folder for folder in classes if folder not in copies]


def _noted(found: Layout, notes: list[Text], parts: dict[Part, Path], places: Sequence[Path]) -> Layout:
    """The layout with its notes, and the parts named where they are called other than usual."""
    dropped: dict[str, Path | None] = {}
    usual = {"train", "val", "valid", "validation", "test"}
    if parts and any(folder.name not in usual for folder in parts.values()):
        named = [f"{part} = {folder.name}" for part, folder in parts.items()]
        notes.insert(0, say("The parts of the set: {parts}.", parts=", ".join(named)))
    names = found.classes
    lists: dict[Part, Labelled] = dict(found.lists)
    flat: tuple[tuple[Part, Path | None], ...] = (("validation", found.validation), ("test", found.test))
    for part, folder in flat:
        photos = _flat(folder) if folder is not None else []
        if folder is None or not photos:
            continue
        dropped[part] = None
        words = ("val", folder.name) if part == "validation" else ("test", folder.name)
        near = [folder, *places]
        labelled = next((it for word in dict.fromkeys(words) if (it := find_labels(word, photos, near, names))), None)
        labelled = labelled or labels_of(photos, near, names)
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
    if len(inside) == 1 and inside[0].name.lower() in FILLERS and not holds_images(folder):
        folder = inside[0]
        inside = class_folders(folder)
    if inside or not holds_images(folder):
        return []
    return images_in(folder, deep=False)


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
        if len(inside) != 1 or holds_images(folder) or not class_folders(inside[0]):
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
    spellings = defaultdict(list)
    for folder in classes:
        spellings[plain_name(folder.name)].append(folder.name)
    twice = next((names for names in spellings.values() if len(names) > 1), None)
    if twice is not None:
        return [
            say(
                "The classes {names} differ in case alone; they are taken as {count} classes. If they are one, put "
                "their images into one folder.",
                names=listed(twice, NAMED), count=len(twice),
            )
        ]  # fmt: skip
    parts = [folder.name for folder in classes if (known := part_of(folder.name)) is not None and known[1]]
    if len(parts) >= 2:
        return [
            say(
                "The folders {names} are taken as classes, though they are called like parts of a set.",
                names=listed(parts, NAMED),
            )
        ]
    hollow = [folder for folder in classes if not holds_images(folder) and class_folders(folder)]
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
    names = images_in(found.train, deep=False)
    if not names or not found.classes:
        return []
    return [
        say_many(
            "{count} image beside the class folders of {folder} is in none of them, so it is not used.",
            "{count:,} images beside the class folders of {folder} are in none of them, so they are not used.",
            len(names), folder=found.train.name,
        )
    ]  # fmt: skip
