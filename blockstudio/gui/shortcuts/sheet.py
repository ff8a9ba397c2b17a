"""All shortcuts on one sheet, to look up and to change."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, theme
from blockstudio.gui.shortcuts.bindings import Bindings

_ID = Qt.ItemDataRole.UserRole
_LONE = {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock}


class ShortcutSheet(QDialog):
    """Commands menu by menu with their keys. Enter or a double click on one waits for new keys, Escape leaves it,
    Backspace takes its keys away."""

    def __init__(self, desk: Desk, bindings: Bindings) -> None:
        super().__init__(desk.window)
        self._desk, self._bindings = desk, bindings
        self._waiting = ""
        self.setWindowTitle(tr("Keyboard shortcuts"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        title = QLabel(tr("Keyboard shortcuts"))
        title.setFont(font(15, bold=True))
        column.addWidget(title)
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Search commands and keys"))
        self.line.setAccessibleName(self.line.placeholderText())
        self.line.textChanged.connect(self._filter)
        column.addWidget(self.line)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("Commands and their keys"))
        self.tree.setHeaderHidden(True)
        self.tree.setColumnCount(2)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(10)
        self.tree.setUniformRowHeights(True)
        self.tree.itemDoubleClicked.connect(lambda item, _: self.wait_for(item))
        self.tree.installEventFilter(self)
        column.addWidget(self.tree, 1)
        self.hint = quiet(tr("Double-click a command, or press Enter on it, to give it other keys."))
        column.addWidget(self.hint)
        line = QHBoxLayout()
        self.change, self.back = QPushButton(tr("Change…")), QPushButton(tr("As it was"))
        self.all_back, self.close_button = QPushButton(tr("All as they were")), QPushButton(tr("Close"))
        for button, run in (
            (self.change, lambda: self.wait_for(self.tree.currentItem())),
            (self.back, self._reset),
            (self.all_back, self._reset_all),
        ):
            button.setProperty("role", "chip")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, run=run: run())
            line.addWidget(button)
        line.addStretch(1)
        self.close_button.setProperty("role", "primary")
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.accept)
        line.addWidget(self.close_button)
        column.addLayout(line)
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    # The list

    def _fill(self) -> None:
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for id, command in self._desk.commands.listed():
            menu = tr(command.menu) if command.menu else tr("Elsewhere")
            if menu not in groups:
                groups[menu] = self._group(menu)
            title = self._desk.commands.actions[id].text().rstrip("…")
            item = QTreeWidgetItem(groups[menu], [title, ""])
            item.setData(0, _ID, id)
            self._show(item)
        if self._desk.key_hints:
            group = self._group(tr("On the drawing"))
            for title, keys in self._desk.key_hints:
                QTreeWidgetItem(group, [title, keys])
        self.tree.expandAll()
        self.tree.setColumnWidth(0, 360)

    def _group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self.tree, [title, ""])
        group.setFont(0, font(11, bold=True))
        group.setForeground(0, theme().secondary)
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        return group

    def _show(self, item: QTreeWidgetItem) -> None:
        id = item.data(0, _ID)
        item.setText(1, ", ".join(self._bindings.keys(id)))
        item.setFont(1, font(12, bold=id in self._bindings.changed))

    def items(self) -> list[QTreeWidgetItem]:
        """The commands' lines."""
        return [item for group in self._groups() for item in _inside(group)]

    def _groups(self) -> list[QTreeWidgetItem]:
        found = (self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount()))
        return [group for group in found if group is not None]

    def item(self, id: str) -> QTreeWidgetItem:
        """A command's line. Raises `StopIteration`."""
        return next(item for item in self.items() if item.data(0, _ID) == id)

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self.items():
            declared = self._desk.commands.declared.get(item.data(0, _ID))
            more = declared.keywords if declared is not None else ""
            hay = f"{item.text(0)} {item.text(1)} {more} {tr(more)}".lower()
            item.setHidden(not all(word in hay for word in words))
        for group in self._groups():
            group.setHidden(all(item.isHidden() for item in _inside(group)))

    # Changing

    def wait_for(self, item: QTreeWidgetItem | None) -> None:
        """The next keys are for this command."""
        if item is None or item.data(0, _ID) is None:
            return
        self._waiting = item.data(0, _ID)
        self.tree.setCurrentItem(item)
        self.tree.setFocus()
        item.setText(1, tr("press the keys…"))
        self.hint.setText(tr("Escape leaves it as it is, Backspace takes its keys away."))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
        if watched is not self.tree or event.type() not in kinds:
            return False
        assert isinstance(event, QKeyEvent)
        if self._waiting:
            event.accept()  # no shortcut of the window may have it
            if event.type() == QEvent.Type.KeyPress and event.key() not in _LONE:
                self._take(event)
            return True
        if event.type() == QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.wait_for(self.tree.currentItem())
            return True
        return False

    def _take(self, event: QKeyEvent) -> None:
        id, self._waiting = self._waiting, ""
        self.hint.setText("")
        if event.key() == Qt.Key.Key_Escape:
            pass
        elif event.key() == Qt.Key.Key_Backspace and not event.modifiers():
            self._bindings.bind(id)
        else:
            keys = QKeySequence(event.keyCombination())
            losers = self._bindings.bind(id, keys)
            if losers:
                names = ", ".join(self._desk.commands.actions[loser].text().rstrip("…") for loser in losers)
                written = keys.toString(QKeySequence.SequenceFormat.NativeText)
                self.hint.setText(
                    tr("{keys} was the key of {names}, which has it no longer.", keys=written, names=names)
                )
        self._refresh()

    def _reset(self) -> None:
        item = self.tree.currentItem()
        if item is not None and item.data(0, _ID) is not None:
            self._bindings.reset(item.data(0, _ID))
            self._refresh()

    def _reset_all(self) -> None:
        self._bindings.reset_all()
        self._refresh()

    def _refresh(self) -> None:
        for item in self.items():
            if item.data(0, _ID) is not None:
                self._show(item)


def _inside(group: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (group.child(row) for row in range(group.childCount()))
    return [item for item in found if item is not None]
