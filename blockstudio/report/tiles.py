"""Pictures in rows, each with a line below, as an SVG file that holds them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blockstudio.report.chart import FACES, PAPER, QUIET, TEXT
from blockstudio.report.markup import escape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GAP, LINE, HEAD, SIDE = 8, 16, 40, 24
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Tile:
    """A picture.

    Attributes:
        pixels: uint8 ``(H, W)`` or ``(H, W, 3)``.
        line: Below it.
        boxes: Frames on it, (left, top, right, bottom) in its pixels with a colour and whether they are dashed.
    """

    pixels: NDArray[np.uint8]
    line: str = ""
    boxes: Sequence[tuple[Box, str, bool]] = ()


@dataclass(frozen=True)
class Tiles:
    """Tiles of one size in rows."""

    title: str
    tiles: Sequence[Tile]
    size: int = 96
    """Side of a tile; pictures keep their proportions."""
    columns: int = 8

    def svg(self) -> str:
        """The file's text."""
        columns = max(1, min(self.columns, len(self.tiles)))
        rows = -(-len(self.tiles) // columns)
        has_lines = any(tile.line for tile in self.tiles)
        high = self.size + GAP + (LINE if has_lines else 0)
        width = max(2 * SIDE + columns * (self.size + GAP) - GAP, 320)
        height = HEAD + rows * high + SIDE
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="{FACES}" font-size="11" fill="{QUIET}">',
            f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
            f'<text x="{SIDE}" y="24" font-size="14" font-weight="600" fill="{TEXT}">{escape(self.title)}</text>',
        ]
        for number, tile in enumerate(self.tiles):
            x, y = SIDE + number % columns * (self.size + GAP), HEAD + number // columns * high
            parts += self._tile(tile, x, y)
        return "\n".join([*parts, "</svg>", ""])

    def _tile(self, tile: Tile, x: int, y: int) -> list[str]:
        own_height, own_width = tile.pixels.shape[:2]
        scale = self.size / max(own_height, own_width)
        width, height = own_width * scale, own_height * scale
        # Small pictures are enlarged here, pixel by pixel: not every program that shows the file leaves them sharp.
        times = max(1, -(-2 * self.size // max(own_height, own_width))) if scale > 1 else 1
        data = base64.b64encode(png(tile.pixels.repeat(times, 0).repeat(times, 1))).decode()
        parts = [
            f'<image x="{x}" y="{y}" width="{width:.1f}" height="{height:.1f}" href="data:image/png;base64,{data}"/>'
        ]
        for (left, top, right, bottom), colour, dashed in tile.boxes:
            place = (
                f'x="{x + left * scale:.1f}" y="{y + top * scale:.1f}" width="{(right - left) * scale:.1f}" '
                f'height="{(bottom - top) * scale:.1f}" fill="none"'
            )
            dash = ' stroke-dasharray="4 3"' if dashed else ""
            parts.append(f'<rect {place} stroke="#ffffff" stroke-width="3"/>')
            parts.append(f'<rect {place} stroke="{colour}" stroke-width="1.5"{dash}/>')
        if tile.line:
            parts.append(f'<text x="{x}" y="{y + self.size + 12}">{escape(tile.line)}</text>')
        return parts


def png(pixels: NDArray[np.uint8]) -> bytes:
    """uint8 ``(H, W)`` or ``(H, W, 3)`` as a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
