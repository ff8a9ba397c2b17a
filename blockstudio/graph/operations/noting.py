"""Notes and frames as parts of a selection: what belongs to them, what takes them away, how they follow blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from blockstudio.graph.annotations import Annotation, Note
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Definition
from blockstudio.graph.edits import AddBlock, AddWire, Edit, MoveBlocks, RemoveWire, SetFrame, SetNote

Place = tuple[float, float]


def is_there(definition: Definition, each: Annotation) -> bool:
    """Whether a level has such a note or frame."""
    return each.name in (definition.notes if each.kind == "note" else definition.frames)


def reach(
    definition: Definition, names: Iterable[str], noted: Iterable[Annotation]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Blocks with those that selected frames hold, and the selected notes."""
    blocks = dict.fromkeys(names)
    notes = []
    for each in noted:
        if each.kind == "note":
            notes.append(each.name)
        elif each.name in definition.frames:
            blocks |= dict.fromkeys(definition.frames[each.name].blocks)
    return tuple(blocks), tuple(notes)


def beside(names: Collection[str]) -> Place:
    """How far copies are moved: notes alone a little, blocks not at all, for the drawing finds them a place."""
    return (0.0, 0.0) if names else (24.0, 24.0)


def written(edits: Iterable[Edit]) -> list[Annotation]:
    """The notes and frames that edits put in place."""
    found: list[Annotation] = []
    for edit in edits:
        if isinstance(edit, SetNote) and edit.note is not None:
            found.append(Annotation("note", edit.name))
        elif isinstance(edit, SetFrame) and edit.frame is not None:
            found.append(Annotation("frame", edit.name))
    return found


def removal(scope: str, noted: Iterable[Annotation]) -> list[Edit]:
    """Edits that take notes and frames away; blocks in the frames stay."""
    return [
        SetNote(scope=scope, name=each.name, note=None)
        if each.kind == "note"
        else SetFrame(scope=scope, name=each.name, frame=None)
        for each in noted
    ]


def without(edits: Iterable[Edit], noted: Iterable[Annotation]) -> tuple[Edit, ...]:
    """Edits but those of frames that are gone already."""
    gone = {each.name for each in noted if each.kind == "frame"}
    return tuple(edit for edit in edits if not (isinstance(edit, SetFrame) and edit.name in gone))


class Noted(NamedTuple):
    """A note or frame whose words were looked for."""

    scope: str
    mark: Annotation
    line: str
    """The line of the note that fits, or the frame's title."""


def find(diagram: Contents, text: str) -> list[Noted]:
    """The notes and frames of all levels that hold every word of ``text``, in document order."""
    words = text.lower().split()
    found: list[Noted] = []
    for scope in diagram.scopes() if words else ():
        definition = diagram.definition(scope)
        for name, note in definition.notes.items():
            if all(word in note.text.lower() for word in words):
                lines = (line.strip(" #>*-`") for line in note.text.splitlines())
                line = next((line for line in lines if words[0] in line.lower()), "")
                found.append(Noted(scope, Annotation("note", name), line))
        for name, frame in definition.frames.items():
            if all(word in frame.title.lower() for word in words):
                found.append(Noted(scope, Annotation("frame", name), frame.title))
    return found


def joining(diagram: Contents, scope: str, edits: Iterable[Edit], carried: Iterable[str] = ()) -> list[Edit]:
    """Edits that put what comes between blocks of one frame into that frame. What is ``carried`` elsewhere comes too,
    and leaves a frame of which it has no neighbour any more."""
    definition = diagram.definition(scope)
    if not definition.frames:
        return []
    edits = [edit for edit in edits if getattr(edit, "scope", None) == scope]
    carried = [name for name in dict.fromkeys(carried) if name in definition]
    came = [*dict.fromkeys([*(edit.name for edit in edits if isinstance(edit, AddBlock)), *carried])]
    said = {edit.name for edit in edits if isinstance(edit, SetFrame)}
    beside: dict[str, set[str]] = {name: set() for name in came}
    cut = {edit.wire for edit in edits if isinstance(edit, RemoveWire)}
    wires = [edit.wire for edit in edits if isinstance(edit, AddWire)]
    for name in carried:
        wires += [each for each in (*definition.wires_into(name), *definition.wires_from(name)) if each not in cut]
    for wire in wires:
        for one, other in ((wire.source, wire.target), (wire.target, wire.source)):
            if one in beside:
                beside[one].add(other)
    parts = [(part, {other for name in part for other in beside[name]} - set(part)) for part in _parts(came, beside)]
    found: list[Edit] = []
    for key, frame in definition.frames.items():
        held = set(frame.blocks)
        # What has but one neighbour in the frame stands at its edge: it is outside.
        inner = [each for part, around in parts if len(around) > 1 and around <= held for each in part]
        left = {each for part, around in parts if around and not around & held for each in part if each in carried}
        blocks = (*(each for each in frame.blocks if each not in left), *(each for each in inner if each not in held))
        if blocks != frame.blocks and key not in said:
            grown = msgspec.structs.replace(frame, blocks=blocks) if blocks else None
            found.append(SetFrame(scope=scope, name=key, frame=grown))
    return found


def _parts(names: Iterable[str], beside: Mapping[str, set[str]]) -> Iterable[list[str]]:
    """What hangs together among names."""
    left = dict.fromkeys(names)
    while left:
        part = [next(iter(left))]
        del left[part[0]]
        for name in part:  # grows while it is walked
            for other in sorted(beside[name] & left.keys()):
                del left[other]
                part.append(other)
        yield part


def along(
    diagram: Contents, scope: str, plain: Iterable[Edit], answered: Iterable[Edit], places: Mapping[str, Place]
) -> tuple[Edit, ...]:
    """``answered``, the drawing's answer to ``plain``, with the notes: those that stand go along with the blocks that
    make room, those that come with blocks that found their place elsewhere. ``places``: where the blocks stood."""
    definition, answered = diagram.definition(scope), tuple(answered)
    wanted = {edit.name: edit.block.at for edit in plain if isinstance(edit, AddBlock) and edit.scope == scope}
    found: list[Edit] = []
    moved: dict[str, Place] = {}
    shift: Place | None = None
    for edit in answered:
        if getattr(edit, "scope", None) == scope:
            if isinstance(edit, MoveBlocks):
                moved |= {name: to for name, to in edit.to.items() if to is not None}
            elif isinstance(edit, AddBlock) and shift is None:
                before, after = wanted.get(edit.name), edit.block.at
                shift = None if before is None or after is None else (after[0] - before[0], after[1] - before[1])
    said = set()
    for edit in answered:
        if isinstance(edit, SetNote) and edit.scope == scope:
            said.add(edit.name)
            note = edit.note
            if shift is not None and note is not None and note.at is not None and edit.name not in definition.notes:
                at = (round(note.at[0] + shift[0], 2), round(note.at[1] + shift[1], 2))
                edit = SetNote(scope=scope, name=edit.name, note=msgspec.structs.replace(note, at=at))
        found.append(edit)
    notes = {name: note for name, note in definition.notes.items() if name not in said}
    there = {name: at for name, at in places.items() if name in definition}
    return (*found, *following(notes, scope, there, {**there, **moved}))


def following(
    notes: Mapping[str, Note], scope: str, before: Mapping[str, Place], after: Mapping[str, Place]
) -> list[Edit]:
    """Edits that take each note along with the block that stands nearest to it, when a layout moves that."""
    found: list[Edit] = []
    for name, note in notes.items():
        at = note.at
        known = [block for block in before if block in after]
        if at is None or not known:
            continue
        middle = (at[0] + note.width / 2, at[1] + 24)
        near = min(known, key=lambda block: abs(before[block][0] - middle[0]) + abs(before[block][1] - middle[1]))
        dx, dy = after[near][0] - before[near][0], after[near][1] - before[near][1]
        if dx or dy:
            moved = msgspec.structs.replace(note, at=(round(at[0] + dx, 2), round(at[1] + dy, 2)))
            found.append(SetNote(scope=scope, name=name, note=moved))
    return found
