"""The page: filter and table above, below it the curves of the marked runs and what differs between two."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from blockstudio.errors import StudioError
from blockstudio.gui.document.curves import CurvesPanel, Subject
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Step
from blockstudio.gui.document.table_chip import TableChip
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import Empty, PageHead, out_of_field, page_column, section_title
from blockstudio.gui.kit.parts import bytes_text, link, quiet
from blockstudio.gui.kit.text import plain, tr, tr_many
from blockstudio.gui.kit.theme import notifier, theme
from blockstudio.gui.runs.difference import DifferencePanel
from blockstudio.gui.runs.store import RunStore
from blockstudio.gui.runs.table import DIFFERS, MOST, RunsModel, RunsView, differs_column
from blockstudio.gui.work.settings import settings
from blockstudio.report.table import Table
from blockstudio.runs.columns import RESULTS, USUAL, Column, column_of, differing, names_of
from blockstudio.runs.query import filtered
from blockstudio.runs.rows import Listed

SETTING = "runs/columns"
ASK = "laboratory.run"
Shown = tuple[str, tuple[str, bool], bool, list[Path]]
"""Filter, order, whether runs of experiments are listed, and those whose curves are shown."""
USUAL_KEYS = (*USUAL[:2], DIFFERS, *USUAL[2:])


class RunsPage(QWidget):
    """See the module's text. Escape leads back to the drawing."""

    def __init__(self, desk: Desk, store: RunStore) -> None:
        super().__init__()
        self._desk, self.store = desk, store
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.marked: list[Path] = []
        self.with_experiments = False
        self.sort_key, self.sort_up = "made", False
        self.keys = self._chosen_keys()
        column = page_column(self)
        column.addLayout(self._head())
        self.model = RunsModel(store)
        self.view = RunsView(self.model)
        self.empty = Empty()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.empty)
        upper = QWidget()
        inner = QVBoxLayout(upper)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.stack, 1)
        self.hint = quiet(
            tr("Space or the circle marks, up to six. Enter opens the results, a double click on tags or note writes "
               "into them, F2 renames, Del moves to the bin. A click on a heading sorts.")
        )  # fmt: skip
        inner.addWidget(self.hint)
        self.curves = CurvesPanel(desk, "runs.save_curves", ("accuracy", "loss"), part="train", names=True)
        self.curves.nothing = tr("Mark up to six runs to see their curves.")
        self.difference = DifferencePanel(desk)
        lower = QWidget()
        line = QHBoxLayout(lower)
        line.setContentsMargins(0, 10, 0, 0)
        line.setSpacing(28)
        left = QVBoxLayout()
        left.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(section_title(tr("Curves")))
        head.addStretch(1)
        head.addWidget(self.curves.tools)
        left.addLayout(head)
        left.addWidget(self.curves, 1)
        line.addLayout(left, 920)
        line.addWidget(self.difference, 576)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        split.addWidget(upper)
        split.addWidget(lower)
        split.setSizes([440, 420])
        column.addWidget(split, 1)
        self.view.marked.connect(self.mark)
        self.view.opened.connect(lambda row: desk.commands.run("runs.open", row))
        self.view.deleted.connect(lambda row: desk.commands.run("runs.delete", row))
        self.view.sorted_by.connect(self.sort)
        self.view.left.connect(lambda: desk.commands.run("view.drawing"))
        self.view.customContextMenuRequested.connect(self._menu)
        store.changed.connect(self.refresh)
        notifier.changed.connect(self.refresh)  # curves and dots have the colours of the theme
        store.failed.connect(lambda text: desk.say(text, "problem"))
        self.refresh()

    def _head(self) -> PageHead:
        head = PageHead(tr("Runs"))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter: data = digits, test > 90, tag:keep, a word"))
        self.filter.setAccessibleName(tr("Filter of the runs"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(320)
        self.filter.textChanged.connect(lambda _: self.refresh())
        self.count = QLabel()
        self.count.setProperty("role", "secondary")
        self.experiments = link("", self._turn_experiments)
        head.add(self.filter, self.count, self.experiments)
        self.columns = Chip(tr("Columns of the table"), self._fill_columns)
        self.columns.set_text(tr("Columns"))
        self.copy = TableChip(self._desk, tr("table of runs"), "runs", self._table)
        self.folder = Chip(tr("Folder of runs"), self._fill_folder)
        head.add_tools(self.columns, self.copy, self.folder,
                       self._desk.commands.link(tr("Back to the drawing"), "view.drawing"))  # fmt: skip
        return head

    # What is shown

    def give(self) -> Shown:
        """Filter, order and marks, for the window that takes this one's place."""
        return self.filter.text(), (self.sort_key, self.sort_up), self.with_experiments, list(self.marked)

    def take(self, given: Shown) -> None:
        """Show what another window showed."""
        text, (self.sort_key, self.sort_up), self.with_experiments, self.marked = given
        self.filter.setText(text)
        self.refresh()

    def refresh(self) -> None:
        """Filter, sort and show the rows as they are now."""
        listed = [row for row in self.store.rows if self.with_experiments or not row.inside]
        hidden = len(self.store.rows) - len(listed)
        try:
            rows, wrong = filtered(listed, self.filter.text()), ""
        except StudioError as error:
            rows, wrong = self.model.rows or listed, str(error)
            rows = [row for row in rows if row in listed]
        self._tell(len(rows), len(listed), hidden, wrong)
        current = self.view.current
        if self.store.complete:  # What is not listed may come yet.
            self.marked = [each for each in self.marked if any(row.directory == each for row in self.store.rows)]
        self.model.marked = self.marked
        self.model.show_rows(self._sorted(rows), self._shown_columns(rows))
        if self.view.current is None and self.model.rows:
            self.view.go_to(current if current in self.model.rows else self.model.rows[0])
        self._show_empty(len(listed), wrong)
        marked = self.marked_rows()
        names, colours = self._names(marked), theme().series[: len(marked)]
        self.curves.show_subjects(
            [
                Subject(row.directory, name, colour, row.curves, row.state.active)
                for row, name, colour in zip(marked, names, colours, strict=True)
            ]
        )
        self.difference.show_rows(marked, names, list(colours))
        self._desk.set_crumbs("runs", *(
            [Step(tr_many("{count} marked", "{count} marked", len(marked)))] if marked else []
        ))  # fmt: skip

    def _names(self, rows: list[Listed]) -> list[str]:
        """What sets each apart, else what it is called."""
        found = names_of(rows, differing(rows), short=True)
        return [name if name and found.count(name) == 1 else row.name for name, row in zip(found, rows, strict=True)]

    def _tell(self, shown: int, listed: int, hidden: int, wrong: str) -> None:
        self.count.setProperty("role", "problem" if wrong else "secondary")
        self.count.style().polish(self.count)
        if wrong:
            self.count.setText(wrong)
        elif shown != listed:
            self.count.setText(tr_many("{shown:,} of {count} run", "{shown:,} of {count:,} runs", listed, shown=shown))
        else:
            self.count.setText(tr_many("{count} run", "{count:,} runs", listed))
        self.experiments.setVisible(bool(hidden or self.with_experiments) and not wrong)
        self.experiments.setText(
            tr("hide those of experiments") if self.with_experiments
            else tr_many("{count} in experiments not shown", "{count:,} in experiments not shown", hidden)
        )  # fmt: skip
        folder = self.store.folder
        home = Path.home()
        text = str(Path("~") / folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)
        self.folder.set_text(self.fontMetrics().elidedText(
            tr("Folder: {folder}", folder=text), Qt.TextElideMode.ElideMiddle, 220))  # fmt: skip
        self.folder.setToolTip(plain(str(folder)))

    def _show_empty(self, listed: int, wrong: str) -> None:
        empty = not self.model.rows
        self.stack.setCurrentWidget(self.empty if empty else self.view)
        if self.hasFocus() and not empty:
            self.view.setFocus()
        if not empty:
            return
        if not self.store.complete and not self.store.rows:
            self.empty.show_text(tr("Looking…"))
        elif listed:
            self.empty.show_text(tr("No run fits."), link(tr("Clear the filter"), self.filter.clear))
        else:
            self.empty.show_text(
                tr("No runs yet. Train starts one."), self._desk.commands.link(tr("Train"), "run.train")
            )

    def _sorted(self, rows: list[Listed]) -> list[Listed]:
        try:
            column = column_of(self.sort_key, rows)
        except StudioError:
            return rows
        values = [(column.value(row), row) for row in rows]
        values = [(None if value != value else value, row) for value, row in values]  # a loss that is not a number
        known = [(value, row) for value, row in values if value is not None]
        if any(not isinstance(value, int | float) for value, _ in known):
            known = [(column.text(row).lower(), row) for _, row in known]
        known.sort(key=lambda each: each[0], reverse=not self.sort_up)
        return [row for _, row in known] + [row for value, row in values if value is None]

    def sort(self, key: str) -> None:
        """Sort by a column; again: the other way round."""
        if key == DIFFERS:
            return
        texts = key in RESULTS and RESULTS[key].kind == "text"
        self.sort_up = not self.sort_up if key == self.sort_key else texts
        self.sort_key = key
        self.refresh()

    # Marks

    def marked_rows(self) -> list[Listed]:
        """The runs whose curves are shown, in the order of their colours."""
        by = {row.directory: row for row in self.store.rows}
        return [by[each] for each in self.marked if each in by]

    def mark(self, row: Listed) -> None:
        """Show a run's curves, or no longer."""
        if row.directory in self.marked:
            self.marked.remove(row.directory)
        elif len(self.marked) >= MOST:
            self._desk.say(tr("Curves of six runs at a time; take one away first."), "info")
            return
        else:
            self.marked.append(row.directory)
        self.view.viewport().update()
        self.refresh()

    # Columns

    def _chosen_keys(self) -> list[str]:
        found = settings().value(SETTING, list(USUAL_KEYS))
        keys = [str(key) for key in found] if isinstance(found, list) else list(USUAL_KEYS)
        return keys or list(USUAL_KEYS)

    def _shown_columns(self, rows: list[Listed]) -> list[Column]:
        columns = []
        for key in self.keys:
            try:
                columns.append(differs_column() if key == DIFFERS else column_of(key, self.store.rows))
            except StudioError:  # of a diagram that is gone
                continue
        return columns

    def turn_column(self, key: str) -> None:
        """Show a column, or no longer."""
        if key in self.keys:
            self.keys.remove(key)
        else:
            self.keys.insert(self.keys.index("tags") if "tags" in self.keys else len(self.keys), key)
        settings().setValue(SETTING, self.keys)
        self.refresh()

    def _fill_columns(self, menu: QMenu) -> None:
        rows = self.model.rows
        results = [key for key in RESULTS if key not in ("run", "made")]
        self._offer(
            menu, [DIFFERS, *results], {DIFFERS: tr("what differs"), **{key: tr(RESULTS[key].title) for key in results}}
        )
        varied = [column for column in differing(rows) if column.key != "network"]
        if varied:
            menu.addSeparator()
            self._offer(menu, [column.key for column in varied], {column.key: column.key for column in varied})
        recipe = menu.addMenu(tr("Recipe"))
        self._offer(recipe, sorted(rows[0].recipe) if rows else [], {})
        names = sorted({f"diagram.{name}" for row in rows for name in row.parameters})
        if names:
            self._offer(menu.addMenu(tr("Diagram")), names, {})

    def _offer(self, menu: QMenu, keys: Iterable[str], titles: dict[str, str]) -> None:
        for key in keys:
            action = menu.addAction(titles.get(key, key))
            action.setCheckable(True)
            action.setChecked(key in self.keys)
            action.triggered.connect(lambda _=False, key=key: self.turn_column(key))

    def _table(self) -> Table | None:
        if not self.model.rows:
            return None
        columns = self.model.columns
        cells = [[self.model.text(row, column) for column in columns] for row in self.model.rows]
        return Table([tr(column.title) for column in columns], cells,
                     right="".join("r" if column.right else " " for column in columns))  # fmt: skip

    # Menus

    def _fill_folder(self, menu: QMenu) -> None:
        self._desk.commands.offer(menu, "run.folder")
        menu.addSeparator()
        size = sum(_size(row.directory / "checkpoints") for row in self.store.rows)
        action = menu.addAction(tr("{size} of checkpoints", size=bytes_text(size)))
        action.setEnabled(False)

    def _turn_experiments(self) -> None:
        self.with_experiments = not self.with_experiments
        self.refresh()

    def _menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        row, menu = self.model.rows[index.row()], QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        offer = self._desk.commands.offer
        offer(menu, "runs.open", row, tr("Results"))
        offer(menu, "runs.diagrams", [row], tr("Diagram as trained"))
        if ASK in self._desk.commands.declared:  # The laboratory is another feature.
            offer(menu, ASK, row.directory, tr("Ask it why"))
        offer(menu, "runs.take_recipe", row, tr("Take its recipe"))
        menu.addSeparator()
        for key, title in (("run", tr("Rename")), ("tags", tr("Tags…")), ("note", tr("Note…"))):
            action = menu.addAction(title)
            action.setEnabled(key in self.keys)
            action.triggered.connect(lambda _=False, key=key: self.view.write(key))
        menu.addSeparator()
        offer(menu, "file.show_in_folder", row.directory / "recipe.json", tr("Show in folder"))
        offer(menu, "runs.delete", row, tr("Move to the bin"))
        menu.popup(self.view.viewport().mapToGlobal(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not out_of_field(self):
                self._desk.commands.run("view.drawing")
        else:
            super().keyPressEvent(event)

    def take_keyboard(self) -> None:
        """To the table, as soon as there is one."""
        (self.view if self.view.isVisible() else self).setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.store.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.store.watch(False)


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.rglob("*") if os.path.isfile(file))
    except OSError:
        return 0
