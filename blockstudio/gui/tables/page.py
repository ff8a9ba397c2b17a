"""The page *Table* under the canvas: the network block by block, or the paper's own table beside it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetDefault
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.commands.registry import Choice
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.table_chip import TableChip
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import out_of_field
from blockstudio.gui.kit.parts import Elided, count_text
from blockstudio.gui.kit.table_view import Cell, Line, LinesView
from blockstudio.gui.kit.text import phrase, plain, tr, tr_many
from blockstudio.gui.tables.cells import computed, preset_tip, printed
from blockstudio.gui.tables.sorting import MACS, OUTPUT, PARAMETERS, pieces_of, sorted_rows
from blockstudio.gui.tables.treemap_view import TreemapView
from blockstudio.gui.work.worker import Work
from blockstudio.report.paper import MISPRINT, PaperTable, paper, paper_of
from blockstudio.report.summary import HEADINGS, SummaryRow, summary_rows, summary_totals
from blockstudio.report.table import Table
from blockstudio.text import render, say

Mode = Literal["network", "paper"]
NOTES = 260
"""Pixels of width that notes need to stand beside the table and not below it."""
AREAS = 220
"""Pixels of width that the areas need beside the table."""
LOW = 300
"""Pixels of height below which notes give way to the table."""
SHARE = 0.46
"""Of the height, to read it."""
COMPUTED = (say("computed output"), say("parameters"), say("MACs"))

NO_PAPER = say(
    "No paper's table is known for this network; there are some for GoogLeNet, Inception and ResNet presets."
)
"""Why *Paper's table* cannot be shown."""


def has_paper(diagram: Diagram) -> bool:
    """Whether a paper prints a table of the network that a diagram was made from."""
    return paper_of(diagram) is not None


class TablesPage(QWidget):
    """Rows select their blocks on the canvas; the figures follow every edit."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._session = desk, desk.session
        self._work = Work(self)
        self._again = False
        self._built = False
        self.mode: Mode = "network"
        self.opened = 1
        """Levels of modules that the network's own table opens, counted from 1: all closed."""
        self.paper: PaperTable | None = None
        """What is shown in mode ``paper``."""
        self._summary: Table | None = None
        self._rows: list[SummaryRow] = []
        self._totals: list[str] = []
        self.sorted: tuple[int, bool] | None = None
        """The column by which the rows are sorted, and whether the largest come first."""
        self._selecting = False

    # Building, when it is first looked at

    def build(self) -> None:
        """Make what stands on the page, if it has not been looked at before."""
        if self._built:
            return
        self._built = True
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 8)
        column.setSpacing(6)
        line = QHBoxLayout()
        line.setSpacing(6)
        group = QButtonGroup(self)
        self.buttons: dict[Mode, QPushButton] = {}
        titles: dict[Mode, str] = {"network": tr("This network"), "paper": tr("Paper's table")}
        for mode, title in titles.items():
            button = QPushButton(title)
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, mode=mode: self.set_mode(mode))
            group.addButton(button)
            line.addWidget(button)
            self.buttons[mode] = button
        self.title = Elided()
        line.addSpacing(6)
        line.addWidget(self.title, 1)
        self.standing = QLabel()
        self.standing.setProperty("role", "label")
        line.addWidget(self.standing)
        self.set_like_paper = self._desk.commands.link("", "table.like_paper")
        line.addWidget(self.set_like_paper)
        self.levels = Chip(
            tr("Levels of modules that are opened"),
            lambda menu: self._desk.commands.fill_choices(menu, "table.levels"),
        )
        line.addWidget(self.levels)
        self.copy = TableChip(self._desk, tr("this table"), "table", self.table)
        line.addWidget(self.copy)
        column.addLayout(line)
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._parts.setSpacing(8)
        self.view = LinesView()
        self.view.chosen.connect(self._go)
        header = self.view.horizontalHeader()
        header.sectionClicked.connect(lambda column: self._desk.commands.run("table.sort", column))
        self._parts.addWidget(self.view, 1)
        self.areas = TreemapView()
        self.areas.chosen.connect(self._locate)
        self._parts.addWidget(self.areas, 1)
        self.notes = QLabel()
        self.notes.setProperty("role", "secondary")
        self.notes.setWordWrap(True)
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notes_area = QScrollArea()
        self.notes_area.setAccessibleName(tr("Notes to the table"))
        self.notes_area.setWidgetResizable(True)
        self.notes_area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.notes_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.notes_area.setWidget(self.notes)
        self._parts.addWidget(self.notes_area)
        column.addLayout(self._parts, 1)
        session = self._session
        for signal in (session.edited, session.opened, session.veiled_changed):
            signal.connect(self.refresh)
        session.selection_changed.connect(self._mark)

    @property
    def is_built(self) -> bool:
        """Whether anybody has looked at it."""
        return self._built

    def depths(self) -> list[Choice]:
        """How many levels of modules can be open."""
        return [Choice(_levels_text(depth), depth, depth == self.opened) for depth in (1, 2, 3, 4)]

    # What is shown

    def set_mode(self, mode: Mode) -> None:
        """``network`` or ``paper``; a network without a paper's table is shown by itself."""
        self.mode = mode
        self.refresh()

    def set_depth(self, depth: int) -> None:
        """How many levels of modules the network's own table opens."""
        self.opened = depth
        self.refresh()

    def table(self) -> Table | None:
        """What is in view, for the clipboard and files."""
        if self.shown_mode == "paper":
            return self.paper.table() if self.paper is not None else None
        return self._summary

    @property
    def shown_mode(self) -> Mode:
        return "paper" if self.mode == "paper" and has_paper(self._session.diagram) else "network"

    @property
    def busy(self) -> bool:
        """Whether the figures are on their way."""
        return self._work.busy

    def showEvent(self, event: QShowEvent) -> None:
        self.build()
        super().showEvent(event)
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Compute the table in view anew, in a worker; of several edits meanwhile only the last counts."""
        if not self._built or not self.isVisible():
            return
        if self._work.busy:
            self._again = True
            return
        self._show_buttons()
        diagram, depth = self._session.diagram, self.opened
        name, still = paper_of(diagram), copy_diagram(diagram)
        if self.shown_mode == "paper" and name is not None:
            self._work.run(lambda: paper(name, still), self._show_paper)
        else:
            self._work.run(lambda: _summary(still, depth), self._show_summary)

    def _next(self) -> None:
        if self._again:
            self._again = False
            self.refresh()

    def _show_buttons(self) -> None:
        has = has_paper(self._session.diagram)
        self.buttons["paper"].setEnabled(has)
        self.buttons["paper"].setToolTip("" if has else tr(NO_PAPER))
        self.buttons[self.shown_mode].setChecked(True)
        is_paper = self.shown_mode == "paper"
        self.levels.setVisible(not is_paper)
        self.levels.set_text(_levels_text(self.opened))
        self.notes_area.setVisible(is_paper)
        self.areas.setVisible(not is_paper)
        for widget in (self.standing, self.set_like_paper):
            widget.setVisible(False)

    def _show_summary(self, answer: tuple[list[SummaryRow], list[str]]) -> None:
        self._rows, self._totals = answer
        self._show_rows()
        self._next()

    def _show_rows(self) -> None:
        rows = sorted_rows(self._rows, self.sorted)
        texts = [row.texts() if self.sorted is None else (row.path, *row.texts()[1:]) for row in rows]
        self._summary = Table(HEADINGS, texts, "  rrr", self._totals)
        told = [] if self._session.veiled else [*self._since_saved(), *map(render, self._totals)]
        self.title.setText(" · ".join(told))
        self.title.setToolTip(plain("\n".join(told)))
        lines = [Line([Cell(text) for text in each], (row.path,)) for each, row in zip(texts, rows, strict=True)]
        header = self.view.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(self.sorted is not None)
        if self.sorted is not None:
            column, down = self.sorted
            header.setSortIndicator(column, Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder)
        self._show_lines([tr(heading) for heading in HEADINGS], lines, "  rrr", len(HEADINGS))
        by_parameters = (self.sorted or (MACS, True))[0] == PARAMETERS or (
            self.sorted is None and self._session.metric == "parameters"
        )
        self._show_areas(by_parameters)

    def _show_areas(self, by_parameters: bool) -> None:
        rows: list[SummaryRow] = [] if self._session.veiled & {"parameters", "macs"} else self._rows
        pieces = pieces_of(self._session.diagram, rows, PARAMETERS if by_parameters else MACS)
        self.areas.show_pieces(tr(HEADINGS[PARAMETERS if by_parameters else MACS]), pieces)

    def _since_saved(self) -> list[str]:
        """How much the totals differ from those last saved."""
        found, before = self._session.analysis, self._session.saved_totals
        told = []
        for heading, now, then in zip(HEADINGS[PARAMETERS:], (found.parameters, found.macs), before, strict=True):
            if now != then and found.complete:
                sign = "+" if now > then else "−"
                told.append(tr("{sign}{count} {what} since saved", sign=sign, count=count_text(abs(now - then)),
                               what=tr(heading)))  # fmt: skip
        return told

    def columns(self) -> list[Choice]:
        """By what the rows can be sorted."""
        now = self.sorted[0] if self.sorted is not None else None
        return [Choice(tr(heading), column, column == now) for column, heading in enumerate(HEADINGS)]

    def sort_by(self, column: int) -> None:
        """Sort by a column: numbers from the largest, words from the first; then the other way; then as drawn."""
        if self.shown_mode != "network":
            return
        first = column >= OUTPUT
        ways = [(column, first), (column, not first), None]
        self.sorted = ways[(ways.index(self.sorted) + 1) % 3] if self.sorted in ways[:2] else ways[0]
        self._show_rows()

    def _show_paper(self, found: PaperTable) -> None:
        self.paper, veiled = found, self._session.veiled
        lines = [Line([*printed(row, found, bool(veiled)), *computed(row)], row.blocks) for row in found.rows]
        blank = [Cell("")] * (len(found.columns) - 1)
        changed = found.total != found.preset_total
        tips = ["", *found.preset_total.texts[1:]]
        totals = [
            Cell(text, "differs" if changed and text else "total", preset_tip(tip) if changed else "")
            for text, tip in zip(found.total.texts, tips, strict=True)
        ]
        lines.append(Line([Cell(tr("total"), "total"), *blank, *totals]))
        self.title.setText(tr("{title}. {units}.", title=tr(found.title), units=tr(found.units)))
        self.title.setToolTip(plain(self.title.text()))
        reasons = [f"{MISPRINT} {row.type}: {tr(row.why)}" for row in found.rows if row.why]
        self.notes.setText("" if veiled else "\n".join([*reasons, *map(tr, found.remarks)]))
        if found.differing:
            text = tr("{count} of {all} rows differ from the table's network")
            self.standing.setText(text.format(count=found.differing, all=len(found.rows)))
        self.standing.setVisible(bool(found.differing))
        setting = ", ".join(f"{key} = {value}" for key, value in found.settings.items())
        self.set_like_paper.setText(tr("Set {setting}").format(setting=setting))
        self.set_like_paper.setToolTip(tr("As in the network that the table describes"))
        self.set_like_paper.setVisible(bool(setting))
        right = " " * len(found.columns) + "rrr"
        header = self.view.horizontalHeader()
        header.setSectionsClickable(False)
        header.setSortIndicatorShown(False)
        self._show_lines((*found.columns, *map(tr, COMPUTED)), lines, right, len(found.columns))
        self._next()

    def _show_lines(self, headings: list[str] | tuple[str, ...], lines: list[Line], right: str, tinted: int) -> None:
        self.view.setAccessibleName(self.title.text())
        self.view.show_lines(headings, lines, right, tinted)
        for column, name in enumerate(("shapes", "parameters", "macs"), len(headings) - 3):
            self.view.setColumnHidden(column, name in self._session.veiled)  # it would answer what a lesson asks
        self._place_notes()
        self._mark()

    # Between table and canvas

    def _go(self, line: Line) -> None:
        """Select a row's blocks, those of them that are there."""
        session = self._session
        there = [path for path in line.blocks if path in session.analysis.blocks]
        if line.blocks and not there:
            return
        self._selecting = True
        try:
            if not there:
                session.select(())
            elif session.go_to_block(there[0]):
                prefix = f"{session.path}." if session.path else ""
                names = [path.removeprefix(prefix) for path in there]
                session.select([name for name in names if name in session.definition.graph] or session.selection)
                self._desk.reveal_wanted.emit(session.selection[0])
        finally:
            self._selecting = False

    def _locate(self, path: str) -> None:
        """Go to the block of an area; its row with it."""
        self._go(Line([], (path,)))
        self._mark()

    def _mark(self) -> None:
        """The row of the selected block is the current one."""
        session = self._session
        if self._selecting or not self.isVisible() or len(session.selection) != 1:
            return
        path = f"{session.path}.{session.selection[0]}" if session.path else session.selection[0]
        self.view.mark(path)
        self.areas.mark(path)

    def like_paper(self) -> None:
        """Give the network the values that it has in the paper's table."""
        found = self.paper
        if found is not None and found.settings:
            edits = [SetDefault(key=key, value=value) for key, value in found.settings.items()]
            self._session.do(phrase("Set {keys}", keys=", ".join(found.settings)), *edits)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not out_of_field(self):
                self._desk.focus()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._built:
            self._place_notes()

    def _place_notes(self) -> None:
        if self.shown_mode == "network":
            # The areas take what the table leaves.
            self._parts.setDirection(QBoxLayout.Direction.LeftToRight)
            self.areas.setVisible(self.width() - 40 - self.view.wanted >= AREAS)
            self.view.setMaximumWidth(self.view.wanted if not self.areas.isHidden() else 16_777_215)
            return
        self.view.setMaximumWidth(16_777_215)
        left = self.width() - 40 - self.view.wanted
        if left >= NOTES:
            self._parts.setDirection(QBoxLayout.Direction.LeftToRight)
            self.notes_area.setFixedWidth(min(left, 480))
            self.notes_area.setMinimumHeight(0)
            self.notes_area.setMaximumHeight(16_777_215)
        else:
            self._parts.setDirection(QBoxLayout.Direction.TopToBottom)
            self.notes_area.setMinimumWidth(0)
            self.notes_area.setMaximumWidth(16_777_215)
            self.notes_area.setFixedHeight(62 if self.height() >= LOW else 36)

    def stop(self) -> None:
        """The window closes."""
        self._work.cancel()


def _summary(diagram: Diagram, depth: int) -> tuple[list[SummaryRow], list[str]]:
    from blockstudio.analysis import analyze

    analysis = analyze(diagram)
    return list(summary_rows(diagram, analysis, depth)), summary_totals(diagram, analysis)


def _levels_text(depth: int) -> str:
    return tr("Modules closed") if depth == 1 else tr_many("{count} level open", "{count} levels open", depth - 1)


class Tables:
    """*Table of this network* and *Paper's table*."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.page = TablesPage(desk)
        desk.add_page("table", tr("Table"), self.page, 400)
        desk.carry("table", lambda: (self.page.mode, self.page.opened), self._take)

    def _take(self, given: tuple[Mode, int]) -> None:
        self.page.mode, self.page.opened = given

    def show(self, mode: Mode) -> None:
        """Bring the table into view under the drawing, with room to read it."""
        desk, page = self._desk, self.page
        page.mode = mode
        page.build()
        desk.show_page("table")
        page.refresh()
        desk.room_wanted.emit(SHARE)
        page.view.setFocus()
