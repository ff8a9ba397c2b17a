"""Numbers as pictures: images, maps over them, maps by themselves."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blockstudio.report.heat import heat, ink

Pixels = NDArray[np.uint8]


def heated(picture: Tensor, found: Tensor) -> Pixels:
    """A map ``(H, W)`` in 0 … 1 over a picture ``(C, H, W)`` in 0 … 1, as uint8 ``(H, W, 3)``."""
    base = rgb(picture).astype(np.float64)
    colours, cover = heat(found.numpy())
    mixed: Pixels = (base * (1 - cover[..., None]) + colours * cover[..., None]).round().astype(np.uint8)
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
    scaled = (values - low) / (high - low) if high > low else torch.zeros_like(values)
    return ink(scaled.cpu().numpy())
