"""The queue: trials that train side by side on this machine, each in a process of its own.

The run directories are the truth. A queue that was killed leaves its trainers at work; the next one finds them, waits
for them and goes on. A trainer that was killed is started again from its last checkpoint.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.experiments.engines import Engine, Job, Local
from blockstudio.experiments.trials import ENDED, Outcome, Trial
from blockstudio.graph.files import folder_for
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import Command
from blockstudio.text import say

STARTS = 3
"""How often a trial whose trainer is killed is started by one queue."""
PAUSED = "paused"
"""A file of this name in the experiment's folder holds the queue."""
STOP, RETRY = "stop", "retry"
"""Files of these names are told to the queue at work, which takes them away: to stop with checkpoints, to start what
has failed once more."""
LOOK_EVERY = 0.2
"""Seconds."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def told_to_pause(home: Path) -> bool:
    """Whether the queue of an experiment is held."""
    return os.path.isfile(home / PAUSED)


class Queue:
    """Works off trials, several at a time.

    Args:
        trials: In the order in which they start.
        home: The experiment's folder, made if it is not there.
        at_once: How many train at the same time; ``None``: one a core.
        again: Start those that failed once more.
        grow: Of a search: from all trials and the room for more, further ones.
        engine: Where they train; ``None``: here.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        home: Path,
        *,
        at_once: int | None = None,
        again: bool = False,
        grow: Callable[[Sequence[Trial], int], list[Trial]] | None = None,
        engine: Engine | None = None,
    ) -> None:
        self._engine = engine or Local()
        self.trials, self.home, self._grow = list(trials), home, grow
        self.at_once = max(1, at_once or self._engine.at_once or cores())
        self._lock = Lock(home)
        self._starts: Counter[Path] = Counter()
        self._children: dict[Path, Job] = {}
        self._refused: dict[Path, Outcome] = {}
        self._again = {trial.directory for trial in trials if again and trial.outcome().status == "failed"}
        self._stopping = False

    def __enter__(self) -> Queue:
        try:
            with folder_for(self.home):
                for word in (STOP, RETRY):
                    self._take(word)
                self._lock.claim()
        except StudioError as error:
            if error.code != "run.locked":
                raise
            holder = self._lock.holder()
            raise StudioError(
                "experiment.locked",
                say("is being run already by process {pid} on {host}.", pid=holder.pid if holder else 0,
                    host=holder.host if holder else ""),
                where=str(self.home),
                hint=say("Stop that one first, or look at it with: blockstudio experiment status"),
            ) from None  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            child.poll()  # Those that have ended are not left as dead processes of ours; the rest go on without us.
        self._lock.release()

    def outcome(self, trial: Trial) -> Outcome:
        """How a trial stands, one that could not even be made included."""
        return self._refused.get(trial.directory) or trial.outcome()

    def stop(self) -> None:
        """Start no more, and have those that train stop with a checkpoint."""
        if not self._stopping:
            self._stopping = True
            for trial in self.trials:
                if trial.directory in self._children and trial.outcome().status in ("queued", "stopped", "lost"):
                    self._engine.withdraw(self._children[trial.directory])
            self._tell("stop")

    def work(self, listener: Callable[[Queue], None] | None = None, wait: Callable[[float], None] = time.sleep) -> bool:
        """Go on until every trial has ended, or, after `stop`, until none trains.

        Args:
            listener: Called after each look.
            wait: How to pass the time between two looks.

        Returns:
            Whether every trial has ended.
        """
        paused = False
        while True:
            held = told_to_pause(self.home)
            if held != paused:
                paused = held
                self._tell("pause" if held else "resume")
            self._listen()
            if self._grow is not None and not held and not self._stopping:
                open_ones = sum(self.outcome(trial).status not in ENDED for trial in self.trials)
                self.trials += self._grow(self.trials, self.at_once - open_ones)
            going = self.look()
            self._lock.beat()
            if listener is not None:
                listener(self)
            if not going:
                return all(self.outcome(trial).status in ENDED for trial in self.trials)
            wait(LOOK_EVERY)

    def _take(self, word: str) -> bool:
        """Take a word away; whether it was told. A folder of that name says nothing."""
        file = self.home / word
        if not os.path.isfile(file):
            return False
        with suppress(OSError):
            file.unlink()
        return True

    def _listen(self) -> None:
        """Do what was told by a file."""
        if self._take(STOP):
            self.stop()
        if self._take(RETRY):
            failed = [trial for trial in self.trials if self.outcome(trial).status == "failed"]
            self._again |= {trial.directory for trial in failed}
            for trial in failed:
                self._refused.pop(trial.directory, None)
                self._starts.pop(trial.directory, None)

    def look(self) -> bool:
        """Read how all stand and start those whose turn it is; whether there is anything to wait for."""
        # Asked for and not started yet: an engine has them in a queue of its own.
        asked = {directory for directory, child in self._children.items() if child.poll() is None}
        standing = [(trial, self.outcome(trial)) for trial in self.trials]
        at_work = {trial.directory for trial, outcome in standing
                   if outcome.status in ("running", "paused")
                   or (trial.directory in asked and outcome.status not in ENDED)}  # fmt: skip
        busy = len(at_work)
        waiting = [trial for trial, outcome in standing
                   if trial.directory not in at_work and self._may_start(trial, outcome)]  # fmt: skip
        if self._stopping:
            return busy > 0
        if told_to_pause(self.home):
            return busy + len(waiting) > 0
        for trial in waiting[: max(0, self.at_once - busy)]:
            busy += self._start(trial)
        # One that was refused makes room for the next: there is something to wait for until none is left.
        return busy > 0 or any(trial.directory not in self._refused for trial in waiting)

    def _may_start(self, trial: Trial, outcome: Outcome) -> bool:
        if trial.directory in self._refused or self._starts[trial.directory] >= STARTS:
            return False
        if outcome.status == "failed":
            return trial.directory in self._again
        return outcome.status in ("queued", "stopped", "lost", "asked")

    def _start(self, trial: Trial) -> bool:
        self._starts[trial.directory] += 1
        self._again.discard(trial.directory)
        try:
            asked = trial.outcome().status == "asked"
            self._children[trial.directory] = trial.ask() if asked else self._engine.start(trial.create())
        except StudioError as error:
            if error.code == "run.locked":
                return True  # Somebody else trains it: that will do.
            self._refused[trial.directory] = Outcome("failed", message=str(error))
            return False
        trial.forget()
        return True

    def _tell(self, command: Command) -> None:
        for trial in self.trials:
            run = trial.run() if trial.outcome().status in ("running", "paused") else None
            if run is not None:
                try:
                    run.send(command)
                except StudioError as error:
                    if error.code != "run.idle":  # It has just ended by itself.
                        raise
