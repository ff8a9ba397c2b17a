"""Augmentation of a whole batch at once, on tensors, on the device. Every draw depends on (seed, epoch, step) alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from blockstudio.runs.augmentation import Augmentation
from blockstudio.training.data.images import GREY
from blockstudio.training.random import AUGMENT, CROP, LIGHTING, MIXUP, generator, mixed


class Batch(NamedTuple):
    """Images ``(N, C, H, W)`` float32, labels ``(N,)``; with mixup the labels of the images blended in and the
    share of the first. ``weight``: of the mean over them, where other processes have the rest of the batch."""

    images: Tensor
    labels: Tensor
    others: Tensor | None = None
    share: float | Tensor = 1.0
    weight: float = 1.0

    def parts(self, count: int) -> Iterator[Batch]:
        """The batch in ``count`` parts as even as can be."""
        others = [None] * count if self.others is None else self.others.tensor_split(count)
        labels = self.labels.tensor_split(count)
        for images, own, other in zip(self.images.tensor_split(count), labels, others, strict=True):
            yield Batch(images, own, other, self.share, self.weight)


class Normaliser:
    """uint8 ``(N, C, H, W)`` to float32 with mean 0 and deviation 1 in each channel."""

    def __init__(self, mean: list[float], std: list[float], device: torch.device) -> None:
        self._scale = torch.tensor([1 / (255 * s) for s in std], device=device).view(1, -1, 1, 1)
        self._shift = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)], device=device).view(1, -1, 1, 1)

    def __call__(self, images: Tensor) -> Tensor:
        return images.float().mul_(self._scale).add_(self._shift)


AHEAD, AHEAD_IMAGES = 32, 1 << 13
"""Steps whose draws are made and moved to the device at once, and images that they have at most together: on a GPU a
small network is through with a step before so many small tensors have been sent there one by one."""


class _Draws(NamedTuple):
    """What is drawn for a batch of N images, on the device."""

    raw: Tensor
    """``(N, 8)`` in [0, 1): down, right, mirrored, three of the colours, and the place of what is cut out."""
    corner: Tensor
    """``(2, N)``: row and column at which the padded image is cut."""
    mirrored: Tensor
    """``(N, 1, 1, 1)``."""


class Augmenter:
    """Applies a recipe's augmentation to normalised batches."""

    def __init__(
        self, wanted: Augmentation, mean: list[float], std: list[float], seed: int, device: torch.device
    ) -> None:
        self._wanted = wanted
        self._seed = seed
        self._device = device
        self._mean = torch.tensor(mean, device=device).view(1, -1, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, -1, 1, 1)
        self._black = -self._mean / self._std
        self._ahead: dict[tuple[int, int, int, int, int], _Draws] = {}
        """By epoch, step and place in the batch."""
        self._varies = bool(
            wanted.pad_crop or wanted.flip or wanted.color_jitter or wanted.cutout or wanted.crop_least
            or wanted.lighting
        )  # fmt: skip

    def __call__(self, images: Tensor, labels: Tensor, epoch: int, step: int, place: tuple[int, int] = (0, 0)) -> Batch:
        """Vary normalised ``(N, C, H, W)``, the part of a batch that begins at ``place[0]`` of ``place[1]`` images
        (0: all of it). Mixup blends images of the same part."""
        wanted = self._wanted
        if self._varies:
            found = self._drawn(len(images), epoch, step, place)
            draws = found.raw
            if wanted.crop_least:
                images = random_crop(images, wanted, self._more(CROP, epoch, step, place, len(images)))
            if wanted.pad_crop:
                images = cut_at(images, wanted.pad_crop, found.corner[0], found.corner[1], self._black)
            if wanted.flip:
                images = torch.where(found.mirrored, images.flip(3), images)
            if wanted.color_jitter:
                raw = color_jitter(images * self._std + self._mean, wanted.color_jitter, draws[:, 3:6])
                images = (raw - self._mean) / self._std
            if wanted.lighting and images.shape[1] == 3:
                shift = lighting(self._more(LIGHTING, epoch, step, place, len(images)), wanted.lighting)
                images = images + shift / self._std
            if wanted.cutout:
                images = cutout(images, wanted.cutout, draws[:, 6], draws[:, 7])
        if wanted.mixup and len(images) > 1:
            at = (self._seed, MIXUP, epoch, step)
            share = float(np.random.Generator(np.random.PCG64(mixed(*at))).beta(wanted.mixup, wanted.mixup))
            # The larger share is the image's own, so that its label is the one to measure accuracy by.
            share = max(share, 1 - share)
            order = on_device(torch.randperm(len(images), generator=generator(*at)), self._device)
            return Batch(images * share + images[order] * (1 - share), labels, labels[order], share)
        return Batch(images, labels)

    def _drawn(self, count: int, epoch: int, step: int, place: tuple[int, int]) -> _Draws:
        first, whole = place[0], max(place[1], place[0] + count)
        key = (epoch, step, first, count, whole)
        if key not in self._ahead:
            steps = range(step, step + max(1, min(AHEAD, AHEAD_IMAGES // whole)))
            own = [torch.rand(whole, 8, generator=generator(self._seed, AUGMENT, epoch, each)) for each in steps]
            raw = on_device(torch.stack([draws[first : first + count] for draws in own]), self._device)
            corner = (raw[:, :, :2] * (2 * self._wanted.pad_crop + 1)).long().mT.contiguous()
            mirrored = (raw[:, :, 2] < 0.5).view(len(steps), count, 1, 1, 1)
            self._ahead = {
                (epoch, each, first, count, whole): _Draws(*some)
                for each, *some in zip(steps, raw.unbind(), corner.unbind(), mirrored.unbind(), strict=True)
            }
        return self._ahead[key]

    def _more(self, purpose: int, epoch: int, step: int, place: tuple[int, int], count: int) -> Tensor:
        """Further draws in [0, 1) for each of ``count`` images, ``(N, 4)``."""
        whole = max(place[1], place[0] + count)
        draws = torch.rand(whole, 4, generator=generator(self._seed, purpose, epoch, step))
        return on_device(draws[place[0] : place[0] + count], self._device)


def random_crop(images: Tensor, wanted: Augmentation, draws: Tensor) -> Tensor:
    """Cut a part of each image ``(N, C, H, W)`` out and scale it to the whole: ``draws`` ``(N, 4)`` in [0, 1) are its
    share of the area, its aspect, and its place. What would stick out is made narrower or lower."""
    most = max(wanted.crop_least, wanted.crop_most)
    area = wanted.crop_least + (most - wanted.crop_least) * draws[:, 0]
    stretch = ((2 * draws[:, 1] - 1) * math.log(wanted.crop_aspect)).exp().sqrt()
    width, height = (area.sqrt() * stretch).clamp(max=1), (area.sqrt() / stretch).clamp(max=1)
    matrix = torch.zeros(len(images), 2, 3, device=images.device)
    matrix[:, 0, 0], matrix[:, 1, 1] = width, height
    matrix[:, 0, 2], matrix[:, 1, 2] = (2 * draws[:, 2] - 1) * (1 - width), (2 * draws[:, 3] - 1) * (1 - height)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def lighting(draws: Tensor, deviation: float) -> Tensor:
    """A shift of the colours ``(N, 3, 1, 1)`` on the scale 0 to 1 along the principal colours of ImageNet, each by its
    deviation times a normal number; ``draws`` ``(N, 4)`` are uniform in [0, 1)."""
    # Box and Muller, of two pairs; the first number may not be 0.
    radius = (-2 * (1 - draws[:, ::2]).log()).sqrt()
    angle = 2 * math.pi * draws[:, 1::2]
    normal = torch.cat([radius * angle.cos(), radius * angle.sin()], 1)[:, :3]
    values, colours = _principal(draws.device)
    return ((normal * deviation * values) @ colours.T).view(-1, 3, 1, 1)


@cache
def _principal(device: torch.device) -> tuple[Tensor, Tensor]:
    """Deviations along the principal colours of ImageNet's pixels, and the colours in columns (fb.resnet.torch)."""
    values = torch.tensor([0.2175, 0.0188, 0.0045], device=device)
    rows = [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]]
    return values, torch.tensor(rows, device=device)


def pad_crop(images: Tensor, pad: int, down: Tensor, right: Tensor, fill: Tensor) -> Tensor:
    """Pad by ``pad`` pixels of ``fill`` ``(1, C, 1, 1)`` and cut the old size at the places ``down``, ``right`` in
    [0, 1) of each image."""
    return cut_at(images, pad, (down * (2 * pad + 1)).long(), (right * (2 * pad + 1)).long(), fill)


def cut_at(images: Tensor, pad: int, top: Tensor, left: Tensor, fill: Tensor) -> Tensor:
    """`pad_crop` at rows ``top`` and columns ``left`` of the padded images."""
    count, _, height, width = images.shape
    padded = fill.expand(count, -1, height + 2 * pad, width + 2 * pad).clone()
    padded[:, :, pad : pad + height, pad : pad + width] = images
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    return windows[_counting(count, images.device), :, top, left]


@lru_cache(8)
def _counting(count: int, device: torch.device) -> Tensor:
    return torch.arange(count, device=device)


def color_jitter(raw: Tensor, strength: float, draws: Tensor) -> Tensor:
    """Vary brightness, contrast and saturation of ``(N, C, H, W)`` on the scale 0 to 1 by up to ``strength``."""
    factors = 1 + (2 * draws - 1) * strength
    bright, contrast, saturation = (factors[:, i].view(-1, 1, 1, 1) for i in range(3))
    raw = (raw * bright).clamp(0, 1)
    grey = _grey(raw)
    raw = torch.lerp(grey.mean((2, 3), keepdim=True), raw, contrast).clamp(0, 1)
    return torch.lerp(_grey(raw).expand_as(raw), raw, saturation).clamp(0, 1) if raw.shape[1] == 3 else raw


def _grey(raw: Tensor) -> Tensor:
    if raw.shape[1] != 3:
        return raw.mean(1, keepdim=True)
    return (raw * _grey_weights(raw.device)).sum(1, keepdim=True)


@cache
def _grey_weights(device: torch.device) -> Tensor:
    return torch.tensor(GREY, device=device).view(1, 3, 1, 1)


def on_device(values: Tensor, device: torch.device) -> Tensor:
    """``values`` of the CPU on ``device``; nothing waits for a GPU to take them."""
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


def cutout(images: Tensor, side: int, down: Tensor, right: Tensor) -> Tensor:
    """Put a square of ``side`` pixels at a random centre to the mean colour (0); it may stick out at the edge."""
    _, _, height, width = images.shape
    top = (down * height).long() - side // 2
    left = (right * width).long() - side // 2
    rows = torch.arange(height, device=images.device).view(1, -1)
    columns = torch.arange(width, device=images.device).view(1, -1)
    in_rows = (rows >= top.view(-1, 1)) & (rows < top.view(-1, 1) + side)
    in_columns = (columns >= left.view(-1, 1)) & (columns < left.view(-1, 1) + side)
    return images.masked_fill((in_rows.unsqueeze(2) & in_columns.unsqueeze(1)).unsqueeze(1), 0.0)
