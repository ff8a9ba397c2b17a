"""Curves of a run: thin lines on a quiet ground, no frame. pyqtgraph is imported with this module, so the window
imports it only once there is a run to show."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import as_text, font, mix, notifier, theme
from blockstudio.gui.training.run_data import Columns, RunData

BINS = 1000
"""A curve is drawn with the extremes of so many stretches."""


class _QuietAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """Figures and hairlines; no line along the axis itself."""

    def __init__(self, percent: bool) -> None:
        super().__init__("left", maxTickLength=0)
        self._percent = percent
        self.setStyle(
            tickTextOffset=6, tickLength=0, autoExpandTextSpace=False, tickTextWidth=30, hideOverlappingLabels=True
        )
        self.setWidth(38)
        self.setGrid(110)

    def drawPicture(self, painter: QPainter, axis: tuple[object, ...], ticks: object, texts: object) -> None:
        pen, *_ = axis
        away = QPointF(-10.0, -10.0)
        super().drawPicture(painter, (pen, away, away), ticks, texts)

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """About four lines, at round figures."""
        rough = max(high - low, 1e-9) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = min((1, 2, 2.5, 5, 10), key=lambda nice: abs(nice * power - rough)) * power
        return [(step, 0.0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self._percent:
            return [f"{value * 100:.0f} %" if -1e-9 <= value <= 1 + 1e-9 else "" for value in values]
        return [f"{value:g}" for value in values]


class CurvePlot(QWidget):
    """One figure over a run: its training points step by step, its means of each epoch, and validation. `pointed`
    carries where the mouse is, in steps, or ``None``."""

    pointed = Signal(object)

    def __init__(self, title: str, step: str, train: str, validation: str, *, percent: bool = False) -> None:
        super().__init__()
        self._step, self._train, self._validation, self._percent = step, train, validation, percent
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(8)
        name = QLabel(title)
        name.setFont(font(12, bold=True))
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.readout = QLabel()
        self.readout.setProperty("role", "secondary")
        head.addWidget(name)
        head.addWidget(self.legend)
        head.addStretch(1)
        head.addWidget(self.readout)
        column.addLayout(head)
        self.plot = pg.PlotWidget(axisItems={"left": _QuietAxis(percent)})
        self.plot.setAccessibleName(title)
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self.plot.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        # A menu of its own that belongs to no widget, and so would outlive the window.
        item.ctrlMenu.deleteLater()
        item.ctrlMenu = None
        item.hideAxis("bottom")
        item.setContentsMargins(0, 4, 2, 2)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setMinimumSize(160, 80)
        if percent:
            self.plot.setYRange(0, 1.04, padding=0)
        self.steps = self.plot.plot([], [], antialias=True)
        self.means = self.plot.plot([], [], antialias=True)
        self.validations = self.plot.plot([], [], antialias=True)
        self.cross = pg.InfiniteLine(angle=90)
        self.cross.hide()
        self.plot.addItem(self.cross, ignoreBounds=True)
        self.plot.scene().sigMouseMoved.connect(self._hover)
        column.addWidget(self.plot, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(38, 0, 2, 0)
        self._left, self._right = QLabel("0"), QLabel()
        for label in (self._left, self._right):
            label.setProperty("role", "secondary")
        foot.addWidget(self._left)
        foot.addStretch(1)
        foot.addWidget(self._right)
        column.addLayout(foot)
        self._data: RunData | None = None
        self._points = 0
        notifier.changed.connect(self.recolour)
        self.recolour()

    @property
    def points(self) -> int:
        """Training points that the curve stands for."""
        return self._points

    def recolour(self) -> None:
        colours = theme()
        train, validation = colours.series[0], colours.series[1]
        self.plot.setBackground(colours.panel)
        axis = self.plot.getPlotItem().getAxis("left")
        axis.setPen(colours.hairline)
        axis.setTextPen(colours.secondary)
        axis.setTickFont(font(10))
        self.steps.setPen(pg.mkPen(mix(train, colours.panel, 0.35), width=1))
        self.means.setPen(pg.mkPen(train, width=2))
        self.validations.setPen(pg.mkPen(validation, width=2))
        for curve, colour in ((self.means, train), (self.validations, validation)):
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(None)
        self.cross.setPen(pg.mkPen(colours.faint, width=1, style=Qt.PenStyle.DotLine))
        self.legend.setText(f"{_in(train, tr('train'))} · {_in(validation, tr('validation'))}")

    def show_data(self, data: RunData | None) -> None:
        """Draw what is known of a run; ``None`` draws nothing."""
        self._data = data
        if data is None or not data.steps.size:
            self.show_cursor(None)  # an empty chart says nothing
        if data is None:
            self._points = 0
            for curve in (self.steps, self.means, self.validations):
                curve.setData([], [])
            return
        x, y = _known(data.steps, self._step)
        self._points = len(x)
        self.steps.setData(*thinned(x, y))
        for curve, name in ((self.means, self._train), (self.validations, self._validation)):
            x, y = _known(data.epochs, name)
            # A line needs two points; the first epochs show as dots.
            curve.setData(x, y, symbol="o" if len(x) <= 12 else None, symbolSize=5)
        total = data.total_steps or (int(data.steps["step"][-1]) if data.steps.size else 0)
        self.plot.setXRange(0, total or 1, padding=0.005)
        if not self._percent:
            self._fit_loss(data)
        epochs = data.started.get("epochs")
        if epochs:
            self._right.setText(tr_many("{count} epoch", "{count:,} epochs", epochs))
        else:
            self._right.setText(tr_many("{count} step", "{count:,} steps", total) if total else "")

    def _fit_loss(self, data: RunData) -> None:
        """From zero to what most points lie below: an early spike must not flatten the rest."""
        steps = _known(data.steps, self._step)[1]
        epochs = np.concatenate([_known(data.epochs, name)[1] for name in (self._train, self._validation)])
        top = (
            float(np.quantile(steps[:: max(1, steps.size // 5000)], 0.995 if steps.size > 50 else 1.0))
            if steps.size
            else 0.0
        )
        if epochs.size:
            top = max(top, min(float(epochs.max()), 2 * top) if top else float(epochs.max()))
        self.plot.setYRange(0, top * 1.06 if top > 0 else 1.0, padding=0)

    def _hover(self, at: QPointF) -> None:
        data = self._data
        if data is None or not data.steps.size or not self.plot.sceneBoundingRect().contains(at):
            self.pointed.emit(None)
            return
        self.pointed.emit(float(self.plot.getPlotItem().vb.mapSceneToView(at).x()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(None)

    def show_cursor(self, x: float | None) -> None:
        """Mark the step nearest to ``x`` and say its values; ``None`` takes both away."""
        data = self._data
        if x is None or data is None or not data.steps.size:
            self.cross.hide()
            self.readout.clear()
            return
        step, value = _nearest(data.steps, self._step, x)
        if step is None:
            return
        self.cross.setPos(step)
        self.cross.show()
        parts = [tr("step {step}").format(step=f"{step:,.0f}"), self._text(value)]
        near, validation = _nearest(data.epochs, self._validation, x)
        if near is not None:
            parts.append(tr("validation {value}").format(value=self._text(validation)))
        self.readout.setText(" · ".join(parts))

    def _text(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value * 100:.1f} %" if self._percent else f"{value:.3f}"


class Curves(QWidget):
    """Loss and accuracy side by side."""

    def __init__(self) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(24)
        self.loss = CurvePlot(tr("Loss"), "loss", "train_loss", "validation_loss")
        self.accuracy = CurvePlot(tr("Accuracy"), "accuracy", "train_accuracy", "validation_accuracy", percent=True)
        line.addWidget(self.loss, 1)
        line.addWidget(self.accuracy, 1)
        for plot in (self.loss, self.accuracy):
            plot.pointed.connect(self._point)

    def _point(self, x: float | None) -> None:
        """One cursor in both."""
        for plot in (self.loss, self.accuracy):
            plot.show_cursor(x)

    def show_data(self, data: RunData | None) -> None:
        self.loss.show_data(data)
        self.accuracy.show_data(data)


def _known(columns: Columns, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values, without the rows that have no value."""
    x, y = columns["step"], columns[name]
    there = np.isfinite(y)
    return (x, y) if there.all() else (x[there], y[there])


def thinned(x: np.ndarray, y: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """At most two points a bin, its lowest and its highest, so that peaks stay: no screen shows more."""
    if len(x) <= 2 * bins:
        return x, y
    size = len(x) // bins
    whole = size * bins
    low = y[:whole].reshape(bins, size).argmin(axis=1) + np.arange(bins) * size
    high = y[:whole].reshape(bins, size).argmax(axis=1) + np.arange(bins) * size
    kept = np.unique(np.concatenate([low, high, np.arange(whole, len(x)), [0]]))
    return x[kept], y[kept]


def _nearest(columns: Columns, name: str, x: float) -> tuple[float | None, float | None]:
    xs, ys = _known(columns, name)
    if not xs.size:
        return None, None
    index = int(np.clip(np.searchsorted(xs, x), 0, xs.size - 1))
    if index and abs(xs[index - 1] - x) < abs(xs[index] - x):
        index -= 1
    return float(xs[index]), float(ys[index])


def _in(colour: QColor, text: str) -> str:
    return f"<span style='color:{as_text(colour).name()}'>{text}</span>"
