"""Two recipes side by side, field by field."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.gui.kit.fields import Choice
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.table_view import Cell, Line, LinesView
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.tick_box import TickBox
from blockstudio.runs.recipe import FIELDS, Recipe
from blockstudio.runs.recipes import Named, compared


class RecipeComparison(QDialog):
    """The recipe of the next run against another, or any two of those there are."""

    def __init__(self, window: QWidget | None, mine: Recipe, others: list[tuple[str, Named]]) -> None:
        """``others``: with their titles."""
        super().__init__(window)
        self.setWindowTitle(tr("Compare recipes"))
        self._all: list[tuple[str, Recipe | Named]] = [
            (tr("Of the next run"), mine), (tr("Chosen for the data and network"), Recipe()), *others,
        ]  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        row = QHBoxLayout()
        self.first, self.second = Choice(), Choice()
        for box, name, place in ((self.first, tr("First recipe"), 0), (self.second, tr("Second recipe"), 1)):
            box.addItems([title for title, _ in self._all])
            box.setAccessibleName(name)
            box.setCurrentIndex(2 if place and others else place)
            box.currentIndexChanged.connect(self._show)
            row.addWidget(box, 1)
            if not place:
                row.addWidget(QLabel(tr("and")))
        column.addLayout(row)
        self.table = LinesView()
        self.table.heading_room = 16
        self.table.setAccessibleName(tr("Fields of both recipes"))
        column.addWidget(self.table, 1)
        self.everything = TickBox(tr("Also what is alike"))
        self.everything.toggled.connect(self._show)
        self.foot = quiet()
        foot = QHBoxLayout()
        foot.addWidget(self.everything)
        foot.addWidget(self.foot, 1)
        column.addLayout(foot)
        self._show()
        self.resize(self.sizeHint())

    def _recipe(self, place: int) -> Recipe:
        found = self._all[place][1]
        return found if isinstance(found, Recipe) else found.load().recipe

    def _show(self, _: object = None) -> None:
        try:
            rows = compared(self._recipe(self.first.currentIndex()), self._recipe(self.second.currentIndex()))
        except StudioError as error:
            self.foot.setText(str(error))
            return
        different = [row for row in rows if not row.same]
        lines = [
            Line([
                Cell(tr(FIELDS[row.path].title), tip=tr(FIELDS[row.path].help)), Cell(row.path, "quiet"),
                Cell(row.first, "" if row.same else "differs"), Cell(row.second, "" if row.same else "differs"),
            ])
            for row in (rows if self.everything.isChecked() else different)
        ]  # fmt: skip
        headings = [tr("field"), "", self.first.currentText(), self.second.currentText()]
        self.table.show_lines(headings, lines, "", 4)
        count = len(different)
        self.foot.setText(tr_many("{count} field differs", "{count} fields differ", count) if count else
                          tr("The two recipes are alike."))  # fmt: skip

    def sizeHint(self) -> QSize:
        return QSize(820, 520)
