"""What the window shows of one run, read from its log in a worker. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from blockstudio.runs import Run, RunState
from blockstudio.runs.curves import Columns, Curves
from blockstudio.runs.events import Event, sentence_of
from blockstudio.runs.following import Following
from blockstudio.runs.forecast import read_forecast
from blockstudio.runs.watching import BlockHistory


@dataclass
class Slice:
    """What one reading of the log brought, made in a worker."""

    state: RunState
    events: list[Event] = field(default_factory=list)
    """In the order of the log; of neighbouring steps the last one, for the others are in the curves already."""
    more: bool = False
    """The log goes on."""


def read_slice(data: RunData) -> Slice:
    """Read a bounded piece of the log and how the run stands. Called in a worker, one at a time a run."""
    placed, state = data.following.read()
    return Slice(state, [event for _, event in placed], more=bool(placed))


class RunData:
    """All that the window shows of one run."""

    def __init__(self, run: Run) -> None:
        self.following = Following(run)
        self.state: RunState | None = None
        self.last: dict[str, Any] = {}
        self.finished: dict[str, Any] | None = None
        self.notes: list[str] = []
        self.blocks = BlockHistory()
        self.trouble: dict[str, Any] | None = None
        """The ``failed`` or ``diverged`` event, if that is how it ended."""
        self.expected = read_forecast(run.directory)
        """What it was said to take before it began."""
        self.complete = False
        """The log has been read to its end."""
        self.reading = False
        """A worker is at it."""

    @property
    def run(self) -> Run:
        return self.following.run

    @property
    def curves(self) -> Curves:
        return self.following.curves

    @property
    def steps(self) -> Columns:
        return self.curves.steps

    @property
    def epochs(self) -> Columns:
        return self.curves.epochs

    @property
    def started(self) -> dict[str, Any]:
        """The last ``started`` event."""
        return self.curves.started

    def take(self, slice: Slice) -> None:
        """Put in what a worker has read."""
        self.state, self.complete = slice.state, not slice.more
        self.blocks.take(slice.events)
        for event in slice.events:
            match event["type"]:
                case "step":
                    self.last = event
                case "started":
                    self.finished, self.trouble = None, None
                case "finished":
                    self.finished = event
                case "failed" | "diverged":
                    self.trouble = event
                case "note":
                    self.notes.append(sentence_of(event, "text"))

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
