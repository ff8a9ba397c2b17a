"""What charts have in common of which one place is read off, under the pointer or with the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from blockstudio.gui.kit.theme import notifier, theme


class ReadChart(QWidget):
    """A chart: the place that is read off, and how the keyboard goes from one to the next."""

    pointed = Signal(int)
    """The place that is read off; −1 for none."""

    def __init__(self, name: str) -> None:
        """``name``: for a screen reader."""
        super().__init__()
        self.marked = -1
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        notifier.changed.connect(self.update)

    def mark(self, place: int) -> None:
        """Read a place off; −1 none."""
        if place != self.marked:
            self.marked = place
            self.pointed.emit(place)
            self.update()

    def beside(self, step: int) -> int:
        """The place a ``step`` from the marked one, or where the keyboard begins; −1 where there is nothing to read."""
        raise NotImplementedError

    def draw_focus(self, painter: QPainter) -> None:
        """A line around the chart that has the keyboard."""
        if self.hasFocus():
            painter.setPen(QPen(theme().accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def leaveEvent(self, event: QEvent) -> None:
        self.mark(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        place = self.beside(step) if step is not None else -1
        if place < 0:
            super().keyPressEvent(event)
        else:
            self.mark(place)
