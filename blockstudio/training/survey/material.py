"""A data set opened for looking at: its parts as a run would cut them, read one image at a time.

Unlike `load_data` it stands what is wrong with files: those are what the survey is to find.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.runs.adapt import adapt, image_shape, input_shape
from blockstudio.runs.datasets import check_present, describe
from blockstudio.runs.image_folders import printable
from blockstudio.runs.known_sets import DataInfo
from blockstudio.runs.listing import Counts, ListedPart, list_folder
from blockstudio.runs.recipe import Recipe
from blockstudio.training.data.decode import reading, survey
from blockstudio.training.data.folder import Files
from blockstudio.training.data.images import ImageSet
from blockstudio.training.data.load import Parts, Source, cut, read_parts

PartName: TypeAlias = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test")
SAMPLED = 500
"""Files of a folder that are looked at for the scale of deep images and for notes."""
DEFAULT_SIDE = 64
"""Side of the samples where no network says what it takes and images differ in size."""


class Stored(NamedTuple):
    """How an image is stored."""

    name: str
    width: int
    height: int
    mode: str
    size: int | None
    """Bytes of its file; ``None`` where it shares one with others."""


@dataclass
class Material:
    """A data set and what a network makes of it."""

    facts: DataInfo
    recipe: Recipe
    """With every choice made, as far as a network is there."""
    shape: tuple[int, int, int]
    """(C, H, W) that the network takes."""
    parts: dict[PartName, Source | None]
    classes: tuple[str, ...]
    held: bool
    """The test images are held out of the training images."""
    notes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Files in folders of classes that are no images by their name."""
    fits: bool = True
    """There is a network that takes these images."""

    def counts(self) -> Counts:
        """Images by class and part."""
        found = {name: self._count(self.parts[name]) for name in PARTS}
        return Counts(found["train"], found["validation"], found["test"], self.held)

    def _count(self, part: Source | None) -> tuple[int, ...]:
        if part is None:
            return (0,) * len(self.classes)
        return tuple(torch.bincount(part.labels, minlength=len(self.classes)).tolist())

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts.values() if part is not None)

    def part(self, name: PartName) -> Source:
        """A part that is there. Raises `KeyError`."""
        found = self.parts[name]
        if found is None:
            raise KeyError(name)
        return found

    def of_class(self, name: PartName, label: int) -> Tensor:
        """Places of a class's images in a part."""
        part = self.parts[name]
        return torch.empty(0, dtype=torch.int64) if part is None else torch.nonzero(part.labels == label).flatten()

    def title(self, part: Source, index: int) -> str:
        """What an image is called: its file below the set's folder, or its place."""
        if isinstance(part, Files):
            return self.short(part.paths[index])
        name = next(name for name, other in self.parts.items() if other is part)
        return f"{name} {index:,}"

    def short(self, path: Path | str) -> str:
        """A file as it is called below the set's folder."""
        root = self.facts.root
        file = Path(path)
        return printable(file.relative_to(root)) if root is not None and file.is_relative_to(root) else printable(file)

    def stored(self, part: Source, index: int) -> Stored:
        """How an image is stored. Raises `StudioError` ``data.image``."""
        name = self.title(part, index)
        if isinstance(part, ImageSet):
            channels, height, width = part.images.shape[1:]
            return Stored(name, width, height, "L" if channels == 1 else "RGB", None)
        if isinstance(part, Files):
            path = part.paths[index]
            with reading(path) as image:
                return Stored(name, *image.size, image.mode, path.stat().st_size)
        found = part.read(index, 3)
        return Stored(name, found.shape[2], found.shape[1], "RGB", None)

    def pixels(self, part: Source, index: int, at_least: tuple[int, int] | None = None) -> Tensor:
        """uint8 ``(C, H, W)``: channels as they are in memory, else grey or colour as the network takes them. Raises
        `StudioError` ``data.image``."""
        if isinstance(part, ImageSet):
            return part.images[index]
        return part.read(index, 1 if self.shape[0] == 1 else 3, at_least)


def open_material(recipe: Recipe, diagram: Diagram | None = None) -> Material:
    """The set that a recipe names, cut as a run would. Raises `StudioError` ``data.*`` for a set that cannot be read at
    all."""
    data = recipe.data
    facts = describe(data)
    check_present(data, facts)
    notes, others = list[str](facts.notes), list[str]()
    if facts.kind == "folder":
        assert facts.root is not None
        listing = list_folder(facts.root)
        classes = listing.classes
        others = listing.others
        held = listing.test is None and listing.validation is None
        files = [_files(part) for part in (listing.train, listing.validation, listing.test)]
        paths = [path for part in files if part is not None for path in part.paths]
        spread = [paths[place * len(paths) // SAMPLED] for place in range(SAMPLED)] if len(paths) > SAMPLED else paths
        seen = survey(spread, data.black, data.white, data.background)
        notes += seen.notes
        ready = [part and replace(part, range=seen.range, background=data.background) for part in files]
        assert ready[0] is not None
        parts: Parts = (ready[0], ready[1], ready[2] or ready[1])
    else:
        one, validation_part, test_part, classes, more = read_parts(data, facts)
        parts, held = (one, validation_part, test_part), test_part is None
        notes += more
    if len(parts[0]):
        parts = cut(parts, data)
    if parts[2] is parts[1]:
        parts = (parts[0], parts[1], None)
    recipe, shape, fits = _fitted(recipe, diagram, facts, parts[0], notes)
    return Material(facts, recipe, shape, dict(zip(PARTS, parts, strict=True)), classes, held, notes, others, fits)


def _files(part: ListedPart | None) -> Files | None:
    if part is None:
        return None
    return Files(tuple(map(Path, part.paths)), torch.from_numpy(np.array(part.labels, np.int64)))


def _fitted(
    recipe: Recipe, diagram: Diagram | None, facts: DataInfo, train: Source, notes: list[str]
) -> tuple[Recipe, tuple[int, int, int], bool]:
    """The recipe with its choices and the shape that the network takes; without one that fits, the images' own."""
    if diagram is not None and len(diagram.graph):
        try:
            fitted, chosen, more = adapt(diagram, recipe)
            shape = image_shape(input_shape(fitted), facts.channels)
        except StudioError as error:
            notes.append(str(error))
        else:
            notes += [note for note in more if note not in notes]
            return chosen, shape, True
    if isinstance(train, ImageSet) and len(train):
        channels, height, width = train.images.shape[1:]
        return recipe, (channels, height, width), False
    side = recipe.data.input_size or facts.size or DEFAULT_SIDE
    return recipe, (facts.channels, side, side), False
