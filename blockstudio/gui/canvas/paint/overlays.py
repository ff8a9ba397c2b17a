"""What gestures show over the drawing, painted. View coordinates, but where an overlay says otherwise."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from blockstudio.gui.canvas.paint import cards
from blockstudio.gui.canvas.paint.saving import saved
from blockstudio.gui.canvas.paint.style import Style, stripe_path
from blockstudio.gui.canvas.scene.card_texts import Content
from blockstudio.gui.canvas.scene.metrics import INSET, LINE_PX, NAME_PX, PILL_HEIGHT, PORT, RADIUS, elided, text_width
from blockstudio.gui.canvas.scene.overlay import Band, Coming, Guides, Letters, LooseWire, Stroke
from blockstudio.gui.canvas.scene.projection import Projection
from blockstudio.gui.canvas.scene.routed import wire_path


def draw_band(painter: QPainter, band: Band, style: Style) -> None:
    """The rectangle that selects."""
    painter.setPen(style.selected_far)
    painter.setBrush(style.accent_veil)
    painter.drawRect(band.rect)


def draw_coming(painter: QPainter, coming: Coming, style: Style) -> None:
    """The card of a block to come. Scene coordinates."""
    rect = coming.rect
    if coming.planned:
        _draw_planned(painter, coming, style)
        return
    look = cards.Look(Content(coming.name, coming.line, coming.line, "", -1.0, False, ""), coming.family, hovered=True)
    painter.translate(rect.topLeft())
    cards.draw_card(painter, rect.width(), rect.height(), look, style)
    painter.translate(-rect.topLeft())


def _draw_planned(painter: QPainter, coming: Coming, style: Style) -> None:
    """The ghost of what was chosen, and its wires."""
    rect, theme = coming.rect, style.theme
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(theme.accent, 2.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for start, end in coming.wires:
        painter.drawPath(wire_path(start, end, coming.right))
    border = QPen(theme.accent, 1.6)
    border.setDashPattern([5 / 1.6, 4 / 1.6])
    for brush in (style.card, style.accent_veil):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
    painter.translate(rect.topLeft())
    painter.setBrush(style.families[coming.family])
    painter.drawPath(stripe_path(rect.height()))
    painter.setPen(style.text)
    painter.setFont(style.name_font)
    cards.draw_text(painter, INSET, 13.5, elided(coming.name, NAME_PX, True, rect.width() - 24), style, bold=True)
    painter.setPen(QPen(theme.accent))
    painter.setFont(style.line_font)
    cards.draw_text(painter, INSET, 30.0, elided(coming.line, LINE_PX, False, rect.width() - 24), style)
    painter.translate(-rect.topLeft())
    painter.setPen(border)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    ends = [point for wire in coming.wires for point in wire]
    cards.draw_ports(painter, ends, style.port_active, style, PORT + 1)


def draw_guides(painter: QPainter, guides: Guides, scale: float, style: Style) -> None:
    """Lines and gaps that a card has fallen in line with. Scene coordinates, seen at ``scale``."""
    pen = QPen(style.theme.accent, 1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    for gap in guides.gaps:
        across = abs(gap.end.x() - gap.start.x()) >= abs(gap.end.y() - gap.start.y())
        tick = QPointF(0, 5 / scale) if across else QPointF(5 / scale, 0)
        painter.drawLine(gap.start, gap.end)
        for end in (gap.start, gap.end):
            painter.drawLine(end - tick, end + tick)
        painter.setFont(style.line_bold)
        text = str(gap.number)
        width = text_width(text, LINE_PX, True)
        middle = (gap.start + gap.end) / 2
        at = middle + (QPointF(-width / 2, 16) if across else QPointF(8, 4))
        painter.drawText(at, text)
    pen.setDashPattern([3.0, 3.0])
    painter.setPen(pen)
    painter.drawLines(list(guides.lines))


def draw_stroke(painter: QPainter, stroke: Stroke, style: Style) -> None:
    """A line that cuts. Scene coordinates."""
    pen = QPen(style.theme.problem, 1.6)
    pen.setCosmetic(True)
    pen.setDashPattern([4.0, 3.0])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(list(stroke.points))


def draw_letters(painter: QPainter, letters: Letters, camera: Projection, style: Style) -> None:
    """Chips with letters over ports, in pixels: as large at any zoom."""
    theme = style.theme
    for start in letters.starts:
        at = camera.to_view(start)
        cards.draw_ports(painter, [at], style.port_active, style, 6.0)
    for point, code, warned in letters.shown:
        at = camera.to_view(point)
        text = code[letters.typed :].upper()
        width = max(18.0, text_width(text, LINE_PX, True) + 10)
        rect = QRectF(at.x() - width / 2, at.y() - 9, width, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.warning if warned else theme.accent)
        painter.drawRoundedRect(rect, 4, 4)
        painter.setPen(theme.on_accent)
        painter.setFont(style.line_bold)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def draw_loose_wire(painter: QPainter, wire: LooseWire, camera: Projection, size: QSize, style: Style) -> None:
    """A wire on the mouse, with what it would do beside the cursor."""
    colour = _colour(wire, style)
    start, end = wire.start, wire.end
    with saved(painter):
        painter.setTransform(camera.transform(), True)
        pen = QPen(colour, 2.0)
        if wire.tone == "problem":
            pen.setDashPattern([2.5, 2.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for first, last in ((start, end), *wire.more):
            painter.drawPath(wire_path(first, last, wire.right))
        starts = [start, *(first for first, _ in wire.more)]
        cards.draw_ports(painter, starts, QPen(colour, 1.8), style, PORT + 1)
        if wire.snapped:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.accent_veil)
            painter.drawEllipse(end, 10, 10)
        cards.draw_ports(painter, [end], QPen(colour, 1.8), style, 6.0 if wire.snapped else PORT + 1)
    draw_words(painter, wire.at, wire.text, colour, size, style)


def draw_words(painter: QPainter, at: QPointF, text: str, colour: QColor, size: QSize, style: Style) -> None:
    """What a gesture would do, beside the mouse and inside the window; nothing where it says nothing."""
    if text:
        width, height = text_width(text, LINE_PX) + 16, PILL_HEIGHT + 6
        x = min(at.x() + 16, size.width() - width - 4)
        y = min(at.y() + 14, size.height() - height - 4)
        cards.draw_label(painter, x, y, width, height, text, QPen(colour), style)


def _colour(wire: LooseWire, style: Style) -> QColor:
    theme = style.theme
    return {"plain": theme.accent, "warning": theme.warning, "problem": theme.problem}[wire.tone]
