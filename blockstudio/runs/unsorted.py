"""Sets whose photos are not in a folder for each class: a table beside them says the class, or their names do, or
lists say which photo is in which part, as Caltech's birds, Food-101 and the textures have it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blockstudio.graph.files import read_bounded
from blockstudio.runs.flat_labels import Labelled
from blockstudio.runs.folder_tree import IMAGE_ENDINGS
from blockstudio.runs.image_folders import FILLERS, Part, class_folders, images_in, part_of, words_of
from blockstudio.runs.tables import LIST, SPLIT_NAMES, Table, classes_of, read_table, tables_in
from blockstudio.text import Text, listed, say, say_many

BEFORE = re.compile(r"(?P<name>[^\W\d_].*?)[\s._\-]*\(?\d+\)?")
BEHIND = re.compile(r"\d+[\s._\-]+(?P<name>[^\W\d_].*)")
"""``cat.12``, ``cat_12``, ``cat (12)``; ``12_cat``."""
OF_CAMERAS = frozenset({
    "img", "image", "images", "photo", "photos", "pic", "picture", "dsc", "dscn", "dscf", "pxl", "vid", "mvi", "isic",
    "screenshot", "frame", "file", "sample", "scan", "p", "train", "test", "val", "fig", "figure", "page", "untitled",
})  # fmt: skip
"""What a number follows in names that say no class."""
LIST_FOLDERS = ("meta", "labels", "splits", "lists", "annotations", "imagelists")
"""Folders of a set that hold its lists."""
NAMED = 5


@dataclass(frozen=True)
class Sorted:
    """Photos with the names of their classes, by part, and what is to be said of it."""

    parts: Mapping[Part, Labelled]
    notes: tuple[Text, ...] = ()
    classes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(sorted({name for _, name in self.parts["train"].photos})))


def sorted_photos(folders: Sequence[Path], places: Sequence[Path], title: str) -> Sorted | None:
    """The classes of all photos in ``folders``, as a table in ``places`` or their names say; ``None`` if neither does.

    Raises `StudioError` ``data.list`` for a table that can be read in several ways.
    """
    photos = [photo for folder in folders for photo in images_in(folder)]
    return _by_several(photos, places, title) or _by_one(photos, places, title) or _by_names(photos, title)


def labels_of(photos: Sequence[Path], places: Sequence[Path], known: Collection[str]) -> Labelled | None:
    """The classes of a part's photos, among those that the set has already."""
    for place in places:
        for path in tables_in(place):
            table = read_table(path, photos)
            found = classes_of(table, known) if table is not None else None
            if table is not None and found is not None and len(found) == len(photos):
                return Labelled(tuple(sorted(zip(table.photos, found, strict=True))), path)
    named = _names(photos)
    if named is not None and set(named.values()) <= set(known):
        return Labelled(tuple(sorted(named.items())), photos[0].parent)
    return None


def divided(root: Path, inner: Path, places: Sequence[Path]) -> Sorted | None:
    """The parts of a set with class folders in ``inner``, as its lists divide it; ``None`` if there are none."""
    birds = root / "train_test_split.txt", root / "images.txt"
    if all(path.is_file() for path in birds):
        return _birds(*birds, inner)
    lists: dict[Part, Path] = {}
    for place in places:
        for path in tables_in(place):
            known = part_of(path.stem)
            if path.suffix.lower() == LIST and known is not None and known[0] not in lists and not known[1]:
                lists[known[0]] = path
    if "train" not in lists:
        return None
    found = {part: _listed(path, inner) for part, path in lists.items()}
    if any(part is None for part in found.values()):
        return None
    return _division({part: it for part, it in found.items() if it is not None}, root)


def parts_in_classes(folders: Sequence[Path]) -> Sorted | None:
    """Of ``cat/train``, ``cat/test``, ``dog/train``…: the parts; ``None`` unless every folder has such inside."""
    found: dict[Part, list[tuple[Path, str]]] = {}
    for folder in folders:
        inside = class_folders(folder)
        known = [part_of(path.name) for path in inside]
        if not inside or any(it is None or it[1] for it in known) or images_in(folder, deep=False):
            return None
        for path, it in zip(inside, known, strict=True):
            assert it is not None
            found.setdefault(it[0], []).extend((photo, folder.name) for photo in images_in(path))
    if len(folders) < 2 or {name for _, name in found.get("train", ())} != {folder.name for folder in folders}:
        return None
    parts = {part: Labelled(tuple(photos), folders[0].parent) for part, photos in found.items() if photos}
    note = say("The folders of the classes hold the parts of the set ({parts}).", parts=listed(list(parts)))
    return Sorted(parts, (note,))


def says_nothing(name: str) -> bool:
    """Whether a folder of photos is called so that no class is meant: ``images``, ``HAM_images_part_1``."""
    words = words_of(name)
    return bool(words) and words[-1] in FILLERS


def _by_one(photos: Sequence[Path], places: Sequence[Path], title: str) -> Sorted | None:
    for place in dict.fromkeys(places):
        for path in tables_in(place):
            known = part_of(path.stem)
            table = read_table(path, photos) if known is None or known[0] == "train" else None
            values = classes_of(table) if table is not None else None
            if table is not None and values is not None:
                return _one_table(photos, table, values, title)
    return None


def _one_table(photos: Sequence[Path], table: Table, values: Sequence[str], title: str) -> Sorted:
    pairs = list(zip(table.photos, values, strict=True))
    notes = [
        say("The classes of the images of {folder} are those that {file} names.", folder=title, file=table.path.name)
    ]
    left = len(photos) - len(pairs)
    if left:
        notes.append(
            say_many(
                "{file} does not name {count} image, which is not used.",
                "{file} does not name {count:,} images, which are not used.",
                left, file=table.path.name,
            )
        )  # fmt: skip
    parts: dict[Part, list[tuple[Path, str]]] = {}
    split = table.column(SPLIT_NAMES)
    known = [part_of(value) for value in split] if split is not None else []
    if known and all(known) and any(it is not None and it[0] == "train" for it in known):
        for pair, it in zip(pairs, known, strict=True):
            assert it is not None
            parts.setdefault(it[0], []).append(pair)
    else:
        parts["train"] = pairs
    return Sorted({part: Labelled(tuple(sorted(it)), table.path) for part, it in parts.items()}, tuple(notes))


def _by_several(photos: Sequence[Path], places: Sequence[Path], title: str) -> Sorted | None:
    """Photos of all parts in one folder, with a table for each part."""
    found: dict[Part, Labelled] = {}
    for place in dict.fromkeys(places):
        for path in tables_in(place):
            known = part_of(path.stem)
            if known is None or known[0] in found:
                continue
            table = read_table(path, photos, least=1)
            values = classes_of(table) if table is not None else None
            if table is not None and values is not None:
                found[known[0]] = Labelled(tuple(sorted(zip(table.photos, values, strict=True))), path)
    if "train" not in found or len(found) == 1:
        return None
    return _division(found, photos[0].parent, title)


def _by_names(photos: Sequence[Path], title: str) -> Sorted | None:
    named = _names(photos)
    if named is None:
        return None
    classes = sorted(set(named.values()))
    note = say(
        "{folder} has neither class folders nor a table: the class of an image is what its name says beside the number "
        "({classes}).",
        folder=title, classes=listed(classes, NAMED),
    )  # fmt: skip
    return Sorted({"train": Labelled(tuple(sorted(named.items())), photos[0].parent)}, (note,))


def _names(photos: Sequence[Path]) -> dict[Path, str] | None:
    for pattern in (BEFORE, BEHIND):
        found = {photo: it["name"].strip(" ._-") for photo in photos if (it := pattern.fullmatch(photo.stem))}
        times = Counter(found.values())
        if (
            len(found) == len(photos)
            and len(times) >= 2
            and min(times.values()) >= 2
            and not any(name.lower() in OF_CAMERAS for name in times)
        ):
            return found
    return None


def _birds(split: Path, images: Path, inner: Path) -> Sorted | None:
    """Caltech-UCSD Birds: a number a photo, and whether it is trained on."""
    paths = dict(line.split(None, 1) for line in _lines(images) if len(line.split(None, 1)) == 2)
    parts: dict[Part, list[tuple[Path, str]]] = {"train": [], "test": []}
    for line in _lines(split):
        number, _, flag = line.partition(" ")
        photo = inner / paths.get(number, "")
        if number in paths and photo.is_file():
            parts["train" if flag.strip() == "1" else "test"].append((photo, photo.parent.name))
    if not all(parts.values()):
        return None
    return _division({part: Labelled(tuple(sorted(it)), split) for part, it in parts.items()}, inner)


def _listed(path: Path, inner: Path) -> Labelled | None:
    """The photos that a list of ``class/name`` lines names, with or without their endings; ``None`` if it is none."""
    lines = _lines(path)
    if not lines or "/" not in lines[0]:
        return None
    found: list[tuple[Path, str]] = []
    for line in lines:
        name = line.split(",")[0].split("\t")[0].strip()
        photo = next((photo for end in ("", *IMAGE_ENDINGS) if (photo := inner / f"{name}{end}").is_file()), None)
        if photo is None or len(Path(name).parts) != 2 or ".." in Path(name).parts:
            return None
        found.append((photo, photo.parent.name))
    return Labelled(tuple(sorted(found)), path)


def _division(parts: Mapping[Part, Labelled], root: Path, title: str = "") -> Sorted | None:
    if len({name for _, name in parts["train"].photos}) < 2:
        return None
    names = list(dict.fromkeys(part.by.name for part in parts.values()))
    note = say("The parts of {folder} are divided as in {files}.", folder=title or root.name, files=listed(names))
    return Sorted(parts, (note,))


def _lines(path: Path) -> list[str]:
    text = read_bounded(path, 64 << 20).decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]
