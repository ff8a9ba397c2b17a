"""Augmentation of a whole batch at once, on tensors, on the device. Every draw depends on (seed, epoch, step) alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from blockstudio.runs.structure import Augmentation
from blockstudio.training.data.images import GREY
from blockstudio.training.random import AUGMENT, MIXUP, generator, mixed


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
        self._varies = bool(wanted.pad_crop or wanted.flip or wanted.color_jitter or wanted.cutout)

    def __call__(self, images: Tensor, labels: Tensor, epoch: int, step: int, place: tuple[int, int] = (0, 0)) -> Batch:
        """Vary normalised ``(N, C, H, W)``, the part of a batch that begins at ``place[0]`` of ``place[1]`` images
        (0: all of it). Mixup blends images of the same part."""
        wanted = self._wanted
        if self._varies:
            first, whole = place[0], max(place[1], place[0] + len(images))
            draws = torch.rand(whole, 8, generator=generator(self._seed, AUGMENT, epoch, step))
            draws = on_device(draws[first : first + len(images)], self._device)
            if wanted.pad_crop:
                images = pad_crop(images, wanted.pad_crop, draws[:, 0], draws[:, 1], -self._mean / self._std)
            if wanted.flip:
                images = torch.where((draws[:, 2] < 0.5).view(-1, 1, 1, 1), images.flip(3), images)
            if wanted.color_jitter:
                raw = color_jitter(images * self._std + self._mean, wanted.color_jitter, draws[:, 3:6])
                images = (raw - self._mean) / self._std
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


def pad_crop(images: Tensor, pad: int, down: Tensor, right: Tensor, fill: Tensor) -> Tensor:
    """Pad by ``pad`` pixels of ``fill`` ``(1, C, 1, 1)`` and cut the old size at the places ``down``, ``right`` in
    [0, 1) of each image."""
    count, _, height, width = images.shape
    padded = fill.expand(count, -1, height + 2 * pad, width + 2 * pad).clone()
    padded[:, :, pad : pad + height, pad : pad + width] = images
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    top, left = (down * (2 * pad + 1)).long(), (right * (2 * pad + 1)).long()
    return windows[torch.arange(count, device=images.device), :, top, left]


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
