"""The right column of the data page: mean and deviation, the split, sizes, files to be looked at."""

from __future__ import annotations

import os

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.gui.data.grid import part_colours
from blockstudio.gui.data.survey import PARTS, Known, SurveyControl
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.fields import ValueField, step_number
from blockstudio.gui.kit.page import section_title
from blockstudio.gui.kit.parts import Elided, clear, link, quiet
from blockstudio.gui.kit.text import plain, sentence, tr, tr_many
from blockstudio.gui.kit.theme import font, mix, notifier, theme
from blockstudio.runs.recipe import read_value
from blockstudio.text import from_data

WIDTH = 344
NAMED = 9
"""Files that are named before *more*."""
MARKS = {"broken": "problem", "no image": "secondary", "odd": "warning", "duplicate": "warning"}

REASON = 210
"""Pixels for what is wrong with a file."""


class Histogram(QWidget):
    """How often each value stands in the images, height on a log scale, with mean ± deviation under it."""

    def __init__(self) -> None:
        super().__init__()
        self.bins: list[int] = []
        self.mean = self.std = 0.0
        self.setFixedHeight(66)
        notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        import math

        painter = QPainter(self)
        colours = theme()
        most = max(self.bins, default=0)
        if not most:
            return
        wide, floor = self.width(), 46
        colour = mix(colours.series[0], colours.panel, 0.25)
        for place, count in enumerate(self.bins):
            tall = floor * math.log1p(count) / math.log1p(most)
            left = wide * place / len(self.bins)
            painter.fillRect(QRectF(left, floor - tall, wide / len(self.bins) - 1, tall), colour)
        at = wide * self.mean
        painter.setPen(colours.text)
        painter.drawLine(round(at), 0, round(at), floor + 3)
        left, right = max(0.0, at - wide * self.std), min(wide - 1.0, at + wide * self.std)
        painter.drawLine(round(left), floor + 3, round(right), floor + 3)
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        row = QRectF(0, floor + 5, wide, 15)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, "1")
        painter.drawText(row, Qt.AlignmentFlag.AlignHCenter, tr("mean ± deviation"))


class SplitBar(QWidget):
    """The shares of the parts."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[int] = []
        self.setFixedHeight(14)
        notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        whole, left = sum(self.parts), 0.0
        for count, colour in zip(self.parts, part_colours(), strict=False):
            width = self.width() * count / whole if whole else 0
            painter.fillRect(QRectF(left, 0, max(0.0, width - 1), 14), colour)
            left += width


class Side(QWidget):
    """See the module's text."""

    def __init__(self, desk: Desk, control: SurveyControl) -> None:
        super().__init__()
        self._desk, self._control = desk, control
        self.setFixedWidth(WIDTH)
        self._all = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(section_title(tr("Mean and deviation")))
        self._figures = QGridLayout()
        self._figures.setVerticalSpacing(6)
        self._figures.setColumnStretch(0, 1)
        column.addLayout(self._figures)
        self.histogram = Histogram()
        column.addWidget(self.histogram)
        self._measured = quiet()
        column.addWidget(self._measured)
        column.addSpacing(14)
        column.addLayout(self._split())
        column.addSpacing(14)
        self._sizes_head = quiet(wrap=False)
        column.addLayout(_head(section_title(tr("Sizes")), self._sizes_head))
        self._sizes = QGridLayout()
        self._sizes.setColumnStretch(0, 1)
        column.addLayout(self._sizes)
        column.addSpacing(14)
        self._files_head = quiet(wrap=False)
        column.addLayout(_head(section_title(tr("To be looked at")), self._files_head))
        self._files = QVBoxLayout()
        self._files.setSpacing(3)
        column.addLayout(self._files)
        self._shown: object = None
        column.addStretch(1)
        control.changed.connect(self.show_known)
        desk.session.recipe.changed.connect(self._show_fields)
        self._show_fields()

    def _split(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(5)
        self._held = quiet(wrap=False)
        column.addLayout(_head(section_title(tr("Split")), self._held))
        self.bar = SplitBar()
        column.addWidget(self.bar)
        grid = QGridLayout()
        grid.setColumnStretch(0, 1)
        grid.setVerticalSpacing(4)
        self.fields: dict[str, ValueField] = {}
        self._parts: dict[str, QLabel] = {}
        rows = (("train", tr("train"), ""), ("validation", tr("validation"), "data.validation"),
                ("test", tr("test"), "data.test"), ("seed", tr("seed"), "data.split"))  # fmt: skip
        for row, (name, title, path) in enumerate(rows):
            grid.addWidget(QLabel(title), row, 0)
            if path:
                grid.addWidget(self._field(path, title), row, 1)
            if name != "seed":
                figure = self._parts[name] = QLabel()
                figure.setFont(font(12, bold=True))
                figure.setMinimumWidth(64)
                figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(figure, row, 2, Qt.AlignmentFlag.AlignRight)
        column.addLayout(grid)
        self._test_note = quiet()
        column.addWidget(self._test_note)
        return column

    def _field(self, path: str, title: str) -> ValueField:
        def check(text: str) -> str:
            read_value(path, _typed(path, text))
            return ""

        field = ValueField(check)
        field.setFixedWidth(66)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setAccessibleName(title)
        if path == "data.split":
            field.step = step_number
        field.committed.connect(lambda text: self._desk.session.recipe.set_fields({path: _typed(path, text)}))
        self.fields[path] = field
        return field

    def _show_fields(self) -> None:
        data = self._control.recipe.data
        self.fields["data.validation"].set_value(f"{data.validation * 100:g} %")
        self.fields["data.test"].set_value(f"{data.test * 100:g} %")
        self.fields["data.split"].set_value(str(data.split))

    def show_known(self) -> None:
        """Show what is known by now."""
        known = self._control.known
        self._show_statistics(known)
        self._show_split(known)
        self._show_sizes(known)
        ended = bool(known.checked) and known.checked["done"] == known.checked["total"]
        shown = (len(known.files), ended, self._all, self._control.recipe.data.damaged, id(known))
        if shown != self._shown:
            self._shown = shown
            self._show_files(known)

    def _show_statistics(self, known: Known) -> None:
        clear(self._figures)
        stored, seen = (_one_if_alike(found.get(key, [])) for found, key in ((known.checked, "statistics"),
                                                                              (known.seen, "seen")))  # fmt: skip
        names = [tr("grey")] if len(stored) == 1 else [tr("red"), tr("green"), tr("blue")]
        _row(self._figures, 0, ("" if not stored else names[0] if len(stored) == 1 else tr("channel"), tr("mean"),
                                tr("deviation")), head=True)  # fmt: skip
        row = 1
        for title, figures in ((tr("stored, 0 … 1"), stored), (tr("as the network sees it"), seen)):
            for place, each in enumerate(figures):
                name = title if len(figures) == 1 else f"{title}, {names[place % 3]}"
                digits = 3 if figures is stored else 2
                texts = (name, *(f"{each[key]:z.{digits}f}".replace("-", "−") for key in ("mean", "std")))
                _row(self._figures, row, texts)
                row += 1
        if stored:
            self.histogram.mean = sum(each["mean"] for each in stored) / len(stored)
            self.histogram.std = sum(each["std"] for each in stored) / len(stored)
        self.histogram.bins = known.checked.get("histogram", [])
        self.histogram.update()
        count = known.checked.get("images_measured", 0)
        self._measured.setText(
            tr_many("Values of {count} training image, height on a log scale.",
                    "Values of {count:,} training images, height on a log scale.", count) if count else ""
        )  # fmt: skip

    def _show_split(self, known: Known) -> None:
        parts = [sum(known.counts.get(part, [])) for part in PARTS]
        self.bar.parts = parts
        self.bar.update()
        for name, count in zip(PARTS, parts, strict=True):
            self._parts[name].setText(f"{count:,}" if known.counts else "")
        self._held.setText(tr("by class, by seed") if known.held else tr("as the set has it"))
        self.fields["data.test"].setEnabled(known.held)
        self._test_note.setText(tr("The test images are looked at once, at a run's end. None is shown here."))

    def _show_sizes(self, known: Known) -> None:
        clear(self._sizes)
        sizes = known.checked.get("sizes", [])
        for row, (width, height, count) in enumerate(sizes[:4]):
            text = f"{height}×{width}"
            if known.shape and (height * known.shape[2] != width * known.shape[1]):
                how = self._control.recipe.data.resize
                text += " · " + (tr("cut by resize: crop") if how == "crop" else tr("stretched by resize: fit"))
            _row(self._sizes, row, (text, f"{count:,}"))
        more = known.checked.get("size_count", 0) - len(sizes[:4])
        self._sizes_head.setText(tr_many("{count} size more", "{count:,} sizes more", more) if more > 0 else "")

    def _show_files(self, known: Known) -> None:
        clear(self._files)
        counts = known.checked.get("counts", {})
        total = sum(counts.values())
        self._files_head.setText(tr_many("{count} file", "{count:,} files", total) if total else "")
        if not total:
            done = known.checked and known.checked["done"] == known.checked["total"]
            self._files.addWidget(quiet(tr("Nothing is wrong with any file.") if done else ""))
            return
        order = sorted(known.files, key=lambda file: list(MARKS).index(file["kind"]))
        for file in order[: len(known.files) if self._all else NAMED]:
            self._files.addWidget(_FileRow(file))
        if counts.get("broken"):
            self._files.addWidget(self._damaged(counts["broken"]))
        row = QHBoxLayout()
        row.setSpacing(14)
        more = len(known.files) - NAMED
        if more > 0 and not self._all:
            row.addWidget(link(tr("{count:,} more", count=more), self._show_all))
        if known.root and os.path.isdir(known.root):
            row.addWidget(self._desk.commands.link(tr("Open the folder"), "data.open_folder"))
        row.addWidget(self._desk.commands.link(tr("Check again"), "data.check"))
        row.addStretch(1)
        self._files.addLayout(row)

    def _damaged(self, count: int) -> QWidget:
        """What becomes of broken files in a run, and the other choice."""
        skips = self._control.recipe.data.damaged == "skip"
        says = (
            tr("Training goes on without broken files.") if skips else tr("Training refuses a set with broken files.")
        )
        value, title = ("refuse", tr("refuse them")) if skips else ("skip", tr("leave them out"))
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(quiet(says, wrap=False))
        row.addWidget(self._desk.commands.link(title, "data.damaged", value))
        row.addStretch(1)
        return holder

    def _show_all(self) -> None:
        self._all = True
        self.show_known()


class _FileRow(QWidget):
    """A file and what is wrong with it; a dot whose colour is told in words, too."""

    def __init__(self, file: dict[str, str]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        dot = QLabel("●")
        dot.setProperty("role", MARKS[file["kind"]])
        dot.setFont(font(9))
        name = Elided()
        name.setText(file["name"])
        reason = sentence(from_data(file["reason"]))
        says = Elided()
        says.setText(reason[:1].lower() + reason[1:])
        says.setFixedWidth(min(REASON, says.fontMetrics().horizontalAdvance(says.text()) + 2))
        row.addWidget(dot)
        row.addWidget(name, 1)
        row.addWidget(says)
        self.setToolTip(plain(f"{file['path'] or file['name']}\n{reason}"))


def _one_if_alike(channels: list[dict[str, float]]) -> list[dict[str, float]]:
    """Grey images in colour have the same figures three times."""
    alike = all(abs(each[key] - channels[0][key]) < 5e-4 for each in channels for key in each)
    return channels[:1] if alike else channels


def _head(title: QLabel, more: QLabel) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(title)
    row.addStretch(1)
    row.addWidget(more)
    return row


def _row(grid: QGridLayout, row: int, texts: tuple[str, ...], head: bool = False) -> None:
    for column, text in enumerate(texts):
        label = quiet(text, wrap=False) if head else QLabel(text)
        if column and not head:
            label.setFont(font(12, bold=True))
        align = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        grid.addWidget(label, row, column, align | Qt.AlignmentFlag.AlignVCenter)


def _typed(path: str, text: str) -> object:
    """What was typed in a field: shares are written in per cent."""
    if path == "data.split":
        return text
    try:
        return float(text.replace("%", "").strip()) / 100
    except ValueError:
        raise StudioError("recipe.value", tr("expected a share in per cent, as 10 %.")) from None
