"""The drawing of a preset in little: the canvas' own cards and wires, a long chain broken into columns like a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from blockstudio.analysis import Analysis
from blockstudio.analysis.costs import DEFAULT
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.gui.canvas.paint.painting import StagePainter
from blockstudio.gui.canvas.paint.style import style_of
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, card_width
from blockstudio.gui.canvas.scene.routes import Array
from blockstudio.gui.canvas.scene.stage import Stage, pills_of
from blockstudio.gui.kit.theme import Theme
from blockstudio.layout import arrange

MARGIN, BETWEEN = 12.0, 40.0
"""Around the picture in pixels of the window; between two columns in the drawing's own."""
STUB = 14.0
"""So much of a wire shows where a column ends or begins."""
LONG_STUB = 24.0
"""The same in a figure: with the shape on it."""
MOST_COLUMNS, LARGEST = 8, 1.0


class Column(NamedTuple):
    """A part of the drawing from top to bottom, and how far it reaches to the sides."""

    left: float
    top: float
    right: float
    bottom: float


def thumbnail(
    diagram: Diagram, analysis: Analysis, size: QSize, ratio: float, look: Theme, *, figure: bool = False
) -> Iterator[QImage]:
    """Draw the main level of ``diagram``; ``size`` in pixels of a window with ``ratio`` pixels of the screen each. A
    ``figure`` is broken only where one wire alone leads on, and shows what that carries. Every step takes a few
    milliseconds; each yields the picture as far as it has got."""
    image = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    sizes = {
        name: (card_width(name, block.repeat is not None, block.type in diagram.modules), float(CARD_HEIGHT))
        for name, block in diagram.main.blocks()
    }
    places = arrange(diagram, MAIN, sizes) if any(block.at is None for _, block in diagram.main.blocks()) else {}
    yield image
    stage = Stage(Drawing(diagram, MAIN, places), CardTexts(diagram, analysis, analysis.level(""), DEFAULT))
    yield image
    stub = LONG_STUB if figure else STUB
    columns, scale = broken(stage, size.width() - 2 * MARGIN, size.height() - 2 * MARGIN - 2 * figure * stub, figure)
    width = sum(column.right - column.left for column in columns) + BETWEEN * (len(columns) - 1)
    x = (size.width() - width * scale) / 2
    style = style_of(look)
    height = max((column.bottom - column.top for column in columns), default=0.0)
    y = (size.height() - height * scale) / 2
    for column in columns:
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.translate(QPointF(x - column.left * scale, y - column.top * scale))
        painter.scale(scale, scale)
        area = QRectF(
            column.left - BETWEEN / 2, column.top - stub, column.right - column.left + BETWEEN,
            column.bottom - column.top + 2 * stub,
        )  # fmt: skip
        painter.setClipRect(area)
        StagePainter(painter, scale, style, signs=False).paint(stage, area)
        painter.end()
        x += (column.right - column.left + BETWEEN) * scale
        yield image


def broken(stage: Stage, width: float, height: float, alone: bool = False) -> tuple[list[Column], float]:
    """The drawing in as many columns as make it largest within ``width`` and ``height``, and its scale then; ``alone``:
    broken only where one wire alone leads on."""
    drawing = stage.drawing
    bands = _bands(drawing)
    if alone:
        bands = _uncut(bands, drawing.reach)
    pills = np.array([(rect.left(), rect.top(), rect.right(), rect.bottom())
                      for rect, _, _ in pills_of(stage, range(len(drawing.wires)))]).reshape(-1, 4)  # fmt: skip
    best: tuple[list[Column], float] = ([], 0.0)
    for count in range(1, min(MOST_COLUMNS, len(bands)) + 1):
        columns = [_column(drawing, pills, part) for part in _shared_out(bands, count)]
        wide = sum(column.right - column.left for column in columns) + BETWEEN * (len(columns) - 1)
        high = max(column.bottom - column.top for column in columns)
        scale = min(LARGEST, width / max(1.0, wide), height / max(1.0, high))
        if scale > best[1] * 1.05:  # another break must be worth it
            best = columns, scale
    return best


def _bands(drawing: Drawing) -> list[tuple[float, float]]:
    """Top and bottom of what cannot be broken: blocks that stand side by side, from the top down."""
    found: list[tuple[float, float]] = []
    for top, bottom in sorted((box[1], box[3]) for box in drawing.boxes.tolist()):
        if found and top < found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], bottom))
        else:
            found.append((top, bottom))
    return found


def _uncut(bands: list[tuple[float, float]], wires: Array) -> list[tuple[float, float]]:
    """Bands between which more than one wire runs are one."""
    found = bands[:1]
    for top, bottom in bands[1:]:
        gap = (found[-1][1] + top) / 2
        if int(((wires[:, 1] < gap) & (wires[:, 3] > gap)).sum()) > 1:
            found[-1] = found[-1][0], bottom
        else:
            found.append((top, bottom))
    return found


def _shared_out(bands: Sequence[tuple[float, float]], count: int) -> list[list[tuple[float, float]]]:
    """The bands in ``count`` columns at most, the highest of them as low as can be."""
    low, high = max(bottom - top for top, bottom in bands), bands[-1][1] - bands[0][0]
    while high - low > 1:
        middle = (low + high) / 2
        if len(_filled(bands, middle)) <= count:
            high = middle
        else:
            low = middle
    return _filled(bands, high)


def _filled(bands: Sequence[tuple[float, float]], height: float) -> list[list[tuple[float, float]]]:
    columns: list[list[tuple[float, float]]] = []
    for band in bands:
        if columns and band[1] - columns[-1][0][0] <= height:
            columns[-1].append(band)
        else:
            columns.append([band])
    return columns


def _column(drawing: Drawing, pills: Array, bands: Sequence[tuple[float, float]]) -> Column:
    """What lies at the height of these bands: cards, wires, and the pills on them, which may stand out at the sides."""
    top, bottom = bands[0][0], bands[-1][1]
    parts = [each[(each[:, 3] > top) & (each[:, 1] < bottom)] for each in (drawing.boxes, drawing.reach, pills)]
    both = np.concatenate(parts)
    return Column(float(both[:, 0].min()), top, float(both[:, 2].max()), bottom)
