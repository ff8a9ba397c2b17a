"""How much of what a unit sees lies in each column of the picture: a line, what it can see, and where most of it is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from blockstudio.gui.kit.plotting import dash, ticks
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, theme
from blockstudio.gui.laboratory.reading import ReadChart

HEIGHT, FOOT, PAD = 96, 20, 8
CAN_SEE, MOST = 0.09, 0.16
"""How strong the ground is behind what the unit can see, and behind where most lies."""


class ProfileView(ReadChart):
    """Columns from the left to the right end of the theoretical field. The pointer or the arrow keys read one off."""

    def __init__(self) -> None:
        super().__init__(tr("Profile through the unit"))
        self.shares: Sequence[float] = ()
        """Of the gradient, by column of the picture."""
        self.reach, self.middle = (0, 0), (0, 0)
        """First column and the one behind the last: of what the unit can see, also beside the picture; of where most
        lies."""
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_profile(self, shares: Sequence[float], reach: tuple[int, int], middle: tuple[int, int]) -> None:
        """Show another; no shares: nothing."""
        self.shares, self.reach, self.middle, self.marked = shares, reach, middle, -1
        self.setAccessibleDescription(tr("most lies in columns {first} to {last}", first=middle[0],
                                         last=middle[1] - 1))  # fmt: skip
        self.update()

    # Geometry

    def _ends(self) -> tuple[int, int]:
        """The columns in view: what the unit can see, with a little beside it."""
        wide = max(4, self.reach[1] - self.reach[0])
        return self.reach[0] - wide // 8 - 1, self.reach[1] + wide // 8 + 1

    def left_of(self, column: float) -> float:
        """Where a column's left edge is."""
        low, high = self._ends()
        return PAD + (self.width() - 2 * PAD) * (column - low) / (high - low)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.shares:
            return
        painter, colours, foot = QPainter(self), theme(), float(HEIGHT - FOOT)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for (first, last), strength in ((self.reach, CAN_SEE), (self.middle, MOST)):
            ground = QColor(colours.accent)
            ground.setAlphaF(strength)
            painter.fillRect(QRectF(self.left_of(first), 4, self.left_of(last) - self.left_of(first), foot - 4), ground)
        painter.setPen(QPen(colours.hairline, 1))
        painter.drawLine(QPointF(PAD, foot), QPointF(self.width() - PAD, foot))
        painter.setFont(font(11))
        low, high = self._ends()
        for edge in (0, len(self.shares)):
            if low < edge < high:
                painter.setPen(dash(colours.secondary, 1, 1, 3))
                painter.drawLine(QPointF(self.left_of(edge), 4), QPointF(self.left_of(edge), foot))
                painter.setPen(colours.secondary)
                room = (
                    QRectF(self.left_of(edge) + 4, 4, 140, 15) if edge else QRectF(self.left_of(edge) - 144, 4, 140, 15)
                )
                inside = room.right() <= self.width() and room.left() >= 0
                room = room if inside else room.translated(-148 if edge else 148, 0)
                side = Qt.AlignmentFlag.AlignRight if (edge == 0) == inside else Qt.AlignmentFlag.AlignLeft
                painter.drawText(room, side, tr("edge of the picture"))
        painter.setPen(colours.secondary)
        for tick in ticks(low, high, most=6):
            if float(tick).is_integer():
                at = QRectF(self.left_of(tick + 0.5) - 20, foot + 3, 40, 15)
                painter.drawText(at, Qt.AlignmentFlag.AlignCenter, str(int(tick)))
        most = max(self.shares) or 1.0
        line = [
            QPointF(self.left_of(column + 0.5), foot - (foot - 8) * self.shares[column] / most)
            for column in range(max(0, low), min(len(self.shares), high))
        ]  # fmt: skip
        painter.setPen(QPen(colours.accent, 2))
        painter.drawPolyline(QPolygonF(line))
        if 0 <= self.marked < len(self.shares):
            self._read(painter, foot)
        self.draw_focus(painter)

    def _read(self, painter: QPainter, foot: float) -> None:
        x = self.left_of(self.marked + 0.5)
        painter.setPen(dash(theme().secondary, 1, 1, 3))
        painter.drawLine(QPointF(x, 4), QPointF(x, foot))
        share = f"{100 * self.shares[self.marked]:.1f} %"
        text = tr("column {column}: {share}", column=self.marked, share=share)
        painter.setFont(font(11, bold=True))
        wide = painter.fontMetrics().horizontalAdvance(text) + 12
        box = QRectF(x + 6 if x + 6 + wide < self.width() else x - 6 - wide, 20, wide, 18)
        painter.setPen(QPen(theme().hairline, 1))
        painter.setBrush(theme().panel)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme().text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # The hand

    def _column(self, at: float) -> int:
        low, high = self._ends()
        column = int(low + (at - PAD) / max(1, self.width() - 2 * PAD) * (high - low))
        return column if 0 <= column < len(self.shares) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mark(self._column(event.position().x()))

    def beside(self, step: int) -> int:
        start = sum(self.middle) // 2 if self.marked < 0 else self.marked + step
        return min(len(self.shares) - 1, max(0, start))
