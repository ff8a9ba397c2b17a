"""A bar with how much accuracy is left, how much was lost, and where chance is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, theme


class AccuracyBar(QWidget):
    """How much is left, how much was lost, and where chance is."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.whole = self.chance = 0.0
        self.setFixedHeight(42)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_values(self, now: float, whole: float, chance: float) -> None:
        """Shares from 0 to 1."""
        self.now, self.whole, self.chance = now, whole, chance
        self.setAccessibleName(tr("{now} of {whole}", now=f"{now:.1%}", whole=f"{whole:.1%}"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter, width = theme(), QPainter(self), float(self.width())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.track)
        painter.drawRect(QRectF(0, 8, width, 10))
        painter.setBrush(colours.accent)
        painter.drawRect(QRectF(0, 8, width * self.now, 10))
        if self.whole > self.now:
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            brush = painter.brush()
            brush.setColor(colours.problem)
            painter.setBrush(brush)
            painter.drawRect(QRectF(width * self.now, 8, width * (self.whole - self.now), 10))
        if not self.chance:
            return  # Nothing is known yet.
        painter.setPen(colours.text)
        for share in (self.whole, self.chance):
            painter.drawLine(round(width * share), 3, round(width * share), 23)
        painter.setPen(colours.secondary)
        painter.setFont(font(11))
        free = 0.0
        for share, text in ((self.chance, tr("chance {share}", share=f"{self.chance:.0%}")),
                            (self.whole, tr("whole {share}", share=f"{self.whole:.1%}"))):  # fmt: skip
            wide = painter.fontMetrics().horizontalAdvance(text)
            left = min(max(free, width * share - wide / 2), width - wide)
            if left >= free:  # Where the two are close the second is left out.
                painter.drawText(QRectF(left, 26, wide, 15), Qt.AlignmentFlag.AlignLeft, text)
            free = left + wide + 8
