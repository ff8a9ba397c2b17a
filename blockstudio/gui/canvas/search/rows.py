"""A line of the search: the family's colour, the title with the letters that were looked for, and what would come."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from blockstudio.analysis.offers import Offer
from blockstudio.gui.kit.glyphs import SIZE, draw_type_glyph
from blockstudio.gui.kit.theme import font, mix, theme

OFFER = Qt.ItemDataRole.UserRole
ROW, HEADING = 25, 24
SIDE = 6
_Middle = Qt.AlignmentFlag.AlignVCenter
_Right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def height(item: QListWidgetItem) -> int:
    """Of a line, in pixels."""
    return ROW if item.data(OFFER) is not None else HEADING


class Rows(QStyledItemDelegate):
    """Draws them."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, ROW if index.data(OFFER) is not None else HEADING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        offer: Offer | None = index.data(OFFER)
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if offer is None:
            painter.setFont(font(11, bold=True))
            painter.setPen(theme().secondary)
            painter.drawText(rect.adjusted(12, 0, -12, 0), _Middle, index.data())
        else:
            self._offer(painter, rect, offer, bool(option.state & QStyle.StateFlag.State_Selected))
        painter.restore()

    def _offer(self, painter: QPainter, rect: QRectF, offer: Offer, selected: bool) -> None:
        colours, fits = theme(), offer.fit.fits
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mix(colours.panel, colours.accent, 0.14))
            painter.drawRoundedRect(rect.adjusted(SIDE, 0.5, -SIDE, -0.5), 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        family = colours.family(offer.family)
        tone = family if fits else mix(colours.panel, family, 0.45)
        at = QPointF(rect.left() + 12, rect.center().y() - SIZE / 2)
        draw_type_glyph(painter, at, offer.type, offer.family, tone, offer.title)
        x, end = rect.left() + 36, rect.right() - 14
        painter.setFont(font(11, bold=fits and bool(offer.fit.text)))
        painter.setPen(colours.text if fits else colours.secondary)
        metrics = painter.fontMetrics()
        painter.setFont(font(12))
        title = painter.fontMetrics().horizontalAdvance(offer.title)
        painter.setFont(font(11, bold=fits and bool(offer.fit.text)))
        room = end - x - title - 16
        told = metrics.elidedText(offer.fit.text, Qt.TextElideMode.ElideRight, int(max(room, 40)))
        painter.drawText(QRectF(x, rect.top(), end - x, rect.height()), _Right, told)
        end -= metrics.horizontalAdvance(told) + 12
        x = self._title(painter, rect, x, offer, fits)
        if offer.note and end - x > 30:
            painter.setFont(font(11))
            painter.setPen(colours.secondary)
            note = painter.fontMetrics().elidedText(offer.note, Qt.TextElideMode.ElideRight, int(end - x - 8))
            painter.drawText(QRectF(x + 8, rect.top(), end - x - 8, rect.height()), _Middle, note)

    def _title(self, painter: QPainter, rect: QRectF, x: float, offer: Offer, fits: bool) -> float:
        """The title with the letters looked for in the colour of links; where it ends."""
        colours, looked = theme(), set(offer.letters)
        start = 0
        while start < len(offer.title):
            end = start
            while end < len(offer.title) and (end in looked) == (start in looked):
                end += 1
            part = offer.title[start:end]
            painter.setFont(font(12, bold=start in looked and fits))
            painter.setPen(colours.accent if start in looked and fits else colours.text if fits else colours.secondary)
            painter.drawText(QRectF(x, rect.top(), 400, rect.height()), _Middle, part)
            x += painter.fontMetrics().horizontalAdvance(part)
            start = end
        return x
