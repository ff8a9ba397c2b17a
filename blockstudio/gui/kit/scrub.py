"""The name of a number's field, to drag: to the right for more, to the left for less."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel

PIXELS = 8
"""The way of the mouse for one step; with Shift a step is ten."""


class Steps(Protocol):
    """A field whose text can be stepped."""

    error: str

    def stepped(self, by: int) -> str | None:
        """The text so many steps on; ``None`` if it cannot be stepped."""

    def show_text(self, text: str) -> None:
        """Show a text that is not applied yet."""

    def commit(self) -> bool:
        """Apply it."""

    def text(self) -> str:
        """What stands there."""


class ScrubLabel(QLabel):
    """While it is dragged the field shows where it would end; letting go applies that as one step, Escape none."""

    def __init__(self, text: str, field: Steps) -> None:
        super().__init__(text)
        self._field = field
        self._from: float | None = None
        self._before = self._last = ""
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._field.stepped(0) is not None:
            self._from = event.position().x()
            self._before = self._last = self._field.text()
            self.grabKeyboard()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None:
            return
        steps = int((event.position().x() - self._from) / PIXELS)
        steps *= 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self._field.show_text(self._before)
        wanted = self._field.stepped(steps)
        if wanted is not None:
            self._field.show_text(wanted)
        if self._field.error:
            self._field.show_text(self._last)  # as far as it is legal
        self._last = self._field.text()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            self._end()
            self._field.commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._from is not None:
            self._end()
            self._field.show_text(self._before)

    def _end(self) -> None:
        self._from = None
        self.releaseKeyboard()
