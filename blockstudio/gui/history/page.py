"""The steps of the document in view, from the first to the last; those taken back stand below in grey."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import notifier, theme
from blockstudio.text import render

_COUNT = Qt.ItemDataRole.UserRole
MOST = 500
"""Steps in the list: further back than that nobody looks."""


class HistoryPage(QWidget):
    """A click, or the arrow keys, go to a step: what came after it is undone, and can be redone."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._session = desk, desk.session
        self._filling = False
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 8)
        line = QHBoxLayout()
        self.summary = quiet("", wrap=False)
        line.addWidget(self.summary, 1)
        line.addWidget(desk.commands.link(tr("Revert to saved"), "file.revert"))
        column.addLayout(line)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Steps"))
        self.list.currentItemChanged.connect(lambda item, _: self._go(item))
        column.addWidget(self.list, 1)
        for signal in (self._session.edited, self._session.opened, self._session.saved, notifier.changed):
            signal.connect(self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._desk.focus()
        else:
            super().keyPressEvent(event)

    def refresh(self, _: object = None) -> None:
        """Show the steps as they are now."""
        if not self.isVisible() or self._filling:
            return
        document = self._session.document
        labels, done = document.diagram.history.labels()
        saved = document.diagram.history.place_of(document.saved_at)
        first = max(0, len(labels) - MOST)
        self._filling = True
        try:
            self.list.clear()
            for count in range(first, len(labels) + 1):
                text = render(labels[count - 1]) if count else tr("As it was opened")
                item = QListWidgetItem(f"{text}  ·  {tr('saved')}" if count == saved and document.file else text)
                item.setData(_COUNT, count)
                item.setForeground(QColor(theme().secondary if count > done else theme().text))
                self.list.addItem(item)
            self.list.setCurrentRow(done - first)
        finally:
            self._filling = False
        undone = len(labels) - done
        told = tr_many("{count} step", "{count:,} steps", done)
        self.summary.setText(f"{told} · {tr('{count} taken back', count=undone)}" if undone else told)

    def _go(self, item: QListWidgetItem | None) -> None:
        if item is not None and not self._filling:
            self._filling = True
            try:
                self._session.diagram.history.go_to(item.data(_COUNT))
            finally:
                self._filling = False
            self.refresh()
