"""Unsaved work survives a crash: a journal for each open document, and at the next start a note that offers what
was left behind."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from blockstudio.errors import StudioError
from blockstudio.graph.recovery import Journal, Recoverable, discard, pending, recover
from blockstudio.gui.commands.registry import Act
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.documents import Documents, Request
from blockstudio.gui.kit.text import moment, tr, tr_many
from blockstudio.gui.work.settings import recovery_folder
from blockstudio.gui.work.worker import Work


class Recovering(QObject):
    """Keeps the journals of a window's documents."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(documents)
        self._documents = documents
        self._folder: Path | None = recovery_folder()
        self._work = Work(self)
        self.journals: dict[Document, Journal] = {}
        self._said = False
        for document in documents.list:
            self._follow(document)
        documents.opened.connect(self._follow)
        documents.saved.connect(self._on_saved)
        documents.closed.connect(self._let_go)

    def _follow(self, document: Document) -> None:
        journal = Journal(document.diagram, self._folder, file=document.file, on_error=self._on_error)
        self.journals[document] = journal
        if document.dirty:
            journal.begin()

    def _on_saved(self, document: Document) -> None:
        journal = self.journals.get(document)
        if journal is not None:
            journal.saved(document.file)
            if document.dirty:  # edited while a worker was writing
                journal.begin()

    def _let_go(self, document: Document) -> None:
        journal = self.journals.pop(document, None)
        if journal is not None:
            journal.close()

    def _on_error(self, error: StudioError) -> None:
        if not self._said:
            self._said = True
            self._documents.note.emit(Request(str(error), "warning"))

    def look(self) -> None:
        """Ask for work that a crash left behind, in a worker; notes will offer it."""
        self._work.run(lambda: pending(self._folder), self._offer)

    def _offer(self, entries: list[Recoverable]) -> None:
        for entry in reversed(entries[:3]):
            text = tr(
                "Unsaved work on {name} from {when} was found: {steps}.",
                name=entry.file.name if entry.file is not None else entry.name,
                when=moment(entry.time),
                steps=tr_many("{count} change", "{count} changes", entry.steps),
            )
            acts = Act(tr("Restore"), "recovery.restore", entry), Act(tr("Discard"), "recovery.discard", entry)
            self._documents.note.emit(Request(text, "info", acts))

    def restore(self, entry: Recoverable) -> None:
        """Open what a journal holds as an unsaved document. The journal goes once it is open."""

        def show(document: Document) -> None:
            document.saved_at = object()  # no file holds it
            self._documents.add(document)
            discard(entry)

        self._work.run(
            lambda: Document(recover(entry), entry.file),
            show,
            lambda error: self._documents.note.emit(Request(str(error), "problem")),
        )

    def stop(self) -> None:
        """The window closes in good order: nothing is left to recover."""
        self._work.cancel()
        for journal in self.journals.values():
            journal.close()
        self.journals.clear()
