"""What the small figures share: a slider with its number, bars and curves in the window's colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.slider import Slider
from blockstudio.gui.kit.theme import font, notifier, theme


class Card(QFrame):
    """A quiet frame: figures, then sliders, then a sentence with numbers."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("role", "box")
        self.setAccessibleName(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 10)
        self.column.setSpacing(8)
        label = QLabel(title)
        label.setFont(font(12, bold=True))
        label.setWordWrap(True)
        self.column.addWidget(label)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._texts: list[tuple[Dial, QLabel]] = []
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setFont(font(12))

    def finish(self) -> None:
        """The last call: sliders and the sentence stand below what was added."""
        self.column.addLayout(self._grid)
        self.column.addWidget(self.said)
        self.show_values()

    def dial(self, name: str, low: float, high: float, value: float, step: float) -> Dial:
        """A slider from ``low`` to ``high``."""
        dial = Dial(name, low, high, value, step)
        row = self._grid.rowCount()
        label, text = quiet(name, wrap=False), QLabel(dial.text())
        text.setFont(font(12, bold=True))
        text.setAlignment(Qt.AlignmentFlag.AlignRight)
        text.setFixedWidth(46)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(dial, row, 1)
        self._grid.addWidget(text, row, 2)
        dial.valueChanged.connect(lambda _: text.setText(dial.text()))
        dial.valueChanged.connect(lambda _: self.show_values())
        return dial

    def show_values(self) -> None:
        """Bring figures and sentence up to date."""


class Dial(Slider):
    """A slider over numbers in equal steps."""

    def __init__(self, name: str, low: float, high: float, value: float, step: float) -> None:
        super().__init__()
        self._low, self._step = low, step
        self.setAccessibleName(name)
        self.setRange(0, round((high - low) / step))
        self.setPageStep(max(1, self.maximum() // 10))
        self.set_number(value)

    @property
    def number(self) -> float:
        return round(self._low + self.value() * self._step, 6)

    def set_number(self, value: float) -> None:
        self.setValue(round((value - self._low) / self._step))

    def text(self) -> str:
        return f"{self.number:g}".replace("-", "−")


class Plot(QWidget):
    """Bars or a curve over an axis with numbers at its ends."""

    def __init__(self, name: str, height: int = 92) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.title = name
        self.bars: Sequence[float] = ()
        self.curve: Sequence[tuple[float, float]] = ()
        self.low, self.high = 0.0, 1.0
        self.marks: Sequence[float] = ()
        """Places on the axis with a line across."""
        self.colour: Callable[[], QColor] = lambda: theme().accent
        notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        area = QRectF(1, 22, self.width() - 2, self.height() - 40)  # room below the title
        painter.setPen(colours.secondary)
        painter.drawText(QRectF(0, 0, self.width(), 15), Qt.AlignmentFlag.AlignLeft, self.title)
        under = QRectF(0, area.bottom() + 3, self.width(), 15)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, _short(self.low))
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, _short(self.high))
        painter.setPen(QPen(colours.hairline, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour())
        most = max(self.bars, default=0.0)
        wide = area.width() / max(1, len(self.bars))
        for index, value in enumerate(self.bars):
            tall = area.height() * value / most if most > 0 else 0.0
            painter.drawRect(QRectF(area.left() + index * wide + 0.5, area.bottom() - tall, max(1.0, wide - 1), tall))
        span = self.high - self.low or 1.0
        pen = QPen(colours.secondary, 1)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        for mark in self.marks:
            x = area.left() + (mark - self.low) / span * area.width()
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if self.curve:
            painter.setPen(QPen(colours.series[1], 2))
            points = [
                QPointF(area.left() + (x - self.low) / span * area.width(), area.bottom() - y * area.height())
                for x, y in self.curve
            ]
            painter.drawPolyline(QPolygonF(points))


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def number(value: float, digits: int = 3) -> str:
    """A number as the figures write it."""
    return f"{value:,.{digits}f}".replace("-", "−")
