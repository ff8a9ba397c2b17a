"""What gestures show over the drawing, painted. View coordinates, but where an overlay says otherwise."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from blockstudio.gui.canvas.paint import cards
from blockstudio.gui.canvas.paint.saving import saved
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene import routes
from blockstudio.gui.canvas.scene.card_texts import Content
from blockstudio.gui.canvas.scene.metrics import LINE_PX, PILL_HEIGHT, PORT, text_width
from blockstudio.gui.canvas.scene.overlay import Band, Coming, LooseWire
from blockstudio.gui.canvas.scene.projection import Projection


def draw_band(painter: QPainter, band: Band, style: Style) -> None:
    """The rectangle that selects."""
    painter.setPen(style.selected_far)
    painter.setBrush(style.accent_veil)
    painter.drawRect(band.rect)


def draw_coming(painter: QPainter, coming: Coming, style: Style) -> None:
    """The card of a block to come. Scene coordinates."""
    rect = coming.rect
    look = cards.Look(Content(coming.name, coming.line, coming.line, "", -1.0, False, ""), coming.family, hovered=True)
    painter.translate(rect.topLeft())
    cards.draw_card(painter, rect.width(), rect.height(), look, style)
    painter.translate(-rect.topLeft())


def draw_loose_wire(painter: QPainter, wire: LooseWire, camera: Projection, size: QSize, style: Style) -> None:
    """A wire on the mouse, with what it would do beside the cursor."""
    colour = _colour(wire, style)
    start, end = wire.start, wire.end
    curve = routes.curves(*(np.array([value]) for value in (start.x(), start.y(), end.x(), end.y())))[0]
    with saved(painter):
        painter.setTransform(camera.transform(), True)
        painter.setPen(QPen(colour, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(routes.path(curve, None))
        cards.draw_ports(painter, [start, end], QPen(colour, 1.8), style, PORT + 1)
    if wire.text:
        # Kept inside the window.
        width, height = text_width(wire.text, LINE_PX) + 16, PILL_HEIGHT + 6
        x = min(wire.at.x() + 16, size.width() - width - 4)
        y = min(wire.at.y() + 14, size.height() - height - 4)
        cards.draw_label(painter, x, y, width, height, wire.text, QPen(colour), style)


def _colour(wire: LooseWire, style: Style) -> QColor:
    theme = style.theme
    return {"plain": theme.accent, "warning": theme.warning, "problem": theme.problem}[wire.tone]
