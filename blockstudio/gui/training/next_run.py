"""What a run of the diagram with the recipe as they are would be: values chosen for the user, what is fitted to the
data, what stands in the way. Worked out beside the window while the recipe is in view."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.errors import StudioError
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.document.session import Session
from blockstudio.gui.training.run_control import RunControl
from blockstudio.gui.work.worker import Work
from blockstudio.runs import Recipe
from blockstudio.runs.adapt import adapt

PAUSE_MS = 250
"""Typing goes on for so long before anything is worked out."""


class NextRun(NamedTuple):
    recipe: Recipe | None
    """With every value chosen; ``None`` if it cannot be trained."""
    notes: tuple[str, ...]
    problems: tuple[str, ...]


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
        for signal in (session.edited, session.opened, trainer.recipe_changed):
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
        self._work.cancel()

    def _on_change(self, _: object = None) -> None:
        if self._watched:
            self._soon.start()

    def _start(self) -> None:
        if not len(self._session.diagram.graph):
            self._take(None)
            return
        diagram, recipe = copy_diagram(self._session.diagram), self._trainer.recipe

        def work() -> NextRun:
            try:
                _, chosen, notes = adapt(diagram, recipe)
            except StudioError as error:
                problems = getattr(error, "problems", (error,))
                return NextRun(None, (), tuple(str(problem) for problem in problems))
            return NextRun(chosen, tuple(notes), ())

        self._work.cancel()
        self._work.run(work, self._take)

    def _take(self, plan: NextRun | None) -> None:
        if plan != self.plan:
            self.plan = plan
            self.changed.emit()
