"""The page *Experiments*: the one in view, or those there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from blockstudio.experiments.definition import plain_value, short
from blockstudio.experiments.measures import OF_TEST
from blockstudio.experiments.results import LEVEL, table_of
from blockstudio.experiments.standing import Standing
from blockstudio.formats import OUTLINES, PIXELS
from blockstudio.graph.files import write_atomic
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Step
from blockstudio.gui.document.table_chip import TableChip
from blockstudio.gui.experiments.charts import BandChart, Chart, FrontChart
from blockstudio.gui.experiments.comparison import ComparisonTable
from blockstudio.gui.experiments.control import ExperimentControl
from blockstudio.gui.experiments.course import CoursePanel
from blockstudio.gui.experiments.library import LibraryPage
from blockstudio.gui.experiments.looks import axis_name, hue
from blockstudio.gui.experiments.matrix import TrialMatrix
from blockstudio.gui.experiments.queue_panel import QueuePanel
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import PageHead, out_of_field, section_title
from blockstudio.gui.kit.parts import duration_text, quiet, strong
from blockstudio.gui.kit.pictures import picture_of
from blockstudio.gui.kit.text import plain, sentence, tr, tr_many
from blockstudio.gui.kit.theme import as_text, font, notifier
from blockstudio.report.table import Table

CURVES = ("accuracy", "loss", "train_accuracy", "train_loss", "validation_accuracy", "validation_loss")
COSTS = ("parameters", "macs", "seconds")


class ExperimentPage(QStackedWidget):
    """See the module's text."""

    def __init__(self, desk: Desk, control: ExperimentControl) -> None:
        super().__init__()
        self._desk, self.control = desk, control
        self.setAccessibleName(tr("Experiments"))
        self.library = LibraryPage(desk, control)
        self.view = ExperimentView(desk, control)
        self.addWidget(self.library)
        self.addWidget(self.view)
        control.opened.connect(self._turn)

    def _turn(self) -> None:
        self.setCurrentWidget(self.library if self.control.plan is None else self.view)
        if self.control.plan is None:
            self._desk.set_crumbs("experiments")
            self.library.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.control.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.control.watch(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            form = self.library.form
            if out_of_field(self):
                pass
            elif self.control.plan is None and form.isVisible():
                form.hide()  # what was typed is there when it is opened again
            else:
                self._desk.commands.run("experiment.all" if self.control.plan is not None else "view.drawing")
        else:
            super().keyPressEvent(event)


class ExperimentView(QScrollArea):
    """One experiment."""

    def __init__(self, desk: Desk, control: ExperimentControl) -> None:
        super().__init__()
        self._desk, self._control = desk, control
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(32, 20, 32, 20)
        column.setSpacing(6)
        column.addLayout(self._head())
        self.course = CoursePanel(desk, control)
        self.course.predicted.connect(self._reveal)
        column.addWidget(self.course)
        self.results = QWidget()
        column.addWidget(self.results, 1)
        column.addStretch(0)
        column = QVBoxLayout(self.results)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.answer = QLabel()
        self.answer.setFont(font(12))
        self.answer.setWordWrap(True)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.answer)
        line = QHBoxLayout()
        self.definition = quiet()
        self.progress_text = QLabel()
        self.progress_text.setFont(font(11))
        self.progress = QProgressBar()
        self.progress.setFixedSize(180, 6)
        self.progress.setTextVisible(False)
        line.addWidget(self.definition, 1)
        line.addWidget(self.progress_text)
        line.addWidget(self.progress)
        column.addLayout(line)
        column.addSpacing(8)
        across = QHBoxLayout()
        across.setSpacing(40)
        across.addLayout(self._left(), 53)
        across.addLayout(self._right(), 47)
        column.addLayout(across, 1)
        self.setWidget(holder)
        control.opened.connect(self._on_opened)
        control.changed.connect(self.show_standing)
        notifier.changed.connect(self.show_standing)

    def _head(self) -> PageHead:
        head = PageHead(long=True)
        self.question = head.title
        self.start = QPushButton()
        self.start.setProperty("role", "chip")
        self._desk.commands.bind(self.start, "experiment.run")
        self.hold = QPushButton()
        self.hold.setProperty("role", "chip")
        self._desk.commands.bind(self.hold, "experiment.pause")
        self.end = QPushButton()
        self.end.setProperty("role", "chip")
        self._desk.commands.bind(self.end, "experiment.stop")
        self.again = QPushButton(tr("Retry failed"))
        self.again.setProperty("role", "chip")
        self._desk.commands.bind(self.again, "experiment.retry")
        self.figures = Chip(tr("Save a figure"), self._fill_figures)
        self.figures.set_text(tr("Figure"))
        head.add_tools(
            self.start, self.hold, self.end, self.again,
            TableChip(self._desk, tr("the experiment's table"), "experiment", self.table), self.figures,
            self._desk.commands.link(tr("All experiments"), "experiment.all"),
        )  # fmt: skip
        return head

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(section_title(tr("Runs")))
        row.addSpacing(8)
        self.measured = quiet(wrap=False)
        row.addWidget(self.measured)
        row.addStretch(1)
        self.takes = _toggles(
            self, row, {"steps_to": tr("steps"), "final": tr("final"), "best": tr("best"), "seconds_to": tr("seconds")},
            lambda take: self._control.take(take),  # type: ignore[arg-type]
        )  # fmt: skip
        column.addLayout(row)
        self.matrix = TrialMatrix()
        self.matrix.picked.connect(self._open_run)
        column.addWidget(self.matrix)
        column.addSpacing(10)
        row = QHBoxLayout()
        self.compared = section_title("")
        row.addWidget(self.compared)
        row.addStretch(1)
        self.legend = QLabel()
        self.legend.setFont(font(11))
        row.addWidget(self.legend)
        column.addLayout(row)
        self.comparison = ComparisonTable()
        column.addWidget(self.comparison)
        self.support = quiet()
        column.addWidget(self.support)
        column.addSpacing(8)
        self.queue = QueuePanel(self._desk, self._control)
        column.addWidget(self.queue)
        column.addStretch(1)
        return column

    def _right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(section_title(tr("Curves")))
        row.addSpacing(8)
        self.bands_head = quiet(wrap=False)
        row.addWidget(self.bands_head)
        row.addStretch(1)
        self.curve = Chip(tr("Which curve"), self._fill_curves)
        row.addWidget(self.curve)
        column.addLayout(row)
        self.bands = BandChart()
        column.addWidget(self.bands, 1)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.front_head = section_title("")
        row.addWidget(self.front_head)
        row.addSpacing(8)
        row.addWidget(quiet(tr("dashed: Pareto front"), wrap=False))
        row.addStretch(1)
        self.costs = _toggles(
            self, row, {"parameters": tr("parameters"), "macs": tr("MACs"), "seconds": tr("seconds")}, self._show_cost
        )
        self.costs["parameters"].setChecked(True)
        column.addLayout(row)
        self.front = FrontChart()
        column.addWidget(self.front, 1)
        return column

    # Doing

    def _fill_curves(self, menu: QMenu) -> None:
        for curve in CURVES:
            self._desk.commands.offer(menu, "experiment.curve", curve, curve)

    def _fill_figures(self, menu: QMenu) -> None:
        for chart, title in ((self.bands, tr("Curves")), (self.front, tr("Measure against cost"))):
            for ending in (OUTLINES, PIXELS):
                self._desk.commands.offer(
                    menu, "experiment.figure", (chart, ending), f"{title} ({ending[1:].upper()})…"
                )

    def _show_cost(self, cost: str) -> None:
        self.front.cost = cost
        self.front.update()

    def _open_run(self, index: int, seed: int) -> None:
        trial = next(t for t in self._control.trials if t.variant.index == index and t.seed == seed)
        if trial.run() is not None:
            self._desk.commands.run("experiment.log", trial)

    def table(self) -> Table | None:
        """The table as it stands."""
        standing = self._control.standing
        return None if standing is None else table_of(standing.plan, standing.rows)

    # Showing

    def _on_opened(self) -> None:
        plan = self._control.plan
        if plan is None or self._control.file is None:
            return
        experiment = plan.experiment
        stem = self._control.file.name.split(".")[0]
        self.question.setText(tr(experiment.question) if experiment.question else stem)
        networks = ", ".join(dict.fromkeys(each.network.title for each in plan.variants))
        grid = " × ".join(
            f"{short(key)} {', '.join(map(plain_value, values))}" for key, values in experiment.grid.items()
        )
        seeds = ", ".join(map(str, experiment.seeds))
        budget = tr_many("{count} step", "{count:,} steps", plan.recipe.steps) if plan.recipe.steps else ""
        parts = [
            networks,
            grid,
            tr("seeds {seeds}", seeds=seeds),
            budget,
            plan.recipe.data.source,
            plan.recipe.optimizer.name,
        ]
        self.definition.setText(" · ".join(part for part in parts if part))
        self.definition.setToolTip(plain(str(self._control.file)))
        for take, button in self.takes.items():
            button.setVisible(take in ("final", "best") or experiment.measure.target is not None)
            button.setChecked(take == experiment.measure.take)
        for take in ("best",):
            self.takes[take].setEnabled(experiment.measure.curve not in OF_TEST)
        course = experiment.course
        self._desk.set_crumbs("experiments", Step(tr(course.title) if course is not None else stem))
        for part in (self.matrix, self.comparison, self.bands, self.front):
            part.show_standing(None)
        self.answer.clear()
        self.course.show_plan()
        self.results.setVisible(self.course.revealed and experiment.trained)

    def _reveal(self) -> None:
        plan = self._control.plan
        self.results.setVisible(plan is not None and plan.experiment.trained)
        self.show_standing()

    def show_standing(self) -> None:
        """Show how the experiment stands."""
        standing = self._control.standing
        if standing is None:
            return
        self.course.show_standing(standing)
        measure = standing.plan.experiment.measure
        self.answer.setText(tr(standing.answer))
        self._show_progress(standing)
        self.measured.setText(tr(measure.title))
        self.matrix.show_standing(standing)
        self.comparison.show_standing(standing)
        self.compared.setText(tr("Comparison"))
        shown = bool(standing.differences)
        for widget in (self.compared, self.comparison, self.support):
            widget.setVisible(shown)
        compared = sum(each.row.p is not None for each in standing.differences)
        test = tr(
            "A blue dot: the seeds support a difference, by a paired t-test over seeds ({level}), or Fisher's exact "
            "test where one side never gets there.",
            level=f"{LEVEL:.0%}",
        )
        many = (
            tr_many("Corrected for one comparison.", "Corrected for {count} comparisons (Holm).", compared)
            if compared > 1
            else ""
        )
        self.support.setText(f"{test} {many}".strip())
        names = {axis_name(standing.plan, row.variant): hue(standing.plan, row.variant) for row in standing.rows}
        self.legend.setText("&nbsp; ".join(
            f"<span style='color:{colour.name()}'>●</span> <span style='color:{as_text(colour).name()}'>{name}</span>"
            for name, colour in list(names.items())[:4]
        ))  # fmt: skip
        self.curve.set_text(self._control.curve)
        seeds = max((band.seeds for band in standing.bands.values()), default=0)
        self.bands_head.setText(
            tr_many("one seed so far", "mean ± deviation over {count} seeds", seeds) if seeds else ""
        )
        self.bands.curve = self._control.curve
        self.bands.show_standing(standing)
        self.front_head.setText(tr("{measure} against cost", measure=sentence(measure.title)))
        self.front.show_standing(standing)
        self.queue.show_queue()
        self._show_buttons(standing)

    def _show_progress(self, standing: Standing) -> None:
        ended, total = standing.ended, standing.total
        parts = [tr("{done} of {total} done").format(done=strong(f"{ended:,}"), total=f"{total:,}")]
        for status, text in (("running", tr("running")), ("failed", tr("failed")), ("queued", tr("queued"))):
            if count := standing.count(status):
                parts.append(f"{count:,} {text}")
        if standing.seconds_left and standing.working and ended < total:
            parts.append(tr("{time} left").format(time=duration_text(standing.seconds_left)))
        self.progress_text.setText(" · ".join(parts))
        self.progress.setRange(0, total)
        self.progress.setValue(ended)

    def _show_buttons(self, standing: Standing) -> None:
        working = standing.working
        over = standing.ended == standing.total
        self.start.setText(tr("▶ Run"))
        self.start.setVisible(not working and not over)
        self.hold.setText(tr("▶ Resume the queue") if standing.paused else tr("❚❚ Pause the queue"))
        self.hold.setVisible(working)
        self.end.setText(tr("Stopping after this step…") if self._control.stopping else tr("Stop"))
        self.end.setEnabled(not self._control.stopping)
        self.end.setVisible(working)
        self.again.setVisible(standing.count("failed") > 0)
        self._desk.commands.refresh()


def _toggles(
    owner: QWidget, row: QHBoxLayout, titles: dict[str, str], chosen: Callable[[str], object]
) -> dict[str, QPushButton]:
    group, found = QButtonGroup(owner), dict[str, QPushButton]()
    for name, title in titles.items():
        button = QPushButton(title)
        button.setCheckable(True)
        button.clicked.connect(lambda _=False, name=name: chosen(name))
        group.addButton(button)
        row.addWidget(button)
        found[name] = button
    return found


def save_chart(chart: Chart, file: Path) -> None:
    """Write a chart as a drawing or as pixels, by the file's ending. Raises `StudioError` ``file.write``."""
    size = QSize(max(480, chart.width()), max(260, chart.height()))
    area = QRect(0, 0, size.width(), size.height())
    write_atomic(file, picture_of(size, lambda painter: chart.paint(painter, area), file.suffix.lower()))
