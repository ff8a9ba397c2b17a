"""The title of a module that is open in place."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from blockstudio.gui.canvas.paint import cards
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import CHEVRON, LINE_PX, NAME_PX, elided, text_width
from blockstudio.gui.canvas.scene.telling import short_number
from blockstudio.gui.kit.text import tr, tr_many

EDGE, CLEAR = 16, 12
"""From the frame's sides, and from the wire that comes in at its middle."""


def draw_title(painter: QPainter, drawing: Drawing, facts: CardTexts, name: str, style: Style, sign: str) -> None:
    """What the module is left of the wire that comes in, what it costs right of it; as much as there is room for.
    ``sign`` as in `cards.Look`."""
    rect, content, report = drawing.rect(name), facts.content(name), facts.report(name)
    left = EDGE + CHEVRON if sign else EDGE
    middle, half = rect.y() + 18, rect.width() / 2 - left - CLEAR
    title = elided(f"{name} {content.badge}".rstrip(), NAME_PX, True, half)
    if sign:
        cards.draw_chevron(painter, drawing.chevron(name), True, style, sign == "active")
    painter.setPen(style.text)
    painter.setFont(style.name_font)
    cards.draw_text(painter, rect.x() + left, middle, title, style, bold=True)
    used = text_width(title, NAME_PX, True) + 10
    if content.frozen:
        cards.draw_flake(painter, QPointF(rect.x() + left + used + cards.FLAKE, middle), content.frozen, style)
        used += 2 * cards.FLAKE + 8
    painter.setPen(style.secondary)
    painter.setFont(style.line_font)
    line = _fitting([content.line, drawing.block(name).type], half - used)
    cards.draw_text(painter, rect.x() + left + used, middle + 0.5, line, style)
    if report is not None and not facts.veiled & {"parameters", "macs"}:
        macs = tr("{0} MACs", short_number(report.macs or 0))
        line = _fitting(
            [tr_many("{count} parameter", "{count:,} parameters", report.parameters or 0) + " · " + macs, macs], half
        )
        cards.draw_text(painter, rect.right() - EDGE - text_width(line, LINE_PX), middle + 0.5, line, style)


def _fitting(texts: list[str], width: float) -> str:
    """The first of the texts that fits, or nothing."""
    return next((text for text in texts if text_width(text, LINE_PX) <= width), "")
