"""What mouse, keys and drags do on the drawing: which gesture begins, and what becomes of the one that is going on."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from blockstudio.graph.diagram import Wire
from blockstudio.gui.canvas.hand import acts, connecting, dropping, hover, keys
from blockstudio.gui.canvas.hand.annotating import Resize
from blockstudio.gui.canvas.hand.cutting import Cut
from blockstudio.gui.canvas.hand.gesture import Drag, Gesture, Press
from blockstudio.gui.canvas.hand.leading import Lead, remove_point
from blockstudio.gui.canvas.hand.lettering import Lettering
from blockstudio.gui.canvas.hand.marquee import Marquee
from blockstudio.gui.canvas.hand.moving import Move, Nudge
from blockstudio.gui.canvas.hand.panning import Pan, Steer
from blockstudio.gui.canvas.hand.repeating import Repeat
from blockstudio.gui.canvas.hand.searching import Adding
from blockstudio.gui.canvas.hand.start import Start
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.hand.wiring import DrawWire
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.callouts import Callout
from blockstudio.gui.canvas.scene.metrics import LINES
from blockstudio.gui.canvas.scene.overlay import Overlay
from blockstudio.gui.canvas.scene.ports import Port
from blockstudio.gui.canvas.scene.repeating import handle_at
from blockstudio.gui.kit.text import tr

EDGE, FASTEST, TICK_MS = 24.0, 14.0, 16
"""A drag this near to the window's edge, in pixels, makes the view follow, at most so many pixels a tick."""
Kind = TypeVar("Kind", bound=Gesture)


class Hand(QObject):
    """At most one gesture is going on. Every change that it did not make itself rebases or cancels it."""

    def __init__(self, surface: Surface, parent: QObject) -> None:
        super().__init__(parent)
        self.surface, self.scene = surface, surface.scene
        self.gesture: Gesture | None = None
        self.pointer: QPointF | None = None
        """Where the mouse is over the drawing, in view coordinates."""
        self._space = self._held = False
        """Whether the space bar, or an arrow key, is down."""
        self._tapped = False
        """Whether nothing else was done while the space bar is down."""
        self._button = Qt.MouseButton.NoButton
        self._scrolling = QTimer(self)
        self._scrolling.setInterval(TICK_MS)
        self._scrolling.timeout.connect(self._scroll)
        self.scene.followed.connect(self._follow)

    # The gesture that is going on

    def going(self, kind: type[Kind]) -> Kind | None:
        """The gesture that is going on, if it is of this kind."""
        return self.gesture if isinstance(self.gesture, kind) else None

    def overlay(self) -> Overlay | None:
        """What it shows over the drawing."""
        return self.gesture.overlay() if self.gesture is not None else None

    def cancel(self) -> bool:
        """Take back what is being done; False if nothing is."""
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self._scrolling.stop()
        self.surface.show_cursor(Qt.CursorShape.ArrowCursor)
        self.scene.changed.emit()
        return True

    def settle(self) -> None:
        """Let arrow keys have done what they show: something else begins."""
        nudge = self.going(Nudge)
        if nudge is not None:
            self.gesture = None
            nudge.finish()

    def search(self, start: Start) -> Adding:
        """Begin to look for a block."""
        self.settle()
        self.cancel()
        adding = Adding(self.surface, start)
        self.gesture = adding
        return adding

    def choose(self) -> str | None:
        """Put in what the search shows; the name of the block."""
        adding = self.going(Adding)
        if adding is None:
            return None
        self.gesture = None
        return adding.choose()

    def _follow(self) -> None:
        # A gesture that makes a change itself has ended before.
        if self.gesture is not None and not self.gesture.rebase():
            self.cancel()

    # Mouse

    def press(self, event: QMouseEvent) -> None:
        """A button went down."""
        self.settle()
        self._tapped = False
        if self.going(Lettering) is not None:
            self.cancel()
        if self.gesture is not None:
            return
        self._button = event.button()
        gesture = self._gesture_for(event)
        self.gesture = gesture
        if gesture is not None:
            self.surface.camera.fresh = False
            if isinstance(gesture, Pan):
                self.surface.show_cursor(gesture.cursor)

    def _gesture_for(self, event: QMouseEvent) -> Drag | None:
        surface, scene, scale = self.surface, self.scene, self.surface.camera.scale
        at, left = event.position(), event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            return Pan(surface, at)
        if event.button() == Qt.MouseButton.RightButton and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            scene.go_to(hits.level_at(scene.root, surface.camera.to_scene(at)))
            return Cut(surface, at)
        if not left:
            return None
        if surface.map_point(at) is not None:
            return Steer(surface, at)
        point = surface.camera.to_scene(at)
        link = scene.notebook.link_at(point) if scale >= LINES else None
        if link is not None:
            return Press(surface, at, lambda: acts.follow_link(surface, link))
        found = hits.hit(scene.root, point, scale, scene.marks.selected)
        if found.name is not None or found.wire is not None or found.annotation or scene.stage is not scene.root:
            scene.go_to(found.stage)
        repeated = handle_at(scene.stage, scene.marks, on_stage(surface, at)) if scale >= LINES else None
        if repeated is not None:
            return Repeat(surface, at, repeated)
        if found.port is not None:
            return self._from_port(found.port, at)
        if found.block is not None:
            block = found.block
            if found.chevron:
                return Press(surface, at, lambda: surface.toggle_frame(block))
            return Move(surface, at, block)
        # A note lets the mouse through to what it covers, and else stands for its block.
        note = scene.notebook.note_at(point) if scale >= LINES else None
        if note is not None:
            return Press(surface, at, lambda: self._go_to_note(note))
        if found.wire is not None:
            return self._from_wire(found.wire, at)
        if found.annotation is not None and found.edge:
            return Resize(surface, at, found.annotation, found.edge)
        return Marquee(surface, at) if found.annotation is None else Move(surface, at, found.annotation)

    def _go_to_note(self, note: Callout) -> None:
        self.scene.session.go(note.path)
        self.scene.session.select([note.block])

    def _from_port(self, port: Port, at: QPointF) -> Drag:
        if port.side == "in":
            feed = self.scene.session.definition.wire_into(port.block, port.port)
            if feed is not None:
                taken = Wire(*feed, port.block, port.port)
                return DrawWire(self.surface, at, self.scene.drawing.port(*feed, "out"), taken)
            return DrawWire(self.surface, at, port)
        return DrawWire(self.surface, at, port, None, self._outputs_with(port))

    def _outputs_with(self, port: Port) -> list[Port]:
        """The outputs that are drawn from together: of all selected blocks, if that is one of them, in the order of
        the drawing."""
        selection, drawing = self.scene.session.selection, self.scene.drawing
        if len(selection) < 2 or port.block not in selection:
            return [port]
        ends = connecting.outputs(self.scene, selection)
        return [port if name == port.block else drawing.port(name, out, "out") for name, out in ends]

    def _from_wire(self, wire: Wire, at: QPointF) -> Drag:
        surface, drawing = self.surface, self.scene.drawing
        end = hits.end_of(self.scene.stage, wire, on_stage(surface, at), surface.camera.scale)
        if end == "in":
            return DrawWire(surface, at, drawing.port(wire.source, wire.source_port, "out"), wire)
        if end == "out":
            return DrawWire(surface, at, drawing.port(wire.target, wire.target_port, "in"), wire)
        return Lead(surface, at, wire)

    def move(self, event: QMouseEvent) -> None:
        """The mouse moved."""
        self.pointer = event.position()
        gesture = self.going(Drag)
        if gesture is None:
            self._hover(event.position())
            return
        gesture.move(event.position(), event.modifiers())
        if gesture.dragging:
            self.surface.show_cursor(gesture.cursor)
            if gesture.scrolls and not self._push(event.position()).isNull():
                self._scrolling.start()

    def _hover(self, at: QPointF) -> None:
        cursor = hover.hover(self.surface, at)
        self.surface.show_cursor(Qt.CursorShape.OpenHandCursor if self._space else cursor)

    def _push(self, at: QPointF) -> QPointF:
        """How far the view moves, a tick, for a drag that is at ``at``: the nearer to the edge the faster."""
        view = self.surface.view_rect()
        return QPointF(
            max(0.0, EDGE - at.x()) - max(0.0, at.x() - view.width() + EDGE),
            max(0.0, EDGE - at.y()) - max(0.0, at.y() - view.height() + EDGE),
        ) * (FASTEST / EDGE)

    def _scroll(self) -> None:
        """Follow a drag that is at the edge."""
        gesture = self.going(Drag)
        push = self._push(gesture.at) if gesture is not None and gesture.scrolls else QPointF()
        if gesture is None or push.isNull():
            self._scrolling.stop()
            return
        self.surface.camera.pan(max(-FASTEST, min(FASTEST, push.x())), max(-FASTEST, min(FASTEST, push.y())))
        gesture.move(gesture.at, QApplication.keyboardModifiers())

    def release(self, event: QMouseEvent) -> None:
        """A button went up."""
        gesture = self.going(Drag)
        if gesture is not None and event.button() == self._button:
            self.gesture = None
            gesture.end(event.modifiers())
            self._hover(event.position())
            self.scene.changed.emit()

    def double_click(self, event: QMouseEvent) -> None:
        """Open what was clicked on twice."""
        camera = self.surface.camera
        point, over = camera.to_scene(event.position()), self.scene.marks.selected
        found = hits.hit(self.scene.root, point, camera.scale, over)
        if event.button() == Qt.MouseButton.LeftButton and self._on_paper(event.position(), found):
            self.cancel()
            self.surface.search(Start(at=on_stage(self.surface, event.position())))
            return
        if event.button() == Qt.MouseButton.LeftButton and found.wire is not None:
            self.scene.go_to(found.stage)
            if not remove_point(self.surface, found.wire, event.position()):
                self.cancel()
                self.surface.search(Start(wire=found.wire))
            return
        if event.button() == Qt.MouseButton.LeftButton and found.annotation is not None:
            self.cancel()
            self.scene.go_to(found.stage)
            self.scene.session.select((), [found.annotation])
            self.surface.run("edit.write")
            return
        if event.button() != Qt.MouseButton.LeftButton or found.block is None:
            self.press(event)
            return
        self.scene.go_to(found.stage)
        if found.chevron:
            self.press(event)
        else:
            self.surface.open(found.block)

    def _on_paper(self, at: QPointF, found: hits.Hit) -> bool:
        """Whether a point of the view lies on nothing that is drawn."""
        point, near = self.surface.camera.to_scene(at), self.surface.camera.scale >= LINES
        on_note = near and self.scene.notebook.note_at(point) is not None
        return found == hits.Hit(found.stage, found.offset) and not on_note and self.surface.map_point(at) is None

    def leave(self) -> None:
        """The mouse left the drawing."""
        self.pointer = None
        if self.gesture is None:
            hover.leave(self.surface)

    # Keys

    def override(self, event: QKeyEvent) -> bool:
        """Whether a key means something on the drawing, so that no shortcut of the window may have it first. What
        the arrow keys have done so far is then a step of its own, which undo can take back."""
        if keys.acts(event):
            self.settle()
        if self.going(Lettering) is not None and _letter(event):
            return True
        return keys.takes(event)

    def key_press(self, event: QKeyEvent) -> bool:
        """A key went down; False if it means nothing here."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = self._tapped = True
            self.surface.show_cursor(Qt.CursorShape.OpenHandCursor)
            return True
        self._tapped = False
        lettering = self.going(Lettering)
        if lettering is not None and _letter(event):
            if lettering.press(_letter(event)):
                self.gesture = None
            return True
        if keys.acts(event):
            self.settle()
        self._held = self._held or event.key() in keys.ARROWS
        return keys.press(self.surface, event)

    def letter(self) -> bool:
        """Show letters on the ports that the selection can be wired to; False if there are none."""
        self.settle()
        self.cancel()
        lettering = Lettering(self.surface)
        if lettering.empty:
            self.scene.session.message.emit(tr("There is no port that the selection could be wired to"))
            return False
        self.gesture = lettering
        self.scene.changed.emit()
        return True

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection: one step, or as long as an arrow key is down part of one. While the mouse drags
        something it does nothing."""
        if self.gesture is None:
            self.gesture = Nudge(self.surface)
        nudge = self.going(Nudge)
        if nudge is not None:
            nudge.press(dx, dy)
        if not self._held:
            self.settle()

    def key_release(self, event: QKeyEvent) -> None:
        """A key went up."""
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Space:
            tapped = self._space and self._tapped and self.gesture is None
            self._space = self._tapped = False
            self.surface.show_cursor(Qt.CursorShape.ArrowCursor)
            if tapped:
                self.surface.run("edit.search")
        elif event.key() in keys.ARROWS:
            self._held = False
            self.settle()

    def focus_out(self) -> None:
        """The keyboard is elsewhere: the release of a key will go there."""
        self.settle()
        self._space = self._held = self._tapped = False

    # Drags from elsewhere

    def drag_enter(self, event: QDragEnterEvent) -> None:
        """Something is dragged onto the drawing."""
        offer = dropping.offered(event.mimeData(), self.scene.session.diagram)
        if offer is None:
            event.ignore()
            return
        self.settle()
        self.cancel()
        ghost = dropping.Ghost(self.surface, offer)
        self.gesture = ghost
        ghost.move(event.position())
        event.acceptProposedAction()

    def drag_move(self, event: QDragMoveEvent) -> None:
        """It is elsewhere."""
        ghost = self.going(dropping.Ghost)
        if ghost is not None:
            ghost.move(event.position())
            event.acceptProposedAction()

    def drag_leave(self) -> None:
        """It left."""
        if self.going(dropping.Ghost) is not None:
            self.cancel()

    def drop(self, event: QDropEvent) -> bool:
        """It was let go; whether it was taken."""
        ghost = self.going(dropping.Ghost)
        if ghost is None:
            return False
        ghost.move(event.position())
        self.gesture = None
        ghost.drop()
        event.acceptProposedAction()
        return True


def _letter(event: QKeyEvent) -> str:
    """The letter or digit of a key alone, or nothing."""
    if event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier):
        return ""
    text = event.text()
    return text if len(text) == 1 and text.isascii() and text.isalnum() else ""
