"""Selecting what a rectangle touches."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt

from blockstudio.graph.annotations import Annotation
from blockstudio.gui.canvas.hand.gesture import Drag, adds
from blockstudio.gui.canvas.hand.surface import Surface, from_stage, on_stage
from blockstudio.gui.canvas.scene.overlay import Band


class Marquee(Drag):
    """Select what a rectangle touches; with Shift or Ctrl in addition to what is selected."""

    cursor = Qt.CursorShape.CrossCursor
    scrolls = True

    def __init__(self, surface: Surface, at: QPointF) -> None:
        super().__init__(surface, at)
        # The corner stays with the drawing when the view moves meanwhile.
        self._corner = on_stage(surface, at)

    @property
    def area(self) -> QRectF:
        """The rectangle in the stage's coordinates."""
        return QRectF(self._corner, on_stage(self.surface, self.at)).normalized()

    def _touched(self, modifiers: Qt.KeyboardModifier) -> list[str]:
        drawing = self.scene.drawing
        found = [drawing.names[row] for row in drawing.rows_in(self.area)]
        found = [name for name in found if not drawing.is_hidden(name)]
        # Within an open frame one draws the rectangle on it, not around it.
        found = [name for name in found if name not in drawing.frames or self.area.contains(drawing.rect(name))]
        return [*self.scene.session.selection, *found] if adds(modifiers) else found

    def _noted(self, modifiers: Qt.KeyboardModifier) -> list[Annotation]:
        """The notes that it touches, and the frames that lie in it."""
        drawing = self.scene.drawing
        found = [Annotation("note", each.name) for each in drawing.sheets() if self.area.intersects(each.rect)]
        found += [Annotation("frame", each.name) for each in drawing.areas() if self.area.contains(each.rect)]
        return [*self.scene.session.noted, *found] if adds(modifiers) else found

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        self.scene.preview_selection(self._touched(modifiers))

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.scene.preview_selection(None)
        self.scene.select_wires(())
        self.scene.session.select(self._touched(modifiers), self._noted(modifiers))

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        if not adds(modifiers):
            self.scene.select_wires(())
            self.scene.session.select(())

    def cancel(self) -> None:
        self.scene.preview_selection(None)

    def overlay(self) -> Band | None:
        if not self.dragging:
            return None
        return Band(QRectF(from_stage(self.surface, self._corner), self.at).normalized())
