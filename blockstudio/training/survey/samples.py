"""Samples as the network gets them, and how one came to be: the stages from file to input.

What is drawn depends on the number of the draw, the part, the class and the recipe alone, so that a tile can be
explained without being kept.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import torch
import torch.nn.functional as F
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.text import Text, join, say, to_data
from blockstudio.training.augment import Augmenter, Normaliser, color_jitter, cutout, pad_crop
from blockstudio.training.data.images import ImageSet, fit
from blockstudio.training.data.load import Source, given_channels, measured, read_fitted
from blockstudio.training.random import AUGMENT, ORDER, generator
from blockstudio.training.survey.material import Material, PartName, Stored

LARGEST = 128
"""Side of the largest picture that is handed over."""
TRIED = 3
"""So many times the images that are wanted are tried, for some may be damaged."""
CPU = torch.device("cpu")
_WORDS = {"L": say("grey"), "RGB": say("colour"), "P": say("palette"), "1": say("black and white")}


@dataclass(frozen=True)
class Tile:
    """A sample that was drawn."""

    index: int
    """Its place in the part."""
    stored: Stored
    image: Tensor
    """uint8 ``(C, H, W)``."""


class Draws(NamedTuple):
    """What chance decides for one image."""

    top: int
    left: int
    flipped: bool
    row: Tensor


class Samples:
    """Draws tiles of a `Material`."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self._augmentation = msgspec.structs.replace(material.recipe.augmentation, mixup=0.0)

    @cached_property
    def normalisation(self) -> tuple[list[float], list[float]]:
        """Mean and deviation with which a run would normalise: the recipe's, or measured as a run measures them."""
        material, data = self.material, self.material.recipe.data
        channels = material.shape[0]
        mean, std = [0.5] * channels, [0.25] * channels
        if not data.mean or not data.std:
            # Damaged files are left out here whatever the recipe says: they are reported one by one.
            tolerant = msgspec.structs.replace(data, damaged="skip")
            # Even images, or none that can be read: that is said of the files themselves.
            with contextlib.suppress(StudioError):
                mean, std = measured(material.part("train"), tolerant, material.shape, material.facts.title)
        return given_channels(data.mean, mean, "data.mean"), given_channels(data.std, std, "data.std")

    def drawn(self, part: PartName, label: int, draw: int, count: int, stored: bool = False) -> list[Tile]:
        """Up to ``count`` images of a class that can be read, other ones for every ``draw``."""
        source, places = self.material.part(part), self.material.of_class(part, label)
        order = torch.randperm(len(places), generator=generator(draw, ORDER, label))[: TRIED * count]
        found: list[Tile] = []
        for place in order:
            index = int(places[place])
            with contextlib.suppress(StudioError):  # What is wrong with a file is told where files are checked.
                found.append(Tile(index, self.material.stored(source, index), self._image(source, index, stored)))
            if len(found) == count:
                break
        return found

    def tiles(self, part: PartName, label: int, draw: int, count: int, stored: bool = False) -> list[dict[str, Any]]:
        """Tiles of one class as data: the picture, its file, what was drawn."""
        found = self.drawn(part, label, draw, count, stored)
        if stored:
            images, drawn = [tile.image for tile in found], [Text("")] * len(found)
        else:
            images, drawn = self._varied([tile.image for tile in found], part, label, draw)
        return [
            {
                "part": part, "label": label, "place": place, "index": tile.index, "file": tile.stored.name,
                "stored": to_data(stored_text(tile.stored)), "drawn": to_data(text), **picture(image),
            }
            for place, (tile, image, text) in enumerate(zip(found, images, drawn, strict=True))
        ]  # fmt: skip

    def _image(self, source: Source, index: int, stored: bool) -> Tensor:
        """uint8 ``(C, H, W)`` as stored, or as the network takes it before it is varied."""
        material = self.material
        if stored:
            return material.pixels(source, index, (LARGEST, LARGEST))
        if isinstance(source, ImageSet):
            one = source.images[index : index + 1]
            return fit(one, material.shape, material.recipe.data, "")[0]
        return read_fitted(source, index, material.shape, material.recipe.data, "")[0]

    def _varied(
        self, images: Sequence[Tensor], part: PartName, label: int, draw: int
    ) -> tuple[list[Tensor], list[Text]]:
        """Pictures uint8 ``(C, H, W)`` as the augmentation of a run leaves them, and what it drew."""
        if not images:
            return [], []
        batch = torch.stack(list(images))
        values = self.seen(batch, part, label, draw)
        mean, std = (torch.tensor(each).view(1, -1, 1, 1) for each in self.normalisation)
        shown = ((values * std + mean) * 255).round_().clamp_(0, 255).to(torch.uint8)
        return list(shown), [
            self._changes_text(part, self.draws(len(images), label, draw, place)) for place in range(len(images))
        ]

    def seen(self, batch: Tensor, part: PartName, label: int, draw: int) -> Tensor:
        """What the network gets: float32 ``(N, C, H, W)`` of fitted images uint8 ``(N, C, H, W)``."""
        mean, std = self.normalisation
        values = Normaliser(mean, std, CPU)(batch)
        if part != "train":
            return values
        augment = Augmenter(self._augmentation, mean, std, self.material.recipe.seed, CPU)
        return augment(values, torch.full((len(batch),), label), draw, label).images

    def draws(self, count: int, label: int, draw: int, place: int) -> Draws:
        """What the `Augmenter` draws for one image of a batch."""
        rows = torch.rand(count, 8, generator=generator(self.material.recipe.seed, AUGMENT, draw, label))
        row = rows[place]
        reach = 2 * self._augmentation.pad_crop + 1
        return Draws(int((row[0] * reach).long()), int((row[1] * reach).long()), bool(row[2] < 0.5), row)

    def _changes_text(self, part: PartName, draws: Draws) -> Text:
        wanted, parts = self._augmentation, list[str]()
        if part != "train":
            return Text("")
        if wanted.pad_crop:
            parts.append(say("cut at {left}, {top}", left=draws.left, top=draws.top))
        if wanted.flip:
            parts.append(say("flipped") if draws.flipped else say("not flipped"))
        return join(parts, " · ")

    def seen_statistics(self, draw: int, count: int) -> list[dict[str, float]]:
        """Mean and deviation of each channel over samples of all classes as the network gets them; empty where none
        can be read."""
        values: list[Tensor] = []
        for label in range(len(self.material.classes)):
            tiles = self.drawn("train", label, draw, count)
            if tiles:
                seen = self.seen(torch.stack([tile.image for tile in tiles]), "train", label, draw)
                values.append(seen.transpose(0, 1).flatten(1))
        if not values:
            return []
        return [{"mean": float(row.mean()), "std": float(row.std())} for row in torch.cat(values, 1)]

    # From file to input

    def explain(self, part: PartName, label: int, draw: int, count: int, index: int) -> list[dict[str, Any]]:
        """The stages of one tile as data, ``name``, ``title``, ``lines``, a picture, ``off``. Raises `StudioError`
        ``data.image``, `ValueError` if it is not among the tiles of this draw."""
        material, wanted = self.material, self._augmentation
        source = material.part(part)
        tiles = self.drawn(part, label, draw, count)
        place = [tile.index for tile in tiles].index(index)
        draws, how, image = self.draws(len(tiles), label, draw, place), tiles[place].stored, tiles[place].image
        raw, image = material.pixels(source, index, (LARGEST, LARGEST)), image.unsqueeze(0)
        _, height, width = material.shape
        mean, std = self.normalisation
        training = part == "train"
        stages = [
            stage("stored", say("stored"), [stored_text(how), Text("0 … 255")], raw),
            stage("resize", say("resize"), [self._resize_text(how)], image[0]),
        ]
        values = Normaliser(mean, std, CPU)(image)
        scale, shift = (torch.tensor(each).view(1, -1, 1, 1) for each in (std, mean))
        fill = -shift / scale
        only = say("only in training")
        pad = wanted.pad_crop if training else 0
        if pad:
            padded = fill.expand(1, -1, height + 2 * pad, width + 2 * pad).clone()
            padded[:, :, pad : pad + height, pad : pad + width] = values
            lines = [say("black, {height}×{width}", height=height + 2 * pad, width=width + 2 * pad)]
            frame = [draws.left, draws.top, width, height]
            stages.append(
                stage("pad", say("pad {pixels}", pixels=pad), lines, _shown(padded, shift, scale), frame=frame)
            )
            values = pad_crop(values, pad, draws.row[:1], draws.row[1:2], fill)
            lines = [
                say("{height}×{width} at {left}, {top}", height=height, width=width, left=draws.left, top=draws.top)
            ]
            stages.append(stage("crop", say("crop"), lines, _shown(values, shift, scale)))
        else:
            off = only if wanted.pad_crop else say("off")
            stages += [
                stage("pad", say("pad"), [off], _shown(values, shift, scale), off=True),
                stage("crop", say("crop"), [off], _shown(values, shift, scale), off=True),
            ]
        flips = wanted.flip and training
        if flips and draws.flipped:
            values = values.flip(3)
        told = (
            (say("mirrored") if draws.flipped else say("not this time"))
            if flips
            else only
            if wanted.flip
            else say("off")
        )
        stages.append(stage("flip", say("flip"), [told], _shown(values, shift, scale), off=not flips))
        if wanted.color_jitter and training:
            raw_values = color_jitter(values * scale + shift, wanted.color_jitter, draws.row[3:6].unsqueeze(0))
            values = (raw_values - shift) / scale
            lines = [say("up to {share:.0%}", share=wanted.color_jitter)]
            stages.append(stage("colour", say("colour"), lines, _shown(values, shift, scale)))
        if wanted.cutout and training:
            values = cutout(values, wanted.cutout, draws.row[6:7], draws.row[7:8])
            lines = [say("{side}×{side} wiped out", side=wanted.cutout)]
            stages.append(stage("cutout", say("cutout"), lines, _shown(values, shift, scale)))
        lines = [
            join([f"(x − {a:.3f}) / {b:.3f}" for a, b in zip(mean[:1], std[:1], strict=True)]),
            Text(f"{_signed(float(values.min()))} … {_signed(float(values.max()))}"),
        ]
        last = stage("normalise", say("normalise"), lines, _shown(values, shift, scale))
        return [*stages, last]

    def _resize_text(self, how: Stored) -> Text:
        channels, height, width = self.material.shape
        if (how.height, how.width) == (height, width):
            sized: Text = say("already {height}×{width}", height=height, width=width)
        else:
            kind = self.material.recipe.data.resize
            sized = say("{kind}: {height}×{width}", kind=kind, height=height, width=width)
        grey = how.mode in ("L", "1", "I", "F", "I;16", "LA")
        turned = (
            say("grey to colour") if grey and channels == 3 else say("to grey") if not grey and channels == 1 else ""
        )
        return join([sized, turned], ", ")


def stored_text(how: Stored) -> Text:
    """``28×28, grey, 604 bytes``: height by width, as shapes are written."""
    size = "" if how.size is None else say("{size:,} bytes", size=how.size)
    return join([f"{how.height}×{how.width}", _WORDS.get(how.mode, how.mode), size], ", ")


def stage(
    name: str, title: Text, lines: Sequence[str], image: Tensor, *, off: bool = False, frame: list[int] | None = None
) -> dict[str, Any]:
    """One stage as data; ``frame``: left, top, width and height of what is cut out of it, in its pixels."""
    return {
        "name": name, "title": to_data(title), "lines": [to_data(line) for line in lines if line], "off": off,
        "frame": frame, "whole": [image.shape[-1], image.shape[-2]], **picture(image),
    }  # fmt: skip


def picture(image: Tensor) -> dict[str, Any]:
    """A picture uint8 ``(C, H, W)`` as data: three bytes a pixel, no side above `LARGEST`."""
    height, width = image.shape[-2:]
    factor = LARGEST / max(height, width)
    if factor < 1:
        size = max(1, round(height * factor)), max(1, round(width * factor))
        values = F.interpolate(image.unsqueeze(0).float(), size=size, mode="bilinear", antialias=True)
        image = values.round_().clamp_(0, 255).to(torch.uint8)[0]
    if image.shape[0] != 3:
        image = image[:1].expand(3, -1, -1)
    pixels = image.permute(1, 2, 0).contiguous().numpy().tobytes()
    return {"width": image.shape[2], "height": image.shape[1], "pixels": base64.b64encode(pixels).decode()}


def _shown(values: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return ((values * scale + shift) * 255).round().clamp(0, 255).to(torch.uint8)[0]


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
