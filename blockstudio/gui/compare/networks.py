"""What is being compared: the open documents and any presets, their figures kept up to date in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from blockstudio.errors import StudioError
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.presets import load_preset, preset_names, preset_path
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.documents import Documents
from blockstudio.gui.document.file_names import shown_name
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.worker import Work
from blockstudio.report.profile import Profile, profile


class ComparedNetwork:
    """One network of the comparison."""

    def __init__(self, source: Document | str) -> None:
        self.source = source
        """An open document, or the name of a preset."""
        self.profile: Profile | None = None
        self.error = ""
        """Why there are no figures."""

    @property
    def name(self) -> str:
        """What stands in the table."""
        if isinstance(self.source, Document):
            name = shown_name(self.source.diagram.name)
            return tr("{name} (edited)").format(name=name) if self.source.dirty else name
        return self.profile.name if self.profile is not None else self.source


Given = tuple[list[Document | str], list[Document], Document | str | None]
"""What is compared, documents that were taken out, and what differences are to."""


class ComparedNetworks(QObject):
    """The entries and the one that differences are to. Nothing is computed while nobody looks."""

    changed = Signal()
    """Entries, their order, figures or the reference."""

    def __init__(self, session: Session, documents: Documents) -> None:
        super().__init__(documents)
        self._session, self._documents = session, documents
        self._work = Work(self)
        self._active = False
        self._stale: list[ComparedNetwork] = []
        self._dismissed: list[Document] = []
        """Documents that the user took out of the comparison."""
        self.entries: list[ComparedNetwork] = []
        self.reference: ComparedNetwork | None = None
        session.edited.connect(self._on_edited)
        documents.changed.connect(self._on_documents)

    # Looking

    def set_active(self, active: bool) -> None:
        """Somebody looks, or nobody does."""
        self._active = active
        if active:
            self._on_documents()
            self._compute()

    @property
    def busy(self) -> bool:
        return self._work.busy

    def figures(self, entries: Sequence[ComparedNetwork] | None = None) -> tuple[list[Profile], Profile | None]:
        """The profiles of ``entries`` (all of them) whose figures are known, under the names they have now, and the
        one that differences are to."""
        named = {entry: replace(entry.profile, name=entry.name) for entry in self.entries if entry.profile is not None}
        chosen = [named[entry] for entry in (self.entries if entries is None else entries) if entry in named]
        return chosen, named.get(self.reference) if self.reference is not None else None

    # Changing it

    def add_preset(self, text: str) -> ComparedNetwork:
        """Add the preset that ``text`` names, exactly or nearly: ``ResNet-101`` is ``resnet101``. One that is there
        already is given back. Raises `StudioError` ``preset.unknown``."""
        name = find_preset(text)
        for entry in self.entries:
            if entry.source == name:
                return entry
        return self._add(ComparedNetwork(name))

    def remove(self, entry: ComparedNetwork) -> None:
        if entry not in self.entries:
            return
        self.entries.remove(entry)
        if isinstance(entry.source, Document):
            self._dismissed.append(entry.source)
        self._choose_reference()
        self.changed.emit()

    def add_document(self, document: Document) -> None:
        """Put a document back that was taken out."""
        if document in self._dismissed:
            self._dismissed.remove(document)
        self._on_documents()

    @property
    def dismissed(self) -> list[Document]:
        """Open documents that are not compared."""
        return [document for document in self._documents.list if document in self._dismissed]

    def set_reference(self, entry: ComparedNetwork) -> None:
        """Differences are to this one from now on."""
        if entry in self.entries and entry is not self.reference:
            self.reference = entry
            self.changed.emit()

    def _add(self, entry: ComparedNetwork) -> ComparedNetwork:
        self.entries.append(entry)
        self._choose_reference()
        self._refresh([entry])
        self.changed.emit()
        return entry

    def _choose_reference(self) -> None:
        if self.reference not in self.entries:
            self.reference = self.entries[0] if self.entries else None

    # To another window

    def give(self) -> Given:
        """What is compared, for the window that takes this one's place."""
        reference = self.reference.source if self.reference is not None else None
        return [entry.source for entry in self.entries], list(self._dismissed), reference

    def take(self, given: Given) -> None:
        """Compare what another window compared."""
        sources, self._dismissed, reference = given
        self.entries = [ComparedNetwork(source) for source in sources]
        self.reference = next((entry for entry in self.entries if entry.source == reference), None)
        self._choose_reference()
        self._refresh(self.entries)

    # Following

    def _on_documents(self) -> None:
        """Tabs were opened, closed, renamed or saved."""
        if not self._active:
            return
        there = self._documents.list
        self._dismissed = [document for document in self._dismissed if document in there]
        kept = [entry for entry in self.entries if not isinstance(entry.source, Document) or entry.source in there]
        known = [entry.source for entry in kept]
        new = [
            ComparedNetwork(document)
            for document in there
            if document not in known and document not in self._dismissed and len(document.diagram.graph)
        ]
        documents = sum(isinstance(entry.source, Document) for entry in kept)
        self.entries = [*kept[:documents], *new, *kept[documents:]] if new else kept
        self._choose_reference()
        self._refresh(new)
        self.changed.emit()

    def _on_edited(self, _: object) -> None:
        for entry in self.entries:
            if entry.source is self._session.document:
                self._refresh([entry])
                return

    # Computing

    def _refresh(self, entries: Iterable[ComparedNetwork]) -> None:
        for entry in entries:
            if entry not in self._stale:
                self._stale.append(entry)
        if self._active:
            self._compute()

    def _compute(self) -> None:
        """One entry after another, so that a worker never holds the interpreter for long; of several edits while it
        is at work only the last is computed."""
        if self._work.busy:
            return
        self._stale = [entry for entry in self._stale if entry in self.entries]
        if not self._stale:
            return
        entry = self._stale.pop(0)
        source = entry.source
        job: Callable[[], Profile]
        if isinstance(source, Document):
            job = partial(profile, copy_diagram(source.diagram), entry.name)
        else:
            job = partial(_profile_of_preset, source)
        self._work.run(
            job, lambda found: self._take(entry, found, ""), lambda error: self._take(entry, None, str(error))
        )

    def _take(self, entry: ComparedNetwork, found: Profile | None, error: str) -> None:
        entry.profile, entry.error = found, error
        self.changed.emit()
        self._compute()

    def stop(self) -> None:
        """The window closes."""
        self._active = False
        self._work.cancel()


def _profile_of_preset(preset: str) -> Profile:
    return profile(load_preset(preset))


def find_preset(text: str) -> str:
    """The preset that a text names, exactly or nearly; else the first that begins so or has it in its name. Raises
    `StudioError` ``preset.unknown``."""
    names = preset_names()
    wanted = _plain(text)
    if wanted:
        for fits in (str.__eq__, str.startswith, str.__contains__):
            for name in names:
                if fits(_plain(name), wanted):
                    return name
    preset_path(text.strip())  # says what is the matter
    raise StudioError("preset.unknown", tr("there is no preset '{name}'.").format(name=text))


def _plain(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())
