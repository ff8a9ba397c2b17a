"""What mouse, wheel, keys and drags do on the drawing."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from blockstudio.graph.diagram import Wire
from blockstudio.gui.canvas.hand import dropping, keys, menu, wheel
from blockstudio.gui.canvas.hand.gestures import Gesture, Marquee, Move, Pan, Press
from blockstudio.gui.canvas.hand.wiring import DrawWire
from blockstudio.gui.canvas.paint import telling
from blockstudio.gui.canvas.paint.minimap import Steer
from blockstudio.gui.canvas.paint.notes import Note, link_at, note_at
from blockstudio.gui.canvas.paint.painting import Stage
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.metrics import LINES
from blockstudio.gui.canvas.scene.ports import Port
from blockstudio.gui.canvas.surface import Surface
from blockstudio.gui.document.session import Session

EDGE, FASTEST, TICK_MS = 24.0, 14.0, 16
"""A drag this near to the window's edge, in pixels, makes the view follow, at most so many pixels a tick."""


class Canvas(Surface):
    """Everything on the drawing.

    A mouse wheel zooms to the cursor, a trackpad pans and pinches; Ctrl+wheel always zooms, Shift+wheel pans
    sideways; the middle button or Space with the left one drags the view.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._space = False
        self._button = Qt.MouseButton.NoButton
        self._scrolling = QTimer(self)
        self._scrolling.setInterval(TICK_MS)
        self._scrolling.timeout.connect(self._scroll)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.installEventFilter(self)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.gesture is not None:
            return
        self._button = event.button()
        self.gesture = self._gesture_for(event)
        if self.gesture is not None:
            self.fresh = False
            if isinstance(self.gesture, Pan | Steer):
                self.setCursor(self.gesture.cursor)

    def _gesture_for(self, event: QMouseEvent) -> Gesture | None:
        at, left = event.position(), event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            return Pan(self, at)
        if not left:
            return None
        if self._on_map(at):
            return Steer(self, at)
        point = self.camera.to_scene(at)
        if self.camera.scale >= LINES:
            link = link_at(self.notes, point)
            if link is not None:
                return Press(self, at, lambda: self.follow_link(link))
        found = hits.hit(self.root, point, self.camera.scale)
        if found.name is not None or found.wire is not None or self.stage is not self.root:
            self.go_to(found.stage)
        if found.port is not None:
            return self._from_port(found.port, at)
        if found.block is not None:
            block = found.block
            if found.chevron:
                return Press(self, at, lambda: self.toggle_frame(block))
            return Move(self, at, block)
        # A note lets the mouse through to what it covers, and else stands for its block.
        note = note_at(self.notes, point) if self.camera.scale >= LINES else None
        if note is not None:
            return Press(self, at, lambda: self._go_to_note(note))
        if found.wire is not None:
            return self._from_wire(found.wire, at)
        return Marquee(self, at)

    def go_to(self, stage: Stage) -> None:
        """Work on a stage that is drawn: the root or a module open in it."""
        if stage is not self.stage:
            self.session.go(stage.path)

    def _go_to_note(self, note: Note) -> None:
        self.session.go(note.path)
        self.session.select([note.block])

    def _from_port(self, port: Port, at: QPointF) -> Gesture:
        if port.side == "in":
            feed = self.session.definition.wire_into(port.block, port.port)
            if feed is not None:
                return DrawWire(self, at, self.drawing.port(*feed, "out"), Wire(*feed, port.block, port.port))
        return DrawWire(self, at, port)

    def _from_wire(self, wire: Wire, at: QPointF) -> Gesture:
        end = hits.end_of(self.stage, wire, self.to_stage(at), self.camera.scale)
        if end == "in":
            return DrawWire(self, at, self.drawing.port(wire.source, wire.source_port, "out"), wire)
        if end == "out":
            return DrawWire(self, at, self.drawing.port(wire.target, wire.target_port, "in"), wire)
        return Press(self, at, lambda: self.select_wires([wire]))

    def _on_map(self, at: QPointF) -> bool:
        return self.minimap.shows(self.root.drawing, self.camera, self.size()) and self.minimap.rect(
            self.size()
        ).contains(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.gesture is None:
            self._hover(event.position())
            return
        self.gesture.move(event.position(), event.modifiers())
        if self.gesture.dragging:
            self.setCursor(self.gesture.cursor)
            if self.gesture.scrolls and not self._push(event.position()).isNull():
                self._scrolling.start()

    def _push(self, at: QPointF) -> QPointF:
        """How far the view moves, a tick, for a drag that is at ``at``: the nearer to the edge the faster."""
        width, height = self.width(), self.height()
        return QPointF(
            max(0.0, EDGE - at.x()) - max(0.0, at.x() - width + EDGE),
            max(0.0, EDGE - at.y()) - max(0.0, at.y() - height + EDGE),
        ) * (FASTEST / EDGE)

    def _scroll(self) -> None:
        """Follow a drag that is at the edge."""
        gesture = self.gesture
        push = self._push(gesture.at) if gesture is not None and gesture.scrolls else QPointF()
        if gesture is None or push.isNull():
            self._scrolling.stop()
            return
        self.pan(max(-FASTEST, min(FASTEST, push.x())), max(-FASTEST, min(FASTEST, push.y())))
        gesture.move(gesture.at, QApplication.keyboardModifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.gesture is not None and event.button() == self._button:
            gesture, self.gesture = self.gesture, None
            gesture.end(event.modifiers())
            self._hover(event.position())
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = hits.hit(self.root, self.camera.to_scene(event.position()), self.camera.scale)
        if event.button() != Qt.MouseButton.LeftButton or found.block is None:
            self.mousePressEvent(event)
            return
        self.go_to(found.stage)
        if found.chevron:
            self.mousePressEvent(event)
        else:
            self.open(found.block)

    def _hover(self, at: QPointF) -> None:
        point, scale = self.camera.to_scene(at), self.camera.scale
        link = link_at(self.notes, point) if scale >= LINES else None
        on_note = scale >= LINES and note_at(self.notes, point) is not None
        found = hits.Hit(self.stage) if on_note or self._on_map(at) else hits.hit(self.root, point, scale)
        name, wire = (found.name, found.wire) if found.stage is self.stage else (None, None)
        sign = name if found.chevron and name is not None else None
        port = found.port if found.stage is self.stage else None
        before = (self.marks.hovered, self.marks.hovered_wire, self.marks.chevron, self.marks.port, self.link)
        if (name, wire, sign, port, link) != before:
            if name != self.marks.hovered and not on_note:
                self.marks.hovered = name
                self.renote()
                self.hovered.emit(name or "")
            self.marks.hovered_wire = wire
            self.marks.chevron, self.marks.port = sign, port
            self.link = link
            self.update()
        if self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif link is not None or found.wire is not None or found.chevron:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor if found.port else Qt.CursorShape.ArrowCursor)

    def leaveEvent(self, event: QEvent) -> None:
        if self.gesture is None and (self.marks.hovered or self.marks.hovered_wire):
            self.marks.hovered = self.marks.hovered_wire = self.marks.chevron = self.marks.port = None
            self.renote()
            self.hovered.emit("")
            self.update()
        super().leaveEvent(event)

    # Wheel, keys, drags

    def wheelEvent(self, event: QWheelEvent) -> None:
        wheel.turn(self, event)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A filter on itself and no `event`: with that in Python, PySide 6.11 crashes if a handler raises.
        kind = event.type()
        if watched is not self:
            return super().eventFilter(watched, event)
        if kind == QEvent.Type.ToolTip:
            help_event = cast(QHelpEvent, event)
            QToolTip.showText(help_event.globalPos(), telling.tip(self, QPointF(help_event.pos())), self)
            return True
        if kind == QEvent.Type.ShortcutOverride and keys.takes(cast(QKeyEvent, event)):
            event.accept()
            return True
        return kind == QEvent.Type.NativeGesture and wheel.pinch(self, cast(QNativeGestureEvent, event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif not keys.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Space:
            self._space = False
            self.setCursor(Qt.CursorShape.ArrowCursor)
        elif self.nudge is not None and event.key() in keys.ARROWS:
            self._end_nudge()
        super().keyReleaseEvent(event)

    def _end_nudge(self) -> None:
        nudge, self.nudge = self.nudge, None
        if nudge is not None:
            nudge.release()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # The key's release will go elsewhere.
        self._end_nudge()
        self._space = False
        super().focusOutEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        # Tab walks the blocks; at the last one it leaves the drawing.
        return keys.step(self, 1 if forward else -1) or super().focusNextPrevChild(forward)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = QPointF(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.session.selection:
            at = self.camera.to_view(self.block_rect(self.session.selection[-1]).center())
        chosen = menu.menu_at(self, at)
        chosen.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen.popup(self.mapToGlobal(at.toPoint()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        offer = dropping.offered(event.mimeData(), self.session.diagram)
        if offer is None:
            event.ignore()
            return
        self.ghost = dropping.Ghost(self, offer)
        self.ghost.move(event.position())
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self.ghost is not None:
            self.ghost.move(event.position())
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.ghost = None
        self.marks.drop_wire = None
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        ghost, self.ghost = self.ghost, None
        if ghost is not None:
            ghost.move(event.position())
            ghost.drop()
            event.acceptProposedAction()
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.update()
