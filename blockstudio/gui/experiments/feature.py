"""Many runs that ask one question, in place of the drawing."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from blockstudio.errors import StudioError
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.settings import runs_folder
from blockstudio.runs.run import LOG
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.experiments import Trial
    from blockstudio.experiments.course import Look
    from blockstudio.experiments.definition import Size
    from blockstudio.gui.experiments.charts import Chart
    from blockstudio.gui.experiments.control import ExperimentControl
    from blockstudio.gui.experiments.page import ExperimentPage
    from blockstudio.runs.rows import Listed

    Given: TypeAlias = tuple[Path | None, Size, str, Document | None, tuple[str, ...], dict[str, str] | None]
    """File, size and curve; the drawing that was opened to look at, the blocks that are lit on it; what was typed into
    the form of a new one."""


class Experiments:
    """What was put on the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.page: ExperimentPage | None = None
        self._document: Document | None = None
        """The drawing that was opened to look at."""
        self._shown: object = None
        self._lit = False
        desk.add_screen("experiments", self._make, title=say("Experiments"), place=4)

        def is_open(_: Desk) -> bool:
            return desk.screen == "experiments" and self.control.plan is not None

        def working(_: Desk) -> bool:
            return is_open(desk) and self.control.standing is not None and self.control.standing.working

        def has_failed(_: Desk) -> bool:
            return is_open(desk) and self.control.standing is not None and self.control.standing.count("failed") > 0

        desk.add_commands(
            Command("experiment.all", say("All experiments"), lambda d: self.control.close(), enabled=is_open),
            Command("experiment.new", say("New experiment…"), self._new, keywords="grid seeds question"),
            Command("experiment.make", say("Make the experiment of the form"), lambda d: self._make_new(), value=True),
            Command("experiment.open", say("Open an experiment"), self._open, value=True),
            Command("experiment.predict", say("Predict what comes out"), lambda d, place: self._predict(place),
                    value=True, enabled=is_open),
            Command("experiment.size", say("Another size of the experiment"), lambda d, size: self._size(size),
                    value=True, enabled=is_open),
            Command("experiment.look", say("Light up the blocks that the experiment speaks of"), self._look, value=True,
                    enabled=is_open),
            Command("experiment.of_runs", say("Make an experiment of runs"), self._of_runs, value=True),
            Command("experiment.open_file", say("Open an experiment's file…"), self._ask),
            Command("experiment.run", say("Run the experiment"), lambda d: self.control.run(), enabled=is_open),
            Command("experiment.pause", say("Pause or resume the queue"), lambda d: self._hold(), enabled=working),
            Command("experiment.stop", say("Stop the queue"), lambda d: self.control.tell("stop"), enabled=working),
            Command("experiment.retry", say("Try failed trials again"), lambda d: self.control.run(again=True),
                    enabled=has_failed),
            Command("experiment.log", say("Log of a trial"), self._log, value=True),
            Command("experiment.curve", say("Another curve"), lambda d, name: self.control.show_curve(name),
                    value=True),
            Command("experiment.figure", say("Save a figure"), self._figure, value=True),
        )  # fmt: skip
        desk.add_opener(_is_experiment, lambda file: self._open(desk, file))
        desk.session.opened.connect(self._unlight)
        desk.carry("experiment", self._give, self._take)

    @cached_property
    def control(self) -> ExperimentControl:
        """What reads experiments and speaks to their queues."""
        from blockstudio.gui.experiments.control import ExperimentControl

        control = ExperimentControl(self._desk, self._desk.runs)
        self._desk.on_close(control.stop_watching)
        return control

    def _make(self) -> ExperimentPage:
        from blockstudio.gui.experiments.page import ExperimentPage

        self.page = ExperimentPage(self._desk, self.control)
        self._desk.on_close(self.page.library.stop)
        return self.page

    def _new(self, desk: Desk) -> None:
        self.control.close()
        desk.show_screen("experiments")
        assert self.page is not None
        self.page.library.new()

    def _make_new(self) -> None:
        if self.page is not None:
            self.page.library.form.accept()

    def _open(self, desk: Desk, file: Path) -> None:
        desk.show_screen("experiments")
        self.control.open(file)

    def _predict(self, place: int) -> None:
        if self.page is not None:
            self.page.view.course.predict(place)

    def _size(self, size: Size) -> None:
        if self.control.file is not None:
            self.control.open(self.control.file, size=size)

    def _look(self, desk: Desk, look: Look) -> None:
        """Show the network that a sentence speaks of, with light on its blocks."""
        plan = self.control.plan
        if plan is None:
            return
        variant = next(each for each in plan.variants if each.network.title == look.network)
        if not self._is_there() or self._shown != (plan, look.network):
            self._leave()
            self._document, self._shown = Document(plan.diagram(variant)), (plan, look.network)
            desk.documents.add(self._document)
        elif self._document is not None:
            desk.documents.turn_to(self._document)
        desk.show_drawing()
        desk.session.lit, self._lit = look.blocks, True
        desk.show_block(look.blocks[0])

    def _unlight(self) -> None:
        """The light goes with the drawing that it is on."""
        if self._lit and self._desk.session.document is not self._document:
            self._lit = False
            self._desk.session.lit = ()

    def _is_there(self) -> bool:
        return self._document is not None and self._document in self._desk.documents.list

    def _leave(self) -> None:
        """The drawing that was opened to look at goes, unless somebody has changed it."""
        if self._document is not None and self._is_there() and not self._document.dirty:
            self._desk.documents.discard(self._document)

    def _of_runs(self, desk: Desk, rows: list[Listed]) -> None:
        """The same networks and recipes with several seeds, in a file of its own."""
        from blockstudio.experiments.of_runs import experiment_of

        folder = runs_folder().parent / "experiments" if desk.runs is None else desk.runs
        try:
            self._open(desk, experiment_of(rows, folder))
        except StudioError as error:
            desk.say(str(error), "problem")

    def _ask(self, desk: Desk) -> None:
        from blockstudio.experiments.definition import SUFFIX

        dialog = QFileDialog(desk.window, tr("Open an experiment"), str(Path.home()), f"*{SUFFIX}")
        dialog.fileSelected.connect(lambda name: self._open(desk, Path(name)))
        desk.open_dialog(dialog)

    def _hold(self) -> None:
        standing = self.control.standing
        self.control.tell("resume" if standing is not None and standing.paused else "pause")

    def _log(self, desk: Desk, trial: Trial) -> None:
        """What the trainer of a trial printed; of one that was never made, why not."""
        log = trial.directory / LOG
        if os.path.isfile(log):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(log)))
        else:
            desk.say(tr(trial.outcome().message) or tr("It has not begun."), "info")

    def _figure(self, desk: Desk, wanted: tuple[Chart, str]) -> None:
        chart, ending = wanted
        dialog = QFileDialog(desk.window, tr("Save the figure"), str(Path.home() / f"experiment{ending}"), f"*{ending}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending[1:])

        def write(name: str) -> None:
            from blockstudio.gui.experiments.page import save_chart

            try:
                save_chart(chart, Path(name))
            except StudioError as error:
                desk.say(str(error), "problem")
                return
            desk.say_written(Path(name), tr("{file} was written.", file=Path(name).name))

        dialog.fileSelected.connect(write)
        desk.open_dialog(dialog)

    def _give(self) -> Given | None:
        """What is in view, for the window that takes this one's place."""
        if self.page is None:
            return None
        control = self.control
        form = self.page.library.form
        typed = None if form.isHidden() else form.give()
        if control.file is None and typed is None:
            return None
        lit = self._desk.session.lit if self._lit else ()
        return control.file, control.size, control.curve, self._document, lit, typed

    def _take(self, given: Given | None) -> None:
        """Show what another window showed."""
        if given is None:
            return
        file, size, curve, self._document, lit, typed = given
        if lit:
            self._desk.session.lit, self._lit = lit, True
        self._desk.screen_widget("experiments")
        if typed is not None and self.page is not None:
            self.page.library.new()
            self.page.library.form.put(typed)
        if file is not None:
            self.control.open(file, lambda: self.control.show_curve(curve), size)


def _is_experiment(file: Path) -> bool:
    from blockstudio.experiments.definition import SUFFIX

    return file.name.endswith(SUFFIX)


def install(desk: Desk) -> Experiments:
    """Put the page on the desk."""
    return Experiments(desk)
