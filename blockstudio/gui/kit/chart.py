"""Curves in the theme's style: no frame, a hairline grid, names at the ends of lines, one cursor for several charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
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

from blockstudio.gui.kit.plotting import (
    FEW,
    LONG,
    Floats,
    Kind,
    Line,
    dash,
    draw_names,
    drawable,
    limits,
    mark_text,
    number_text,
    pieces,
    polygon,
    ticks,
)
from blockstudio.gui.kit.theme import font, mix, notifier, theme
from blockstudio.runs.curves import thin

LEFT, TOP, BOTTOM = 48, 8, 26
DRAGGED = 6
"""Pixels from which a drag chooses a stretch."""
CLOSEST = 10_000
"""So many times the whole can be magnified."""


class _Drawn(NamedTuple):
    """A line in pixels."""

    line: Line
    raw: list[QPolygonF]
    dense: bool
    """So many raw points that nobody sees smooth edges."""
    smooth: list[QPolygonF]
    last: QPointF | None
    """Its end."""
    few: list[QPointF]
    """Its points, where they are few."""


class Chart(QWidget):
    """Lines over one axis. The wheel zooms about the pointer, + and - about the cursor, a drag shows what it goes over,
    a double click or Home everything; arrow keys move the cursor."""

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
        self.names = names
        self.lines: tuple[Line, ...] = ()
        self.log = self.log_x = False
        self.kind: Kind = "number"
        self.target: float | None = None
        self.end: float | None = None
        self.unit = self.empty = ""
        self.cursor_x: float | None = None
        self.view: tuple[float, float] | None = None
        self._drawn: list[_Drawn] | None = None
        self._limits: tuple[float, float] | None = None
        self._whole: tuple[float, float] | None = None
        self._picture: QPixmap | None = None
        self._pressed: float | None = None
        self._dragged: float | None = None
        self.points = 0
        """Points that the last drawing had to paint."""
        notifier.changed.connect(self._forget)

    def sizeHint(self) -> QSize:
        return QSize(360, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 90)

    def show_lines(
        self,
        lines: Sequence[Line],
        *,
        unit: str = "",
        log: bool = False,
        log_x: bool = False,
        kind: Kind = "number",
        target: float | None = None,
        end: float | None = None,
        empty: str = "",
    ) -> None:
        """Show other lines.

        Args:
            lines: From the lowest to the topmost.
            unit: Of the x axis.
            log: A logarithmic y axis.
            log_x: A logarithmic x axis.
            kind: How values are written. A share is written in percent, and its axis ends at 0 and 100 %.
            target: A dashed line.
            end: The x axis goes at least so far.
            empty: Said where there is nothing.
        """
        self.lines = tuple(line for line in map(drawable, lines) if line.x.size)
        self.unit, self.log, self.log_x, self.kind = unit, log and kind != "share", log_x, kind
        self.target, self.end, self.empty = target, end, empty
        self._whole = None
        if not self.lines and self.cursor_x is not None:
            self._point(None)  # an empty chart has no read-out
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
        return [(line, line.value(x)) for line in self.lines]

    def _forget(self) -> None:
        self._drawn = self._limits = self._picture = None
        self.update()

    # Geometry

    @property
    def plot(self) -> QRectF:
        """Where the lines are."""
        right, named = 12.0, [line.name for line in self.lines if line.name]
        if self.names and named:
            metrics = self.fontMetrics()
            right = 26 + min(0.38 * self.width(), max(map(metrics.horizontalAdvance, named)) * 1.05)
        return QRectF(LEFT, TOP, max(10.0, self.width() - LEFT - right), max(10.0, self.height() - TOP - BOTTOM))

    @property
    def whole(self) -> tuple[float, float]:
        """The x axis with nothing magnified."""
        if self._whole is None:
            high = max((float(line.x[-1]) for line in self.lines), default=1.0)
            if self.end is not None:
                high = max(high, self.end)
            if self.log_x:
                firsts = [line.x[np.searchsorted(line.x, 0, side="right") :][:1] for line in self.lines]
                low = min((float(first[0]) for first in firsts if first.size), default=high / 10)
                low = min(low, high / 10)
            else:
                low = min((float(line.x[0]) for line in self.lines), default=0.0)
                low = min(0.0, low)
            self._whole = low, high if high > low else low + 1
        return self._whole

    def _x_range(self) -> tuple[float, float]:
        return self.whole if self.view is None else self.view

    def _y_range(self) -> tuple[float, float]:
        if self._limits is None:
            self._limits = (0.0, 1.0) if self.kind == "share" else limits(self.lines, log=self.log)
        return self._limits

    def _x(self, values: Floats) -> Floats:
        """Pixels of x; what is beyond the ends stands at them."""
        plot, (left, right) = self.plot, self._x_range()
        if self.log_x:
            values, left, right = np.log(np.maximum(values, left)), math.log(left), math.log(right)
        found: Floats = plot.left() + np.clip((values - left) / (right - left), 0, 1) * plot.width()
        return found

    def _x_at(self, pixel: float) -> float:
        plot, (left, right) = self.plot, self._x_range()
        share = (pixel - plot.left()) / plot.width()
        return left * (right / left) ** share if self.log_x else left + share * (right - left)

    def _y(self, values: Floats) -> Floats:
        plot, (low, high) = self.plot, self._y_range()
        if self.log:
            values, low, high = np.log(np.maximum(values, 1e-12)), math.log(low), math.log(high)
        found: Floats = plot.bottom() - (np.clip(values, low, high) - low) / (high - low) * plot.height()
        return found

    def _place(self, x: float, value: float) -> QPointF:
        return QPointF(float(self._x(np.array([x]))[0]), float(self._y(np.array([value]))[0]))

    def _pixels(self, x: Floats, y: Floats, bins: int, *, means: bool = False) -> tuple[Floats, Floats]:
        left, right = self._x_range()
        first, last = np.searchsorted(x, [left, right])
        part = slice(max(0, int(first) - 1), int(last) + 1)
        x, y = thin(x[part], y[part], bins, log=self.log_x, means=means)
        self.points += x.size
        return self._x(x), self._y(y)

    def _prepare(self) -> list[_Drawn]:
        if self._drawn is None:
            self._drawn, self.points = [], 0
            bins = max(50, int(self.plot.width()) // 3)
            for line in self.lines:
                smoothed = line.smooth is not line.y
                raw = self._pixels(line.x, line.y, bins) if smoothed else (np.empty(0), np.empty(0))
                x, y = self._pixels(line.at, line.smooth, bins, means=smoothed)
                last = QPointF(float(x[-1]), float(y[-1])) if x.size else None
                few = [QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)] if x.size <= FEW else []
                shown = [polygon(x, y)] if line.dashed else pieces(x, y)
                self._drawn.append(_Drawn(line, pieces(*raw), raw[0].size > LONG, shown, last, few))
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
        if self._pressed is not None and self._dragged is not None:
            veil = QColor(theme().accent)
            veil.setAlphaF(0.12)
            one, other = sorted((self._pressed, self._dragged))
            painter.fillRect(QRectF(one, self.plot.top(), other - one, self.plot.height()), veil)
        if self.cursor_x is not None and self.lines:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._cursor(painter, self.cursor_x)
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
        self._grid(painter)
        for each in drawn:
            painter.setPen(QPen(mix(each.line.colour, colours.panel, 0.67), 1))
            # Dense zigzags take Qt a hundred times as long with smooth edges, which nobody sees in them.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, not each.dense)
            for piece in each.raw:
                painter.drawPolyline(piece)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.target is not None:
            y = float(self._y(np.array([self.target]))[0])
            painter.setPen(dash(colours.secondary, 1, 3, 3))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        for each in drawn:
            colour = each.line.colour
            # round caps take ten times as long
            painter.setPen(dash(colour, 2, 3, 2) if each.line.dashed else QPen(colour, 2))
            for piece in each.smooth:
                painter.drawPolyline(piece)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            for point in each.few:
                painter.drawEllipse(point, 2.5, 2.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        for each in drawn:
            if each.line.ring is not None:
                self._dot(painter, each.line, each.line.ring, hollow=True)
        if self.names:
            ends = [(each.line, each.last) for each in drawn if each.last is not None and each.line.name]
            draw_names(painter, plot, self.width(), ends)

    def _dot(self, painter: QPainter, line: Line, x: float, *, hollow: bool) -> None:
        value = line.value(x)
        if value is not None:
            painter.setPen(QPen(line.colour, 1.6))
            painter.setBrush(theme().panel if hollow else line.colour)
            painter.drawEllipse(self._place(x, value), 3.5, 3.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _cursor(self, painter: QPainter, at: float) -> None:
        left, right = self._x_range()
        if not left <= at <= right:
            return
        plot, x = self.plot, float(self._x(np.array([at]))[0])
        painter.setPen(dash(theme().secondary, 1, 1, 3))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        for line in self.lines:
            self._dot(painter, line, at, hollow=False)

    def _grid(self, painter: QPainter) -> None:
        colours, plot, (low, high) = theme(), self.plot, self._y_range()
        for value in ticks(low, high, log=self.log, most=max(2, int(plot.height() / 48))):
            y = float(self._y(np.array([value]))[0])
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours.secondary)
            painter.drawText(QRectF(0, y - 8, LEFT - 8, 16),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             mark_text(value, self.kind))  # fmt: skip
        left, right = self._x_range()
        painter.setPen(colours.secondary)
        under = QRectF(plot.left(), plot.bottom() + 6, plot.width(), 16)
        last = f"{number_text(right)} {self.unit}".strip()
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, number_text(left))
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, last)
        if not self.log_x:
            return
        free = plot.right() - painter.fontMetrics().horizontalAdvance(last) - 30
        for value in ticks(left, right, log=True, most=max(1, int(plot.width() / 90))):
            x = float(self._x(np.array([value]))[0])
            if plot.left() + 40 < x < free:
                painter.drawText(QRectF(x - 30, under.top(), 60, 16), Qt.AlignmentFlag.AlignHCenter,
                                 number_text(value))  # fmt: skip

    # Pointing, zooming

    def _point(self, x: float | None) -> None:
        self.show_cursor(x)
        self.pointed.emit(x)

    def _show(self, low: float, high: float) -> None:
        """Ask for a stretch of x, if it is not too small."""
        first, last = self.whole
        low, high = max(first, low), min(last, high)
        if high - low > (last - first) / CLOSEST:
            self.zoomed.emit(None if (low, high) == (first, last) else (low, high))

    def _zoom(self, pixel: float, factor: float) -> None:
        plot = self.plot
        self._show(
            self._x_at(pixel - (pixel - plot.left()) * factor), self._x_at(pixel + (plot.right() - pixel) * factor)
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.lines and self.plot.contains(event.position()):
            self._pressed = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = self.lines and self.plot.adjusted(0, -TOP, 0, BOTTOM).contains(event.position())
        if self._pressed is not None:
            self._dragged = min(max(event.position().x(), self.plot.left()), self.plot.right())
            self.update()
        self._point(self._x_at(event.position().x()) if inside else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, dragged = self._pressed, self._dragged
        self._pressed = self._dragged = None
        if pressed is not None and dragged is not None and abs(dragged - pressed) >= DRAGGED:
            self._show(*sorted((self._x_at(pressed), self._x_at(dragged))))
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.lines:
            self._zoom(event.position().x(), 0.8 ** (event.angleDelta().y() / 120))
            event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.zoomed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plot = event.key(), self.plot
        now = plot.center().x() if self.cursor_x is None else float(self._x(np.array([self.cursor_x]))[0])
        if not self.lines:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = plot.width() / (-100 if key == Qt.Key.Key_Left else 100)
            self._point(self._x_at(min(plot.right(), max(plot.left(), now + step))))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._zoom(now, 1.25 if key == Qt.Key.Key_Minus else 0.8)
        elif key == Qt.Key.Key_Home:
            self.zoomed.emit(None)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()
