"""The files of an image folder by part and class, before one of them is opened: what a survey begins with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blockstudio.runs.datasets import held_count
from blockstudio.runs.folder_tree import IMAGE_ENDINGS, looking
from blockstudio.runs.image_folders import Part, folder_of, walk_all
from blockstudio.runs.layouts import Layout, layout
from blockstudio.runs.structure import Data


@dataclass
class ListedPart:
    """Image files of one part with the numbers of their classes."""

    paths: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)

    def counts(self, classes: int) -> list[int]:
        found = [0] * classes
        for label in self.labels:
            found[label] += 1
        return found


@dataclass
class Listing:
    """What is in a folder: parts that it has, files that are no images by their name."""

    classes: tuple[str, ...]
    train: ListedPart
    validation: ListedPart | None
    test: ListedPart | None
    others: list[str]
    layout: Layout

    def __len__(self) -> int:
        return sum(len(part.paths) for part in (self.train, self.validation, self.test) if part is not None)


@dataclass(frozen=True)
class Counts:
    """Images of each class by part, once what has no part of its own is held out."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    held: bool = True
    """The test images are held out of the training images; otherwise the set has a part for them."""

    @property
    def totals(self) -> tuple[int, ...]:
        return tuple(map(sum, zip(self.train, self.validation, self.test, strict=True)))


def list_folder(root: Path) -> Listing:
    """Every file of an image folder, some microseconds a file. Raises `StudioError` ``data.folder`` if a folder cannot
    be looked into."""
    with looking():
        return _list(root)


def _list(root: Path) -> Listing:
    found = layout(root)
    names = found.classes
    others: list[str] = []
    parts: dict[Part, ListedPart | None] = {}
    folders: tuple[tuple[Part, Path | None], ...] = (
        ("train", found.train), ("validation", found.validation), ("test", found.test),
    )  # fmt: skip
    for part, folder in folders:
        labelled = found.lists.get(part)
        if labelled is not None:
            place = {name: label for label, name in enumerate(names)}
            photos = [(str(path), place[name]) for path, name in labelled.photos if name in place]
            parts[part] = ListedPart([path for path, _ in photos], [label for _, label in photos])
        else:
            inner = None if folder is None else [folder_of(folder, name, names) for name in names]
            parts[part] = None if inner is None else _listed(inner, others)
    classes = tuple(found.titles.get(name, name) for name in names)
    return Listing(classes, parts["train"] or ListedPart(), parts["validation"], parts["test"], others, found)


def _listed(folders: Sequence[Path], others: list[str]) -> ListedPart:
    part = ListedPart()
    for label, folder in enumerate(folders):
        here: list[str] = []
        nested = False
        for where, files in walk_all(folder):
            nested = nested or where != os.fspath(folder)
            images = [name for name in files if name.lower().endswith(IMAGE_ENDINGS) and name[0] != "."]
            if len(images) < len(files):
                known = set(images)
                others += [os.path.join(where, name) for name in files if name not in known]
            images.sort()
            before = os.path.join(where, "")
            here += [before + name for name in images]
        if nested:  # In the order of a run, which goes by the parts of a path.
            here.sort(key=lambda path: path.split(os.sep))
        part.paths += here
        part.labels += [label] * len(here)
    return part


def split_counts(
    train: Sequence[int], validation: Sequence[int] | None, test: Sequence[int] | None, data: Data
) -> Counts:
    """How many images of each class are in which part of a run, as `blockstudio.training.data.load` cuts them."""
    left = list(train)
    none = [0] * len(left)
    if test is None and validation is not None:
        return Counts(tuple(left), tuple(validation), tuple(none), held=False)
    held = test is None
    if test is None:
        test = [held_count(count, data.test, 1) if count else 0 for count in left]
        left = [count - out for count, out in zip(left, test, strict=True)]
    if validation is None:
        validation = [held_count(count, data.validation) if count and data.validation else 0 for count in left]
        left = [count - out for count, out in zip(left, validation, strict=True)]
    return Counts(tuple(left), tuple(validation), tuple(test), held)
