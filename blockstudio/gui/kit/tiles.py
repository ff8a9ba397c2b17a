"""A grid of pictures with a line or two below each, one of them chosen; arrow keys move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from blockstudio.gui.kit.theme import font, notifier, theme


class Tile(NamedTuple):
    """A picture (``None``: there is none) and the lines below it, each in a role's colour: ``""``, ``"secondary"``,
    ``"good"`` or ``"problem"``."""

    image: QImage | None
    lines: tuple[tuple[str, str], ...] = ()
    tip: str = ""
    missing: str = ""
    """Said in place of a picture."""


class TileGrid(QWidget):
    """As many columns as fit, and no more rows than ``rows`` (0: all). Small pictures are not smoothed."""

    chosen = Signal(int)
    activated = Signal(int)
    """Enter or a double click on a picture."""

    def __init__(self, name: str, size: int, *, gap: int = 4, lines: int = 1, rows: int = 0) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._size, self._gap, self._lines, self._rows = size, gap, lines, rows
        self.tiles: list[Tile] = []
        self.current = -1
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        notifier.changed.connect(self.update)

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show other pictures; none is chosen."""
        self.tiles, self.current = list(tiles), -1
        self.updateGeometry()
        self.update()

    @property
    def _pitch(self) -> tuple[int, int]:
        return self._size + self._gap, self._size + 16 * self._lines + 4

    def columns(self, width: int | None = None) -> int:
        """Pictures in a row."""
        return max(1, ((self.width() if width is None else width) + self._gap) // self._pitch[0])

    @property
    def shown(self) -> int:
        """Pictures in view."""
        return min(len(self.tiles), self.columns() * self._rows) if self._rows else len(self.tiles)

    def heightForWidth(self, width: int) -> int:
        columns = self.columns(width)
        rows = -(-len(self.tiles) // columns)
        return (min(rows, self._rows) if self._rows else rows) * self._pitch[1]

    def sizeHint(self) -> QSize:
        return QSize(6 * self._pitch[0], (self._rows or 2) * self._pitch[1])

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * self._pitch[0], self._pitch[1])

    def rect_of(self, index: int) -> QRect:
        """Where a picture is."""
        row, column = divmod(index, self.columns())
        return QRect(column * self._pitch[0], row * self._pitch[1], self._size, self._size)

    def index_at(self, at: QPoint) -> int:
        """The picture at a point; -1 if there is none."""
        column, row = at.x() // self._pitch[0], at.y() // self._pitch[1]
        index = row * self.columns() + column
        return index if 0 <= column < self.columns() and 0 <= index < self.shown else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        roles = {"good": colours.good, "problem": colours.problem, "": colours.text}
        metrics = None
        for index in range(self.shown):
            tile, rect = self.tiles[index], self.rect_of(index)
            if not event.rect().intersects(rect.adjusted(0, 0, 0, 16 * self._lines + 4)):
                continue
            if tile.image is not None:
                self._picture(painter, tile.image, rect)
            else:
                painter.fillRect(rect, colours.field)
                painter.setFont(font(11))
                painter.setPen(colours.secondary)
                painter.drawText(rect.adjusted(4, 4, -4, -4), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                                 tile.missing)  # fmt: skip
            painter.setFont(font(11))
            metrics = metrics or painter.fontMetrics()
            for line, (text, role) in enumerate(tile.lines[: self._lines]):
                painter.setPen(roles.get(role, colours.secondary))
                below = QRect(rect.left(), rect.bottom() + 2 + 16 * line, self._size + self._gap - 2, 16)
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, below.width())
                side = Qt.AlignmentFlag.AlignHCenter if self._lines == 1 else Qt.AlignmentFlag.AlignLeft
                painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, shown)
            if index == self.current:
                painter.setPen(QPen(colours.accent, 2))
                painter.drawRect(rect.adjusted(-1, -1, 1, 1))
        if self.hasFocus() and self.current < 0 and self.tiles:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.rect_of(0).adjusted(-1, -1, 0, 0))

    def _picture(self, painter: QPainter, image: QImage, rect: QRect) -> None:
        scale = min(rect.width() / image.width(), rect.height() / image.height())
        size = QSize(round(image.width() * scale), round(image.height() * scale))
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(rect.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        painter.drawImage(place, image)

    def choose(self, index: int) -> None:
        """Go to a picture."""
        if self.tiles and index != self.current:
            self.current = max(0, min(self.shown - 1, index))
            self.update()
            self.chosen.emit(self.current)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0:
            self.choose(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0:
            self.activated.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self.columns(), Qt.Key.Key_Down: self.columns(),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self.tiles:
            at = self.current + step if self.current >= 0 else 0
            if 0 <= at < self.shown:
                self.choose(at)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.activated.emit(self.current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.index_at(event.pos())
            QToolTip.showText(event.globalPos(), self.tiles[index].tip if index >= 0 else "", self)
            return True
        return super().event(event)
