"""The drawing as a widget that shows the session's level; `Canvas` adds what mouse and keys do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from blockstudio.analysis import Fix
from blockstudio.blocks import RawValue
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit, RemoveBlock, RemoveWire
from blockstudio.gui.canvas import dropping, keys, picture, telling
from blockstudio.gui.canvas.camera import Camera
from blockstudio.gui.canvas.drawing import Drawing
from blockstudio.gui.canvas.follow import follow
from blockstudio.gui.canvas.gestures import Gesture, Nudge
from blockstudio.gui.canvas.metrics import LINES
from blockstudio.gui.canvas.minimap import Minimap
from blockstudio.gui.canvas.notes import Link, Note, draw_note, make_notes, noted
from blockstudio.gui.canvas.painting import Marks, Painted, Stage, paint_background, paint_stage
from blockstudio.gui.canvas.placing import spread
from blockstudio.gui.canvas.staging import Staging, join
from blockstudio.gui.canvas.style import Style, style_of
from blockstudio.gui.session import Session
from blockstudio.gui.text import tr
from blockstudio.gui.theme import notifier, theme

READABLE = 0.75
"""Below this zoom a level just opened is not shown whole: it begins at its top instead."""
EMPTY = QPointF()
ROUTES_AT_A_TIME = 60
"""So many lanes take a few milliseconds."""


class Surface(QWidget):
    """The session's level as it is painted. Coordinates called *view* are pixels of this widget, *scene* those
    of the document."""

    zoom_changed = Signal(float)
    activated = Signal(str)
    """A block that is no module was opened (double click, Enter): somebody may show its fields."""
    hovered = Signal(str)
    """The block under the mouse, or nothing."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.camera = Camera()
        self.marks = Marks()
        self.painted = Painted()
        """What the last frame cost."""
        self.minimap = Minimap()
        self.notes: list[Note] = []
        self.gesture: Gesture | None = None
        self.nudge: Nudge | None = None
        self.ghost: dropping.Ghost | None = None
        self.staging = Staging(session, self._arranged, self)
        self.dragged_wire: Wire | None = None
        self._link: Link | None = None
        self._cameras: dict[str, tuple[float, float, float]] = {}
        self._path = session.path
        self._fresh = True
        """The user has not moved the view yet: it may follow the window's size."""
        self.setObjectName("canvas")
        self.setMinimumSize(240, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr("Drawing"))
        session.sizes = self._sizes
        session.edited.connect(self._on_edited)
        session.opened.connect(self._on_opened)
        session.path_changed.connect(self._on_path_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.metric_changed.connect(self._on_metric_changed)
        notifier.changed.connect(self.update)
        self.stage: Stage = self.staging.stage()
        self._idle = QTimer(self)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._route_some)
        self._on_selection_changed()
        self._route_later()

    # What it shows

    @property
    def drawing(self) -> Drawing:
        """Where everything on the level in view is."""
        return self.stage.drawing

    @property
    def style_now(self) -> Style:
        return style_of(theme())

    def viewport(self) -> QWidget:
        """The widget that gets the mouse: this one."""
        return self

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def block_rect(self, name: str) -> QRectF:
        """Where a block stands, in scene coordinates. Raises `KeyError`."""
        return self.drawing.rect(name)

    def port_point(self, name: str, port: str, side: str = "out") -> QPointF:
        """The middle of a port in view coordinates; ``side``: ``"in"`` or ``"out"``. Raises `KeyError`."""
        return self.camera.to_view(self.drawing.port(name, port, side).point)

    def _sizes(self) -> dict[str, tuple[float, float]]:
        return {name: self.drawing.card_size(name) for name in self.drawing.names}

    def loose_places(self) -> dict[str, tuple[float, float]]:
        """Places made up for blocks that have none in the document: what moves one of them keeps the others."""
        drawing = self.drawing
        return {name: drawing.place(name) for name, block in drawing.definition.blocks() if block.at is None}

    def _route_later(self) -> None:
        """Let wires that wait for their lane have it when there is nothing better to do."""
        if self.drawing.unrouted:
            self._idle.start()

    def _route_some(self) -> None:
        if not self.drawing.route(ROUTES_AT_A_TIME):
            self._idle.stop()
        self.update()

    # Following the session

    def _on_edited(self, edits: tuple[Edit, ...]) -> None:
        drawing = self.drawing
        if drawing.scope != self.session.scope or not follow(drawing, edits):
            self.stage = self.staging.stage()
        else:
            self.staging.refresh(self.stage, self.session.path)
        self.marks.wires = frozenset(wire for wire in self.marks.wires if wire in self.drawing.wire_rows)
        if self.marks.hovered_wire not in self.drawing.wire_rows:
            self.marks.hovered_wire = None
        if self.marks.hovered not in self.drawing.rows:
            self.marks.hovered = None
        self._renote()
        self._route_later()
        self.update()

    def _on_opened(self) -> None:
        self.cancel_gesture()
        self.staging.forget()
        self._cameras.clear()
        self._show_level()

    def _on_path_changed(self) -> None:
        self.cancel_gesture()
        self._cameras[self._path] = (self.camera.scale, self.camera.x, self.camera.y)
        self._show_level()

    def _show_level(self) -> None:
        self._path = self.session.path
        self.marks = Marks()
        self.stage = self.staging.stage()
        known = self._cameras.get(self._path)
        if known is not None:
            self.camera.scale, self.camera.x, self.camera.y = known
            self.zoom_changed.emit(self.camera.scale)
        else:
            self._fresh = True
            self._start_view()
        self._on_selection_changed()
        self._route_later()

    def _arranged(self) -> None:
        """A layout has arrived from the worker."""
        self.stage = self.staging.stage()
        if self._fresh:
            self._start_view()
        self._renote()
        self._route_later()
        self.update()

    def _on_selection_changed(self) -> None:
        self.marks.selected = frozenset(self.session.selection)
        self._renote()
        telling.announce(self)
        self.update()

    def _on_metric_changed(self) -> None:
        self.staging.refresh(self.stage, self.session.path)
        self.update()

    def preview_selection(self, names: Iterable[str] | None) -> None:
        """Show other blocks as selected than are; ``None`` shows the selection again."""
        self.marks.selected = frozenset(self.session.selection if names is None else names)
        self.update()

    def select_wires(self, wires: Iterable[Wire]) -> None:
        """Select wires; blocks are then not selected."""
        self.marks.wires = frozenset(wires)
        if self.marks.wires:
            self.session.select(())
        self.update()

    def select_all(self) -> None:
        """Select every block of the level."""
        self.session.select(self.drawing.names)

    def show_free_port(self, name: str | None) -> None:
        """Show one free input more on a merge."""
        if name != self.marks.ports_of:
            self.marks.ports_of = name
            self.update()

    def shift(self, names: Iterable[str], dx: float, dy: float) -> None:
        """Show blocks aside from where they are."""
        if dx or dy:
            self.drawing.shift(names, dx, dy)
            self._renote()
            self.update()

    def _renote(self) -> None:
        singled = [*self.session.selection, *([self.marks.hovered] if self.marks.hovered else [])]
        self.notes = make_notes(self.stage, noted(self.stage, singled))
        self._link = None

    def cancel_gesture(self) -> bool:
        """Take back what is being dragged or nudged; False if nothing is."""
        going = self.gesture or self.nudge or self.ghost
        if self.gesture is not None:
            self.gesture.cancel()
        if self.nudge is not None:
            self.nudge.cancel()
        self.gesture = self.nudge = self.ghost = None
        self.marks.drop_wire = None
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.update()
        return going is not None

    # What it does

    def delete(self) -> bool:
        """Remove the selected wires and blocks as one step."""
        session = self.session
        if not self.marks.wires:
            return session.delete_selection()
        definition = session.definition
        wires = dict.fromkeys(self.marks.wires)
        for name in session.selection:
            wires |= dict.fromkeys([*definition.wires_into(name), *definition.wires_from(name)])
        edits: list[Edit] = [RemoveWire(scope=session.scope, wire=wire) for wire in wires]
        edits += [RemoveBlock(scope=session.scope, name=name) for name in session.selection]
        return session.do(tr("Delete wire") if len(wires) == 1 else tr("Delete {0} wires", len(wires)), *edits)

    def open(self, name: str) -> None:
        """Enter a module instance; for another block tell that its fields are wanted."""
        if not self.session.enter(name):
            self.activated.emit(name)

    def apply_fix(self, fix: Fix) -> bool:
        """Do what a problem offers, as one step; what it adds is put where it covers nothing."""
        return self.session.do(fix.label, *spread(self.drawing, fix.edits))

    def toggle_frame(self, name: str) -> None:
        """Open a module instance in place, or shut it."""
        if self.session.definition.block(name).type not in self.session.diagram.modules:
            return
        path = join(self.session.path, name)
        self.staging.opened ^= {path}
        before = self.camera.to_view(self.drawing.rect(name).topLeft())
        self.stage = self.staging.stage()
        # The instance stays under the eye: its top keeps its height on the screen.
        after = self.camera.to_view(self.drawing.rect(name).topLeft())
        self.camera.pan(0, before.y() - after.y())
        self._renote()
        self.update()

    def insert_block(self, type_name: str, parameters: Mapping[str, RawValue] | None = None) -> str | None:
        """Put a block in without the mouse: behind the selected one, else in the middle; its name."""
        name = dropping.insert(self, dropping.Offer(type_name, dict(parameters or {})))
        if name is not None:
            self.reveal(name)
        return name

    # The view

    def _start_view(self) -> None:
        """How a level just opened is shown: whole if it is readable so, else from its top."""
        bounds, view = self.drawing.bounds, QRectF(self.rect())
        if bounds.isEmpty():
            self.camera.scale = 1.0
            self.camera.centre(EMPTY, view)
        else:
            self.camera.fit(bounds, view, 40)
            if self.camera.scale < READABLE:
                self.camera.scale = max(self.camera.scale, READABLE)
                self.camera.centre(bounds.center(), view)
                first = self.drawing.rect(keys.reading_order(self)[0])
                self.camera.x = view.center().x() - self.camera.scale * first.center().x()
                self.camera.y = 40 - self.camera.scale * bounds.top()
        self.zoom_changed.emit(self.camera.scale)
        self.update()

    def fit(self) -> None:
        """Show the whole level."""
        self._fresh = False
        if self.drawing.bounds.isEmpty():
            self._start_view()
            return
        self.camera.fit(self.drawing.bounds, QRectF(self.rect()), 40)
        self.zoom_changed.emit(self.camera.scale)
        self.update()

    def zoom_to(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom to a factor, the point ``about`` (view; the middle without one) staying where it is."""
        self._fresh = False
        self.camera.zoom(factor, about if about is not None else QRectF(self.rect()).center())
        self.zoom_changed.emit(self.camera.scale)
        self.update()

    def zoom_in(self) -> None:
        self.zoom_to(self.camera.scale * 1.25)

    def zoom_out(self) -> None:
        self.zoom_to(self.camera.scale / 1.25)

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by pixels."""
        self._fresh = False
        self.camera.pan(dx, dy)
        self.update()

    def centre_on(self, point: QPointF) -> None:
        """Bring a scene point to the middle."""
        self._fresh = False
        self.camera.centre(point, QRectF(self.rect()))
        self.update()

    def reveal(self, block: str) -> None:
        """Make sure a block is in view and can be read."""
        rect = self.drawing.rect(block)
        if self.camera.scale < LINES:
            self.zoom_to(1.0)
            self.centre_on(rect.center())
            return
        seen = self.camera.rect_to_view(rect)
        view = QRectF(self.rect()).adjusted(24, 24, -24, -24)
        if not view.contains(seen):
            if view.intersects(seen) and rect.width() * self.camera.scale < view.width():
                dx = max(0.0, view.left() - seen.left()) - max(0.0, seen.right() - view.right())
                dy = max(0.0, view.top() - seen.top()) - max(0.0, seen.bottom() - view.bottom())
                self.pan(dx, dy)
            else:
                self.centre_on(rect.center())

    def picture(self, size: QSize | None = None, dark: bool | None = None) -> QImage:
        """The whole level as an image of ``size`` pixels, by default twice as large as on screen at 100 %;
        ``dark`` or light, by default as the window."""
        return picture.picture(self.stage, size, dark)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.painted = Painted()
        area, style = QRectF(event.rect()), self.style_now
        paint_background(painter, area, self.camera.scale, self.camera.x, self.camera.y, style)
        painter.save()
        painter.setTransform(self.camera.transform(), True)
        scene = self.camera.rect_to_scene(area)
        paint_stage(painter, self.stage, scene, self.camera.scale, style, self.marks, self.painted)
        if self.camera.scale >= LINES:
            for note in self.notes:
                draw_note(painter, note, style, self._link)
            self.painted.notes += len(self.notes)
        if self.ghost is not None:
            self.ghost.paint(painter, style)
        painter.restore()
        if self.gesture is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            self.gesture.paint(painter, style)
        if self.minimap.shows(self.drawing, self.camera, self.size()):
            self.minimap.paint(painter, self.drawing, self.camera, self.size(), style, self.devicePixelRatioF())
        telling.paint_hints(painter, self, style)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fresh:
            self._start_view()
        super().resizeEvent(event)
