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
            low, high = self._across[others, :, 0], self._across[others, :, 1]
            y = self._across[others, :, 2]
            between = (np.minimum(low, high) < x) & (x < np.maximum(low, high))
            found += int((between & (top < y) & (y < bottom)).sum())
        for start, end, y in ((x0, lane, out), (lane, x1, into)):
            x = self._down[others, :, 0]
            low, high = self._down[others, :, 1], self._down[others, :, 2]
            between = (np.minimum(low, high) < y) & (y < np.maximum(low, high))
            found += int((between & (min(start, end) < x) & (x < max(start, end))).sum())
        return found
