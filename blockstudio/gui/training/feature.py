"""Training: runs and the recipe of the next one as pages under the drawing, what a run is made of over it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from blockstudio.gui.commands.registry import Act, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Question
from blockstudio.gui.kit.text import tr
from blockstudio.gui.training import named_recipes
from blockstudio.gui.training.bar import RunBar
from blockstudio.gui.training.commands import commands
from blockstudio.gui.training.named_recipes import NamedRecipes
from blockstudio.gui.training.next_run import NextRunPlanner, absent_acts, absent_text
from blockstudio.gui.training.recipe_form import RecipeForm
from blockstudio.gui.training.run_control import RunControl
from blockstudio.gui.training.run_list import STATUS_WORDS
from blockstudio.gui.training.run_page import TrainingPanel
from blockstudio.gui.training.watch.strip import family_of
from blockstudio.gui.training.watch.watching import WatchedBlocks
from blockstudio.runs import Run
from blockstudio.text import say

SHOWN_MS = 15_000
"""A notification of the desktop stays so long at most."""
NOT_TRAINED = "not trained"
"""What notes are about that go once a run is at work."""


class Training:
    """What was put on the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        trainer = self.trainer = RunControl(desk.session, desk.runs)
        self.panel = TrainingPanel(desk, trainer, family_of(desk.session))
        self.planner = NextRunPlanner(desk.session, trainer)
        self.recipes = NamedRecipes(desk.session)
        self.recipe = RecipeForm(desk.commands, trainer, self.planner, self.recipes)
        self.bar = RunBar(desk.commands, trainer)
        desk.add_page("run", tr("Run"), self.panel, 100, self.panel.tools)
        desk.add_page("recipe", tr("Recipe"), self.recipe, 200, self.recipe.tools)
        desk.add_commands(*commands(trainer), *named_recipes.commands(self.recipes, desk.session))
        desk.add_opener(lambda file: file.suffix.lower() == ".toml", lambda file: _take_recipe(desk, file))
        desk.add_commands(Command("run.save_curves", say("Save the curves of the run"), self._save_curves, value=True))
        for order, widget in enumerate(self.bar.widgets, start=200):
            desk.add_item("top", widget, order)
        self.watched = WatchedBlocks(desk, trainer, self.panel.strip)
        self._run_shown: object = None
        self._taking = False
        """A run of the window in whose place this one is comes over: what was in view stays so."""
        trainer.progress.connect(self._show_run)
        trainer.run_changed.connect(self._show_run)
        trainer.run_changed.connect(self._on_run)
        trainer.failed.connect(self._on_failed)
        trainer.noted.connect(self._on_noted)
        trainer.absent.connect(self._on_absent)
        desk.add_question(self._question)
        desk.carry("run", trainer.give, self._take)
        desk.on_start(trainer.attach_to_running)
        desk.on_close(self.stop)

    def _take(self, given: tuple[Path, Run | None, list[Run]]) -> None:
        self._taking = True
        try:
            self.trainer.take(given)
        finally:
            self._taking = False

    def _save_curves(self, _: Desk, ending: str) -> None:
        if self.panel.curves is not None:
            self.panel.curves.ask(ending)

    def _say_ended(self, active: bool) -> None:
        """A run has come to its end: the window asks for attention, and the desktop says so if nobody looks at it."""
        data, window = self.trainer.data, self._desk.window
        if active or data is None or window is None or data.status not in ("finished", "failed", "stopped"):
            return
        QApplication.alert(window)
        if not window.isActiveWindow() and QSystemTrayIcon.isSystemTrayAvailable():
            words = tr(STATUS_WORDS[data.status])
            tray = QSystemTrayIcon(window.windowIcon(), window)
            tray.messageClicked.connect(tray.deleteLater)
            tray.show()
            tray.showMessage(data.run.name, words)
            QTimer.singleShot(SHOWN_MS, tray, tray.deleteLater)

    def _show_run(self) -> None:
        asked, can_stop = self.trainer.asked, self.trainer.can_stop
        state = (self.trainer.state, self.trainer.data is not None and self.trainer.data.status, asked, can_stop)
        if state != self._run_shown:
            before, self._run_shown = self._run_shown, state
            if self.trainer.state == "running":
                self._desk.toasts.forget(NOT_TRAINED)  # It is trained now.
            if isinstance(before, tuple) and before[0] in ("running", "paused"):
                self._say_ended(self.trainer.state != "idle")
            self.bar.show_run(self.trainer.state, asked, can_stop)
            self._desk.commands.refresh()

    def _on_run(self) -> None:
        """The run that is watched comes into view; one found on start does not take another screen away."""
        desk, data = self._desk, self.trainer.data
        desk.watched.turn_to(None if data is None else data.run, None if data is None else data.blocks)
        if data is None or self._taking:
            return
        if not desk.screen or self.trainer.state == "starting":
            desk.show_page("run")
            return
        desk.turn_page("run")
        acts = Act(tr("Show it"), "view.run"), Act(tr("Open its network"), "run.diagram")
        desk.say(tr("{run} is being trained.").format(run=data.run.name), "info", *acts)

    def _on_noted(self, text: str) -> None:
        if self.trainer.data is not None:
            self._desk.toasts.tell(self.trainer.data.run.directory, tr(text))

    def _on_failed(self, text: str) -> None:
        self._desk.say(text, "problem").about = NOT_TRAINED

    def _on_absent(self, name: str) -> None:
        """What is missing, in the reader's words, with what can be done about it."""
        acts = [Act(title, id, True if id == "run.download" else None) for title, id in absent_acts(name)]
        note = self._desk.say(tr("Not trained: {reason}", reason=absent_text(name)), "problem", *acts)
        note.about = NOT_TRAINED

    def _question(self) -> Question | None:
        data = self.trainer.data
        if data is None or self.trainer.state == "idle":
            return None
        return Question(
            tr("A run is going on"),
            data.run.name,
            tr("Leave it running; a window opened later shows it again"),
            tr("Stop it, with a checkpoint to continue from"),
            self.trainer.stop_run,
        )

    def stop(self) -> None:
        """The window closes. Runs go on."""
        self.trainer.stop_watching()
        self.planner.stop()
        self.watched.stop()
        self.panel.stop()


def install(desk: Desk) -> Training:
    """Put training on the desk."""
    return Training(desk)


def _take_recipe(desk: Desk, file: Path) -> None:
    """A recipe that was dropped is that of the next run."""
    desk.commands.run("recipe.use", str(file))
    desk.show_page("recipe")
