"""The start page: the networks that come along as a family tree or a list, what is known of each, and the files opened
lately."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from blockstudio.blocks import RawValue
from blockstudio.graph.lineage import Kin, lineage
from blockstudio.gui.browser.detail import Detail
from blockstudio.gui.browser.preset_facts import FactsStore
from blockstudio.gui.browser.tree import Tree
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import clear, quiet
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import font, notifier, theme

FIRST = "googlenet"
"""Whom the page tells of before anybody has chosen."""
WIDE, DETAIL, DETAIL_NARROW = 1300, 400, 336
"""From which width of the page on its right side is how wide, and how wide below."""
RECENT = 5


class StartPage(QWidget):
    """The browser of presets. Figures come in one after another from a worker while the page is in view."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setObjectName("panel")
        self.setAccessibleName(tr("Start page"))
        self.family = lineage()
        self.facts = FactsStore(self)
        self._listed = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        row = QHBoxLayout()
        row.setSpacing(0)
        column.addLayout(row, 1)
        self.tree = Tree(self.family, self.facts)
        self.detail = Detail(self.family, self.facts)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.tree)
        self._line = QFrame()
        self._line.setFixedWidth(1)
        row.addWidget(self._scroll, 1)
        row.addWidget(self._line)
        row.addWidget(self.detail)
        self.tree.current_changed.connect(self.detail.show_preset)
        self.tree.chosen.connect(self._open)
        self.tree.typed.connect(self._type)
        self.tree.left_upwards.connect(self.search.setFocus)
        self.tree.moved.connect(self._reveal)
        self.detail.opened.connect(self._open_with)
        self.detail.wanted.connect(self.show_preset)
        self.search.installEventFilter(self)
        notifier.changed.connect(self._recolour)
        self._recolour()

    def _head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(14, 12, 14, 8)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(8)
        title = QLabel(tr("Choose a network"))
        title.setFont(font(18, bold=True))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search by name, family, year or words"))
        self.search.setAccessibleName(tr("Search networks"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(160)
        self.search.setMaximumWidth(300)
        self.search.textChanged.connect(lambda _: self._filter())
        self.search.returnPressed.connect(self._open_first)
        self.tree_button, self.list_button = QPushButton(tr("Tree")), QPushButton(tr("List"))
        for button, listed in ((self.tree_button, False), (self.list_button, True)):
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.clicked.connect(lambda _=False, listed=listed: self.show_list(listed))
        self.tree_button.setChecked(True)
        row.addWidget(title)
        row.addSpacing(10)
        row.addWidget(self.search, 1)
        row.addWidget(self.tree_button)
        row.addWidget(self.list_button)
        row.addStretch(1)
        row.addWidget(quiet(tr("or start with"), wrap=False))
        row.addWidget(self._desk.commands.link(tr("Empty diagram"), "file.new"))
        row.addWidget(self._desk.commands.link(tr("Open a file…"), "file.open"))
        if "page.lessons" in self._desk.commands.declared:
            row.addWidget(self._desk.commands.link(tr("Lessons"), "page.lessons"))
        column.addLayout(row)
        self._files = QHBoxLayout()
        self._files.setSpacing(8)
        column.addLayout(self._files)
        return head

    def _recolour(self) -> None:
        self._line.setStyleSheet(f"background: {theme().hairline.name()};")

    # What is shown

    @property
    def is_busy(self) -> bool:
        """Whether figures or the drawing are still to come."""
        return self.facts.busy or self.detail.picture.busy

    def show_preset(self, preset: str) -> None:
        """Make a preset the current one, and have it in view."""
        if preset not in self.tree.shown:
            self.search.clear()
        self.tree.make_current(preset)

    def show_list(self, listed: bool) -> None:
        """Rows in the order of years instead of the tree."""
        self._listed = listed
        if not listed:
            self.search.clear()
        self._filter()

    def _filter(self) -> None:
        words = self.search.text().lower().split()
        (self.list_button if words or self._listed else self.tree_button).setChecked(True)
        if not words and not self._listed:
            self.tree.show_tree()
            return
        found = [kin for kin in self.family.kin.values() if all(word in _words(kin) for word in words)]
        found.sort(key=lambda kin: (_rank(kin, words), kin.is_module, bool(words and kin.beside), kin.year, kin.family))
        self.tree.show_rows([kin.preset for kin in found])
        if words and found and self.tree.current not in self.tree.shown[:1]:
            self.tree.make_current(found[0].preset)

    def _show_recent(self) -> None:
        clear(self._files)
        files = self._desk.documents.recent()[:RECENT]
        if not files:
            return
        self._files.addWidget(quiet(tr("Recent files"), wrap=False))
        for file in files:
            name = file.name.removesuffix(".json").removesuffix(".blocks")
            button = self._desk.commands.link(name, "file.recent", file)
            button.setToolTip(plain(str(file)))
            button.setAccessibleName(tr("Open {0}", file.name))
            button.setMinimumWidth(40)
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            self._files.addWidget(button)
        self._files.addStretch(1)

    def _reveal(self) -> None:
        rect = self.tree.current_rect().toRect()
        if rect.isValid():
            self._scroll.ensureVisible(rect.center().x(), rect.center().y(), 60, rect.height() // 2 + 30)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_recent()
        if not self.tree.current:
            self.tree.make_current(FIRST if FIRST in self.family.kin else next(iter(self.family.kin), ""))
            self.facts.fill([self.tree.current, *self.tree.shown])
        self.facts.resume()
        self.take_keyboard()

    def take_keyboard(self) -> None:
        """The line to search in has it; what was asked last is selected, so that typing asks anew."""
        self.search.setFocus()
        self.search.selectAll()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.facts.pause()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.detail.setFixedWidth(DETAIL if event.size().width() >= WIDE else DETAIL_NARROW)

    # Opening and leaving

    def _open(self, preset: str) -> None:
        """Open with the values set beside it, if it is the one that is shown there."""
        if preset == self.detail.preset:
            self.detail.open()
        else:
            self._open_with(preset, {})

    def _open_with(self, preset: str, values: dict[str, RawValue]) -> None:
        self._desk.commands.run("file.preset", (preset, values))

    def _open_first(self) -> None:
        if self.search.text().strip():
            if self.tree.shown:
                self._open(self.tree.shown[0])
        elif self.tree.current:
            self._open(self.tree.current)

    def _type(self, text: str) -> None:
        self.search.setFocus()
        self.search.setText(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down:
                self.tree.take_keyboard()
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._desk.commands.run("view.drawing")
        else:
            super().keyPressEvent(event)

    def stop(self) -> None:
        self.facts.stop()
        self.detail.stop()


def _words(kin: Kin) -> str:
    """All that a search may hit."""
    told = (kin.description, *kin.about.values())
    return " ".join((kin.preset, kin.title, kin.label, tr(kin.label), *told, *map(tr, told))).lower()


def _rank(kin: Kin, words: list[str]) -> int:
    """What is called so comes before what is only described so."""
    phrase = " ".join(words)
    names = (kin.preset.lower(), kin.title.lower())
    if phrase in names:
        return 0
    if any(name.startswith(phrase) for name in names):
        return 1
    if words and all(any(word in name for name in names) for word in words):
        return 2
    return 3 if words and all(word in f"{kin.family} {kin.about.get('year', '')}".lower() for word in words) else 4
