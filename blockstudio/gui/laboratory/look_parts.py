"""A picture with what is laid over it, and small pictures in rows."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from blockstudio.gui.kit.parts import heading, quiet
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.report.heat import heat

FINE = 160
"""Side of the grid on which a map is interpolated."""
GAP, LINE = 8, 16


def column_of(width: int) -> tuple[QWidget, QVBoxLayout]:
    """A column of the page."""
    side = QWidget()
    side.setFixedWidth(width)
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    return side, column


def head_of(title: str, note: QWidget | str, *actions: QWidget) -> QHBoxLayout:
    """What stands over a part: its title, a quiet note behind it, and what can be done at the right."""
    row = QHBoxLayout()
    row.addWidget(heading(title))
    low = Qt.AlignmentFlag.AlignBottom
    row.addWidget(quiet(note, wrap=False) if isinstance(note, str) else note, 0, low)
    row.addStretch(1)
    for action in actions:
        row.addWidget(action, 0, low)
    return row


def signed(value: float) -> str:
    """A score, with a true minus."""
    return f"{value:.3f}".replace("-", "−")


def image_of(png: str) -> QImage:
    """A PNG file in base64."""
    return QImage.fromData(base64.b64decode(png))


def heat_image(values: Sequence[Sequence[float]], low: float | None = None, high: float | None = None) -> QImage:
    """A map as a layer to be laid over a picture: bilinear between its places, clear where it is low.

    Args:
        values: ``(rows, columns)``.
        low: What is clear; the least value without.
        high: What is brightest; the largest without.
    """
    found = np.asarray(values, dtype=np.float64)
    low, high = (float(found.min()) if low is None else low), (float(found.max()) if high is None else high)
    scaled = ((found - low) / (high - low)).clip(0, 1) if high > low else np.zeros_like(found)
    fine = _finer(_finer(scaled, 0), 1)
    colours, cover = heat(fine)
    layer = np.concatenate([colours, 255 * cover[..., None]], axis=-1).round().astype(np.uint8).copy()
    return QImage(layer.data, FINE, FINE, 4 * FINE, QImage.Format.Format_RGBA8888).copy()


def _finer(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Interpolated along an axis: each value stands in the middle of its place."""
    count = values.shape[axis]
    at = (np.arange(FINE) + 0.5) * count / FINE - 0.5
    known = np.arange(count)
    return np.apply_along_axis(lambda line: np.interp(at, known, line), axis, values)


@dataclass(frozen=True)
class Frame:
    """A rectangle on a picture, in its pixels: (left, top, right, bottom)."""

    box: Sequence[float]
    kind: str
    """``object`` dotted, ``field`` solid, ``effective`` dashed."""


class PictureView(QWidget):
    """A square with a picture, a map over it, frames, and a cross at the map's peak."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.setFixedSize(side, side)
        self.picture = QImage()
        self.layer = QImage()
        self.opacity = 1.0
        self.frames: list[Frame] = []
        self.peak: Sequence[int] | None = None
        notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, area = QPainter(self), QRectF(self.rect())
        painter.fillRect(self.rect(), theme().field)
        if self.picture.isNull():
            return
        painter.drawImage(area, self.picture)
        if not self.layer.isNull():
            painter.setOpacity(self.opacity)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self.layer)
            painter.setOpacity(1)
        across, down = area.width() / self.picture.width(), area.height() / self.picture.height()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for frame in self.frames:
            left, top, right, bottom = frame.box
            place = QRectF(left * across, top * down, (right - left) * across, (bottom - top) * down)
            place = place.adjusted(1, 1, -1, -1)
            painter.setPen(QPen(QColor("white"), 3.5))
            painter.drawRect(place)
            painter.setPen(_frame_pen(frame.kind))
            painter.drawRect(place)
        if self.peak is not None:
            at = QPointF((self.peak[1] + 0.5) * across, (self.peak[0] + 0.5) * down)
            for pen in (QPen(QColor("white"), 4), QPen(QColor("black"), 2)):
                painter.setPen(pen)
                painter.drawLine(at - QPointF(9, 0), at + QPointF(9, 0))
                painter.drawLine(at - QPointF(0, 9), at + QPointF(0, 9))


def _frame_pen(kind: str) -> QPen:
    if kind == "object":
        return QPen(QColor("#1b2128"), 1.5, Qt.PenStyle.DotLine)
    style = Qt.PenStyle.SolidLine if kind == "field" else Qt.PenStyle.DashLine
    return QPen(QColor("#2563d9"), 1.8, style)


@dataclass(frozen=True)
class Small:
    """A small picture with a line below; ``value`` is told when it is clicked."""

    picture: QImage
    line: str
    value: Any
    layer: QImage | None = None
    wrong: bool = False
    """Marked with a dot."""


class TilesView(QWidget):
    """Small pictures in rows. A click or the arrow keys choose one."""

    chosen = Signal(object, QPointF)
    """Its value, and where in the picture the click was, from 0 to 1; the middle for a key."""

    def __init__(self, side: int, columns: int, name: str, lines: bool = True) -> None:
        super().__init__()
        self._side, self._columns, self._lines = side, columns, lines
        self.tiles: list[Small] = []
        self.value: Any = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_columns(columns)
        notifier.changed.connect(self.update)

    def set_columns(self, columns: int) -> None:
        """So many in a row."""
        self._columns = columns
        rows = -(-len(self.tiles) // columns)
        height = max(rows * self._pitch() - GAP + 6, self._side)
        self.setFixedSize(QSize(columns * (self._side + GAP) - GAP + 4, height))
        self.update()

    def show_tiles(self, tiles: Sequence[Small], value: Any = None) -> None:
        """Others, of which the one with ``value`` is chosen."""
        self.tiles, self.value = list(tiles), value
        self.set_columns(self._columns)

    def choose(self, value: Any) -> None:
        """Put one in front, and tell nobody."""
        self.value = value
        self.update()

    def place(self, number: int) -> QRectF:
        """Where a picture is."""
        row, column = divmod(number, self._columns)
        return QRectF(2 + column * (self._side + GAP), 2 + row * self._pitch(), self._side, self._side)

    def _pitch(self) -> int:
        return self._side + GAP + (LINE if self._lines else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, tile in enumerate(self.tiles):
            place, on = self.place(number), tile.value == self.value
            painter.drawImage(place, tile.picture)
            if tile.layer is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(place, tile.layer)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.accent, 2) if on else QPen(colours.hairline, 1))
            painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), 3, 3)
            if tile.wrong:
                painter.setBrush(colours.problem)
                painter.setPen(QPen(QColor("white"), 1))
                painter.drawEllipse(place.topRight() + QPointF(-7, 7), 4, 4)
            if self._lines:
                painter.setPen(colours.text if on else colours.secondary)
                painter.setFont(font(11, bold=on))
                below = QRectF(place.left(), place.bottom() + 2, self._side, LINE)
                # Of a path its end says which it is.
                elide = Qt.TextElideMode.ElideLeft if "." in tile.line else Qt.TextElideMode.ElideRight
                line = painter.fontMetrics().elidedText(tile.line, elide, self._side)
                painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, line)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        for number, tile in enumerate(self.tiles):
            place = self.place(number)
            if place.contains(at):
                self.value = tile.value
                self.update()
                inside = at - place.topLeft()
                self.chosen.emit(tile.value, QPointF(inside.x() / place.width(), inside.y() / place.height()))
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: self._columns,
                 Qt.Key.Key_Up: -self._columns}  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self.tiles:
            super().keyPressEvent(event)
            return
        at = next((number for number, tile in enumerate(self.tiles) if tile.value == self.value), 0)
        self.value = self.tiles[max(0, min(at + step, len(self.tiles) - 1))].value
        self.update()
        self.chosen.emit(self.value, QPointF(0.5, 0.5))
