"""Images as the trainer holds them, and how they are brought to the shape the network takes."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.runs.structure import Data
from blockstudio.text import say

CHUNK = 2048
GREY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey value (ITU-R 601, as everybody's)."""


@dataclass(frozen=True)
class ImageSet:
    """Images in memory: ``images`` uint8 ``(N, C, H, W)``, ``labels`` int64 ``(N,)``, ``boxes`` float32 ``(N, 4)``
    in pixels (left, top, right, bottom; right and bottom outside) where the set knows them."""

    images: Tensor
    labels: Tensor
    boxes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, index: Tensor) -> ImageSet:
        """The images at ``index``."""
        return ImageSet(self.images[index], self.labels[index], None if self.boxes is None else self.boxes[index])


@dataclass(frozen=True)
class RawData:
    """A data set as read, before it is cut into training, validation and test: ``test`` is ``None`` where the source
    has none, and likewise ``validation``."""

    train: ImageSet
    test: ImageSet | None
    classes: tuple[str, ...]
    validation: ImageSet | None = None
    notes: list[str] = field(default_factory=list)


def chunks(values: Tensor, size: int = CHUNK) -> list[Tensor]:
    """``values`` in pieces of at most ``size`` along the first axis."""
    return [values[start : start + size] for start in range(0, len(values), size)]


def fit(images: Tensor, shape: tuple[int, int, int], data: Data, where: str) -> Tensor:
    """uint8 ``(N, C, H, W)`` brought to ``shape`` = (C, H, W) as the recipe says.

    Raises `StudioError` ``data.size`` or ``data.channels`` where the recipe forbids it or it cannot be done.
    """
    channels, height, width = shape
    own = tuple(images.shape[1:])
    if data.resize == "none" and own[1:] != (height, width):
        raise StudioError(
            "data.size",
            say(
                "its images are {own}×{own_2}, the network takes {height}×{width}.",
                own=own[1],
                own_2=own[2],
                height=height,
                width=width,
            ),
            where=where,
            hint=say("Set data.resize to fit or crop, or data.input_size to the images' size."),
        )
    if own[0] != channels and (data.channels == "none" or own[0] not in (1, 3) or channels not in (1, 3)):
        raise StudioError(
            "data.channels",
            say("its images have {own} channels, the network takes {channels}.", own=own[0], channels=channels),
            where=where,
            hint=say("Grey and colour are turned into each other with data.channels = fit; nothing else can be."),
        )
    if own == shape:
        return images.contiguous()
    parts = [_fit_chunk(chunk, shape, data.resize == "crop") for chunk in chunks(images)]
    return torch.cat(parts)


def _fit_chunk(images: Tensor, shape: tuple[int, int, int], crop: bool) -> Tensor:
    channels, height, width = shape
    values = images.float()
    if channels == 1 and values.shape[1] == 3:
        values = (values * torch.tensor(GREY, device=values.device).view(1, 3, 1, 1)).sum(1, keepdim=True)
    own = values.shape[2], values.shape[3]
    if crop and own != (height, width):
        size, top, left = crop_window(own, (height, width))
        values = _resized(values, size)
        values = values[:, :, top : top + height, left : left + width]
    elif own != (height, width):
        values = _resized(values, (height, width))
    found = values.round_().clamp_(0, 255).to(torch.uint8)
    return found.expand(-1, channels, -1, -1).contiguous()


def crop_window(own: tuple[int, int], wanted: tuple[int, int]) -> tuple[tuple[int, int], int, int]:
    """Size to which an image of ``own`` (H, W) is scaled so that it just covers ``wanted``, and where the cut's top
    and left are."""
    scale = max(wanted[0] / own[0], wanted[1] / own[1])
    size = max(wanted[0], round(own[0] * scale)), max(wanted[1], round(own[1] * scale))
    return size, (size[0] - wanted[0]) // 2, (size[1] - wanted[1]) // 2


def _resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(values, size=size, mode="bilinear", align_corners=False, antialias=True)


def statistics(images: Tensor) -> tuple[list[float], list[float]]:
    """Mean and standard deviation per channel of uint8 ``(N, C, H, W)``, on the scale 0 to 1."""
    count = images.numel() // images.shape[1]
    total = torch.zeros(images.shape[1], dtype=torch.float64)
    squares = torch.zeros_like(total)
    for chunk in chunks(images):
        values = chunk.double() / 255
        total += values.sum((0, 2, 3))
        squares += values.square().sum((0, 2, 3))
    mean = total / count
    std = (squares / count - mean.square()).clamp_(min=0).sqrt()
    # A channel that never varies carries nothing; dividing by its deviation would blow up rounding.
    std = torch.where(std < 1e-3, torch.ones_like(std), std)
    return mean.tolist(), std.tolist()
