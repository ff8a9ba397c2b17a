"""How many wires a wire would cross on a way: all as they run straight down and straight across."""

from __future__ import annotations

import numpy as np

from blockstudio.gui.canvas.scene.routes import BEND_IN, BEND_OUT, Array, Route, Turn

FEW = 400
"""Among more wires nobody can follow one, and looking at all of them takes too long."""


class Traffic:
    """Of every wire of a drawing its stretches across (x, x, y) and down (x, y, y), up to three of each."""

    def __init__(self, curves: Array, ports: list[tuple[str, str]], merges: list[bool]) -> None:
        count = len(curves)
        self._across = np.zeros((count, 3, 3))
        self._down = np.zeros((count, 3, 3))
        self._ports = ports
        for row, curve in enumerate(curves.tolist()):
            x0, y0, x1, y1 = curve[0], curve[1], curve[6], curve[7]
            # What is not led yet keeps below its own block before it meets others, else bends at once.
            self._set(row, x0, y0, x1, y1, x0 if merges[row] else x1)

    def _set(self, row: int, x0: float, y0: float, x1: float, y1: float, lane: float) -> None:
        out, into = y0 + BEND_OUT / 2, y1 - BEND_IN / 2
        self._across[row] = (x0, lane, out), (lane, x1, into), (x1, x1, into)
        self._down[row] = (x0, y0, out), (lane, out, into), (x1, into, y1)

    def lead(self, row: int, curve: Array, route: Route) -> None:
        """A wire has its way now."""
        x0, y0, x1, y1 = (float(value) for value in curve[[0, 1, 6, 7]])
        if isinstance(route, float):
            self._set(row, x0, y0, x1, y1, route)
        elif isinstance(route, Turn):
            below, x, above = route
            self._across[row] = (x0, x, below), (x, x1, above), (x1, x1, above)
            self._down[row] = (x0, y0, below), (x, below, above), (x1, above, y1)

    def crossed(self, row: int, curve: Array, lane: float) -> int:
        """How many wires of other ports this one crosses on a lane."""
        x0, y0, x1, y1 = (float(value) for value in curve[[0, 1, 6, 7]])
        # A hair outside the others' bends: of two that bend at one height one would otherwise seem not to cross.
        out, into = y0 + BEND_OUT / 2 + 2, y1 - BEND_IN / 2 - 2
        port = self._ports[row]
        others = np.array([each != port for each in self._ports], dtype=bool)
        found = 0
        for x, top, bottom in ((x0, y0, out), (lane, out, into), (x1, into, y1)):
            start, end, y = (self._across[others, :, part] for part in range(3))
            between = (np.minimum(start, end) < x) & (x < np.maximum(start, end))
            found += int((between & (top < y) & (y < bottom)).sum())
        for left, right, height in ((x0, lane, out), (lane, x1, into)):
            at, start, end = (self._down[others, :, part] for part in range(3))
            between = (np.minimum(start, end) < height) & (height < np.maximum(start, end))
            found += int((between & (min(left, right) < at) & (at < max(left, right))).sum())
        return found
