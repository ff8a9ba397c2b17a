"""Which level is drawn, and on which of its stages the user works.

The *root* is the level that fills the canvas. Modules may be open in it as frames. The session stands either on the
root or on one of those frames: `Levels.stage` is that one, and all gestures work on it in its own coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QPointF, QRectF, QTimer, Signal
from PySide6.QtWidgets import QWidget

from blockstudio.analysis import Problem
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit, RenameBlock
from blockstudio.gui.canvas.hand.keys import in_reading_order
from blockstudio.gui.canvas.paint import telling
from blockstudio.gui.canvas.paint.notes import Link, Note, make_notes, moved_note, noted, unsolved
from blockstudio.gui.canvas.paint.painting import Marks, Stage
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.follow import follow
from blockstudio.gui.canvas.scene.staging import Staging, join
from blockstudio.gui.canvas.view import View
from blockstudio.gui.document.session import Session

ROUTES_AT_A_TIME = 60
"""So many lanes take a few milliseconds."""


class Levels(View):
    """The view of a session's level, kept up to date with the document."""

    hovered = Signal(str)
    """The block under the mouse, or nothing."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.marks = Marks()
        """What is singled out on the stage the user works on."""
        self.notes: list[Note] = []
        """In scene coordinates."""
        self.link: Link | None = None
        """The link in a note that is under the mouse."""
        self.staging = Staging(session, self._arranged, self)
        self._cameras: dict[str, tuple[float, float, float]] = {}
        self._unsolved: list[Problem] = []
        self._solving = self._routing = False
        self.root: Stage = self.staging.stage(session.path, session.scope)
        self.stage: Stage = self.root
        self.offset = QPointF()
        """From the stage's coordinates to the scene's."""
        session.sizes = self._sizes
        session.edited.connect(self._on_edited)
        session.opened.connect(self._on_opened)
        session.path_changed.connect(self._on_path_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.metric_changed.connect(self._on_facts_changed)
        session.starting.changed.connect(self._on_start_changed)
        self._on_selection_changed()
        self._route_later()

    # Where things are

    @property
    def drawing(self) -> Drawing:
        """Where everything on the stage is, in the stage's own coordinates."""
        return self.stage.drawing

    def bounds(self) -> QRectF:
        return self.root.drawing.bounds

    def first_rect(self) -> QRectF:
        drawing = self.root.drawing
        return drawing.rect(in_reading_order(drawing)[0])

    def to_stage(self, at: QPointF) -> QPointF:
        """From the view to the stage."""
        return self.camera.to_scene(at) - self.offset

    def from_stage(self, point: QPointF) -> QPointF:
        """From the stage to the view."""
        return self.camera.to_view(point + self.offset)

    def block_rect(self, name: str) -> QRectF:
        """Where a block of the session's level stands, in scene coordinates. Raises `KeyError`."""
        return self.drawing.rect(name).translated(self.offset)

    def port_point(self, name: str, port: str, side: str = "out") -> QPointF:
        """The middle of a port in view coordinates; ``side``: ``"in"`` or ``"out"``. Raises `KeyError`."""
        return self.from_stage(self.drawing.port(name, port, side).point)

    def _sizes(self) -> dict[str, tuple[float, float]]:
        return {name: self.drawing.card_size(name) for name in self.drawing.names}

    def loose_places(self) -> dict[str, tuple[float, float]]:
        """Places made up for blocks that have none in the document: what moves one of them keeps the others."""
        drawing = self.drawing
        return {name: drawing.document_place(name) for name, block in drawing.definition.blocks() if block.at is None}

    # Stages

    def stages(self) -> Iterator[tuple[Stage, QPointF]]:
        """The root and all that is open in it, with offsets."""
        waiting = [(self.root, QPointF())]
        while waiting:
            stage, offset = waiting.pop()
            yield stage, offset
            for name, inner in stage.inside.items():
                frame = stage.drawing.frames[name]
                waiting.append((inner, offset + QPointF(frame.dx, frame.dy)))

    def _settle_on(self, path: str) -> bool:
        """Work on the stage of a path, if it is drawn."""
        for stage, offset in self.stages():
            if stage.path == path:
                self.stage, self.offset = stage, offset
                return True
        return False

    def _restage(self) -> None:
        """Draw the root anew."""
        self.root = self.staging.stage(self.root.path, self.root.drawing.scope)
        if not self._settle_on(self.session.path):
            self.root = self.staging.stage(self.session.path, self.session.scope)
            self.stage, self.offset = self.root, QPointF()

    def is_open(self, name: str) -> bool:
        """Whether an instance on the stage is open in place."""
        return name in self.drawing.frames

    def toggle_frame(self, name: str) -> None:
        """Open a module instance in place, or shut it."""
        if self.session.definition.block(name).type not in self.session.diagram.modules:
            return
        self.staging.opened ^= {join(self.stage.path, name)}
        before = self.camera.to_view(self.block_rect(name).topLeft())
        self._restage()
        # The instance stays under the eye: its top keeps its height on the screen.
        after = self.camera.to_view(self.block_rect(name).topLeft())
        self.camera.pan(0, before.y() - after.y())
        self.renote()
        self._route_later()
        self.update()

    def _route_later(self) -> None:
        """Let wires that wait for their lane have it when there is nothing better to do, and their blocks stand."""
        if not self._routing and not self.staging.busy and self._unrouted() is not None:
            self._routing = True
            QTimer.singleShot(0, self, self._route_some)

    def _unrouted(self) -> Drawing | None:
        """A drawing in view whose wires wait for their lanes: the root, or what is open in it."""
        return next((stage.drawing for stage, _ in self.stages() if stage.drawing.unrouted), None)

    def _route_some(self) -> None:
        self._routing = False
        drawing = self._unrouted()
        if drawing is not None:
            drawing.route(ROUTES_AT_A_TIME)
        # A drawing of so many wires takes long to paint: once, when all have their lanes.
        if self._unrouted() is not None:
            self._route_later()
        else:
            self.update()

    # Following the session

    def _on_edited(self, edits: tuple[Edit, ...]) -> None:
        self._rename_opened(edits)
        known = self.root.drawing.scope in self.session.diagram.scopes()
        if not known:
            self.root = self.stage = self.staging.stage(self.session.path, self.session.scope)
            self.offset = QPointF()
        elif self.root is self.stage and not self._frames_wanted() and follow(self.root.drawing, edits):
            self.staging.refresh(self.root)
        else:
            self._restage()
        marks, drawing = self.marks, self.drawing
        marks.port = None
        marks.wires = frozenset(wire for wire in marks.wires if wire in drawing.wire_rows)
        if marks.hovered_wire not in drawing.wire_rows:
            marks.hovered_wire = None
        if marks.hovered not in drawing.rows:
            marks.hovered = None
        self.renote()
        self._route_later()
        self.update()

    def _frames_wanted(self) -> bool:
        """Whether anything on the root is to be drawn open: then one block's place depends on others' sizes."""
        return any(path.startswith(self.root.path) for path in self.staging.opened)

    def _rename_opened(self, edits: tuple[Edit, ...]) -> None:
        """Instances that are open stay open under another name."""
        for edit in edits:
            if not isinstance(edit, RenameBlock):
                continue
            for stage, _ in self.stages():
                if stage.drawing.scope != edit.scope:
                    continue
                old, new = join(stage.path, edit.name), join(stage.path, edit.to)
                self.staging.opened = {
                    new + path[len(old) :] if path == old or path.startswith(old + ".") else path
                    for path in self.staging.opened
                }

    def _on_opened(self) -> None:
        self.cancel_gesture()
        self.staging.forget()
        self._cameras.clear()
        self._show_level()

    def _on_path_changed(self) -> None:
        self.cancel_gesture()
        if self._settle_on(self.session.path):
            self.marks = Marks()
            self._on_selection_changed()
            return
        self._cameras[self.root.path] = (self.camera.scale, self.camera.x, self.camera.y)
        self._show_level()

    def _show_level(self) -> None:
        """Make the session's level the root."""
        self.marks = Marks()
        self.root = self.stage = self.staging.stage(self.session.path, self.session.scope)
        self.offset = QPointF()
        known = self._cameras.get(self.root.path)
        if known is not None:
            self.camera.scale, self.camera.x, self.camera.y = known
            self.zoom_changed.emit(self.camera.scale)
        else:
            self.restart_view()
        self._on_selection_changed()
        self._route_later()

    def _arranged(self) -> None:
        """A layout has arrived from the worker."""
        self._restage()
        if self.fresh:
            self.start_view()
        self.renote()
        self._route_later()
        self.update()

    def _on_selection_changed(self) -> None:
        self.marks.selected = frozenset(self.session.selection)
        self.renote()
        telling.announce(self)
        self.update()

    def _on_start_changed(self) -> None:
        # Later: the edit, or the other document, that may be the reason has not been followed here yet.
        QTimer.singleShot(0, self, self._on_facts_changed)

    def _on_facts_changed(self) -> None:
        self.staging.refresh(self.root)
        self.update()

    def cancel_gesture(self) -> bool:
        """Take back what is being dragged; False if nothing is."""
        raise NotImplementedError

    # What is singled out

    def renote(self) -> None:
        """Notes for what is selected or under the mouse, and for all that is wrong while that is little."""
        singled = [*self.session.selection, *([self.marks.hovered] if self.marks.hovered else [])]
        self.notes, self._unsolved = [], []
        for stage, offset in self.stages():
            shown = noted(stage, singled if stage is self.stage else ())
            self.notes += [moved_note(note, offset) for note in make_notes(stage, shown)]
            self._unsolved += unsolved(stage, shown)
        self.link = None
        if self._unsolved and not self._solving:
            self._solving = True
            QTimer.singleShot(0, self, self._solve_one)

    def _solve_one(self) -> None:
        """Work out the ways out of one problem, and show them."""
        self._solving = False
        if self._unsolved and self._unsolved[0].fixes is not None:
            self.renote()
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

    def show_free_port(self, name: str | None) -> None:
        """Show one free input more on a merge."""
        if name != self.marks.ports_of:
            self.marks.ports_of = name
            self.update()

    def shift(self, names: Iterable[str], dx: float, dy: float) -> None:
        """Show blocks aside from where they are."""
        if dx or dy:
            self.drawing.shift(names, dx, dy)
            self.renote()
            self.update()

    def put_back(self, names: Iterable[str]) -> None:
        """Show blocks where the document has them."""
        self.drawing.moved(names)
        self.renote()
        self.update()
