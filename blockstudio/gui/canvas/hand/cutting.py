"""Cutting wires: with Ctrl and the right button a line is drawn across them."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt

from blockstudio.graph.diagram import Wire
from blockstudio.graph.operations import removing
from blockstudio.gui.canvas.hand.gesture import Drag
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.overlay import Stroke
from blockstudio.text import say_many

STEP = 3.0
"""Points of the line are this far apart at least, in pixels."""


class Cut(Drag):
    """Every wire that the line crosses is removed when the button goes up: one step."""

    cursor = Qt.CursorShape.CrossCursor
    scrolls = True

    def __init__(self, surface: Surface, at: QPointF) -> None:
        super().__init__(surface, at)
        self._points = [on_stage(surface, at)]
        self.wires: dict[Wire, None] = {}

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        point = on_stage(self.surface, self.at)
        part = QLineF(self._points[-1], point)
        if part.length() * self.surface.camera.scale < STEP:
            return
        self._points.append(point)
        self.wires |= dict.fromkeys(crossed(self.scene.drawing, part))
        self.scene.marks.cut = frozenset(self.wires)
        self.scene.changed.emit()

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.cancel()
        session, count = self.scene.session, len(self.wires)
        if count:
            edits = removing.delete(session.diagram, session.scope, (), self.wires)
            session.do(say_many("Cut wire", "Cut {count} wires", count), *edits)

    def cancel(self) -> None:
        self.scene.marks.cut = frozenset()
        self.scene.changed.emit()

    def overlay(self) -> Stroke | None:
        if not self.dragging:
            return None
        return Stroke(tuple(point + self.scene.offset for point in self._points))


def crossed(drawing: Drawing, part: QLineF) -> list[Wire]:
    """The wires that a straight line (stage coordinates) crosses."""
    area = QRectF(part.p1(), part.p2()).normalized().adjusted(-1, -1, 1, 1)
    found = []
    for row in drawing.wires_in(area):
        wire = drawing.wires[row]
        for polygon in drawing.path(wire).toSubpathPolygons():
            points = polygon.toList()
            if any(
                part.intersects(QLineF(a, b))[0] == QLineF.IntersectionType.BoundedIntersection
                for a, b in pairwise(points)
            ):
                found.append(wire)
                break
    return found
