"""A small curve: one figure of one block over the steps, with the values that are healthy as a band."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.gui.kit.theme import font, mix, notifier, theme
from blockstudio.gui.training.watch.watchable import Watchable

Numbers = NDArray[np.float64]
HEAD, LEFT, HEIGHT = 18, 40, 72
GAP = 12
"""Between the head and the highest mark."""
MOST = 280
"""Points drawn: what there is room for."""


class SmallCurve(QWidget):
    """Title and last value over a line of 288×72 pixels."""

    def __init__(self, watchable: Watchable, title: str) -> None:
        super().__init__()
        self.watchable, self._title = watchable, title
        self._steps, self._values = np.empty(0), np.empty(0)
        self._note = ""
        self.setFixedHeight(HEAD + HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)
        notifier.changed.connect(self.update)

    @property
    def last(self) -> str:
        """The value at the right of the head."""
        return self.watchable.text(float(self._values[-1])) if self._values.size else ""

    def show_values(self, steps: Numbers, values: Numbers, note: str = "") -> None:
        """Draw ``values`` over ``steps``; ``note`` stands behind the title."""
        if self.watchable.log:
            steps, values = steps[values > 0], values[values > 0]
        every = max(1, len(values) // MOST)
        self._steps, self._values, self._note = steps[::every], values[::every], note
        self.setAccessibleDescription(self.last)
        self.update()

    def _range(self) -> tuple[float, float]:
        values = [*self._values.tolist(), *(self.watchable.band or ())]
        low, high = min(values), max(values)
        if self.watchable.log:
            return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high) + 1e-9)
        low = min(0.0, low)
        return low, high if high > low else low + 1

    def _marks(self, low: float, high: float) -> list[float]:
        """Three at most; powers of ten on an axis of logarithms."""
        if not self.watchable.log:
            return [low, (low + high) / 2, high]
        first, last = round(math.log10(low)), round(math.log10(high))
        every = max(1, (last - first + 1) // 2)
        return [10.0**power for power in range(first, last + 1, every)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        painter.setPen(colours.text)
        painter.setFont(font(12))
        head = QRectF(0, 0, self.width(), HEAD)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, self._title)
        wide = painter.fontMetrics().horizontalAdvance(self._title)
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        painter.drawText(head.adjusted(wide + 8, 0, -60, 0), Qt.AlignmentFlag.AlignVCenter, self._note)
        painter.setFont(font(12, bold=True))
        painter.setPen(colours.text)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.last)
        if not self._values.size:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = self._range()
        area = QRectF(LEFT, HEAD + GAP, self.width() - LEFT - 4, HEIGHT - GAP - 8)

        def up(value: float) -> float:
            share = math.log(value / low) / math.log(high / low) if self.watchable.log else (value - low) / (high - low)
            return area.bottom() - share * area.height()

        if self.watchable.band is not None:
            below, above = self.watchable.band
            painter.fillRect(QRectF(area.left(), up(above), area.width(), up(below) - up(above)),
                             mix(colours.panel, colours.good, 0.09))  # fmt: skip
        painter.setFont(font(11))
        for mark in self._marks(low, high):
            painter.setPen(colours.hairline)
            painter.drawLine(QPointF(area.left(), up(mark)), QPointF(area.right(), up(mark)))
            painter.setPen(colours.secondary)
            painter.drawText(QRectF(0, up(mark) - 8, LEFT - 6, 16),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             self.watchable.text(mark))  # fmt: skip
        first, last = float(self._steps[0]), float(self._steps[-1])
        span = max(1.0, last - min(0.0, first))
        points = [QPointF(area.left() + step / span * area.width(), up(value))
                  for step, value in zip(self._steps.tolist(), self._values.tolist(), strict=True)]  # fmt: skip
        painter.setPen(QPen(colours.series[0], 1.6))
        painter.drawPolyline(points)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.series[0])
        painter.drawEllipse(points[-1], 2.6, 2.6)
