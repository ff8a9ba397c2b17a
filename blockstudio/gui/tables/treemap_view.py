"""Where the cost lies, as areas: a click goes to the block."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, mix, notifier, theme
from blockstudio.report.treemap import treemap

LEAST_WIDTH, LEAST_HEIGHT = 46, 16
"""Pixels that a tile needs to carry its name."""


class Piece(NamedTuple):
    """One block's share."""

    path: str
    family: str
    value: float
    text: str


class TreemapView(QWidget):
    """Tiles in the colours of the families, their area the cost."""

    chosen = Signal(str)
    """The path of the block that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []
        self.title = self._current = ""
        self._tiles: list[QRectF] = []
        self._size: QSize | None = None
        self.setAccessibleName(tr("Cost as areas"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        notifier.changed.connect(self.update)

    def show_pieces(self, title: str, pieces: list[Piece]) -> None:
        """Show other costs."""
        self.title, self.pieces, self._size = title, pieces, None
        self.update()

    def mark(self, path: str) -> None:
        """Outline a block's tile."""
        if path != self._current:
            self._current = path
            self.update()

    def tiles(self) -> list[QRectF]:
        """Where each piece lies."""
        if self._size != self.size():
            self._size = self.size()
            found = treemap([piece.value for piece in self.pieces], self.width(), self.height())
            self._tiles = [QRectF(*tile) for tile in found]
        return self._tiles

    def piece_at(self, at: QPointF) -> Piece | None:
        """The piece under a point."""
        pairs = zip(self.pieces, self.tiles(), strict=True)
        return next((piece for piece, tile in pairs if tile.contains(at) and tile.width() > 0), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        painter.setFont(font(11))
        metrics = painter.fontMetrics()
        total = sum(piece.value for piece in self.pieces)
        for piece, tile in zip(self.pieces, self.tiles(), strict=True):
            inner = tile.adjusted(0, 0, -1, -1)
            if inner.width() <= 0 or inner.height() <= 0:
                continue
            painter.fillRect(inner, mix(colours.panel, colours.family(piece.family), 0.28))
            if tile.width() >= LEAST_WIDTH and tile.height() >= LEAST_HEIGHT:
                painter.setPen(colours.text)
                lines = [piece.path, f"{piece.value / total:.0%}"][: 2 if tile.height() >= 2 * LEAST_HEIGHT else 1]
                for row, text in enumerate(lines):
                    text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, int(tile.width()) - 8)
                    painter.drawText(QPointF(tile.x() + 4, tile.y() + 13 + 14 * row), text)
            if piece.path == self._current:
                painter.setPen(QPen(colours.accent, 2))
                painter.drawRect(inner.adjusted(1, 1, -1, -1))
        if not total:
            painter.setPen(colours.secondary)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("Nothing costs {what}.", what=self.title))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        piece = self.piece_at(event.position())
        if piece is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(piece.path)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            piece = self.piece_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), f"{piece.path}: {piece.text}" if piece is not None else "", self)
            return True
        return super().event(event)
