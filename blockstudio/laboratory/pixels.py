"""Numbers as pictures: images, maps over them, maps by themselves."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]
HEAT = ((0.0, (176, 30, 84)), (0.4, (226, 68, 52)), (0.7, (250, 148, 40)), (1.0, (255, 224, 84)))
"""Colours of a map over a picture, from its clear end on."""
CLEAR = 0.22
"""Part of a map below which the picture shows through alone."""
INK = ((0.0, (255, 255, 255)), (0.5, (59, 125, 221)), (1.0, (16, 32, 84)))
"""Colours of a map by itself, from its least value to its largest."""


def heated(picture: Tensor, found: Tensor) -> Pixels:
    """A map ``(H, W)`` in 0 … 1 over a picture ``(C, H, W)`` in 0 … 1, as uint8 ``(H, W, 3)``."""
    base = rgb(picture).astype(np.float64)
    level = ((found.numpy() - CLEAR) / (1 - CLEAR)).clip(0, 1)
    places = [place for place, _ in HEAT]
    colours = np.stack([np.interp(level, places, [colour[i] for _, colour in HEAT]) for i in range(3)], axis=-1)
    cover = np.where(found.numpy() < CLEAR, 0.0, 0.25 + 0.5 * level)[..., None]
    mixed: Pixels = (base * (1 - cover) + colours * cover).round().astype(np.uint8)
    return mixed


def rgb(picture: Tensor) -> Pixels:
    """A picture ``(C, H, W)`` in 0 … 1 as uint8 ``(H, W, 3)``."""
    shown = picture if picture.shape[0] == 3 else picture[:1].expand(3, -1, -1)
    found: Pixels = (shown * 255).round().byte().permute(1, 2, 0).numpy()
    return found


def grey(values: Tensor) -> Pixels:
    """A map brought to 0 … 255 from its least value to its largest."""
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / (high - low) if high > low else torch.zeros_like(values)
    found: Pixels = (scaled.cpu() * 255).round().byte().numpy()
    return found


def inked(values: Tensor) -> Pixels:
    """A map ``(H, W)`` from its least value to its largest, as uint8 ``(H, W, 3)``."""
    low, high = float(values.min()), float(values.max())
    scaled = ((values - low) / (high - low) if high > low else torch.zeros_like(values)).cpu().numpy()
    places = [place for place, _ in INK]
    found: Pixels = (
        np.stack([np.interp(scaled, places, [colour[i] for _, colour in INK]) for i in range(3)], axis=-1)
        .round()
        .astype(np.uint8)
    )
    return found
