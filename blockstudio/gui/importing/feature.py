"""*Import…* in the File menu, and network files that are dropped on the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from blockstudio.graph.format import load
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.importing.dialog import ENDINGS, ImportDialog
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.text import say


class Importing(QObject):
    """Opens the dialog, and what comes of it in a tab."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self.dialog: ImportDialog | None = None

    def ask(self, source: str = "") -> None:
        """Ask for a network; with ``source``, that one is in the line."""
        dialog = self.dialog = ImportDialog(self._desk.window)
        if source:
            dialog.source.setText(source)
        dialog.drawn.connect(self._opened)
        self._desk.open_dialog(dialog)

    def _opened(self, file: Path, report: dict[str, Any]) -> None:
        document = Document(load(file))
        document.saved_at = object()  # it is nowhere else yet: closing it asks
        self._desk.documents.add(document)
        foreign, notes = report["foreign"], report["notes"]
        what = tr_many(
            "{network}: {blocks} blocks, {count} definition.", "{network}: {blocks} blocks, {count} definitions.",
            report["definitions"], network=document.diagram.name, blocks=report["blocks"],
        )  # fmt: skip
        if report["proven"]:
            self._desk.say(f"{what} {tr('Equal to the original: keys, parameters, costs and outputs.')}", "good")
        elif foreign:
            told = ", ".join(foreign[:4]) + (", …" if len(foreign) > 4 else "")
            more = tr("Foreign, drawn and counted but not compiled: {what}.", what=told)
            self._desk.say(f"{what} {more}", "warning")
        else:
            self._desk.say(f"{what} {tr('Not proven: {why}.', why='; '.join(notes)[:300])}", "warning")

    def stop(self) -> None:
        """The window closes."""
        if self.dialog is not None and self.dialog.busy:
            self.dialog.reject()


def install(desk: Desk) -> Importing:
    """Put importing on the desk."""
    importing = Importing(desk)
    desk.add_commands(
        Command("file.import", say("Import…"), lambda d: importing.ask(), "File", 125,
                keywords="torchvision timm onnx pt2 torch export pytorch network library"),
    )  # fmt: skip
    desk.add_opener(lambda path: path.suffix.lower() in ENDINGS, lambda path: importing.ask(str(path)))
    desk.on_close(importing.stop)
    return importing
