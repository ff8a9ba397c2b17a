"""Images in folders: a subfolder for each class, with ``train``, ``val`` and ``test`` above them or not."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from blockstudio.answers import collected
from blockstudio.errors import StudioError
from blockstudio.runs.flat_labels import Labelled
from blockstudio.runs.layouts import IMAGE_ENDINGS, Part, class_folders, layout, printable
from blockstudio.text import say
from blockstudio.training.data.decode import SIXTEEN_BITS, Decoder, Range

SHOWN = 10
"""Damaged files that are named one by one."""


@dataclass(frozen=True)
class Files:
    """Image files with labels, not read yet."""

    paths: tuple[Path, ...]
    labels: Tensor
    background: str = "white"
    range: Range = SIXTEEN_BITS

    def __len__(self) -> int:
        return len(self.paths)

    def subset(self, index: Tensor) -> Files:
        return replace(self, paths=tuple(self.paths[i] for i in index.tolist()), labels=self.labels[index])

    def without(self, damaged: Container[Path]) -> Files:
        """Those that are not among ``damaged``."""
        kept = [place for place, path in enumerate(self.paths) if path not in damaged]
        return self.subset(torch.tensor(kept, dtype=torch.int64)) if len(kept) < len(self) else self

    def read(self, index: int, channels: int, at_least: tuple[int, int] | None = None) -> Tensor:
        """uint8 ``(C, H, W)`` in the image's own size, or for a photo far larger than ``at_least`` (H, W) in one that
        its format can be decoded at. Raises `StudioError` ``data.image`` naming the file."""
        return Decoder(channels, self.background, self.range).read(self.paths[index], at_least)


@dataclass(frozen=True)
class FolderParts:
    """The parts of an image folder; ``None`` where it has no folder for one."""

    train: Files
    validation: Files | None
    test: Files | None
    classes: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


def scan(root: Path) -> FolderParts:
    """List the files of an image folder. Raises `StudioError` for every empty class, unknown class and
    empty file at once."""
    problems: list[StudioError] = []
    found = layout(root)
    train_root = found.train
    classes = tuple(folder.name for folder in found.classes)
    if len(classes) < 2:
        raise StudioError(
            "data.classes",
            say("has {classes} class folders; at least 2 are needed.", classes=len(classes)),
            where=str(train_root),
        )
    train = _list(train_root, classes, problems, all_needed=True)
    others: list[Files | None] = []
    parts: tuple[tuple[Part, Path | None], ...] = (("validation", found.validation), ("test", found.test))
    for part, folder in parts:
        if part in found.lists:
            others.append(_labelled(found.lists[part], classes, problems))
            continue
        if folder is None:
            others.append(None)
            continue
        unknown = [item.name for item in class_folders(folder) if item.name not in classes]
        problems += [
            StudioError(
                "data.classes",
                say("is a class that {train_root} has not.", train_root=train_root),
                where=str(folder / name),
                hint=say("Every part must have the same class folders."),
            )
            for name in unknown
        ]
        others.append(_list(folder, classes, problems, all_needed=False))
    if problems:
        raise collected(shortened(problems))
    return FolderParts(train, others[0], others[1], tuple(found.titles.get(name, name) for name in classes))


def _labelled(part: Labelled, classes: Sequence[str], problems: list[StudioError]) -> Files:
    """Photos of one folder with the classes that a list gives them."""
    place = {name: label for label, name in enumerate(classes)}
    paths = tuple(path for path, _ in part.photos)
    problems += _empty(paths)
    return Files(paths, torch.tensor([place[name] for _, name in part.photos], dtype=torch.int64))


def _empty(paths: Sequence[Path]) -> list[StudioError]:
    return [
        StudioError("data.image", say("is empty."), where=printable(path)) for path in paths if path.stat().st_size == 0
    ]


def _list(folder: Path, classes: Sequence[str], problems: list[StudioError], all_needed: bool) -> Files:
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        here = sorted(_images(folder / name))
        if not here and all_needed:
            problems.append(
                StudioError(
                    "data.empty",
                    say("has no image in it."),
                    where=str(folder / name),
                    hint=say(
                        "Images end in {image_endings}... Remove the folder or fill it.",
                        image_endings=", ".join(IMAGE_ENDINGS[:4]),
                    ),
                )
            )
        problems += _empty(here)
        paths += here
        labels += [label] * len(here)
    if not paths and not all_needed:
        problems.append(StudioError("data.empty", say("has no image in any class."), where=str(folder)))
    return Files(tuple(paths), torch.tensor(labels, dtype=torch.int64))


def _images(folder: Path) -> list[Path]:
    found: list[Path] = []
    for where, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.startswith(".")]
        found += [
            Path(where) / name for name in files if name.lower().endswith(IMAGE_ENDINGS) and not name.startswith(".")
        ]
    return found


def shortened(problems: list[StudioError]) -> list[StudioError]:
    """The first `SHOWN` problems and how many more there are: a thousand lines help nobody."""
    more = len(problems) - SHOWN
    if more <= 0:
        return problems
    return [
        *problems[:SHOWN],
        StudioError("data.image", say("and {more:,} more files or folders like these.", more=more)),
    ]
