"""The drawing as a widget: a scene, a camera, a painter and a hand, put together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from blockstudio.analysis import Fix
from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError
from blockstudio.gui.canvas.hand import acts, dropping, keys, menu, previewing, wheel
from blockstudio.gui.canvas.hand.gesture import Gesture
from blockstudio.gui.canvas.hand.hand import Hand
from blockstudio.gui.canvas.hand.searching import start_of
from blockstudio.gui.canvas.hand.start import Start
from blockstudio.gui.canvas.paint import picture
from blockstudio.gui.canvas.paint.canvas_painter import CanvasPainter, Sheet, paint_fault
from blockstudio.gui.canvas.scene.arranging import Arranging
from blockstudio.gui.canvas.scene.camera import Camera
from blockstudio.gui.canvas.scene.metrics import GRID
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.telling import selection_text, tip
from blockstudio.gui.canvas.search.popup import SearchPopup
from blockstudio.gui.canvas.spoken.accessible import speak, speak_focus
from blockstudio.gui.commands.registry import Commands
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import notifier

REST_MS = 140
"""After so long without a further step the zoom rests."""
log = logging.getLogger("blockstudio.gui")


class Canvas(QWidget):
    """Everything on the drawing of a session.

    A mouse wheel zooms to the cursor, a trackpad pans and pinches; Ctrl+wheel always zooms, Shift+wheel pans
    sideways; the middle button or Space with the left one drags the view.

    Others use the methods below and `scene`; *view* points are pixels of this widget, *scene* points the drawing's.
    """

    zoom_changed = Signal(float)
    hovered = Signal(str)
    """The block under the mouse, or nothing."""
    activated = Signal(str)
    """A block that is no module was opened (double click, Enter): somebody may show its fields."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        speak(self)  # before anything else can be spoken of it: Qt keeps the interface that it was given first
        self.session = session
        self.commands: Commands[Any] | None = None
        """Set by whoever puts the drawing on a desk: what keys and the context menu do."""
        self.scene = Scene(session, self)
        self.camera = Camera(self.view_rect, self.scene.bounds, self.scene.first_rect, self._on_camera)
        self.scene.seen = lambda: (self.camera.rect_to_scene(self.view_rect()), self.camera.scale)
        self.painter = CanvasPainter()
        self.hand = Hand(self, self)
        self.arranging = Arranging(self.scene)
        self.fault = ""
        """Why the last frame could not be painted; empty if it could."""
        self.finder: SearchPopup | None = None
        """The search, once it has been open."""
        self._sought = ""  # the block that was to be seen last: the window may still find its size
        self._steps = 0
        """Of the zoom, since the beginning."""
        self.setObjectName("canvas")
        self.setMinimumSize(240, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr("Drawing"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.installEventFilter(self)
        scene = self.scene
        scene.changed.connect(self.update)
        scene.hovered.connect(self.hovered)
        scene.selected.connect(self._announce)
        scene.document_changed.connect(self._on_document)
        scene.level_changed.connect(self._on_level)
        scene.arranged.connect(self.camera.resized)
        self._previewed: QObject | None = None
        for signal in (scene.followed, scene.selected):
            signal.connect(self.leave_preview)
        notifier.changed.connect(self.update)
        self._announce()

    # What others use

    @property
    def gesture(self) -> Gesture | None:
        """What mouse or arrow keys are doing, if anything."""
        return self.hand.gesture

    @property
    def busy(self) -> bool:
        """Whether a layout of what is in view is still being computed."""
        return self.scene.staging.busy or self.arranging.busy

    def viewport(self) -> QWidget:
        """The widget that gets the mouse: this one."""
        return self

    def view_rect(self) -> QRectF:
        """The visible part, in view coordinates."""
        return QRectF(self.rect())

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def fit(self) -> None:
        """Show the whole level."""
        self.camera.fit()

    def zoom_to(self, factor: float) -> None:
        """Zoom to a factor; the middle of the view stays where it is."""
        self.camera.zoom_to(factor)

    def zoom_in(self) -> None:
        """Zoom in by a step."""
        self.camera.zoom_in()

    def zoom_out(self) -> None:
        """Zoom out by a step."""
        self.camera.zoom_out()

    def reveal(self, block: str) -> None:
        """Make sure a block of the session's level is in view and can be read. Raises `KeyError`."""
        self._sought = block
        self.camera.reveal(self.block_rect(block))

    def block_rect(self, name: str) -> QRectF:
        """Where a block of the session's level stands, in scene coordinates. Raises `KeyError`."""
        return self.scene.block_rect(name)

    def port_point(self, name: str, port: str, side: str = "out") -> QPointF:
        """The middle of a port in view coordinates; ``side``: ``"in"`` or ``"out"``. Raises `KeyError`."""
        return self.camera.to_view(self.scene.drawing.port(name, port, side).point + self.scene.offset)

    def show_preview(self, fix: Fix | None) -> bool:
        """Show what a fix would leave of the level, until something else happens; False if it cannot be applied."""
        self.leave_preview()
        if fix is not None:
            self._previewed = QObject(self)
            self.scene.preview = previewing.preview_of(self.scene, fix, self._previewed)
            self.update()
        return self.scene.preview is not None

    def leave_preview(self) -> bool:
        """Show the drawing as it is again; False if it was shown already."""
        before, self.scene.preview = self.scene.preview, None
        if self._previewed is not None:
            self._previewed.deleteLater()
            self._previewed = None
            self.update()
        return before is not None

    def select_all(self) -> None:
        """Select every block of the level."""
        acts.select_all(self.scene)

    def delete(self, keep_cut: bool = False) -> bool:
        """Remove the selected wires and blocks as one step; the chain heals where that fits, unless ``keep_cut``."""
        return acts.delete(self.scene, keep_cut)

    @property
    def selects_wires(self) -> bool:
        """Whether wires are selected."""
        return bool(self.scene.marks.wires)

    def open(self, name: str) -> None:
        """Enter a module instance; for another block tell that its fields are wanted."""
        if self.scene.is_module(name):
            # Were it open in place, the session would only go to the frame.
            self.scene.shut(name)
            self.session.enter(name)
        else:
            self.activated.emit(name)

    def toggle_frame(self, name: str) -> None:
        """Open a module instance in place, or shut it; a block that is none, or gone, stays as it is."""
        if not self.scene.is_module(name):
            return
        before = self.camera.to_view(self.block_rect(name).topLeft())
        self.scene.toggle_frame(name)
        # The instance stays under the eye: its top keeps its height on the screen.
        after = self.camera.to_view(self.block_rect(name).topLeft())
        self.camera.shift(0, before.y() - after.y())

    def insert_block(self, type_name: str, parameters: Mapping[str, RawValue] | None = None) -> str | None:
        """Put a block in without the mouse: behind the selected one, else in the middle; its name."""
        name = dropping.insert(self, dropping.Offer(type_name, dict(parameters or {})))
        if name is not None:
            self.reveal(name)
        return name

    def apply_fix(self, fix: Fix) -> bool:
        """Do what a problem offers, as one step; what it adds is put where it covers nothing."""
        return acts.apply_fix(self.scene, fix)

    def nudge_by(self, dx: int, dy: int) -> None:
        """Move the selection by steps of the grid; while an arrow key is down, all of it is one step."""
        self.hand.nudge(dx * GRID, dy * GRID)

    def wire_by_keys(self) -> bool:
        """Show letters on the ports that what is selected can be wired to."""
        return self.hand.letter()

    def leave_by_key(self, forward: bool) -> bool:
        """The keyboard goes to the next part of the window, or the one before."""
        return super().focusNextPrevChild(forward)

    def run(self, *ids: str) -> bool:
        """Do the first of these commands that can be done; False if none can."""
        commands = self.commands
        return commands is not None and any(commands.run(id) for id in ids if id in commands.declared)

    def cancel_gesture(self) -> bool:
        """Take back what mouse or arrow keys are doing; False if nothing is."""
        return self.hand.cancel() or self.arranging.cancel()

    def picture(self, size: QSize | None = None, dark: bool | None = None) -> QImage:
        """The whole level as an image of ``size`` pixels, by default twice as large as on screen at 100 %;
        ``dark`` or light, by default as the window."""
        return picture.picture(self.scene.root, size, dark)

    def search(self, start: Start | None = None) -> None:
        """Open the search: at ``start``, by default for what is selected: a wire, blocks, or the place of the mouse."""
        mouse = QPointF(self.mapFromGlobal(QCursor.pos())) if self.underMouse() else self.view_rect().center()
        adding = self.hand.search(start if start is not None else start_of(self, mouse))
        if self.finder is None:
            self.finder = SearchPopup(self.window())  # over the notes and bars that stand over the drawing
            self.finder.chosen.connect(self._put_in)
            self.finder.left.connect(self.cancel_gesture)
            self.finder.browse.connect(self._browse)
        self.camera.reveal(adding.rect)
        aside = self.mapTo(self.window(), QPoint())
        self.finder.open(adding, self.camera.rect_to_view(adding.rect).translated(aside), self.rect().translated(aside))

    def _put_in(self) -> None:
        name = self.hand.choose()
        if name is not None:
            self.reveal(name)

    def _browse(self) -> None:
        self.cancel_gesture()
        self.run("edit.find")

    # What the hand uses

    def hide_search(self) -> None:
        """Shut the search, if it is open, and have the keyboard back."""
        if self.finder is not None and self.finder.isVisible():
            had = self.finder.isAncestorOf(self.window().focusWidget() or self)
            self.finder.shut()
            if had:
                self.setFocus(Qt.FocusReason.PopupFocusReason)

    def show_cursor(self, shape: Qt.CursorShape) -> None:
        """Give the mouse another look."""
        self.setCursor(shape)

    def zoom_on(self, factor: float, about: QPointF) -> None:
        """Zoom as one step of many, as a wheel does: what is painted is made crisp when the zoom rests."""
        self.painter.sprites.moving = True
        self._steps += 1
        step = self._steps
        QTimer.singleShot(REST_MS, self, lambda: self._rest(step))
        self.camera.zoom_to(factor, about)

    def _rest(self, step: int) -> None:
        if step == self._steps:
            self.painter.sprites.moving = False
            self.update()

    def map_point(self, at: QPointF, anywhere: bool = False) -> QPointF | None:
        """The scene point under a point of the view that lies on the small map, else ``None``; ``anywhere``: also
        beside the map."""
        size, minimap = self.size(), self.painter.minimap
        shown = minimap.shows(self.scene.root.drawing, self.camera, size) and minimap.rect(size).contains(at)
        return minimap.to_scene(at, size) if shown or anywhere else None

    # Following the scene

    def _on_camera(self, zoomed: bool) -> None:
        self.scene.renote_in_view()
        if zoomed:
            self.zoom_changed.emit(self.camera.scale)
        self.update()

    def _on_document(self) -> None:
        self.camera.forget()
        self.camera.restart()

    def _on_level(self, before: str) -> None:
        self.camera.keep(before)
        self.camera.recall(self.scene.root.path)

    def _announce(self) -> None:
        """Tell screen readers what is selected."""
        selection, noted = self.session.selection, self.session.noted
        text = _described(lambda: selection_text(self.scene.stage, selection, noted), ", ".join(selection))
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
            speak_focus(self)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        sheet = Sheet(self.size(), QRectF(event.rect()), self.devicePixelRatioF())
        painter = QPainter(self)
        try:
            self.painter.paint(painter, sheet, self.scene, self.camera, self.hand.overlay())
            self.fault = ""
            if self.painter.waits:
                self.update()  # not within this event
        except Exception as error:
            # Whatever it is, the window stays usable, and the next frame is tried as if nothing had been.
            reason = str(error) if isinstance(error, StudioError) else f"{type(error).__name__}: {error}"
            if reason != self.fault:
                log.exception("the canvas cannot be painted")
            self.fault = reason
            painter.end()
            painter.begin(self)
            paint_fault(painter, sheet, reason)
        finally:
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.scene.show_on(self.view_rect().size(), self.camera.fresh) and self._sought in self.scene.drawing.rows:
            self.reveal(self._sought)
        self.camera.resized(event.oldSize().toSizeF())
        super().resizeEvent(event)

    # Events, to the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.leave_preview()
        self.hand.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hand.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.hand.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.hand.double_click(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.hand.leave()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        wheel.turn(self, event)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A filter on itself and no `event`: with that in Python, PySide 6.11 crashes if a handler raises.
        kind = event.type()
        if watched is not self:
            return super().eventFilter(watched, event)
        if kind == QEvent.Type.ToolTip:
            asked = cast(QHelpEvent, event)
            point = self.camera.to_scene(QPointF(asked.pos()))
            text = _described(lambda: tip(self.scene.root, point, self.camera.scale), "")
            QToolTip.showText(asked.globalPos(), text, self)
            return True
        if kind == QEvent.Type.ShortcutOverride and self.hand.override(cast(QKeyEvent, event)):
            event.accept()
            return True
        return kind == QEvent.Type.NativeGesture and wheel.pinch(self, cast(QNativeGestureEvent, event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.hand.key_press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self.hand.key_release(event)
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.hand.focus_out()
        super().focusOutEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        # Tab looks for a block, Shift+Tab walks back through the blocks and leaves the drawing at the first.
        return keys.tab(self, forward) or super().focusNextPrevChild(forward)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = QPointF(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Mouse and (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier or self.gesture is not None
        ):  # fmt: skip
            return  # that cuts wires
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.session.selection:
            at = self.camera.to_view(self.block_rect(self.session.selection[-1]).center())
        chosen = menu.menu_at(self, at, self)
        chosen.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen.popup(self.mapToGlobal(at.toPoint()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.hand.drag_enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.hand.drag_move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.hand.drag_leave()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.hand.drop(event):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.update()


def _described(describe: Callable[[], str], otherwise: str) -> str:
    """A description, or ``otherwise`` where it cannot be made: the drawing is of use without."""
    try:
        return describe()
    except Exception:
        log.exception("the drawing cannot be described")
        return otherwise
