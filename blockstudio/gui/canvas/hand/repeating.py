"""Pulling a card's handle: so often it stands for itself in a chain."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QPointF, Qt

from blockstudio.graph.edits import SetBlock
from blockstudio.gui.canvas.hand.gesture import Drag, adds
from blockstudio.gui.canvas.hand.surface import Surface
from blockstudio.gui.canvas.scene.repeating import times
from blockstudio.gui.kit.text import phrase

STEP = 20.0
"""Pixels of the view for one more."""
MOST = 200


class Repeat(Drag):
    """To the right more, to the left fewer; a click one more, with Shift one fewer. One step."""

    cursor = Qt.CursorShape.SizeHorCursor

    def __init__(self, surface: Surface, at: QPointF, name: str) -> None:
        super().__init__(surface, at)
        self.name = name
        self._before = times(self.scene.stage, self.scene.marks, name)
        self.times = self._before

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        self._set(self._before + round((self.at.x() - self.started_at.x()) / STEP))

    def _set(self, times: int) -> None:
        self.times = min(MOST, max(1, times))
        self.scene.marks.repeating = (self.name, self.times)
        self.scene.changed.emit()

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.cancel()
        session = self.scene.session
        block = session.definition.block(self.name)
        changed = msgspec.structs.replace(block, repeat=self.times if self.times > 1 else None)
        if changed != block:
            label = phrase("Repeat {name} {times} times", name=self.name, times=self.times)
            session.do(label, SetBlock(scope=session.scope, name=self.name, block=changed))

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        self._set(self._before + (-1 if adds(modifiers) else 1))
        self.drop(modifiers)

    def cancel(self) -> None:
        self.scene.marks.repeating = None
        self.scene.changed.emit()
