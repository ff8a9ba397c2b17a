"""A preset's drawing in the browser, painted in steps of a few milliseconds between events while it is in view."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.analysis import Analysis
from blockstudio.graph.diagram import Diagram
from blockstudio.gui.canvas.paint.thumbnail import thumbnail
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import notifier, theme

KEPT = 60
"""So many pictures are kept."""


class Picture(QWidget):
    """Shows one network's drawing; what is not ready yet comes in column by column."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._shown: tuple[Diagram, Analysis] | None = None
        self._steps: Iterator[QImage] | None = None
        self._key: object = None
        self._image: QImage | None = None
        self._kept: dict[object, QImage] = {}
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        notifier.changed.connect(self._start)

    @property
    def busy(self) -> bool:
        return self._steps is not None

    @property
    def image(self) -> QImage | None:
        """What is shown."""
        return self._image

    def show_drawing(self, name: str, diagram: Diagram, analysis: Analysis) -> None:
        """Draw another network; ``name`` is for readers of screens."""
        self._shown = diagram, analysis
        self.setAccessibleName(tr("Drawing of {0}", name))
        self._start()

    def _start(self) -> None:
        if self._shown is None or not self.isVisible() or self.width() < 40:
            return
        diagram, analysis = self._shown
        ratio = self.devicePixelRatioF()
        # Analyses are kept as long as their pictures, so that no other has the same id.
        self._key = (analysis, self.width(), self.height(), ratio, theme().name)
        found = self._kept.get(self._key)
        if found is not None:
            self._finish(found)
            return
        self._steps = thumbnail(diagram, analysis, QSize(self.width(), self.height()), ratio, theme())
        self._timer.start(0)

    def _step(self) -> None:
        assert self._steps is not None
        image = next(self._steps, None)
        if image is not None:
            self._image = image
        else:
            assert self._image is not None
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[self._key] = self._image
            self._finish(self._image)
        self.update()

    def _finish(self, image: QImage) -> None:
        self._image, self._steps = image, None
        self._timer.stop()
        self.update()

    def stop(self) -> None:
        self._steps = None
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._start()

    def hideEvent(self, event: QHideEvent) -> None:
        # What came in its place is to be drawn now.
        super().hideEvent(event)
        self.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme()
        painter.setPen(QPen(colours.hairline, 1))
        painter.setBrush(colours.canvas)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        if self._image is not None:
            painter.drawImage(0, 0, self._image)
