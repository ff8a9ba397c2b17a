"""Lesions by hand: click a unit away, or drag it into another's place, and see what accuracy is left."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis.path_lengths import paths_without
from blockstudio.analysis.trunk import Trunk, is_layer
from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.table_chip import TableChip
from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.parts import heading, link, quiet
from blockstudio.gui.kit.table_view import LinesView
from blockstudio.gui.kit.text import sentence, tr, tr_many
from blockstudio.gui.kit.theme import font
from blockstudio.gui.laboratory.accuracy import AccuracyBar
from blockstudio.gui.laboratory.asking import HEADING_ROOM
from blockstudio.gui.laboratory.bars import Bar, BarsView
from blockstudio.gui.laboratory.drawn import DrawnPart
from blockstudio.gui.laboratory.process import LabProcess
from blockstudio.gui.laboratory.record import Record
from blockstudio.gui.laboratory.saving import Kind, ask_where
from blockstudio.gui.laboratory.units import UnitsView
from blockstudio.runs import Run
from blockstudio.text import render

FillRuns: TypeAlias = Callable[[QMenu, Callable[[Run], object]], None]
"""Fills a menu with runs, and calls what was given with the one that is chosen."""
IMAGES = 2000
SIDE = 436


class LesionPage(QWidget):
    """Cards of the units at the left, what is left of the accuracy at the right."""

    def __init__(self, desk: Desk, process: LabProcess, fill_runs: FillRuns) -> None:
        super().__init__()
        self._desk, self._process, self._fill_runs = desk, process, fill_runs
        self._name = ""
        self._trunk: Trunk | None = None
        self.images_of: dict[str, int] = {}
        """By unit: on how many images `without` was measured so far."""
        self.beside: tuple[str, dict[str, Any]] | None = None
        """Name of another run, and what was measured of it by the units' paths."""
        self._asked: int | None = None
        self._asked_beside: int | None = None
        self._prepared: int | None = None
        self.off: list[str] = []
        self.swapped: list[tuple[str, str]] = []
        """Units that have changed places, one pair after the other."""
        self._history: list[tuple[list[str], list[tuple[str, str]]]] = []
        self.without: dict[str, float] = {}
        self.whole: float | None = None
        self.now: tuple[float, int] | None = None
        """Accuracy with what is off and swapped, and on how many images."""
        self.cards = UnitsView()
        self.cards.toggled.connect(self.toggle)
        self.cards.dropped.connect(self.swap)
        self.cards.hovered.connect(self._hover)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(40)
        left = QVBoxLayout()
        left.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(quiet(tr("Click a block to take it away at test time, click again to put it back. Drag one onto "
                                "another to swap them."), wrap=False))  # fmt: skip
        head.addStretch(1)
        self.undo_link = link(tr("Undo"), self.undo)
        self.back_link = link(tr("Put all back"), self.put_back)
        head.addWidget(self.undo_link)
        head.addWidget(self.back_link)
        left.addLayout(head)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(self.cards)
        self.drawn = DrawnPart(desk, process)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        split.addWidget(area)
        split.addWidget(self.drawn)
        split.setSizes([460, 320])
        split.setStretchFactor(0, 1)
        left.addWidget(split, 1)
        row.addLayout(left, 1)
        row.addWidget(self._side())

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        title = QLabel(tr("Test accuracy"))
        title.setFont(font(14, bold=True))
        self.images = quiet(wrap=False)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.images)
        column.addLayout(head)
        figures = QHBoxLayout()
        self.figure = QLabel("–")
        self.figure.setFont(font(40, bold=True))
        figures.addWidget(self.figure)
        words = QVBoxLayout()
        words.addStretch(1)
        self.change = QLabel()
        self.change.setFont(font(13, bold=True))
        self.before = quiet(wrap=False)
        words.addWidget(self.change)
        words.addWidget(self.before)
        words.addStretch(1)
        figures.addLayout(words, 1)
        self.off_button = QPushButton()
        self.off_button.setProperty("role", "chip")
        self.off_button.clicked.connect(lambda _=False: self.put_back())
        figures.addWidget(self.off_button)
        column.addLayout(figures)
        self.bar = AccuracyBar()
        column.addWidget(self.bar)
        self.said = quiet()
        column.addWidget(self.said)
        row = QHBoxLayout()
        row.addWidget(heading(tr("Without one block")))
        row.addStretch(1)
        self.beside_chip = Chip(tr("A run beside it"), lambda menu: self._fill_runs(menu, self.put_beside))
        self.beside_chip.set_text(tr("Beside"))
        self.copy = TableChip(self._desk, tr("accuracy without one block"), "lesions", lambda: self.record().table())
        row.addWidget(self.beside_chip)
        row.addWidget(self.copy)
        column.addLayout(row)
        self.table = LinesView()
        self.table.chosen.connect(lambda line: self.cards.light(line.blocks[0]) if line.blocks else None)
        column.addWidget(self.table, 2)
        self.classes_title = heading(tr("By class: before and after"))
        column.addWidget(self.classes_title)
        self.table.heading_room = HEADING_ROOM
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.classes = BarsView(tr("By class"), 112, (64, 58))
        self.classes_area = QScrollArea()
        self.classes_area.setWidgetResizable(True)
        self.classes_area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.classes_area.setWidget(self.classes)
        column.addWidget(self.classes_area, 1)
        return side

    # The network

    def show_network(self, name: str, trunk: Trunk | None) -> None:
        """Another run: its units, all in place."""
        self.off, self.swapped, self._history, self.without, self.whole, self._asked = [], [], [], {}, None, None
        self._name, self._trunk, self.now = name, trunk, None
        self.images_of, self.beside, self._asked_beside, self._prepared = {}, None, None, None
        self.beside_chip.set_text(tr("Beside"))
        self.cards.show_units(() if trunk is None else trunk.units, {} if trunk is None else _kinds(trunk))
        self.drawn.show_network(name, trunk is not None and bool(trunk.residual_units))
        self.figure.setText("–")
        for label in (self.change, self.before, self.images):
            label.setText("")
        self.said.setText("")
        self.classes_title.hide()
        self.classes_area.hide()
        self._show_table()
        self._links()

    def ask(self) -> None:
        """Measure with what is off now; what was asked before is not waited for."""
        if self._asked is not None:
            self._process.cancel(self._asked)
        question = {"without": self.off, "swapped": self.swapped, "images": IMAGES}
        self.said.setText(tr("Measuring…"))
        self._asked = self._process.ask(question, self._take_answer, self._refused, self._show_measure)
        known = len(self.off) == 1 and not self.swapped and self.images_of.get(self.off[0])
        if known and self.whole is not None:
            # Known already, or on the first images.
            self._show_figure(self.without[self.off[0]], self.whole, self.images_of[self.off[0]])

    def _hover(self, name: str) -> None:
        """The pointer rests on a unit: what a click on it would ask is measured before it comes."""
        self.table.mark(name)
        if self._prepared is not None:
            self._process.cancel(self._prepared)
            self._prepared = None
        unit = next((unit for unit in self.cards.units if unit.name == name), None)
        if unit is not None and unit.refusal is None and self._process.is_ready:
            question = {"prepare": self._turned(name), "swapped": self.swapped, "images": IMAGES}
            self._prepared = self._process.ask(question, lambda found: None, lambda error: None)

    def _turned(self, name: str) -> list[str]:
        """What is off once a unit has been taken away, or put back."""
        return [*self.off, name] if name not in self.off else [other for other in self.off if other != name]

    def sweep(self) -> None:
        """Have every unit taken away by itself while nothing else is asked, so that a click is answered at once; then
        several at a time."""
        self._process.ask({"sweep": IMAGES}, self._swept, lambda error: None, self._swept)
        self.drawn.ask()

    def put_beside(self, run: Run) -> None:
        """Ask another run what it has without what stands at the same paths."""
        self.beside_chip.set_text(name_and_time(run.name)[0])
        self.beside = None
        self._show_table()
        if self._asked_beside is not None:
            self._process.cancel(self._asked_beside)
        take = partial(self._take_beside, name_and_time(run.name)[0])
        question = {"sweep": IMAGES, "beside": str(run.directory)}
        self._asked_beside = self._process.ask(question, take, self._refused, take)
        self.drawn.put_beside(name_and_time(run.name)[0], str(run.directory))

    def _take_beside(self, name: str, found: dict[str, Any]) -> None:
        self.beside = name, found
        self._show_table()

    def _swept(self, found: dict[str, Any]) -> None:
        self.whole = found["whole"]["accuracy"]
        self.images_of = {name: each["images"] for name, each in found["without"].items()}
        self.take({name: each["accuracy"] for name, each in found["without"].items() if each["images"]})

    def toggle(self, name: str) -> None:
        """Take a unit away, or put it back."""
        unit = next(unit for unit in self.cards.units if unit.name == name)
        if unit.refusal is not None:
            self.said.setText(render(unit.refusal))  # It begins with the block's name.
            return
        self._turn(self._turned(name), self.swapped)

    def swap(self, one: str, other: str) -> None:
        """Let two units change places; those that have done so already, back again."""
        pairs = [*self.swapped, (one, other)]
        self._turn(self.off, pairs if self._order(pairs) != [unit.name for unit in self.cards.units] else [])

    def undo(self) -> None:
        """As it was before the last click."""
        if self._history:
            self._apply(*self._history.pop())

    @property
    def can_undo(self) -> bool:
        return bool(self._history)

    def put_back(self) -> None:
        """Everything in its place."""
        if self.off or self.swapped:
            self._turn([], [])

    def take(self, without: dict[str, float]) -> None:
        """The accuracy without each unit, as the question about all of them told it."""
        self.without |= without
        self._show_cards()
        self._show_table()

    def _order(self, pairs: Sequence[tuple[str, str]]) -> list[str]:
        """The unit at each place."""
        order = [unit.name for unit in self.cards.units]
        for pair in pairs:
            one, other = map(order.index, pair)
            order[one], order[other] = order[other], order[one]
        return order

    def _show_cards(self) -> None:
        self.cards.show_state(set(self.off), self.without, self._order(self.swapped))

    def _turn(self, off: list[str], swapped: list[tuple[str, str]]) -> None:
        self._history.append((self.off, self.swapped))
        self._apply(off, swapped)

    def _apply(self, off: list[str], swapped: list[tuple[str, str]]) -> None:
        self.off, self.swapped = off, swapped
        self._show_cards()
        self._links()
        self.ask()

    def _links(self) -> None:
        self.undo_link.setEnabled(bool(self._history))
        self.back_link.setEnabled(bool(self.off or self.swapped))
        text = tr("off {name}", name=self.off[0]) if len(self.off) == 1 else tr("{count} off", count=len(self.off))
        self.off_button.setText(f"{text}  ×")
        self.off_button.setAccessibleName(tr("Put all back"))
        self.off_button.setVisible(bool(self.off))

    # Answers

    def _take_answer(self, found: dict[str, Any]) -> None:
        self._asked = None
        self._show_measure(found)
        self.said.setText(self._paths_left(found["without"]))

    def _show_measure(self, found: dict[str, Any]) -> None:
        """The answer, or what is known of it on the first images."""
        whole, now = found["whole"]["accuracy"], found["measure"]["accuracy"]
        self.whole = whole
        off = found["without"]
        if len(off) == 1 and not self.swapped:
            self.without[off[0]], self.images_of[off[0]] = now, found["measure"]["images"]
        self._show_figure(now, whole, found["measure"]["images"])
        self._show_cards()
        self._show_table()
        self._show_classes(self._process.classes, *found["by_class"])

    def _show_figure(self, now: float, whole: float, images: int) -> None:
        """With how far it may be off for being measured on so many images: one standard error."""
        changed = bool(self.off or self.swapped)
        self.now = now, images
        self.figure.setText(f"{now:.1%}".replace("%", " %"))
        points = 100 * (now - whole)
        self.change.setText("" if not changed else tr("{points} points", points=f"{points:+.1f}".replace("-", "−")))
        self.change.setProperty("role", "problem" if points < -0.05 else "good")
        self.change.style().polish(self.change)
        self.before.setText(tr("whole network {share}", share=f"{whole:.1%}") if changed else "")
        error = math.sqrt(now * (1 - now) / max(1, images))
        self.images.setText(tr_many("{count} test image, ± {error}", "first {count:,} test images, ± {error}", images,
                                    error=f"{100 * error:.1f}"))  # fmt: skip
        self.bar.show_values(now, whole, 1 / max(1, len(self._process.classes)))

    def _paths_left(self, off: Sequence[str]) -> str:
        """How many paths there are, of how many."""
        if self._trunk is None:
            return ""
        if self.swapped and not off:
            return tr("Blocks stand in each other's place: no path is lost, but each is put together anew.")
        whole, sums = paths_without(self._trunk), len(self._trunk.residual_units)
        if not sums:
            return tr("A plain network has one path, and every block lies on it.") if whole == 1 else tr(
                "There is no shortcut past any block: all {all} paths lead through each.", all=f"{whole:,}"
            )  # fmt: skip
        counts = {"left": f"{paths_without(self._trunk, off):,}", "all": f"{whole:,}"}
        if whole == 2**sums:  # Two ways through each sum.
            return tr("{left} of {all} paths are left: one block off halves their number.", **counts)
        return tr("{left} of {all} paths are left.", **counts)

    def _refused(self, error: StudioError) -> None:
        self._asked = None
        self.said.setText(sentence(str(error)))

    def _show_table(self) -> None:
        record = self.record()
        heads = record.heads()
        self.table.show_lines(heads, record.lines(), "lrrlr"[: len(heads)], len(heads))
        for button in self.drawn.saving:
            button.setEnabled(bool(self.without))

    def record(self) -> Record:
        """What is known by now."""
        return Record(
            self._name, self.cards.units, self.whole, self.without, self.images_of, self.off, self.swapped, self.now,
            self.beside, self.drawn.found, 1 / max(1, len(self._process.classes)),
        )  # fmt: skip

    def save(self, kind: Kind) -> None:
        """Save what is known by now: the table and the curves as a figure, or their data."""
        record = self.record()
        if self.without:
            ask_where(self._desk, kind, self._process.run, "by-hand", record.figure(), record.data())

    def _show_classes(self, names: Sequence[str], whole: Sequence[float], now: Sequence[float]) -> None:
        changed = sorted(zip(names, whole, now, strict=False), key=lambda each: each[2] - each[1])
        self.classes.show_bars([
            Bar(name, after, (f"{after:.1%}".replace("%", " %"), f"{100 * (after - before):+.1f}".replace("-", "−")),
                before=before)
            for name, before, after in changed
        ])  # fmt: skip
        for widget in (self.classes_title, self.classes_area):
            widget.setVisible(bool(self.off or self.swapped))


def _kinds(trunk: Trunk) -> dict[str, str]:
    """What each unit is, in a few words."""
    types = {name: trunk.flat.main.block(name).type for unit in trunk.units for name in unit.blocks}
    layers = {unit.name: len([name for name in unit.blocks if is_layer(types[name])]) for unit in trunk.units}
    return {
        unit.name: tr_many("{count} layer", "{count} layers", layers[unit.name]) if layers[unit.name] != 1
        else types.get(unit.name, "")
        for unit in trunk.units
    }  # fmt: skip
