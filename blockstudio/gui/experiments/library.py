"""All experiments: those that come along, those that were opened, and a new one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.experiments import Plan, experiment_names, experiment_path, load_experiment
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.experiments.control import ExperimentControl, recent
from blockstudio.gui.experiments.form import NewExperiment
from blockstudio.gui.kit.parts import clear, hairline, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font
from blockstudio.gui.work.settings import runs_folder
from blockstudio.gui.work.worker import Work


class LibraryPage(QScrollArea):
    """See the module's text."""

    def __init__(self, desk: Desk, control: ExperimentControl) -> None:
        super().__init__()
        self._desk = desk
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
        column.addLayout(self.rows)
        column.addStretch(1)
        self.setWidget(holder)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        control.failed.connect(self._fail)
        control.opened.connect(self.trouble.hide)
        self.refresh()

    def refresh(self) -> None:
        """List them anew."""
        self._work.run(_listed, self._show)

    def _show(self, found: list[tuple[Path, Plan | None, str]]) -> None:
        clear(self.rows)
        for file, plan, problem in found:
            row = QHBoxLayout()
            name = file.name.split(".")[0]
            question = name if plan is None else tr(plan.experiment.question) or name
            row.addWidget(self._desk.commands.link(question, "experiment.open", file))
            count = 0 if plan is None else len(plan.variants) * len(plan.experiment.seeds)
            text = problem or tr_many("{count} trial", "{count:,} trials", count)
            row.addWidget(quiet(f"{name} · {text}", wrap=False))
            row.addStretch(1)
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


def _listed() -> list[tuple[Path, Plan | None, str]]:
    files = [*map(Path, recent()), *(experiment_path(name).resolve() for name in experiment_names())]
    found: list[tuple[Path, Plan | None, str]] = []
    for file in dict.fromkeys(files):
        try:
            found.append((file, load_experiment(file), ""))
        except StudioError as error:
            found.append((file, None, str(error)))
    return found
