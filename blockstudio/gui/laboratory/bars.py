"""Rows of a name, a bar and a few figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.gui.kit.theme import font, notifier, theme

ROW, PAD, BAR, DOT = 25, 8, 4.0, 4.0


@dataclass(frozen=True)
class Bar:
    """A row."""

    name: str
    share: float
    """Of the bar that is filled, from 0 to 1."""
    figures: tuple[str, ...]
    """Behind the bar; the last bold."""
    value: Any = None
    """Told when the row is chosen."""
    note: str = ""
    """Behind the name, quieter."""
    before: float | None = None
    """Where the bar ended before: what was lost or won since is coloured."""


class BarsView(QWidget):
    """A click or the arrow keys choose a row, where rows have values."""

    chosen = Signal(object)
    """The row's value."""

    def __init__(self, name: str, room: int, columns: Sequence[int]) -> None:
        """
        Args:
            name: For a screen reader.
            room: Pixels for the names.
            columns: Pixels for each figure.
        """
        super().__init__()
        self._room, self._columns = room, columns
        self.bars: list[Bar] = []
        self.value: Any = None
        self._over = -1
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        notifier.changed.connect(self.update)

    def show_bars(self, bars: Sequence[Bar], value: Any = None) -> None:
        """Others, of which the one with ``value`` is chosen."""
        self.bars, self.value = list(bars), value
        self.setFixedHeight(max(1, len(self.bars)) * ROW)
        self.setAccessibleDescription("; ".join(f"{bar.name} {' '.join(bar.figures)}" for bar in bars))
        self.update()

    def choose(self, value: Any) -> None:
        """Put one in front, and tell nobody."""
        self.value = value
        self.update()

    def row(self, number: int) -> QRectF:
        """Where a row is."""
        return QRectF(0, number * ROW, self.width(), ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        for number, bar in enumerate(self.bars):
            row, on = self.row(number), bar.value is not None and bar.value == self.value
            if on or (number == self._over and bar.value is not None):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.selected if on else colours.hover)
                painter.drawRoundedRect(row, 4, 4)
            painter.setPen(colours.text)
            painter.setFont(font(12, bold=on))
            metrics, room = painter.fontMetrics(), self._room - PAD
            name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(PAD, row.top(), room, ROW), middle, name)
            if bar.note:
                at = PAD + metrics.horizontalAdvance(name) + 8
                painter.setPen(colours.secondary)
                painter.setFont(font(11))
                painter.drawText(QRectF(at, row.top(), max(0, self._room - at), ROW), middle, bar.note)
            right = row.right() - PAD - sum(self._columns)
            self._bar(painter, QRectF(self._room + PAD, row.center().y() - BAR / 2, right - self._room - 2 * PAD, BAR),
                      bar, on)  # fmt: skip
            for place, (figure, wide) in enumerate(zip(bar.figures, self._columns, strict=True)):
                last = place == len(bar.figures) - 1
                painter.setPen(colours.text if last or on else colours.secondary)
                painter.setFont(font(12, bold=last or on))
                painter.drawText(QRectF(right, row.top(), wide, ROW), middle | Qt.AlignmentFlag.AlignRight, figure)
                right += wide

    def _bar(self, painter: QPainter, track: QRectF, bar: Bar, on: bool) -> None:
        colours = theme()
        share = min(1.0, max(0.0, bar.share))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.track)
        painter.drawRoundedRect(track, 2, 2)
        if bar.before is None:
            painter.setBrush(colours.accent if on or bar.value is None else colours.secondary)
            filled = QRectF(track)
            filled.setWidth(max(2.0, track.width() * share))
            painter.drawRoundedRect(filled, 2, 2)
            return
        was, now = track.left() + track.width() * bar.before, track.left() + track.width() * share
        painter.setBrush(colours.problem if now < was else colours.good)
        painter.drawRect(QRectF(min(was, now), track.top(), abs(now - was), BAR))
        painter.setBrush(colours.accent)
        painter.drawEllipse(QPointF(now, track.center().y()), DOT, DOT)
        painter.setBrush(colours.panel)
        painter.setPen(QPen(colours.accent, 1.5))
        painter.drawEllipse(QPointF(was, track.center().y()), DOT, DOT)

    # The hand

    def _go(self, number: int) -> None:
        if 0 <= number < len(self.bars) and self.bars[number].value is not None:
            self.choose(self.bars[number].value)
            self.chosen.emit(self.value)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(int(event.position().y() // ROW))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._over = int(event.position().y() // ROW)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._over = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is None or not self.bars:
            super().keyPressEvent(event)
            return
        at = next((number for number, bar in enumerate(self.bars) if bar.value == self.value), -step)
        self._go(max(0, min(at + step, len(self.bars) - 1)))
