"""What a gesture shows over the drawing: said here, painted by `paint.overlays`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QLineF, QPointF, QRectF

Tone = Literal["plain", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Band:
    """A rectangle that selects, in view coordinates."""

    rect: QRectF


@dataclass(frozen=True, slots=True)
class LooseWire:
    """A wire that hangs on the mouse, from an output to an input."""

    start: QPointF
    end: QPointF
    """Both in scene coordinates."""
    at: QPointF
    """Where the mouse is, in view coordinates: ``text`` stands beside it."""
    text: str = ""
    tone: Tone = "plain"
    more: tuple[tuple[QPointF, QPointF], ...] = ()
    """Further wires that are drawn along, in scene coordinates."""
    snapped: bool = False
    """It holds on to a port."""
    right: bool = False
    """The signal goes to the right, else down."""


@dataclass(frozen=True, slots=True)
class Coming:
    """The card of a block to come."""

    rect: QRectF
    """In scene coordinates."""
    name: str
    line: str
    family: int
    """Index into the families' colours."""
    planned: bool = False
    """Chosen in the search: dashed, with the wires it would get."""
    wires: tuple[tuple[QPointF, QPointF], ...] = ()
    """From an output to an input, each; in scene coordinates."""
    right: bool = False
    """The signal goes to the right, else down."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap that equals another, with its length in pixels; in scene coordinates."""

    start: QPointF
    end: QPointF
    number: int


@dataclass(frozen=True, slots=True)
class Guides:
    """What a card that is moved has fallen in line with; in scene coordinates."""

    lines: tuple[QLineF, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def translated(self, by: QPointF) -> Guides:
        """The same elsewhere."""
        lines = tuple(line.translated(by) for line in self.lines)
        return Guides(lines, tuple(Gap(gap.start + by, gap.end + by, gap.number) for gap in self.gaps))


@dataclass(frozen=True, slots=True)
class Carried:
    """Cards that are moved: what they have fallen in line with, and in ``text`` what would become of them if they were
    let go, beside the mouse ``at`` (view coordinates)."""

    at: QPointF
    text: str = ""
    guides: Guides | None = None


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line that is drawn by hand, in scene coordinates: what it crosses is cut."""

    points: tuple[QPointF, ...]


@dataclass(frozen=True, slots=True)
class Letters:
    """Letters on ports that a wire can be drawn to by keys: where (scene coordinates), what, and whether the shapes
    would not go together. ``typed``: so many letters have been typed. ``starts``: the ports that it would begin at."""

    shown: tuple[tuple[QPointF, str, bool], ...]
    typed: int
    starts: tuple[QPointF, ...]


Overlay = Band | LooseWire | Coming | Carried | Stroke | Letters
