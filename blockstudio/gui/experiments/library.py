"""All experiments: those that come along, those that were opened, and a new one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.experiments import (
    ExperimentPlan,
    experiment_names,
    experiment_path,
    home_of,
    load_experiment,
    rows_of,
    trials_of,
)
from blockstudio.experiments.library import name_of
from blockstudio.experiments.pages import state_of, time_of
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.experiments.control import ExperimentControl, recent
from blockstudio.gui.experiments.form import NewExperiment
from blockstudio.gui.kit.page import section_title
from blockstudio.gui.kit.parts import clear, hairline, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font
from blockstudio.gui.work.settings import runs_folder
from blockstudio.gui.work.worker import Work


class LibraryPage(QScrollArea):
    """See the module's text."""

    def __init__(self, desk: Desk, control: ExperimentControl) -> None:
        super().__init__()
        self._desk, self._control = desk, control
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._work = Work(self)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(32, 20, 32, 20)
        column.setSpacing(10)
        head = QHBoxLayout()
        title = QLabel(tr("Experiments"))
        title.setFont(font(18, bold=True))
        head.addWidget(title)
        head.addSpacing(14)
        for text, command in ((tr("New experiment…"), "experiment.new"), (tr("Open a file…"), "experiment.open_file")):
            button = QPushButton(text)
            button.setProperty("role", "chip")
            desk.commands.bind(button, command)
            head.addWidget(button)
        head.addStretch(1)
        head.addWidget(desk.commands.link(tr("Back to the drawing"), "view.drawing"))
        column.addLayout(head)
        column.addWidget(
            quiet(
                tr("An experiment is a file that asks one question of many runs: networks, values, seeds, a measure.")
            )
        )
        self.trouble = QLabel()
        self.trouble.setProperty("role", "problem")
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        column.addWidget(self.trouble)
        self.form = NewExperiment(desk.session)
        desk.commands.bind(self.form.make, "experiment.make")
        self.form.hide()
        self.form.left.connect(self.form.hide)
        self.form.made.connect(self._made)
        column.addWidget(self.form)
        self.rows = QVBoxLayout()
        self.rows.setContentsMargins(0, 12, 0, 0)
        column.addLayout(self.rows)
        column.addStretch(1)
        self.setWidget(holder)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        control.failed.connect(self._fail)
        control.opened.connect(self.trouble.hide)
        self.refresh()

    def refresh(self) -> None:
        """List them anew."""
        runs = self._control.folder
        self._work.run(lambda: _listed(runs), self._show)

    def _show(self, found: list[Listed]) -> None:
        clear(self.rows)
        course = [each for each in found if each.plan is not None and each.plan.experiment.course is not None]
        others = [each for each in found if each not in course]
        for heading, group in ((tr("Yours"), others), (tr("Of the course"), course)):
            if not group:
                continue
            if course and others:
                self.rows.addWidget(section_title(heading))
            for each in group:
                self._add(each)

    def _add(self, each: Listed) -> None:
        plan, name = each.plan, name_of(each.file)
        row = QHBoxLayout()
        row.setSpacing(10)
        told = plan.experiment.course if plan is not None else None
        question = tr(plan.experiment.question) if plan is not None else ""
        title = tr(told.title) if told is not None else question or name
        row.addWidget(self._desk.commands.link(title, "experiment.open", each.file))
        if told is not None:
            row.addWidget(quiet(question, wrap=False))
        row.addStretch(1)
        if plan is None:
            parts = [name, each.problem]
        else:
            count = len(plan.variants) * len(plan.experiment.seeds)
            trials = tr_many("{count} trial", "{count:,} trials", count) if plan.experiment.trained else tr("counted")
            time = tr(time_of(plan.experiment.minutes)) if plan.experiment.trained else ""
            parts = [trials, time, tr(each.state)] if told is not None else [name, trials]
        row.addWidget(quiet(" · ".join(part for part in parts if part), wrap=False))
        self.rows.addLayout(row)
        self.rows.addWidget(hairline())

    def _fail(self, text: str) -> None:
        self.trouble.setText(text)
        self.trouble.show()

    def new(self) -> None:
        """Show the form."""
        self.form.begin(runs_folder().parent / "experiments" if self._desk.runs is None else self._desk.runs)
        self.form.show()

    def _made(self, file: Path) -> None:
        self.form.hide()
        self._desk.commands.run("experiment.open", file)

    def stop(self) -> None:
        """The window closes."""
        self._work.cancel()


@dataclass(frozen=True)
class Listed:
    """A file, and what could be read of it."""

    file: Path
    plan: ExperimentPlan | None
    problem: str = ""
    state: str = ""


def _listed(runs: Path) -> list[Listed]:
    files = [*map(Path, recent()), *(experiment_path(name).resolve() for name in experiment_names())]
    found: list[Listed] = []
    for file in dict.fromkeys(files):
        try:
            plan = load_experiment(file)
            state: str = ""
            if plan.experiment.course is not None:
                state = state_of(plan, rows_of(plan, trials_of(plan, home_of(file, plan, "small", runs))))
            found.append(Listed(file, plan, state=state))
        except StudioError as error:
            found.append(Listed(file, None, problem=str(error)))

    def place(each: Listed) -> int:
        course = each.plan.experiment.course if each.plan is not None else None
        return course.place if course is not None else -1

    return sorted(found, key=place)
