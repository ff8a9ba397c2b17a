"""Edits of notes and frames, and what each must keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from blockstudio.errors import StudioError, shown
from blockstudio.graph.annotations import COLOURS, Frame, Note
from blockstudio.graph.checks import check_at
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Definition, own_position
from blockstudio.graph.edit_base import EditBase
from blockstudio.graph.expressions import is_name
from blockstudio.graph.names import MAX_NAME, MAX_TITLE, check_text
from blockstudio.text import say

MAX_NOTES = 1_000
"""Notes of one definition, and frames."""
MAX_FRAMED = 400_000
"""Blocks that the frames of one definition hold, counted by frame."""
MAX_MARGIN = 10_000.0
NARROW, WIDE = 80.0, 2_000.0


class SetNote(EditBase, frozen=True, kw_only=True):
    """A note by its name, new or another in its place; ``None`` takes it away."""

    scope: str = MAIN
    name: str
    note: Note | None

    def __post_init__(self) -> None:
        if isinstance(self.note, Note):
            msgspec.structs.force_setattr(self, "note", own_note(self.note))

    def apply(self, diagram: Contents) -> SetNote:
        old = set_note(diagram.definition(self.scope), self.name, self.note)
        return SetNote(scope=self.scope, name=self.name, note=old)


class SetFrame(EditBase, frozen=True, kw_only=True):
    """A frame by its name, new or another in its place; ``None`` takes it away and leaves its blocks."""

    scope: str = MAIN
    name: str
    frame: Frame | None

    def __post_init__(self) -> None:
        if isinstance(self.frame, Frame):
            msgspec.structs.force_setattr(self, "frame", own_frame(self.frame))

    def apply(self, diagram: Contents) -> SetFrame:
        old = set_frame(diagram.definition(self.scope), self.name, self.frame)
        return SetFrame(scope=self.scope, name=self.name, frame=old)


def own_note(note: Note) -> Note:
    """A note in the types that a file gives back. What is none is left for the check."""
    at = note.at if note.at is None else own_position(note.at)
    return msgspec.structs.replace(note, at=at, width=_own_number(note.width))


def own_frame(frame: Frame) -> Frame:
    """A frame as a file gives it back: its blocks once each, by name."""
    blocks, margins = frame.blocks, frame.margins
    if isinstance(blocks, list | tuple | set | frozenset) and all(isinstance(name, str) for name in blocks):
        blocks = tuple(sorted(set(blocks)))
    if isinstance(margins, list | tuple):
        margins = tuple(map(_own_number, margins))  # type: ignore[assignment]
    return msgspec.structs.replace(frame, blocks=blocks, margins=margins)


def _own_number(value: float) -> float:
    return float(value) if type(value) is int and abs(value) < 2**53 else value


def set_note(definition: Definition, name: str, note: Note | None) -> Note | None:
    """Put a note in place, or take it away; the one that was there. Raises `StudioError` ``note.*``."""
    old = definition.notes.get(name)
    if note is None:
        if old is None:
            raise StudioError("note.missing", say("there is no note '{name}'.", name=shown(name)), where=shown(name))
        definition.write_notes({key: each for key, each in definition.notes.items() if key != name})
        return old
    check_name(name, definition.notes)
    if not isinstance(note, Note):
        raise StudioError("argument.type", say("expected a note, found {found}.", found=shown(note)), where=name)
    check_text(note.text, f"{name}.text")
    check_at(note.at, f"{name}.at")
    _check_number(note.width, NARROW, WIDE, f"{name}.width")
    _check_colour(note.colour, name)
    definition.write_notes({**definition.notes, name: note})
    return old


def set_frame(definition: Definition, name: str, frame: Frame | None) -> Frame | None:
    """Put a frame in place, or take it away; the one that was there. Raises `StudioError` ``frame.*``,
    ``diagram.block``."""
    old = definition.frames.get(name)
    if frame is None:
        if old is None:
            raise StudioError("frame.missing", say("there is no frame '{name}'.", name=shown(name)), where=shown(name))
        definition.write_frames({key: each for key, each in definition.frames.items() if key != name})
        return old
    check_name(name, definition.frames)
    check_frame(frame, name)
    for block in frame.blocks:
        if block not in definition:
            raise StudioError(
                "diagram.block", say("there is no block '{name}'.", name=shown(block)), where=f"{name}.blocks"
            )
    held = sum(len(each.blocks) for key, each in definition.frames.items() if key != name)
    if held + len(frame.blocks) > MAX_FRAMED:
        raise StudioError(
            "diagram.size", say("the frames of a level hold at most {most:,} blocks.", most=MAX_FRAMED), where=name
        )
    definition.write_frames({**definition.frames, name: frame})
    return old


def annotate(definition: Definition, notes: Mapping[str, Note], frames: Mapping[str, Frame]) -> None:
    """Put notes and frames into a definition that has its blocks. Raises like `set_note` and `set_frame`."""
    for name, note in notes.items():
        set_note(definition, name, note)
    for name, frame in frames.items():
        set_frame(definition, name, frame)


def check_frame(frame: object, name: str) -> None:
    """A frame by itself: whether its blocks are there is another matter. Raises `StudioError` ``frame.*``."""
    if not isinstance(frame, Frame):
        raise StudioError("argument.type", say("expected a frame, found {found}.", found=shown(frame)), where=name)
    names = frame.blocks
    if not isinstance(names, tuple) or not names or not all(isinstance(each, str) for each in names):
        raise StudioError(
            "frame.blocks", say("a frame stands around blocks: it needs one at least."), where=f"{name}.blocks"
        )
    check_text(frame.title, f"{name}.title", MAX_TITLE)
    _check_colour(frame.colour, name)
    if not isinstance(frame.margins, tuple) or len(frame.margins) != 4:
        raise StudioError("frame.margins", say("expected four numbers."), where=f"{name}.margins")
    for margin in frame.margins:
        _check_number(margin, 0.0, MAX_MARGIN, f"{name}.margins")


def free(wanted: str, taken: Iterable[str]) -> str:
    """``note``, ``note_2``, ... whichever is not taken."""
    known, name, count = set(taken), wanted, 1
    while name in known:
        count += 1
        name = f"{wanted}_{count}"
    return name


def check_name(name: object, taken: Mapping[str, object]) -> None:
    """Raises `StudioError` ``annotation.name`` unless a note or frame may be called so, ``diagram.size`` where there
    are too many."""
    if not isinstance(name, str) or len(name) > MAX_NAME or not is_name(name):
        raise StudioError(
            "annotation.name", say("'{name}' cannot name a note or frame.", name=shown(name)), where=shown(name),
            hint=say("Use letters, digits and _, beginning with a letter."),
        )  # fmt: skip
    if name not in taken and len(taken) >= MAX_NOTES:
        raise StudioError(
            "diagram.size",
            say("a level holds at most {most:,} notes, and as many frames.", most=MAX_NOTES), where=name,
        )  # fmt: skip


def _check_number(value: object, low: float, high: float, where: str) -> None:
    if not isinstance(value, float) or not low <= value <= high:
        raise StudioError(
            "parameter.limit",
            say("expected a number from {low:g} to {high:g}, found {value}.", low=low, high=high, value=shown(value)),
            where=where,
        )


def _check_colour(colour: object, name: str) -> None:
    if colour not in COLOURS:
        raise StudioError(
            "annotation.colour", say("'{colour}' is no colour of notes and frames.", colour=shown(colour)),
            where=f"{name}.colour", hint=say("Known: {names}.", names=", ".join(COLOURS)),
        )  # fmt: skip
