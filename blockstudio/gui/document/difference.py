"""What a file and the diagram that is to take its place do not have in common, line by line."""

from __future__ import annotations

from difflib import unified_diff

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import tr

CONTEXT = 2
"""Lines shown around each that differs."""


def difference(theirs: str, mine: str) -> str:
    """The lines of a file (``-``) and of a diagram's text (``+``) that differ, with the lines around them."""
    lines = unified_diff(theirs.splitlines(), mine.splitlines(), n=CONTEXT, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


class DifferenceDialog(QDialog):
    """The lines that differ, and the ways to go on."""

    def __init__(self, window: QWidget | None, name: str, lines: str, ways: list[QPushButton]) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Difference in {name}", name=name))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        column.addWidget(quiet(tr("− stands in the file, + in the diagram of this window.")))
        self.view = QPlainTextEdit(lines or tr("There is no difference."))
        self.view.setAccessibleName(tr("Lines that differ"))
        self.view.setReadOnly(True)
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        column.addWidget(self.view, 1)
        line = QHBoxLayout()
        line.addStretch(1)
        self.ways = ways
        for button in ways:
            line.addWidget(button)
            button.clicked.connect(self.accept)
        column.addLayout(line)

    def sizeHint(self) -> QSize:
        return QSize(760, 460)
