"""Figures by class with a bar each, and how sure the network was against how right."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.report.results import means, percent
from blockstudio.runs.predictions import BINS, Predictions

ROW = 30
LOW = 0.8
"""An F1 below is marked."""


class ByClass(QWidget):
    """A row a class: precision, recall, F1 and a bar from 50 to 100 %; a click goes to the class."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Precision, recall and F1 by class"))
        self.found: Predictions | None = None
        self.current = -1
        notifier.changed.connect(self.update)

    def show_classes(self, found: Predictions) -> None:
        self.found, self.current = found, -1
        self.setFixedHeight(ROW * (len(found.classes) + 2))
        self.update()

    def mark(self, index: int) -> None:
        """Light a class."""
        self.current = index
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.found is None:
            return
        painter, colours, width = QPainter(self), theme(), self.width()
        edges = (8.0, 0.42 * width, 0.58 * width, 0.74 * width)
        last = len(self.found.classes) + 1
        for index in range(max(0, event.rect().top() // ROW), min(last, event.rect().bottom() // ROW) + 1):
            row, top = self._row(index), ROW * index
            outer = index in (0, last)
            if index - 1 == self.current and not outer:
                painter.fillRect(QRectF(0, top, width, ROW), colours.selected)
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(0, top + ROW - 0.5), QPointF(width, top + ROW - 0.5))
            painter.setPen(colours.secondary if outer else colours.text)
            painter.setFont(font(11 if index == 0 else 12))
            name = painter.fontMetrics().elidedText(row[0], Qt.TextElideMode.ElideRight, int(edges[1] - 60))
            painter.drawText(QRectF(edges[0], top, edges[1] - 40, ROW), Qt.AlignmentFlag.AlignVCenter, name)
            for column in (1, 2, 3):
                painter.setFont(font(11 if index == 0 else 12, bold=column == 3 and not outer))
                place = QRectF(edges[column] - 70, top, 70, ROW)
                painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row[column])
            if not outer:
                self._bar(painter, QRectF(edges[3] + 14, top + ROW / 2 - 2, width - edges[3] - 22, 4), index - 1)

    def _row(self, index: int) -> tuple[str, ...]:
        """Texts: of the head, of each class, of the mean."""
        assert self.found is not None
        classes, figures = self.found.classes, self.found.by_class
        if index == 0:
            return tr("class"), tr("precision"), tr("recall"), "F1"
        if index > len(classes):
            return tr("mean"), *map(percent, means(figures))
        return classes[index - 1], *map(percent, figures[index - 1, :3].tolist())

    def _bar(self, painter: QPainter, place: QRectF, index: int) -> None:
        assert self.found is not None
        colours, f1 = theme(), float(self.found.by_class[index, 2])
        painter.fillRect(place, colours.track)
        if not np.isnan(f1):
            share = max(0.0, min(1.0, (f1 - 0.5) / 0.5))
            painter.fillRect(QRectF(place.left(), place.top(), place.width() * share, place.height()),
                             colours.series[1] if f1 < LOW else colours.accent)  # fmt: skip

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = int(event.position().y() // ROW) - 1
        if self.found is not None and 0 <= index < len(self.found.classes):
            self.chosen.emit(index)


class HowSure(QWidget):
    """Bars of how often it was right, by how sure it was; on the diagonal it is as right as it says."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("How sure, how right"))
        self.setMinimumHeight(130)
        self.found: Predictions | None = None
        notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 150)

    def show_bins(self, found: Predictions) -> None:
        self.found = found
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.found is None:
            return
        painter, colours = QPainter(self), theme()
        images, right, _ = self.found.bins
        there = np.flatnonzero(images)
        first = int(there[0]) if there.size else 0
        plot = QRectF(40, 8, self.width() - 52, self.height() - 32)
        painter.setFont(font(11))
        for share in (0.0, 0.5, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours.secondary)
            painter.drawText(QRectF(0, y - 8, 34, 16), Qt.AlignmentFlag.AlignRight, f"{100 * share:.0f} %")
        wide = plot.width() / (BINS - first)
        for place in range(first, BINS):
            x = plot.left() + wide * (place - first)
            painter.setPen(colours.secondary)
            painter.drawText(QRectF(x - 20, plot.bottom() + 4, 40, 16), Qt.AlignmentFlag.AlignCenter,
                             f"{100 * place / BINS:.0f} %")  # fmt: skip
            if images[place]:
                height = plot.height() * right[place] / images[place]
                painter.fillRect(QRectF(x + 2, plot.bottom() - height, wide - 4, height), colours.primary)
                painter.setPen(colours.on_accent if height > 18 else colours.text)
                at = plot.bottom() - 17 if height > 18 else plot.bottom() - height - 17
                painter.drawText(QRectF(x, at, wide, 16), Qt.AlignmentFlag.AlignCenter, f"{images[place]:,.0f}")
        pen = QPen(colours.secondary, 1)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawLine(QPointF(plot.left(), plot.bottom() - plot.height() * first / BINS), plot.topRight())
