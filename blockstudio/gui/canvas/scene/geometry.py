"""Rows of numbers: a box for each block of a level, a curve for each wire."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from blockstudio.blocks import FAMILIES, PORTS
from blockstudio.graph.diagram import Block, Definition, Diagram, Wire
from blockstudio.gui.canvas.scene import routes
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, CHEVRON, card_width, chevron_rect
from blockstudio.gui.canvas.scene.ports import Port, free_port, port_names, port_offset
from blockstudio.gui.canvas.scene.routed import Routed, exchanged
from blockstudio.gui.canvas.scene.routes import Array, Turn
from blockstudio.layout.opening import Stretch, make_room

FAMILY_NAMES = tuple(FAMILIES)
_SERIALS = count()
ROUTES_AT_ONCE = 150
"""Up to this many lanes are sought at once; more wait for `Geometry.route`, so that the window does not."""
REDRAWN_AT_ONCE = 400
_FAMILY_ROW = {name: index for index, name in enumerate(FAMILY_NAMES)}


@dataclass
class Counts:
    """How often the costly things were done; tests hold them down."""

    rows: int = 0
    """Blocks whose geometry was computed."""
    wires: int = 0
    """Wires whose curve was computed."""


@dataclass(slots=True)
class Frame:
    """A module instance opened in place: the drawing of its inside, standing at an offset."""

    inner: Geometry
    dx: float
    dy: float


Size = tuple[float, float]


class Geometry(Routed):
    """Boxes and curves of a definition.

    ``places`` are centres for blocks that have none in the document, ``origin`` is where the document's (0, 0) lies
    here. ``frames`` maps instances opened in place to the drawing of their inside and the frame's size. ``only``
    leaves all other blocks out, and the wires to them. ``roomy`` are centres of all blocks with room for the frames;
    without, what stands around a frame makes room. To the ``right`` inputs are on the left edges, else on the upper.
    """

    def __init__(
        self,
        diagram: Diagram,
        scope: str,
        places: dict[str, tuple[float, float]] | None = None,
        frames: Mapping[str, tuple[Geometry, Size]] | None = None,
        framed: bool = False,
        origin: tuple[float, float] = (0.0, 0.0),
        only: Collection[str] | None = None,
        roomy: Mapping[str, tuple[float, float]] | None = None,
        right: bool = False,
    ) -> None:
        self.right = right
        self.serial = next(_SERIALS)
        """No other drawing has the same: unlike `id`, which may come again."""
        self.diagram, self.scope = diagram, scope
        self.only, self.roomy = only, roomy
        self.framed = framed
        """Drawn inside a frame: its Inputs and Outputs are points on the frame's border."""
        self.counts = Counts()
        self.names: list[str] = []
        self.kinds: list[str] = []
        self.rows: dict[str, int] = {}
        self.wires: list[Wire] = []
        self.wire_rows: dict[Wire, int] = {}
        self.lanes: dict[Wire, float] = {}
        self.turns: dict[Wire, Turn] = {}
        """Of the wires that lead up again, to the top of another column."""
        self.unrouted: dict[Wire, None] = {}
        """Wires that may need a lane and still wait for it."""
        self.led: dict[Wire, list[tuple[float, float]]] = {}
        """Wires that the user leads, with the points they are led through, here."""
        # Shared with who made it: where a newcomer settles is remembered for the next drawing.
        self.places = places if places is not None else {}
        self.origin = origin
        self._base: Array = np.zeros((64, 2))
        self._boxes: Array = np.zeros((64, 4))
        self._families = np.zeros(64, dtype=np.int8)
        self._curves: Array = np.zeros((64, 8))
        self._reach: Array = np.zeros((64, 4))
        self._paths: dict[Wire, QPainterPath] = {}
        self.rectangles: list[QRectF] = []
        self._far_rectangles: list[list[QRectF]] | None = None
        self._far_path: QPainterPath | None = None
        self._long_path: tuple[int, float, QPainterPath] = (-1, 0.0, QPainterPath())
        self._starts: list[tuple[int, int]] = []
        """Of each wire in that path: its first element and how many it has."""
        self._bounds: QRectF | None = None
        self._wanted_frames = dict(frames or {})
        self.frames: dict[str, Frame] = {}
        self.version = 0
        """Grows with every change of geometry."""
        self.rebuild()

    # What there is

    @property
    def definition(self) -> Definition:
        return self.diagram.definition(self.scope)

    def document_place(self, name: str) -> tuple[float, float]:
        """Centre of a block in the document's coordinates."""
        x, y = self._own_place(name)
        return x - self.origin[0], y - self.origin[1]

    @property
    def wants_frames(self) -> bool:
        """Whether modules are opened in place: one block's place then depends on others' sizes."""
        return bool(self._wanted_frames)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def boxes(self) -> Array:
        """Left, top, right, bottom of every block, in row order."""
        return self._boxes[: len(self.names)]

    @property
    def families(self) -> np.ndarray:
        return self._families[: len(self.names)]

    @property
    def reach(self) -> Array:
        """Bounding boxes of the wires, in row order."""
        return self._reach[: len(self.wires)]

    @property
    def curves(self) -> Array:
        return self._curves[: len(self.wires)]

    def block(self, name: str) -> Block:
        return self.definition.block(name)

    def rect(self, name: str) -> QRectF:
        """Where a block stands, in scene coordinates."""
        left, top, right, bottom = self._boxes[self.rows[name]].tolist()
        return QRectF(left, top, right - left, bottom - top)

    @property
    def bounds(self) -> QRectF:
        """The rectangle around all blocks and wires; empty for an empty level."""
        if self._bounds is None:
            if not self.names:
                return QRectF()
            low, high = self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)
            if self.wires:
                low = np.minimum(low, self.reach[:, :2].min(axis=0))
                high = np.maximum(high, self.reach[:, 2:].max(axis=0))
            (left, top), (right, bottom) = low.tolist(), high.tolist()
            self._bounds = QRectF(left, top, right - left, bottom - top)
        return self._bounds

    def rows_in(self, area: QRectF, slack: float = 0.0) -> list[int]:
        """Rows of the blocks that touch ``area``."""
        return np.flatnonzero(_touching(self.boxes, area, slack)).tolist()

    def count_in(self, area: QRectF, slack: float = 0.0) -> int:
        """How many blocks touch ``area``: where there are thousands, sooner known than which."""
        return int(np.count_nonzero(_touching(self.boxes, area, slack)))

    def wires_in(self, area: QRectF, slack: float = 0.0) -> list[int]:
        """Rows of the wires whose bounding box touches ``area``."""
        return np.flatnonzero(_touching(self.reach, area, slack)).tolist()

    # Ports

    def ports(self, name: str, free: bool = False) -> list[Port]:
        """The ports of a block; with ``free`` a merge shows one free input more."""
        box = exchanged(self._boxes[self.rows[name]], self.right)
        left, top, right, bottom = box.tolist()
        found = []
        for side, y in (("in", top), ("out", bottom)):
            names = port_names(self.diagram, self.definition, name, side)
            if free and side == "in" and self.diagram.is_variadic(self.block(name).type):
                extra = free_port(self.definition, name)
                names = names if extra in names else [*names, extra]
            for k, port in enumerate(names):
                x = (left + right) / 2 + port_offset(k, len(names), right - left, self.right)
                found.append(Port(name, port, side, QPointF(y, x) if self.right else QPointF(x, y)))
        return found

    def port(self, name: str, port: str, side: str) -> Port:
        """One port. An input that a merge does not have yet stands where it would. Raises `KeyError`."""
        for found in (*self.ports(name), *self.ports(name, free=True)):
            if found.port == port and found.side == side:
                return found
        raise KeyError((name, port, side))

    # Building

    def rebuild(self) -> None:
        """Everything anew from the definition."""
        self.kinds = []
        self.names, self.rows, self.wires, self.wire_rows = [], {}, [], {}
        self.lanes, self.turns, self.unrouted, self.led = {}, {}, {}, {}
        self.rectangles, self._paths = [], {}
        for name, block in self.definition.blocks():
            if self.only is None or name in self.only:
                self._append(name, block)
        self.counts.rows += len(self.names)
        self._place_all()
        for wire in self.definition.wires():
            if wire.source in self.rows and wire.target in self.rows:
                self._append_wire(wire)
        self._trace(range(len(self.wires)))
        self._far_rectangles = self._far_path = None
        self._touched()

    def _touched(self) -> None:
        self._bounds = None
        self.version += 1

    def _append(self, name: str, block: Block) -> int:
        row = len(self.names)
        if row == len(self._boxes):
            for key in ("_base", "_boxes", "_families"):
                old = getattr(self, key)
                setattr(self, key, np.concatenate((old, np.zeros_like(old))))
        self.names.append(name)
        self.kinds.append(block.type)
        self.rows[name] = row
        self.rectangles.append(QRectF())
        kind = self.diagram.kind(block.type)
        self._families[row] = _FAMILY_ROW[kind.family if kind is not None else "module"]
        self._base[row] = self.place(name)
        return row

    def place(self, name: str) -> tuple[float, float]:
        """Centre of a block before what stands around a frame makes room."""
        at = self.roomy.get(name) if self.roomy is not None else None
        return at if at is not None else self._own_place(name)

    def _own_place(self, name: str) -> tuple[float, float]:
        """Where a block stands with every module shut: the document's place, or the one made up for it. Inside a
        frame the made up ones count: they are the document's, shifted."""
        at = self.block(name).at
        return self.places.get(name, (0.0, 0.0)) if at is None or self.framed else at

    def _places_of(self, names: Iterable[str]) -> list[tuple[float, float]]:
        """`place` of many."""
        if self.roomy is not None or self.framed:
            return [self.place(name) for name in names]
        block, places = self.definition.block, self.places
        return [block(name).at or places.get(name, (0.0, 0.0)) for name in names]

    def _sizes_of(self, names: Iterable[str]) -> list[Size]:
        """`size` of many."""
        if self._wanted_frames or self.framed:
            return [self.size(name) for name in names]
        block = self.definition.block
        return [self._card_size(name, block(name)) for name in names]

    def size(self, name: str) -> Size:
        """Width and height of a block's card or frame."""
        if name in self._wanted_frames:
            return self._wanted_frames[name][1]
        block = self.block(name)
        if self.framed and block.type in PORTS:
            return 0.0, 0.0
        return self._card_size(name, block)

    def is_hidden(self, name: str) -> bool:
        """An Input or Output that is only a point on the frame's border."""
        return self.framed and self.kinds[self.rows[name]] in PORTS

    def card_size(self, name: str) -> Size:
        """What `size` would be with the instance shut."""
        return self._card_size(name, self.block(name))

    def _card_size(self, name: str, block: Block) -> Size:
        return card_width(name, block.repeat is not None, block.type in self.diagram.modules), float(CARD_HEIGHT)

    def is_module(self, name: str) -> bool:
        """Whether a block is an instance that can be opened."""
        return self.kinds[self.rows[name]] in self.diagram.modules

    def chevron(self, name: str) -> QRectF:
        """Where the sign that opens or shuts an instance in place stands."""
        rect = self.rect(name)
        if name in self.frames:
            return QRectF(rect.left() + 12, rect.top() + 10, CHEVRON, CHEVRON + 2)
        return chevron_rect(rect.width()).translated(rect.topLeft())

    def _place_all(self) -> None:
        """Boxes of all rows from their centres, making room for modules opened in place."""
        count = len(self.names)
        sizes = np.array([self.size(name) for name in self.names]).reshape(count, 2)
        moved = self._base[:count].copy()
        self.frames, self._stretch = {}, None
        if self._wanted_frames and self.roomy is None:
            # The ends of a frame's wires are put on its border when all is known that is in it.
            shown = [row for row, name in enumerate(self.names) if not self.is_hidden(name)]
            cards = np.array([self.card_size(self.names[row]) for row in shown]).reshape(len(shown), 2)
            local = {row: index for index, row in enumerate(shown)}
            ends = ((self.rows.get(wire.source), self.rows.get(wire.target)) for wire in self.definition.wires())
            wires = [(local[u], local[v]) for u, v in ends if u in local and v in local]
            at, card, size = (exchanged(each, self.right) for each in (moved[shown], cards, sizes[shown]))
            roomed = make_room(at, card, size, wires)
            moved[shown], self._stretch = exchanged(roomed, self.right), (Stretch(at, roomed, card, size), local)
        self._boxes[:count, :2] = moved - sizes / 2
        self._boxes[:count, 2:] = moved + sizes / 2
        for name, (inner, _) in self._wanted_frames.items():
            if name in self.rows:
                left, top = self._boxes[self.rows[name], :2].tolist()
                self.frames[name] = Frame(inner, left, top)
        for row, (left, top, right, bottom) in enumerate(self.boxes.tolist()):
            self.rectangles[row].setCoords(left, top, right, bottom)

    def _append_wire(self, wire: Wire) -> int:
        row = len(self.wires)
        if row == len(self._curves):
            self._curves = np.concatenate((self._curves, np.zeros_like(self._curves)))
            self._reach = np.concatenate((self._reach, np.zeros_like(self._reach)))
        self.wires.append(wire)
        self.wire_rows[wire] = row
        self._lead(wire)
        return row

    def _trace(self, which: Iterable[int]) -> None:
        """Curves and bounding boxes of these wires, and lanes for those that skip blocks."""
        found = list(which)
        if not found:
            return
        self.counts.wires += len(found)
        ends = self._ends(found)
        computed = routes.curves(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])
        reach = np.column_stack((
            np.minimum(ends[:, 0], ends[:, 2]), np.minimum(ends[:, 1], computed[:, 5]),
            np.maximum(ends[:, 0], ends[:, 2]), np.maximum(ends[:, 3], computed[:, 3]),
        ))  # fmt: skip
        self._curves[found], self._reach[found] = (exchanged(each, self.right) for each in (computed, reach))
        for row in found:
            self._unroute(row)
        for row in found if self.led else ():
            if self.wires[row] in self.led:
                xs, ys = zip(*self.led[self.wires[row]], strict=True)
                low, high = (min(xs) - 16, min(ys) - 16), (max(xs) + 16, max(ys) + 16)
                self._reach[row, :2] = np.minimum(self._reach[row, :2], low)
                self._reach[row, 2:] = np.maximum(self._reach[row, 2:], high)
        waiting = [wire for row in self._long(found, ends) if (wire := self.wires[row]) not in self.led]
        if len(waiting) > ROUTES_AT_ONCE:
            self.unrouted |= dict.fromkeys(waiting)
        else:
            self._route(waiting)
        if len(found) > REDRAWN_AT_ONCE:
            self._far_path = None
        else:
            for row in found:
                self._redraw(row)

    def _unroute(self, row: int) -> None:
        wire = self.wires[row]
        self.lanes.pop(wire, None)
        self.turns.pop(wire, None)
        self._paths.pop(wire, None)
        self.unrouted.pop(wire, None)

    def _redraw(self, row: int) -> None:
        """Bring a wire in the path that is seen from far up to date in place, if that has been asked for."""
        path = self._far_path
        if path is None:
            return
        points = self.corners(row)
        start, count = self._starts[row] if row < len(self._starts) else (0, 0)
        if count != len(points):
            self._far_path = None
            return
        for index, (x, y) in enumerate(points):
            path.setElementPositionAt(start + index, x, y)

    def _ends(self, rows: list[int]) -> Array:
        """x and y of both ends of these wires, one a row, as of a drawing that runs down."""
        wires = [self.wires[row] for row in rows]
        sources, targets = (
            exchanged(self._boxes[[self.rows[name] for name in names]], self.right)
            for names in ([wire.source for wire in wires], [wire.target for wire in wires])
        )
        known: dict[tuple[str, str], dict[str, float]] = {}
        out = [self._offset(wire.source, "out", wire.source_port, known) for wire in wires]
        into = [self._offset(wire.target, "in", wire.target_port, known) for wire in wires]
        x0 = (sources[:, 0] + sources[:, 2]) / 2 + out
        x1 = (targets[:, 0] + targets[:, 2]) / 2 + into
        return np.column_stack((x0, sources[:, 3], x1, targets[:, 1]))

    def _offset(self, name: str, side: str, port: str, known: dict[tuple[str, str], dict[str, float]]) -> float:
        row = self.rows[name]
        kind = self.kinds[row]
        # Blocks of one type have their ports at the same places, but for merges and wide cards of many ports.
        offsets = known.get((kind, side))
        if offsets is None:
            offsets = known.get((f"{kind} {name}", side))
        if offsets is None:
            ports = port_names(self.diagram, self.definition, name, side)
            alike = len(ports) == 1 and not (side == "in" and self.diagram.is_variadic(kind))
            left, _, right, _ = exchanged(self._boxes[row], self.right).tolist()
            offsets = {each: port_offset(k, len(ports), right - left, self.right) for k, each in enumerate(ports)}
            known[kind if alike else f"{kind} {name}", side] = offsets
        return offsets.get(port, 0.0)


def _touching(boxes: NDArray[np.float64], area: QRectF, slack: float) -> NDArray[np.bool_]:
    """Which of the boxes (left, top, right, bottom) touch ``area``."""
    left, right, top, bottom = area.left() - slack, area.right() + slack, area.top() - slack, area.bottom() + slack
    return (boxes[:, 2] >= left) & (boxes[:, 0] <= right) & (boxes[:, 3] >= top) & (boxes[:, 1] <= bottom)
