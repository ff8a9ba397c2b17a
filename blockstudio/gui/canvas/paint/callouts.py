"""Notes as they are painted."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPainter, QPen

from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.callouts import Callout, Link
from blockstudio.gui.canvas.scene.metrics import RADIUS


def draw_callout(painter: QPainter, note: Callout, style: Style, hovered: Link | None) -> None:
    """A note. Scene coordinates."""
    theme = style.theme
    edge = theme.problem if note.severity == "error" else theme.warning_fill
    painter.setPen(QPen(edge, 1.2))
    painter.setBrush(style.card)
    painter.drawRoundedRect(note.rect, RADIUS, RADIUS)
    wrap = int(Qt.TextFlag.TextWordWrap)
    for paragraph in note.paragraphs:
        painter.setFont(style.line_bold if paragraph.bold else style.line_font)
        painter.setPen(style.text if paragraph.bold else style.secondary)
        painter.drawText(paragraph.rect, wrap, paragraph.text)
    for link in note.links:
        used = QFont(style.line_font)
        used.setUnderline(hovered is not None and link.rect == hovered.rect)
        painter.setFont(used)
        painter.setPen(QPen(theme.link))
        painter.drawText(link.rect, wrap | int(Qt.AlignmentFlag.AlignVCenter), link.text)
