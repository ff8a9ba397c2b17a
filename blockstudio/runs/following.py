"""One run as its log tells it, read a piece at a time: its curves, how it stands, and the events for who wants more."""

from __future__ import annotations

from blockstudio.runs.curves import Curves
from blockstudio.runs.events import Event
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import EVENTS, Run
from blockstudio.runs.state import Folded, RunState


class Following:
    """Where the reading of a run's log has come to. Read by one thread at a time; looked at by any."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.curves = Curves()
        self._folded = Folded()

    def read(self) -> tuple[list[tuple[int, Event]], RunState]:
        """Take in a bounded piece of the log.

        Returns:
            Its events with their places, of neighbouring steps only the last one, none at the end of the log; and how
            the run stands.

        Raises:
            StudioError: ``run.damaged`` where the log cannot be read.
        """
        lock = Lock(self.run.directory)
        holder = lock.holder()
        alive = holder is not None and lock.alive(holder)
        # The log is read after the lock: a trainer that ended in between has written its last event by now.
        placed = self.curves.read(self.run.directory / EVENTS)
        self._folded.feed(placed)
        return placed, self._folded.state(holder, alive, self.run.last_words)
