"""A tall level laid out in columns, for a page: cut where one wire alone leads on, which runs to the next column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Block, Diagram, Wire
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.geometry import Frame, Geometry, Size
from blockstudio.gui.canvas.scene.metrics import (
    CARD_HEIGHT,
    CARD_MAX,
    GRID,
    INSET,
    LINE_PX,
    MARGIN,
    NAME_PX,
    PILL_HEIGHT,
    text_width,
)
from blockstudio.gui.canvas.scene.placing import Place
from blockstudio.gui.canvas.scene.routes import Array
from blockstudio.gui.kit.text import tr

GAP = 96.0
"""Between two columns; the wire to the next one runs up in its middle."""
TURN, ROUND = 48.0, 12.0
"""How far below and above a column that wire runs across, and the radius of its corners."""
BADGE_ROOM = 56
"""For the ``×10000`` of a chain."""
_BAND = float(PILL_HEIGHT + 2)


@dataclass(frozen=True, slots=True)
class Cut:
    """A height at which only one wire goes on."""

    above: float
    """Where the blocks above end."""
    below: float
    """Where those below begin."""
    wire: Wire


def _whole(needed: float) -> float:
    return float(-(-(needed + INSET + MARGIN + 2) // GRID) * GRID)


def name_width(name: str, block: Block) -> float:
    """The width that a card needs for its whole name."""
    return _whole(text_width(name, NAME_PX, True) + (BADGE_ROOM if block.repeat is not None else 0))


class StillDrawing(Drawing):
    """Made for a picture: it does not follow the document, and has time to keep pills off other wires. ``lines`` are
    what has to be readable below the names: cards are that wide, as far as their neighbours leave room."""

    def __init__(
        self,
        diagram: Diagram,
        scope: str,
        places: dict[str, Place],
        frames: Mapping[str, tuple[Geometry, Size]],
        framed: bool = False,
        origin: Place = (0.0, 0.0),
        *,
        only: Collection[str] | None = None,
        roomy: bool = False,
        lines: Mapping[str, str],
    ) -> None:
        self._lines = lines
        super().__init__(diagram, scope, places, frames, framed, origin, only, roomy)
        while self.route(10_000):
            pass

    def _card_size(self, name: str, block: Block) -> Size:
        width, height = super()._card_size(name, block)
        wanted = self._wanted(name, block)
        return (max(width, min(wanted, self._room(name))) if wanted > width else width), height

    def _wanted(self, name: str, block: Block) -> float:
        """The width that a card needs for all its texts."""
        return max(_whole(text_width(self._lines.get(name, ""), LINE_PX)), name_width(name, block))

    def _room(self, name: str) -> float:
        """How wide a card may be beside those at its height."""
        x, y = self.place(name)
        base = self._base[: len(self.names)]
        near = abs(base[:, 1] - y) < CARD_HEIGHT + GRID
        near[self.rows[name]] = False
        room = 4.0 * CARD_MAX
        for row in np.flatnonzero(near & (abs(base[:, 0] - x) < room)).tolist():
            other, apart = self.names[row], abs(float(base[row, 0]) - x) - 2 * GRID
            block = self.block(other)
            width, wanted = super()._card_size(other, block)[0], self._wanted(other, block)
            # One that would be wider too takes half of what lies between them.
            room = min(room, apart if wanted > width else 2 * apart - width)
        return room

    def _find_pill(self, wire: Wire, width: float, shared: bool) -> QPointF:
        spots = list(self._free_spots(wire, width, shared))
        clear = [at for at in spots[:-1] if not self._on_pill(at, width)]
        return next((at for at in clear if not self._on_wire(at, width, wire)), clear[0] if clear else spots[0])

    def pill_place(self, wire: Wire, width: float, shared: bool) -> QPointF:
        is_new = (wire, width) not in self._pills
        at = super().pill_place(wire, width, shared)
        if is_new:
            self._standing.setdefault(int(at.y() // _BAND), []).append((at.x(), at.y(), width))
        return at

    def _on_pill(self, at: QPointF, width: float) -> bool:
        """Whether a pill here would touch one that has its place already."""
        x, y = at.x(), at.y()
        band = int(y // _BAND)
        return any(
            abs(other_x - x) < (width + wide) / 2 + 3 and abs(other_y - y) < PILL_HEIGHT + 2
            for near in (band - 1, band, band + 1)
            for other_x, other_y, wide in self._standing.get(near, ())
        )

    def _on_wire(self, at: QPointF, width: float, own: Wire) -> bool:
        """Whether another port's wire runs behind a pill here."""
        area = QRectF(at.x() - width / 2, at.y() - PILL_HEIGHT / 2, width, PILL_HEIGHT)
        near = (self.wires[row] for row in self.wires_in(area, 2))
        port = (own.source, own.source_port)
        return any((wire.source, wire.source_port) != port and _touches(self._points(wire), at, width) for wire in near)

    def _points(self, wire: Wire) -> Array:
        """Points on a wire, at most 4 px apart, one a row."""
        found = self._sampled.get(wire)
        if found is None:
            path = self.path(wire)
            count = max(2, int(path.length() / 4))
            lines = [
                [(line.at(k).x(), line.at(k).y()) for k in range(line.count())] for line in path.toSubpathPolygons()
            ]
            corners = np.array([corner for line in lines for corner in line])
            steps = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))))
            along = np.linspace(0.0, steps[-1], count)
            found = np.column_stack([np.interp(along, steps, corners[:, axis]) for axis in (0, 1)])
            self._sampled[wire] = found
        return found

    def _touched(self) -> None:
        """Pills stand by bands of height, with their middles and widths: few are near one another."""
        super()._touched()
        self._sampled: dict[Wire, Array] = {}
        self._standing: dict[int, list[tuple[float, float, float]]] = {}


def _touches(points: Array, at: QPointF, width: float) -> bool:
    """Whether a wire runs behind a pill at a place."""
    aside, up = abs(points[:, 0] - at.x()), abs(points[:, 1] - at.y())
    return bool(np.any((aside < width / 2 + 2) & (up < PILL_HEIGHT / 2 + 2)))


class FoldedDrawing(StillDrawing):
    """The level that fills a picture, in columns."""

    def __init__(
        self,
        diagram: Diagram,
        scope: str,
        places: dict[str, Place],
        frames: Mapping[str, tuple[Geometry, Size]],
        *,
        only: Collection[str] | None,
        columns: int,
        roomy: bool,
        lines: Mapping[str, str],
    ) -> None:
        self.folds: dict[Wire, tuple[float, float, float]] = {}
        """Of the wires between columns: the height below, the way up, the height above."""
        super().__init__(diagram, scope, places, frames, only=only, roomy=roomy, lines=lines)
        if columns > 1 and len(self) > 1:
            self._fold(columns)
            while self.route(10_000):
                pass

    # Where to cut

    def cuts(self) -> list[Cut]:
        """Every height at which the level may be cut, from the top."""
        order = np.argsort(self.boxes[:, 1], kind="stable")
        tops, ends = self.boxes[order, 1], np.maximum.accumulate(self.boxes[order, 3])
        found = []
        leave = np.array([self.boxes[self.rows[wire.source], 3] for wire in self.wires])
        enter = np.array([self.boxes[self.rows[wire.target], 1] for wire in self.wires])
        for above, below in zip(ends[:-1].tolist(), tops[1:].tolist(), strict=True):
            if below <= above:
                continue
            crossing = np.flatnonzero((leave <= above) & (enter >= below))
            if len(crossing) == 1:
                found.append(Cut(above, below, self.wires[int(crossing[0])]))
        return found

    def _chosen(self, columns: int) -> list[Cut]:
        """The cuts that make the tallest column as low as it can be with so many columns."""
        cuts = self.cuts()
        if len(cuts) < columns - 1:
            raise StudioError(
                "figure.columns",
                tr("it can be cut at {0} places only, where one wire alone leads on.", len(cuts)),
                hint=tr("Take {0} columns or fewer.", len(cuts) + 1),
            )
        top, bottom = float(self.boxes[:, 1].min()), float(self.boxes[:, 3].max())
        low, high = 0.0, bottom - top
        best = self._greedy(cuts, top, bottom, high)
        for _ in range(40):
            middle = (low + high) / 2
            tried = self._greedy(cuts, top, bottom, middle)
            if tried is not None and len(tried) < columns:
                best, high = tried, middle
            else:
                low = middle
        chosen = best or []
        # Columns that are left over divide the tallest ones further.
        while len(chosen) < columns - 1:
            rest = [cut for cut in cuts if cut not in chosen]
            tries = [[*chosen, cut] for cut in rest]
            chosen = min(tries, key=lambda some: _tallest(some, top, bottom))
            chosen.sort(key=lambda cut: cut.above)
        return chosen

    def _greedy(self, cuts: list[Cut], top: float, bottom: float, limit: float) -> list[Cut] | None:
        chosen: list[Cut] = []
        start, last = top, None
        for cut in cuts:
            if cut.above - start > limit:
                if last is None:
                    return None
                chosen.append(last)
                start, last = last.below, None
                if cut.above - start > limit:
                    return None
            last = cut
        if bottom - start > limit:
            if last is None or bottom - last.below > limit:
                return None
            chosen.append(last)
        return chosen

    # Folding

    def _fold(self, columns: int) -> None:
        chosen = self._chosen(columns)
        limits = [-np.inf, *(cut.below for cut in chosen), np.inf]
        boxes, reach = self._boxes[: len(self.names)], self._reach[: len(self.wires)].copy()
        part = [np.flatnonzero((boxes[:, 1] >= low) & (boxes[:, 1] < high)) for low, high in pairwise(limits)]
        column = np.zeros(len(self.names), dtype=int)
        for index, rows in enumerate(part):
            column[rows] = index
        right, top = 0.0, float(boxes[:, 1].min())
        gaps: list[float] = []
        for index, rows in enumerate(part):
            own = [
                row for row, wire in enumerate(self.wires)
                if column[self.rows[wire.source]] == column[self.rows[wire.target]] == index
            ]  # fmt: skip
            left = min([float(boxes[rows, 0].min()), *(self._pill_left(row, reach) for row in own)])
            wide = max([float(boxes[rows, 2].max()), *(self._pill_right(row, reach) for row in own)])
            dx, dy = right - left if index else 0.0, top - float(boxes[rows, 1].min())
            right = wide + dx + GAP
            gaps.append(right - GAP / 2)
            self._shift(rows, dx, dy)
        ends = [float(boxes[rows, 3].max()) for rows in part]
        for index, cut in enumerate(chosen):
            self.folds[cut.wire] = ends[index] + TURN, gaps[index], top - TURN
        self._paths.clear()
        self._trace(range(len(self.wires)))
        self._touched()

    def _pill_left(self, row: int, reach: np.ndarray) -> float:
        return float(reach[row, 0]) - (40.0 if self.wires[row] in self.lanes else 0.0)

    def _pill_right(self, row: int, reach: np.ndarray) -> float:
        return float(reach[row, 2]) + (40.0 if self.wires[row] in self.lanes else 0.0)

    def _shift(self, rows: np.ndarray, dx: float, dy: float) -> None:
        self._boxes[rows] += (dx, dy, dx, dy)
        for row in rows.tolist():
            self.rectangles[row].translate(dx, dy)
            name = self.names[row]
            if name in self.frames:
                frame = self.frames[name]
                self.frames[name] = Frame(frame.inner, frame.dx + dx, frame.dy + dy)

    # Wires between columns

    def _trace(self, which: Iterable[int]) -> None:
        super()._trace(which)
        for wire, (below, x, above) in self.folds.items():
            row = self.wire_rows[wire]
            self._unroute(row)
            curve = self._curves[row]
            xs = (float(curve[0]), x, float(curve[6]))
            self._reach[row] = min(xs), min(above, float(curve[7])), max(xs), max(below, float(curve[1]))

    def path(self, wire: Wire) -> QPainterPath:
        if wire not in self.folds or wire in self._paths:
            return super().path(wire)
        (below, x, above), curve = self.folds[wire], self._curves[self.wire_rows[wire]].tolist()
        corners = [(curve[0], below), (x, below), (x, above), (curve[6], above)]
        drawn = _rounded([(curve[0], curve[1]), *corners, (curve[6], curve[7])])
        self._paths[wire] = drawn
        return drawn

    def _find_pill(self, wire: Wire, width: float, shared: bool) -> QPointF:
        if wire not in self.folds:
            return super()._find_pill(wire, width, shared)
        below, _, _ = self.folds[wire]
        start = self._curves[self.wire_rows[wire]]
        return QPointF(float(start[0]), min(float(start[1]) + 21, below - PILL_HEIGHT / 2 - 2))


def _tallest(cuts: list[Cut], top: float, bottom: float) -> float:
    ordered = sorted(cuts, key=lambda cut: cut.above)
    starts, ends = [top, *(cut.below for cut in ordered)], [*(cut.above for cut in ordered), bottom]
    return max(end - start for start, end in zip(starts, ends, strict=True))


def _rounded(points: list[tuple[float, float]]) -> QPainterPath:
    """Straight lines through the points, with round corners."""
    path = QPainterPath(QPointF(*points[0]))
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        into = min(ROUND, (abs(bx - ax) + abs(by - ay)) / 2)
        out = min(ROUND, (abs(cx - bx) + abs(cy - by)) / 2)
        path.lineTo(bx - into * _sign(bx - ax), by - into * _sign(by - ay))
        path.quadTo(bx, by, bx + out * _sign(cx - bx), by + out * _sign(cy - by))
    path.lineTo(*points[-1])
    return path


def _sign(value: float) -> float:
    return float(value > 0) - float(value < 0)
