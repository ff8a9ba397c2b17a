"""Runs as the window sees them: starting one, following its log, telling it to pause or stop, the list of all.

Training is another process. This object reads what that process writes, a bounded slice at a time and off the
GUI thread, and lets go of it at any time without harm.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr
from blockstudio.gui.training.run_data import RunData, Slice, read_slice
from blockstudio.gui.work.settings import runs_folder
from blockstudio.gui.work.worker import Work
from blockstudio.runs import Recipe, Run, RunState, create_run, list_runs, start_run
from blockstudio.runs.forecast import write_forecast
from blockstudio.runs.remote.mirror import place_of, start_mirror

POLL_MS = 250
"""Often enough to see curves move. Every look takes its share of the processor from the training."""
ELSEWHERE_MS = 2000
"""Between two looks at a run that nobody trains."""
LIST_MS = 1500
MOST_CURVES = 6
"""Runs whose curves are drawn at a time: so many colours can be told apart."""


class RunRow(NamedTuple):
    """A run as the list shows it."""

    run: Run
    state: RunState
    test_accuracy: float | None


class RunControl(QObject):
    """The recipe of the next run and the run that is being watched. What a run begins with is the document's, see
    `Starting`; the recipe here has the one of the document in view."""

    recipe_changed = Signal()
    run_changed = Signal()
    """Another run is watched, or none."""
    progress = Signal()
    """The watched run has news."""
    runs_changed = Signal()
    """The list of runs has news."""
    failed = Signal(str)
    """Something could not be done, in plain words."""
    absent = Signal(str)
    """Not trained, for the set of this name is not on this computer."""
    noted = Signal(object)
    """What was fitted to the data when a run was made."""

    def __init__(self, session: Session, folder: Path | None = None) -> None:
        super().__init__(session)
        self._session = session
        self.folder = folder or runs_folder()
        session.recipe.changed.connect(self.recipe_changed)
        session.recipe.failed.connect(self.failed)
        self.data: RunData | None = None
        self.others: list[RunData] = []
        """Runs whose curves are drawn over those of the watched one."""
        self.runs: list[RunRow] = []
        self._begun: Literal["", "made", "found"] = ""
        """A run is being made, and its trainer started; one of another machine is being found."""
        self.asked = ""
        """``stop`` or ``pause`` while the trainer of the run in view, or of the one that is being made, has yet to do
        it."""
        self._listing = False
        self._once_listed: list[Callable[[], object]] = []
        self._work = Work(self)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._elsewhere = QTimer(self)
        """Another window, or a command, may go on with the run that ended here."""
        self._elsewhere.setInterval(ELSEWHERE_MS)
        self._elsewhere.timeout.connect(self._poll)
        self._list_timer = QTimer(self)
        self._list_timer.setInterval(LIST_MS)
        self._list_timer.timeout.connect(self.refresh_runs)
        self._known: dict[Path, Run] = {}
        self._own: set[Path] = set()
        """Runs started here: what was fitted for them is news."""

    # The recipe

    @property
    def recipe(self) -> Recipe:
        """The recipe of the next run."""
        return self._session.recipe.value

    def set_fields(self, values: Mapping[str, Any]) -> bool:
        """Change recipe fields by dotted path; what is wrong goes to `failed`."""
        return self._session.recipe.set_fields(values)

    # Starting and telling

    @property
    def starting(self) -> bool:
        """Whether a run is on its way that is not in view yet."""
        return self._begun != ""

    def train(self) -> None:
        """Make a run of the diagram as it is and the recipe, and start it as a process of its own."""
        if self.starting:
            return
        if not len(self._session.diagram.graph):
            self.failed.emit(tr("Not trained: there is no network yet. Open a preset or draw one first."))
            return
        diagram, recipe = copy_diagram(self._session.diagram), self.recipe
        earlier = [row.run for row in self.runs]

        def begin() -> tuple[Run, subprocess.Popen[bytes]]:
            run = create_run(diagram, recipe, _free_folder(self.folder, diagram))
            with suppress(StudioError):  # it is trained all the same
                write_forecast(run, earlier)
            return _launch(run)

        self._start(begin)

    def go_on(self, run: Run) -> None:
        """Continue a run that was stopped, killed or has failed, from its last checkpoint."""
        self._start(lambda: _launch(Run(run.directory)))

    def follow(self, place: str) -> None:
        """Follow a run of another machine, ``host:directory``: it becomes one of the list, and is watched."""
        home = self.folder
        self._begun = "found"
        self.progress.emit()
        self._work.run(lambda: start_mirror(place_of(place), home), self._started, self._not_followed)

    def _not_followed(self, error: StudioError | OSError) -> None:
        self._begun = ""
        self.progress.emit()
        self.failed.emit(tr("Not followed: {reason}", reason=error))

    def _start(self, job: Callable[[], tuple[Run, subprocess.Popen[bytes]]]) -> None:
        self._begun = "made"
        self.progress.emit()
        self._work.run(job, self._started, self._not_started)

    def _started(self, answer: tuple[Run, subprocess.Popen[bytes]]) -> None:
        run, process = answer
        stop = self.asked == "stop"
        self._begun = ""
        self._own.add(run.directory)
        self._processes.append(process)
        self.attach(run)
        if stop:
            self.tell("stop")
        self.refresh_runs()

    def _not_started(self, error: StudioError | OSError) -> None:
        self._begun = ""
        self.asked = ""
        self.progress.emit()
        for problem in getattr(error, "problems", (error,)):
            if getattr(problem, "code", "") == "data.absent":
                self.absent.emit(self.recipe.data.source)
                continue
            self.failed.emit(tr("Not trained: {reason}").format(reason=problem))

    def tell(self, command: str, run: Run | None = None, **values: int) -> None:
        """``pause``, ``resume``, ``stop``, ``watch`` or ``unwatch`` the watched run (or another). A run that is still
        being made is stopped as soon as it has a trainer."""
        if command == "stop" and run is None and self._begun == "made":
            self._ask(command)
            return
        found = run or (self.data.run if self.data is not None else None)
        if found is not None:
            directory = found.directory
            if command in ("stop", "pause") and self.data is not None and directory == self.data.run.directory:
                self._ask(command)
            self._work.run(
                lambda: Run(directory).send(command, **values),  # type: ignore[arg-type]
                lambda _: self._poll(),
                self._command_failed,
            )

    def _ask(self, command: str) -> None:
        if command != self.asked:
            self.asked = command
            self.progress.emit()

    def _command_failed(self, error: StudioError | OSError) -> None:
        self._ask("")
        self.failed.emit(str(error))

    def stop_run(self) -> None:
        """Stop the watched run, at once rather than in a worker: the window is about to go."""
        if self.data is not None:
            try:
                self.data.run.send("stop")
            except StudioError as error:
                self.failed.emit(str(error))

    @property
    def can_stop(self) -> bool:
        """Whether a run is made, starts, trains or is paused, and was not told to stop."""
        # What is being found on another machine cannot be stopped before it is there.
        return self.asked != "stop" and self._begun != "found" and self.state != "idle"

    @property
    def state(self) -> str:
        """For the buttons: ``idle``, ``starting``, ``running`` or ``paused``."""
        unread = self.data is not None and self.data.state is None and self.data.run.directory in self._own
        if self.starting or unread:
            return "starting"
        if self.data is None or not self.data.active:
            return "idle"
        return "paused" if self.data.status == "paused" else "running"

    # Watching

    def attach(self, run: Run | None) -> None:
        """Watch a run, running or ended; ``None`` watches nothing."""
        self.data = None if run is None else RunData(Run(run.directory))
        self.asked = ""
        if self.data is not None:
            self.others = [other for other in self.others if other.run.directory != self.data.run.directory]
        self.run_changed.emit()
        self._elsewhere.stop()
        if self.data is None:
            self._timer.stop()
            return
        self._poll()
        self._timer.start()

    def _poll(self) -> None:
        self._processes = [process for process in self._processes if process.poll() is None]
        if self.data is not None:
            self._read(self.data)
        for other in self.others:
            if other.active or not other.complete:
                self._read(other)

    def _read(self, data: RunData) -> None:
        if not data.reading:
            data.reading = True
            self._work.run(
                lambda: read_slice(data), lambda slice: self._take(data, slice), lambda e: self._unreadable(data, e)
            )

    def _take(self, data: RunData, slice: Slice) -> None:
        data.reading = False
        if data in self.others:
            data.take(slice)
            if slice.more:
                self._read(data)
            self.progress.emit()
        if data is not self.data:
            return
        was_active, notes = data.active, len(data.notes)
        data.take(slice)
        if not slice.more and self.asked and (not data.active or (self.asked, data.status) == ("pause", "paused")):
            self.asked = ""
        if data.run.directory in self._own:
            for note in data.notes[notes:]:
                self.noted.emit(note)
        if slice.more:
            self._read(data)  # a long log: go on at once, a slice at a time
        elif not data.active and not self.starting and not any(other.active for other in self.others):
            self._timer.stop()
            if data.status != "finished":
                self._elsewhere.start()
        elif data.active and not self._timer.isActive():
            self._elsewhere.stop()
            self._timer.start()
        self.progress.emit()
        if was_active != data.active:
            self.refresh_runs()

    def overlay(self, run: Run) -> None:
        """Draw the curves of another run over those of the watched one, or no longer."""
        there = [other for other in self.others if other.run.directory == run.directory]
        if there:
            self.others.remove(there[0])
        elif self.data is not None and run.directory != self.data.run.directory and len(self.others) + 1 < MOST_CURVES:
            other = RunData(Run(run.directory))
            self.others.append(other)
            self._read(other)
            self._timer.start()
        self.progress.emit()

    def _unreadable(self, data: RunData, error: StudioError | OSError) -> None:
        data.reading = False
        if data in self.others:
            self.others.remove(data)
        else:
            self._timer.stop()
            self._elsewhere.stop()
        self.failed.emit(str(error))

    # The list

    def watch_list(self, watch: bool) -> None:
        """Keep the list of runs fresh while it is in view."""
        if watch:
            self.refresh_runs()
            self._list_timer.start()
        else:
            self._list_timer.stop()

    def refresh_runs(self, then: Callable[[], object] | None = None) -> None:
        """Read the folder of runs in a worker."""
        if then is not None:
            self._once_listed.append(then)
        if self._listing:
            return
        self._listing = True
        known, folder = self._known, self.folder
        self._work.run(lambda: _read_runs(folder, known), self._listed, self._not_listed)

    def _listed(self, found: list[RunRow]) -> None:
        self._listing = False
        changed = [(row.run.directory, *row[1:]) for row in found] != [
            (row.run.directory, *row[1:]) for row in self.runs
        ]
        self.runs = found
        if changed:
            self.runs_changed.emit()
        waiting, self._once_listed = self._once_listed, []
        for then in waiting:
            then()

    def _not_listed(self, error: StudioError | OSError) -> None:
        self._listing = False

    def give(self) -> tuple[Path, Run | None, list[Run]]:
        """Folder, watched run and those drawn over it, for the window that takes this one's place."""
        return self.folder, None if self.data is None else self.data.run, [other.run for other in self.others]

    def take(self, given: tuple[Path, Run | None, list[Run]]) -> None:
        """What another window watched."""
        folder, run, others = given
        self.folder = folder
        self.others = [RunData(Run(other.directory)) for other in others]
        if run is not None:
            self.attach(run)

    def attach_to_running(self) -> None:
        """After the start of the window: watch the newest run that a trainer is at work on."""
        self.refresh_runs(self._attach_newest)

    def _attach_newest(self) -> None:
        running = [row.run for row in self.runs if row.state.active]
        if running and self.data is None and not self.starting:
            self.attach(running[0])

    def set_folder(self, folder: Path) -> None:
        """List and make runs in another folder."""
        self.folder = folder
        self._known = {}
        self.runs = []
        self.runs_changed.emit()
        self.refresh_runs()

    @property
    def is_reading(self) -> bool:
        """Whether a worker is reading a log or the list."""
        return self._work.busy

    @property
    def is_polling(self) -> bool:
        """Whether a timer asks for news."""
        return self._timer.isActive() or self._list_timer.isActive()

    def stop_watching(self) -> None:
        """The window closes. Runs go on."""
        for timer in (self._timer, self._elsewhere, self._list_timer):
            timer.stop()
        self._work.cancel()


def _launch(run: Run) -> tuple[Run, subprocess.Popen[bytes]]:
    return run, start_run(run)


def _read_runs(folder: Path, known: dict[Path, Run]) -> list[RunRow]:
    found = []
    for run in list_runs(folder):
        # A `Run` remembers how far it has read; keeping it makes the next look cheap.
        kept = known.setdefault(run.directory, run)
        try:
            state = kept.state()
        except StudioError as error:  # One that is damaged does not hide the others.
            found.append(RunRow(kept, RunState(status="failed", message=str(error)), None))
            continue
        results = kept.results() if state.status == "finished" else None
        accuracy = results.get("test_accuracy") if results else None
        found.append(RunRow(kept, state, accuracy if isinstance(accuracy, int | float) else None))
    return found


def _free_folder(folder: Path, diagram: Diagram) -> Path:
    """``resnet-34-20260131-142501`` under the folder of runs."""
    stem = re.sub(r"[^a-z0-9]+", "-", diagram.name.lower()).strip("-") or "run"
    stem = f"{stem[:40]}-{time.strftime('%Y%m%d-%H%M%S')}"
    free, index = folder / stem, 1
    while os.path.exists(free):
        index += 1
        free = folder / f"{stem}-{index}"
    return free
