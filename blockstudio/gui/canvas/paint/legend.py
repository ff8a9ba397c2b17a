"""The legend of cards that are painted by a measure: the scale with its numbers, and a dot for each block."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen

from blockstudio.gui.canvas.paint import cards
from blockstudio.gui.canvas.paint.style import HEAT_STEPS, Style
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.metrics import LINE_PX, RADIUS, elided, text_width

WIDTH, HEIGHT, WORDS = 216.0, 96.0, 15.0
"""Wide and high; so much higher where words stand below the numbers."""
PAD, GAP = 12.0, 28.0
"""Inside, and from the drawing above it in pictures."""
BINS, HIGHEST = 48, 4
"""Dots stand in so many columns, at most so many on one another."""
DOT = 1.7


def has_legend(facts: CardTexts) -> bool:
    """Whether there is something to explain."""
    return facts.heat is not None and bool(facts.heats())


def legend_height(facts: CardTexts) -> float:
    """How high the legend is."""
    return HEIGHT + (WORDS if facts.heat is not None and facts.heat.words else 0.0)


def legend_below(bounds: QRectF, facts: CardTexts) -> QRectF:
    """Where the legend stands in a picture of what lies in ``bounds``."""
    return QRectF(bounds.left(), bounds.bottom() + GAP, WIDTH, legend_height(facts))


def draw_legend(painter: QPainter, at: QPointF, facts: CardTexts, style: Style) -> None:
    """Draw it with its upper left corner at ``at``. An `SvgPainter` takes every call."""
    heat, heats, scale = facts.heat, facts.heats(), facts.scale
    if heat is None or scale is None:
        return
    painter.setPen(style.pill_border)
    painter.setBrush(style.card)
    painter.drawRoundedRect(QRectF(at.x(), at.y(), WIDTH, legend_height(facts)), RADIUS, RADIUS)
    left, width = at.x() + PAD, WIDTH - 2 * PAD
    painter.setPen(style.text)
    painter.setFont(style.line_bold)
    cards.draw_text(painter, left, at.y() + 15, elided(heat.title, LINE_PX, True, width), style, bold=True)
    painter.setPen(style.secondary)
    painter.setFont(style.line_font)
    cards.draw_text(painter, left, at.y() + 30, elided(heat.about, LINE_PX, False, width), style)
    bar = QRectF(left, at.y() + 62, width, 10)
    _dots(painter, bar, heats, style)
    part = bar.width() / (HEAT_STEPS + 1)
    painter.setPen(QPen(Qt.PenStyle.NoPen))
    for step in range(HEAT_STEPS + 1):
        painter.setBrush(style.heat(step / HEAT_STEPS, scale.two_sided))
        # A little wider than a step, so that no ground shines through between two.
        over = 0.6 if step < HEAT_STEPS else 0.0
        painter.drawRect(QRectF(bar.left() + step * part, bar.top(), part + over, bar.height()))
    painter.setPen(style.border)
    painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
    painter.drawRect(bar)
    painter.setPen(style.secondary)
    painter.setFont(style.line_font)
    for value, share in ((scale.low, 0.0), (scale.middle, 0.5), (scale.high, 1.0)):
        text = heat.text(value)
        _at_share(painter, bar, share, at.y() + 83, text, style)
    for text, share in zip(heat.words, (0.0, 0.5, 1.0), strict=False):
        _at_share(painter, bar, share, at.y() + 97, text, style)


def _at_share(painter: QPainter, bar: QRectF, share: float, y: float, text: str, style: Style) -> None:
    cards.draw_text(painter, bar.left() + share * (bar.width() - text_width(text, LINE_PX)), y, text, style)


def _dots(painter: QPainter, bar: QRectF, heats: dict[str, float], style: Style) -> None:
    heaps: dict[int, int] = {}
    painter.setPen(QPen(Qt.PenStyle.NoPen))
    painter.setBrush(QBrush(style.theme.secondary))
    for place in heats.values():
        column = round(place * (BINS - 1))
        row = heaps[column] = heaps.get(column, 0) + 1
        if row <= HIGHEST:
            x = bar.left() + column / (BINS - 1) * bar.width()
            painter.drawEllipse(QPointF(x, bar.top() - 4 - (row - 1) * 2.3 * DOT), DOT, DOT)
