"""The marks of differences on a drawing: a colour and a sign for what came, went or changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from blockstudio.graph.definition import Wire
from blockstudio.graph.operations.differing import Kind
from blockstudio.gui.canvas.scene.metrics import RADIUS
from blockstudio.gui.canvas.scene.stage import Stage, pills_of
from blockstudio.gui.kit.theme import Theme, font

SIGNS: dict[Kind, str] = {"added": "+", "removed": "−", "changed": "≠"}
VEIL, BADGE = 0.10, 8.0
WIDTHS = {False: 2.0, True: 4.0}
"""Pixels of an outline; of the one that was gone to last."""


@dataclass(frozen=True)
class Marked:
    """What is marked on one of two drawings, by name."""

    blocks: Mapping[str, Kind] = field(default_factory=dict)
    wires: Mapping[Wire, Kind] = field(default_factory=dict)
    current: str = ""
    """The block that was gone to last."""
    current_wire: Wire | None = None


def colour_of(kind: Kind, theme: Theme) -> QColor:
    """Green for what came, crimson for what went, blue for what changed."""
    return {"added": theme.good, "removed": theme.problem, "changed": theme.accent}[kind]


def _pen(kind: Kind, theme: Theme, current: bool) -> QPen:
    pen = QPen(colour_of(kind, theme), WIDTHS[current])
    pen.setCosmetic(True)
    if kind == "removed":
        pen.setDashPattern([5.0 / WIDTHS[current], 4.0 / WIDTHS[current]])
    return pen


def _beside_cards(stage: Stage, area: QRectF) -> QPainterPath:
    """Where wires are seen: behind cards and pills they are not."""
    drawing, seen = stage.drawing, QPainterPath()
    seen.addRect(area)
    for row in drawing.rows_in(area, 8):
        seen.addRect(drawing.rectangles[row])
    for rect, _, _ in pills_of(stage, drawing.wires_in(area, 4)):
        seen.addRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    return seen  # what is inside an even number of them is left out


def draw(painter: QPainter, stage: Stage, marked: Marked, area: QRectF, theme: Theme) -> None:
    """The marks in ``area``; the painter is scaled to the drawing."""
    drawing = stage.drawing
    painter.setBrush(Qt.BrushStyle.NoBrush)
    there = [(wire, kind) for wire, kind in marked.wires.items() if wire in drawing.wire_rows]
    if there:
        painter.setClipPath(_beside_cards(stage, area))
    for wire, kind in there:
        painter.setPen(_pen(kind, theme, wire == marked.current_wire))
        painter.drawPath(drawing.path(wire))
    painter.setClipping(False)
    around = area.adjusted(-20, -20, 20, 20)
    shown = [(drawing.rect(name), name, kind) for name, kind in marked.blocks.items() if name in drawing.rows]
    shown = [each for each in shown if each[0].intersects(around)]
    for rect, name, kind in shown:
        veil = QColor(colour_of(kind, theme))
        veil.setAlphaF(VEIL)
        painter.setPen(_pen(kind, theme, name == marked.current))
        painter.setBrush(veil)
        painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), RADIUS + 3, RADIUS + 3)
    base = painter.transform()
    painter.resetTransform()  # signs are as large at any zoom
    painter.setFont(font(12, bold=True))
    for rect, _, kind in shown:
        centre = base.map(rect.topLeft()) + QPointF(-2, -2)
        disc = QRectF(centre.x() - BADGE, centre.y() - BADGE, 2 * BADGE, 2 * BADGE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour_of(kind, theme))
        painter.drawEllipse(disc)
        painter.setPen(theme.card)
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, SIGNS[kind])
    painter.setTransform(base)
