"""The recipe's field for starting weights: the file's name, with a way to choose one and to take it off."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QToolButton, QWidget

from blockstudio.gui.kit.text import plain, tr

LEAST = 100
"""Pixels of width."""


class WeightsField(QWidget):
    """``name`` is a button; whoever makes the field says what it does. Emits `committed` with an empty text when the
    weights are taken off."""

    committed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._value = ""
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        self.name = QPushButton()
        self.name.setProperty("role", "link")
        self.name.setCursor(Qt.CursorShape.PointingHandCursor)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.off = QToolButton()
        self.off.setText("×")
        self.off.setProperty("role", "cross")
        self.off.setToolTip(tr("Take these weights off"))
        self.off.setAccessibleName(self.off.toolTip())
        self.off.clicked.connect(lambda: self.committed.emit(""))
        line.addWidget(self.name, 1)
        line.addWidget(self.off)
        self.setFocusProxy(self.name)
        # Wide enough for the beginning of a name, and as high as the fields that it stands among.
        self.setMinimumSize(LEAST, QLineEdit().sizeHint().height())
        self._show()

    @property
    def value(self) -> str:
        """The file's path; empty without weights."""
        return self._value

    def set_value(self, text: str, *, force: bool = False) -> None:
        """Show a file, or that there is none."""
        if text != self._value:
            self._value = text
            self._show()

    def _show(self) -> None:
        self.off.setVisible(bool(self._value))
        text = Path(self._value).name if self._value else tr("Load…")
        room = self.width() - (self.off.sizeHint().width() if self._value else 0) - 16
        metrics = self.name.fontMetrics()
        self.name.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, room)))
        self.name.setToolTip(plain(self._value) or tr("A file of weights to begin with"))
        said = tr("Starting weights: {name}").format(name=text) if self._value else tr("Load weights…")
        self.name.setAccessibleName(said)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._value:
            self.committed.emit("")
        else:
            super().keyPressEvent(event)
