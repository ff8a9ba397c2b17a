"""All commands by name: type a few letters, press Enter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.commands.registry import Commands
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, theme

_ID = Qt.ItemDataRole.UserRole
_MENU = Qt.ItemDataRole.UserRole + 1
_KEYS = Qt.ItemDataRole.UserRole + 2


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
            painter.setBrush(colours.hover)
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


class CommandLine(QFrame):
    """A sheet over the window. Escape or a click elsewhere puts it away."""

    def __init__(self, window: QWidget, commands: Commands[Any]) -> None:
        super().__init__(window)
        self._over, self._commands = window, commands
        self._before: QWidget | None = None
        self.setProperty("role", "sheet")
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        self.line = QLineEdit()
        self.line.setObjectName("commandline")
        self.line.setPlaceholderText(tr("What do you want to do?"))
        self.line.setAccessibleName(tr("Search commands"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setItemDelegate(_Line(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.textChanged.connect(self._fill)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(lambda _: self._run())
        self.hide()

    def popup(self) -> None:
        """Open it, with the keyboard in it."""
        self._before = self.window().focusWidget()
        whole = self._over.width()
        width = min(560, whole - 40)
        self.setGeometry((whole - width) // 2, 60, width, 420)
        self._commands.refresh()
        self.line.clear()
        self._fill("")
        self.show()
        self.raise_()
        self.line.setFocus()

    def _fill(self, text: str) -> None:
        words = text.lower().split()
        self.list.clear()
        for id, command in self._commands.listed():
            title = self._commands.actions[id].text().rstrip("…")
            hay = f"{title} {tr(command.text)} {command.menu} {command.keywords}".lower()
            if id == "help.commands" or not all(word in hay for word in words):
                continue
            action = self._commands.actions[id]
            item = QListWidgetItem(title)
            item.setData(_ID, id)
            item.setData(_MENU, tr(command.menu))
            item.setData(_KEYS, self._commands.shortcut_text(id))
            if not action.isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
                item.setToolTip(tr(command.reason))
            self.list.addItem(item)
        for row in range(self.list.count()):
            if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentRow(row)
                break

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if event.key() == Qt.Key.Key_Escape:
                self._put_away()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
        return False

    def _put_away(self) -> None:
        self.hide()
        if self._before is not None:
            self._before.setFocus()

    def _run(self) -> None:
        item = self.list.currentItem()
        self._put_away()
        if item is not None:
            self._commands.run(item.data(_ID))
