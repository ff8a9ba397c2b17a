"""The curves of a run as arrays, read from its log a piece at a time: fast enough for hundreds of runs at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.graph.files import open_regular
from blockstudio.runs.events import LONGEST, Event, read_line, read_placed
from blockstudio.text import say

Floats = NDArray[np.float64]

OF_STEPS = ("loss", "accuracy", "accuracy_top5", "lr", "images_per_second", "memory")
OF_EPOCHS = (
    "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "validation_accuracy_top5",
)  # fmt: skip
OF_BLOCKS = ("gradient",)
"""Of the whole network, where its blocks are measured: the norm of all gradients as of one vector."""
AUX = "aux"
"""Losses of the auxiliary heads are ``aux1``, ``aux2`` and so on, as many as there are."""
READ_AT_ONCE = 1 << 20
"""Bytes a reading takes: some 7,000 events, a few ms in which no other thread of Python can work."""
BLOCK = 200
"""Values smoothed in one go, fewer where powers of the weight would leave what a float can hold."""
LEAST_WEIGHT = 1e-3
"""Of the past, from which it is smoothed at all."""


class _Line(msgspec.Struct, gc=False):
    """What the fast reading takes from a line of the log."""

    type: str = ""
    time: float = 0.0
    step: float | None = None
    loss: float | str | None = None
    accuracy: float | None = None
    accuracy_top5: float | None = None
    lr: float | None = None
    images_per_second: float | None = None
    memory: float | None = None
    train_loss: float | None = None
    train_accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    validation_accuracy_top5: float | None = None
    aux: list[float | None] | None = None


_lines = msgspec.json.Decoder(list[_Line])


class Columns:
    """Rows of numbers by rising step, grown in place; a missing number is NaN."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = ("step", "seconds", *names)
        self._rows: Floats = np.empty((len(self.names), 64))
        self.size = 0

    def append(self, rows: Floats) -> None:
        """Add rows, an array ``(columns, rows)``."""
        needed = self.size + rows.shape[1]
        if needed > self._rows.shape[1]:
            grown = np.empty((len(self.names), max(needed, 2 * self._rows.shape[1])))
            grown[:, : self.size] = self._rows[:, : self.size]
            self._rows = grown
        self._rows[:, self.size : needed] = rows
        self.size = needed

    def widen(self, names: Sequence[str]) -> None:
        """Add columns; in the rows so far they have no number."""
        rows = np.full((len(self.names) + len(names), self._rows.shape[1]), np.nan)
        rows[: len(self.names)] = self._rows
        # In this order: another thread may be looking a column up.
        self._rows = rows
        self.names = (*self.names, *names)

    def cut(self, step: float) -> None:
        """Forget what lies beyond ``step``: a continued run does it again."""
        self.size = int(np.searchsorted(self["step"], step, side="right"))

    def __getitem__(self, name: str) -> Floats:
        return self._rows[self.names.index(name), : self.size]

    def known(self, name: str, x: str = "step") -> tuple[Floats, Floats]:
        """``(x, values)`` where the value is a number."""
        # Rows may be added meanwhile, in a worker: both columns are of the same moment.
        rows, size = self._rows, self.size
        size = min(size, rows.shape[1])
        across, values = rows[self.names.index(x), :size], rows[self.names.index(name), :size]
        there = np.isfinite(values)
        return (across, values) if there.all() else (across[there], values[there])

    def last(self, name: str) -> float | None:
        """The latest number of a column that is one."""
        column = self[name]
        if column.size and np.isfinite(column[-1]):
            return float(column[-1])
        known = np.flatnonzero(np.isfinite(column))
        return float(column[known[-1]]) if known.size else None


class Curves:
    """The curves of one run, and its other events since the last `read`."""

    def __init__(self) -> None:
        self.steps, self.epochs, self.blocks = Columns(OF_STEPS), Columns(OF_EPOCHS), Columns(OF_BLOCKS)
        self.started: Event = {}
        self.offset = 0
        self.seconds = 0.0
        self._clock: float | None = None
        self._targets: dict[tuple[float, int], int | None] = {}

    def read(self, path: Path) -> list[tuple[int, Event]]:
        """Take in a bounded piece of the log, from where the last one ended. Returns the events with their places, of
        steps only the last one; an empty list at the end of the log. Raises `StudioError` ``run.damaged``."""
        begin = self.offset
        placed = self._fast(path)
        if placed is None:
            self.offset = begin
            placed = self._slow(path)
        return placed

    def _fast(self, path: Path) -> list[tuple[int, Event]] | None:
        """``None`` where a line is not as usual."""
        try:
            with open_regular(path) as file:
                file.seek(self.offset)
                data = file.read(READ_AT_ONCE)
                while data and b"\n" not in data and len(data) <= LONGEST:
                    more = file.read(READ_AT_ONCE)
                    if not more:
                        return []
                    data += more
        except FileNotFoundError:
            return []
        except OSError as error:
            text = say("cannot be read: {reason}.", reason=error.strerror or error)
            raise StudioError("run.damaged", text, where=str(path)) from error
        data = data[: data.rfind(b"\n") + 1]
        raw = data.splitlines(keepends=True)
        try:
            lines = _lines.decode(b"[" + b",".join(raw) + b"]") if raw else []
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if len(lines) != len(raw):
            return None
        found: list[tuple[int, Event]] = []
        index, place = 0, self.offset
        for kind, group in groupby(lines, lambda line: line.type):
            some = list(group)
            texts = raw[index : index + len(some)]
            if kind == "step":
                self._take(self.steps, OF_STEPS, some)
                at = place + sum(map(len, texts[:-1]))
                found.append((at, read_line(texts[-1], at)))
            else:
                if kind == "epoch":
                    self._take(self.epochs, OF_EPOCHS, some)
                at = place
                for each in texts:
                    event = read_line(each, at)
                    found.append((at, event))
                    self._event(event)
                    at += len(each)
            index += len(some)
            place += sum(map(len, texts))
        self.offset = place
        return found

    def _slow(self, path: Path) -> list[tuple[int, Event]]:
        """As `_fast`, line by line: a log with damaged lines."""
        placed, self.offset = read_placed(path, self.offset)
        found: list[tuple[int, Event]] = []
        for place, event in placed:
            kind = event["type"]
            if kind in ("step", "epoch"):
                try:
                    line = msgspec.convert(event, _Line)
                except msgspec.ValidationError:
                    continue
                columns, names = (self.steps, OF_STEPS) if kind == "step" else (self.epochs, OF_EPOCHS)
                self._take(columns, names, [line])
            else:
                self._event(event)
            if kind == "step" and found and found[-1][1]["type"] == "step":
                found.pop()
            found.append((place, event))
        return found

    def _take(self, columns: Columns, names: Sequence[str], lines: Sequence[_Line]) -> None:
        lines = [line for line in lines if line.step is not None]
        if not lines:
            return
        heads = max([len(line.aux) for line in lines if line.aux], default=0) if columns is self.steps else 0
        known = len(columns.names) - 2 - len(names)
        if heads > known:
            columns.widen([f"{AUX}{number}" for number in range(known + 1, heads + 1)])
        rows = np.full((len(columns.names), len(lines)), np.nan)
        rows[0], times = _column("step", lines), _column("time", lines)
        for row, name in enumerate(names, start=2):
            rows[row] = _column(name, lines)
        for place, line in enumerate(lines if heads else ()):
            for head, value in enumerate(line.aux or (), start=2 + len(names)):
                rows[head, place] = np.nan if value is None else value
        rows[1] = np.maximum.accumulate(self._seconds_at(times))
        if columns is self.steps:
            self.seconds, self._clock = float(rows[1, -1]), float(times[-1])
        columns.append(rows)

    def _seconds_at(self, times: Floats) -> Floats:
        """Seconds of training up to the moments, time between trainers and pauses left out."""
        begin = self._clock if self._clock is not None else float(times[0])
        found: Floats = self.seconds + np.maximum(times - begin, 0.0)
        return found

    def _event(self, event: Event) -> None:
        kind, time = event.get("type"), _number(event.get("time"))
        if kind == "started":
            self.started = event
            step = _number(event.get("step", 0)) or 0
            for columns in (self.steps, self.epochs, self.blocks):
                columns.cut(step)
            self.seconds = float(self.steps["seconds"][-1]) if self.steps.size else 0.0
            self._clock, self._targets = time, {}
        elif kind == "blocks" and time is not None:
            parts = [value for each in event.get("gradient") or () if (value := _number(each)) is not None]
            step = _number(event.get("step")) or 0
            seconds = float(self._seconds_at(np.array([time]))[0])
            self.blocks.append(np.array([[step], [seconds], [math.hypot(*parts) if parts else np.nan]]))
        elif kind == "paused" and self._clock is not None and time is not None:
            self.seconds += max(0.0, time - self._clock)
            self._clock = time
        elif kind == "resumed":
            self._clock = time

    @property
    def points(self) -> int:
        """Points of the longest curves."""
        return self.steps.size

    def steps_to(self, target: float, weight: float = 0.9) -> int | None:
        """The step at which the smoothed training accuracy first reaches ``target``; ``None`` if it never did."""
        key = (target, self.steps.size)
        if key not in self._targets:
            x, y = self.steps.known("accuracy")
            there = np.flatnonzero(smooth(y, weight) >= target) if y.size else y
            self._targets = {key: int(x[there[0]]) if there.size else None}
        return self._targets[key]


def _column(name: str, lines: Sequence[_Line]) -> Floats:
    """One value of all lines, what is missing as NaN."""
    values = list(map(attrgetter(name), lines))
    try:
        return np.array(values, dtype=float)
    except ValueError:  # a loss in words
        return np.array([_number(value) for value in values], dtype=float)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def smooth(values: Floats, weight: float, *, log: bool = False) -> Floats:
    """The exponential moving average, without the pull of its beginning.

    Args:
        values: ``(N,)``, finite.
        weight: Of the past, 0 (as it is) to below 1.
        log: Smooth the logarithms, for a logarithmic axis; values that have none are left out of it.
    """
    if weight < LEAST_WEIGHT or values.size < 2:
        return values
    if log:
        return np.exp(smooth(np.log(np.maximum(values, 1e-12)), weight))
    averaged = _averaged(values, weight)
    early = min(values.size, int(40 / -np.log(weight)) + 1)
    averaged[:early] /= 1 - weight ** np.arange(1, early + 1)
    return averaged


def _averaged(values: Floats, weight: float) -> Floats:
    """``y[i] = weight * y[i-1] + (1 - weight) * x[i]`` from 0, in blocks."""
    long = max(1, min(BLOCK, int(200 / -np.log(weight))))
    count = -(-values.size // long)
    whole = np.zeros((count, long))
    whole.reshape(-1)[: values.size] = values
    powers = weight ** np.arange(long, dtype=float)
    whole /= powers
    np.cumsum(whole, axis=1, out=whole)
    ends = whole[:, -1].tolist()
    carried, last, power = np.empty(count), 0.0, float(powers[-1])
    for block, end in enumerate(ends):
        carried[block] = last
        last = power * (weight * last + (1 - weight) * end)
    whole *= 1 - weight
    whole += (weight * carried)[:, None]
    whole *= powers
    found: Floats = whole.reshape(-1)[: values.size]
    return found


def thin(x: Floats, y: Floats, bins: int, *, log: bool = False, means: bool = False) -> tuple[Floats, Floats]:
    """At most two points a bin of ``x``, its lowest and its highest: no screen shows more.

    Args:
        x: ``(N,)``, rising.
        y: ``(N,)``.
        bins: Equally wide stretches of ``x``; what is beyond the ends of the last one counts to it.
        log: Equally wide on a logarithmic axis.
        means: One point a bin, its mean, for a curve without peaks.
    """
    if x.size <= 4 * bins:
        return x, y
    first = int(np.searchsorted(x, 0, side="right")) if log else 0
    if log and first < x.size:
        borders = np.append(x[0], np.geomspace(x[first], x[-1], bins + 1))
    else:
        borders = np.linspace(x[0], x[-1], bins + 1)
    edges = np.unique(np.searchsorted(x, borders[:-1]))
    edges = edges[edges < x.size]
    if means:
        ends = np.append(edges[1:], x.size)
        middles, averages = x[(edges + ends) // 2], np.add.reduceat(y, edges) / (ends - edges)
        return np.concatenate((x[:1], middles, x[-1:])), np.concatenate((y[:1], averages, y[-1:]))
    low = np.minimum.reduceat(y, edges)
    high = np.maximum.reduceat(y, edges)
    middle = (edges + np.append(edges[1:], x.size)) // 2
    found_x, found_y = np.repeat(x[middle], 2), np.column_stack((low, high)).reshape(-1)
    found_x[0], found_x[-1] = x[0], x[-1]
    return found_x, found_y


def together(values: Floats, size: int) -> Floats:
    """Means of ``size`` values each, the last of what is left: ``(N,)`` to ``(ceil(N / size),)``."""
    if size <= 1 or not values.size:
        return values
    edges = np.arange(0, values.size, size)
    found: Floats = np.add.reduceat(values, edges) / np.diff(np.append(edges, values.size))
    return found


def best_of(values: Iterable[float], *, lowest: bool = False) -> float | None:
    """The best of what are numbers; ``None`` if there is none."""
    known = [value for value in values if np.isfinite(value)]
    return (min(known) if lowest else max(known)) if known else None
