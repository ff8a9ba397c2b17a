"""A level drawn for a picture: nothing cut off, pills off other wires."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from blockstudio.graph.diagram import Block, Diagram, Wire
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.geometry import Geometry, Size
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
from blockstudio.layout.flow import ALONG

BADGE_ROOM = 56
"""For the ``×10000`` of a chain."""
_BAND = float(PILL_HEIGHT + 2)


def _whole(needed: float) -> float:
    return float(-(-(needed + INSET + MARGIN + 2) // GRID) * GRID)


def name_width(name: str, block: Block) -> float:
    """The width that a card needs for its whole name."""
    return _whole(text_width(name, NAME_PX, True) + (BADGE_ROOM if block.repeat is not None else 0))


def full_width(name: str, block: Block, line: str) -> float:
    """The width that a card needs for all its texts."""
    return max(_whole(text_width(line, LINE_PX)), name_width(name, block))


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
        roomy: Mapping[str, Place] | None = None,
        lines: Mapping[str, str],
        right: bool = False,
    ) -> None:
        self._lines = lines
        super().__init__(diagram, scope, places, frames, framed, origin, only, roomy, right)
        while self.route(10_000):
            pass

    def _card_size(self, name: str, block: Block) -> Size:
        width, height = super()._card_size(name, block)
        wanted = self._wanted(name, block)
        return (max(width, min(wanted, self._room(name))) if wanted > width else width), height

    def _wanted(self, name: str, block: Block) -> float:
        """The width that a card needs for all its texts."""
        return full_width(name, block, self._lines.get(name, ""))

    def _room(self, name: str) -> float:
        """How wide a card may be beside those at its height."""
        x, y = self.place(name)
        base = self._base[: len(self.names)]
        near = abs(base[:, 1] - y) < CARD_HEIGHT + GRID
        near[self.rows[name]] = False
        room, air = 4.0 * CARD_MAX, 2 * GRID + (ALONG if self.right else 0.0)
        for row in np.flatnonzero(near & (abs(base[:, 0] - x) < room)).tolist():
            other, apart = self.names[row], abs(float(base[row, 0]) - x) - air
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
