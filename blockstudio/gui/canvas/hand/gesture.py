"""What gestures have in common. Esc cancels any of them and leaves no trace."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from blockstudio.gui.canvas.hand.surface import Surface
from blockstudio.gui.canvas.scene.overlay import Overlay

THRESHOLD = 4.0
"""A press that moves less than this, in pixels, is a click."""


class Gesture:
    """Base. It may hold names of blocks and wires: `rebase` is asked after every change it did not make itself."""

    def __init__(self, surface: Surface) -> None:
        self.surface, self.scene = surface, surface.scene

    def finish(self) -> None:
        """Something else begins: what was shown so far is done."""
        self.cancel()

    def cancel(self) -> None:
        """As if it had not been. Blocks it knows may be gone from the document."""

    def rebase(self) -> bool:
        """The document, the level or the layout is another: go on with what there is now, or return False and be
        cancelled. Whoever keeps names of blocks or places cannot go on."""
        return False

    def overlay(self) -> Overlay | None:
        """What it shows over the drawing."""
        return None


class Drag(Gesture):
    """One press, drag and release. ``at`` is where the mouse is, in view coordinates."""

    cursor = Qt.CursorShape.ArrowCursor
    scrolls = False
    """At the window's edge the view follows."""

    def __init__(self, surface: Surface, at: QPointF) -> None:
        super().__init__(surface)
        self.started_at = QPointF(at)
        self.at = QPointF(at)
        self.dragging = False

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse is elsewhere."""
        self.at = QPointF(at)
        aside = at - self.started_at
        if not self.dragging and abs(aside.x()) + abs(aside.y()) >= THRESHOLD:
            self.dragging = True
            self.begin()
        if self.dragging:
            self.drag(modifiers)

    def begin(self) -> None:
        """It is a drag now, not a click."""

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        """Follow the mouse."""

    def end(self, modifiers: Qt.KeyboardModifier) -> None:
        """The button went up."""
        if self.dragging:
            self.drop(modifiers)
        else:
            self.click(modifiers)

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        """The end of a drag."""

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        """It was no drag."""


class Press(Drag):
    """A click on something that only answers clicks: a wire's body, a link, the sign that opens a module."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, surface: Surface, at: QPointF, action: Callable[[], object]) -> None:
        super().__init__(surface, at)
        self._action = action

    def end(self, modifiers: Qt.KeyboardModifier) -> None:
        self._action()


def adds(modifiers: Qt.KeyboardModifier) -> bool:
    """Shift or Ctrl: in addition to what is selected."""
    return bool(modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
