"""What a run of the diagram with the recipe as they are would be: values chosen for the user, what is fitted to the
data, what stands in the way. Worked out beside the window while the recipe is in view."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.errors import StudioError
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr
from blockstudio.gui.training.run_control import RunControl
from blockstudio.gui.work.worker import Work
from blockstudio.runs import Recipe
from blockstudio.runs.adapt import adapt
from blockstudio.runs.folder_tree import Look, looking
from blockstudio.runs.forecast import Forecast, forecast
from blockstudio.runs.known_sets import DATASETS, megabytes_text
from blockstudio.runs.published import PUBLISHED

PAUSE_MS = 250
"""Typing goes on for so long before anything is worked out."""


class NextRun(NamedTuple):
    recipe: Recipe | None
    """With every value chosen; ``None`` if it cannot be trained."""
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    forecast: Forecast | None = None
    """What it will take."""
    absent: str = ""
    """The named set that is not on this computer, if that is in the way."""


def absent_text(name: str) -> str:
    """That a set is not here, and where it is to be had."""
    known = DATASETS[name]
    if known.torchvision:
        return tr("{title} is not on this computer yet.", title=known.title)
    address = PUBLISHED[name].address
    return tr("{title} is not on this computer. It is published at {address}.", title=known.title, address=address)


def absent_acts(name: str) -> list[tuple[str, str]]:
    """What can be done about it: titles and commands."""
    known = DATASETS[name]
    acts = [(tr("Choose folder…"), "run.set_folder")]
    if known.torchvision:
        size = megabytes_text(known.megabytes)
        acts.insert(0, (tr("Download ({size})", size=size) if known.megabytes else tr("Download"), "run.download"))
    return acts


class NextRunPlanner(QObject):
    """Keeps `plan` true while somebody watches."""

    changed = Signal()

    def __init__(self, session: Session, trainer: RunControl) -> None:
        super().__init__(trainer)
        self._session, self._trainer = session, trainer
        self._work = Work(self)
        self._watched = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PAUSE_MS)
        self._soon.timeout.connect(self._start)
        self.plan: NextRun | None = None
        self._look = Look()
        for signal in (session.edited, session.opened, trainer.recipe_changed, trainer.runs_changed):
            signal.connect(self._on_change)

    def watch(self, watched: bool) -> None:
        """Whether somebody looks."""
        self._watched = watched
        if watched:
            self._on_change()
        else:
            self.stop()

    def stop(self) -> None:
        """Let go of what is under way."""
        self._soon.stop()
        self._look.end()
        self._work.cancel()

    def _on_change(self, _: object = None) -> None:
        if self._watched:
            self._soon.start()

    def _start(self) -> None:
        if not len(self._session.diagram.graph):
            self._take(None)
            return
        diagram, recipe = copy_diagram(self._session.diagram), self._trainer.recipe
        earlier = [row.run for row in self._trainer.runs]
        self._look.end()
        look = self._look = Look()

        def work() -> NextRun:
            try:
                with looking(look):
                    fitted, chosen, notes = adapt(diagram, recipe)
            except StudioError as error:
                problems = getattr(error, "problems", (error,))
                absent = any(problem.code == "data.absent" for problem in problems)
                if absent:
                    others = [str(problem) for problem in problems if problem.code != "data.absent"]
                    name = recipe.data.source
                    return NextRun(None, (), (absent_text(name), *others), absent=name)
                return NextRun(None, (), tuple(str(problem) for problem in problems))
            return NextRun(chosen, tuple(notes), (), forecast(fitted, chosen, earlier))

        self._work.cancel()
        self._work.run(work, self._take, lambda error: self._take(NextRun(None, (), (str(error),))))

    def _take(self, plan: NextRun | None) -> None:
        if plan != self.plan:
            self.plan = plan
            self.changed.emit()
