"""The open documents: tabs, files, what is unsaved, what a crash left behind, what changed on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import SUFFIX, dumps, load, save
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.commands.registry import Act
from blockstudio.gui.document.difference import difference
from blockstudio.gui.document.document import Document, read
from blockstudio.gui.document.file_names import file_name, file_of, same_file, shown_name, with_suffix
from blockstudio.gui.document.session import Session
from blockstudio.gui.document.stamps import Stamp, stamp_of
from blockstudio.gui.kit.fields import settle
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.settings import forget_file, recent_files, remember_file, settings
from blockstudio.gui.work.worker import Work

SAVE_AT_ONCE = 400
"""Up to this many blocks a file is written in a few ms; more go to a worker."""
FILTER = f"Block Studio (*{SUFFIX});;JSON (*.json)"


class Request(NamedTuple):
    """Something to say, with what can be done about it: for the note bar."""

    text: str
    kind: str = "info"
    acts: tuple[Act, ...] = ()


class Unwritten(NamedTuple):
    """A document that was not saved because others wrote its file; ``then`` is called once it is."""

    document: Document
    file: Path
    then: Callable[[], object] | None = None


class Documents(QObject):
    """The documents of one window. The session shows the current one."""

    changed = Signal()
    """Titles, order, current one or what is unsaved."""
    opened = Signal(object)
    """A document was opened (not: turned to)."""
    found = Signal(object)
    """What was to be opened is open already, and is now turned to."""
    closed = Signal(object)
    saved = Signal(object)
    note = Signal(object)
    """A `Request` for the note bar."""

    def __init__(self, session: Session, parent: QObject, window: QWidget | None = None) -> None:
        """``window``: over which files are asked for."""
        super().__init__(parent)
        self._session, self._window = session, window
        self._work = Work(self)
        self._opening: list[tuple[str, dict[str, RawValue]]] = []
        """What is being read: names and values."""
        self.list: list[Document] = [session.document]
        self._told: dict[Document, Stamp | None] = {}
        """What the user knows of each file: not to be said twice."""
        self._writing: dict[Document, list[Callable[[], None]]] = {}
        """What a worker is writing, with what is to be written after it."""
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_disk)
        self.dialog: QFileDialog | None = None
        for signal in (session.edited, session.saved, session.opened):
            signal.connect(lambda *_: self.changed.emit())

    @property
    def current(self) -> Document:
        return self._session.document

    @property
    def busy(self) -> bool:
        """Whether a file is being read or written."""
        return self._work.busy

    # Opening

    def new(self) -> None:
        """An empty diagram in a tab of its own."""
        self.add(Document(Diagram("untitled")))

    def open(self, name: str | Path, values: dict[str, RawValue] | None = None) -> None:
        """Open a preset or file, read in a worker. What cannot be read is said in a note; nothing else changes.

        Asked for twice before it is there, as by a double click on a button, it opens once.
        """
        already = self._already_open(name) if not values else None
        if already is not None:
            self.turn_to(already)
            self.found.emit(already)
            return
        wanted = (str(name), dict(values or {}))
        if wanted in self._opening:
            return
        self._opening.append(wanted)

        def add(document: Document) -> None:
            self._opening.remove(wanted)
            self.add(document)

        def refuse(error: StudioError | OSError) -> None:
            self._opening.remove(wanted)
            self._cannot_open(name, error)

        self._work.run(lambda: read(name, values), add, refuse)

    def open_copy(self, file: Path) -> None:
        """Open a file's diagram as one that has no file: saving it leaves the original alone."""
        self._work.run(lambda: Document(load(file)), self.add, lambda error: self._cannot_open(file, error))

    def open_now(self, name: str | Path, values: dict[str, RawValue] | None = None) -> bool:
        """`open` before the window shows, without the detour."""
        try:
            self.add(read(name, values))
        except StudioError as error:
            self._cannot_open(name, error)
            return False
        return True

    def add(self, document: Document) -> None:
        """Show a document in a tab; an untouched empty one gives its place up."""
        settle(self._window)
        here = self.current
        index = self.list.index(here)
        self._number(document)
        if _untouched(here):
            self.list[index] = document
            self.closed.emit(here)
        else:
            self.list.insert(index + 1, document)
        if document.file is not None:
            remember_file(document.file)
        self._watch(document)
        self._session.show(document)
        self.opened.emit(document)

    def take_over(self, documents: list[Document], current: Document) -> None:
        """Show the documents of another window, with ``current`` in view."""
        own, self.list[:] = list(self.list), documents
        for document in own:
            self.closed.emit(document)
        self._session.show(current)
        for document in documents:
            self._watch(document)
            self.opened.emit(document)

    def _already_open(self, name: str | Path) -> Document | None:
        file = file_of(name)
        return next((d for d in self.list if file is not None and d.file is not None and same_file(d.file, file)), None)

    def turn_by(self, step: int) -> None:
        """Show the next document, or the previous; from the last to the first."""
        self.turn_to((self.list.index(self.current) + step) % len(self.list))

    def _cannot_open(self, name: str | Path, error: StudioError | OSError) -> None:
        if (file := file_of(name)) is not None and not os.path.exists(file):
            forget_file(file)
        self.note.emit(Request(str(error), "problem"))

    def turn_to(self, which: Document | int) -> None:
        """Show an open document."""
        settle(self._window)
        document = self.list[which] if isinstance(which, int) else which
        if document is not self.current:
            self._session.show(document)

    def title(self, document: Document) -> str:
        """The file's name, with its folder's where two open files have one name; without a file the diagram's, with a
        number from the second of a name on."""
        if document.file is not None:
            alike = [d for d in self.list if d.file is not None and d.file.name == document.file.name]
            stem = document.file.name.removesuffix(SUFFIX).removesuffix(".json")
            return f"{document.file.parent.name}/{stem}" if len(alike) > 1 else stem
        name = shown_name(document.diagram.name)
        return f"{name} {document.number}" if document.number > 1 else name

    def _number(self, document: Document) -> None:
        """Give a document without a file a number that no other of its name has."""
        name = document.diagram.name
        taken = {d.number for d in self.list if d.file is None and d.diagram.name == name and not _untouched(d)}
        document.number = next(number for number in range(1, len(taken) + 2) if number not in taken)

    # Saving

    def save(self, document: Document | None = None, then: Callable[[], object] | None = None) -> None:
        """Write the document's file, asking for a name if it has none; ``then`` is called once it is on disk."""
        document = document or self.current
        if document.file is None:
            self.save_as(document, then)
        else:
            self.write(document, document.file, then)

    def save_as(self, document: Document | None = None, then: Callable[[], object] | None = None) -> None:
        """Ask for a file name, then write it."""
        document = document or self.current
        folder = document.file.parent if document.file else Path(str(settings().value("files/folder", Path.home())))
        name = document.file.name if document.file else file_name(self.title(document))
        dialog = self._ask(tr("Save diagram"), folder, QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(name)
        dialog.fileSelected.connect(lambda text: self.write(document, with_suffix(Path(text)), then, ask=False))
        dialog.open()

    def ask_open(self) -> None:
        """Ask for a file, then open it."""
        dialog = self._ask(tr("Open diagram"), Path(str(settings().value("files/folder", Path.home()))))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._open_all)
        dialog.open()

    def _open_all(self, names: list[str]) -> None:
        for name in names:
            self.open(Path(name))

    def _ask(
        self, title: str, folder: Path, mode: QFileDialog.AcceptMode = QFileDialog.AcceptMode.AcceptOpen
    ) -> QFileDialog:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = QFileDialog(self._window, title, str(folder), FILTER)
        self.dialog.setAcceptMode(mode)
        self.dialog.fileSelected.connect(lambda name: settings().setValue("files/folder", str(Path(name).parent)))
        return self.dialog

    def write(
        self, document: Document, file: Path, then: Callable[[], object] | None = None, *, ask: bool = True
    ) -> None:
        """Write ``document`` to ``file``. A failure is said in a note and changes nothing; so is, with ``ask``, that
        somebody else wrote the document's file since it was read or written here."""
        if document in self._writing:
            self._writing[document].append(lambda: self.write(document, file, then, ask=ask))
            return
        if ask and self._was_written_by_others(document, file):
            self._say_written_by_others(Unwritten(document, file, then))
            return
        position = document.diagram.history.position

        def done(stamp: Stamp | None) -> None:
            document.stamp = stamp
            document.mark_saved(file)
            document.saved_at = position
            remember_file(file)
            self._watch(document)
            self.saved.emit(document)
            self._session.saved.emit()
            self._session.message.emit(tr("Saved {name}").format(name=file.name))
            if then is not None:
                then()

        if sum(len(document.diagram.definition(scope).graph) for scope in document.diagram.scopes()) <= SAVE_AT_ONCE:
            try:
                save(document.diagram, file)
            except (StudioError, OSError) as error:
                self._cannot_save(document, error)
                return
            done(stamp_of(file))
            return
        still = copy_diagram(document.diagram)
        self._writing[document] = []

        def job() -> Stamp | None:
            save(still, file)
            return stamp_of(file)

        def written(stamp: Stamp | None) -> None:
            later = self._writing.pop(document)
            done(stamp)
            for write in later:
                write()

        def failed(error: StudioError | OSError) -> None:
            later = self._writing.pop(document)
            self._cannot_save(document, error)
            for write in later:
                write()

        self._work.run(job, written, failed)

    def _was_written_by_others(self, document: Document, file: Path) -> bool:
        if document.file is None or not same_file(document.file, file):
            return False
        found = stamp_of(file)
        return found is not None and not found.same_content(document.stamp)

    def _say_written_by_others(self, unwritten: Unwritten) -> None:
        text = tr(
            "Not saved: {name} was changed by another window or program since it was read here.",
            name=unwritten.file.name,
        )
        acts = (
            Act(tr("Save as…"), "file.save_as", unwritten),
            Act(tr("Overwrite"), "file.overwrite", unwritten),
            Act(tr("Show the difference"), "file.difference", unwritten),
        )
        self.note.emit(Request(text, "warning", acts))

    def compare_with_file(self, unwritten: Unwritten, show: Callable[[str], None]) -> None:
        """Give ``show`` the lines in which a document and its file differ."""
        file, still = unwritten.file, copy_diagram(unwritten.document.diagram)

        def job() -> str:
            return difference(file.read_text(encoding="utf-8", errors="replace"), dumps(still))

        self._work.run(job, show, lambda error: self._cannot_open(file, error))

    def keep(self, document: Document) -> None:
        """What others wrote into the document's file is known, and saving may take its place."""
        document.stamp = self._told.get(document)

    def _cannot_save(self, document: Document, error: StudioError | OSError) -> None:
        self.note.emit(Request(str(error), "problem", (Act(tr("Save as…"), "file.save_as", document),)))

    # Closing

    @property
    def unsaved(self) -> list[Document]:
        return [document for document in self.list if document.dirty]

    def close(self, document: Document | None = None) -> None:
        """Close a tab. Unsaved changes are asked about in a note; the tab stays until that is answered."""
        document = document or self.current
        if not document.dirty:
            self.discard(document)
            return
        self.turn_to(document)
        self.note.emit(
            Request(
                tr("{name} has unsaved changes.").format(name=self.title(document)),
                "warning",
                (
                    Act(tr("Save and close"), "file.save_and_close", document),
                    Act(tr("Close without saving"), "file.discard", document),
                ),
            )
        )

    def discard(self, document: Document) -> None:
        """Close a tab, whatever is in it."""
        if document not in self.list:
            return
        index = self.list.index(document)
        self.list.remove(document)
        if not self.list:
            self.list.append(Document(Diagram("untitled")))
            self.opened.emit(self.list[0])
        if document is self.current:
            self._session.show(self.list[min(index, len(self.list) - 1)])
        self._unwatch(document)
        self.closed.emit(document)
        self.changed.emit()

    # The disk

    def _watch(self, document: Document) -> None:
        if document.file is None:
            return
        if document.stamp is None:
            document.stamp = stamp_of(document.file)
        self._told[document] = document.stamp
        self._watcher.addPath(str(document.file))

    def _unwatch(self, document: Document) -> None:
        self._told.pop(document, None)
        if document.file is not None and not any(d.file == document.file for d in self.list):
            self._watcher.removePath(str(document.file))

    def _on_disk(self, name: str) -> None:
        """Somebody wrote, replaced or removed a file."""
        file = Path(name)
        for document in self.list:
            if document.file != file or document in self._writing:
                continue
            found = stamp_of(file)
            if found is not None:  # an atomic save puts another file in its place
                self._watcher.addPath(name)
            if found == self._told.get(document):
                continue
            self._told[document] = found
            self._say_changed(document, file, gone=found is None)

    def _say_changed(self, document: Document, file: Path, *, gone: bool) -> None:
        load = Act(tr("Load theirs"), "file.reload", document), Act(tr("Keep mine"), "file.keep", document)
        if gone:
            request = Request(
                tr("{name} is no longer there. Saving writes it again.").format(name=file.name), "warning"
            )
        elif document.dirty:
            text = tr("{name} was changed by another program, and you have unsaved changes.").format(name=file.name)
            request = Request(text, "warning", load)
        else:
            text = tr("{name} was changed by another program.").format(name=file.name)
            request = Request(text, "info", (Act(tr("Load it again"), "file.reload", document),))
        self.note.emit(request)

    def reload(self, document: Document) -> None:
        """Read the file of an open document again, into the same tab."""
        file, asked_at = document.file, document.diagram.history.position
        if file is None:
            return

        def replace(found: Document) -> None:
            edited = document.diagram.history.position is not asked_at
            if edited and document in self.list:  # while the file was read: asked about anew
                self._say_changed(document, file, gone=False)
            if edited or document not in self.list:
                return
            self.list[self.list.index(document)] = found
            found.start = document.start
            self._unwatch(document)
            self._watch(found)
            self.closed.emit(document)
            if document is self.current:
                self._session.show(found)
            self.opened.emit(found)
            self.changed.emit()

        self._work.run(lambda: read(file, None), replace, lambda error: self._cannot_open(file, error))

    def recent(self) -> list[Path]:
        """Files opened lately that are still there."""
        return [Path(name) for name in recent_files() if os.path.exists(name)]

    def stop(self) -> None:
        """The window closes: nothing more is to arrive."""
        self._work.cancel()
        if self._watcher.files():
            self._watcher.removePaths(self._watcher.files())


def _untouched(document: Document) -> bool:
    return document.file is None and not document.dirty and not len(document.diagram.graph)
