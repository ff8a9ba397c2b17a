"""The Oxford-IIIT Pets as published: one folder of photos, lists of both parts under ``annotations``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from blockstudio.answers import collected
from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded
from blockstudio.runs.published import pets_lists
from blockstudio.text import say
from blockstudio.training.data.folder import Files, FolderParts, shortened

COUNT = 37


def load_pets(folder: Path, beside: Sequence[Path] = ()) -> FolderParts:
    """``images/NAME_12.jpg`` with the class that ``annotations/trainval.txt`` and ``test.txt`` give each.

    Raises `StudioError` ``data.list`` for a line that is none of theirs, ``data.image`` for photos that are not here.
    """
    lists = pets_lists(folder)
    names = {label: str(label + 1) for label in range(COUNT)}
    problems: list[StudioError] = []
    parts = [_listed(path, folder / "images", names, problems) for path in lists]
    if problems:
        raise collected(shortened(problems))
    notes: list[str] = []
    if lists[0].name == "list.txt":
        notes.append(say("There is no annotations/trainval.txt, so the parts are drawn by class from list.txt."))
    return FolderParts(parts[0], None, parts[1] if len(parts) > 1 else None, tuple(names.values()), notes)


def _listed(path: Path, images: Path, names: dict[int, str], problems: list[StudioError]) -> Files:
    paths: list[Path] = []
    labels: list[int] = []
    here = {photo.name for photo in images.iterdir()}
    for number, line in enumerate(read_bounded(path, 1 << 24).decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, *rest = line.split()
        if not rest or not rest[0].isdecimal() or not 1 <= int(rest[0]) <= COUNT or "/" in name or "\\" in name:
            problems.append(
                StudioError(
                    "data.list",
                    say("is no line of a photo's name and its class from 1 to {count}.", count=COUNT),
                    where=f"{path}:{number}",
                )
            )
            continue
        if f"{name}.jpg" not in here:
            text = say("is not here; {file} names it.", file=path.name)
            problems.append(StudioError("data.image", text, where=str(images / f"{name}.jpg")))
            continue
        label = int(rest[0]) - 1
        names[label] = name.rpartition("_")[0].replace("_", " ") or names[label]
        paths.append(images / f"{name}.jpg")
        labels.append(label)
    if not paths and not problems:
        problems.append(StudioError("data.empty", say("names no photo."), where=str(path)))
    return Files(tuple(paths), torch.tensor(labels, dtype=torch.int64))
