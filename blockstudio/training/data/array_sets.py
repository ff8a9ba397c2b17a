"""Images kept as arrays or as tables of pixels, on one scale for the whole set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.runs.array_files import ArraySet, Grid
from blockstudio.runs.array_sets import Facts, facts_of
from blockstudio.runs.image_folders import Part
from blockstudio.runs.pixel_tables import PixelTable, by_part, lines
from blockstudio.text import say
from blockstudio.training.data.decode import Range, range_of
from blockstudio.training.data.images import ImageSet, RawData

BYTES: Range = (0.0, 255.0)
CHUNK = 4096
"""Images that are brought to bytes at a time."""


def load_arrays(path: Path, black: float | None = None, white: float | None = None) -> RawData:
    """The set at ``path``, a file or a folder. ``black`` and ``white`` replace the scale that its values show.

    Raises `StudioError` ``data.array``, ``data.table``, ``data.range`` and what `facts_of` raises.
    """
    facts = facts_of(path)
    if facts is None:
        raise StudioError("data.array", say("has no images and labels by their names."), where=str(path))
    found = facts.found
    grid: Grid | None = None
    if isinstance(found, ArraySet):
        grid = found.grid()
        pixels = {part: images.read() for part, (images, _) in found.parts.items()}
    else:
        pixels = by_part(found, lambda table: _texts(table) if table.text else _columns(table))
    span, notes = _scale(pixels, black, white, str(path))
    parts = {part: _part(values, facts, part, grid, span) for part, values in pixels.items()}
    return RawData(parts["train"], parts.get("test"), facts.classes, parts.get("validation"), notes)


def _part(values: NDArray[Any], facts: Facts, part: Part, grid: Grid | None, span: Range) -> ImageSet:
    images = torch.empty(len(values), facts.channels, facts.height, facts.width, dtype=torch.uint8)
    order = grid.order if grid is not None else "HWC" if facts.channels > 1 else "flat"
    for start in range(0, len(values), CHUNK):
        block = _bytes(values[start : start + CHUNK], span)
        if order == "CHW":
            block = block.reshape(len(block), facts.channels, facts.height, facts.width)
        else:
            block = block.reshape(len(block), facts.height, facts.width, facts.channels).transpose(0, 3, 1, 2)
        images[start : start + CHUNK] = torch.from_numpy(np.ascontiguousarray(block))
    return ImageSet(images, torch.from_numpy(facts.labels[part]))


def _bytes(values: NDArray[Any], span: Range) -> NDArray[np.uint8]:
    if values.dtype == np.uint8 and span == BYTES:
        return values
    low, high = span
    wide = values.astype(np.float64)
    found: NDArray[np.uint8] = np.rint((wide - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)
    return found


def _scale(
    pixels: Mapping[Part, NDArray[Any]], black: float | None, white: float | None, where: str
) -> tuple[Range, list[str]]:
    """The values that are black and white, for all parts the same ones, and what is said of them."""
    lows, highs, floats = [], [], False
    for values in pixels.values():
        if values.dtype.kind == "f":
            floats = True
            if not np.isfinite(values).all():
                raise StudioError(
                    "data.array", say("has a pixel that is no number (NaN or infinite)."), where=where,
                    hint=say("Put numbers in its place."),
                )  # fmt: skip
        lows.append(float(values.min()))
        highs.append(float(values.max()))
    low, high = min(lows), max(highs)
    if floats:
        span = range_of(low, high, True)
    elif high <= 1 and low >= 0:
        span = (0.0, 1.0)
    else:
        span = BYTES if low >= 0 and high <= BYTES[1] else range_of(low, high, False)
    span = (span[0] if black is None else black, span[1] if white is None else white)
    if span[1] <= span[0]:
        raise StudioError(
            "data.range", say("white is {high:g}, which is not above black, {low:g}.", high=span[1], low=span[0]),
            where="data.white", hint=say("Give both, or neither."),
        )  # fmt: skip
    notes: list[str] = []
    if span != BYTES:
        notes.append(
            say(
                "The values run from {least:g} to {most:g}: {low:g} is black, {high:g} is white "
                "(data.black, data.white).",
                least=low, most=high, low=span[0], high=span[1],
            )
        )  # fmt: skip
    return span, notes


def _columns(table: PixelTable) -> NDArray[Any]:
    """uint8 where all values are bytes, else float32."""
    first, last = table.pixels
    return _table(table, (fields[first:last] for fields in lines(table)), last - first)


def _texts(table: PixelTable) -> NDArray[Any]:
    at = table.pixels[0]
    count = table.shape.channels * table.shape.side**2
    return _table(table, (fields[at].strip().strip('"').split() for fields in lines(table)), count)


def _table(table: PixelTable, rows: Iterable[list[str]], count: int) -> NDArray[Any]:
    blocks: list[NDArray[Any]] = []
    source, done = iter(rows), int(table.header)
    while block := list(islice(source, CHUNK)):
        wrong = next((index for index, row in enumerate(block) if len(row) != count), None)
        try:
            if wrong is None:
                values = np.array(block, dtype=np.float32)
        except ValueError:
            wrong = next(index for index, row in enumerate(block) if not all(map(_is_number, row)))
        if wrong is not None:
            raise StudioError(
                "data.table",
                say("row {row} has something else than {count} numbers.", row=done + wrong + 1, count=count),
                where=str(table.path),
            )
        small = (
            values.astype(np.uint8) if np.isfinite(values).all() and values.min() >= 0 and values.max() <= 255 else None
        )
        blocks.append(small if small is not None and (small == values).all() else values)
        done += len(block)
    same = all(block.dtype == np.uint8 for block in blocks)
    return np.concatenate(blocks if same else [block.astype(np.float32) for block in blocks])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
