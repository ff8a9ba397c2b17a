"""What stands on the page while no run is asked: how to get one, and what it can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.page import section_title
from blockstudio.gui.kit.parts import clear, link, quiet
from blockstudio.gui.kit.text import sentence, tr, tr_many
from blockstudio.gui.work.settings import runs_folder
from blockstudio.gui.work.worker import Work
from blockstudio.runs import Run, list_runs
from blockstudio.runs.questions import GROUPS, QUESTIONS

LATEST, WIDE, COLUMNS = 6, 1080, 3
AGAIN = 2000
"""Milliseconds between two looks whether there is a run to be asked, while the page is in view."""


@dataclass(frozen=True)
class _Row:
    run: Run = field(compare=False)
    directory: Path
    trained: bool
    """There is a checkpoint, so it can be asked."""
    accuracy: float | None
    """Of the test images, once it has finished."""


class EmptyPart(QWidget):
    """Runs as links, *Train*, *Open a run*; below, the questions by group. It is read anew whenever it is shown."""

    chosen = Signal(object)
    """A `Run` to be asked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._work = desk, Work(self)
        self._shown: Sequence[_Row] | None = None
        self.runs: dict[Path, QPushButton] = {}
        """The links to the latest runs that can be asked."""
        holder = QWidget()
        holder.setMaximumWidth(WIDE)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(8)
        column.addWidget(section_title(tr("Ask a trained network why")))
        column.addWidget(quiet(tr("A run is asked: nothing is trained again, and every answer is a figure, the numbers "
                                  "behind it and one sentence.")))  # fmt: skip
        buttons = QHBoxLayout()
        self.train, self.open = QPushButton(tr("Train the drawing")), QPushButton(tr("Open a run…"))
        self.train.setProperty("role", "primary")
        self.open.setProperty("role", "chip")
        for button, command in ((self.train, "run.train"), (self.open, "laboratory.open")):
            if command in desk.commands.declared:
                desk.commands.bind(button, command)
            button.setVisible(command in desk.commands.declared)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addSpacing(4)
        column.addLayout(buttons)
        self._latest = QVBoxLayout()
        self._latest.setSpacing(2)
        column.addLayout(self._latest)
        column.addSpacing(12)
        column.addWidget(section_title(tr("What it can be asked")))
        column.addLayout(self._questions())
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(holder)
        area.setAlignment(Qt.AlignmentFlag.AlignLeft)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self._again = QTimer(self)
        self._again.setInterval(AGAIN)
        self._again.timeout.connect(self.refresh)

    def _questions(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(16)
        boxes = [
            (tr("By hand"), [tr("Click a block away, or drag it into another's place, and see test accuracy move.")]),
            (tr("Seeing"), [tr("A picture, the classes with their maps, what every block gives, what a unit sees.")]),
        ]  # fmt: skip
        for group, named in GROUPS.items():
            lines = [f"{sentence(question.title)}: {tr(question.help)}" for question in QUESTIONS.values()
                     if question.group == group]  # fmt: skip
            boxes.append((tr(named), lines))
        for number, (title, lines) in enumerate(boxes):
            grid.addWidget(_box(title, lines), number // COLUMNS, number % COLUMNS)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        return grid

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._again.stop()

    def refresh(self) -> None:
        """Look what runs there are."""
        folder = self._desk.runs or runs_folder()
        self._work.run(lambda: _rows(folder), self._show, lambda error: None)

    def _show(self, found: object) -> None:
        assert isinstance(found, list)
        rows: Sequence[_Row] = found
        if rows == self._shown:
            return  # What has the keyboard stays.
        self._shown = rows
        clear(self._latest)
        self.runs = {}
        trained = [row for row in rows if row.trained]
        if not rows:
            text = tr("No run yet. Train starts one; it can be asked from its first checkpoint on.")
        elif not trained:
            text = tr_many("The {count} run has no checkpoint yet; it can be asked from the first on.",
                           "The latest {count} runs have no checkpoint yet; they can be asked from the first on.",
                           len(rows))  # fmt: skip
        else:
            text = tr("The latest runs:")
        self._latest.addWidget(quiet(text))
        for row in trained:
            name, made = name_and_time(row.run.name)
            line = QHBoxLayout()
            button = self.runs[row.run.directory] = link(name, partial(self.chosen.emit, row.run))
            line.addWidget(button)
            share = "" if row.accuracy is None else tr("{share} of the test images right", share=f"{row.accuracy:.1%}")
            line.addWidget(quiet("   ".join(filter(None, (made, share))), wrap=False))
            line.addStretch(1)
            self._latest.addLayout(line)


def _rows(folder: Path) -> list[_Row]:
    """The latest runs; of those that can be asked the most recent, else the most recent of all."""
    found, others = list[_Row](), list[_Row]()
    for run in list_runs(folder):
        try:
            trained = run.best() is not None
            results = run.results() or {}
        except (StudioError, OSError):
            continue  # Being deleted, or not readable: the page of runs says so.
        (found if trained else others).append(_Row(run, run.directory, trained, results.get("test_accuracy")))
        if len(found) == LATEST:
            break
    return found or others[:LATEST]


def _box(title: str, lines: Sequence[str]) -> QFrame:
    box = QFrame()
    box.setProperty("role", "box")
    column = QVBoxLayout(box)
    column.setContentsMargins(12, 10, 12, 10)
    column.setSpacing(4)
    head = QLabel(title)
    head.setProperty("role", "strong")
    column.addWidget(head)
    for line in lines:
        column.addWidget(quiet(line))
    column.addStretch(1)
    return box
