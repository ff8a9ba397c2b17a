"""Notes over the canvas: what the window has to say, with what can be done about it. No dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import mix, notifier, theme

MAX_NOTES = 4


class Toast(QFrame):
    """One line: a coloured edge, a sentence, links, and a cross to put it away."""

    closed = Signal()

    def __init__(self, text: str, kind: str, actions: list[tuple[str, Callable[[], object]]]) -> None:
        super().__init__()
        self.kind = kind
        self.about: object = None
        """What it tells of, if more may be told of the same."""
        self.setObjectName("note")
        self.setAccessibleName(text)
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 5, 6, 5)
        line.setSpacing(10)
        self.label = QLabel(text)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        line.addWidget(self.label, 1)
        self.buttons: list[QPushButton] = []
        for title, run in actions:
            button = QPushButton(title)
            button.setProperty("role", "link")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, run=run: self._do(run))
            line.addWidget(button)
            self.buttons.append(button)
        cross = QToolButton()
        cross.setText("×")
        cross.setAccessibleName(tr("Put this note away"))
        cross.clicked.connect(self.put_away)
        line.addWidget(cross)
        self._paint()
        notifier.changed.connect(self._paint)

    def _paint(self) -> None:
        colours = theme()
        edge = {"problem": colours.problem, "warning": colours.warning, "good": colours.good}.get(
            self.kind, colours.accent
        )
        ground = mix(colours.panel, edge, 0.07)
        self.setStyleSheet(
            f"QFrame#note {{ background: {ground.name()}; border: 0; border-left: 3px solid {edge.name()};"
            f" border-bottom: 1px solid {colours.hairline.name()}; }}"
        )

    def _do(self, run: Callable[[], object]) -> None:
        self.put_away()
        run()

    def say_more(self, text: str) -> None:
        """One more sentence behind those that stand there."""
        self.label.setText(f"{self.label.text()} {text}")
        self.setAccessibleName(self.label.text())

    def put_away(self) -> None:
        self.closed.emit()


class ToastBar(QWidget):
    """The notes in view, newest first. The same sentence stands there once."""

    left = Signal()
    """The note that had the keyboard is gone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.notes: list[Toast] = []
        self.hide()

    def show_toast(self, text: str, kind: str = "info", *actions: tuple[str, Callable[[], object]]) -> Toast:
        """Show a sentence; ``kind`` is info, good, warning or problem; ``actions`` are (title, what to do)."""
        for note in list(self.notes):
            if note.label.text() == text:
                self._drop(note)
        while len(self.notes) >= MAX_NOTES:
            self._drop(self.notes[-1])
        note = Toast(text, kind, list(actions))
        note.closed.connect(lambda: self._drop(note))
        self.notes.insert(0, note)
        self._column.insertWidget(0, note)
        self.show()
        return note

    def tell(self, about: object, text: str) -> Toast:
        """Show a sentence about something; what was told of the same before stands in the same note."""
        note = next((note for note in self.notes if note.about == about), None)
        if note is None:
            note = self.show_toast(text)
            note.about = about
        elif text not in note.label.text():
            note.say_more(text)
        return note

    def _drop(self, note: Toast) -> None:
        focus = QApplication.focusWidget()
        had_keyboard = focus is not None and note.isAncestorOf(focus)
        if note in self.notes:
            self.notes.remove(note)
            self._column.removeWidget(note)
            note.hide()
            note.deleteLater()
        if not self.notes:
            self.hide()
        if had_keyboard:
            self.left.emit()

    def clear(self) -> None:
        for note in list(self.notes):
            self._drop(note)

    @property
    def texts(self) -> list[str]:
        return [note.label.text() for note in self.notes]
