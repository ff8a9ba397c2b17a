"""What can be done with documents: files, undo, what a crash left behind, and files that were written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence

from blockstudio.graph.recovery import Entry, discard
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.table_chip import copy_table, save_table

_Key = QKeySequence.StandardKey


def _can_undo(desk: Desk) -> bool:
    return desk.screen != "start" and desk.session.diagram.history.undo_label is not None


def _can_redo(desk: Desk) -> bool:
    return desk.screen != "start" and desk.session.diagram.history.redo_label is not None


def _close(desk: Desk, document: Document | None = None) -> None:
    desk.documents.close(document)


def _save_as(desk: Desk, document: Document | None = None) -> None:
    desk.documents.save_as(document)


def _save_and_close(desk: Desk, document: Document) -> None:
    desk.documents.save(document, lambda: desk.documents.discard(document))


def _recent(desk: Desk) -> Iterable[Choice]:
    return (Choice(file.name, file, tip=str(file)) for file in desk.documents.recent())


def _show_in_folder(desk: Desk, file: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


def _copy_path(desk: Desk, file: Path) -> None:
    QGuiApplication.clipboard().setText(str(file))


def _discard_work(desk: Desk, entry: Entry) -> None:
    discard(entry)


COMMANDS: tuple[Command[Desk], ...] = (
    Command("file.new", "New diagram", lambda d: d.documents.new(), "File", 100, (_Key.New,)),
    Command("file.open", "Open…", lambda d: d.documents.ask_open(), "File", 120, (_Key.Open,)),
    Command("file.recent", "Recent files", lambda d, file: d.documents.open(file), "File", 121, choices=_recent),
    Command("file.save", "Save", lambda d: d.documents.save(), "File", 200, (_Key.Save,)),
    Command("file.save_as", "Save as…", _save_as, "File", 210, ("Ctrl+Shift+S",)),
    Command("file.close", "Close diagram", _close, "File", 300, ("Ctrl+W",)),
    Command("file.discard", "Close without saving", lambda d, document: d.documents.discard(document), value=True),
    Command("file.save_and_close", "Save and close", _save_and_close, value=True),
    Command("file.reload", "Load again", lambda d, document: d.documents.reload(document), value=True),
    Command("file.show_in_folder", "Show in folder", _show_in_folder, value=True),
    Command("file.copy_path", "Copy path", _copy_path, value=True),
    Command("recovery.restore", "Restore", lambda d, entry: d.recovering.restore(entry), value=True),
    Command("recovery.discard", "Discard", _discard_work, value=True),
    Command("table.copy", "Copy table", copy_table, value=True),
    Command("table.save", "Save table", save_table, value=True),
    Command("view.drawing", "Back to the drawing", lambda d: d.show_drawing(), enabled=lambda d: bool(d.screen)),
    Command("edit.undo", "Undo", lambda d: d.session.undo(), "Edit", 100, (_Key.Undo,), enabled=_can_undo),
    Command("edit.redo", "Redo", lambda d: d.session.redo(), "Edit", 110, ("Ctrl+Shift+Z", "Ctrl+Y"),
            enabled=_can_redo),
)  # fmt: skip


def install(desk: Desk) -> None:
    """Put these commands on the desk."""
    desk.add_commands(*COMMANDS)
