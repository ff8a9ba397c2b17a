"""A level ready to be painted, what is singled out on it, and the pills on its wires."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF

from blockstudio.graph.annotations import Annotation
from blockstudio.graph.diagram import Wire
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import PILL_HEIGHT, PILL_PX, text_width
from blockstudio.gui.canvas.scene.ports import Port


@dataclass
class Stage:
    """A level ready to be painted: where things are, what is known of them, and the same for modules open in
    place, by instance."""

    drawing: Drawing
    facts: CardTexts
    path: str = ""
    """The level's place in the network."""
    inside: dict[str, Stage] = field(default_factory=dict)


@dataclass
class Marks:
    """What the mouse and the keyboard single out. Names and wires of the stage the user works on."""

    selected: frozenset[str] = frozenset()
    wires: frozenset[Wire] = frozenset()
    noted: frozenset[Annotation] = frozenset()
    """The notes and frames that are selected."""
    hovered: str | None = None
    hovered_wire: Wire | None = None
    port: Port | None = None
    """The port under the mouse."""
    chevron: str | None = None
    """The instance whose sign of opening is under the mouse."""
    drop_wire: Wire | None = None
    """The wire that what is dragged would be put into."""
    drop_block: str | None = None
    """The block that what is dragged would take the place of."""
    taken: Wire | None = None
    """The wire that the mouse has pulled off its port: it is drawn by the gesture."""
    able: Callable[[Port], bool] | None = None
    """While a wire is drawn: which ports can take it. The others are dimmed."""
    cut: frozenset[Wire] = frozenset()
    """The wires that are about to be cut."""
    way: tuple[str, ...] = ()
    """The blocks of the path that the wire on the mouse would close."""
    repeating: tuple[str, int] | None = None
    """The block whose handle is pulled, and how often it would stand for itself."""
    ports_of: str | None = None
    """The block whose free input shows."""
    hovered_note: Annotation | None = None
    """The note or frame under the mouse."""
    into: frozenset[str] = frozenset()
    """The frames that what is dragged would come into."""

    def keep(self, drawing: Drawing) -> None:
        """The document changed: let go of what is no longer there."""
        there = drawing.wire_rows
        self.port = None
        self.wires = frozenset(wire for wire in self.wires if wire in there)
        self.hovered_wire = self.hovered_wire if self.hovered_wire in there else None
        self.drop_wire = self.drop_wire if self.drop_wire in there else None
        self.drop_block = self.drop_block if self.drop_block in drawing.rows else None
        self.hovered_note = None
        self.taken = self.taken if self.taken in there else None
        self.hovered = self.hovered if self.hovered in drawing.rows else None
        self.chevron = self.chevron if self.chevron in drawing.rows else None
        self.ports_of = self.ports_of if self.ports_of in drawing.rows else None


NO_MARKS = Marks()


def pill_width(text: str) -> float:
    """Width of the pill with this text."""
    return text_width(text, PILL_PX) + 12


def pill_rect(centre: QPointF, width: float) -> QRectF:
    """A pill around ``centre``."""
    return QRectF(centre.x() - width / 2, centre.y() - PILL_HEIGHT / 2, width, PILL_HEIGHT)


def pills_of(stage: Stage, rows: Iterable[int]) -> list[tuple[QRectF, str, Wire]]:
    """The pills of these wires: one on a wire that runs alone, one below the port where several leave it."""
    drawing, found = stage.drawing, []
    for row in rows:
        wire = drawing.wires[row]
        together = drawing.leaders(wire)
        if together[0] != wire:
            continue
        if drawing.framed and (
            drawing.is_hidden(wire.source) or all(drawing.is_hidden(each.target) for each in together)
        ):
            continue  # the wires outside the frame tell it
        text = stage.facts.pill(wire)
        width = pill_width(text)
        centre = drawing.pill_place(wire, width, shared=len(together) > 1)
        found.append((pill_rect(centre, width), text, wire))
    return found
