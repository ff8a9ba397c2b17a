"""What the two sides say to each other: one JSON object a line, over standard input and output.

From there: ``hello`` (once), ``file``, ``events`` (whole lines of the log), ``part`` (of a file of a checkpoint),
``fetched``, ``refused`` and ``over`` (nobody trains it). From here: ``from`` (once: the bytes of the log that are here
already), ``tell`` and ``fetch``. Either side ends it by falling silent.
"""

from __future__ import annotations

import base64
from typing import IO, Any, TypeAlias

import msgspec

from blockstudio.errors import StudioError
from blockstudio.text import plain, say

VERSION = 1
LONGEST = 8 << 20
"""Bytes of a line."""
PART = 1 << 20
"""Bytes of a file that go into one line."""
FILES = ("diagram.blocks.json", "recipe.json", "environment.json", "data.json")
"""Of the run's directory."""
OF_CHECKPOINT = ("model.safetensors", "optimizer.safetensors", "state.json", "manifest.json")

Message: TypeAlias = dict[str, Any]


def write_message(stream: IO[bytes], kind: str, **fields: Any) -> None:
    """Say one thing."""
    stream.write(msgspec.json.encode({"kind": kind, **fields}, enc_hook=plain) + b"\n")
    stream.flush()


def read_message(stream: IO[bytes]) -> Message | None:
    """The next thing that is said; ``None`` at the end. Raises `StudioError` ``remote.protocol`` for anything else."""
    line = stream.readline(LONGEST + 1)
    if not line:
        return None
    try:
        found = msgspec.json.decode(line) if len(line) <= LONGEST else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("kind"), str):
        shown = line[:80].decode(errors="replace").strip()
        raise StudioError("remote.protocol", say("what came is no message: '{shown}'.", shown=shown))
    return found


def packed(data: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(data).decode("ascii")


def unpacked(text: object) -> bytes:
    """The bytes of such a text. Raises `StudioError` ``remote.protocol``."""
    try:
        return base64.b64decode(text if isinstance(text, str) else "?", validate=True)
    except ValueError:
        raise StudioError("remote.protocol", say("what came is no piece of a file.")) from None
