"""The part of the drawing that the window shows: fit, zoom, pan, reveal."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from blockstudio.gui.canvas.paint.camera import Camera
from blockstudio.gui.canvas.scene.metrics import LINES

READABLE = 0.85
"""Below this zoom a level just opened is not shown whole: it begins at its top instead."""
MARGIN = 40.0
"""Pixels around what is fitted into the window."""
EDGE = 24.0
"""Pixels between a revealed block and the window's edge."""
STEP = 1.25


class View(QWidget):
    """A widget with a camera. Coordinates called *view* are pixels of this widget, *scene* those of the drawing."""

    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.camera = Camera()
        self.fresh = True
        """The user has not moved the view yet: it may follow the window's size."""
        self._wanted: QRectF | None = None
        """What is to be seen when the view starts."""

    def bounds(self) -> QRectF:
        """What is drawn, in scene coordinates."""
        raise NotImplementedError

    def first_rect(self) -> QRectF:
        """Where reading begins, in scene coordinates."""
        raise NotImplementedError

    def viewport(self) -> QWidget:
        """The widget that gets the mouse: this one."""
        return self

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def restart_view(self) -> None:
        """Another level: begin as if the user had moved nothing."""
        self.fresh, self._wanted = True, None
        self.start_view()

    def start_view(self) -> None:
        """How a level just opened is shown: whole if it is readable so, else from its top."""
        bounds, view = self.bounds(), QRectF(self.rect())
        if bounds.isEmpty():
            self.camera.scale = 1.0
            self.camera.centre(QPointF(), view)
        else:
            self.camera.fit(bounds, view, MARGIN)
            if self.camera.scale < READABLE:
                self.camera.scale = READABLE
                self.camera.x = view.center().x() - READABLE * self.first_rect().center().x()
                self.camera.y = MARGIN - READABLE * bounds.top()
            if self._wanted is not None and not view.contains(self.camera.rect_to_view(self._wanted)):
                self.camera.centre(self._wanted.center(), view)
        self.zoom_changed.emit(self.camera.scale)
        self.update()

    def fit(self) -> None:
        """Show the whole level."""
        self.fresh = False
        bounds = self.bounds()
        if bounds.isEmpty():
            self.start_view()
            return
        self.camera.fit(bounds, QRectF(self.rect()), MARGIN)
        self.zoom_changed.emit(self.camera.scale)
        self.update()

    def zoom_to(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom to a factor, the point ``about`` (view; the middle without one) staying where it is."""
        self.fresh = False
        self.camera.zoom(factor, about if about is not None else QRectF(self.rect()).center())
        self.zoom_changed.emit(self.camera.scale)
        self.update()

    def zoom_in(self) -> None:
        self.zoom_to(self.camera.scale * STEP)

    def zoom_out(self) -> None:
        self.zoom_to(self.camera.scale / STEP)

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by pixels."""
        self.fresh = False
        self.camera.pan(dx, dy)
        self.update()

    def centre_on(self, point: QPointF) -> None:
        """Bring a scene point to the middle."""
        self.fresh = False
        self.camera.centre(point, QRectF(self.rect()))
        self.update()

    def reveal_rect(self, rect: QRectF) -> None:
        """Make sure that a rectangle of the scene is in view and can be read, moving no further than needed."""
        if self.fresh:
            # The window may still find its size.
            self._wanted = rect
            self.start_view()
            return
        if self.camera.scale < LINES:
            self.zoom_to(1.0)
            self.centre_on(rect.center())
            return
        seen = self.camera.rect_to_view(rect)
        view = QRectF(self.rect()).adjusted(EDGE, EDGE, -EDGE, -EDGE)
        if view.contains(seen):
            return
        if view.intersects(seen) and seen.width() < view.width() and seen.height() < view.height():
            dx = max(0.0, view.left() - seen.left()) - max(0.0, seen.right() - view.right())
            dy = max(0.0, view.top() - seen.top()) - max(0.0, seen.bottom() - view.bottom())
            self.pan(dx, dy)
        else:
            self.centre_on(rect.center())

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.fresh:
            self.start_view()
        super().resizeEvent(event)
