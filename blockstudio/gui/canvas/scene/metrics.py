"""Sizes on the drawing, in scene units (one unit is one pixel at 100 %), and widths of texts."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from blockstudio.gui.kit.theme import font

GRID = 8
"""Blocks snap to it; everything is a multiple of it where it can be."""
DOTS = 24
CARD_WIDTH, CARD_MAX, CARD_HEIGHT = 152, 232, 48
STRIPE = 5
RADIUS = 5
INSET = 13
"""From a card's left edge to its texts."""
MARGIN = 11
"""From a card's texts to its right edge."""
CHEVRON = 14
"""Room for the sign that opens a module in place."""
PORT = 3.5
PORT_REACH = 9
"""How far from a port's middle, in pixels of the screen, the mouse still takes hold of it."""
PORT_STEP = 20
NAME_PX, LINE_PX, PILL_PX, BADGE_PX = 13, 11, 11, 10
PILL_HEIGHT = 16
NOTE_WIDTH = 216

FAR, NAMES, NEAR, LINES = 0.38, 0.46, 0.52, 0.6
"""Zoom factors from which on blocks have outlines, names, full cards, and wires their pills."""
FEW, FAR_FEW = 250, 0.22
"""While so few blocks are in view, they have outlines and names already from this zoom on."""
NAME_SIZES = (13, 15, 17, 19, 21, 23, 25)
"""Sizes of a name that stands alone on its card, so that it can be read from further away."""
ZOOM_MIN, ZOOM_MAX = 0.02, 4.0

FRAME_DOWN, FRAME_RIGHT = (24, 64, 24, 24), (64, 40, 24, 40)
"""Room that a module opened in place keeps around its blocks, left, above (its title stands there), right and below:
where the signal goes down, and to the right."""
STUB = 24
"""So far into a frame its wires run straight, past the title."""


@lru_cache(maxsize=16)
def _measure(px: float, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(font(px, bold))


@lru_cache(maxsize=8192)
def text_width(text: str, px: float, bold: bool = False) -> float:
    """Advance of a text in scene units."""
    return _measure(px, bold).horizontalAdvance(text)


@lru_cache(maxsize=8192)
def elided(text: str, px: float, bold: bool, width: float) -> str:
    """``text``, or as much of its beginning as fits ``width``, with an ellipsis; whole words if that loses little."""
    if text_width(text, px, bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", px, bold) <= width:
            low = middle
        else:
            high = middle - 1
    kept = text[:low].rstrip()
    whole = kept.rstrip(" ,·") if text[low : low + 1] in " ," else kept.rpartition(" ")[0].rstrip(" ,·")
    return (whole if len(whole) * 2 > len(kept) else kept) + "…"


@lru_cache(maxsize=8192)
def lone_name(name: str, width: float, wanted: int, least: int) -> tuple[str, int]:
    """A name that stands alone on its card, and its size: the largest up to ``wanted`` that fits, else the end kept
    with as much of the beginning as fits at the smallest from ``least``: blocks of a row differ in their ends."""
    sizes = [size for size in NAME_SIZES if least <= size <= wanted] or [NAME_SIZES[0]]
    for size in reversed(sizes):
        if text_width(name, size, True) <= width:
            return name, size
    tail = "…" + name[-3:]
    for end in range(len(name) - 4, 0, -1):
        if text_width(name[:end] + tail, sizes[0], True) <= width:
            return name[:end] + tail, sizes[0]
    return elided(name, sizes[0], True, width), sizes[0]


def lone_sizes(scale: float) -> tuple[int, int]:
    """The size wanted for such names at a zoom, some 9 pixels on the screen, and the least that can be read."""
    wanted = next((size for size in NAME_SIZES if size * scale >= 8), NAME_SIZES[-1])
    least = next((size for size in NAME_SIZES if size * scale >= 6.2), NAME_SIZES[-1])
    return wanted, least


@lru_cache(maxsize=8192)
def card_width(name: str, badge: bool = False, chevron: bool = False) -> float:
    """Width of a card by its name: summaries change too often to decide it."""
    needed = text_width(name, NAME_PX, True) + INSET + MARGIN + (30 if badge else 0) + (CHEVRON if chevron else 0)
    return min(CARD_MAX, max(CARD_WIDTH, -(-needed // (2 * GRID)) * 2 * GRID))


def chevron_rect(width: float) -> QRectF:
    """Where on a card of a module the sign that opens it stands; the card's upper left corner is the origin."""
    return QRectF(width - CHEVRON - 6, 6, CHEVRON, CHEVRON + 2)


def forget_fonts() -> None:
    """After another font came into use."""
    for cache in (_measure, text_width, elided, lone_name, card_width):
        cache.cache_clear()
