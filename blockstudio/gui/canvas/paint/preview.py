"""Painting what would come of an act: new cards as ghosts, the old ones aside, and a bar with the network's figures."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from blockstudio.gui.canvas.paint import cards
from blockstudio.gui.canvas.paint.style import Style, card_path
from blockstudio.gui.canvas.scene.metrics import RADIUS
from blockstudio.gui.canvas.scene.preview import Preview, Swap
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import Theme, font

VEIL = 0.09
OLD = 0.7
"""Opacity of what goes."""
BAR, LINE = 48.0, 28.0
"""As tall as the bar is with one line, and what each further line adds."""
ASIDE, BETWEEN = 16.0, 18.0
ABOVE = 16.0
"""Between the bar and the bottom of the view."""
_Part = tuple[str, QFont, QColor]


def dashed(colour: QColor, width: float) -> QPen:
    """A dashed line, 5 on and 4 off."""
    pen = QPen(colour, width)
    pen.setDashPattern([5 / width, 4 / width])
    return pen


def draw_preview(painter: QPainter, preview: Preview, style: Style) -> None:
    """Ghosts over the cards to come, the cards that go aside, an arrow from one to the other. The stage's
    coordinates."""
    accent, came = style.theme.accent, preview.came()
    veil = QColor(accent)
    veil.setAlphaF(VEIL)
    for rect in came:
        painter.translate(rect.topLeft())
        painter.setPen(QPen(style.theme.canvas, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(card_path(rect.width(), rect.height()))
        painter.setPen(dashed(accent, 1.5))
        painter.setBrush(veil)
        painter.drawPath(card_path(rect.width(), rect.height()))
        painter.translate(-rect.topLeft())
    for old in preview.olds:
        painter.translate(old.rect.topLeft())
        painter.setOpacity(OLD)
        cards.draw_card(painter, old.rect.width(), old.rect.height(), cards.Look(old.content, old.family), style)
        painter.setOpacity(1.0)
        painter.setPen(QPen(accent, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(card_path(old.rect.width(), old.rect.height()))
        painter.translate(-old.rect.topLeft())
    for index, swap in enumerate(preview.swaps):
        texts = (preview.title, preview.change) if not index else ("", "")
        _draw_arrow(painter, preview, swap, texts, style)


def _draw_arrow(painter: QPainter, preview: Preview, swap: Swap, texts: tuple[str, str], style: Style) -> None:
    """From the cards that go to a bracket beside those that come. Reckoned as of a drawing that runs down."""
    turn = preview.stage.drawing.right

    def point(x: float, y: float) -> QPointF:
        return QPointF(y, x) if turn else QPointF(x, y)

    whole, old = (_whole([_turned(rect, turn) for rect in rects]) for rects in (swap.came, [o.rect for o in swap.olds]))
    after = old.center().x() > whole.center().x()
    edge = whole.right() + 14 if after else whole.left() - 14
    inward, back = (-6.0, 5.0) if after else (6.0, -5.0)
    start = old.left() - 6 if after else old.right() + 6
    tip = edge + 4 if after else edge - 4
    y = whole.center().y()
    painter.setPen(QPen(style.theme.accent, 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    bracket = QPainterPath(point(edge + inward, whole.top()))
    for x, height in ((edge, whole.top()), (edge, whole.bottom()), (edge + inward, whole.bottom())):
        bracket.lineTo(point(x, height))
    painter.drawPath(bracket)
    painter.drawLines([
        QLineF(point(start, y), point(tip, y)), QLineF(point(tip + back, y - 4), point(tip, y)),
        QLineF(point(tip + back, y + 4), point(tip, y)),
    ])  # fmt: skip
    left, wide = min(start, tip), abs(tip - start)
    title, change = texts
    good = style.theme.good if change[:1] == "−" else style.theme.secondary
    for text, colour, offset in ((title, style.theme.text, -20.0), (change, good, 4.0)):
        painter.setFont(style.line_bold)
        painter.setPen(colour)
        place, align = QRectF(left, y + offset, wide, 16), Qt.AlignmentFlag.AlignCenter
        if turn:  # beside the arrow, which stands upright
            place = QRectF(y + 10, left + wide / 2 + offset + 2, whole.height() / 2, 16)
            align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, align, shown)
    # The old route, dashed: where the wires went.
    first, last = whole.top() - 20, whole.bottom() + 20
    painter.setPen(dashed(style.theme.wire, 1.4))
    middle = old.center().x()
    for way in (
        ((whole.center().x(), first), (middle, first), (middle, old.top())),
        ((middle, old.bottom()), (middle, last), (whole.center().x(), last)),
    ):
        painter.drawPolyline([point(*each) for each in way])


def _turned(rect: QRectF, turn: bool) -> QRectF:
    return QRectF(rect.y(), rect.x(), rect.height(), rect.width()) if turn else rect


def _whole(rects: list[QRectF]) -> QRectF:
    whole = rects[0]
    for rect in rects[1:]:
        whole = whole.united(rect)
    return whole


def draw_figures(painter: QPainter, preview: Preview, size: QSize, style: Style) -> None:
    """The bar that says what changes, above the bottom of the view."""
    theme = style.theme
    groups = figure_groups(preview, theme)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    lines = wrapped(painter, groups, size.width() - 16 - 2 * ASIDE)
    width = max(used for used, _ in lines) + 2 * ASIDE
    height = BAR + LINE * (len(lines) - 1)
    rect = QRectF((size.width() - width) / 2, size.height() - ABOVE - height, width, height)
    shadow = QColor(27, 33, 40, 26)
    painter.setPen(Qt.PenStyle.NoPen)
    for grow in (6, 4, 2):
        shadow.setAlpha(8 if not theme.dark else 30)
        painter.setBrush(shadow)
        painter.drawRoundedRect(rect.adjusted(-grow, -grow + 4, grow, grow + 4), RADIUS + grow, RADIUS + grow)
    painter.setPen(QPen(theme.hairline, 1.0))
    painter.setBrush(theme.panel)
    painter.drawRoundedRect(rect, 8, 8)
    painter.setClipRect(rect)
    y = rect.y() + (BAR - LINE) / 2
    for _, line in lines:
        x = rect.x() + ASIDE
        for group in line:
            for text, used, colour in group:
                wide = _width(painter, text, used)
                painter.setPen(colour)
                painter.drawText(QRectF(x, y, wide + 2, LINE), Qt.AlignmentFlag.AlignVCenter, text)
                x += wide
            x += BETWEEN
        y += LINE
    painter.setClipping(False)


def figure_groups(preview: Preview, theme: Theme) -> list[list[_Part]]:
    """The words of the bar, in groups that are not parted."""
    plain, bold = font(12), font(12, bold=True)
    groups: list[list[_Part]] = [[(tr("Preview"), bold, theme.text)]]
    for figure in preview.figures:
        groups.append([(f"{figure.title} ", plain, theme.secondary), (f"{figure.before} → ", plain, theme.text),
                       (figure.after, bold, theme.text)])  # fmt: skip
        if figure.change:
            groups[-1].append((f"  {figure.change}", bold, theme.good if figure.good else theme.secondary))
    groups += [[(tr("Enter"), bold, theme.text), (" " + tr("convert"), plain, theme.secondary)],
               [(tr("Esc"), bold, theme.text), (" " + tr("leave"), plain, theme.secondary)]]  # fmt: skip
    return groups


def wrapped(painter: QPainter, groups: list[list[_Part]], room: float) -> list[tuple[float, list[list[_Part]]]]:
    """What stands together in lines no wider than the room, each with its width."""
    lines: list[tuple[float, list[list[_Part]]]] = []
    for group in groups:
        wide = sum(_width(painter, text, used) for text, used, _ in group)
        if lines and lines[-1][0] + BETWEEN + wide <= room:
            lines[-1] = (lines[-1][0] + BETWEEN + wide, [*lines[-1][1], group])
        else:
            lines.append((wide, [group]))
    return lines


def _width(painter: QPainter, text: str, used: QFont) -> float:
    painter.setFont(used)
    return float(painter.fontMetrics().horizontalAdvance(text))
