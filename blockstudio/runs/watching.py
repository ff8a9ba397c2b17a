"""What the log says of blocks while they learn: ``watched`` names them, ``blocks`` has their figures.

A trainer that measures writes ``{"type": "watched", "step": …, "paths": […]}`` before its first ``blocks`` event, and
in each of these a list for every figure, in the order of the paths, with null where a block has none. Modules that
have blocks inside have figures of their outputs alone; `BlockHistory` makes the others from what is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

OF_WEIGHTS = ("gradient", "weight", "update")
"""Euclidean norms of all own weights of a block: of their gradient, of themselves, of how far the step moved them."""
OF_OUTPUTS = ("mean", "deviation", "dead", "dead_channels")
"""Of a block's output: its mean and deviation, the share of zeros, and how many channels are nothing but zeros."""
OF_NORMS = ("shift", "scale")
"""BatchNorm's batch against its running statistics: |difference of the means| in deviations, ratio of deviations."""
OF_WORK = ("forward", "backward", "memory")
"""Milliseconds of a step forward and backward, bytes of the output."""
FIGURES = (*OF_WEIGHTS, *OF_OUTPUTS, *OF_NORMS, *OF_WORK)
"""Every figure of a ``blocks`` event."""

Numbers = NDArray[np.float64]
Table = NDArray[np.float32]
_AT = {name: row for row, name in enumerate(FIGURES)}


def _norm(parts: Numbers) -> Numbers:
    """Of several vectors as one. All of these take (steps, blocks inside), and give (steps,); NaN is no number."""
    return np.asarray(np.sqrt(np.nansum(parts * parts, axis=1)))


def _worst(parts: Numbers) -> Numbers:
    known = ~np.isnan(parts)
    return np.where(known.any(1), np.where(known, parts, -np.inf).max(1), np.nan)


TOGETHER: dict[str, Callable[[Numbers], Numbers]] = {
    "gradient": _norm, "weight": _norm, "update": _norm,
    "shift": _worst, "scale": _worst,
    "forward": lambda parts: np.nansum(parts, axis=1), "backward": lambda parts: np.nansum(parts, axis=1),
    "memory": lambda parts: np.nansum(parts, axis=1),
}  # fmt: skip
"""How the figure of a module comes from those of the blocks in it: norms as of one vector, work added up, the worst
BatchNorm. Figures that are not here are those of its own output."""
DERIVED = {"ratio": ("update", "weight"), "time": ("forward", "backward")}
"""``ratio`` is update / weight, of the weights that are trained; ``time`` the sum."""


def rows_of(event: dict[str, Any], count: int) -> Table | None:
    """The figures of a ``blocks`` event as an array (figures, paths), ``None`` if they are not of ``count`` paths."""
    found = np.full((len(FIGURES), count), np.nan, dtype=np.float32)
    for row, name in enumerate(FIGURES):
        values = event.get(name)
        if not isinstance(values, list) or len(values) != count:
            return None
        found[row] = [value if isinstance(value, int | float) else np.nan for value in values]
    return found


def value_in(table: Table, figure: str, row: int) -> float | None:
    """A block's own figure in one measurement, the derived ones too."""
    if figure in DERIVED:
        one, two = (float(table[_AT[name], row]) for name in DERIVED[figure])
        found = one + two if figure == "time" else one / two if two > 0 else np.nan
    else:
        found = float(table[_AT[figure], row])
    return found if np.isfinite(found) else None


class BlockHistory:
    """Every measurement of a run, by step and block."""

    def __init__(self) -> None:
        self.paths: tuple[str, ...] = ()
        self.every = -1
        """Steps between two measurements, 0: as often as costs little, -1: blocks are not measured."""
        self.cost = 0.0
        """Share of the time that measuring takes."""
        self.used: int | None = None
        """Bytes that the training has taken at most."""
        self.serial = 0
        """Another number after each change."""
        self._steps: list[int] = []
        self._tables: list[Table] = []
        self._row: dict[str, int] = {}
        self._inside: dict[str, list[int]] = {}
        self._latest: dict[tuple[str, int], dict[str, float]] = {}

    def take(self, events: Iterable[dict[str, Any]]) -> None:
        """Take in events of the log, in their order; what is about something else is passed over."""
        for event in events:
            match event["type"]:
                case "watched":
                    self._name(event)
                case "blocks":
                    table = rows_of(event, len(self.paths))
                    if table is not None and self.paths:
                        self._steps.append(int(event.get("step", 0)))
                        self._tables.append(table)
                        self.cost = float(event.get("cost") or 0.0)
                        used = event.get("used")
                        self.used = used if isinstance(used, int) else None
                case "started":
                    self._supersede(int(event.get("step", 0)))
                case _:
                    continue
            self.serial += 1
            self._latest.clear()

    def _name(self, event: dict[str, Any]) -> None:
        every, paths = event.get("every"), event.get("paths")
        self.every = every if isinstance(every, int) else 0
        named = tuple(str(path) for path in paths) if isinstance(paths, list) else ()
        if named and named != self.paths:
            self.paths = named
            self._steps, self._tables = [], []
            self._row = {path: row for row, path in enumerate(named)}
            self._inside = {}
            for row, path in enumerate(named):
                for around in prefixes(path):
                    self._inside.setdefault(around, []).append(row)

    def _supersede(self, step: int) -> None:
        while self._steps and self._steps[-1] > step:
            self._steps.pop()
            self._tables.pop()

    # Asking

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> list[int]:
        """The steps that were measured."""
        return self._steps

    def index_at(self, step: int) -> int | None:
        """The last measurement up to a step, or the first there is."""
        if not self._steps:
            return None
        return max(0, int(np.searchsorted(self._steps, step, side="right")) - 1)

    def curve(self, figure: str, path: str) -> tuple[Numbers, Numbers]:
        """Steps and values of one block; modules as `TOGETHER` says. No values: empty arrays."""
        nothing = np.empty(0), np.empty(0)
        if path not in self._inside or not self._tables:
            return nothing
        values = self._values(figure, path, self._tables)
        known = np.isfinite(values)
        return np.array(self._steps, dtype=float)[known], values[known]

    def value(self, figure: str, path: str, at: int = -1) -> float | None:
        """One value: of the ``at``-th measurement, by default the last one."""
        if path not in self._inside or not self._tables:
            return None
        found = float(self._values(figure, path, [self._tables[at]])[0])
        return found if np.isfinite(found) else None

    def latest(self, figure: str, at: int = -1) -> dict[str, float]:
        """The values of all blocks and modules that have one, of the ``at``-th measurement."""
        if not self._tables:
            return {}
        key = figure, at
        if key not in self._latest:
            found = ((path, self.value(figure, path, at)) for path in self._inside)
            self._latest[key] = {path: value for path, value in found if value is not None}
        return self._latest[key]

    def order(self, figure: str) -> list[str]:
        """The blocks without others inside that have the figure, in the order of the network."""
        there = self.latest(figure)
        return [path for path in self.paths if path in there and len(self._inside[path]) == 1]

    def units(self, figure: str) -> list[str]:
        """The network in the pieces in which one thinks of it, in its order: the blocks and modules of the main
        graph, of a repeated one its copies. Those that have the figure."""
        there, found = self.latest(figure), dict[str, None]()
        for path in self.paths:
            parts = path.split(".")
            unit = ".".join(parts[: 2 if len(parts) > 1 and parts[1].isdecimal() else 1])
            if unit in there and unit + ".0" not in self._inside:
                found[unit] = None
        return list(found)

    def _values(self, figure: str, path: str, tables: list[Table]) -> Numbers:
        if figure == "ratio":
            update, weight = self._parts("update", path, tables), self._parts("weight", path, tables)
            weight = np.where(np.isnan(update), np.nan, weight)
            below = _norm(weight)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.where(below > 0, _norm(update) / below, np.nan)
        if figure == "time":
            return self._values("forward", path, tables) + self._values("backward", path, tables)
        together = TOGETHER.get(figure)
        if together is None:
            row = self._row.get(path)
            if row is None:
                return np.full(len(tables), np.nan)
            return np.array([table[_AT[figure], row] for table in tables], dtype=float)
        parts = self._parts(figure, path, tables)
        return np.where(np.isnan(parts).all(1), np.nan, together(parts))

    def _parts(self, figure: str, path: str, tables: list[Table]) -> Numbers:
        rows = self._inside[path]
        return np.array([table[_AT[figure]][rows] for table in tables], dtype=float)


def prefixes(path: str) -> list[str]:
    """A path and those of what it lies in: ``a.b.c``, ``a.b``, ``a``."""
    parts = path.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
