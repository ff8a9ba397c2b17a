"""Drawn images: one coloured object on textured ground, any number, size and seed, each object's box known.

Image ``i`` of a seed is the same however many are asked for: its numbers come from hashing (seed, part, i).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from blockstudio.runs.structure import Shapes
from blockstudio.training.data.images import ImageSet, RawData

KINDS = ("disc", "square", "triangle", "ring", "cross", "star", "hexagon", "bar", "crescent", "diamond")
COLOURS = {
    "red": (0.86, 0.16, 0.18), "green": (0.18, 0.66, 0.26), "blue": (0.16, 0.34, 0.86), "yellow": (0.94, 0.82, 0.16),
    "magenta": (0.82, 0.20, 0.76), "cyan": (0.14, 0.76, 0.80), "orange": (0.96, 0.52, 0.10),
    "violet": (0.46, 0.24, 0.78), "white": (0.95, 0.95, 0.95), "black": (0.07, 0.07, 0.09),
}  # fmt: skip
NUMBERS = 24
"""Random numbers an image takes."""
CHUNK = 256

Array = NDArray[np.float64]


def load_shapes(wanted: Shapes) -> RawData:
    """``images`` for training and a fifth of it for testing, ``(N, 3, size, size)``, classes in turn."""
    return RawData(
        train=draw(wanted, wanted.images, part=0),
        test=draw(wanted, max(wanted.classes, wanted.images // 5), part=1),
        classes=class_names(wanted.classes),
    )


def class_names(classes: int) -> tuple[str, ...]:
    """Kinds of objects; above ten, colour and kind."""
    if classes <= len(KINDS):
        return KINDS[:classes]
    colours = list(COLOURS)
    return tuple(f"{colours[index // len(KINDS)]} {KINDS[index % len(KINDS)]}" for index in range(classes))


def draw(wanted: Shapes, count: int, part: int) -> ImageSet:
    """``count`` images with labels and boxes."""
    labels = np.arange(count) % wanted.classes
    images = np.empty((count, 3, wanted.size, wanted.size), np.uint8)
    boxes = np.empty((count, 4), np.float32)
    for start in range(0, count, CHUNK):
        index = np.arange(start, min(count, start + CHUNK))
        u = _uniform(wanted.seed, part, index)
        images[index], boxes[index] = _draw_chunk(u, labels[index], wanted)
    return ImageSet(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)), torch.from_numpy(boxes))


def _uniform(seed: int, part: int, index: NDArray[np.int64]) -> Array:
    """``(len(index), NUMBERS)`` numbers in [0, 1), each a hash of its place (splitmix64)."""
    with np.errstate(over="ignore"):
        # Any: the stubs take whole numbers and unsigned ones together for floats.
        place: Any = (index[:, None].astype(np.uint64) * np.uint64(NUMBERS)) + np.arange(NUMBERS, dtype=np.uint64)
        key = np.uint64((seed * 2 + part + 1) & (2**64 - 1)) * np.uint64(0xD1342543DE82EF95)
        z = (place + key) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    top: Array = (z >> np.uint64(11)).astype(np.float64)
    return top / float(1 << 53)


def _draw_chunk(u: Array, labels: NDArray[np.int64], wanted: Shapes) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    count, size = len(u), wanted.size
    axis = (np.arange(size) + 0.5) / size
    y, x = axis[None, :, None], axis[None, None, :]

    def number(column: int) -> Array:
        return u[:, column][:, None, None]

    ground = _ground(u, x, y)
    radius = 0.16 + 0.17 * number(0)
    centre_x = radius + (1 - 2 * radius) * number(1)
    centre_y = radius + (1 - 2 * radius) * number(2)
    angle = (number(3) - 0.5) * 0.9
    px, py = (x - centre_x) / radius, (y - centre_y) / radius
    px, py = px * np.cos(angle) + py * np.sin(angle), py * np.cos(angle) - px * np.sin(angle)
    distance = np.empty((count, size, size))
    kinds = labels % len(KINDS)
    for kind in np.unique(kinds):
        rows = kinds == kind
        distance[rows] = _distance(KINDS[kind], px[rows], py[rows])
    # One pixel of soft edge.
    cover = np.clip(0.5 - distance * radius * size, 0, 1)
    palette = np.array(list(COLOURS.values()))
    colour = (u[:, 4] * len(palette)).astype(int) if wanted.classes <= len(KINDS) else labels // len(KINDS)
    paint = palette[colour][:, :, None, None] + (u[:, 5:8] - 0.5)[:, :, None, None] * 0.12
    shade = 1 + 0.25 * (py * (number(8) - 0.5) + px * (number(9) - 0.5))[:, None]
    image = ground * (1 - cover[:, None]) + np.clip(paint * shade, 0, 1) * cover[:, None]
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8), _boxes(cover > 0.5)


def _ground(u: Array, x: Array, y: Array) -> Array:
    """Two colours blended by waves of random direction: ``(N, 3, size, size)``."""

    def number(column: int) -> Array:
        return u[:, column][:, None, None]

    first = np.clip(0.25 + 0.5 * u[:, 10:13], 0, 1)[:, :, None, None]
    second = np.clip(first + (u[:, 13:16] - 0.5)[:, :, None, None] * 0.5, 0, 1)
    waves = np.zeros((len(u), x.shape[2], x.shape[2]))
    for column, scale in ((16, 5.0), (18, 14.0), (20, 40.0)):
        direction = number(column) * np.pi
        waves += np.sin(
            scale * (1 + number(column + 1)) * (x * np.cos(direction) + y * np.sin(direction)) + 9 * number(22)
        )
    blend = (0.5 + waves / 6)[:, None]
    grain = np.sin(12.9898 * x * 997 + 78.233 * y * 991 + 100 * number(23)) * 43758.5453
    return np.clip(first * (1 - blend) + second * blend + (grain % 1 - 0.5)[:, None] * 0.08, 0, 1)


def _distance(kind: str, x: Array, y: Array) -> Array:
    """Signed distance, near enough, to the outline of an object of radius 1; negative inside."""
    far = np.hypot(x, y)
    match kind:
        case "disc":
            return far - 1
        case "ring":
            return np.abs(far - 0.75) - 0.25
        case "square":
            return np.maximum(np.abs(x), np.abs(y)) - 0.78
        case "diamond":
            diamond: Array = (np.abs(x) * 1.6 + np.abs(y) - 1) / 1.5
            return diamond
        case "bar":
            return np.maximum(np.abs(x) - 0.28, np.abs(y) - 0.96)
        case "cross":
            upright = np.maximum(np.abs(x) - 0.26, np.abs(y) - 0.95)
            return np.minimum(upright, np.maximum(np.abs(y) - 0.26, np.abs(x) - 0.95))
        case "triangle":
            return np.maximum(np.abs(x) * 0.866 + y * 0.5, -y) - 0.5
        case "hexagon":
            return np.maximum(np.abs(x) * 0.866 + np.abs(y) * 0.5, np.abs(y)) - 0.86
        case "crescent":
            crescent: Array = np.maximum(far - 1, 0.85 - np.hypot(x - 0.45, y))
            return crescent
    turn = np.arctan2(x, -y)
    # A star: the radius of its outline swings between 0.42 and 1, five times round.
    star: Array = (far - (0.71 + 0.29 * np.cos(5 * turn))) * 0.6
    return star


def _boxes(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Left, top, right, bottom of the pixels that are more than half covered."""
    size = inside.shape[1]
    columns: NDArray[np.bool_] = np.any(inside, axis=1)
    rows: NDArray[np.bool_] = np.any(inside, axis=2)
    left, top = columns.argmax(1), rows.argmax(1)
    right, bottom = size - columns[:, ::-1].argmax(1), size - rows[:, ::-1].argmax(1)
    return np.stack([left, top, right, bottom], 1).astype(np.float32)
