"""Three charts over one axis, the length of paths: how many there are, what gradient they bring, and the product.

A length under the pointer, or reached with the arrow keys, is marked in all three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy

from blockstudio.gui.kit.plotting import dash, ticks
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import as_text, font, theme
from blockstudio.gui.laboratory.reading import ReadChart

HEIGHT, HEAD, LEFT, BELOW, GAP = 268, 64, 46, 40, 40
"""Pixels: of the whole, above and at the left of a plot, below it, between two."""
LEAST_LABEL = 34
"""Pixels between two numbers under the axis."""


class Range(NamedTuple):
    """Lengths that belong together, first and last, and what they are called."""

    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Measured:
    """What was measured of the gradient along paths."""

    logs: dict[int, list[float]]
    """By length: log₁₀ of the norm in each draw."""
    share: dict[int, float]
    """By length: the part of the whole that all its paths bring."""
    carry: Range
    """The lengths that bring nearly all."""


class LengthsView(ReadChart):
    """The three charts side by side."""

    def __init__(self) -> None:
        super().__init__(tr("Paths by their length"))
        self.paths: dict[int, float] = {}
        """By length: the share of all paths."""
        self.most: Range | None = None
        self.measured: Measured | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_lengths(self, paths: dict[int, float], most: Range | None, measured: Measured | None) -> None:
        """Show another network, or what has been measured of it since."""
        self.paths, self.most, self.measured = paths, most, measured
        self.mark(self.marked if self.marked in paths else -1)
        self.update()

    def at(self, chart: int, length: int) -> QPointF:
        """The foot of a length in the first, second or third chart."""
        plot = self._plot(chart)
        return QPointF(self._x(plot, length), plot.bottom())

    def texts(self) -> list[str]:
        """What each chart says of the marked length."""
        length, found = self.marked, list[str]()
        if length < 0:
            return ["", "", ""]
        found.append(_share(self.paths.get(length, 0.0)))
        if self.measured is None:
            return [*found, "", ""]
        logs = self.measured.logs.get(length)
        found.append(_power(fmean(logs)) if logs else "")
        found.append(_share(self.measured.share.get(length, 0.0)))
        return found

    # Geometry

    def _plot(self, chart: int) -> QRectF:
        wide = (self.width() - 2 * GAP) / 3
        return QRectF(chart * (wide + GAP) + LEFT, HEAD, wide - LEFT - 4, self.height() - HEAD - BELOW)

    def _ends(self) -> tuple[int, int]:
        return (min(self.paths), max(self.paths)) if self.paths else (0, 1)

    def _x(self, plot: QRectF, length: float) -> float:
        low, high = self._ends()
        return plot.left() + plot.width() * (length - low + 0.5) / (high - low + 1)

    def _length(self, at: QPointF) -> int:
        low, high = self._ends()
        for chart in range(3):
            plot = self._plot(chart)
            if self.paths and plot.adjusted(0, -HEAD, 0, BELOW).contains(at):
                return low + min(high - low, int((at.x() - plot.left()) / plot.width() * (high - low + 1)))
        return -1

    def _colour(self, length: int) -> QColor:
        """One colour for each range, on all three."""
        if self.measured is not None and self.measured.carry.first <= length <= self.measured.carry.last:
            return theme().warning_fill
        if self.most is not None and self.most.first <= length <= self.most.last:
            return theme().accent
        return theme().wire

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.paths:
            return
        titles = (
            (tr("How long the paths are"), tr("share of all paths, counted on the diagram")),
            (tr("Gradient that a path brings"), tr("norm at the input: geometric mean and range of the draws")),
            (tr("Their product: where the gradient comes from"), tr("share of the gradient by length")),
        )
        for chart, (title, line) in enumerate(titles):
            plot = self._plot(chart)
            painter.setPen(theme().text)
            painter.setFont(font(13, bold=True))
            left, wide = plot.left() - LEFT, int(plot.width() + LEFT)
            title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRectF(left, 0, wide, 18), Qt.AlignmentFlag.AlignVCenter, title)
            painter.setFont(font(11))
            painter.setPen(theme().secondary)
            line = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRectF(left, 19, wide, 16), Qt.AlignmentFlag.AlignVCenter, line)
        self._bars(painter, 0, self.paths, self.most)
        if self.measured is None:
            both = self._plot(1).united(self._plot(2))
            painter.setPen(theme().secondary)
            painter.setFont(font(12))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(both, flags, tr("Measure the gradient by length, and it stands here."))
        else:
            self._logs(painter, self.measured)
            self._bars(painter, 2, self.measured.share, self.measured.carry)
        for chart in range(3 if self.measured is not None else 1):
            self._axis(painter, self._plot(chart))
        self._cursor(painter)

    def _axis(self, painter: QPainter, plot: QRectF) -> None:
        low, high = self._ends()
        step = max(1, math.ceil((high - low + 1) * LEAST_LABEL / max(1.0, plot.width())))
        step = next(round_ for round_ in (1, 2, 3, 5, 9, 10, 20, 50, 100, 200, 500, 1000, 10**6) if round_ >= step)
        painter.setFont(font(11))
        painter.setPen(theme().secondary)
        for length in range(low, high + 1, step):
            if self.marked < 0 or abs(self._x(plot, length) - self._x(plot, self.marked)) > LEAST_LABEL * 0.6:
                at = QRectF(self._x(plot, length) - 20, plot.bottom() + 3, 40, 16)
                painter.drawText(at, Qt.AlignmentFlag.AlignCenter, str(length))
        below = QRectF(plot.left(), plot.bottom() + 20, plot.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, tr("blocks on the path"))

    def _grid(self, painter: QPainter, plot: QRectF, y: float, text: str) -> None:
        painter.setPen(QPen(theme().hairline, 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(theme().secondary)
        painter.setFont(font(11))
        at = QRectF(plot.left() - LEFT, y - 8, LEFT - 6, 16)
        painter.drawText(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _bars(self, painter: QPainter, chart: int, shares: dict[int, float], bracket: Range | None) -> None:
        plot = self._plot(chart)
        marks = ticks(0.0, max(shares.values(), default=1.0) or 1.0)
        top = max(marks[-1], max(shares.values(), default=0.0)) or 1.0
        for value in marks:
            self._grid(painter, plot, plot.bottom() - plot.height() * value / top, f"{100 * value:g} %")
        wide = max(1.0, plot.width() / max(1, len(self.paths)) - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        for length, share in shares.items():
            high = plot.height() * share / top
            painter.setBrush(self._colour(length))
            painter.drawRect(QRectF(self._x(plot, length) - wide / 2, plot.bottom() - high, min(wide, 40), high)
                             .translated(max(0.0, (wide - 40) / 2), 0))  # fmt: skip
        if bracket is not None:
            left, right = self._x(plot, bracket.first) - wide / 2, self._x(plot, bracket.last) + wide / 2
            colour, y = self._colour(bracket.first if chart else round((bracket.first + bracket.last) / 2)), HEAD - 8.0
            if chart == 0:
                colour = theme().accent
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 1.5))
            painter.drawPolyline([QPointF(left, y + 5), QPointF(left, y), QPointF(right, y), QPointF(right, y + 5)])
            painter.setFont(font(11, bold=True))
            painter.setPen(as_text(colour))
            room = painter.fontMetrics().horizontalAdvance(bracket.text) + 8
            middle = min(max((left + right) / 2, plot.left() + room / 2), plot.right() - room / 2)
            at = QRectF(middle - room / 2, y - 18, room, 16)
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, bracket.text)

    def _logs(self, painter: QPainter, measured: Measured) -> None:
        plot = self._plot(1)
        every = [log for logs in measured.logs.values() for log in logs]
        if not every:
            return
        low, high = math.floor(min(every)), math.ceil(max(every))
        low, high = (low, high) if high > low else (low, low + 1)

        def y(log: float) -> float:
            return plot.bottom() - plot.height() * (log - low) / (high - low)

        step = max(1, math.ceil((high - low) / 4))
        for power in range(low, high + 1, step):
            self._grid(painter, plot, y(power), f"10{_raised(power)}")
        line = fitted(measured.logs)
        if line is not None:
            slope, start = line
            first, last = min(measured.logs), max(measured.logs)
            painter.setPen(dash(theme().secondary, 1.2, 4, 3))
            painter.setClipRect(plot)
            painter.drawLine(QPointF(self._x(plot, first), y(start + slope * first)),
                             QPointF(self._x(plot, last), y(start + slope * last)))  # fmt: skip
            painter.setClipping(False)
            painter.setFont(font(11, bold=True))
            painter.setPen(theme().text)
            text = tr("×{factor} for each block", factor=f"{10**slope:.2g}")
            painter.drawText(QRectF(plot.left(), HEAD - 26, plot.width(), 16), Qt.AlignmentFlag.AlignRight, text)
        for length, logs in measured.logs.items():
            colour, x = self._colour(length), self._x(plot, length)
            painter.setPen(QPen(colour, 1))
            painter.drawLine(QPointF(x, y(min(logs))), QPointF(x, y(max(logs))))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(x, y(fmean(logs))), 3, 3)

    def _cursor(self, painter: QPainter) -> None:
        if self.marked < 0:
            return
        for chart, text in enumerate(self.texts()):
            if not text:
                continue
            plot, x = self._plot(chart), self._x(self._plot(chart), self.marked)
            painter.setPen(dash(theme().secondary, 1, 1, 3))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setFont(font(11, bold=True))
            wide = painter.fontMetrics().horizontalAdvance(text) + 16
            left = x + 8 if x + 8 + wide <= plot.right() else x - 8 - wide
            box = QRectF(left, plot.top() + 4, wide, 20)
            painter.setPen(QPen(theme().hairline, 1))
            painter.setBrush(theme().panel)
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(theme().text)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            painter.drawText(QRectF(x - 20, plot.bottom() + 3, 40, 16), Qt.AlignmentFlag.AlignCenter, str(self.marked))

    # The hand

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mark(self._length(event.position()))

    def beside(self, step: int) -> int:
        if not self.paths:
            return -1
        low, high = self._ends()
        start = max(self.paths, key=lambda length: self.paths[length]) if self.marked < 0 else self.marked + step
        return max(low, min(high, start))


def fitted(logs: dict[int, list[float]]) -> tuple[float, float] | None:
    """Slope and height at 0 of the line through the means of the draws, of least squares; ``None`` for fewer than two
    lengths."""
    points = [(length, fmean(some)) for length, some in logs.items()]
    if len(points) < 2:
        return None
    x, y = fmean(length for length, _ in points), fmean(log for _, log in points)
    spread = sum((length - x) ** 2 for length, _ in points)
    slope = sum((length - x) * (log - y) for length, log in points) / spread
    return slope, y - slope * x


def _share(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 or share == 0 else _power(math.log10(share))


def _power(log: float) -> str:
    """``6.9 × 10⁻¹¹`` of its logarithm."""
    if -3 < log < 4:
        return f"{10**log:.3g}"
    power = math.floor(log)
    return f"{10 ** (log - power):.1f} × 10{_raised(power)}"


def _raised(power: int) -> str:
    return "".join("⁻" if each == "-" else "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(each)] for each in str(power))


def finite(lengths: Sequence[int], norms: Sequence[Sequence[float]]) -> dict[int, list[float]]:
    """By length, without those along whose paths nothing arrives in some draw."""
    return {length: list(logs) for length, logs in zip(lengths, norms, strict=True) if all(map(math.isfinite, logs))}
