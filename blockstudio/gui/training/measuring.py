"""Measure and choose: what is fastest on this machine for the network in view, in a process beside the window."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from blockstudio.answers import JSON, read_answer
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import SUFFIX, save
from blockstudio.gui.kit.chart import Chart
from blockstudio.gui.kit.parts import duration_text, quiet
from blockstudio.gui.kit.plotting import Line as Curve
from blockstudio.gui.kit.table_view import Cell, Line, LinesView
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.kit.theme import theme
from blockstudio.gui.kit.tick_box import TickBox
from blockstudio.gui.training.next_run import absent_text
from blockstudio.gui.training.recipe_values import field_value_text
from blockstudio.gui.work.lines import LineProcess
from blockstudio.gui.work.temporary import temporary_folder
from blockstudio.runs.known_sets import DATASETS
from blockstudio.runs.recipe import FIELDS, Recipe
from blockstudio.runs.recipe_files import save_recipe
from blockstudio.text import from_data


class MeasureDialog(QDialog):
    """What to measure, how far it is, a table of what was tried, the curve of the range test, and *Use these*."""

    def __init__(
        self, window: QWidget | None, diagram: Diagram, recipe: Recipe, use: Callable[[Mapping[str, Any]], object]
    ) -> None:
        """``use`` takes the fields that were chosen."""
        super().__init__(window)
        self._diagram, self._recipe, self._use = diagram, recipe, use
        self._folder = temporary_folder()
        self._process = LineProcess(self)
        self._process.received.connect(self._take)
        self._process.ended.connect(self._ended)
        self.chosen: dict[str, Any] = {}
        self._trials: list[dict[str, Any]] = []
        self._rates: list[tuple[float, float]] = []
        self._progress = _Progress(1)
        self.setWindowTitle(tr("Measure and choose"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        column.addWidget(quiet(tr("A few steps of this network on its own images, in each way. Nothing is trained.")))
        self.what = {
            "--ways": TickBox(tr("Ways of computing: channels last, bf16, torch.compile, workers")),
            "--batch-size": TickBox(tr("Images a step, up to what the memory holds")),
            "--lr": TickBox(tr("Learning rate, by a range test")),
        }
        for option, box in self.what.items():
            box.setChecked(option == "--ways")
            box.toggled.connect(self._show)
            column.addWidget(box)
        self.table = LinesView()
        self.table.heading_room = 16
        self.table.setAccessibleName(tr("What was tried"))
        room = QVBoxLayout()  # It is there before there is anything to show.
        column.addLayout(room, 1)
        room.addWidget(self.table, 2)
        self.chart = Chart(tr("Loss over the learning rate"))
        room.addWidget(self.chart, 2)
        room.addStretch(0)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Measuring"))
        column.addWidget(self.bar)
        self.said = quiet()
        column.addWidget(self.said)
        row = QHBoxLayout()
        row.addStretch(1)
        self.cancel, self.start, self.take = QPushButton(), QPushButton(tr("Measure")), QPushButton(tr("Use these"))
        for button, run in ((self.cancel, self._on_cancel), (self.start, self.measure), (self.take, self._on_use)):
            button.setProperty("role", "primary" if button is self.take else "chip")
            button.clicked.connect(run)
            row.addWidget(button)
        column.addLayout(row)
        self._show()
        self.resize(self.sizeHint())

    @property
    def running(self) -> bool:
        """Whether something is being measured."""
        return self._process.running

    def measure(self) -> None:
        """Begin, or begin anew."""
        folder = Path(self._folder.path())
        try:
            save(self._diagram, folder / f"network{SUFFIX}")
            save_recipe(self._recipe, folder / "recipe.json")
        except StudioError as error:
            self._said_problem(True)
            self.said.setText(sentence(str(error)))
            return
        self.chosen, self._trials, self._rates = {}, [], []
        asked = [option for option, box in self.what.items() if box.isChecked()]
        self._progress = _Progress(len(asked))
        self._said_problem(False)
        self.said.setText(tr("Measuring…"))
        network, recipe = str(folder / f"network{SUFFIX}"), str(folder / "recipe.json")
        self._process.start("blockstudio", "tune", network, "--recipe", recipe, *asked, JSON)
        self._show()

    def _take(self, event: dict[str, Any]) -> None:
        self._progress.take(event, time.monotonic())
        left = self._progress.seconds_left
        if left is not None:
            self.said.setText(tr("Measuring… about {time} left", time=duration_text(left)))
        if event["type"] == "trial":
            self._trials.append(event)
        elif event["type"] == "rate":
            self._rates.append((event["rate"], event["loss"]))
        elif event["type"] == "chosen":
            self.chosen |= event["fields"]
            for trial in self._trials:
                trial["kept"] |= trial["about"] == event["about"] and trial["fields"] == event["fields"]
        self._show()

    def _ended(self, code: int, err: str) -> None:
        answer = read_answer(code, "", err, "tune")
        error = answer.error
        self._said_problem(error is not None)
        if error is not None:
            absent = error.code == "data.absent" and self._recipe.data.source in DATASETS
            self.said.setText(absent_text(self._recipe.data.source) if absent else sentence(str(error)))
            self._show()
            return
        values = [tr("{field}: {value}", field=tr(FIELDS[path].title), value=field_value_text(value))
                  for path, value in self.chosen.items()]  # fmt: skip
        self.said.setText(", ".join(values) if values else tr("The recipe is the fastest as it is."))
        self._show()

    def _said_problem(self, problem: bool) -> None:
        self.said.setProperty("role", "problem" if problem else "secondary")
        self.said.style().polish(self.said)

    def _show(self, _: object = None) -> None:
        running = self.running
        lines = [_line(trial) for trial in self._trials]
        headings = [tr("way"), tr("ms a step"), tr("images/s"), tr("loss"), ""]
        self.table.show_lines(headings, lines, " rrr ", 5)
        self.table.setVisible(bool(lines))
        rates = np.array([rate for rate, _ in self._rates])
        losses = np.array([loss for _, loss in self._rates])
        self.chart.setVisible(bool(self._rates))
        if self._rates:
            curve = Curve(tr("loss"), theme().accent, np.log10(rates), losses, losses)
            self.chart.show_lines([curve], unit=tr("log₁₀ of the rate"))
            rate = self.chosen.get("optimizer.lr")
            self.chart.show_cursor(None if rate is None else math.log10(rate))
        share = self._progress.share
        self.bar.setRange(0, 1000 if share else 0)
        self.bar.setValue(round(1000 * share))
        self.bar.setVisible(running)
        for box in self.what.values():
            box.setEnabled(not running)
        self.start.setEnabled(not running and any(box.isChecked() for box in self.what.values()))
        self.take.setEnabled(not running and bool(self.chosen))
        self.cancel.setText(tr("Cancel") if running else tr("Close"))

    def _on_cancel(self) -> None:
        if self.running:
            self._process.stop()
            self.said.setText(tr("Cancelled; nothing was changed."))
            self.chosen = {}
            self._show()
        else:
            self.reject()

    def _on_use(self) -> None:
        self._use(self.chosen)
        self.accept()

    def done(self, result: int) -> None:
        self._process.stop()
        self._folder.remove()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._process.stop()
        super().closeEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(760, 560)


class _Progress:
    """How much of the measuring is done, and how long the rest will take."""

    def __init__(self, parts: int) -> None:
        """``parts``: what is measured one after the other."""
        self._parts, self._ended, self._done, self._of = max(1, parts), 0, 0, 0
        self._began: float | None = None
        self.seconds_left: float | None = None
        """``None`` as long as that cannot be told."""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return (self._ended + min(1.0, self._done / self._of if self._of else 0.0)) / self._parts

    def take(self, event: Mapping[str, Any], now: float) -> None:
        """Hear of an event at a time, in seconds."""
        match event["type"]:
            case "begun":
                self._done, self._of = 0, event["of"]
                self._began = now if self._began is None else self._began
            case "trial" | "rate":
                self._done += 1
            case "chosen":
                self._ended, self._done, self._of = self._ended + 1, 0, 0
        if self._began is not None and self.share:
            self.seconds_left = (now - self._began) * (1 - self.share) / self.share


def _line(trial: Mapping[str, Any]) -> Line:
    name, why = (tr(from_data(trial[key])) for key in ("title", "reason"))
    if trial["milliseconds"] is None:
        return Line([Cell(name), Cell(""), Cell(""), Cell(""), Cell(why, "quiet", why)])
    verdict = tr("kept") if trial["kept"] else why
    return Line([
        Cell(name, "total" if trial["kept"] else ""), Cell(f"{trial['milliseconds']:.2f}"),
        Cell(f"{trial['images_per_second']:,.0f}"), Cell(f"{trial['loss']:.3f}"), Cell(verdict, "quiet", verdict),
    ])  # fmt: skip
