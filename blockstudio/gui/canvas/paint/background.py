"""The ground of the drawing: its colour and the dotted grid."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.metrics import DOTS
from blockstudio.gui.canvas.scene.projection import Projection

DOT, MIN_STEP = 2, 15


def paint_background(painter: QPainter, view: QRectF, camera: Projection, style: Style) -> None:
    """The canvas with its dotted grid. Viewport coordinates."""
    painter.fillRect(view, style.canvas)
    step = DOTS * camera.scale
    if step < MIN_STEP / 2:
        return
    while step < MIN_STEP:
        step *= 2
    columns = int(view.width() / step) + 3
    left = view.left() - step + (camera.x - view.left()) % step
    top = view.top() - step + (camera.y - view.top()) % step
    ratio = painter.device().devicePixelRatioF()
    # One row of dots is made once for a zoom, and laid down for every row.
    row = _dots(round(step, 4), columns, style.theme.dots.rgb(), ratio)
    start = round(left * ratio) / ratio - DOT / 2
    for index in range(int(view.height() / step) + 3):
        painter.drawPixmap(QPointF(start, round((top + index * step) * ratio) / ratio - DOT / 2), row)


@lru_cache(maxsize=8)
def _dots(step: float, columns: int, colour: int, ratio: float) -> QPixmap:
    size = round(DOT * ratio)
    row = QPixmap(round(columns * step * ratio) + size, size)
    row.fill(Qt.GlobalColor.transparent)
    painter = QPainter(row)
    for column in range(columns):
        painter.fillRect(QRect(round(column * step * ratio), 0, size, size), QColor(colour))
    painter.end()
    row.setDevicePixelRatio(ratio)
    return row
