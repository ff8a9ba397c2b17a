"""What a person writes on a run: a name, tags, a note. A small file beside its recipe; the trainer knows nothing of it.

label.json    {"name": "the one to beat", "tags": ["batchnorm"], "note": "..."}
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded, write_atomic
from blockstudio.text import say

LABEL = "label.json"
MAX_FILE = 1 << 16
NAME, TAG, NOTE = 120, 40, 4000
"""Characters at most."""
TAGS = 32
"""Tags of a run at most."""


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """See the module's text. An empty name: that of the directory."""

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""


def check_label(label: Label, where: str = "") -> Label:
    """A label as it is kept: blanks around what was written gone, each tag once.

    Raises:
        StudioError: ``label.value`` naming the field.
    """
    name = _line(label.name, "name", NAME, where)
    tags = dict.fromkeys(tag for each in label.tags if (tag := _line(each, "tags", TAG, where)))
    if len(tags) > TAGS:
        raise _wrong("tags", say("expected at most {most} tags, found {count}.", most=TAGS, count=len(tags)), where)
    if any("," in tag for tag in tags):
        raise _wrong("tags", say("a tag has no comma; commas divide tags."), where)
    note = label.note.strip()
    if len(note) > NOTE:
        raise _wrong("note", say("expected at most {most:,} characters, found {count:,}.", most=NOTE, count=len(note)),
                     where)  # fmt: skip
    return Label(name=name, tags=tuple(tags), note=note)


def tags_of(text: str) -> tuple[str, ...]:
    """Tags as a person writes them: ``"batchnorm, keep"``."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))


def read_label(directory: Path) -> Label:
    """What is written on the run in ``directory``; nothing where there is no file.

    Raises:
        StudioError: ``label.file``, ``label.value``, ``file.*`` where the file is damaged.
    """
    path = directory / LABEL
    if not os.path.exists(path):
        return Label()
    try:
        label = msgspec.json.decode(read_bounded(path, MAX_FILE), type=Label)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StudioError(
            "label.file",
            say("is not what was written: {error}.", error=error),
            where=str(path),
            hint=say("Delete it to write a new one."),
        ) from None
    return check_label(label, str(path))


def write_label(directory: Path, label: Label) -> Label:
    """Write on the run in ``directory``; the old file stays whole until the new one is complete.

    Returns:
        The label as it is kept.

    Raises:
        StudioError: ``label.value``, ``file.write``.
    """
    kept = check_label(label, str(directory))
    write_atomic(directory / LABEL, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    return kept


def add_tags(label: Label, tags: Iterable[str]) -> Label:
    """The label with further tags."""
    more: Sequence[str] = (*label.tags, *tags)
    return msgspec.structs.replace(label, tags=tuple(dict.fromkeys(more)))


def _line(text: str, field: str, most: int, where: str) -> str:
    line = text.strip()
    if len(line) > most or not line.isprintable():
        raise _wrong(field, say("expected one line of at most {most} characters.", most=most), where)
    return line


def _wrong(field: str, text: str, where: str) -> StudioError:
    return StudioError("label.value", text, where=f"{where}: {field}" if where else field)
