"""Notes and frames by mouse and keys: moved with what stands in them, made larger, made of a selection."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt

from blockstudio.graph.annotation_edits import MAX_MARGIN, NARROW, WIDE, free
from blockstudio.graph.annotations import Annotation, Frame, Note
from blockstudio.graph.edits import Edit, MoveBlocks, SetFrame, SetNote
from blockstudio.graph.operations.noting import reach
from blockstudio.gui.canvas.hand.gesture import Drag, adds
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene.annotated import TITLE, margins_for
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.kit.text import phrase, tr

CURSORS = {
    "l": Qt.CursorShape.SizeHorCursor, "r": Qt.CursorShape.SizeHorCursor,
    "t": Qt.CursorShape.SizeVerCursor, "b": Qt.CursorShape.SizeVerCursor,
    "lt": Qt.CursorShape.SizeFDiagCursor, "rb": Qt.CursorShape.SizeFDiagCursor,
    "tr": Qt.CursorShape.SizeBDiagCursor, "lb": Qt.CursorShape.SizeBDiagCursor,
}  # fmt: skip
"""How the mouse looks on these edges."""


def along(scene: Scene) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What moves with the selection: its blocks, those in selected frames, its notes, and those in such frames."""
    session, drawing = scene.session, scene.drawing
    names, notes = reach(session.definition, session.selection, session.noted)
    frames = [drawing.rect_of(each) for each in session.noted if each.kind == "frame"]
    inside = [sheet.name for sheet in drawing.sheets() if any(rect.contains(sheet.rect.center()) for rect in frames)]
    return names, tuple(dict.fromkeys((*notes, *inside)))


def moved_notes(scene: Scene, notes: Iterable[str], dx: float, dy: float) -> list[Edit]:
    """Edits that put notes of the stage so far aside from where they are drawn in the document's sense."""
    definition, drawing = scene.session.definition, scene.drawing
    found: list[Edit] = []
    for name in notes:
        note = definition.notes.get(name)
        if note is None:
            continue
        at = note.at
        if at is None:
            rect, shown = drawing.rect_of(Annotation("note", name)), drawing.moved_notes.get(name, (0.0, 0.0))
            at = rect.x() - shown[0] - drawing.origin[0], rect.y() - shown[1] - drawing.origin[1]
        moved = msgspec.structs.replace(note, at=(round(at[0] + dx, 2), round(at[1] + dy, 2)))
        found.append(SetNote(scope=scene.session.scope, name=name, note=moved))
    return found


def straddled(drawing: Drawing, names: Iterable[str]) -> list[str]:
    """The frames that hold some of these blocks and not only these: they keep their edges while those are dragged."""
    chosen = set(names)
    return [
        key for key, frame in drawing.definition.frames.items()
        if not chosen.isdisjoint(frame.blocks) and not chosen.issuperset(frame.blocks)
    ]  # fmt: skip


def joins(drawing: Drawing, names: Iterable[str]) -> dict[str, tuple[list[str], list[str]]]:
    """By frame: the blocks, as they are shown, that come into it and those that leave it. A frame goes along with all
    of its blocks."""
    names = [name for name in names if name in drawing.rows]
    found: dict[str, tuple[list[str], list[str]]] = {}
    for area in drawing.areas():
        held = drawing.definition.frames[area.name].blocks
        if set(names).issuperset(held):
            continue
        inside = {name for name in names if area.rect.contains(drawing.rect(name).center())}
        come = [name for name in inside if name not in held]
        gone = [name for name in names if name in held and name not in inside]
        if come or gone:
            found[area.name] = come, gone
    return found


def rejoined(scene: Scene, names: Iterable[str]) -> list[Edit]:
    """Edits of `joins`."""
    session, found = scene.session, []
    for key, (come, gone) in joins(scene.drawing, names).items():
        frame = session.definition.frames[key]
        kept = tuple(name for name in (*frame.blocks, *come) if name not in gone)
        grown = msgspec.structs.replace(frame, blocks=kept) if kept else None
        found.append(SetFrame(scope=session.scope, name=key, frame=grown))
    return list(found)


class Resize(Drag):
    """An edge or corner of a note or frame is dragged: one undo step. What stands in the new frame comes into it, what
    stands outside leaves it."""

    scrolls = True

    def __init__(self, surface: Surface, at: QPointF, mark: Annotation, edge: str) -> None:
        super().__init__(surface, at)
        self.mark, self.edge = mark, edge
        self.cursor = CURSORS.get(edge, Qt.CursorShape.SizeAllCursor)
        self._from = on_stage(surface, at)
        self._drawing = self.scene.drawing
        self._before = self._drawing.rect_of(mark)

    def begin(self) -> None:
        self.scene.select_wires(())
        self.scene.session.select((), [self.mark])

    def rect(self) -> QRectF:
        """The rectangle as the mouse wants it."""
        aside, rect = on_stage(self.surface, self.at) - self._from, QRectF(self._before)
        least = NARROW if self.mark.kind == "note" else 2 * TITLE
        if "l" in self.edge:
            rect.setLeft(min(rect.left() + aside.x(), rect.right() - least))
        if "r" in self.edge:
            rect.setRight(max(rect.right() + aside.x(), rect.left() + least))
        if "t" in self.edge:
            rect.setTop(min(rect.top() + aside.y(), rect.bottom() - least))
        if "b" in self.edge:
            rect.setBottom(max(rect.bottom() + aside.y(), rect.top() + least))
        return rect

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        # A note is as tall as its text: shown when it is let go.
        self._drawing.show_rect(self.mark, self.rect())
        self.scene.changed.emit()

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        session, rect = self.scene.session, self.rect()
        definition = session.definition
        edit: Edit
        if self.mark.kind == "note":
            note = definition.notes[self.mark.name]
            width = round(min(WIDE, max(NARROW, rect.width())), 2)
            at = note.at
            if "l" in self.edge:
                x0, y0 = self._drawing.origin
                at = at or (self._before.x() - x0, self._before.y() - y0)
                at = round(at[0] + self._before.right() - width - self._before.left(), 2), at[1]
            edit = SetNote(scope=session.scope, name=self.mark.name,
                           note=msgspec.structs.replace(note, at=at, width=width))  # fmt: skip
        else:
            frame = self._reframed(definition.frames[self.mark.name], rect)
            edit = SetFrame(scope=session.scope, name=self.mark.name, frame=frame)
        self._drawing.put_notes_back()
        session.do(phrase("Resize"), edit)
        self.scene.changed.emit()

    def _reframed(self, frame: Frame, rect: QRectF) -> Frame:
        drawing = self._drawing
        inner = rect.adjusted(0, TITLE, 0, 0)
        held = [
            name for row in drawing.rows_in(rect)
            if not drawing.is_hidden(name := drawing.names[row])
            and (inner.contains(drawing.rect(name)) if name not in frame.blocks
                 else rect.contains(drawing.rect(name).center()))
        ]  # fmt: skip
        blocks = tuple(held) or frame.blocks
        around = QRectF()
        for name in blocks:
            around = around.united(drawing.rect(name))
        margins = margins_for(around, rect)
        return msgspec.structs.replace(frame, blocks=blocks, margins=tuple(min(MAX_MARGIN, each) for each in margins))

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        select(self.scene, self.mark, modifiers)

    def cancel(self) -> None:
        self._drawing.put_notes_back()
        self.scene.changed.emit()


def select(scene: Scene, mark: Annotation, modifiers: Qt.KeyboardModifier) -> None:
    """Select a note or frame by a click; with Shift or Ctrl in addition, or no longer."""
    session = scene.session
    scene.select_wires(())
    if not adds(modifiers):
        session.select((), [mark])
    elif mark in session.noted:
        session.select(session.selection, [each for each in session.noted if each != mark])
    else:
        session.select(session.selection, [*session.noted, mark])


def standing(scene: Scene) -> list[Edit]:
    """Edits that write down where blocks stand that have no place yet: what is put beside them stays beside them."""
    loose = dict(scene.loose_places())
    return [MoveBlocks(scope=scene.session.scope, to=dict(loose))] if loose else []


def add_note(scene: Scene, text: str, at: QPointF, scope: str) -> Annotation | None:
    """A new note of a level with its upper left corner at a place of the document, as one step."""
    session = scene.session
    name = free("note", session.diagram.definition(scope).notes)
    note = Note(text=text, at=(round(at.x(), 2), round(at.y(), 2)))
    before = standing(scene) if scope == session.scope else []
    if not session.do(phrase("Note"), *before, SetNote(scope=scope, name=name, note=note)):
        return None
    mark = Annotation("note", name)
    if scope == session.scope:
        session.select((), [mark])
    return mark


def add_frame(scene: Scene) -> Annotation | None:
    """A frame around the selected blocks, as one step; it is selected then."""
    session = scene.session
    names, _ = session.reach()
    if not names:
        return None
    name = free("frame", session.definition.frames)
    frame = Frame(blocks=names, title=tr("Frame"))
    if not session.do(phrase("Frame"), SetFrame(scope=session.scope, name=name, frame=frame)):
        return None
    mark = Annotation("frame", name)
    session.select((), [mark])
    return mark
