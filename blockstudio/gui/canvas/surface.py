"""The drawing as a widget: painting, and what can be done with it without a mouse. `Canvas` adds mouse and keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from blockstudio.analysis import Fix
from blockstudio.blocks import RawValue
from blockstudio.graph.edits import Edit, RemoveBlock, RemoveWire
from blockstudio.gui.canvas.hand import dropping
from blockstudio.gui.canvas.hand.gestures import Gesture, Nudge
from blockstudio.gui.canvas.levels import Levels
from blockstudio.gui.canvas.paint import picture, telling
from blockstudio.gui.canvas.paint.background import paint_background
from blockstudio.gui.canvas.paint.camera import Camera
from blockstudio.gui.canvas.paint.far import MANY, FarLayer
from blockstudio.gui.canvas.paint.minimap import Minimap
from blockstudio.gui.canvas.paint.notes import Link, draw_note
from blockstudio.gui.canvas.paint.painting import Painted, StagePainter
from blockstudio.gui.canvas.paint.sprites import Sprites
from blockstudio.gui.canvas.paint.style import Style, style_of
from blockstudio.gui.canvas.scene.metrics import FAR_FEW, LINES
from blockstudio.gui.canvas.scene.placing import spread
from blockstudio.gui.canvas.scene.staging import join
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import notifier, theme

REST_MS = 140
"""After so long without a further step the zoom rests."""


class Surface(Levels):
    """The session's level as it is painted."""

    activated = Signal(str)
    """A block that is no module was opened (double click, Enter): somebody may show its fields."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        self.painted = Painted()
        """What the last frame cost."""
        self.minimap = Minimap()
        self.sprites = Sprites()
        self.far = FarLayer()
        self.gesture: Gesture | None = None
        self.nudge: Nudge | None = None
        self.ghost: dropping.Ghost | None = None
        super().__init__(session, parent)
        self.setObjectName("canvas")
        self.setMinimumSize(240, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr("Drawing"))
        notifier.changed.connect(self.update)
        self._steps = 0
        """Of the zoom, since the beginning."""

    def zoom_on(self, factor: float, about: QPointF) -> None:
        """Zoom as one step of many, as a wheel does: what is painted is made crisp when the zoom rests."""
        self.sprites.moving = True
        self._steps += 1
        step = self._steps
        QTimer.singleShot(REST_MS, self, lambda: self._rest(step))
        self.zoom_to(factor, about)

    def _rest(self, step: int) -> None:
        if step == self._steps:
            self.sprites.moving = False
            self.update()

    # What it does

    def select_all(self) -> None:
        """Select every block of the level."""
        drawing = self.drawing
        self.session.select(name for name in drawing.names if not drawing.is_hidden(name))

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
        if self.session.definition.block(name).type in self.session.diagram.modules:
            if self.is_open(name):
                # Else the session would only go to the frame.
                self.staging.opened.discard(join(self.stage.path, name))
                self._restage()
            self.session.enter(name)
        else:
            self.activated.emit(name)

    def apply_fix(self, fix: Fix) -> bool:
        """Do what a problem offers, as one step; what it adds is put where it covers nothing."""
        edits: list[Edit] = list(fix.edits)
        for stage, _ in self.stages():
            edits = spread(stage.drawing, edits)
        return self.session.do(fix.label, *edits)

    def follow_link(self, link: Link) -> None:
        """Do what a link in a note says."""
        if link.fix is not None:
            self.apply_fix(link.fix)
        elif link.asks is not None:
            found = link.asks.fixes
            self.renote()
            self.update()
            if not found:
                self.session.message.emit(tr("No way out of this is known"))

    def insert_block(self, type_name: str, parameters: Mapping[str, RawValue] | None = None) -> str | None:
        """Put a block in without the mouse: behind the selected one, else in the middle; its name."""
        name = dropping.insert(self, dropping.Offer(type_name, dict(parameters or {})))
        if name is not None:
            self.reveal(name)
        return name

    def reveal(self, block: str) -> None:
        """Make sure a block of the session's level is in view and can be read."""
        self.reveal_rect(self.block_rect(block))

    def cancel_gesture(self) -> bool:
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

    def picture(self, size: QSize | None = None, dark: bool | None = None) -> QImage:
        """The whole level as an image of ``size`` pixels, by default twice as large as on screen at 100 %;
        ``dark`` or light, by default as the window."""
        return picture.picture(self.root, size, dark)

    # Painting

    def _paint_level(self, painter: QPainter, camera: Camera, area: QRectF, style: Style) -> None:
        """The ground and the level, seen through a camera; ``area`` in pixels."""
        paint_background(painter, area, camera, style)
        painter.save()
        painter.setTransform(camera.transform(), True)
        marks = {self.stage.path: self.marks}
        stages = StagePainter(painter, camera.scale, style, marks, self.painted, self.sprites)
        stages.paint(self.root, camera.rect_to_scene(area))
        painter.restore()

    def _paint_from_far(self, painter: QPainter, style: Style) -> bool:
        """Lay down what was painted before, if the level is large; False if it is to be painted."""
        drawing = self.root.drawing
        if len(drawing) < MANY or drawing.frames or self.camera.scale >= FAR_FEW:
            return False
        key = (
            drawing.serial, drawing.version, self.root.facts.serial, self.marks.selected, style.theme.name,
            self.width(), self.height(), self.devicePixelRatioF(),
        )  # fmt: skip
        return self.far.paint(
            painter, key, self.camera, self.size(), self.devicePixelRatioF(), self.sprites.moving,
            lambda own, camera, area: self._paint_level(own, camera, area, style),
        )  # fmt: skip

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.painted = Painted()
        camera, style, scale = self.camera, style_of(theme()), self.camera.scale
        area = QRectF(event.rect())
        if not self._paint_from_far(painter, style):
            self._paint_level(painter, camera, area, style)
        painter.save()
        painter.setTransform(camera.transform(), True)
        if scale >= LINES:
            for note in self.notes:
                draw_note(painter, note, style, self.link)
            self.painted.notes += len(self.notes)
        if self.ghost is not None:
            painter.translate(self.offset)
            self.ghost.paint(painter, style)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if self.gesture is not None:
            self.gesture.paint(painter, style)
        if self.minimap.shows(self.root.drawing, camera, self.size()):
            self.minimap.paint(painter, self.root.drawing, camera, self.size(), style, self.devicePixelRatioF())
        telling.paint_hints(painter, self, style)
        painter.end()
