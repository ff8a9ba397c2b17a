"""Leading wires by hand: a wire that is dragged gets a point that it runs through, a double click takes one away."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

from PySide6.QtCore import QPointF, Qt

from blockstudio.graph.checks import MAX_POINTS
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import MoveBlocks, SetRoute
from blockstudio.gui.canvas.hand.gesture import Drag
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.placing import snap
from blockstudio.gui.kit.text import phrase

REACH = 10.0
"""So near to a point, in pixels, that is meant rather than a new one."""
Point = tuple[float, float]


class Lead(Drag):
    """Click selects a wire; drag leads it through a point, a new one or the one under the mouse: one step."""

    cursor = Qt.CursorShape.SizeAllCursor
    scrolls = True

    def __init__(self, surface: Surface, at: QPointF, wire: Wire) -> None:
        super().__init__(surface, at)
        self.wire = wire
        self._drawing = self.scene.drawing
        start = on_stage(surface, at)
        self._before = points_of(self._drawing, wire)
        index = near_point(self._before, start, surface.camera.scale)
        self._index = place_on(self._ends(), self._before, start) if index is None else index
        self._new = index is None
        self.points = list(self._before)
        """The points as they are shown."""
        self._at: Point | None = None
        """The one that is dragged, in the document's coordinates."""

    def _ends(self) -> tuple[Point, Point]:
        curve = self._drawing.curves[self._drawing.wire_rows[self.wire]]
        return (float(curve[0]), float(curve[1])), (float(curve[6]), float(curve[7]))

    def begin(self) -> None:
        self.scene.select_wires([self.wire])

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        if self._new and len(self._before) >= MAX_POINTS:
            return
        here = on_stage(self.surface, self.at)
        x, y = self._drawing.document_point(self.wire, (here.x(), here.y()))
        self._at = (x, y) if modifiers & Qt.KeyboardModifier.AltModifier else (snap(x), snap(y))
        self.points = list(self._before)
        self.points[self._place] = [self._drawing.shown_point(self.wire, self._at)]
        self._drawing.lead(self.wire, self.points)
        self.scene.changed.emit()

    @property
    def _place(self) -> slice:
        return slice(self._index, self._index + (not self._new))

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        route = route_of(self.scene, self.wire)
        if self._at is not None:
            route[self._place] = [self._at]
        if not set_route(self.scene, self.wire, route):
            self.cancel()

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        self.scene.select_wires([self.wire])

    def cancel(self) -> None:
        if self.scene.drawing is self._drawing:
            self._drawing.lead(self.wire)
            self.scene.changed.emit()


def points_of(drawing: Drawing, wire: Wire) -> list[Point]:
    """The points that a wire is led through, as they are shown."""
    return [(float(x), float(y)) for x, y in drawing.led.get(wire, ())]


def route_of(scene: Scene, wire: Wire) -> list[Point]:
    """The same as the document has them."""
    return list(scene.session.definition.routes.get(wire, ())) if wire in scene.drawing.led else []


def near_point(points: list[Point], at: QPointF, scale: float) -> int | None:
    """The one of a wire's points that is meant by a place on the stage."""
    apart = [hypot(x - at.x(), y - at.y()) * scale for x, y in points]
    return apart.index(min(apart)) if apart and min(apart) <= REACH else None


def place_on(ends: tuple[Point, Point], points: list[Point], at: QPointF) -> int:
    """Where among a wire's points a new one belongs: in the part that it lengthens least."""
    way = [ends[0], *points, ends[1]]
    x, y = at.x(), at.y()
    longer = [
        hypot(a[0] - x, a[1] - y) + hypot(b[0] - x, b[1] - y) - hypot(a[0] - b[0], a[1] - b[1])
        for a, b in pairwise(way)
    ]
    return longer.index(min(longer))


def remove_point(surface: Surface, wire: Wire, at: QPointF) -> bool:
    """Take away the point at a place of the view, as one step; False if there is none."""
    scene = surface.scene
    index = near_point(points_of(scene.drawing, wire), on_stage(surface, at), surface.camera.scale)
    if index is None:
        return False
    route = route_of(scene, wire)
    return set_route(scene, wire, route[:index] + route[index + 1 :])


def set_free(scene: Scene) -> bool:
    """Let the selected wires go their own way again, as one step."""
    session, routes = scene.session, scene.session.definition.routes
    led = [wire for wire in scene.marks.wires if wire in routes]
    edits = [SetRoute(scope=session.scope, wire=wire) for wire in led]
    return bool(edits) and session.do(phrase("Let the wire to {0} go its own way", led[0].target), *edits)


def any_led(scene: Scene) -> bool:
    """Whether any of the selected wires is led."""
    return any(wire in scene.session.definition.routes for wire in scene.marks.wires)


def set_route(scene: Scene, wire: Wire, points: list[Point]) -> bool:
    """Lead a wire through points of the document, as one step. Blocks without a place of their own get the one they
    are shown at, so that the points stay beside them."""
    session = scene.session
    route = tuple((round(x, 2), round(y, 2)) for x, y in points)
    if route == session.definition.routes.get(wire, ()):
        return False
    loose = scene.loose_places()
    placing = [MoveBlocks(scope=session.scope, to=dict(loose))] if loose else []
    return session.do(
        phrase("Lead the wire to {0}", wire.target), *placing, SetRoute(scope=session.scope, wire=wire, route=route)
    )
