"""The experiment in view: read off the GUI thread, its queue a process of its own that outlives the window."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.errors import StudioError
from blockstudio.experiments import ExperimentPlan, Measure, Place, Trial, home_of, load_experiment, trials_of
from blockstudio.experiments.definition import Size
from blockstudio.experiments.library import name_of
from blockstudio.experiments.measures import OF_TEST, Take
from blockstudio.experiments.queue import cores
from blockstudio.experiments.search import proposed
from blockstudio.experiments.standing import Standing, standing, with_measure
from blockstudio.experiments.starting import REFUSED, Word, last_line, start_queue, tell_queue
from blockstudio.gui.work.settings import runs_folder, settings
from blockstudio.gui.work.worker import Work

POLL_MS = 700
RECENT = "experiments/recent"
MOST_RECENT = 20


class ExperimentControl(QObject):
    """One experiment, or none."""

    opened = Signal()
    """Another experiment, or none."""
    changed = Signal()
    """It has news."""
    failed = Signal(str)

    def __init__(self, parent: QObject, folder: Path | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.file: Path | None = None
        self.size: Size = "small"
        self.plan: ExperimentPlan | None = None
        self.trials: list[Trial] = []
        self.standing: Standing | None = None
        self.curve = "accuracy"
        self.at_once = cores()
        self.place = Place()
        """Where the trials of the experiment in view train."""
        self.stopping = False
        self._measured: ExperimentPlan | None = None
        self._reading = self._watched = False
        self._processes: list[tuple[subprocess.Popen[bytes], Path]] = []
        """Queues that were started here, each with its folder."""
        self._work = Work(self)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.refresh)

    @property
    def folder(self) -> Path:
        """Where runs are kept."""
        return self._folder or runs_folder()

    @property
    def home(self) -> Path:
        """Where the runs of the experiment are."""
        assert self.file is not None
        return home_of(self.file, self.plan, self.size, self.folder)

    @property
    def name(self) -> str:
        """Of the experiment; empty for none."""
        return name_of(self.file) if self.file is not None else ""

    def open(self, file: Path, then: Callable[[], object] | None = None, size: Size = "small") -> None:
        """Look at the experiment of a file. What is wrong with it goes to `failed`."""

        def loaded(plan: ExperimentPlan) -> None:
            self.file, self.plan, self._measured, self.standing, self.stopping = file, plan, plan, None, False
            self.size, self.place = size, plan.experiment.engine
            self.trials = trials_of(plan, self.home)
            self._grow()
            measured = plan.experiment.measure.curve
            self.curve = measured if measured not in OF_TEST else "train_accuracy"
            remember(file)
            self.opened.emit()
            self.refresh()
            if self._watched:
                self._timer.start()
            if then is not None:
                then()

        self._work.run(lambda: load_experiment(file, size), loaded, lambda error: self.failed.emit(str(error)))

    def close(self) -> None:
        """Look at none. Its queue goes on."""
        self.file = self.plan = self.standing = self._measured = None
        self.trials = []
        self._timer.stop()
        self.opened.emit()

    @property
    def measure(self) -> Measure:
        """What is measured in the view: the file's measure, or the same curve taken otherwise."""
        assert self._measured is not None
        return self._measured.experiment.measure

    def _grow(self) -> None:
        """Take in what a search has come to."""
        assert self.plan is not None and self._measured is not None
        before = len(self.plan.variants)
        self.plan = proposed(self.plan, self.home)
        if len(self.plan.variants) != before:
            self._measured = with_measure(self.plan, self._measured.experiment.measure)
            self.trials = trials_of(self._measured, self.home)

    def take(self, take: Take) -> None:
        """Measure the same runs in another way."""
        plan = self.plan
        if plan is None:
            return
        own = plan.experiment.measure
        timed = take in ("steps_to", "seconds_to")
        if take == own.take:
            self._measured = plan
        elif timed and own.target is None:
            return
        else:
            measure = msgspec.structs.replace(own, take=take, target=own.target if timed else None)
            self._measured = with_measure(plan, measure)
        self.trials = trials_of(self._measured or plan, self.home)
        self.refresh()

    def show_curve(self, curve: str) -> None:
        """Draw bands of another curve."""
        self.curve = curve
        self.refresh()

    # Reading

    def watch(self, watched: bool) -> None:
        """Whether somebody looks."""
        self._watched = watched
        if watched and self.plan is not None:
            self.refresh()
            self._timer.start()
        elif not watched:
            self._timer.stop()

    def refresh(self) -> None:
        """Read anew, in a worker."""
        self._look_at_queues()
        if self._measured is None or self._reading:
            return
        self._grow()
        plan, trials = self._measured, self.trials
        self._reading = True
        home, curve, at_once = self.home, self.curve, self.at_once

        def read(found: Standing) -> None:
            self._reading = False
            if plan is not self._measured:
                self.refresh()
                return
            if not found.working:
                self.stopping = False
            self.standing = found
            self.changed.emit()

        self._work.run(lambda: standing(plan, trials, home, curve, at_once), read, self._unreadable)

    def _unreadable(self, error: StudioError | OSError) -> None:
        self._reading = False
        self._timer.stop()
        self.failed.emit(str(error))

    # The queue

    def run(self, again: bool = False) -> None:
        """Start the queue, or tell the one at work to try again what has failed."""
        if self.file is None:
            return
        if self.standing is not None and self.standing.working:
            self.tell("retry" if again else "resume")
            return
        try:
            started = start_queue(self.file.resolve(), self.home, self.at_once, again, self.place, self.size)
            self._processes.append((started, self.home))
        except StudioError as error:
            self.failed.emit(str(error))
        for trial in self.trials:
            trial.forget()
        self.refresh()

    def _look_at_queues(self) -> None:
        """A queue that could not begin, on an engine that is not reached, say, has told why."""
        ended = [(process, home) for process, home in self._processes if process.poll() is not None]
        self._processes = [each for each in self._processes if each not in ended]
        for process, home in ended:
            said = last_line(home) if process.returncode == REFUSED else ""
            if said:
                self.failed.emit(said)

    def tell(self, word: Word) -> None:
        """Pause, resume, stop or retry."""
        self.stopping = self.stopping or word == "stop"
        try:
            tell_queue(self.home, word)
        except StudioError as error:
            self.failed.emit(str(error))
        if word == "retry":
            for trial in self.trials:
                trial.forget()
        self.refresh()

    def stop_watching(self) -> None:
        """The window closes. The queue goes on."""
        self._timer.stop()
        self._work.cancel()


def remember(file: Path) -> None:
    """Put a file at the head of those that were opened last."""
    names = [str(file.resolve()), *(name for name in recent() if name != str(file.resolve()))]
    settings().setValue(RECENT, names[:MOST_RECENT])


def recent() -> list[str]:
    """Experiments that were opened last, those that are still there."""
    found = settings().value(RECENT, [])
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return [str(name) for name in names if os.path.isfile(str(name))]
