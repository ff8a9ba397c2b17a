"""The ways of a drawing's wires: which need a lane beside the blocks or a turn around them, and which one it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QTransform

from blockstudio.graph.diagram import Definition, Wire
from blockstudio.gui.canvas.scene import routes
from blockstudio.gui.canvas.scene.routes import Array, Route, Turn
from blockstudio.gui.canvas.scene.traffic import FEW, Traffic
from blockstudio.layout.opening import Stretch

Point = tuple[float, float]
TURN = QTransform(0, 1, 1, 0, 0, 0)
"""Exchanges the axes."""


def exchanged(values: Array, right: bool) -> Array:
    """Pairs of x and y, in the last axis, with x and y exchanged, if the drawing runs to the ``right``."""
    return values[..., np.arange(values.shape[-1]) ^ 1] if right else values


def wire_path(start: QPointF, end: QPointF, right: bool) -> QPainterPath:
    """A wire that nothing stands in the way of, from an output to an input."""
    ends = exchanged(np.array([[start.x(), start.y(), end.x(), end.y()]]), right)
    found = routes.path(routes.curves(*ends.T)[0], None)
    return TURN.map(found) if right else found


class Routed:
    """Wires with their curves, and the ways of those that cannot run straight. What is declared without a value
    comes from the geometry that builds on this. Lanes and turns are those of a drawing that runs down, whichever way
    this one runs: the methods below turn them."""

    right: bool
    """The signal runs from left to right, else down."""
    wires: list[Wire]
    wire_rows: dict[Wire, int]
    lanes: dict[Wire, float]
    turns: dict[Wire, Turn]
    led: dict[Wire, list[Point]]
    unrouted: dict[Wire, None]
    origin: Point
    roomy: Mapping[str, Point] | None
    rows: dict[str, int]
    _stretch: tuple[Stretch, dict[int, int]] | None
    """What stands around modules that are open has made room: how points go along, and the rows by which it knows the
    blocks."""
    _curves: Array
    _reach: Array
    _paths: dict[Wire, QPainterPath]

    @property
    def definition(self) -> Definition:
        raise NotImplementedError

    def document_place(self, name: str) -> Point:
        raise NotImplementedError

    @property
    def boxes(self) -> Array:
        raise NotImplementedError

    @property
    def curves(self) -> Array:
        raise NotImplementedError

    def _touched(self) -> None:
        raise NotImplementedError

    def _redraw(self, row: int) -> None:
        raise NotImplementedError

    # Wires that the user leads

    def _lead(self, wire: Wire) -> None:
        """Take over how the document leads a wire. Where all blocks stand elsewhere than in the document, every wire
        goes its own way."""
        self.led.pop(wire, None)
        route = self.definition.routes.get(wire)
        if route and self.roomy is None:
            self.led[wire] = [self.shown_point(wire, at) for at in route]

    def shown_point(self, wire: Wire, at: Point) -> Point:
        """Where a point of the document's that a wire is led through is here."""
        x, y = at[0] + self.origin[0], at[1] + self.origin[1]
        if self.roomy is not None:
            dx, dy = self._aside_of(wire, (x, y), shown=False)
            return x + dx, y + dy
        if self._stretch is None:
            return x, y
        stretch, rows = self._stretch
        ends = rows.get(self.rows[wire.source]), rows.get(self.rows[wire.target])
        found = stretch.shown((y, x) if self.right else (x, y), ends)
        return (found[1], found[0]) if self.right else found

    def document_point(self, wire: Wire, at: Point) -> Point:
        """The point of the document's that is shown there."""
        x, y = at
        if self.roomy is not None:
            dx, dy = self._aside_of(wire, at, shown=True)
            x, y = x - dx, y - dy
        elif self._stretch is not None:
            stretch, rows = self._stretch
            ends = rows.get(self.rows[wire.source]), rows.get(self.rows[wire.target])
            found = stretch.closed((y, x) if self.right else (x, y), ends)
            x, y = (found[1], found[0]) if self.right else found
        return x - self.origin[0], y - self.origin[1]

    def _aside_of(self, wire: Wire, at: Point, shown: bool) -> Point:
        """How far the nearer end of a wire is shown from where the document has it; ``at`` as ``shown``, or not."""
        found: list[tuple[float, Point]] = []
        for name in (wire.source, wire.target):
            left, top, right, bottom = self.boxes[self.rows[name]].tolist()
            here, (x, y) = ((left + right) / 2, (top + bottom) / 2), self.document_place(name)
            own = x + self.origin[0], y + self.origin[1]
            near = here if shown else own
            found.append((abs(near[0] - at[0]) + abs(near[1] - at[1]), (here[0] - own[0], here[1] - own[1])))
        return min(found)[1]

    # How wires run

    def route_of(self, wire: Wire) -> Route:
        """How a wire runs: as it is led (here), beside blocks, around them, or straight."""
        return self.led.get(wire) or self.turns.get(wire) or self.lanes.get(wire)

    def _down(self, wire: Wire) -> Route:
        """How a wire runs, as of a drawing that runs down."""
        led = self.led.get(wire)
        if led and self.right:
            return [(y, x) for x, y in led]
        return led or self.turns.get(wire) or self.lanes.get(wire)

    def _way(self, row: int) -> tuple[Array, Route]:
        """A wire's curve and route as of a drawing that runs down."""
        return exchanged(self._curves[row], self.right), self._down(self.wires[row])

    def path(self, wire: Wire) -> QPainterPath:
        """The curve of a wire."""
        found = self._paths.get(wire)
        if found is None:
            found = routes.path(*self._way(self.wire_rows[wire]))
            found = self._paths[wire] = TURN.map(found) if self.right else found
        return found

    def corners(self, row: int) -> list[tuple[float, float]]:
        """A wire as straight lines: where it begins, bends and ends."""
        return next(self.corners_of([row]))

    def corners_of(self, rows: list[int]) -> Iterator[list[tuple[float, float]]]:
        """The same of many."""
        curves = exchanged(self._curves[rows], self.right).tolist()
        for row, curve in zip(rows, curves, strict=True):
            found = routes.corners(curve, self._down(self.wires[row]))
            yield [(y, x) for x, y in found] if self.right else found

    def spots(self, wire: Wire, width: float, shared: bool) -> list[QPointF]:
        """Points where the pill of a wire may stand, the best first; ``shared``: first beside the port."""
        curve, route = self._way(self.wire_rows[wire])
        half = width / 2 if self.right else routes.HALF
        found = routes.spots(curve, route, self.merges(wire), half)
        if shared:
            found.insert(0, QPointF(float(curve[0]), float(curve[1]) + half + routes.AIR))
        return [at.transposed() for at in found] if self.right else found

    @property
    def _aside(self) -> float:
        return routes.ASIDE_RIGHT if self.right else routes.ASIDE

    def _flow_boxes(self) -> Array:
        return exchanged(self.boxes, self.right)

    def _depth(self) -> Array:
        """How far wires reach the way the signal runs."""
        some = self._reach[: len(self.wires)]
        axis = 0 if self.right else 1
        found: Array = some[:, axis + 2] - some[:, axis]
        return found

    def merges(self, wire: Wire) -> bool:
        """Whether a wire meets others in the block to which it leads."""
        return len(self.definition.wires_into(wire.target)) > 1

    def _long(self, rows: list[int], ends: Array) -> list[int]:
        """Those wires that may have blocks in their way, lead up, or meet others from aside."""
        down, aside = ends[:, 3] - ends[:, 1], abs(ends[:, 2] - ends[:, 0])
        long = (down > routes.SKIPS) | (down < -routes.RISES)
        for index in np.flatnonzero(~long & (down > routes.MEETS) & (aside > self._aside)).tolist():
            long[index] = self.merges(self.wires[rows[index]])
        return [rows[index] for index in np.flatnonzero(long).tolist()]

    def route(self, most: int) -> bool:
        """Find lanes for some of the wires that wait for one; False when none waits any more."""
        some = list(islice(self.unrouted, most))
        for wire in some:
            del self.unrouted[wire]
        if some:
            self._route(some)
            self._touched()
        return bool(self.unrouted)

    def _route(self, wires: list[Wire]) -> None:
        if not wires:
            return
        ends = exchanged(self._curves[[self.wire_rows[wire] for wire in wires]], self.right)[:, (1, 7)]
        low, high = float(ends.min()), float(ends.max())
        known = self._lanes_in_use(low, high)
        used, count = np.vstack((known, np.zeros((len(wires), 3)))), len(known)
        # Of thousands of boxes only those are looked at that stand as high as the wire.
        every = self._flow_boxes()
        boxes = every[(every[:, 3] > low) & (every[:, 1] < high)]
        boxes = boxes[np.argsort(boxes[:, 1], kind="stable")]
        tops, tallest = boxes[:, 1], float((boxes[:, 3] - boxes[:, 1]).max(initial=0.0))
        traffic = self._traffic()
        for wire in wires:
            row = self.wire_rows[wire]
            curve = exchanged(self._curves[row], self.right)
            if curve[7] < curve[1]:
                turn = routes.find_turn(curve, every, self.turns.values())
                if turn is not None:
                    self.turns[wire] = turn
                    self._rerouted(row, turn.x, turn.above, turn.below)
                continue
            first, last = np.searchsorted(tops, (curve[1] - tallest, curve[7]))
            crossed = partial(traffic.crossed, row, curve) if traffic is not None else None
            lane = routes.find_lane(curve, boxes[first:last], used[:count], self.merges(wire), crossed, self._aside)
            if lane is None:
                continue
            used[count] = lane, curve[1], curve[7]
            count += 1
            self.lanes[wire] = lane
            if traffic is not None:
                traffic.lead(row, curve, lane)
            self._rerouted(row, lane, float(curve[1]), float(curve[7]))

    def _traffic(self) -> Traffic | None:
        """How all wires run, if they are few enough to be told apart."""
        if not 1 < len(self.wires) <= FEW:
            return None
        ports = [(wire.source, wire.source_port) for wire in self.wires]
        found = Traffic(exchanged(self.curves, self.right), ports, [self.merges(wire) for wire in self.wires])
        for wire in (*self.lanes, *self.turns):
            found.lead(self.wire_rows[wire], *self._way(self.wire_rows[wire]))
        return found

    def _rerouted(self, row: int, x: float, top: float, bottom: float) -> None:
        """A wire runs another way, which reaches so far."""
        self._paths.pop(self.wires[row], None)
        curve = exchanged(self._curves[row], self.right).tolist()
        reach = np.array((min(curve[0], curve[6], x), top, max(curve[0], curve[6], x), bottom))
        self._reach[row] = exchanged(reach, self.right)
        self._redraw(row)

    def _lanes_in_use(self, low: float, high: float) -> Array:
        """x, top and bottom of the lanes that reach between two heights."""
        axis, some = 0 if self.right else 1, self._reach[: len(self.wires)]
        near = np.flatnonzero((some[:, axis] < high) & (some[:, axis + 2] > low)).tolist() if self.lanes else []
        rows = [row for row in near if self.wires[row] in self.lanes]
        if not rows:
            return np.zeros((0, 3))
        curves = exchanged(self._curves[rows], self.right)
        return np.column_stack(([self.lanes[self.wires[row]] for row in rows], curves[:, (1, 7)]))
