"""What can be done with documents: files, undo, what a crash left behind, and files that were written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence

from blockstudio.graph.recovery import Recoverable, discard
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.difference import DifferenceDialog
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.documents import Unwritten
from blockstudio.gui.document.table_chip import copy_table, save_table
from blockstudio.gui.kit.text import tr
from blockstudio.text import say

_Key = QKeySequence.StandardKey


def _is_of_drawing(desk: Desk) -> bool:
    """Whether Undo and Redo are about the diagram: not on the start page, nor on a page with things of its own."""
    screen = desk.screens.get(desk.screen)
    return screen is None or not (screen.name == "start" or screen.title or screen.under)


def _can_undo(desk: Desk) -> bool:
    if _is_of_drawing(desk):
        return desk.session.diagram.history.undo_label is not None
    own = desk.screens[desk.screen].undo
    return own is not None and own() is not None


def _undo(desk: Desk) -> None:
    own = None if _is_of_drawing(desk) else desk.screens[desk.screen].undo
    if own is None:
        desk.session.undo()
    elif (take_back := own()) is not None:
        take_back()


def _can_redo(desk: Desk) -> bool:
    return _is_of_drawing(desk) and desk.session.diagram.history.redo_label is not None


def _close(desk: Desk, document: Document | None = None) -> None:
    desk.documents.close(document)


def _save_as(desk: Desk, wanted: Document | Unwritten | None = None) -> None:
    if isinstance(wanted, Unwritten):
        desk.documents.save_as(wanted.document, wanted.then)
    else:
        desk.documents.save_as(wanted)


def _overwrite(desk: Desk, unwritten: Unwritten) -> None:
    desk.documents.write(*unwritten, ask=False)


def _show_difference(desk: Desk, unwritten: Unwritten) -> None:
    def show(lines: str) -> None:
        acts = ((tr("Save as…"), "file.save_as"), (tr("Overwrite"), "file.overwrite"))
        ways = [desk.commands.link(title, id, unwritten) for title, id in acts]
        desk.open_dialog(DifferenceDialog(desk.window, unwritten.file.name, lines, ways))

    desk.documents.compare_with_file(unwritten, show)


def _save_and_close(desk: Desk, document: Document) -> None:
    desk.documents.save(document, lambda: desk.documents.discard(document))


def _recent(desk: Desk) -> Iterable[Choice]:
    return (Choice(file.name, file, tip=str(file)) for file in desk.documents.recent())


def _show_in_folder(desk: Desk, file: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


def _copy_path(desk: Desk, file: Path) -> None:
    QGuiApplication.clipboard().setText(str(file))


def _discard_work(desk: Desk, entry: Recoverable) -> None:
    discard(entry)


COMMANDS: tuple[Command[Desk], ...] = (
    Command("file.new", say("New diagram"), lambda d: d.documents.new(), "File", 100, (_Key.New,)),
    Command("file.open", say("Open…"), lambda d: d.documents.ask_open(), "File", 120, (_Key.Open,)),
    Command("file.recent", say("Recent files"), lambda d, file: d.documents.open(file), "File", 121, choices=_recent),
    Command("file.save", say("Save"), lambda d: d.documents.save(), "File", 200, (_Key.Save,)),
    Command("file.save_as", say("Save as…"), _save_as, "File", 210, ("Ctrl+Shift+S",)),
    Command("file.close", say("Close diagram"), _close, "File", 300, ("Ctrl+W",)),
    Command("tab.next", say("Next diagram"), lambda d: d.documents.turn_by(1), "File", 320, ("Ctrl+Tab", "Ctrl+PgDown"),
            enabled=lambda d: len(d.documents.list) > 1, keywords="tab window"),
    Command("tab.previous", say("Previous diagram"), lambda d: d.documents.turn_by(-1), "File", 321,
            ("Ctrl+Shift+Tab", "Ctrl+PgUp"), enabled=lambda d: len(d.documents.list) > 1, keywords="tab window"),
    Command("tab.show", say("Show an open diagram"), lambda d, document: d.documents.turn_to(document), value=True),
    Command("file.discard", say("Close without saving"), lambda d, document: d.documents.discard(document), value=True),
    Command("file.save_and_close", say("Save and close"), _save_and_close, value=True),
    Command("file.overwrite", say("Overwrite"), _overwrite, value=True),
    Command("file.difference", say("Show the difference"), _show_difference, value=True),
    Command("file.keep", say("Keep mine"), lambda d, document: d.documents.keep(document), value=True),
    Command("file.reload", say("Load again"), lambda d, document: d.documents.reload(document), value=True),
    Command("file.show_in_folder", say("Show in folder"), _show_in_folder, value=True),
    Command("file.copy_path", say("Copy path"), _copy_path, value=True),
    Command("recovery.restore", say("Restore"), lambda d, entry: d.recovering.restore(entry), value=True),
    Command("recovery.discard", say("Discard"), _discard_work, value=True),
    Command("table.copy", say("Copy table"), copy_table, value=True),
    Command("table.save", say("Save table"), save_table, value=True),
    Command("view.drawing", say("Back to the drawing"), lambda d: d.show_drawing(), "View", 11, ("Alt+1",),
            enabled=lambda d: bool(d.screen), keywords="page tab"),
    Command("edit.undo", say("Undo"), _undo, "Edit", 100, (_Key.Undo,), enabled=_can_undo),
    Command("edit.redo", say("Redo"), lambda d: d.session.redo(), "Edit", 110, ("Ctrl+Shift+Z", "Ctrl+Y"),
            enabled=_can_redo),
)  # fmt: skip


def install(desk: Desk) -> None:
    """Put these commands on the desk."""
    desk.add_commands(*COMMANDS)
