"""What one press, drag and release does, a class for each. Esc cancels any of them and leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from blockstudio.graph.edits import MoveBlocks
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.placing import snap
from blockstudio.gui.kit.text import tr

if TYPE_CHECKING:
    from blockstudio.gui.canvas.canvas import Canvas

THRESHOLD = 4.0
"""A press that moves less than this, in pixels, is a click."""


class Gesture:
    """Base. ``at`` is where the mouse is, in pixels of the viewport. `start` happens in the constructor."""

    cursor = Qt.CursorShape.ArrowCursor
    scrolls = False
    """At the window's edge the view follows."""

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        self.canvas = canvas
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

    def cancel(self) -> None:
        """As if it had not been."""

    def paint(self, painter: QPainter, style: Style) -> None:
        """What it shows over the drawing, in viewport coordinates."""


class Pan(Gesture):
    """Move the view."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        super().__init__(canvas, at)
        self._before = canvas.camera.x, canvas.camera.y
        self.dragging = True

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.canvas.pan(at.x() - self.at.x(), at.y() - self.at.y())
        self.at = QPointF(at)

    def cancel(self) -> None:
        camera = self.canvas.camera
        self.canvas.pan(self._before[0] - camera.x, self._before[1] - camera.y)


class Marquee(Gesture):
    """Select what a rectangle touches; with Shift or Ctrl in addition to what is selected."""

    cursor = Qt.CursorShape.CrossCursor
    scrolls = True

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        super().__init__(canvas, at)
        # The corner stays with the drawing when the view moves meanwhile.
        self._corner = canvas.to_stage(at)

    @property
    def area(self) -> QRectF:
        """The rectangle in the stage's coordinates."""
        return QRectF(self._corner, self.canvas.to_stage(self.at)).normalized()

    def _touched(self, modifiers: Qt.KeyboardModifier) -> list[str]:
        drawing = self.canvas.drawing
        found = [drawing.names[row] for row in drawing.rows_in(self.area)]
        found = [name for name in found if not drawing.is_hidden(name)]
        # Within an open frame one draws the rectangle on it, not around it.
        found = [name for name in found if name not in drawing.frames or self.area.contains(drawing.rect(name))]
        return [*self.canvas.session.selection, *found] if adds(modifiers) else found

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        self.canvas.preview_selection(self._touched(modifiers))

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.canvas.preview_selection(None)
        self.canvas.select_wires(())
        self.canvas.session.select(self._touched(modifiers))

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        if not adds(modifiers):
            self.canvas.select_wires(())
            self.canvas.session.select(())

    def cancel(self) -> None:
        self.canvas.preview_selection(None)

    def paint(self, painter: QPainter, style: Style) -> None:
        if self.dragging:
            painter.setPen(style.selected_far)
            painter.setBrush(style.accent_veil)
            corner = self.canvas.from_stage(self._corner)
            painter.drawRect(QRectF(corner, self.at).normalized())


class Move(Gesture):
    """Click selects a block, drag moves it, or all that is selected with it: one undo step."""

    cursor = Qt.CursorShape.SizeAllCursor
    scrolls = True

    def __init__(self, canvas: Canvas, at: QPointF, name: str) -> None:
        super().__init__(canvas, at)
        self._from = canvas.to_stage(at)
        self.name = name
        self.names: tuple[str, ...] = ()
        self.dx = self.dy = 0.0
        """How far the blocks are shown from where they are."""

    def begin(self) -> None:
        session = self.canvas.session
        if self.name not in session.selection:
            session.select([self.name])
        self.names = session.selection

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        x, y = self.canvas.drawing.document_place(self.name)
        aside = self.canvas.to_stage(self.at) - self._from
        if modifiers & Qt.KeyboardModifier.AltModifier:
            dx, dy = aside.x(), aside.y()
        else:
            dx, dy = snap(x + aside.x()) - x, snap(y + aside.y()) - y
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        self.canvas.shift(self.names, dx - self.dx, dy - self.dy)
        self.dx, self.dy = dx, dy

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        commit_move(self.canvas, self.names, self.dx, self.dy)

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        session = self.canvas.session
        self.canvas.select_wires(())
        if not adds(modifiers):
            session.select([self.name])
        elif self.name in session.selection:
            session.select([name for name in session.selection if name != self.name])
        else:
            session.select([*session.selection, self.name])

    def cancel(self) -> None:
        self.canvas.put_back(self.names)


class Nudge:
    """Arrow keys move the selection; all that is pressed until the keys are up is one undo step."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.names = canvas.session.selection
        self.dx = self.dy = 0.0

    def press(self, dx: float, dy: float) -> None:
        self.canvas.shift(self.names, dx, dy)
        self.dx, self.dy = self.dx + dx, self.dy + dy

    def release(self) -> None:
        commit_move(self.canvas, self.names, self.dx, self.dy)

    def cancel(self) -> None:
        self.canvas.put_back(self.names)


def commit_move(canvas: Canvas, names: tuple[str, ...], dx: float, dy: float) -> None:
    """Tell the document where blocks are now that were shown ``dx``, ``dy`` aside. Blocks that had no place of
    their own are given the one they were shown at, so that the picture stays."""
    drawing, session = canvas.drawing, canvas.session
    if not (dx or dy):
        return
    to: dict[str, tuple[float, float] | None] = dict(canvas.loose_places())
    for name in names:
        x, y = drawing.document_place(name)
        to[name] = (round(x + dx, 2), round(y + dy, 2))
    what = names[0] if len(names) == 1 else tr("{0} blocks", len(names))
    if not session.do(tr("Move {0}", what), MoveBlocks(scope=session.scope, to=to)):
        canvas.put_back(names)


class Press(Gesture):
    """A click on something that only answers clicks: a wire's body, a link."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, canvas: Canvas, at: QPointF, action: object) -> None:
        super().__init__(canvas, at)
        self._action = action

    def end(self, modifiers: Qt.KeyboardModifier) -> None:
        if callable(self._action):
            self._action()


def adds(modifiers: Qt.KeyboardModifier) -> bool:
    """Shift or Ctrl: in addition to what is selected."""
    return bool(modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
