"""Curves in the theme's style: no frame, a hairline grid, names at the ends of lines, one cursor for several charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.gui.kit.theme import as_text, font, mix, notifier, theme
from blockstudio.runs.curves import thin

Floats = NDArray[np.float64]

LEFT, TOP, BOTTOM = 44, 8, 26
LONG = 150
"""Points from which a line is drawn in pieces, and a raw one without smooth edges."""
NAME_PITCH = 17
"""Least pixels between two names."""


@dataclass(frozen=True, eq=False)
class Line:
    """One curve: ``x``, ``y`` ``(N,)`` as measured, ``smooth`` ``(N,)`` or the same."""

    name: str
    colour: QColor
    x: Floats
    y: Floats
    smooth: Floats
    ring: float | None = None
    """The x at which a target is reached."""


class Chart(QWidget):
    """Lines over one axis. The wheel zooms about the pointer, a double click or Home shows everything; arrow keys move
    the cursor."""

    pointed = Signal(object)
    """The cursor is at an x, or nowhere (``None``)."""
    zoomed = Signal(object)
    """The ``(low, high)`` of x in view, or everything (``None``)."""

    def __init__(self, name: str, *, names: bool = False) -> None:
        """``names``: at the ends of the lines."""
        super().__init__()
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._names = names
        self.lines: tuple[Line, ...] = ()
        self.log = self.share = False
        self.target: float | None = None
        self.unit = self.empty = ""
        self.cursor_x: float | None = None
        self.view: tuple[float, float] | None = None
        self._drawn: list[tuple[Line, QPolygonF, QPolygonF]] | None = None
        self._limits: tuple[float, float] | None = None
        self._picture: QPixmap | None = None
        self.points = 0
        """Points that the last drawing had to paint."""
        notifier.changed.connect(self._forget)

    def sizeHint(self) -> QSize:
        return QSize(360, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 140)

    def show_lines(
        self,
        lines: Sequence[Line],
        *,
        unit: str = "",
        log: bool = False,
        share: bool = False,
        target: float | None = None,
        empty: str = "",
    ) -> None:
        """Show other lines.

        Args:
            lines: From the lowest to the topmost.
            unit: Of the x axis.
            log: A logarithmic y axis.
            share: y is a share, written in percent, and the axis ends at 0 and 100 %.
            target: A dashed line.
            empty: Said where there is nothing.
        """
        self.lines = tuple(line for line in lines if line.x.size)
        self.unit, self.log, self.share, self.target, self.empty = unit, log, share, target, empty
        self._forget()

    def show_cursor(self, x: float | None) -> None:
        """Put the cursor somewhere, or take it away."""
        if x != self.cursor_x:
            self.cursor_x = x
            self.update()

    def show_view(self, view: tuple[float, float] | None) -> None:
        """Show a part of the x axis."""
        if view != self.view:
            self.view = view
            self._forget()

    def values_at(self, x: float) -> list[tuple[Line, float | None]]:
        """What each line says at an x; nothing beyond its ends."""
        found: list[tuple[Line, float | None]] = []
        for line in self.lines:
            inside = line.x[0] <= x <= line.x[-1]
            found.append((line, float(np.interp(x, line.x, line.smooth)) if inside else None))
        return found

    def _forget(self) -> None:
        self._drawn = self._limits = self._picture = None
        self.update()

    # Geometry

    @property
    def plot(self) -> QRectF:
        """Where the lines are."""
        right = 12.0
        if self._names and self.lines:
            metrics = self.fontMetrics()
            right = 26 + min(
                0.38 * self.width(), max(metrics.horizontalAdvance(line.name) for line in self.lines) * 1.05
            )
        return QRectF(LEFT, TOP, max(10.0, self.width() - LEFT - right), max(10.0, self.height() - TOP - BOTTOM))

    def _x_range(self) -> tuple[float, float]:
        if self.view is not None:
            return self.view
        high = max(float(line.x[-1]) for line in self.lines)
        low = min(0.0, *(float(line.x[0]) for line in self.lines)) if self.lines else 0.0
        return low, high if high > low else low + 1

    def _y_range(self) -> tuple[float, float]:
        if self._limits is None:
            self._limits = self._find_limits()
        return self._limits

    def _find_limits(self) -> tuple[float, float]:
        if self.share:
            return 0.0, 1.0
        low, high = math.inf, -math.inf
        for line in self.lines:
            values = line.smooth[:: max(1, line.smooth.size // 5000)]
            values = values[np.isfinite(values)]
            if self.log:
                values = values[values > 0]
            if values.size:
                low, high = min(low, float(np.quantile(values, 0.001))), max(high, float(np.quantile(values, 0.999)))
        if not math.isfinite(low):
            return (0.1, 1.0) if self.log else (0.0, 1.0)
        if self.log:
            return low / 1.2, max(high * 1.2, low * 1.5)
        return min(0.0, low), high * 1.05 if high > 0 else high + 1

    def _y(self, values: Floats, low: float, high: float) -> Floats:
        plot = self.plot
        if self.log:
            values, low, high = np.log(np.maximum(values, 1e-12)), math.log(low), math.log(high)
        found: Floats = plot.bottom() - (np.clip(values, low, high) - low) / (high - low) * plot.height()
        return found

    def _prepare(self) -> list[tuple[Line, QPolygonF, QPolygonF]]:
        if self._drawn is not None:
            return self._drawn
        self._drawn, self.points = [], 0
        if not self.lines:
            return self._drawn
        plot, (left, right), (low, high) = self.plot, self._x_range(), self._y_range()
        bins = max(50, int(plot.width()) // 3)
        for line in self.lines:
            first, last = np.searchsorted(line.x, [left, right])
            part = slice(max(0, int(first) - 1), int(last) + 1)
            shapes = []
            for values in (line.y, line.smooth):
                x, y = thin(line.x[part], values[part], bins)
                across = plot.left() + np.clip((x - left) / (right - left), 0, 1) * plot.width()
                down = self._y(y, low, high)
                shapes.append(
                    QPolygonF([QPointF(*point) for point in zip(across.tolist(), down.tolist(), strict=True)])
                )
                self.points += x.size
            if line.smooth is line.y:
                shapes[0] = QPolygonF()
            self._drawn.append((line, shapes[0], shapes[1]))
        return self._drawn

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.size() != (self.size().toSizeF() * ratio).toSize():
            self._picture = QPixmap((self.size().toSizeF() * ratio).toSize())
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(theme().panel)
            inner = QPainter(self._picture)
            self.draw(inner)
            inner.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if self.cursor_x is not None and self.lines:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._cursor(painter)
        if self.hasFocus():
            painter.setPen(QPen(theme().accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def draw(self, painter: QPainter) -> None:
        """Paint the chart; also onto paper."""
        colours = theme()
        painter.setFont(font(11))
        if not self.lines:
            painter.setPen(colours.secondary)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty)
            return
        drawn, plot = self._prepare(), self.plot
        low, high = self._y_range()
        self._grid(painter, low, high)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line, raw, _ in drawn:
            painter.setPen(QPen(mix(line.colour, colours.panel, 0.67), 1))
            # Dense zigzags take Qt a hundred times as long with smooth edges, which nobody sees in them.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, raw.size() <= LONG)
            _draw(painter, raw)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.target is not None:
            y = float(self._y(np.array([self.target]), low, high)[0])
            painter.setPen(QPen(colours.secondary, 1, Qt.PenStyle.CustomDashLine))
            pen = painter.pen()
            pen.setDashPattern([3, 3])
            painter.setPen(pen)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        for line, _, smooth in drawn:
            painter.setPen(QPen(line.colour, 2))  # round caps take ten times as long
            _draw(painter, smooth)
        for line, _, _ in drawn:
            if line.ring is not None:
                self._dot(painter, line, line.ring, hollow=True)
        if self._names:
            self._end_names(painter, drawn)

    def _place(self, x: float, value: float) -> QPointF:
        plot, (left, right) = self.plot, self._x_range()
        low, high = self._y_range()
        down = float(self._y(np.array([value]), low, high)[0])
        return QPointF(plot.left() + (x - left) / (right - left) * plot.width(), down)

    def _dot(self, painter: QPainter, line: Line, x: float, *, hollow: bool) -> None:
        if line.x[0] <= x <= line.x[-1]:
            painter.setPen(QPen(line.colour, 1.6))
            painter.setBrush(theme().panel if hollow else line.colour)
            painter.drawEllipse(self._place(x, float(np.interp(x, line.x, line.smooth))), 3.5, 3.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _cursor(self, painter: QPainter) -> None:
        plot, (left, right) = self.plot, self._x_range()
        assert self.cursor_x is not None
        if not left <= self.cursor_x <= right:
            return
        x = plot.left() + (self.cursor_x - left) / (right - left) * plot.width()
        pen = QPen(theme().secondary, 1)
        pen.setDashPattern([1, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        for line in self.lines:
            self._dot(painter, line, self.cursor_x, hollow=False)

    def _grid(self, painter: QPainter, low: float, high: float) -> None:
        colours, plot = theme(), self.plot
        for value in _ticks(low, high, self.log, max(2, int(plot.height() / 48))):
            y = float(self._y(np.array([value]), low, high)[0])
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours.secondary)
            text = f"{100 * value:.0f} %" if self.share else f"{value:g}"
            painter.drawText(QRectF(0, y - 8, LEFT - 8, 16),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)  # fmt: skip
        left, right = self._x_range()
        painter.setPen(colours.secondary)
        under = QRectF(plot.left(), plot.bottom() + 6, plot.width(), 16)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, _number(left))
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, f"{_number(right)} {self.unit}".strip())

    def _end_names(self, painter: QPainter, drawn: Sequence[tuple[Line, QPolygonF, QPolygonF]]) -> None:
        plot = self.plot
        ends = sorted(
            ((min(max(smooth.at(smooth.size() - 1).y(), plot.top()), plot.bottom()), line, smooth)
             for line, _, smooth in drawn if smooth.size()),
            key=lambda each: each[0],
        )  # fmt: skip
        places: list[float] = []
        for y, _, _ in ends:
            places.append(max(y, places[-1] + NAME_PITCH) if places else y)
        over = places[-1] - plot.bottom() if places else 0
        if over > 0:
            places = [place - over for place in places]
            for index in range(len(places) - 2, -1, -1):
                places[index] = min(places[index], places[index + 1] - NAME_PITCH)
        painter.setFont(font(11, bold=True))
        for place, (y, line, smooth) in zip(places, ends, strict=True):
            end = min(smooth.at(smooth.size() - 1).x(), plot.right())
            painter.setPen(QPen(mix(line.colour, theme().panel, 0.4), 1))
            painter.drawPolyline(
                QPolygonF([QPointF(end + 3, y), QPointF(plot.right() + 8, place), QPointF(plot.right() + 14, place)])
            )
            painter.setPen(as_text(line.colour))
            room = QRectF(plot.right() + 18, place - 9, self.width() - plot.right() - 18, 18)
            name = painter.fontMetrics().elidedText(line.name, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)

    # Pointing, zooming

    def _point(self, x: float | None) -> None:
        self.show_cursor(x)
        self.pointed.emit(x)

    def _x_at(self, at: float) -> float:
        plot, (left, right) = self.plot, self._x_range()
        return left + (at - plot.left()) / plot.width() * (right - left)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = self.lines and self.plot.adjusted(0, -TOP, 0, BOTTOM).contains(event.position())
        self._point(self._x_at(event.position().x()) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.lines:
            return
        about, (left, right) = self._x_at(event.position().x()), self._x_range()
        factor = 0.8 ** (event.angleDelta().y() / 120)
        whole = self.view
        self.view = None
        first, last = self._x_range()
        self.view = whole
        low, high = max(first, about - (about - left) * factor), min(last, about + (right - about) * factor)
        if high - low > (last - first) / 10_000:
            self.zoomed.emit(None if (low, high) == (first, last) else (low, high))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.zoomed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        left, right = self._x_range() if self.lines else (0.0, 1.0)
        step = {Qt.Key.Key_Left: -0.01, Qt.Key.Key_Right: 0.01}.get(Qt.Key(event.key()))
        if step is not None and self.lines:
            now = self.cursor_x if self.cursor_x is not None else (left + right) / 2
            self._point(min(right, max(left, now + step * (right - left))))
        elif event.key() == Qt.Key.Key_Home:
            self.zoomed.emit(None)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()


def _draw(painter: QPainter, line: QPolygonF) -> None:
    """A long line in single pieces: Qt takes seconds for one that crosses itself thousands of times."""
    if line.size() <= LONG:
        painter.drawPolyline(line)
        return
    points = line.toList()
    painter.drawLines([QLineF(one, other) for one, other in pairwise(points)])


def _means(x: Floats, y: Floats, bins: int) -> tuple[Floats, Floats]:
    """A smooth curve with a point a bin."""
    if x.size <= 2 * bins:
        return x, y
    edges = np.linspace(0, x.size, bins + 1).astype(int)
    counts = np.diff(edges)
    found: tuple[Floats, Floats] = (np.add.reduceat(x, edges[:-1]) / counts, np.add.reduceat(y, edges[:-1]) / counts)
    found[0][0], found[0][-1] = x[0], x[-1]
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or float(value).is_integer() else f"{value:.2g}"


def _ticks(low: float, high: float, log: bool, most: int) -> list[float]:
    """Round values from low to high."""
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
            found = [value for value in found if low <= value <= high]
            if len(found) <= most + 2:
                return found
        return found
    raw = (high - low) / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(each * size for each in (1, 2, 5, 10) if each * size >= raw)
    first = math.ceil(low / step)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]
