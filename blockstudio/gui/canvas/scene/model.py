"""Which level is drawn, and on which of its stages the user works; kept up to date with the session.

The *root* is the level that fills the canvas. Modules may be open in it as frames. The session stands either on the
root or on one of those frames: `Scene.stage` is that one, and all gestures work on it in its own coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, QTimer, Signal
from PySide6.QtGui import QImage

from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit, MoveBlocks, RenameBlock, SetTexts
from blockstudio.gui.canvas.scene.camera import MARGIN
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.follow import follow
from blockstudio.gui.canvas.scene.gliding import Gliding, standing
from blockstudio.gui.canvas.scene.notebook import Notebook
from blockstudio.gui.canvas.scene.order import in_reading_order
from blockstudio.gui.canvas.scene.preview import Preview
from blockstudio.gui.canvas.scene.stage import Marks, Stage
from blockstudio.gui.canvas.scene.staging import Staging, join
from blockstudio.gui.document.session import Session
from blockstudio.gui.document.shelf import Shelf

ROUTES_AT_A_TIME = 60
"""So many lanes take a few milliseconds."""


class Scene(QObject):
    """The drawing of a session's level. Points on the `stage` are the stage's own; `offset` leads to the scene's."""

    changed = Signal()
    """Something looks different."""
    followed = Signal()
    """The document, the level or a layout changed, and the drawing with it: what is known of blocks from before may
    no longer hold."""
    selected = Signal()
    """The selection has been followed."""
    level_changed = Signal(str)
    """Another level fills the canvas; the path of the one before."""
    document_changed = Signal()
    """Another document is shown, by its level where the user stood."""
    arranged = Signal()
    """A layout has arrived from the worker."""
    hovered = Signal(str)
    """The block under the mouse, or nothing."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.marks = Marks()
        """What is singled out on the stage the user works on."""
        self.used: list[str] = []
        """Titles of what the search has put in, the last first."""
        self.notebook = Notebook(session)
        self.shelf: Shelf | None = None
        """The modules that are kept for any diagram; whoever has them sets it."""
        self.carried = False
        """Blocks are on the mouse: no note of a problem stands in their way."""
        self.seen: Callable[[], tuple[QRectF, float]] | None = None
        """What of the scene is seen, and the zoom; the canvas sets it."""
        self.staging = Staging(session, self._on_arranged, self)
        self.gliding = Gliding(self)
        self.gliding.changed.connect(self.changed)
        self._routing = False
        self.preview: Preview | None = None
        """What is painted in place of the root while an act is looked at before it is done."""
        self.root: Stage = self.staging.stage(session.path, session.scope)
        self.stage: Stage = self.root
        self.offset = QPointF()
        """From the stage's coordinates to the scene's."""
        session.sizes = self._sizes
        session.answer = self.staging.answer
        session.edited.connect(self._on_edited)
        session.opened.connect(self._on_opened)
        session.path_changed.connect(self._on_path_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.metric_changed.connect(self._on_facts_changed)
        session.hinted_changed.connect(self._on_facts_changed)
        session.veiled_changed.connect(self._on_facts_changed)
        session.lit_changed.connect(self.changed)
        session.initial_weights.changed.connect(self._on_start_changed)
        session.fix_finder.found.connect(self._on_fixes_found)
        self._on_selection_changed()
        self._route_later()

    # Where things are

    @property
    def drawing(self) -> Drawing:
        """Where everything on the stage is, in the stage's own coordinates."""
        return self.stage.drawing

    def bounds(self) -> QRectF:
        """What is drawn, in scene coordinates."""
        return self.root.drawing.bounds

    def first_rect(self) -> QRectF:
        """The block at which reading begins. Raises `IndexError` on an empty level."""
        drawing = self.root.drawing
        return drawing.rect(in_reading_order(drawing)[0])

    def block_rect(self, name: str) -> QRectF:
        """Where a block of the session's level stands, in scene coordinates. Raises `KeyError`."""
        return self.drawing.rect(name).translated(self.offset)

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

    def lit_rects(self) -> list[QRectF]:
        """Where the blocks are that somebody points at, or the modules around them, in scene coordinates; an empty
        rectangle for one that is not in view."""
        return [self._lit_rect(path) for path in self.session.lit]

    def thumbnail(self) -> tuple[QImage, QRectF] | None:
        """What the block under the mouse gives, and where its card is; ``None`` if it is not known."""
        name, known = self.marks.hovered, self.session.thumbnails
        if name is None or known is None or not known.fits(self.session.diagram):
            return None
        path = f"{self.stage.path}.{name}" if self.stage.path else name
        found = known.of(path)
        rect = self._lit_rect(path)
        return None if found is None or rect.isEmpty() else (found, rect)

    def _lit_rect(self, path: str) -> QRectF:
        found, deepest = QRectF(), -1
        for stage, offset in self.stages():
            before = f"{stage.path}." if stage.path else ""
            if not path.startswith(before) or len(before) <= deepest:
                continue
            rest, drawing = path[len(before) :], stage.drawing
            name = max((each for each in drawing.names if rest == each or rest.startswith(f"{each}.")),
                       key=len, default=None)  # fmt: skip
            if name is not None and not drawing.is_hidden(name):
                found, deepest = drawing.rect(name).translated(offset), len(before)
        return found

    def go_to(self, stage: Stage) -> None:
        """Work on a stage that is drawn: the root or a module open in it."""
        if stage is not self.stage:
            self.session.go(stage.path)

    def _settle_on(self, path: str) -> bool:
        """Work on the stage of a path, if it is drawn."""
        for stage, offset in self.stages():
            if stage.path == path:
                self.stage, self.offset = stage, offset
                return True
        return False

    def restage(self, edits: tuple[Edit, ...] | None = None) -> None:
        """Draw the root anew: because of ``edits``, or of whatever it may be."""
        self.root = self.staging.stage(self.root.path, self.root.drawing.scope, edits)
        if not self._settle_on(self.session.path):
            self._stage_session()

    def show_on(self, size: QSizeF, anew: bool = True) -> bool:
        """The canvas shows so much at 100 %: the level in view is put into columns that fit, if that is wanted
        (``anew``) and nobody has put its blocks anywhere. Whether blocks stand elsewhere now."""
        self.staging.paper = size.width() - 2 * MARGIN, size.height() - 2 * MARGIN
        if not anew or not self.staging.refold(self.root.drawing.scope):
            return False
        self.restage()
        self._redone()
        self.followed.emit()
        return True

    def _stage_session(self) -> None:
        """Draw the session's level as the root."""
        self.root = self.stage = self.staging.stage(self.session.path, self.session.scope)
        self.offset = QPointF()

    # Modules open in place

    def is_module(self, name: str) -> bool:
        """Whether a block of the stage is an instance of a module; False for a name that is gone."""
        definition = self.session.definition
        return name in definition and definition.block(name).type in self.session.diagram.modules

    def is_open(self, name: str) -> bool:
        """Whether an instance on the stage is open in place."""
        return name in self.drawing.frames

    def open_all(self, paths: Iterable[str]) -> None:
        """Open these instances in place, and no others."""
        self.staging.opened = set(paths)
        self.restage()
        self._redone()
        self.followed.emit()

    def toggle_frame(self, name: str) -> None:
        """Open a module instance in place, or shut it."""
        if self.is_module(name):
            self.staging.opened ^= {join(self.stage.path, name)}
            self.restage()
            self._redone()

    def shut(self, name: str) -> None:
        """Shut an instance that is open in place."""
        if self.is_open(name):
            self.toggle_frame(name)

    # Wires that wait for their lanes

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
            self.changed.emit()

    # Following the session

    def _on_edited(self, edits: tuple[Edit, ...]) -> None:
        moves = any(isinstance(edit, MoveBlocks) for edit in edits)
        stood = standing(stage for stage, _ in self.stages()) if moves else {}
        self._rename_opened(edits)
        scope = self.root.drawing.scope
        refolded = any(isinstance(edit, SetTexts) for edit in edits) and self.staging.refold(scope)
        anew = self.staging.upset(scope) or refolded
        if self.root.drawing.scope not in self.session.diagram.scopes():
            self._stage_session()
        elif (
            not anew
            and self.root is self.stage
            and self.root.drawing.right == self.staging.right
            and not self._frames_wanted()
            and follow(self.root.drawing, edits)
        ):
            self.staging.refresh(self.root)
        else:
            self.restage(None if anew or self.root.drawing.right != self.staging.right else edits)
        self.marks.keep(self.drawing)
        self.gliding.follow(stood, (stage for stage, _ in self.stages()))
        self._redone()
        self.followed.emit()

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
        self.staging.forget()
        self._show_level()
        self.document_changed.emit()
        self._level_shown()

    def _on_path_changed(self) -> None:
        if self._settle_on(self.session.path):
            self.marks = Marks()
            self._on_selection_changed()
            self.followed.emit()
            return
        before = self.root.path
        self._show_level()
        self.level_changed.emit(before)
        self._level_shown()

    def _show_level(self) -> None:
        """Make the session's level the root."""
        self.marks = Marks()
        self._stage_session()

    def _level_shown(self) -> None:
        self._on_selection_changed()
        self._route_later()
        self.followed.emit()

    def _on_arranged(self) -> None:
        self.restage()
        self.arranged.emit()
        self._redone()
        self.followed.emit()

    def _on_selection_changed(self) -> None:
        self.marks.selected = frozenset(self.session.selection)
        self.marks.noted = frozenset(self.session.noted)
        self.renote()
        self.selected.emit()
        self.changed.emit()

    def _on_start_changed(self) -> None:
        # Later: the edit, or the other document, that may be the reason has not been followed here yet.
        QTimer.singleShot(0, self, self._on_facts_changed)

    def _on_facts_changed(self) -> None:
        self.staging.refresh(self.root)
        self.rewrite_notes()

    def _on_fixes_found(self) -> None:
        if self.notebook.notes:
            self.rewrite_notes()

    def _redone(self) -> None:
        """The drawing is another."""
        self.renote()
        self._route_later()
        self.changed.emit()

    # What is singled out

    def renote(self) -> None:
        """Write the notes anew."""
        hovered = [self.marks.hovered] if self.marks.hovered else []
        singled = [] if self.carried else [*hovered, *reversed(self.session.selection)]
        area, scale = self.seen() if self.seen is not None else (QRectF(), 1.0)
        self.notebook.write(self.stages(), self.stage, singled, area, scale)

    def renote_in_view(self) -> None:
        """Another part of the scene is seen: a note that is open stays in it."""
        if (self.marks.hovered or self.session.selection) and not self.carried:
            self.renote()

    def rewrite_notes(self) -> None:
        """The same, and show them."""
        self.renote()
        self.changed.emit()

    def preview_selection(self, names: Iterable[str] | None) -> None:
        """Show other blocks as selected than are; ``None`` shows the selection again."""
        self.marks.selected = frozenset(self.session.selection if names is None else names)
        self.changed.emit()

    def select_wires(self, wires: Iterable[Wire]) -> None:
        """Select wires; blocks are then not selected."""
        self.marks.wires = frozenset(wires)
        if self.marks.wires:
            self.session.select(())
        self.changed.emit()

    def show_free_port(self, name: str | None) -> None:
        """Show one free input more on a merge."""
        if name != self.marks.ports_of:
            self.marks.ports_of = name
            self.changed.emit()

    def shift(self, names: Iterable[str], dx: float, dy: float, notes: Iterable[str] = ()) -> None:
        """Show blocks and notes aside from where they are, in every copy of their module that is open."""
        if dx or dy:
            names, notes = tuple(names), tuple(notes)
            for drawing in self._drawings(self.drawing.scope):
                drawing.shift_notes(notes, dx, dy)
                drawing.shift(names, dx, dy)
            self.rewrite_notes()

    def put_back(self, drawing: Drawing, names: Iterable[str]) -> None:
        """Show blocks of a drawing where the document has them, if it is still in view. Names that are gone are left
        out."""
        shown, names = self._drawings(drawing.scope), tuple(names)
        if drawing in shown:
            for each in shown:
                each.put_notes_back()
                each.moved(names)
            self.rewrite_notes()

    def _drawings(self, scope: str) -> list[Drawing]:
        """The drawings of a definition that are in view."""
        return list({stage.drawing: None for stage, _ in self.stages() if stage.drawing.scope == scope})
