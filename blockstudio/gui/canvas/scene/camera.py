"""The part of the drawing that the window shows: fit, zoom, pan, reveal."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSizeF

from blockstudio.gui.canvas.scene.metrics import LINES
from blockstudio.gui.canvas.scene.projection import Projection

READABLE = 0.85
"""Below this zoom a level just opened is not shown whole: it begins at its top instead."""
LEAST = 0.65
"""Down to this zoom a level is shown in its whole width, where that is what it lacks."""
SIDE = 26.0
"""Pixels left and right of it then: a lesson's numbers stand beside cards."""
MARGIN = 40.0
"""Pixels around what is fitted into the window."""
EDGE = 24.0
"""Pixels between a revealed block and the window's edge."""
STEP = 1.25
Seen = tuple[tuple[float, float, float] | None, dict[str, tuple[float, float, float]]]
"""Zoom and place of the level in view, once somebody has moved it, and of others by path."""


class Camera(Projection):
    """The projection that the user steers, and how each level was seen last.

    Coordinates called *view* are pixels of the widget, *scene* those of the drawing. ``view`` gives the widget's
    rectangle, ``bounds`` what is drawn and ``first`` where reading begins (both in scene coordinates); ``changed`` is
    called after every move, with True where the zoom may be another.
    """

    def __init__(
        self,
        view: Callable[[], QRectF],
        bounds: Callable[[], QRectF],
        first: Callable[[], QRectF],
        changed: Callable[[bool], None],
    ) -> None:
        super().__init__()
        self._view, self._bounds, self._first, self._changed = view, bounds, first, changed
        self.fresh = True
        """The user has not moved the view yet: it may follow the window's size."""
        self._wanted: QRectF | None = None
        """What is to be seen when the view starts."""
        self._kept: dict[str, tuple[float, float, float]] = {}
        self._drawn_in: tuple[tuple[float, float, float], tuple[float, float, float], QSizeF] | None = None
        """How it is seen in a widget that became smaller, and how and in what size all of it was seen before."""

    def restart(self) -> None:
        """Another level: begin as if the user had moved nothing."""
        self.fresh, self._wanted = True, None
        self.start()

    def start(self) -> None:
        """How a level just opened is shown: whole if it is readable so, else from its top."""
        bounds, view = self._bounds(), self._view()
        if bounds.isEmpty():
            self.scale = 1.0
            self.centre(QPointF(), view)
        else:
            self.fit_rect(bounds, view, MARGIN)
            if self.scale < READABLE:
                wide = (view.width() - 2 * SIDE) / bounds.width()
                self.scale = min(READABLE, wide) if wide >= LEAST else READABLE
                # What has room in the width is seen in its width; what is wider fills the view: no empty paper beside
                # the first column, or before a row.
                side = SIDE if self.scale * bounds.width() <= view.width() - 2 * SIDE + 1e-6 else MARGIN
                x = view.center().x() - self.scale * self._first().center().x()
                ends = (
                    view.right() - side - self.scale * bounds.right(),
                    view.left() + side - self.scale * bounds.left(),
                )
                self.x = min(max(x, min(ends)), max(ends))
                self.y = MARGIN - self.scale * bounds.top()
            if self._wanted is not None and not view.contains(self.rect_to_view(self._wanted)):
                self.centre(self._wanted.center(), view)
        self._changed(True)

    def resized(self, before: QSizeF | None = None) -> None:
        """The widget has another size than ``before``. What was seen whole is so still, where it can be read; when
        there is as much room again, as before."""
        if self.fresh:
            self.start()
            return
        bounds, view, now = self._bounds(), self._view(), (self.scale, self.x, self.y)
        drawn_in, self._drawn_in = self._drawn_in, None
        if drawn_in is not None and drawn_in[0] == now:
            _, wide, size = drawn_in
            if view.width() >= size.width() and view.height() >= size.height():
                self.scale, self.x, self.y = wide
                self._changed(True)
                return
            before, now = size, wide
            self.scale, self.x, self.y = wide
        if before is None or bounds.isEmpty():
            return
        seen = self.rect_to_view(bounds)
        if not QRectF(QPointF(), before).contains(seen) or view.contains(seen):
            return
        self.fit_rect(bounds, view, SIDE, self.scale)
        if self.scale < LINES:
            self.scale, self.x, self.y = now
        self._drawn_in = (self.scale, self.x, self.y), now, before
        self._changed(True)

    def keep(self, path: str) -> None:
        """Remember how a level is seen now."""
        self._kept[path] = self.scale, self.x, self.y

    def recall(self, path: str) -> None:
        """See a level as it was seen last, or begin."""
        known = self._kept.get(path)
        if known is None:
            self.restart()
        else:
            self.scale, self.x, self.y = known
            self._changed(True)

    def give(self) -> Seen:
        """How this level and the others are seen, for the window that takes this one's place."""
        return None if self.fresh else (self.scale, self.x, self.y), dict(self._kept)

    def take(self, seen: Seen) -> None:
        """See them as another window did."""
        now, self._kept = seen
        if now is not None:
            self.fresh = False
            self.scale, self.x, self.y = now
            self._changed(True)

    def forget(self) -> None:
        """Another document."""
        self._kept.clear()

    def fit(self) -> None:
        """Show the whole level."""
        self.fresh = False
        bounds = self._bounds()
        if bounds.isEmpty():
            self.start()
            return
        self.fit_rect(bounds, self._view(), MARGIN)
        self._changed(True)

    def zoom_to(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom to a factor, the point ``about`` (view; the middle without one) staying where it is."""
        self.fresh = False
        self.scale_about(factor, about if about is not None else self._view().center())
        self._changed(True)

    def zoom_in(self) -> None:
        self.zoom_to(self.scale * STEP)

    def zoom_out(self) -> None:
        self.zoom_to(self.scale / STEP)

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by pixels."""
        self.fresh = False
        self.shift(dx, dy)
        self._changed(False)

    def centre_on(self, point: QPointF) -> None:
        """Bring a scene point to the middle."""
        self.fresh = False
        self.centre(point, self._view())
        self._changed(False)

    def reveal(self, rect: QRectF) -> None:
        """Make sure that a rectangle of the scene is in view and can be read, moving no further than needed."""
        if self.fresh:
            # The window may still find its size.
            self._wanted = rect
            self.start()
            return
        if self.scale < LINES:
            self.zoom_to(1.0)
            self.centre_on(rect.center())
            return
        seen = self.rect_to_view(rect)
        view = self._view().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        if view.contains(seen):
            return
        if view.intersects(seen) and seen.width() < view.width() and seen.height() < view.height():
            dx = max(0.0, view.left() - seen.left()) - max(0.0, seen.right() - view.right())
            dy = max(0.0, view.top() - seen.top()) - max(0.0, seen.bottom() - view.bottom())
            self.pan(dx, dy)
        else:
            self.centre_on(rect.center())
