"""On blocks that somebody points at: a halo, an outline, a number on the corner; what a block gives, on it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath

from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.metrics import RADIUS

HALO, DISC = 6.0, 9.0


def draw_lit(painter: QPainter, rects: Sequence[QRectF], style: Style) -> None:
    """Light on each of ``rects``, numbered from 1; empty ones have none. Scene coordinates."""
    accent = style.theme.accent
    veil = QBrush(QColor(accent.red(), accent.green(), accent.blue(), 56))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for number, rect in enumerate(rects, 1):
        if rect.isEmpty():
            continue
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(veil)
        ring = QPainterPath()  # odd-even: the card stays as it is
        ring.addRoundedRect(rect.adjusted(-HALO, -HALO, HALO, HALO), RADIUS + HALO, RADIUS + HALO)
        ring.addRoundedRect(rect, RADIUS, RADIUS)
        painter.drawPath(ring)
        painter.setPen(style.selected)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        if len(rects) == 1:
            continue
        centre = rect.topLeft()  # on its own corner: aside it would touch the card beside
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(style.theme.primary))
        painter.drawEllipse(centre, DISC, DISC)
        painter.setPen(style.theme.on_accent)
        painter.setFont(style.badge_font)
        box = QRectF(centre.x() - DISC, centre.y() - DISC, 2 * DISC, 2 * DISC)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))


def draw_thumbnail(painter: QPainter, picture: QImage, rect: QRectF, style: Style) -> None:
    """What a block gives, at the right end of its card at ``rect``, in scene coordinates. A small map's places stay
    sharp."""
    side = rect.height() - 6
    place = QRectF(rect.right() - side - 3, rect.top() + 3, side, side)
    painter.drawImage(place, picture)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(style.selected)
    painter.drawRect(place)
