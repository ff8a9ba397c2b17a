"""Where a search for a block begins."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from blockstudio.graph.diagram import Wire

End = tuple[str, str]
"""A block and one of its ports."""


@dataclass(frozen=True)
class Start:
    """What the new block would read (outputs, in order), or the input that would read it, or the wire it would stand
    in, or the block whose place it would take (``instead``). ``at``: where it is wanted on the stage; ``None``: beside
    its sources."""

    sources: tuple[End, ...] = ()
    target: End | None = None
    wire: Wire | None = None
    at: QPointF | None = None
    instead: str = ""
    leads: Wire | None = None
    """The wire by which alone the signal leads on from the one source: what can stand in it comes there, unless it is
    to branch off."""
