"""The drawing of one level, as it follows the document.

It mirrors a definition and keeps nothing of the document. An edit changes the rows it concerns and no others; a
full card, a path or a text is made only when it is painted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from blockstudio.graph.diagram import Wire
from blockstudio.gui.canvas.scene import routes
from blockstudio.gui.canvas.scene.annotated import Annotated
from blockstudio.gui.canvas.scene.geometry import FAMILY_NAMES, Frame
from blockstudio.gui.canvas.scene.metrics import PILL_HEIGHT
from blockstudio.gui.canvas.scene.routes import Array

RIGID = 12
"""So many blocks that move alike are moved as one, with the wires among them."""


def _meeting(reach: Array, rows: np.ndarray, boxes: Array) -> set[int]:
    """Those of the wires ``rows`` whose reach meets a box."""
    if not len(rows) or not len(boxes):
        return set()
    some = reach[rows]
    # Only boxes that lie where the wires are at all are compared with each of them.
    low, high = some[:, :2].min(axis=0), some[:, 2:].max(axis=0)
    boxes = boxes[np.all((boxes[:, :2] < high) & (boxes[:, 2:] > low), axis=1)]
    hit = (some[:, None, 0] < boxes[:, 2]) & (some[:, None, 2] > boxes[:, 0])
    hit &= (some[:, None, 1] < boxes[:, 3]) & (some[:, None, 3] > boxes[:, 1])
    return set(rows[hit.any(axis=1)].tolist())


class Drawing(Annotated):
    """Boxes and curves of a definition that change as the document does."""

    _kept_off: Array | None = None

    # What is seen from far

    def far_rectangles(self) -> list[list[QRectF]]:
        """The boxes by family, in the order of `FAMILY_NAMES`, without those of frames. The rectangles are the
        drawing's own: a moved block moves in this list too."""
        if self._far_rectangles is None:
            self._far_rectangles = self.rectangles_of(range(len(self.names)))
        return self._far_rectangles

    def rectangles_of(self, rows: Iterable[int]) -> list[list[QRectF]]:
        """The same of some rows."""
        found: list[list[QRectF]] = [[] for _ in FAMILY_NAMES]
        families = self.families.tolist()
        for row in rows:
            if self.names[row] not in self.frames:
                found[families[row]].append(self.rectangles[row])
        return found

    def path_of(self, rows: list[int]) -> QPainterPath:
        """Wires as straight lines in one path."""
        points: list[tuple[float, float]] = []
        starts = []
        for corners in self.corners_of(rows):
            starts.append(len(points))
            points += corners
        return routes.broken_lines(points, starts)

    def far_path(self) -> QPainterPath:
        """All wires as straight lines in one path: far quicker to hand over than a list. A moved wire moves in
        it."""
        if self._far_path is None:
            points: list[tuple[float, float]] = []
            self._starts = []
            for corners in self.corners_of(list(range(len(self.wires)))):
                self._starts.append((len(points), len(corners)))
                points += corners
            self._far_path = routes.broken_lines(points, [start for start, _ in self._starts])
        return self._far_path

    def long_path(self, least: float) -> QPainterPath:
        """The wires that reach so far, as straight lines in one path; kept until the drawing changes."""
        if self._long_path[:2] != (self.version, least):
            reach = self.reach
            rows = np.flatnonzero((reach[:, 2:] - reach[:, :2]).max(axis=1, initial=0.0) >= least).tolist()
            self._long_path = self.version, least, self.path_of(rows)
        return self._long_path[2]

    # Pills

    def leaders(self, wire: Wire) -> list[Wire]:
        """The wires that leave the same port, in order; the first of them carries the pill for all."""
        key = (wire.source, wire.source_port)
        found = self._together.get(key)
        if found is None:
            found = [each for each in self.definition.wires_from(wire.source) if each.source_port == wire.source_port]
            found = [each for each in found if each in self.wire_rows]
            self._together[key] = found
        return found

    def pill_place(self, wire: Wire, width: float, shared: bool) -> QPointF:
        """The middle of a wire's pill: where it covers no card. ``shared``: it stands for all wires of the port."""
        found = self._pills.get((wire, width))
        if found is None:
            found = self._pills[wire, width] = self._find_pill(wire, width, shared)
        return found

    def _find_pill(self, wire: Wire, width: float, shared: bool) -> QPointF:
        return next(self._free_spots(wire, width, shared))

    def _free_spots(self, wire: Wire, width: float, shared: bool) -> Iterator[QPointF]:
        """Places for a wire's pill off cards and titles of frames, the best first; at the end the best of all."""
        tries = self.spots(wire, width, shared)
        lefts, tops, rights, bottoms = self._obstacles()
        for index, at in enumerate(tries):
            x, y = at.x(), at.y()
            if index == 1:  # the first does mostly
                xs, ys = [at.x() for at in tries], [at.y() for at in tries]
                near = (lefts < max(xs) + width) & (rights > min(xs) - width)
                near &= (tops < max(ys) + PILL_HEIGHT) & (bottoms > min(ys) - PILL_HEIGHT)
                lefts, tops, rights, bottoms = lefts[near], tops[near], rights[near], bottoms[near]
            on = (tops < y + PILL_HEIGHT / 2 + 1) & (bottoms > y - PILL_HEIGHT / 2 - 1)
            on &= (lefts < x + width / 2 + 2) & (rights > x - width / 2 - 2)
            if not on.any():
                yield at
        yield tries[0]

    def _obstacles(self) -> Array:
        """What pills keep off, cards and titles of frames: their lefts, tops, rights and bottoms."""
        if self._kept_off is None:
            boxes = np.vstack((self.boxes, self.titles())) if self.definition.frames else self.boxes
            self._kept_off = np.ascontiguousarray(boxes.T)
        return self._kept_off

    def _touched(self) -> None:
        super()._touched()
        self._pills: dict[tuple[Wire, float], QPointF] = {}
        self._kept_off = None
        self._together: dict[tuple[str, str], list[Wire]] = {}

    # Following the document

    def add(self, name: str, at: tuple[float, float] | None = None) -> None:
        """A block came; ``at`` is where it stands if the document does not say."""
        if at is not None:
            self.places[name] = at
        self._append(name, self.block(name))
        self.counts.rows += 1
        self._place([name])
        self._far_rectangles = None

    def remove(self, name: str) -> None:
        """A block went; its wires are gone already. The last row takes its place."""
        row, last = self.rows.pop(name), len(self.names) - 1
        if row != last:
            for array in (self._base, self._boxes, self._families):
                array[row] = array[last]
            self.names[row], self.rectangles[row] = self.names[last], self.rectangles[last]
            self.kinds[row] = self.kinds[last]
            self.rows[self.names[row]] = row
        self.names.pop()
        self.kinds.pop()
        self.rectangles.pop()
        self._far_rectangles = None
        self._touched()

    def connect(self, wires: Iterable[Wire]) -> None:
        """Wires came."""
        new = [wire for wire in wires if wire not in self.wire_rows]
        if not new:
            return
        for wire in new:
            self._append_wire(wire)
        self._retrace_ends(new)
        self._far_path = None

    def disconnect(self, wires: Iterable[Wire]) -> None:
        """Wires went. Blocks at their ends may be gone as well."""
        gone = [wire for wire in wires if wire in self.wire_rows]
        if not gone:
            return
        for wire in gone:
            row, last = self.wire_rows.pop(wire), len(self.wires) - 1
            if row != last:
                self._curves[row], self._reach[row] = self._curves[last], self._reach[last]
                self.wires[row] = self.wires[last]
                self.wire_rows[self.wires[row]] = row
            self.wires.pop()
            self._paths.pop(wire, None)
            self.lanes.pop(wire, None)
            self.turns.pop(wire, None)
            self.unrouted.pop(wire, None)
            self.led.pop(wire, None)
        self._far_path = None
        self._retrace_ends(gone)

    def _retrace_ends(self, wires: list[Wire]) -> None:
        """Also the other wires of a merge run anew: its inputs spread as there are more or fewer."""
        concerned = set(wires)
        for name in {wire.target for wire in wires if wire.target in self.definition.graph}:
            if self.diagram.is_variadic(self.block(name).type):
                concerned.update(self.definition.wires_into(name))
        self._trace(self.wire_rows[wire] for wire in concerned if wire in self.wire_rows)
        self._touched()

    def lead(self, wire: Wire, points: routes.Points | None = None) -> None:
        """Show a wire led through ``points`` (here); by default as the document leads it."""
        if wire not in self.wire_rows:
            return
        self._lead(wire)
        if points is not None:
            self.led.pop(wire, None)
            if points:
                self.led[wire] = list(points)
        self._trace([self.wire_rows[wire]])
        self._touched()

    def led_within(self, names: Iterable[str]) -> list[Wire]:
        """The wires that are led and run between blocks of these."""
        if not self.led:
            return []
        there = set(names)
        return [wire for wire in self.led if wire.source in there and wire.target in there]

    def moved(self, names: Iterable[str]) -> None:
        """Blocks have other positions in the document now."""
        there = [name for name in names if name in self.rows]
        if there:
            self._base[[self.rows[name] for name in there]] = self._places_of(there)
        if self._wanted_frames:
            self._place_all()
            for wire in list(self.led):
                self._lead(wire)
            self._trace(range(len(self.wires)))
            self._touched()
            return
        for wire in self.led_within(there):
            self._lead(wire)
        there = self._rigid(self._elsewhere(there))
        before = self._area(there)
        self._place(there)
        self._retrace(there, before, self._area(there))

    def _elsewhere(self, names: list[str]) -> list[str]:
        """Those whose boxes are not where their places and sizes want them."""
        if not names:
            return []
        rows = [self.rows[name] for name in names]
        half = np.array(self._sizes_of(names)) / 2
        wanted = np.concatenate((self._base[rows] - half, self._base[rows] + half), axis=1)
        return [names[index] for index in np.flatnonzero((self._boxes[rows] != wanted).any(axis=1)).tolist()]

    def _rigid(self, names: list[str]) -> list[str]:
        """Move those that move all alike, with the wires among them, if they are many; the others are left."""
        if len(names) < RIGID:
            return names
        rows = np.array([self.rows[name] for name in names])
        boxes = self._boxes[rows]
        asides = self._base[rows] - (boxes[:, :2] + boxes[:, 2:]) / 2
        kinds, counts = np.unique(asides, axis=0, return_counts=True)
        dx, dy = kinds[int(np.argmax(counts))].tolist()
        alike = np.all(asides == (dx, dy), axis=1)
        block = {name for name, same in zip(names, alike.tolist(), strict=True) if same}
        self._boxes[rows[alike]] += (dx, dy, dx, dy)
        for row in rows[alike].tolist():
            self.rectangles[row].translate(dx, dy)
        self.counts.rows += len(block)
        inner = [
            row for row, wire in enumerate(self.wires)
            if wire.source in block and wire.target in block and wire not in self.led
        ]  # fmt: skip
        self._curves[inner] += (dx, dy) * 4
        self._reach[inner] += (dx, dy) * 2
        aside, down = (dy, dx) if self.right else (dx, dy)
        for row in inner:
            wire = self.wires[row]
            self._paths.pop(wire, None)
            if wire in self.lanes:
                self.lanes[wire] += aside
            elif wire in self.turns:
                below, x, above = self.turns[wire]
                self.turns[wire] = routes.Turn(below + down, x + aside, above + down)
        self._far_path = None
        self._trace(self._beside(block, inner))
        self._touched()
        return [name for name in names if name not in block]

    def _beside(self, block: set[str], inner: list[int]) -> list[int]:
        """The wires that end at a block of cards that has moved, those among them that came to others, and those that
        have the cards in their way now."""
        found = set(inner)
        ends = {row for row, wire in enumerate(self.wires) if wire.source in block or wire.target in block} - found
        still = np.array([name not in block for name in self.names], dtype=bool)
        rest = np.array([row not in found for row in range(len(self.wires))], dtype=bool)
        reach = self.reach
        rest &= self._depth() > routes.SKIPS
        ends |= _meeting(reach, np.array(inner, dtype=int), self.boxes[still])
        ends |= _meeting(reach, np.flatnonzero(rest), self.boxes[~still])
        return sorted(ends)

    def shift(self, names: Iterable[str], dx: float, dy: float) -> None:
        """Show blocks aside from where they are, while they are dragged."""
        there = [name for name in names if name in self.rows]
        rows = [self.rows[name] for name in there]
        self._boxes[rows] += (dx, dy, dx, dy)
        for row in rows:
            self.rectangles[row].translate(dx, dy)
        for name in there:
            if name in self.frames:
                frame = self.frames[name]
                self.frames[name] = Frame(frame.inner, frame.dx + dx, frame.dy + dy)
        for wire in self.led_within(there):
            self.led[wire] = [(x + dx, y + dy) for x, y in self.led[wire]]
        self.counts.rows += len(rows)
        self._retrace(there)

    def _place(self, names: list[str]) -> None:
        for name in names:
            row = self.rows[name]
            width, height = self.size(name)
            x, y = self._base[row].tolist()
            self._boxes[row] = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            self.rectangles[row].setRect(x - width / 2, y - height / 2, width, height)
        self.counts.rows += len(names)
        self._touched()

    def _area(self, names: list[str]) -> list[Array]:
        return [self._boxes[self.rows[name]].copy() for name in names]

    def _retrace(self, names: list[str], *areas: list[Array]) -> None:
        """The wires at these blocks, and those that ran or would run through ``areas``."""
        definition = self.definition
        rows = {
            self.wire_rows[wire]
            for name in names
            for wire in (*definition.wires_into(name), *definition.wires_from(name))
            if wire in self.wire_rows
        }
        reach = self.reach
        long, aside = self._depth() > routes.SKIPS, 0 if self.right else 40
        if len(names) <= 64 and long.any():
            for left, top, right, bottom in (box.tolist() for area in areas for box in area):
                hit = long & (reach[:, 0] < right + aside) & (reach[:, 2] > left - aside)
                hit &= (reach[:, 1] < bottom + 40 - aside) & (reach[:, 3] > top - 40 + aside)
                rows.update(np.flatnonzero(hit).tolist())
        self._trace(sorted(rows))
        self._touched()
