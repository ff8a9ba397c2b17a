"""Notes as they are painted."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPen

from blockstudio.gui.canvas.paint.saving import saved
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.callouts import Callout, Link
from blockstudio.gui.canvas.scene.metrics import RADIUS


def draw_callout(painter: QPainter, note: Callout, style: Style, hovered: Link | None) -> None:
    """A note. Scene coordinates."""
    theme, corner, unit = style.theme, note.rect.topLeft(), note.unit
    edge = {"error": theme.problem, "warning": theme.warning_fill}.get(note.severity, theme.secondary)

    def local(rect: QRectF) -> QRectF:
        return QRectF((rect.topLeft() - corner) / unit, rect.size() / unit)

    with saved(painter):
        painter.translate(corner)
        painter.scale(unit, unit)
        outline = QPainterPath()
        outline.addRoundedRect(local(note.rect), RADIUS, RADIUS)
        if note.beak is not None:
            outline = outline.united(_triangle([(point - corner) / unit for point in note.beak]))
        painter.setPen(QPen(edge, 1.2))
        painter.setBrush(style.card)
        painter.drawPath(outline)
        wrap = int(Qt.TextFlag.TextWordWrap)
        for paragraph in note.paragraphs:
            painter.setFont(style.line_bold if paragraph.bold else style.line_font)
            painter.setPen(style.text if paragraph.bold else style.secondary)
            painter.drawText(local(paragraph.rect), wrap, paragraph.text)
        for link in note.links:
            used = QFont(style.line_font)
            used.setUnderline(hovered is not None and link.rect == hovered.rect)
            painter.setFont(used)
            painter.setPen(QPen(theme.link))
            painter.drawText(local(link.rect), wrap | int(Qt.AlignmentFlag.AlignVCenter), link.text)


def _triangle(points: list[QPointF]) -> QPainterPath:
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    path.closeSubpath()
    return path
