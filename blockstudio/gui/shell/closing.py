"""The one place that asks before the window closes: what is unsaved, and a run that is alive."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.kit.parts import dialog_buttons, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font


class ClosingDialog(QDialog):
    """Saving and leaving the run alone are the defaults. Emits `decided` (save, stop the run) unless cancelled."""

    decided = Signal(bool, bool)

    def __init__(self, window: QWidget, unsaved: list[str], running: str) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Close Block Studio"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        self.save = self.discard = self.leave = self.stop = None
        if unsaved:
            names = ", ".join(unsaved[:4]) + (" …" if len(unsaved) > 4 else "")
            self._title(column, tr("Unsaved changes"))
            column.addWidget(quiet(names))
            self.save = QRadioButton(tr("Save"))
            self.discard = QRadioButton(tr("Close without saving"))
            self._pair(column, self.save, self.discard)
        if running:
            self._title(column, tr("A run is going on"))
            column.addWidget(quiet(running))
            self.leave = QRadioButton(tr("Leave it running; a window opened later shows it again"))
            self.stop = QRadioButton(tr("Stop it, with a checkpoint to continue from"))
            self._pair(column, self.leave, self.stop)
        self.cancel, self.ok = dialog_buttons(column, tr("Cancel"), tr("Close"), self.reject, self._decide)

    def _title(self, column: QVBoxLayout, text: str) -> None:
        label = QLabel(text)
        label.setFont(font(13, bold=True))
        column.addWidget(label)

    def _pair(self, column: QVBoxLayout, first: QRadioButton, second: QRadioButton) -> None:
        group = QButtonGroup(self)
        for button in (first, second):
            group.addButton(button)
            column.addWidget(button)
        first.setChecked(True)

    def _decide(self) -> None:
        self.accept()
        self.decided.emit(
            self.save is not None and self.save.isChecked(), self.stop is not None and self.stop.isChecked()
        )
