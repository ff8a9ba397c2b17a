"""What can be done with notes and frames: made, written, coloured, gone to."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec
from PySide6.QtCore import QPointF

from blockstudio.graph.annotations import COLOURS, Annotation
from blockstudio.graph.edits import Edit, SetFrame, SetNote
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.hand.annotating import add_frame
from blockstudio.gui.canvas.hand.surface import on_stage
from blockstudio.gui.canvas.hand.writing import Writing
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.text import say

COLOUR_NAMES = {
    "grey": say("Grey"), "yellow": say("Yellow"), "blue": say("Blue"),
    "green": say("Green"), "red": say("Red"), "violet": say("Violet"),
}  # fmt: skip


def commands(canvas: Canvas) -> tuple[Command[Desk], ...]:
    """The commands of one drawing."""
    session = canvas.session
    made: list[Writing] = []

    def writing() -> Writing:
        """The field, made when somebody first writes."""
        if not made:
            made.append(Writing(canvas, canvas))
            canvas.zoom_changed.connect(lambda _: made[0].place())
        return made[0]

    def note(_: Desk) -> None:
        pointer = canvas.hand.pointer
        middle = canvas.view_rect().center() - QPointF(120, 36)
        writing().begin_new(on_stage(canvas, pointer if pointer is not None else middle))

    def frame(_: Desk) -> None:
        mark = add_frame(canvas.scene)
        if mark is not None:
            writing().begin(mark)

    def write(_: Desk) -> None:
        writing().begin(session.noted[0])

    def one(_: Desk) -> bool:
        return len(session.noted) == 1 and not session.selection

    def any_noted(_: Desk) -> bool:
        return bool(session.noted)

    def colours(_: Desk) -> Iterable[Choice]:
        used = {_colour(canvas, each) for each in session.noted}
        return (Choice(tr(COLOUR_NAMES[name]), name, used == {name}) for name in COLOURS)

    def set_colour(_: Desk, name: str) -> None:
        edits = [edit for each in session.noted if (edit := _coloured(canvas, each, name)) is not None]
        session.do(phrase("Colour"), *edits)

    def step(by: int, _: Desk) -> None:
        there = canvas.scene.drawing.annotations()
        if there:
            now = session.noted[-1] if session.noted else None
            index = there.index(now) + by if now in there else (0 if by > 0 else -1)
            mark = there[index % len(there)]
            session.select((), [mark])
            canvas.camera.reveal(canvas.scene.drawing.rect_of(mark).translated(canvas.scene.offset))

    def show(_: Desk, mark: Annotation) -> None:
        session.select((), [mark])
        if mark in session.noted:
            canvas.camera.reveal(canvas.scene.drawing.rect_of(mark).translated(canvas.scene.offset))

    def any_here(_: Desk) -> bool:
        return bool(session.definition.notes or session.definition.frames)

    return (
        Command("edit.note", say("Write a note"), note, "Edit", 327, ("Ctrl+Alt+N",), on_drawing=True,
                keywords="markdown text comment annotation remark"),
        Command("edit.frame", say("Frame the selection"), frame, "Edit", 328, ("Ctrl+Alt+F",), on_drawing=True,
                enabled=lambda d: bool(session.reach()[0]), keywords="box rectangle area title colour group",
                reason=say("Select the blocks that the frame is to stand around.")),
        Command("edit.write", say("Write it anew"), write, "Edit", 329, enabled=one, on_drawing=True,
                keywords="note text frame title edit rename", reason=say("Select one note or frame.")),
        Command("edit.annotation_colour", say("Colour of the note or frame"), set_colour, "Edit", 330,
                enabled=any_noted, choices=colours, on_drawing=True, keywords="paper"),
        Command("select.annotation", say("Next note or frame"), partial(step, 1), "Edit", 331, ("Ctrl+Alt+J",),
                enabled=any_here, on_drawing=True, keywords="go select annotation"),
        Command("select.annotation_back", say("Note or frame before"), partial(step, -1), "Edit", 332,
                ("Ctrl+Alt+Shift+J",), enabled=any_here, on_drawing=True, keywords="go select annotation"),
        Command("annotation.show", say("Go to a note or frame"), show, value=True, on_drawing=True),
    )  # fmt: skip


def _colour(canvas: Canvas, mark: Annotation) -> str:
    definition = canvas.session.definition
    if mark.kind == "note":
        return definition.notes[mark.name].colour
    return definition.frames[mark.name].colour


def _coloured(canvas: Canvas, mark: Annotation, name: str) -> Edit | None:
    session = canvas.session
    chosen = next((each for each in COLOURS if each == name), None)
    if chosen is None:
        return None
    if mark.kind == "note":
        note = msgspec.structs.replace(session.definition.notes[mark.name], colour=chosen)
        return SetNote(scope=session.scope, name=mark.name, note=note)
    frame = msgspec.structs.replace(session.definition.frames[mark.name], colour=chosen)
    return SetFrame(scope=session.scope, name=mark.name, frame=frame)
