"""The light on blocks that somebody points at: a halo, an outline, a number beside the card."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath

from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.metrics import RADIUS

HALO, DISC, ASIDE = 6.0, 9.0, 22.0


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
        centre = QPointF(rect.left() - ASIDE, rect.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(style.theme.primary))
        painter.drawEllipse(centre, DISC, DISC)
        painter.setPen(style.theme.on_accent)
        painter.setFont(style.badge_font)
        box = QRectF(centre.x() - DISC, centre.y() - DISC, 2 * DISC, 2 * DISC)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))
