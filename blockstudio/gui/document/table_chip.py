"""A table out of the window: on the clipboard or in a file, as Markdown, CSV or LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from blockstudio.errors import StudioError
from blockstudio.formats import FORMATS, rows
from blockstudio.graph.files import write_atomic
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.work.settings import settings
from blockstudio.report.table import Table, write_as


class TableChip(Chip):
    """*Copy ▾* beside a table: the three forms, and a file. ``table`` gives what is in view at that moment, ``None``
    if there is nothing yet."""

    def __init__(self, desk: Desk, name: str, stem: str, table: Callable[[], Table | None]) -> None:
        super().__init__(tr("Copy or save: {name}").format(name=name), self._fill)
        self._desk, self._stem, self._table = desk, stem, table
        self.dialog: QFileDialog | None = None
        self.set_text(tr("Copy"))

    def _fill(self, menu: QMenu) -> None:
        for form in rows("table"):
            text = tr("Copy as {form}").format(form=tr(form.title))
            self._desk.commands.offer(menu, "table.copy", (self, form.ending), text)
        menu.addSeparator()
        self._desk.commands.offer(menu, "table.save", self, tr("Save in a file…"))
        for action in menu.actions():
            action.setEnabled(self._table() is not None)

    def copy(self, ending: str) -> None:
        """Put the table on the clipboard in the form of ``ending``."""
        table = self._table()
        if table is not None:
            QGuiApplication.clipboard().setText(write_as(table, ending) + "\n")
            form = tr(FORMATS[ending].title)
            text = tr_many(
                "Table of {count} row copied as {form}", "Table of {count} rows copied as {form}",
                len(table.rows), form=form,
            )  # fmt: skip
            self._desk.session.message.emit(text)

    def ask(self) -> None:
        """Ask for a file, then write the table into it."""
        if self.dialog is not None:
            self.dialog.deleteLater()
        store = settings()
        folder = Path(str(store.value("files/export_folder", store.value("files/folder", Path.home()))))
        filters = {f"{tr(form.title)} (*{form.ending})": form.ending for form in rows("table")}
        first = next(iter(filters.values()))
        dialog = self.dialog = QFileDialog(
            self._desk.window, tr("Save table"), str(folder / f"{self._stem}{first}"), ";;".join(filters)
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(first[1:])
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(filters[chosen][1:]))
        dialog.fileSelected.connect(lambda name: self.save(Path(name)))
        dialog.open()

    def save(self, file: Path) -> None:
        """Write the table to a file; its ending names the form. What goes wrong is told in a note."""
        table = self._table()
        if table is None:
            return
        settings().setValue("files/export_folder", str(file.parent))
        try:
            write_atomic(file, (write_as(table, file.suffix.lower()) + "\n").encode())
        except (StudioError, OSError) as error:
            self._desk.say(str(error), "problem")
            return
        self._desk.say_written(
            file,
            tr_many("{file}: table of {count} row.", "{file}: table of {count} rows.", len(table.rows), file=file.name),
        )


def copy_table(_: Desk, wanted: tuple[TableChip, str]) -> None:
    """The command behind *Copy as …*."""
    chip, ending = wanted
    chip.copy(ending)


def save_table(_: Desk, chip: TableChip) -> None:
    """The command behind *Save in a file…*."""
    chip.ask()
