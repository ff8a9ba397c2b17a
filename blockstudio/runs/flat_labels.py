"""Parts of a set whose photos lie in one folder, with a list that says the class of each: Tiny-ImageNet's
``val_annotations.txt``, ImageNet's ``LOC_val_solution.csv``, lists of synsets, ``val.txt``, and the development kit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded
from blockstudio.runs.mat_files import read_mat
from blockstudio.runs.tables import classes_of, read_table
from blockstudio.text import Text, say

MAX_LIST = 64 << 20
LISTS = (
    "{part}_annotations.txt", "LOC_{part}_solution.csv", "{part}.txt", "{part}_labels.txt", "{part}_map.txt",
    "{part}.csv", "{part}_labels.csv",
)  # fmt: skip
"""Names of lists with a photo and its class a line; ``part`` is ``val`` or ``test`` or the folder's own name."""
IN_ORDER = (
    "imagenet_2012_{part}idation_synset_labels.txt", "ILSVRC2012_{part}idation_synset_labels.txt",
    "{part}_synset_labels.txt",
)  # fmt: skip
"""Lists with a class a line (``val`` is spelt ``validation`` there), in the order of the photos' names."""
KITS = ("", "data", "ILSVRC2012_devkit_t12/data", "ILSVRC2012_devkit_t3/data", "devkit/data", "devkit")
TRUTH, META = "ILSVRC2012_validation_ground_truth.txt", "meta.mat"
WORDS = ("words.txt", "LOC_synset_mapping.txt", "synset_words.txt", "synsets.txt")
"""Lists of what WordNet's numbers stand for."""
WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class Labelled:
    """The photos of a part, each with the name of its class's folder, and the file that says so."""

    photos: tuple[tuple[Path, str], ...]
    by: Path


def find_labels(part: str, photos: Sequence[Path], places: Sequence[Path], classes: Sequence[str]) -> Labelled | None:
    """The classes of ``photos`` (all of one flat part) as a list in one of ``places`` gives them; ``None`` if there is
    no list.

    Raises `StudioError` ``data.list`` for a list that does not name every photo, or names a class that there is not.
    """
    ordered = sorted(photos)
    for place in places:
        for name in LISTS:
            path = place / name.format(part=part)
            if path.is_file():
                return _by_name(path, ordered, classes)
        for name in IN_ORDER:
            path = place / name.format(part=part)
            if path.is_file():
                return _in_order(path, ordered, classes, list(_lines(path)))
        for kit in KITS:
            if part == "val" and (place / kit / TRUTH).is_file() and (place / kit / META).is_file():
                path = place / kit / TRUTH
                return _in_order(path, ordered, classes, _synsets(path, place / kit / META))
    return None


def needed(folder: Path) -> Text:
    """What is said of a flat validation part without a list."""
    return say(
        "{folder} has images but neither class folders nor a list of their classes, so it is not used. Put "
        "{folder}_annotations.txt, LOC_val_solution.csv or a list of synsets beside it, or {truth} with {meta} of "
        "ImageNet's development kit.",
        folder=folder.name, truth=TRUTH, meta=META,
    )  # fmt: skip


def class_titles(classes: Sequence[str], places: Sequence[Path]) -> dict[str, str]:
    """What WordNet's numbers among ``classes`` are called, as far as a list in ``places`` says and the names differ."""
    if not classes or not all(map(WNID.fullmatch, classes)):
        return {}
    path = next((place / name for place in places for name in WORDS if (place / name).is_file()), None)
    if path is None:
        return {}
    wanted, found = set(classes), {}
    for line in _lines(path):
        key, _, words = line.replace("\t", " ").partition(" ")
        if key in wanted and words.strip():
            found[key] = words.split(",")[0].strip()
    times = Counter(found.values())
    return {key: f"{title} ({key})" if times[title] > 1 else title for key, title in found.items()}


def _lines(path: Path) -> Iterator[str]:
    text = read_bounded(path, MAX_LIST).decode("utf-8", "replace")
    return (line.strip() for line in text.splitlines() if line.strip())


def _by_name(path: Path, photos: Sequence[Path], classes: Sequence[str]) -> Labelled:
    table = read_table(path, photos)
    known = classes_of(table, classes) if table is not None else None
    if table is not None and known is not None and len(known) == len(photos):
        return Labelled(tuple(sorted(zip(table.photos, known, strict=True))), path)
    listed: dict[str, str] = {}
    for line in _lines(path):
        name, *rest = re.split(r"[\t, ]+", line)
        if rest:
            listed[name] = listed[Path(name).stem] = listed[Path(name).name] = rest[0]
    numbers = all(value.isdecimal() for value in listed.values()) and not set(listed.values()) <= set(classes)
    pairs = []
    for photo in photos:
        value = listed.get(photo.name) or listed.get(photo.stem)
        if value is None:
            raise StudioError("data.list", say("does not name {photo}.", photo=photo.name), where=str(path))
        pairs.append((photo, _numbered(path, value, classes) if numbers else value))
    return _checked(path, pairs, classes)


def _numbered(path: Path, value: str, classes: Sequence[str]) -> str:
    if int(value) >= len(classes):
        text = say("names class number {number}; there are {count}, from 0.", number=value, count=len(classes))
        raise StudioError("data.list", text, where=str(path))
    return classes[int(value)]


def _in_order(path: Path, photos: Sequence[Path], classes: Sequence[str], values: Sequence[str]) -> Labelled:
    if len(values) != len(photos):
        text = say("has {labels:,} labels for {images:,} images.", labels=len(values), images=len(photos))
        raise StudioError("data.count", text, where=str(path))
    return _checked(path, list(zip(photos, values, strict=True)), classes)


def _checked(path: Path, pairs: Sequence[tuple[Path, str]], classes: Sequence[str]) -> Labelled:
    unknown = sorted({value for _, value in pairs} - set(classes))
    if unknown:
        raise StudioError(
            "data.list",
            say("names the class {name}, which has no folder among those to train on.", name=unknown[0]),
            where=str(path),
        )
    return Labelled(tuple(pairs), path)


def _synsets(truth: Path, meta: Path) -> list[str]:
    """WordNet's numbers for the numbers of the development kit, one a photo."""
    found = read_mat(meta, "synsets").get("synsets")
    table: Mapping[str, str] = {}
    if isinstance(found, dict) and {"ILSVRC2012_ID", "WNID"} <= set(found):
        pairs = zip(found["ILSVRC2012_ID"], found["WNID"], strict=True)
        table = {str(int(number.item())): str(wnid) for number, wnid in pairs if getattr(number, "size", 0) == 1}
    if not table:
        raise StudioError("data.list", say("has not the table of synsets of the development kit."), where=str(meta))
    values = list(_lines(truth))
    unknown = next((value for value in values if value not in table), None)
    if unknown is not None:
        text = say("names synset {number}, which {meta} has not.", number=unknown, meta=meta.name)
        raise StudioError("data.list", text, where=str(truth))
    return [table[value] for value in values]
