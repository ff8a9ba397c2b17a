"""The page of one run's results. It opens from the file that the run keeps; what is not there a child process makes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from blockstudio.answers import Answer
from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Step
from blockstudio.gui.document.table_chip import TableChip
from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import Empty, PageHead, Toggles, image_of, out_of_field, page_column, section_title
from blockstudio.gui.kit.parts import duration_text, link, quiet, strong
from blockstudio.gui.kit.text import sentence, tr, tr_many
from blockstudio.gui.kit.theme import notifier, theme
from blockstudio.gui.kit.tiles import Tile, TileGrid
from blockstudio.gui.results import SCREEN
from blockstudio.gui.results.classes import ByClass, HowSure
from blockstudio.gui.results.matrix import Matrix
from blockstudio.gui.results.trying import TryImage
from blockstudio.gui.work.child import Child
from blockstudio.report.results import class_table
from blockstudio.report.table import Table
from blockstudio.runs import Run
from blockstudio.runs.label import read_label
from blockstudio.runs.predictions import PARTS, Order, Part, Predictions, Which, kept, path_of, read_predictions
from blockstudio.text import say

ASK = "laboratory.run"
PART_NAMES = {"test": say("test set"), "validation": say("validation set"), "train": say("training set")}
WHICH_NAMES = {"last": say("last weights"), "best": say("best weights")}
IN_CELL = 42
"""Pictures of a cell that are shown at once."""
WORST = 10


class ResultsPage(QWidget):
    """See the module's text. Escape leads back to the runs."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.directory: Path | None = None
        self.found: Predictions | None = None
        self.part: Part = "test"
        self.which: Which = "last"
        self._all_of_cell = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.child = Child(self)
        self.child.done.connect(self._made)
        self.child.progressed.connect(self._progress)
        column = page_column(self)
        column.addLayout(self._head())
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setFixedHeight(6)
        self.bar.setTextVisible(False)
        self.bar.hide()
        column.addWidget(self.bar)
        self.empty = Empty()
        column.addWidget(self.empty, 1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidget(self._body())
        column.addWidget(self.area, 1)
        notifier.changed.connect(self._recolour)

    def _head(self) -> PageHead:
        head = PageHead(tr("Results"))
        self.about = quiet("", wrap=False)
        head.add(self.about)
        self.part_chip = Chip(tr("Images"), self._fill_parts)
        self.which_chip = Chip(tr("Weights"), self._fill_which)
        self.cancel = link(tr("Cancel"), self._cancel)
        self.cancel.hide()
        self.why = link(tr("Ask it why"), lambda: self._desk.commands.run(ASK, self.directory))
        self.why.setVisible(ASK in self._desk.commands.declared)  # The laboratory is another feature.
        head.add_tools(self.cancel, self.part_chip, self.which_chip, link(tr("Evaluate again"), self.make), self.why,
                       self._desk.commands.link(tr("Back to the runs"), "page.runs"))  # fmt: skip
        return head

    def _body(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(18)
        self.figures = QLabel()
        self.figures.setTextFormat(Qt.TextFormat.RichText)
        column.addWidget(self.figures)
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for line in (upper, lower):
            line.setSpacing(40)
            column.addLayout(line)
        left, middle, right = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for each in (left, middle, right):
            each.setSpacing(6)
        head = QHBoxLayout()
        kinds = {"counts": tr("counts"), "class": tr("share of the class"), "answers": tr("share of the answers")}
        self.kind = Toggles(kinds, tr("What the matrix shows"))
        head.addWidget(section_title(tr("Confusion")))
        head.addStretch(1)
        head.addWidget(self.kind)
        left.addLayout(head)
        self.matrix = Matrix()
        self.kind.changed.connect(self.matrix.show_kind)
        self.matrix.chosen.connect(self._show_cell)
        left.addWidget(self.matrix)
        left.addStretch(1)
        self.cell_title, self.cell_count = section_title(""), quiet("", wrap=False)
        head = QHBoxLayout()
        head.addWidget(self.cell_title, 1)
        head.addWidget(self.cell_count)
        middle.addLayout(head)
        self.pictures = TileGrid(tr("Pictures of the cell"), 58)
        middle.addWidget(self.pictures)
        self.more = link("", self._show_more)
        middle.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        middle.addStretch(1)
        head = QHBoxLayout()
        head.addWidget(section_title(tr("By class")))
        head.addStretch(1)
        head.addWidget(TableChip(self._desk, tr("figures by class"), "classes", self._table))
        right.addLayout(head)
        self.by_class = ByClass()
        self.by_class.chosen.connect(lambda index: self.matrix.choose(index, index))
        right.addWidget(self.by_class)
        right.addSpacing(12)
        self.sure_title = QLabel()
        self.sure_title.setTextFormat(Qt.TextFormat.RichText)
        head = QHBoxLayout()
        head.addWidget(section_title(tr("How sure, how right")))
        head.addStretch(1)
        head.addWidget(self.sure_title)
        right.addLayout(head)
        self.how_sure = HowSure()
        right.addWidget(self.how_sure)
        right.addStretch(1)
        upper.addLayout(left, 0)
        upper.addLayout(middle, 1)
        upper.addLayout(right, 1)
        worst = QVBoxLayout()
        worst.setSpacing(6)
        head = QHBoxLayout()
        self.order = Toggles({"surest": tr("surest"), "loss": tr("highest loss"), "nearly": tr("nearly right")},
                             tr("Which mistakes"))  # fmt: skip
        self.order.changed.connect(lambda _: self._show_worst())
        self.worst_text = quiet("", wrap=False)
        head.addWidget(section_title(tr("Worst mistakes")))
        head.addWidget(self.order)
        head.addStretch(1)
        head.addWidget(self.worst_text)
        worst.addLayout(head)
        self.worst = TileGrid(tr("Worst mistakes"), 98, gap=10, lines=3, rows=1)
        self.worst.chosen.connect(self._go_to_mistake)
        worst.addWidget(self.worst)
        worst.addStretch(1)
        self.trying = TryImage(self._desk)
        lower.addLayout(worst, 2)
        lower.addWidget(self.trying, 1)
        column.addStretch(1)
        return body

    # Which evaluation

    def show_run(self, directory: Path, asked: tuple[Part, Which] | None = None) -> None:
        """Show the results of a run: those that were ``asked`` for, or that it keeps, the test set's first."""
        if directory == self.directory and self.found is not None:
            return
        self._cancel()
        self.directory = directory
        there = kept(directory)
        # The test images are for the end: a run that is not there yet is asked about its validation images.
        self.part, self.which = asked or (
            there[0] if there else ("test", "best") if _has_ended(directory) else ("validation", "last")
        )
        self._read()

    def _read(self) -> None:
        assert self.directory is not None
        try:
            name = read_label(self.directory).name or self.directory.name
        except StudioError:
            name = self.directory.name
        stem, made = name_and_time(name)
        self.about.setText(" · ".join(filter(None, [stem, made])))
        self._desk.set_crumbs(SCREEN, Step(stem), Step(tr("results")))
        self.part_chip.set_text(tr(PART_NAMES[self.part]))
        self.which_chip.set_text(tr(WHICH_NAMES[self.which]))
        try:
            self.found = read_predictions(self.directory, self.part, self.which)
        except StudioError as error:
            self.found = None
            self._show_nothing(self._missing() if error.code == "predictions.missing" else sentence(str(error)))
            return
        self._show()

    def _missing(self) -> str:
        """What stands where no images have been asked about yet."""
        assert self.directory is not None
        try:
            run = Run(self.directory)
            ended, answers = run.state().status == "finished", run.best() is not None
        except StudioError as error:
            return sentence(str(error))
        if not ended and not answers:
            return tr("It has no checkpoint yet; it can be asked from the first on.")
        text = tr("The network has not been asked about these images yet.")
        return text if ended else text + " " + tr("It is still being trained: its latest checkpoint answers.")

    def _show_nothing(self, text: str) -> None:
        self.area.hide()
        self.empty.show()
        self.empty.show_text(text, link(tr("Ask it now"), self.make))

    def _fill_parts(self, menu: QMenu) -> None:
        for part in PARTS:
            action = menu.addAction(tr(PART_NAMES[part]))
            action.setCheckable(True)
            action.setChecked(part == self.part)
            action.triggered.connect(lambda _=False, part=part: self._turn(part, self.which))

    def _fill_which(self, menu: QMenu) -> None:
        for which in ("last", "best"):
            action = menu.addAction(tr(WHICH_NAMES[which]))
            action.setCheckable(True)
            action.setChecked(which == self.which)
            action.triggered.connect(lambda _=False, which=which: self._turn(self.part, which))

    def _turn(self, part: Part, which: Which) -> None:
        self.part, self.which = part, which
        if self.directory is not None:
            self._read()

    # Asking the network

    def make(self) -> None:
        """Ask the network about every image, in a process of its own."""
        if self.directory is None:
            return
        self.bar.setValue(0)
        self.bar.show()
        self.cancel.show()
        self.about.setText(tr("Asking the network…"))
        self.child.run("evaluate", str(self.directory), "--part", self.part, "--checkpoint", self.which)

    def _progress(self, share: float, left: float) -> None:
        self.bar.setValue(round(1000 * share))
        self.about.setText(tr("Asking the network… {time} left", time=duration_text(left)))

    def _cancel(self) -> None:
        self.child.cancel()
        self._at_rest()

    def _at_rest(self) -> None:
        self.bar.hide()
        self.cancel.hide()
        if self.directory is not None:
            stem, made = name_and_time(self.directory.name)
            self.about.setText(" · ".join(filter(None, [stem, made])))

    def _made(self, answer: Answer) -> None:
        self._at_rest()
        if answer.error is not None:
            if self.found is None:
                self._show_nothing(sentence(str(answer.error)))
            else:
                self._desk.say(sentence(str(answer.error)), "problem")
            return
        self.which = answer.value["checkpoint"]
        self._read()

    # Showing

    def _show(self) -> None:
        found = self.found
        assert found is not None and self.directory is not None
        self.empty.hide()
        self.area.show()
        facts = found.facts
        self.part_chip.set_text(tr("{part}, {count:,}", part=tr(PART_NAMES[self.part]), count=facts.images))
        self.which_chip.set_text(tr("{which}, epoch {epoch}", which=tr(WHICH_NAMES[self.which]), epoch=facts.epoch))
        self._recolour()
        self.matrix.show_matrix(found.classes, found.matrix, 620)
        self.by_class.show_classes(found)
        self.how_sure.show_bins(found)
        self._show_worst()
        confused = found.most_confused(1)
        self._show_cell(*(confused[0][1:] if confused else (0, 0)))
        self.matrix.cell = None
        self.matrix.choose(*(confused[0][1:] if confused else (0, 0)))
        self.trying.show_run(self.directory, self.which)

    def _recolour(self) -> None:
        """Texts that have their colours in them."""
        if self.found is None:
            return
        self.figures.setText(self._figures(self.found))
        off = tr("off by {share}", share=f"{100 * self.found.miscalibration:.1f} %")
        self.sure_title.setText(f"<span style='color:{theme().secondary.name()}'>{off}</span>")

    def _figures(self, found: Predictions) -> str:
        facts, crimson = found.facts, theme().problem.name()
        quiet_colour = theme().secondary.name()
        told = {f"top-{place}": f"{100 * facts.top[place - 1]:.2f} %" for place in (1, 2, 5) if place <= len(facts.top)}
        told[tr("loss")] = f"{facts.loss:.3f}"
        parts = [f"<span style='color:{quiet_colour}'>{name}</span> {strong(text)}" for name, text in told.items()]
        text = " &nbsp;&nbsp; ".join(parts)
        names = [escape(name) for name in found.classes]
        pairs = [
            f"<span style='color:{crimson}'>{count:,}</span> {names[true]} → {names[said]}"
            for count, true, said in found.most_confused(4)
        ]
        if pairs:
            head = tr("most often taken for another")
            text += f" &nbsp;&nbsp;&nbsp; <span style='color:{quiet_colour}'>{head}:</span> " + " &nbsp; ".join(pairs)
        return text

    def _show_cell(self, true: int, said: int) -> None:
        found = self.found
        if found is None:
            return
        self._all_of_cell = False
        names = found.classes[true], found.classes[said]
        right = true == said
        title = (
            tr("{true}, recognised", true=names[0])
            if right
            else tr("{true} taken for {said}", true=names[0], said=names[1])
        )
        self.cell_title.setText(title)
        self.by_class.mark(true)
        self._rows = found.cell(true, said)
        count = int(found.matrix[true, said]) if len(found.matrix) else len(self._rows)
        self.cell_count.setText(tr_many("{count} picture", "{count:,} pictures", count))
        self._show_rows()

    def _show_rows(self) -> None:
        rows = self._rows if self._all_of_cell else self._rows[:IN_CELL]
        assert self.found is not None
        self.pictures.show_tiles([self._tile(row, 1) for row in rows])
        left = len(self._rows) - len(rows)
        self.more.setVisible(left > 0)
        self.more.setText(tr("{count:,} more", count=left))

    def _show_more(self) -> None:
        if self.found is None:
            return
        self._all_of_cell = True
        self._show_rows()

    def _show_worst(self) -> None:
        found = self.found
        if found is None:
            return
        order: Order = {"surest": "surest", "loss": "loss", "nearly": "nearly"}[self.order.value]  # type: ignore[assignment]
        self._worst_rows: Sequence[int] | NDArray[np.intp] = found.mistakes(order)[:WORST]
        self.worst.show_tiles([self._tile(int(row), 3) for row in self._worst_rows])
        count = found.mistakes_in_all
        self.worst_text.setText(
            tr_many("{count} mistake in all", "{count:,} mistakes in all", count)
            + " · " + tr("first line what it is, second what the network says")
        )  # fmt: skip

    def _tile(self, row: int, lines: int) -> Tile:
        found = self.found
        assert found is not None
        place, true, said = int(found.picture[row]), int(found.label[row]), int(found.answers[row, 0])
        image = image_of(found.pictures[place]) if place >= 0 else None
        share = f"{100 * found.shares[row, 0]:.1f} %" if lines > 1 else f"{100 * found.shares[row, 0]:.0f} %"
        answers = "\n".join(
            f"{found.classes[int(each)]} {100 * float(part):.1f} %"
            for each, part in zip(found.answers[row], found.shares[row], strict=True)
        )
        tip = tr("image {index:,}: {true}", index=int(found.index[row]), true=found.classes[true]) + "\n" + answers
        told = [(found.classes[true], "good"), (found.classes[said], "problem")] if lines > 1 else []
        return Tile(image, (*told, (share, "secondary")), tip, tr("no picture kept"))

    def _go_to_mistake(self, index: int) -> None:
        found = self.found
        if found is not None:
            row = int(self._worst_rows[index])
            self.matrix.choose(int(found.label[row]), int(found.answers[row, 0]))

    def _table(self) -> Table | None:
        found = self.found
        return None if found is None else class_table(found.classes, found.by_class, found.facts.images)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not out_of_field(self):
                self._desk.commands.run("page.runs")
        else:
            super().keyPressEvent(event)

    def take_keyboard(self) -> None:
        (self.matrix if self.matrix.isVisible() else self).setFocus()

    @property
    def file(self) -> Path | None:
        """Where what is shown is kept."""
        return None if self.directory is None else path_of(self.directory, self.part, self.which)

    def stop(self) -> None:
        """The window closes."""
        self.child.cancel()
        self.trying.stop()


def _has_ended(directory: Path) -> bool:
    """Whether the run has come to its end; one that cannot be read has."""
    try:
        return Run(directory).state().status == "finished"
    except StudioError:
        return True
