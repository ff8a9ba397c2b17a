"""Icons drawn in code: the application's, and small glyphs that follow the theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from blockstudio.gui.kit.theme import FAMILY_COLOURS

CARDS = {
    "column": [(5.3, y) for y in (1.4, 5.7, 10.0)],
    "columns": [(x, y) for x in (0.8, 5.3, 9.8) for y in (1.4, 5.7, 10.0)],
    "row": [(x, 5.7) for x in (0.8, 5.3, 9.8)],
}
"""Where small cards stand in icons of layouts."""


def application_icon() -> QIcon:
    """Three wired blocks."""
    icon = QIcon()
    for size in (16, 32, 48, 128, 256):
        icon.addPixmap(_application_pixmap(size))
    return icon


def _application_pixmap(size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 64, size / 64)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#f6f8fb"))
    painter.drawRoundedRect(QRectF(1, 1, 62, 62), 13, 13)
    painter.setPen(QPen(QColor("#85939c"), 3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    wire = QPainterPath(QPointF(32, 18))
    wire.cubicTo(32, 32, 18, 30, 18, 46)
    wire.moveTo(32, 18)
    wire.cubicTo(32, 32, 46, 30, 46, 46)
    painter.drawPath(wire)
    painter.setPen(Qt.PenStyle.NoPen)
    for family, x, y in (("convolution", 20, 10), ("merge", 34, 40), ("pooling", 6, 40)):
        painter.setBrush(FAMILY_COLOURS[family])
        painter.drawRoundedRect(QRectF(x, y, 24, 14), 4, 4)
    painter.end()
    return pixmap


def glyph(name: str, colour: QColor, size: int = 14) -> QIcon:
    """A small icon in one colour: ``pause``, ``play``, ``stop``, ``sun``, ``moon``, ``chevron``, or one of `CARDS`."""
    ratio = 2
    pixmap = QPixmap(size * ratio, size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 14, size / 14)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if name == "pause":
        painter.drawRoundedRect(QRectF(2.5, 2, 3.2, 10), 0.8, 0.8)
        painter.drawRoundedRect(QRectF(8.3, 2, 3.2, 10), 0.8, 0.8)
    elif name == "play":
        path = QPainterPath(QPointF(3, 1.8))
        path.lineTo(12, 7)
        path.lineTo(3, 12.2)
        path.closeSubpath()
        painter.drawPath(path)
    elif name in CARDS:
        for x, y in CARDS[name]:
            painter.drawRoundedRect(QRectF(x, y, 3.4, 2.6), 0.6, 0.6)
    elif name == "stop":
        painter.drawRoundedRect(QRectF(2.5, 2.5, 9, 9), 1, 1)
    elif name == "moon":
        path = QPainterPath()
        path.addEllipse(QRectF(1.5, 1.5, 11, 11))
        bite = QPainterPath()
        bite.addEllipse(QRectF(5.5, 0.2, 10, 10))
        painter.drawPath(path.subtracted(bite))
    elif name == "sun":
        painter.drawEllipse(QRectF(4.2, 4.2, 5.6, 5.6))
        painter.setPen(QPen(colour, 1.3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.translate(7, 7)
        for _ in range(8):
            painter.drawLine(QPointF(0, -5.2), QPointF(0, -6.2))
            painter.rotate(45)
    elif name == "chevron":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPolyline([QPointF(3.5, 5.2), QPointF(7, 8.8), QPointF(10.5, 5.2)])
    painter.end()
    return QIcon(pixmap)
