"""The palette: every block type and the diagram's own modules, to search, drag onto the canvas or add by key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidgetItem, QVBoxLayout, QWidget

from blockstudio.blocks import ENDS, FAMILIES, palette_entries
from blockstudio.graph.library import Kept
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.document.session import Session
from blockstudio.gui.document.shelf import Shelf
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import notifier
from blockstudio.gui.panels.palette_list import ENTRY, FAMILY, FOLDED, GROUP, MIME, NOTE, WORDS, Entry, EntryList
from blockstudio.gui.work.settings import settings
from blockstudio.text import say

__all__ = ["MIME", "Entry", "Palette"]
_FOLDED_KEY = "palette/folded"
_AT_FIRST: tuple[str, ...] = ("presets",)
"""Groups that are folded until the user says otherwise."""


class Line(NamedTuple):
    """One entry with what it is found by."""

    entry: Entry
    family: str
    words: str
    note: str = ""
    """What stands at its right."""


class Group(NamedTuple):
    """Entries under a heading."""

    key: str
    title: str
    lines: tuple[Line, ...]


class _Search(QLineEdit):
    """Down goes into the list, Enter adds the first hit, Escape clears."""

    down = Signal()
    escaped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.down.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class Palette(QWidget):
    """Search box and list. `chosen` carries the `Entry` that is to be added."""

    chosen = Signal(object)
    left = Signal()
    """Escape in the empty search box: back to the canvas."""

    def __init__(self, session: Session, shelf: Shelf | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._session, self._shelf = session, shelf
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(6)
        self.search = _Search()
        self.search.setPlaceholderText(tr("Search blocks   (Tab)"))
        self.search.setAccessibleName(tr("Search blocks"))
        self.search.setClearButtonEnabled(True)
        self.list = EntryList()
        box = QVBoxLayout()
        box.setContentsMargins(12, 0, 12, 0)
        box.addWidget(self.search)
        column.addLayout(box)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._add_current)
        self.search.down.connect(self._into_list)
        self.search.escaped.connect(self._escape)
        self.list.chosen.connect(self._choose)
        self.list.folded.connect(self.fold)
        self.list.dropped.connect(self.search.clear)
        session.opened.connect(self._on_opened)
        session.edited.connect(lambda _: self._follow())
        notifier.changed.connect(self.list.viewport().update)
        if shelf is not None:
            shelf.changed.connect(self.rebuild)
            self.list.tip = self._tip
        kept = settings().value(_FOLDED_KEY)
        self._folded: set[str] = set(_AT_FIRST if kept is None else filter(None, str(kept).split(" ")))
        self._shown: tuple[Group, ...] = ()
        self._known: tuple[Line, ...] = ()
        """The document's modules, as they are listed."""
        self.rebuild()

    def groups(self) -> tuple[Group, ...]:
        """What the palette has, group by group: the ends of a network first, then the families, then its modules."""
        ends = [line for line in _lines("head") if line.entry.type in ENDS]
        found = [Group("ends", tr("Input and output"), tuple(ends))]
        for family, heading in FAMILIES.items():
            title = tr(say("Head and shape")) if family == "head" else tr(heading)
            lines = tuple(line for line in _lines(family) if line.entry.type not in ENDS)
            if family == "module":
                title, lines = tr("Modules of this file"), lines + self._modules()
            found.append(Group(family, title, lines))
        found += self._kept()
        return tuple(group for group in found if group.lines)

    def _kept(self) -> list[Group]:
        """The modules of the user's library and of the presets."""
        if self._shelf is None:
            return []
        return [
            Group("library", tr("Your library"), tuple(map(_kept_line, self._shelf.library()))),
            Group("presets", tr("Modules of the presets"), tuple(map(_kept_line, self._shelf.known_presets))),
        ]

    def _tip(self, entry: Entry) -> str:
        """A module's drawing; nothing for a block."""
        if self._shelf is None:
            return ""
        if entry.kept is not None:
            return self._shelf.tip(entry.kept)
        if entry.type in self._session.diagram.modules:
            return self._shelf.tip_of(copy_diagram(self._session.diagram), entry.type)
        return ""

    def _modules(self) -> tuple[Line, ...]:
        diagram = self._session.diagram
        scopes = [diagram.definition(scope) for scope in diagram.scopes()]
        lines = []
        for name, module in diagram.modules.items():
            used = sum(len(definition.of_type(name)) for definition in scopes)
            entry = Entry(name, name, {}, tr(module.description))
            lines.append(Line(entry, "module", f"{name} module", f"×{used}" if used else ""))
        return tuple(lines)

    def rebuild(self) -> None:
        """Fill the list from the catalogue and the diagram's modules."""
        scroll, current = self.list.verticalScrollBar().value(), self.list.currentRow()
        self._shown, self._known = self.groups(), self._modules()
        self.list.clear()
        for group in self._shown:
            heading = QListWidgetItem(group.title)
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            heading.setData(GROUP, group.key)
            self.list.addItem(heading)
            for line in group.lines:
                item = QListWidgetItem(line.entry.title)
                item.setData(ENTRY, line.entry)
                item.setData(FAMILY, line.family)
                item.setData(WORDS, line.words.lower())
                item.setData(NOTE, line.note)
                item.setToolTip(line.entry.help)
                flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
                item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if line.entry.is_own else flags)
                self.list.addItem(item)
        self._filter(self.search.text())
        self.list.setCurrentRow(current)
        self.list.verticalScrollBar().setValue(scroll)

    def fold(self, key: str, fold: bool) -> None:
        """Fold a group, or open it; it stays so the next time."""
        self._folded = self._folded | {key} if fold else self._folded - {key}
        settings().setValue(_FOLDED_KEY, " ".join(sorted(self._folded)))
        self._filter(self.search.text())

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def item(self, title: str) -> QListWidgetItem | None:
        """The visible line with this title."""
        for item in self.visible_items():
            if item.text() == title:
                return item
        return None

    def _on_opened(self) -> None:
        self.search.clear()  # what was looked for belongs to the other document
        self._follow()

    def _follow(self) -> None:
        """Fill the list anew where the document's modules are others."""
        if self._modules() != self._known:
            self.rebuild()

    def _filter(self, text: str) -> None:
        wanted = text.lower().split()
        heading = QListWidgetItem()
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(ENTRY) is None:
                heading, folded = item, not wanted and item.data(GROUP) in self._folded
                heading.setHidden(bool(wanted))
                heading.setData(FOLDED, 0)
                continue
            hit = all(word in item.data(WORDS) for word in wanted)
            item.setHidden(not hit or folded)
            if folded:
                heading.setData(FOLDED, heading.data(FOLDED) + 1)
            elif hit:
                heading.setHidden(False)
        if wanted:
            best = min(self.visible_items(), key=lambda item: _rank(item, wanted[0]), default=None)
            if best is None:
                self.list.setCurrentRow(-1)
            else:
                self.list.setCurrentItem(best)
                self.list.scrollToItem(best)

    def visible_items(self) -> Iterable[QListWidgetItem]:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(ENTRY) is not None and not item.isHidden():
                yield item

    def _add_current(self) -> None:
        entry = self.list.entry(self.list.currentItem())
        if entry is not None and not self.list.currentItem().isHidden():
            self._choose(entry)

    def _choose(self, entry: Entry) -> None:
        """Add an entry; what was typed to find it has done its work."""
        self.chosen.emit(entry)
        self.search.clear()

    def _into_list(self) -> None:
        self.list.setFocus(Qt.FocusReason.TabFocusReason)
        item = self.list.currentItem()
        if item is None or item.isHidden():
            first = next(iter(self.visible_items()), None)
            self.list.setCurrentRow(self.list.row(first) if first is not None else -1)

    def _escape(self) -> None:
        if self.search.text():
            self.search.clear()
        else:
            self.left.emit()


def _kept_line(kept: Kept) -> Line:
    entry = Entry(kept.module, kept.module, {}, kept.network or kept.file.name, kept)
    return Line(entry, "module", f"{kept.module} {kept.network} module", kept.network)


def _lines(family: str) -> Iterable[Line]:
    for type, entry in palette_entries():
        if type.family == family:
            words = f"{entry.title} {tr(entry.title)} {type.name} {type.family} {entry.keywords} {tr(entry.keywords)}"
            yield Line(Entry(tr(entry.title), type.name, entry.parameters, tr(type.help)), family, words)


def _rank(item: QListWidgetItem, word: str) -> tuple[bool, bool]:
    title = item.text().lower()
    return not title.startswith(word), word not in title
