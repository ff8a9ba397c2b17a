"""The curves of the runs that are marked, in one picture, each named by what sets it apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QSizePolicy, QSlider, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.formats import OUTLINES, endings, rows
from blockstudio.graph.files import write_atomic
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chart import Chart, Line
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import Toggles, section_title
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import as_text, theme
from blockstudio.report.table import Table, write_as
from blockstudio.runs.columns import TARGET, differing, named_by
from blockstudio.runs.curves import Floats, smooth
from blockstudio.runs.rows import Listed

SMOOTHING = 70
"""Hundredths of the past in the usual smoothing."""
STEPS_SMOOTHED = 0.995
"""The strongest smoothing."""


class CurvesPanel(QWidget):
    """Two charts with one cursor: accuracy and loss of training or validation, or one figure alone."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.rows: list[Listed] = []
        self._smoothed: dict[tuple[Path, str, int, float, bool], Floats] = {}
        self.smoothings = 0
        """Times that a curve was smoothed."""
        self.dialog: QFileDialog | None = None
        self.what = Toggles(
            {"train": tr("train"), "validation": tr("validation"), "lr": tr("learning rate"),
             "images_per_second": tr("images/s")},
            tr("What the curves show"),
        )  # fmt: skip
        self.axis = Toggles({"step": tr("steps"), "epoch": tr("epochs"), "seconds": tr("time")}, tr("Horizontal axis"))
        self.log = Toggles({"linear": tr("linear"), "log": tr("log")}, tr("Axis of the loss"))
        self.log.buttons["log"].setChecked(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(SMOOTHING)
        self.slider.setFixedWidth(90)
        self.slider.setAccessibleName(tr("Smoothing"))
        self.save = Chip(tr("Save the curves"), self._fill_save)
        self.save.set_text(tr("Save"))
        self.first, self.second = Chart(tr("Accuracy"), names=True), Chart(tr("Loss"))
        self.first_head, self.second_head = QLabel(), QLabel()
        for label in (self.first_head, self.second_head):
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setFixedHeight(26)
            # What it says under the cursor changes the width of nothing: the charts need not be drawn anew.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        smoothing = QLabel(tr("smooth"))
        smoothing.setProperty("role", "secondary")
        head.addWidget(section_title(tr("Curves")))
        head.addWidget(self.what)
        head.addStretch(1)
        for widget in (smoothing, self.slider, self.axis, self.save):
            head.addWidget(widget)
        column.addLayout(head)
        charts = QHBoxLayout()
        charts.setSpacing(24)
        self._loss = QWidget()
        for chart, label, stretch, tool in (
            (self.first, self.first_head, 540, None), (self.second, self.second_head, 356, self.log)
        ):  # fmt: skip
            box = self._loss if tool is not None else QWidget()
            inner = QVBoxLayout(box)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(2)
            line = QHBoxLayout()
            line.addWidget(label, 1)
            if tool is not None:
                line.addWidget(tool)
            inner.addLayout(line)
            inner.addWidget(chart, 1)
            charts.addWidget(box, stretch)
            chart.pointed.connect(self._point)
            chart.zoomed.connect(self._zoom)
        column.addLayout(charts, 1)
        for toggles in (self.what, self.axis, self.log):
            toggles.changed.connect(lambda _: self._turn())
        self.slider.valueChanged.connect(lambda _: self.refresh())

    @property
    def weight(self) -> float:
        """Of the past in the smoothing."""
        return float(STEPS_SMOOTHED * (self.slider.value() / 100) ** 0.25)

    def _turn(self) -> None:
        self._zoom(None)
        self.refresh()

    def show_rows(self, listed: Sequence[Listed]) -> None:
        """Show the curves of other runs, in the order of their colours."""
        if [row.directory for row in listed] != [row.directory for row in self.rows]:
            known = {row.directory for row in listed}
            self._smoothed = {key: each for key, each in self._smoothed.items() if key[0] in known}
            self.first.show_view(None)
            self.second.show_view(None)
        self.rows = list(listed)
        self.refresh()

    def names(self) -> list[str]:
        """What sets each apart, else what it is called."""
        columns = differing(self.rows)
        found = [named_by(row, columns) for row in self.rows]
        return [
            name if name and found.count(name) == 1 else row.name for name, row in zip(found, self.rows, strict=True)
        ]

    def refresh(self) -> None:
        """Draw what is there now."""
        what = self.what.value
        paired = what in ("train", "validation")
        self._loss.setVisible(paired)
        first, second = {
            "train": ("accuracy", "loss"), "validation": ("validation_accuracy", "validation_loss")
        }.get(what, (what, ""))  # fmt: skip
        axis = self.axis.value
        unit = {"step": tr("steps"), "epoch": tr("epochs"), "seconds": tr("s")}[axis]
        empty = tr("Nothing was measured yet.") if self.rows else tr("Mark up to six runs to see their curves.")
        names = self.names()
        self.first.show_lines(self._lines(first, names, False), unit=unit, share=paired,
                              target=TARGET if paired else None, empty=empty)  # fmt: skip
        if paired:
            log = self.log.value == "log"
            self.second.show_lines(self._lines(second, names, log), unit=unit, log=log, empty=empty)
        self._tell(self.first.cursor_x)

    def _lines(self, figure: str, names: Sequence[str], log: bool) -> list[Line]:
        lines = []
        for place, (row, name) in enumerate(zip(self.rows, names, strict=True)):
            columns = row.curves.epochs if figure.startswith("validation") else row.curves.steps
            x, y = columns.known(figure, "seconds" if self.axis.value == "seconds" else "step")
            if self.axis.value == "epoch":
                x = x / max(1.0, float(row.curves.started.get("steps_per_epoch") or 1))
            if log:
                there = y > 0
                x, y = (x, y) if there.all() else (x[there], y[there])
            smoothed = figure in ("accuracy", "loss") and self.slider.value() > 0
            shown = self._smooth(row, figure, y, log) if smoothed else y
            ring = None
            if figure in ("accuracy", "validation_accuracy"):
                reached = np.flatnonzero(shown >= TARGET)
                ring = float(x[reached[0]]) if reached.size else None
            lines.append(Line(name, _colour(place), x, y, shown, ring))
        return lines

    def _smooth(self, row: Listed, figure: str, values: Floats, log: bool) -> Floats:
        key = (row.directory, figure, values.size, self.weight, log)
        if key not in self._smoothed:
            self.smoothings += 1
            if len(self._smoothed) > 64:
                self._smoothed.clear()
            self._smoothed[key] = smooth(values, self.weight, log=log)
        return self._smoothed[key]

    # The cursor, the view

    def _point(self, x: float | None) -> None:
        for chart in (self.first, self.second):
            chart.show_cursor(x)
        self._tell(x)

    def _zoom(self, view: tuple[float, float] | None) -> None:
        for chart in (self.first, self.second):
            chart.show_view(view)

    def _tell(self, x: float | None) -> None:
        """The titles, with what the lines say under the cursor."""
        what = self.what.value
        titles = (tr("Accuracy"), tr("Loss")) if what in ("train", "validation") else (
            self.what.buttons[what].text(), "")  # fmt: skip
        for label, chart, title in (
            (self.first_head, self.first, titles[0]),
            (self.second_head, self.second, titles[1]),
        ):
            head = f"<span style='font-weight:600'>{title}</span>"
            if x is not None and chart.lines:
                read = [
                    f"<span style='color:{as_text(line.colour).name()}'>{_value(value, chart.share)}</span>"
                    for line, value in chart.values_at(x)
                    if value is not None
                ]
                quiet = theme().secondary.name()
                at = f"{x:,.0f}" if x >= 10 else f"{x:.2g}"
                head += f" &nbsp; <span style='color:{quiet}'>{chart.unit} {at}</span> &nbsp; {' · '.join(read)}"
            label.setText(head)

    # Files

    def _fill_save(self, menu: QMenu) -> None:
        pictures = {bytes(each.data()).decode() for each in QImageWriter.supportedImageFormats()}
        offered = [form for form in rows("figure") if form.ending == OUTLINES or form.ending[1:] in pictures]
        for form in (*offered, *rows("table")):
            ending = form.ending
            text = tr("Save as {form}…", form=form.title)
            action = self._desk.commands.offer(menu, "runs.save_curves", ending, text)
            action.setEnabled(bool(self.first.lines or self.second.lines))

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
        """Write the curves to a ``.png``, ``.svg`` or ``.csv``; what goes wrong is told."""
        charts = [chart for chart in (self.first, self.second) if chart.lines and not chart.isHidden()]
        size = QSize(sum(chart.width() for chart in charts), max((chart.height() for chart in charts), default=10))
        try:
            if file.suffix.lower() in endings("table"):
                write_atomic(file, (write_as(self._points(charts), file.suffix.lower()) + "\n").encode())
            elif file.suffix.lower() == OUTLINES:
                generator = QSvgGenerator()
                generator.setFileName(str(file))
                generator.setSize(size)
                generator.setViewBox(self.rect().__class__(0, 0, size.width(), size.height()))
                self._paint(QPainter(generator), charts)
            else:
                image = QImage(size * 2, QImage.Format.Format_RGB32)
                image.setDevicePixelRatio(2)
                image.fill(theme().panel)
                self._paint(QPainter(image), charts)
                if not image.save(str(file)):
                    raise StudioError("file.write", tr("it cannot be written."), where=str(file))
        except (StudioError, OSError) as error:
            self._desk.say(str(error), "problem")
            return
        self._desk.say_written(file, tr("{file}: the curves.", file=file.name))

    def _paint(self, painter: QPainter, charts: Sequence[Chart]) -> None:
        x = 0
        for chart in charts:
            painter.save()
            painter.translate(x, 0)
            chart.draw(painter)
            painter.restore()
            x += chart.width()
        painter.end()

    def _points(self, charts: Sequence[Chart]) -> Table:
        cells = [
            (chart.accessibleName(), line.name, f"{x:g}", f"{y:g}", f"{smoothed:g}")
            for chart in charts
            for line in chart.lines
            for x, y, smoothed in zip(line.x.tolist(), line.y.tolist(), line.smooth.tolist(), strict=True)
        ]
        unit = charts[0].unit if charts else ""
        return Table([tr("figure"), tr("run"), unit, tr("value"), tr("smoothed")], cells, right="  rrr")


def _colour(place: int) -> QColor:
    series = theme().series
    return series[place % len(series)]


def _value(value: float, share: bool) -> str:
    return f"{100 * value:.1f} %" if share else f"{value:.3g}"
