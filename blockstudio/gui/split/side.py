"""One of two drawings side by side: to be looked at, not to be changed."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from blockstudio.graph.definition import MAIN
from blockstudio.graph.diagram import Diagram
from blockstudio.gui.canvas.paint.canvas_painter import CanvasPainter, Sheet
from blockstudio.gui.canvas.scene.camera import Camera
from blockstudio.gui.canvas.scene.hits import hit
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.theme import notifier, theme
from blockstudio.gui.split.marks import Marked, draw

REST_MS = 140
"""After so long without a further step the zoom rests."""
NOTCH = 120.0
STEP = 1.2


class Side(QWidget):
    """A wheel zooms to the cursor (Shift or a trackpad pans), dragging pans, a click chooses a block, a double click
    opens a module."""

    moved = Signal()
    """The user sees another part of it."""
    chosen = Signal(str)
    """A block of the level was clicked."""
    opened = Signal(str)
    """The definition of a module is to be seen."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.session = Session(parent=self)
        self.scene = Scene(self.session, self)
        self.camera = Camera(self._view, self.scene.bounds, self.scene.first_rect, lambda _: self.update())
        self.painter = CanvasPainter()
        self.marked = Marked()
        self._held: QPointF | None = None
        self._dragged = False
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self._rests)
        self.setAccessibleName(name)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.scene.changed.connect(self.update)
        self.scene.document_changed.connect(self.camera.restart)
        self.scene.level_changed.connect(lambda _: self.camera.restart())
        self.scene.arranged.connect(self.camera.resized)
        notifier.changed.connect(self.update)

    def _view(self) -> QRectF:
        return QRectF(self.rect())

    # What the page uses

    def show_diagram(self, diagram: Diagram) -> None:
        """Show a diagram from its main graph."""
        self.session.open(diagram)

    def go(self, scope: str) -> bool:
        """Show a definition; False if there is none of the name."""
        if scope not in self.session.diagram.scopes():
            return False
        if self.session.scope != scope:
            self.session.go("" if scope == MAIN else DEFINITION + scope)
        return True

    def mark(self, marked: Marked) -> None:
        """Mark these differences."""
        self.marked = marked
        self.update()

    def reveal(self, name: str) -> None:
        """Bring a block of the level into the middle."""
        if name in self.scene.drawing.rows:
            self.camera.reveal(self.scene.block_rect(name))
            self.camera.centre_on(self.scene.block_rect(name).center())

    def nearest(self, names: set[str]) -> str | None:
        """The block among ``names`` nearest to the middle of the view."""
        drawing = self.scene.drawing
        rows = [row for row, name in enumerate(drawing.names) if name in names]
        if not rows:
            return None
        middle = self.camera.to_scene(self._view().center()) - self.scene.offset
        boxes = drawing.boxes[rows]
        aside = (boxes[:, :2] + boxes[:, 2:]) / 2 - (middle.x(), middle.y())
        return drawing.names[rows[int(np.argmin((aside**2).sum(axis=1)))]]

    def place_of(self, name: str) -> QPointF:
        """Where a block's middle is seen, from the middle of the view."""
        return self.camera.to_view(self.scene.block_rect(name).center()) - self._view().center()

    def follow(self, name: str, place: QPointF, scale: float) -> None:
        """See a block at a place (from the middle of the view) and a zoom."""
        self.painter.sprites.moving = self.camera.scale != scale
        self._rest.start()
        self.camera.zoom_to(scale)
        here = self.place_of(name)
        self.camera.pan(place.x() - here.x(), place.y() - here.y())

    def stop(self) -> None:
        """Let go of the diagram."""
        self._rest.stop()
        self.session.close()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        sheet = Sheet(self.size(), QRectF(event.rect()), self.devicePixelRatioF())
        with QPainter(self) as painter:
            self.painter.paint(painter, sheet, self.scene, self.camera, None)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setTransform(self.camera.transform(), True)
            area = self.camera.rect_to_scene(QRectF(event.rect()))
            draw(painter, self.scene.root, self.marked, area, theme())
        if self.painter.waits:
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Never put into columns by itself: what is the same is to stand alike on both sides.
        self.camera.resized()
        super().resizeEvent(event)

    def _rests(self) -> None:
        self.painter.sprites.moving = False
        self.update()

    # The mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels, turned = event.pixelDelta(), event.angleDelta()
        pans = event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not pixels.isNull()
        if pans and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            by = pixels if not pixels.isNull() else turned
            self.camera.pan(by.x() or (by.y() if pixels.isNull() else 0), by.y() if not pixels.isNull() else 0)
        else:
            self.painter.sprites.moving = True
            self._rest.start()
            self.camera.zoom_to(self.camera.scale * STEP ** (turned.y() / NOTCH), event.position())
        self.moved.emit()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held, self._dragged = event.position(), False
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            return
        by = event.position() - self._held
        if self._dragged or by.manhattanLength() > 4:
            self._dragged, self._held = True, event.position()
            self.camera.pan(by.x(), by.y())
            self.moved.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        if not self._dragged and self._held is not None and (name := self._at(event.position())):
            self.chosen.emit(name)
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        name = self._at(event.position())
        if name and self.scene.is_module(name):
            self.opened.emit(self.session.definition.block(name).type)

    def _at(self, point: QPointF) -> str:
        found = hit(self.scene.root, self.camera.to_scene(point), self.camera.scale)
        return found.block or ""
