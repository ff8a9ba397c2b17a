"""The curves of runs: two charts with one cursor, what they show and how, and files of them. The page under the drawing
and that of all runs have the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImageWriter, QPainter, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.formats import OUTLINES, endings, rows
from blockstudio.graph.files import write_atomic
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chart import Chart
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import Switch, Toggles
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.pictures import picture_of
from blockstudio.gui.kit.plotting import Line, number_text, value_text
from blockstudio.gui.kit.slider import Slider
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import as_text, theme
from blockstudio.gui.work.worker import Work
from blockstudio.report.table import Table, write_as
from blockstudio.runs.columns import TARGET
from blockstudio.runs.curves import Curves, Floats, smooth, together
from blockstudio.runs.run_curves import Part, RunCurve, curve_of, curves_in

SMOOTHING = 70
"""Hundredths of the past in the usual smoothing."""
STRONGEST = 0.995
"""The strongest smoothing."""
GROUPS = 4000
"""Points from twice of which neighbours are taken together before they are smoothed: no screen tells the difference."""
KEPT = 64
"""Smoothed curves that are remembered."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A run whose curves are shown."""

    key: Path
    name: str
    """What sets it apart."""
    colour: QColor
    curves: Curves
    ahead: bool = False
    """It is at work: the axis shows how far it has to go."""


class CurveChart(QWidget):
    """A chart under its title, which chooses the figure."""

    def __init__(self, figure: str, picked: Callable[[], object]) -> None:
        """``picked`` is called when another figure was chosen."""
        super().__init__()
        self.figure, self._picked = figure, picked
        self.chart = Chart("")
        self.title = Chip(tr("What the chart shows"), self._fill)
        self.title.setProperty("role", "title")
        self.head = QLabel()
        self.head.setTextFormat(Qt.TextFormat.RichText)
        # What it says under the cursor changes the width of nothing: the charts need not be drawn anew.
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.head.setFixedHeight(24)
        self._said, self._whole = "", False
        self.offered: list[RunCurve] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.title)
        line.addWidget(self.head, 1)
        column.addLayout(line)
        column.addWidget(self.chart, 1)

    def _fill(self, menu: QMenu) -> None:
        for figure in self.offered:
            action = menu.addAction(tr(figure.title))
            action.setCheckable(True)
            action.setChecked(figure.key == self.figure)
            action.triggered.connect(lambda _=False, key=figure.key: self.pick(key))

    def say(self, text: str, *, whole: bool = False) -> None:
        """Beside the title; ``whole``: nothing where there is no room for all of it."""
        self._said, self._whole = text, whole
        self._fit()

    def _fit(self) -> None:
        self.head.setText(self._said)
        if self._whole and self.head.sizeHint().width() > self.head.width():
            self.head.setText("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._whole:
            self._fit()

    def pick(self, key: str) -> None:
        """Show another figure."""
        self.figure = key
        self._picked()


class CurvesPanel(QWidget):
    """Two charts. `tools` belong beside or above them, wherever there is room."""

    def __init__(self, desk: Desk, save: str, figures: tuple[str, str], *, part: str, names: bool) -> None:
        """
        Args:
            desk: To say things on.
            save: The command behind *Save*, whose value is an ending of a file.
            figures: What the charts show at first.
            part: ``"train"``, ``"validation"`` or ``"both"``, at first.
            names: Name a line even where it is alone.
        """
        super().__init__()
        self._desk, self._save, self._names = desk, save, names
        self.subjects: list[Subject] = []
        self.nothing = ""
        """Said where no run is shown."""
        self._smoothed: dict[tuple[Path, str, int, float, bool], Floats] = {}
        self.smoothings = 0
        """Times that a curve was smoothed."""
        self._work = Work(self)
        self.dialog: QFileDialog | None = None
        self.first, self.second = (CurveChart(figure, self.refresh) for figure in figures)
        self.charts = (self.first, self.second)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(24)
        for each, stretch in zip(self.charts, (540, 400), strict=True):
            each.chart.pointed.connect(self._point)
            each.chart.zoomed.connect(self.show_view)
            line.addWidget(each, stretch if names else 1)
        self.tools = self._make_tools(part)

    def _make_tools(self, part: str) -> QWidget:
        self.part = Toggles(
            {"train": tr("train"), "validation": tr("validation"), "both": tr("both")}, tr("Images that are measured")
        )
        self.part.buttons[part].setChecked(True)
        self.axis = Toggles({"step": tr("steps"), "epoch": tr("epochs"), "seconds": tr("time")}, tr("Horizontal axis"))
        self.log = Switch(tr("log y"), tr("Logarithmic vertical axis"))
        self.log.setChecked(True)
        self.log_x = Switch(tr("log x"), tr("Logarithmic horizontal axis"))
        self.slider = Slider()
        self.slider.setRange(0, 100)
        self.slider.setValue(SMOOTHING)
        self.slider.setFixedWidth(60)
        self.slider.setAccessibleName(tr("Smoothing"))
        self.save = Chip(tr("Save the curves"), self._fill_save)
        self.save.set_text(tr("Save"))
        tools = QWidget()
        line = QHBoxLayout(tools)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        for widget in (
            self.part, quiet(tr("smooth"), wrap=False), self.slider, self.log, self.log_x, self.axis, self.save
        ):  # fmt: skip
            line.addWidget(widget)
        for toggles in (self.part, self.axis):
            toggles.changed.connect(lambda _: self._turn())
        self.log.toggled.connect(lambda _: self.refresh())
        self.log_x.toggled.connect(lambda _: self._turn())
        self.slider.valueChanged.connect(lambda _: self.refresh())
        return tools

    @property
    def weight(self) -> float:
        """Of the past in the smoothing."""
        return float(STRONGEST * (self.slider.value() / 100) ** 0.25)

    def _turn(self) -> None:
        self.show_view(None)
        self.refresh()

    def show_subjects(self, subjects: Sequence[Subject]) -> None:
        """Show the curves of other runs, from the lowest to the topmost, or what is new of the same ones."""
        if [each.key for each in subjects] != [each.key for each in self.subjects]:
            known = {each.key for each in subjects}
            self._smoothed = {key: each for key, each in self._smoothed.items() if key[0] in known}
            self.show_view(None)
        self.subjects = list(subjects)
        self.refresh()

    def refresh(self) -> None:
        """Draw what is there now."""
        offered = curves_in([each.curves for each in self.subjects])
        axis = self.axis.value
        unit = {"step": tr("steps"), "epoch": tr("epochs"), "seconds": tr("s")}[axis]
        for each in self.charts:
            figure = curve_of(each.figure)
            each.offered = offered or [figure]
            each.title.set_text(tr(figure.title))
            each.chart.setAccessibleName(tr(figure.title))
            each.chart.names = each is self.first and (self._names or len(self.subjects) > 1)
            empty = self.nothing if not self.subjects else tr("Nothing was measured yet.")
            log = self.log.isChecked() and figure.kind != "share"
            each.chart.show_lines(
                self._lines(figure, log), unit=unit, log=log, log_x=self.log_x.isChecked(), kind=figure.kind,
                target=TARGET if figure.target and self._names else None, end=self._end(axis), empty=empty,
            )  # fmt: skip
        self.part.setVisible(any(curve_of(each.figure).validation for each in self.charts))
        self._tell(self.first.chart.cursor_x)

    def _end(self, axis: str) -> float | None:
        """How far the runs that are at work have to go."""
        name = {"step": "steps", "epoch": "epochs"}.get(axis, "")
        ends = [each.curves.started.get(name) for each in self.subjects if each.ahead]
        known = [float(end) for end in ends if isinstance(end, int)]
        return max(known) if known else None

    def _lines(self, figure: RunCurve, log: bool) -> list[Line]:
        chosen = self.part.value
        parts: list[Part] = ["train", "validation"] if chosen == "both" else ["validation"]
        if chosen == "train" or not figure.validation:
            parts = ["train"]
        lines, alone = [], len(self.subjects) == 1
        for each in self.subjects:
            for part in parts:
                x, y = figure.values(each.curves, part, self.axis.value)
                if log:
                    there = y > 0
                    x, y = (x, y) if there.all() else (x[there], y[there])
                if not x.size:
                    continue
                second = part == "validation" and len(parts) > 1
                at, shown = x, y
                if part == "train" and figure.noisy and self.slider.value() > 0:
                    at, shown = self._smooth(each, figure.train, x, y, log)
                ring = None
                if figure.target and self._names and not second:
                    reached = np.flatnonzero(shown >= TARGET)
                    ring = float(at[reached[0]]) if reached.size else None
                colour = theme().series[1] if second and alone else each.colour
                name = "" if second and not alone else each.name if not (second and alone) else tr("validation")
                lines.append(Line(name, colour, x, y, shown, ring, None if at is x else at, second and not alone))
        return lines

    def _smooth(self, each: Subject, column: str, x: Floats, y: Floats, log: bool) -> tuple[Floats, Floats]:
        """Places and values of the smoothed curve."""
        size = max(1, x.size // GROUPS)
        key = (each.key, column, y.size, self.weight, log)
        if key not in self._smoothed:
            self.smoothings += 1
            if len(self._smoothed) >= KEPT:
                self._smoothed.clear()
            self._smoothed[key] = smooth(together(y, size), self.weight**size, log=log)
        return (x if size == 1 else together(x, size)), self._smoothed[key]

    # The cursor, the view

    def _point(self, x: float | None) -> None:
        for each in self.charts:
            each.chart.show_cursor(x)
        self._tell(x)

    def show_view(self, view: tuple[float, float] | None) -> None:
        """Show a part of the horizontal axis, ``None`` all of it."""
        for each in self.charts:
            each.chart.show_view(view)

    def _tell(self, x: float | None) -> None:
        """Beside the titles: what the colours mean, and what the lines say under the cursor."""
        quiet_colour = theme().secondary.name()
        for each in self.charts:
            chart, said, legend = each.chart, "", False
            values = chart.values_at(x) if x is not None and chart.lines else []
            read = [_in(line.colour, value_text(value, chart.kind)) for line, value in values if value is not None]
            if x is not None and read:
                where = {"step": tr("step {x}"), "epoch": tr("epoch {x}"), "seconds": tr("{x} s")}[self.axis.value]
                at = f"<span style='color:{quiet_colour}'>{where.format(x=number_text(x))}</span>"
                said = f"{at} &nbsp; {' · '.join(read)}"
            elif len(self.subjects) == 1 and len(chart.lines) == 2:
                parts = zip(chart.lines, (tr("train"), tr("validation")), strict=True)
                said, legend = " · ".join(_in(line.colour, name) for line, name in parts), True
            each.say(said, whole=legend)

    # Files

    def _fill_save(self, menu: QMenu) -> None:
        pictures = {bytes(each.data()).decode() for each in QImageWriter.supportedImageFormats()}
        offered = [form for form in rows("figure") if form.ending == OUTLINES or form.ending[1:] in pictures]
        for form in (*offered, *rows("table")):
            text = tr("Save as {form}…", form=form.title)
            action = self._desk.commands.offer(menu, self._save, form.ending, text)
            action.setEnabled(any(each.chart.lines for each in self.charts))

    def ask(self, ending: str) -> None:
        """Ask for the file into which the curves go."""
        if self.dialog is not None:
            self.dialog.deleteLater()
        dialog = self.dialog = QFileDialog(
            self._desk.window, tr("Save the curves"), str(Path.home() / f"curves{ending}")
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending[1:])
        dialog.fileSelected.connect(lambda name: self.save_as(Path(name)))
        dialog.open()

    def save_as(self, file: Path) -> None:
        """Write the curves into a picture, outlines or a table; what goes wrong is told. A table may have millions of
        rows: it is written in a worker."""
        charts = [each for each in self.charts if each.chart.lines]
        if file.suffix.lower() in endings("table"):
            table = [(tr(curve_of(each.figure).title), each.chart.lines) for each in charts]
            unit = charts[0].chart.unit if charts else ""
            self._work.run(lambda: _write_table(file, table, unit), lambda _: self._written(file), self._refused)
            return
        try:
            self._draw_into(file, charts)
        except (StudioError, OSError) as error:
            self._refused(error)
            return
        self._written(file)

    def _draw_into(self, file: Path, charts: Sequence[CurveChart]) -> None:
        size = QSize(sum(each.width() for each in charts), max((each.height() for each in charts), default=10))
        write_atomic(file, picture_of(size, lambda painter: self._paint(painter, charts), file.suffix.lower()))

    def _written(self, file: Path) -> None:
        self._desk.say_written(file, tr("{file}: the curves.", file=file.name))

    def _refused(self, error: StudioError | OSError) -> None:
        self._desk.say(str(error), "problem")

    def _paint(self, painter: QPainter, charts: Sequence[CurveChart]) -> None:
        x = 0
        for each in charts:
            painter.save()
            painter.translate(x, 0)
            painter.setPen(theme().text)
            painter.drawText(QRect(4, 0, each.width(), 24), Qt.AlignmentFlag.AlignVCenter,
                             tr(curve_of(each.figure).title))  # fmt: skip
            painter.translate(0, each.height() - each.chart.height())
            each.chart.draw(painter)
            painter.restore()
            x += each.width()

    def stop(self) -> None:
        """The window closes."""
        self._work.cancel()


def _write_table(file: Path, charts: Sequence[tuple[str, Sequence[Line]]], unit: str) -> None:
    cells = [
        (title, line.name, f"{x:g}", f"{y:g}", f"{smoothed:g}")
        for title, lines in charts
        for line in lines
        for x, y, smoothed in zip(
            line.x.tolist(), line.y.tolist(), np.interp(line.x, line.at, line.smooth).tolist(), strict=True
        )
    ]
    table = Table([tr("figure"), tr("run"), unit, tr("value"), tr("smoothed")], cells, right="  rrr")
    write_atomic(file, (write_as(table, file.suffix.lower()) + "\n").encode())


def _in(colour: QColor, text: str) -> str:
    return f"<span style='color:{as_text(colour).name()}'>{text}</span>"
