"""Trained weights bring the normalisation of the images they were trained on.

It is taken from what the file says of itself, from the library that publishes the weights, or, for a preset whose
published weights fit it, from those; and it is said. What the recipe gives goes before; where nothing is known, the
training images' own is taken, and that is said too.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from blockstudio.compiler.about import NOTES
from blockstudio.compiler.pretrained import images_of
from blockstudio.errors import StudioError
from blockstudio.formats import is_published, split_part
from blockstudio.graph.diagram import Diagram
from blockstudio.runs.checkpoints import MODEL
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.run import Run
from blockstudio.runs.structure import Data
from blockstudio.text import Text, say

LARGEST = 1 << 24
"""Bytes of the notes in a file."""
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


class Images(NamedTuple):
    """How the images of some weights were normalised, on the scale 0 to 1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


_PLAIN = ("ResNet-18", "ResNet-34", "ResNet-50", "ResNet-101", "ResNet-152", "ResNeXt-50 (32×4d)", "VGG-16", "VGG-19",
          "Wide ResNet-50-2", "AlexNet (torchvision)", "SE-ResNet-50")  # fmt: skip
# torchvision's GoogLeNet and Inception V3 turn their usual normalisation into this one inside (`transform_input`).
_SCALED = ("GoogLeNet (torchvision)", "Inception V3", "Inception V4", "Inception-ResNet-v2",
           "Pre-activation ResNet-50 (v2)")  # fmt: skip
PRESETS: dict[str, Images] = {
    **{name: Images(*_IMAGENET) for name in _PLAIN},
    **{name: Images(*_HALF) for name in _SCALED},
}
"""Presets with published weights by their names, and what those are for."""


def with_normalisation(run: Run, recipe: Recipe, diagram: Diagram, channels: int) -> tuple[Data, Text | None]:
    """The recipe's data with the normalisation that its starting weights bring, and what is to be said of it.

    A run that goes on keeps what it began with. Raises `StudioError` ``run.damaged``.
    """
    name = recipe.start.weights
    if not name or recipe.data.mean or recipe.data.std:
        return recipe.data, None
    before = run.data()
    if before:
        mean, std = tuple(before.get("mean", ())), tuple(before.get("std", ()))
        brought = bool(before.get("normalised_by_weights"))
        return (_with(recipe.data, Images(mean, std)) if brought and mean else recipe.data), None
    file = Path(name).name
    found = _stated(name)
    if found is not None and len(found.mean) == len(found.std) == channels:
        text = say(
            "The images are normalised as those of {file} were: mean {mean}, deviation {std} (data.mean, data.std).",
            file=file, mean=_listed(found.mean), std=_listed(found.std),
        )  # fmt: skip
        return _with(recipe.data, found), text
    guess = PRESETS.get(diagram.name) if found is None else None
    if guess is not None and len(guess.mean) == channels:
        text = say(
            "{file} does not say how its images were normalised; as for the published weights of {network}: mean "
            "{mean}, deviation {std}. data.mean and data.std say otherwise.",
            file=file, network=diagram.name, mean=_listed(guess.mean), std=_listed(guess.std),
        )  # fmt: skip
        return _with(recipe.data, guess), text
    return recipe.data, say(
        "{file} does not say how its images were normalised, so the mean and deviation of the training images are "
        "taken (data.mean, data.std).",
        file=file,
    )  # fmt: skip


def _with(data: Data, images: Images) -> Data:
    return msgspec.structs.replace(data, mean=images.mean, std=images.std)


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _stated(name: str) -> Images | None:
    """What a file, or the library that publishes it, says; ``None`` if neither says anything."""
    try:
        if is_published(name):
            found = images_of(name)
            return None if found is None else Images(*found)
        path, _ = split_part(Path(name))
        return _read(_beside(path) or _notes(path))
    except (OSError, ValueError, KeyError, struct.error, zipfile.BadZipFile, RecursionError, StudioError):
        return None  # Whether the file is any good is said by who reads its weights.


def _beside(path: Path) -> Mapping[str, Any]:
    """What a run says of its images, if this is one of its checkpoints."""
    if path.name != MODEL or not os.path.isfile(path.parents[2] / "recipe.json"):
        return {}
    return Run(path.parents[2]).data()


def _notes(path: Path) -> Mapping[str, Any]:
    """The notes that this program writes into files of weights."""
    with path.open("rb") as file:
        head = file.read(9)
        if head[:2] == b"PK":
            with zipfile.ZipFile(file) as archive:
                inside = next((each for each in archive.infolist() if each.filename.endswith(f"/{NOTES}")), None)
                if inside is None or inside.file_size > LARGEST:
                    return {}
                text = archive.read(inside)
        elif len(head) == 9 and head[8:] == b"{":
            (length,) = struct.unpack("<Q", head[:8])
            if length > LARGEST:
                return {}
            file.seek(8)
            text = json.dumps(json.loads(file.read(length)).get("__metadata__", {})).encode()
        else:
            return {}
    notes = json.loads(text)
    return {key: json.loads(notes[key]) for key in ("mean", "std")} if {"mean", "std"} <= set(notes) else {}


def _read(notes: Mapping[str, Any]) -> Images | None:
    mean, std = notes.get("mean"), notes.get("std")
    if not isinstance(mean, list) or not isinstance(std, list) or not mean or len(mean) != len(std):
        return None
    if not all(isinstance(value, int | float) and 0 <= value <= 10 for value in (*mean, *std)) or min(std) < 1e-3:
        return None
    return Images(tuple(map(float, mean)), tuple(map(float, std)))
