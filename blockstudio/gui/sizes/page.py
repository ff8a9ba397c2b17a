"""A curve of C·H·W along the level in view: each step a block, which a click selects."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from blockstudio.analysis.representation import Station, representation
from blockstudio.blocks import shape_text
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme

LEFT, RIGHT, TOP, BOTTOM = 64, 20, 12, 22
LOW = 5_000
"""A fall to fewer values than that is the end of a network, and no bottleneck."""
FALL = 4.0
"""A step down by more than this factor is marked: two values in each direction make four."""


def ticks(low: float, high: float) -> list[int]:
    """Round values between two powers of ten; 2 and 5 times them too where there would be few."""
    powers = [10**power for power in range(max(0, math.floor(low)), math.ceil(high) + 1)]
    found = [value for value in powers if low <= math.log10(value) <= high]
    if len(found) > 2:
        return found
    return [times * power for power in powers for times in (1, 2, 5) if low <= math.log10(times * power) <= high]


class SizesView(QWidget):
    """The curve, on an axis of logarithms. Arrow keys go from block to block."""

    chosen = Signal(str)
    """A block was clicked, or gone to by key: its name."""
    hovered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.stations: tuple[Station, ...] = ()
        self.selected: frozenset[str] = frozenset()
        self.at: int | None = None
        """The station under the mouse."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Sizes of the representation"))
        notifier.changed.connect(self.update)

    def show_stations(self, stations: tuple[Station, ...], selected: frozenset[str]) -> None:
        if (stations, selected) != (self.stations, self.selected):
            self.at = self.at if stations == self.stations else None
            self.stations, self.selected = stations, selected
            self.update()

    # Geometry

    def _plot(self) -> QRectF:
        return QRectF(LEFT, TOP, max(10, self.width() - LEFT - RIGHT), max(10, self.height() - TOP - BOTTOM))

    def _ends(self) -> tuple[float, float]:
        sizes = [max(1, each.size) for each in self.stations]
        low, high = math.log10(min(sizes)), math.log10(max(sizes))
        return low - 0.05, max(high + 0.05, low + 0.5)

    def point(self, index: int) -> QPointF:
        """Where a station is."""
        plot, (low, high) = self._plot(), self._ends()
        across = plot.left() + (index + 0.5) / len(self.stations) * plot.width()
        return QPointF(across, plot.bottom() - (math.log10(max(1, self.stations[index].size)) - low) / (high - low)
                       * plot.height())  # fmt: skip

    def _index_at(self, x: float) -> int | None:
        plot = self._plot()
        if not self.stations or not plot.left() <= x <= plot.right():
            return None
        return min(len(self.stations) - 1, int((x - plot.left()) / plot.width() * len(self.stations)))

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        if not self.stations:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("No block leads to an output yet."))
            return
        plot, (low, high) = self._plot(), self._ends()
        for value in ticks(low, high):
            y = plot.bottom() - (math.log10(value) - low) / (high - low) * plot.height()
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours.secondary)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, LEFT - 8, 16), right, f"{value:,}")
        points = [self.point(index) for index in range(len(self.stations))]
        painter.setPen(QPen(colours.accent, 2))
        half = plot.width() / len(points) / 2
        steps = [QPointF(point.x() + side, point.y()) for point in points for side in (-half, half)]
        painter.drawPolyline(QPolygonF(steps))
        for index, (point, station) in enumerate(zip(points, self.stations, strict=True)):
            marked = station.block in self.selected
            if marked or index == self.at or self.is_narrow(index):
                painter.setPen(QPen(colours.problem if self.is_narrow(index) else colours.accent, 2))
                painter.setBrush(colours.accent if marked else colours.panel)
                painter.drawEllipse(point, 4, 4)
                painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(colours.secondary)
        self._names(painter, points)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1))
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def _names(self, painter: QPainter, points: list[QPointF]) -> None:
        """As many names under the axis as there is room for."""
        plot, metrics, end = self._plot(), painter.fontMetrics(), -math.inf
        for point, station in zip(points, self.stations, strict=True):
            wide = metrics.horizontalAdvance(station.block)
            left = min(point.x() - wide / 2, self.width() - wide - 2)
            if left > end + 10:
                painter.drawText(QPointF(left, plot.bottom() + 16), station.block)
                end = left + wide

    def is_narrow(self, index: int) -> bool:
        """A step down by more than `FALL`, while there is still much to come."""
        if not index:
            return False
        before, now = self.stations[index - 1].size, self.stations[index].size
        return now * FALL < before and now > LOW

    # Pointing

    def text_of(self, index: int) -> str:
        """``conv1: 64×112×112 = 802,816``."""
        each = self.stations[index]
        return f"{each.block}: {shape_text(each.shape)} = {each.size:,}"

    def _go(self, index: int | None) -> None:
        if index != self.at:
            self.at = index
            self.hovered.emit(self.text_of(index) if index is not None else "")
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self._index_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        self._go(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().x())
        if index is not None:
            self.chosen.emit(self.stations[index].block)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self.stations:
            super().keyPressEvent(event)
            return
        here = next((at for at, each in enumerate(self.stations) if each.block in self.selected), -1)
        index = min(len(self.stations) - 1, max(0, here + step))
        self._go(index)
        self.chosen.emit(self.stations[index].block)


class SizesPage(QWidget):
    """See the module's text; it follows the document while it can be seen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 6)
        column.setSpacing(2)
        self.said = quiet(wrap=False)
        column.addWidget(self.said)
        self.view = SizesView()
        column.addWidget(self.view, 1)
        self.view.hovered.connect(self._tell)
        self.view.chosen.connect(self._choose)
        session = desk.session
        for signal in (session.edited, session.opened, session.path_changed, session.selection_changed):
            signal.connect(lambda *_: self._follow())
        session.veiled_changed.connect(self._follow)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    def _follow(self) -> None:
        if self.isVisible():
            session = self._desk.session
            self.view.show_stations(representation(session.level), frozenset(session.selection))
            self._tell("")

    def _tell(self, text: str) -> None:
        stations, selected = self.view.stations, self.view.selected
        marked = [index for index, each in enumerate(stations) if each.block in selected]
        if not text and len(marked) == 1:
            text = self.view.text_of(marked[0])
        if text or not stations:
            self.said.setText(text)
            return
        if "shapes" in self._desk.session.veiled:  # it may be what is asked: the curve is there to be read
            self.said.setText(tr("Values behind each block, C·H·W. Point at the curve, or click a block."))
            return
        largest = max(stations[1:] or stations, key=lambda each: each.size)
        self.said.setText(
            tr("Values behind each block, C·H·W. Largest behind the input: {size} behind {block}. Click a block.",
               size=f"{largest.size:,}", block=largest.block)
        )  # fmt: skip

    def _choose(self, block: str) -> None:
        """The block is selected, and brought into view."""
        self._desk.session.select([block])
        self._desk.reveal_wanted.emit(block)
