"""Names that may stand in an expression, offered while one is typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit

_WORD = re.compile(r"[A-Za-z_]\w*$")


class NameCompleter(QObject):
    """Completes the word before the cursor of a line, and leaves the rest of the expression as it is."""

    def __init__(self, line: QLineEdit, names: Callable[[], Iterable[str]]) -> None:
        super().__init__(line)
        self._line, self._names = line, names
        self._model = QStringListModel(self)
        self.completer = QCompleter(self._model, self)
        self.completer.setWidget(line)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer.activated.connect(self._take)
        line.textEdited.connect(lambda _: self.offer())

    def _word(self) -> str:
        found = _WORD.search(self._line.text()[: self._line.cursorPosition()])
        return found.group() if found else ""

    def offer(self) -> None:
        """Show the names that begin so; none where the word is one already."""
        word, popup = self._word(), self.completer.popup()
        fits = [name for name in self._names() if name.lower().startswith(word.lower())] if word else []
        if popup is None or not fits or word in fits:
            if popup is not None:
                popup.hide()
            return
        self._model.setStringList(sorted(fits))
        self.completer.setCompletionPrefix(word)
        popup.setObjectName("completions")
        self.completer.complete()
        popup.setCurrentIndex(self.completer.completionModel().index(0, 0))

    def takes(self, key: int) -> bool:
        """Whether a key means something to the list in view."""
        popup = self.completer.popup()
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Up, Qt.Key.Key_Down)
        return popup is not None and popup.isVisible() and key in keys

    def _take(self, name: str) -> None:
        line, word = self._line, self._word()
        start = line.cursorPosition() - len(word)
        line.setText(line.text()[:start] + name + line.text()[line.cursorPosition() :])
        line.setCursorPosition(start + len(name))
        line.textEdited.emit(line.text())
