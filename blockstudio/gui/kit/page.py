"""What the pages beside the drawing share: a title with its tools, toggles, sections, the sentence of an empty page."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.kit.theme import font

MARGINS = (32, 20, 32, 20)
GAP = 40
"""Pixels around a page, and between its columns."""


def page_column(page: QWidget) -> QVBoxLayout:
    """The column in which a page stands."""
    column = QVBoxLayout(page)
    column.setContentsMargins(*MARGINS)
    column.setSpacing(10)
    return column


def page_title(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(font(18, bold=True))
    return label


def section_title(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(font(14, bold=True))
    return label


class PageHead(QHBoxLayout):
    """The title, and in its line what `add` puts behind it; ``tools`` stand at the right."""

    def __init__(self, title: str = "", *, long: bool = False) -> None:
        """``long``: the title is a sentence, which takes the room there is and runs over several lines."""
        super().__init__()
        self.setSpacing(10)
        self.title = page_title(title)
        self.title.setWordWrap(long)
        self._long = long
        self.addWidget(self.title, 1 if long else 0)
        if not long:
            self.addSpacing(6)

    def add(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def add_tools(self, *widgets: QWidget) -> None:
        """The last call: these go to the right end."""
        if not self._long:
            self.addStretch(1)
        self.add(*widgets)


class Toggles(QWidget):
    """Small buttons of which one is down; arrow keys go from one to the next."""

    changed = Signal(str)

    def __init__(self, choices: Mapping[str, str], name: str) -> None:
        """``choices``: titles by key; ``name`` is for readers of screens."""
        super().__init__()
        self.setAccessibleName(name)
        self.buttons: dict[str, QPushButton] = {}
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        for key, title in choices.items():
            button = self.buttons[key] = QPushButton(title)
            button.setProperty("role", "toggle")
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFont(font(12, bold=True))
            button.setFixedSize(button.fontMetrics().horizontalAdvance(title) + 20, 25)
            button.clicked.connect(lambda _=False, key=key: self.changed.emit(key))
            line.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        next(iter(self.buttons.values())).setChecked(True)

    @property
    def value(self) -> str:
        return next(key for key, button in self.buttons.items() if button.isChecked())

    def choose(self, key: str) -> None:
        """Press a button."""
        self.buttons[key].setChecked(True)
        self.changed.emit(key)


class Switch(QPushButton):
    """A small button that stays down."""

    def __init__(self, title: str, name: str) -> None:
        super().__init__(title)
        self.setProperty("role", "toggle")
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFont(font(12, bold=True))
        self.setFixedSize(self.fontMetrics().horizontalAdvance(title) + 20, 25)


class Empty(QWidget):
    """One sentence in the middle of where nothing is yet, with what can be done about it."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        self.label = QLabel()
        self.label.setProperty("role", "secondary")
        self.label.setFont(font(12))
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.label.setWordWrap(True)
        column.addStretch(1)
        column.addWidget(self.label)
        self._links = QHBoxLayout()
        column.addLayout(self._links)
        column.addStretch(2)

    def show_text(self, text: str, *links: QPushButton) -> None:
        self.label.setText(text)
        while (item := self._links.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._links.addStretch(1)
        for link in links:
            self._links.addWidget(link)
        self._links.addStretch(1)


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """uint8 ``(H, W, C)`` with 1 or 3 channels as an image with memory of its own."""
    height, width, channels = pixels.shape
    form = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, width * channels, form).copy()


def out_of_field(page: QWidget) -> bool:
    """Escape amid writing ends the writing, not the look at the page: the keyboard goes from a field with something in
    it to its page. Returns whether there was one."""
    at = QApplication.focusWidget()
    if at is None or not page.isAncestorOf(at):
        return False
    if isinstance(at, QLineEdit):
        written = at.text()
    else:
        written = at.toPlainText() if isinstance(at, QPlainTextEdit | QTextEdit) else ""
    if written:
        page.setFocus()
    return bool(written)
