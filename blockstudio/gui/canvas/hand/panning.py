"""Moving the view: by the drawing itself, or on the small map. Neither knows a block, so nothing cancels them but
Esc."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from blockstudio.gui.canvas.hand.gesture import Drag
from blockstudio.gui.canvas.hand.surface import Surface


class Pan(Drag):
    """Move the view."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, surface: Surface, at: QPointF) -> None:
        super().__init__(surface, at)
        self._before = surface.camera.x, surface.camera.y
        self.dragging = True

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.surface.camera.pan(at.x() - self.at.x(), at.y() - self.at.y())
        self.at = QPointF(at)

    def cancel(self) -> None:
        camera = self.surface.camera
        camera.pan(self._before[0] - camera.x, self._before[1] - camera.y)

    def rebase(self) -> bool:
        # What it would go back to may be another level's.
        self._before = self.surface.camera.x, self.surface.camera.y
        return True


class Steer(Pan):
    """Move the view by dragging on the map."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, surface: Surface, at: QPointF) -> None:
        super().__init__(surface, at)
        self.move(at, Qt.KeyboardModifier.NoModifier)

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        point = self.surface.map_point(at, anywhere=True)
        if point is not None:
            self.surface.camera.centre_on(point)
