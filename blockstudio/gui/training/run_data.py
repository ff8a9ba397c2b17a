"""What a run's log says, folded into arrays that a plot can take as they are. No Qt: a worker fills it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from blockstudio.runs import Run, RunState
from blockstudio.runs.watching import BlockHistory

STEP_FIGURES = ("loss", "accuracy", "lr")
EPOCH_FIGURES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


class Columns:
    """Rows of numbers by rising step, grown in place. A missing number is NaN."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = ("step", *names)
        self._rows = np.empty((len(self.names), 256))
        self.size = 0

    def append(self, rows: np.ndarray) -> None:
        """Add rows, an array (columns, rows)."""
        needed = self.size + rows.shape[1]
        if needed > self._rows.shape[1]:
            grown = np.empty((len(self.names), max(needed, 2 * self._rows.shape[1])))
            grown[:, : self.size] = self._rows[:, : self.size]
            self._rows = grown
        self._rows[:, self.size : needed] = rows
        self.size = needed

    def cut(self, step: float) -> None:
        """Forget what lies beyond ``step``: a continued run does it again."""
        self.size = int(np.searchsorted(self._rows[0, : self.size], step, side="right"))

    def __getitem__(self, name: str) -> np.ndarray:
        return self._rows[self.names.index(name), : self.size]

    def last(self, name: str) -> float | None:
        """The latest number of a column that is one."""
        column = self[name]
        known = column[~np.isnan(column)]
        return float(known[-1]) if known.size else None


@dataclass
class Slice:
    """What one reading of the log brought, made in a worker."""

    state: RunState
    offset: int
    parts: list[tuple[str, Any]] = field(default_factory=list)
    """In the order of the log: ("steps", rows), ("epochs", rows) or ("event", event)."""
    more: bool = False
    """The log goes on."""


def read_slice(run: Run, offset: int) -> Slice:
    """Read a bounded piece of the log and how the run stands. Called in a worker, one at a time a run."""
    state = run.state()
    events, after = run.events(offset)
    return Slice(state, after, list(_parts(events)), more=bool(events))


def _parts(events: Iterable[dict[str, Any]]) -> Iterable[tuple[str, Any]]:
    names = {"step": ("steps", STEP_FIGURES), "epoch": ("epochs", EPOCH_FIGURES)}
    waiting: list[list[float]] = []
    waiting_kind, last = "", None
    for event in events:
        kind = event["type"]
        if kind != waiting_kind and waiting:
            yield names[waiting_kind][0], np.array(waiting).T
            waiting = []
        if kind in names:
            if kind == "step":
                last = event
            waiting_kind = kind
            waiting.append([_number(event.get(name)) for name in ("step", *names[kind][1])])
        else:
            waiting_kind = ""
            yield "event", event
    if waiting:
        yield names[waiting_kind][0], np.array(waiting).T
    if last is not None:
        yield "last", last


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


class RunData:
    """All that the window shows of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.offset = 0
        self.state: RunState | None = None
        self.steps = Columns(STEP_FIGURES)
        self.epochs = Columns(EPOCH_FIGURES)
        self.started: dict[str, Any] = {}
        self.last: dict[str, Any] = {}
        self.finished: dict[str, Any] | None = None
        self.notes: list[str] = []
        self.blocks = BlockHistory()
        self.trouble: dict[str, Any] | None = None
        """The ``failed`` or ``diverged`` event, if that is how it ended."""
        self.complete = False
        """The log has been read to its end."""

    def take(self, slice: Slice) -> None:
        """Put in what a worker has read."""
        self.state, self.offset, self.complete = slice.state, slice.offset, not slice.more
        for kind, part in slice.parts:
            if kind == "steps":
                self.steps.append(part)
            elif kind == "epochs":
                self.epochs.append(part)
            elif kind == "last":
                self.last = part
            else:
                self._event(part)

    def _event(self, event: dict[str, Any]) -> None:
        self.blocks.take((event,))
        match event["type"]:
            case "started":
                self.started, self.finished, self.trouble = event, None, None
                self.steps.cut(_number(event.get("step", 0)))
                self.epochs.cut(_number(event.get("step", 0)))
            case "finished":
                self.finished = event
            case "failed" | "diverged":
                self.trouble = event
            case "note":
                self.notes.append(str(event.get("text", "")))

    @property
    def status(self) -> str:
        return self.state.status if self.state is not None else "new"

    @property
    def active(self) -> bool:
        return self.state is not None and self.state.active

    @property
    def total_steps(self) -> int | None:
        steps = self.started.get("steps")
        return steps if isinstance(steps, int) else None

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1; one that ended early is done."""
        if self.status == "finished":
            return 1.0
        total = self.total_steps
        step = self.state.step if self.state is not None else 0
        return min(1.0, step / total) if total else 0.0
