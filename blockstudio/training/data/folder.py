"""Images in folders: a subfolder for each class, with ``train``, ``val`` and ``test`` above them or not."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from blockstudio.answers import collected
from blockstudio.errors import StudioError
from blockstudio.runs.datasets import IMAGE_ENDINGS, class_folders, split_folder, training_classes

UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
"""What the image library raises on damaged files."""
SHOWN = 10
"""Damaged files that are named one by one."""


@dataclass(frozen=True)
class Files:
    """Image files with labels, not read yet."""

    paths: tuple[Path, ...]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.paths)

    def subset(self, index: Tensor) -> Files:
        return Files(tuple(self.paths[i] for i in index.tolist()), self.labels[index])

    def read(self, index: int, channels: int) -> Tensor:
        """uint8 ``(C, H, W)`` in the image's own size. Raises `StudioError` ``data.image`` naming the file."""
        return read_image(self.paths[index], channels)


def read_image(path: Path, channels: int) -> Tensor:
    """uint8 ``(C, H, W)``, grey (1) or colour (3). Raises `StudioError` ``data.image``."""
    try:
        with Image.open(path) as file:
            image: Image.Image = file
            if image.mode.startswith("I") or image.mode == "F":
                # 16 bits a pixel: the library would clip, not scale.
                values = np.asarray(image, np.float64)
                top = 65535.0 if values.max() > 255 else 255.0
                image = Image.fromarray((values * (255 / top)).clip(0, 255).astype(np.uint8))
            pixels = np.array(image.convert("L" if channels == 1 else "RGB"))
    except UNREADABLE as error:
        raise StudioError("data.image", f"is no readable image: {error}.", where=str(path)) from error
    found = torch.from_numpy(pixels)
    return found.unsqueeze(0) if found.ndim == 2 else found.permute(2, 0, 1).contiguous()


@dataclass(frozen=True)
class FolderParts:
    """The parts of an image folder; ``None`` where it has no folder for one."""

    train: Files
    validation: Files | None
    test: Files | None
    classes: tuple[str, ...]


def scan(root: Path) -> FolderParts:
    """List the files of an image folder. Raises `StudioError` for every empty class, unknown class and
    empty file at once."""
    problems: list[StudioError] = []
    train_root = split_folder(root, "train") or root
    classes = tuple(folder.name for folder in training_classes(root))
    if len(classes) < 2:
        raise StudioError(
            "data.classes", f"has {len(classes)} class folders; at least 2 are needed.", where=str(train_root)
        )
    train = _list(train_root, classes, problems, all_needed=True)
    others: list[Files | None] = []
    for part in ("validation", "test"):
        folder = split_folder(root, part)
        if folder is None:
            others.append(None)
            continue
        unknown = [item.name for item in class_folders(folder) if item.name not in classes]
        problems += [
            StudioError(
                "data.classes",
                f"is a class that {train_root} has not.",
                where=str(folder / name),
                hint="Every part must have the same class folders.",
            )
            for name in unknown
        ]
        others.append(_list(folder, classes, problems, all_needed=False))
    if problems:
        raise collected(shortened(problems))
    return FolderParts(train, others[0], others[1], classes)


def _list(folder: Path, classes: Sequence[str], problems: list[StudioError], all_needed: bool) -> Files:
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        here = sorted(_images(folder / name))
        if not here and all_needed:
            problems.append(
                StudioError(
                    "data.empty",
                    "has no image in it.",
                    where=str(folder / name),
                    hint=f"Images end in {', '.join(IMAGE_ENDINGS[:4])}... Remove the folder or fill it.",
                )
            )
        for path in here:
            if path.stat().st_size == 0:
                problems.append(StudioError("data.image", "is empty.", where=str(path)))
        paths += here
        labels += [label] * len(here)
    if not paths and not all_needed:
        problems.append(StudioError("data.empty", "has no image in any class.", where=str(folder)))
    return Files(tuple(paths), torch.tensor(labels, dtype=torch.int64))


def _images(folder: Path) -> list[Path]:
    found: list[Path] = []
    for where, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.startswith(".")]
        found += [
            Path(where) / name for name in files if name.lower().endswith(IMAGE_ENDINGS) and not name.startswith(".")
        ]
    return found


def check_headers(files: Files) -> None:
    """Open every file as far as its header. Raises `StudioError` for all that are no images."""

    def wrong(path: Path) -> StudioError | None:
        try:
            with Image.open(path):
                return None
        except UNREADABLE as error:
            return StudioError("data.image", f"is no readable image: {error}.", where=str(path))

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        problems = [problem for problem in pool.map(wrong, files.paths) if problem is not None]
    if problems:
        raise collected(problems)


def read_all(files: Files, channels: int) -> list[Tensor]:
    """Every image, in order. Raises `StudioError` for all that cannot be read."""

    def attempt(index: int) -> Tensor | StudioError:
        try:
            return files.read(index, channels)
        except StudioError as error:
            return error

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = list(pool.map(attempt, range(len(files))))
    problems = [item for item in found if isinstance(item, StudioError)]
    if problems:
        raise collected(problems)
    return [item for item in found if isinstance(item, Tensor)]


def shortened(problems: list[StudioError]) -> list[StudioError]:
    """The first `SHOWN` problems and how many more there are: a thousand lines help nobody."""
    more = len(problems) - SHOWN
    if more <= 0:
        return problems
    return [*problems[:SHOWN], StudioError("data.image", f"and {more:,} more files or folders like these.")]
