"""Moving blocks, with the mouse or the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt

from blockstudio.graph.annotations import Annotation
from blockstudio.graph.edits import Edit, MoveBlocks, SetRoute
from blockstudio.gui.canvas.hand import annotating
from blockstudio.gui.canvas.hand.carrying import Carrying
from blockstudio.gui.canvas.hand.gesture import Drag, Gesture, adds
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene.guides import fall_in
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.overlay import Carried, Guides, Overlay
from blockstudio.gui.canvas.scene.placing import snap
from blockstudio.gui.kit.text import phrase, tr_many
from blockstudio.text import say_many

MANY = 64
"""Of more blocks that are moved together it is not looked for what they fall in line with."""


class Move(Drag):
    """Click selects a block, drag moves it, or all that is selected with it: one undo step. Let go on a wire it leaves
    its chain and goes in there; with Alt it leaves its chain and keeps off the grid; with Ctrl a copy is put there."""

    cursor = Qt.CursorShape.SizeAllCursor
    scrolls = True

    def __init__(self, surface: Surface, at: QPointF, name: str | Annotation) -> None:
        super().__init__(surface, at)
        self._from = on_stage(surface, at)
        self._drawing = self.scene.drawing
        self.grip = name
        """The block, note or frame that the mouse holds."""
        self.names: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.guides: Guides | None = None
        """What they have fallen in line with."""
        self.carrying: Carrying | None = None
        """What they would be put into, once it is a drag."""
        self.dx = self.dy = 0.0
        """How far the blocks are shown from where they are."""
        self.copies = False
        """Copies are to be put there, and the blocks to stay."""

    def begin(self) -> None:
        session, grip = self.scene.session, self.grip
        if isinstance(grip, Annotation):
            if grip not in session.noted:
                session.select((), [grip])
        elif grip not in session.selection:
            session.select([grip])
        self.names, self.notes = annotating.along(self.scene)
        self.scene.carried = True
        self._drawing.hold(annotating.straddled(self._drawing, self.names))
        if not isinstance(grip, Annotation):
            self.carrying = Carrying(self.scene, self.names)

    def _corner(self) -> tuple[float, float]:
        """What is put on the grid, in the document's coordinates."""
        if not isinstance(self.grip, Annotation):
            return self._drawing.document_place(self.grip)
        if self.names:
            return self._drawing.document_place(self.names[0])
        corner = self._drawing.rect_of(self.grip).topLeft()
        return corner.x() - self.dx - self._drawing.origin[0], corner.y() - self.dy - self._drawing.origin[1]

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        self.copies = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        self.cursor = Qt.CursorShape.DragCopyCursor if self.copies else Move.cursor
        x, y = self._corner()
        aside = on_stage(self.surface, self.at) - self._from
        self.guides = None
        if modifiers & Qt.KeyboardModifier.AltModifier:
            dx, dy = aside.x(), aside.y()
        else:
            dx, dy = self._in_line(aside, snap(x + aside.x()) - x, snap(y + aside.y()) - y)
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        if self.carrying is not None:
            self._aim(self.carrying, modifiers)
        self.scene.shift(self.names, dx - self.dx, dy - self.dy, self.notes)
        self.dx, self.dy = dx, dy
        found = annotating.joins(self._drawing, self.names) if self._drawing.definition.frames else {}
        self.scene.marks.into = frozenset(key for key, (come, _) in found.items() if come)

    def _in_line(self, aside: QPointF, dx: float, dy: float) -> tuple[float, float]:
        """Where the blocks fall in line with what stands around them, else ``dx``, ``dy``, the grid's."""
        if len(self.names) > MANY or not self.names:
            return dx, dy
        box = QRectF()
        for name in self.names:
            box = box.united(self._drawing.rect(name)) if name in self._drawing.rows else box
        box.translate(aside.x() - self.dx, aside.y() - self.dy)
        fall = fall_in(self._drawing, self.names, box, self.surface.camera.scale)
        self.guides = fall.guides
        return (
            dx if fall.dx is None else aside.x() + fall.dx,
            dy if fall.dy is None else aside.y() + fall.dy,
        )

    def overlay(self) -> Overlay | None:
        if not self.dragging:
            return None
        guides = self.guides.translated(self.scene.offset) if self.guides is not None else None
        text = self.carrying.told() if self.carrying is not None else ""
        if self.copies:
            text = tr_many("a copy", "{count} copies", max(1, len(self.names)))
        return Carried(self.at, text, guides)

    def _aim(self, carrying: Carrying, modifiers: Qt.KeyboardModifier) -> None:
        if self.copies:
            carrying.leave()
            return
        pull = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        carrying.aim(on_stage(self.surface, self.at), self.surface.camera.scale, pull)

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.scene.carried = False
        self.copies = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        if self.copies:
            self._put_copies()
            return
        if self.carrying is not None:
            self._aim(self.carrying, modifiers)
            if self.carrying.drop(self._places()):
                self._drawing.put_notes_back()
                return
        self.scene.marks.into = frozenset()
        commit_move(self.scene, self.names, self.dx, self.dy, self.notes)

    def _put_copies(self) -> None:
        """Leave the blocks where they were, and copies where they are shown."""
        scene, session, dx, dy = self.scene, self.scene.session, self.dx, self.dy
        middle = self._drawing.rect(self.names[0]).center() if self.names else self._from + QPointF(dx, dy)
        loose: dict[str, tuple[float, float] | None] = dict(scene.loose_places())
        self.cancel()
        at = middle.x() - self._drawing.origin[0], middle.y() - self._drawing.origin[1]
        if dx or dy:
            session.duplicate((dx, dy), at, [MoveBlocks(scope=session.scope, to=loose)] if loose else ())

    def _places(self) -> dict[str, tuple[float, float]]:
        """Where the document would have the blocks."""
        places = {name: self._drawing.document_place(name) for name in self.names}
        return {name: (round(x + self.dx, 2), round(y + self.dy, 2)) for name, (x, y) in places.items()}

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        session, grip = self.scene.session, self.grip
        if isinstance(grip, Annotation):
            annotating.select(self.scene, grip, modifiers)
            return
        self.scene.select_wires(())
        if not adds(modifiers):
            session.select([grip])
        elif grip in session.selection:
            session.select([name for name in session.selection if name != grip], session.noted)
        else:
            session.select([*session.selection, grip], session.noted)

    def cancel(self) -> None:
        self.scene.carried = False
        self.scene.marks.into = frozenset()
        if self.carrying is not None:
            self.carrying.clear()
        self.scene.put_back(self._drawing, self.names)


class Nudge(Gesture):
    """Arrow keys move the selection; all that is pressed until the keys are up is one undo step."""

    def __init__(self, surface: Surface) -> None:
        super().__init__(surface)
        self._drawing = self.scene.drawing
        self.names, self.notes = annotating.along(self.scene)
        self.dx = self.dy = 0.0

    def press(self, dx: float, dy: float) -> None:
        """Show the blocks further aside."""
        self.scene.shift(self.names, dx, dy, self.notes)
        self.dx, self.dy = self.dx + dx, self.dy + dy

    def finish(self) -> None:
        commit_move(self.scene, self.names, self.dx, self.dy, self.notes)

    def cancel(self) -> None:
        self.scene.put_back(self._drawing, self.names)


def commit_move(scene: Scene, names: tuple[str, ...], dx: float, dy: float, notes: tuple[str, ...] = ()) -> None:
    """Tell the document where blocks and notes are now that were shown ``dx``, ``dy`` aside. Blocks that had no place
    of their own are given the one they were shown at, so that the picture stays; what was put into a frame or out of it
    belongs there."""
    drawing, session = scene.drawing, scene.session
    if not (dx or dy):
        drawing.put_notes_back()
        return
    to: dict[str, tuple[float, float] | None] = dict(scene.loose_places())
    for name in names:
        x, y = drawing.document_place(name)
        to[name] = (round(x + dx, 2), round(y + dy, 2))
    routes, there = session.definition.routes, set(names)
    edits: list[Edit] = [MoveBlocks(scope=session.scope, to=to)] if to else []
    edits += [
        SetRoute(scope=session.scope, wire=wire, route=tuple((round(x + dx, 2), round(y + dy, 2)) for x, y in route))
        for wire, route in routes.items()
        if wire.source in there and wire.target in there
    ]
    edits += annotating.moved_notes(scene, notes, dx, dy)
    edits += annotating.rejoined(scene, names)
    what: str = say_many("{count} block", "{count:,} blocks", len(names))
    if len(names) == 1 or not names:
        what = names[0] if names else phrase("note")
    drawing.put_notes_back()
    if not session.do(phrase("Move {0}", what), *edits):
        scene.put_back(drawing, names)
