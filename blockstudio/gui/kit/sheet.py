"""A sheet over the window: type a few letters, choose a line with the arrow keys, press Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.kit.parts import quiet

MOST_ROWS = 13
"""Lines in view: of more the list scrolls."""


class SearchSheet(QFrame):
    """A line and a list below it. Escape or a click elsewhere puts it away, and the keyboard goes back.

    Whoever makes one fills the list in `fill` and says in `chosen` what a line does.
    """

    picked = Signal(object)
    """A line was chosen: the list's item. The sheet is away already."""

    def __init__(self, window: QWidget, placeholder: str, name: str, lines: str, width: int = 560) -> None:
        """``name`` and ``lines``: what screen readers call the line and the list."""
        super().__init__(window)
        self._over, self._width = window, width
        self._before: QWidget | None = None
        self.setProperty("role", "sheet")
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        self.line = QLineEdit()
        self.line.setObjectName("commandline")
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(name)
        self.none = QLabel()
        self.none.setWordWrap(True)
        self.none.setContentsMargins(10, 4, 10, 6)
        self.none.hide()
        self.list = QListWidget()
        self.list.setAccessibleName(lines)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.foot = quiet()
        self.foot.setContentsMargins(10, 2, 10, 0)
        self.foot.hide()
        for widget in (self.line, self.none, self.list, self.foot):
            column.addWidget(widget)
        self.line.textChanged.connect(self._refill)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(lambda _: self._pick())
        self.hide()

    def set_delegate(self, delegate: QAbstractItemDelegate) -> None:
        """Who paints the lines."""
        self.list.setItemDelegate(delegate)

    def fill(self, text: str) -> None:
        """Put the lines for what is typed into the list."""
        raise NotImplementedError

    def missing(self, text: str) -> str:
        """The one line where nothing fits."""
        raise NotImplementedError

    def popup(self, text: str = "") -> None:
        """Open it, with the keyboard in it."""
        self._before = self.window().focusWidget()
        whole = self._over.width()
        width = min(self._width, whole - 40)
        self.move((whole - width) // 2, 60)
        self.setFixedWidth(width)
        self.line.setText(text)
        self.line.selectAll()
        self._refill(text)
        self.show()
        self._fold()
        self.raise_()
        self.line.setFocus()

    def _refill(self, text: str) -> None:
        self.list.clear()
        self.fill(text)
        empty = not self.list.count()
        self.none.setText(self.missing(text) if empty else "")
        self.none.setVisible(empty and bool(self.none.text()))
        self.list.setVisible(not empty)
        for row in range(self.list.count()):
            if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentRow(row)
                break
        self._fold()

    def _fold(self) -> None:
        """As high as what stands in it, and no higher than the window allows."""
        rows = min(self.list.count(), MOST_ROWS)
        room = self._over.height() - 180
        self.list.setFixedHeight(min(max(1, rows) * max(1, self.list.sizeHintForRow(0)) + 4, max(60, room)))
        self._column.activate()
        self.resize(self.width(), self.sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            return self.key(event)
        return False

    def key(self, event: QKeyEvent) -> bool:
        """Whether a key means something to the sheet."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pick()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
        else:
            return False
        return True

    def put_away(self) -> None:
        """Close it; the keyboard goes back to where it was."""
        self.hide()
        if self._before is not None:
            self._before.setFocus()

    def _pick(self) -> None:
        item: QListWidgetItem | None = self.list.currentItem()
        self.put_away()
        if item is not None:
            self.picked.emit(item)
