"""All commands by name: type a few letters, press Enter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from blockstudio.gui.commands.registry import Choice, Command, Commands
from blockstudio.gui.kit.sheet import SearchSheet
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import font, theme

_ID = Qt.ItemDataRole.UserRole
_MENU = Qt.ItemDataRole.UserRole + 1
_KEYS = Qt.ItemDataRole.UserRole + 2
_VALUE = Qt.ItemDataRole.UserRole + 3


class _Line(QStyledItemDelegate):
    """Menu, command, and its key on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, 27)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours, rect = theme(), QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.selected)
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 5, 5)
        able = bool(option.state & QStyle.StateFlag.State_Enabled)
        painter.setFont(font(12))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(colours.secondary if able else colours.faint)
        painter.drawText(rect.adjusted(10, 0, 0, 0), middle, index.data(_MENU))
        painter.drawText(rect.adjusted(0, 0, -12, 0), middle | Qt.AlignmentFlag.AlignRight, index.data(_KEYS))
        painter.setPen(colours.text if able else colours.faint)
        painter.drawText(rect.adjusted(64, 0, 0, 0), middle, index.data())
        painter.restore()


class CommandLine(SearchSheet):
    """Every command that stands in a list, by its title, its menu and further words."""

    def __init__(self, window: QWidget, commands: Commands[Any]) -> None:
        super().__init__(window, tr("What do you want to do?"), tr("Search commands"), tr("Commands"))
        self._commands = commands
        self.set_delegate(_Line(self.list))
        self.picked.connect(lambda item: commands.run(item.data(_ID), item.data(_VALUE)))

    def popup(self, text: str = "") -> None:
        self._commands.refresh()
        super().popup(text)

    def missing(self, text: str) -> str:
        return tr("No command is called “{words}”.", words=text.strip())

    def fill(self, text: str) -> None:
        words = text.lower().split()
        found = []
        for place, (id, command) in enumerate(self._commands.listed()):
            title = self._commands.actions[id].text().rstrip("…")
            names = f"{title} {tr(command.text)}".lower()
            hay = f"{names} {command.menu} {command.keywords} {tr(command.keywords)}".lower()
            if id != "help.commands" and all(word in hay for word in words):
                # What is called so comes before what only has to do with it.
                found.append((bool(words) and not all(word in names for word in words), place, id, title, command))
        for *_, id, title, command in sorted(found, key=lambda each: each[:2]):
            self.list.addItem(self._item(id, title, command))
        values: list[tuple[int, int, str, Choice, Command[Any]]] = []
        for id, command in self._commands.choosing() if words else ():
            hay = f"{tr(command.text)} {command.menu} {command.keywords} {tr(command.keywords)}".lower()
            for choice in self._commands.choices(id):
                own = choice.text.lower()
                if all(word in hay or word in own for word in words):
                    values.append((-sum(word in own for word in words), len(values), id, choice, command))
        for *_, id, choice, command in sorted(values, key=lambda each: each[:2]):
            self.list.addItem(self._choice(id, choice, command))

    def _choice(self, id: str, choice: Choice, command: Command[Any]) -> QListWidgetItem:
        """One value of a command that is given one: ``Language: English``."""
        item = self._item(id, tr("{name}: {value}", name=tr(command.text), value=choice.text), command)
        item.setData(_VALUE, choice.value)
        if not choice.enabled:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            item.setToolTip(plain(choice.tip))
        return item

    def _item(self, id: str, title: str, command: Command[Any]) -> QListWidgetItem:
        item = QListWidgetItem(title)
        item.setData(_ID, id)
        item.setData(_MENU, tr(command.menu))
        item.setData(_KEYS, self._commands.shortcut_text(id))
        if not self._commands.actions[id].isEnabled():
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            item.setToolTip(tr(command.reason))
        return item
