"""Images in folders: a subfolder for each class, with ``train``, ``val`` and ``test`` above them or not."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from blockstudio.answers import collected
from blockstudio.errors import StudioError
from blockstudio.runs.flat_labels import Labelled
from blockstudio.runs.folder_tree import IMAGE_ENDINGS, current, looking
from blockstudio.runs.image_folders import (
    STRANGE_ENDINGS,
    Part,
    class_folders,
    folder_of,
    is_image,
    printable,
    walk,
)
from blockstudio.runs.layouts import layout
from blockstudio.text import listed, say, say_many
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
    with looking():
        return _scan(root)


def _scan(root: Path) -> FolderParts:
    problems: list[StudioError] = []
    found = layout(root)
    train_root = found.train
    classes = found.classes
    if len(classes) < 2:
        raise _few(train_root, classes, found.test or found.validation)
    strange: list[str] = []
    train = (
        _labelled(found.lists["train"], classes)
        if "train" in found.lists
        else _list(train_root, classes, problems, strange, all_needed=True)
    )
    others: list[Files | None] = []
    parts: tuple[tuple[Part, Path | None], ...] = (("validation", found.validation), ("test", found.test))
    for part, folder in parts:
        if part in found.lists:
            others.append(_labelled(found.lists[part], classes))
            continue
        if folder is None:
            others.append(None)
            continue
        taken = {folder_of(folder, name, classes).name for name in classes}
        unknown = [item.name for item in class_folders(folder) if item.name not in taken]
        problems += [
            StudioError(
                "data.classes",
                say("is a class that {train_root} has not.", train_root=train_root),
                where=str(folder / name),
                hint=say("Every part must have the same class folders."),
            )
            for name in unknown
        ]
        others.append(_list(folder, classes, problems, strange, all_needed=False))
    if problems:
        files = [path for part in (train, *others) if part is not None for path in part.paths]
        raise collected(shortened([*problems, *empty(files).values()]))
    titles = tuple(found.titles.get(name, name) for name in classes)
    return FolderParts(train, others[0], others[1], titles, _left_out(strange))


def _few(root: Path, classes: Sequence[str], other: Path | None) -> StudioError:
    """That there are not two classes, and what may have been meant."""
    text = say_many(
        "has {count} class folder; at least 2 are needed.", "has {count} class folders; at least 2 are needed.",
        len(classes),
    )  # fmt: skip
    hint = ""
    if classes and other is not None and other.parent == root:
        hint = say("If {folder} holds the images to train on, call it train.", folder=classes[0])
    elif any(is_image(name) for name in current().entries(root).files):
        hint = say("Put the images of each class in a folder of their own: cats/1.jpg, dogs/1.jpg.")
    return StudioError("data.classes", text, where=str(root), hint=hint)


def _left_out(endings: Sequence[str]) -> list[str]:
    """That pictures of these kinds are not read."""
    if not endings:
        return []
    return [
        say_many(
            "{count} picture is left out, for its kind is not read ({kinds}). Save it as JPEG or PNG.",
            "{count:,} pictures are left out, for their kind is not read ({kinds}). Save them as JPEG or PNG.",
            len(endings), kinds=listed(sorted(set(endings))),
        )
    ]  # fmt: skip


def _labelled(part: Labelled, classes: Sequence[str]) -> Files:
    """Photos with the classes that a list gives them. Raises `StudioError` ``data.classes`` for one that is not among
    those to train on."""
    place = {name: label for label, name in enumerate(classes)}
    unknown = next((name for _, name in part.photos if name not in place), None)
    if unknown is not None:
        text = say("names the class {name}, of which there is no image to train on.", name=unknown)
        raise StudioError("data.classes", text, where=str(part.by))
    paths = tuple(path for path, _ in part.photos)
    return Files(paths, torch.tensor([place[name] for _, name in part.photos], dtype=torch.int64))


def empty(paths: Iterable[Path]) -> dict[Path, StudioError]:
    """Files without a byte, and links that lead nowhere."""
    found: dict[Path, StudioError] = {}
    for path in paths:
        try:
            text = say("is empty.") if path.stat().st_size == 0 else None
        except OSError:
            text = say("is a link that leads nowhere.")
        if text is not None:
            found[path] = StudioError("data.image", text, where=printable(path))
    return found


def _list(
    folder: Path, classes: Sequence[str], problems: list[StudioError], strange: list[str], all_needed: bool
) -> Files:
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        here, others = _images(folder_of(folder, name, classes))
        strange += others
        if not here and all_needed:
            kinds = listed(sorted(set(others)))
            problems.append(
                StudioError(
                    "data.empty",
                    say("has no image in it."),
                    where=str(folder / name),
                    hint=say("Its pictures are of a kind that is not read ({kinds}): save them as PNG.", kinds=kinds)
                    if others
                    else say(
                        "Images end in {image_endings}... Remove the folder or fill it.",
                        image_endings=", ".join(IMAGE_ENDINGS[:4]),
                    ),
                )
            )
        paths += here
        labels += [label] * len(here)
    if not paths and not all_needed:
        problems.append(StudioError("data.empty", say("has no image in any class."), where=str(folder)))
    return Files(tuple(paths), torch.tensor(labels, dtype=torch.int64))


def _images(folder: Path) -> tuple[list[Path], list[str]]:
    """The images below a folder in order, and the endings of pictures that are not read."""
    found: list[Path] = []
    others: list[str] = []
    for where, files in walk(folder):
        for name in files:
            small = name.lower()
            if small.endswith(IMAGE_ENDINGS):
                found.append(where / name)
            elif small.endswith(STRANGE_ENDINGS):
                others.append(Path(small).suffix)
    return sorted(found), others


def shortened(problems: list[StudioError]) -> list[StudioError]:
    """The first `SHOWN` problems and how many more there are: a thousand lines help nobody."""
    more = len(problems) - SHOWN
    if more <= 0:
        return problems
    return [
        *problems[:SHOWN],
        StudioError("data.image", say("and {more:,} more files or folders like these.", more=more)),
    ]
