"""Accuracy over how many units were drawn: each draw a dot, the mean a line, a deviation around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from blockstudio.gui.kit.plotting import dash
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import as_text, font, mix, theme
from blockstudio.gui.laboratory.reading import ReadChart

LEFT, RIGHT, TOP, BOTTOM = 44, 10, 8, 38
VEIL, DOT = 0.13, 0.45
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Series:
    """The draws of one network."""

    name: str
    whole: float
    """With nothing drawn."""
    draws: Sequence[tuple[int, float]]
    """How many units, and the accuracy that was left."""

    def means(self) -> list[tuple[int, float, float]]:
        """k, mean and deviation, from the whole network on; the deviation of one draw is 0."""
        by_count: dict[int, list[float]] = {}
        for count, share in self.draws:
            by_count.setdefault(count, []).append(share)
        spread = {count: stdev(some) if some[1:] else 0.0 for count, some in by_count.items()}
        return [(0, self.whole, 0.0), *((k, fmean(by_count[k]), spread[k]) for k in sorted(by_count))]


class DrawsView(ReadChart):
    """A chart. Under the pointer, or with the arrow keys, a k is read off."""

    def __init__(self, name: str, unit: str) -> None:
        """
        Args:
            name: For a screen reader.
            unit: Under the axis.
        """
        super().__init__(name)
        self._unit = unit
        self.series: Sequence[Series] = ()
        self.chance = 0.0
        self.empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(400, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 150)

    def show_series(self, series: Sequence[Series], chance: float, empty: str) -> None:
        """Show other curves; ``empty`` is said while there are none."""
        self.series = [each for each in series if each.draws]
        self.chance, self.empty = chance, empty
        if self.marked not in self.counts():
            self.mark(-1)
        self.setAccessibleDescription("; ".join(
            f"{each.name}: " + ", ".join(f"{k} {mean:.1%}" for k, mean, _ in each.means()) for each in self.series
        ))  # fmt: skip
        self.update()

    def counts(self) -> list[int]:
        """Every k of the network's own curve: those of another stand beside it."""
        return [k for k, _, _ in self.series[0].means()] if self.series else []

    def texts(self) -> list[str]:
        """What is read off of each curve."""
        found = []
        for each in self.series:
            for k, mean, spread in each.means():
                if k == self.marked:
                    share = f"{100 * mean:.1f} %"
                    off = f" ± {100 * spread:.1f}" if spread else ""
                    found.append(f"{each.name}  {share}{off}" if each.name else share + off)
        return found

    # Geometry

    @property
    def plot(self) -> QRectF:
        """Where the curves are."""
        return QRectF(LEFT, TOP, max(10.0, self.width() - LEFT - RIGHT), max(10.0, self.height() - TOP - BOTTOM))

    def at(self, count: float, share: float) -> QPointF:
        """Where an accuracy at a k is."""
        plot, most = self.plot, max(self.counts(), default=1)
        return QPointF(plot.left() + plot.width() * count / max(1, most), plot.bottom() - plot.height() * share)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours, plot = QPainter(self), theme(), self.plot
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        if not self.series:
            painter.setPen(colours.secondary)
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(self.rect()), flags, self.empty)
            return
        for share in MARKS:
            y = self.at(0, share).y()
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours.secondary)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, LEFT - 8, 16), flags, f"{100 * share:.0f} %")
        self._axis(painter, plot)
        y = self.at(0, self.chance).y()
        painter.setPen(dash(colours.secondary, 1, 1, 3))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(colours.secondary)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.drawText(QRectF(plot.left(), y - 17, plot.width(), 15), flags, tr("chance"))
        hues = self.colours()
        for each, colour in zip(self.series, hues, strict=True):
            self._curve(painter, each, colour)
        self._names(painter, hues)
        self._cursor(painter, hues)
        self.draw_focus(painter)

    def colours(self) -> list[QColor]:
        """The network's own first; another one quiet."""
        return [theme().accent, mix(theme().secondary, theme().text, 0.6), *theme().series[2:]][: len(self.series)]

    def _axis(self, painter: QPainter, plot: QRectF) -> None:
        painter.setPen(theme().secondary)
        last = -math.inf
        for count in self.counts():
            x = self.at(count, 0).x()
            if x - last > 22:
                last = x
                painter.drawText(QRectF(x - 20, plot.bottom() + 4, 40, 15), Qt.AlignmentFlag.AlignCenter, str(count))
        below = QRectF(plot.left(), plot.bottom() + 20, plot.width(), 15)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._unit)

    def _curve(self, painter: QPainter, each: Series, colour: QColor) -> None:
        means = each.means()
        veil = QColor(colour)
        veil.setAlphaF(VEIL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(veil)
        up = [self.at(k, min(1.0, mean + spread)) for k, mean, spread in means]
        down = [self.at(k, max(0.0, mean - spread)) for k, mean, spread in means]
        painter.drawPolygon(QPolygonF([*up, *reversed(down)]))
        dot = QColor(colour)
        dot.setAlphaF(DOT)
        painter.setBrush(dot)
        for count, share in each.draws:
            painter.drawEllipse(self.at(count, share), 2.5, 2.5)
        line = [self.at(k, mean) for k, mean, _ in means]
        painter.setPen(QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for point in line:
            painter.drawEllipse(point, 3.5, 3.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _names(self, painter: QPainter, hues: Sequence[QColor]) -> None:
        """Which curve is whose: at the top right, where accuracy has gone."""
        if len(self.series) < 2:
            return
        painter.setFont(font(11, bold=True))
        for number, (each, colour) in enumerate(zip(self.series, hues, strict=True)):
            painter.setPen(as_text(colour))
            room = QRectF(self.plot.left(), self.plot.top() + 4 + 17 * number, self.plot.width() - 4, 15)
            name = painter.fontMetrics().elidedText(each.name, Qt.TextElideMode.ElideRight, int(room.width() * 0.6))
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)

    def _cursor(self, painter: QPainter, hues: Sequence[QColor]) -> None:
        texts = self.texts()
        if self.marked < 0 or not texts:
            return
        plot, x = self.plot, self.at(self.marked, 0).x()
        painter.setPen(dash(theme().secondary, 1, 1, 3))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setFont(font(11, bold=True))
        wide = max(map(painter.fontMetrics().horizontalAdvance, texts)) + 16
        left = x + 8 if x + 8 + wide <= plot.right() else x - 8 - wide
        box = QRectF(max(left, plot.left()), plot.bottom() - 8 - 17 * len(texts), wide, 6 + 17 * len(texts))
        painter.setPen(QPen(theme().hairline, 1))
        painter.setBrush(theme().panel)
        painter.drawRoundedRect(box, 4, 4)
        for number, (text, colour) in enumerate(zip(texts, hues, strict=False)):
            painter.setPen(as_text(colour))
            room = QRectF(box.left() + 8, box.top() + 3 + 17 * number, wide - 16, 17)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    # The hand

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        counts, x = self.counts(), event.position().x()
        self.mark(min(counts, key=lambda count: abs(self.at(count, 0).x() - x)) if counts else -1)

    def beside(self, step: int) -> int:
        counts = self.counts()
        place = counts.index(self.marked) + step if self.marked in counts else 0
        return counts[max(0, min(place, len(counts) - 1))] if counts else -1
