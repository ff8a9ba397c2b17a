"""Notes over the drawing: what the window has to say, with what can be done about it. No dialog.

One shows at a time, and the drawing keeps its place. What only tells something goes by itself after a while, what asks
something waits.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent
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
SHOWN_MS = 8_000
"""So long a sentence shows about which nothing can be done."""
LONGER = 4
"""Times as long one that says what went well, with ways on from there."""
WIDEST, EDGE = 640, 10
"""Pixels of a note, and from the top of what it stands over."""


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
        self.waiting = QLabel()
        self.waiting.setProperty("role", "secondary")
        self.waiting.hide()
        line.addWidget(self.waiting)
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
            f"QFrame#note {{ background: {ground.name()}; border: 1px solid {colours.card_border.name()};"
            f" border-left: 3px solid {edge.name()}; border-radius: 4px; }}"
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
    """The notes, newest first, of which the first shows. The same sentence stands there once."""

    left = Signal()
    """The note that had the keyboard is gone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.notes: list[Toast] = []
        self._areas: tuple[QWidget, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._pass)
        self.hide()

    def stand_over(self, *areas: QWidget) -> None:
        """Show the notes over the last of these widgets of the window that is in view: at the top of the last, at the
        foot of the others, which have what is to be clicked in their heads."""
        self._areas = areas
        for area in areas:
            area.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
        if event.type() in kinds:
            self._place()
        return False

    def _place(self) -> None:
        parent = self.parentWidget()
        area = next(
            (area for area in reversed(self._areas) if area.isVisible()), self._areas[0] if self._areas else None
        )
        if area is None or parent is None or not self.notes:
            return
        corner = area.mapTo(parent, area.rect().topLeft())
        width = min(WIDEST, area.width() - 2 * EDGE)
        left = corner.x() + (area.width() - width) // 2
        self.setFixedWidth(max(1, width))
        height = self._column.heightForWidth(width)
        down = EDGE if area is self._areas[-1] else max(EDGE, area.height() - height - EDGE)
        self.setGeometry(QRect(left, corner.y() + down, width, height))
        self.raise_()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()  # it is being read
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._wait()
        super().leaveEvent(event)

    def _wait(self) -> None:
        """Let the note in view go after a while, if nothing is asked."""
        first = self.notes[0] if self.notes else None
        if first is not None and first.kind == "good" and first.buttons:
            self._timer.start(LONGER * SHOWN_MS)
        elif first is not None and not first.buttons and first.kind in ("info", "good"):
            self._timer.start(SHOWN_MS)
        else:
            self._timer.stop()

    def _pass(self) -> None:
        if self.notes:
            self._drop(self.notes[0])

    def _turn(self) -> None:
        """Show the first note alone, with how many wait behind it."""
        for place, note in enumerate(self.notes):
            note.setVisible(not place)
        more = len(self.notes) - 1
        if self.notes:
            self.notes[0].waiting.setText(tr("1 of {count}", count=more + 1))
            self.notes[0].waiting.setVisible(more > 0)
        self.setVisible(bool(self.notes))
        self._place()
        self._wait()

    def forget(self, about: object) -> None:
        """What is told of something is no longer so."""
        for note in [note for note in self.notes if note.about == about]:
            self._drop(note)

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()

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
        self._turn()
        return note

    def tell(self, about: object, text: str) -> Toast:
        """Show a sentence about something; what was told of the same before stands in the same note."""
        note = next((note for note in self.notes if note.about == about), None)
        if note is None:
            note = self.show_toast(text)
            note.about = about
        elif text not in note.label.text():
            note.say_more(text)
            self._place()
        return note

    def _drop(self, note: Toast) -> None:
        focus = QApplication.focusWidget()
        had_keyboard = focus is not None and note.isAncestorOf(focus)
        if note in self.notes:
            self.notes.remove(note)
            self._column.removeWidget(note)
            note.hide()
            note.deleteLater()
        self._turn()
        if had_keyboard:
            self.left.emit()

    def clear(self) -> None:
        for note in list(self.notes):
            self._drop(note)

    @property
    def texts(self) -> list[str]:
        return [note.label.text() for note in self.notes]
