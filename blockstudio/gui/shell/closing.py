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

from blockstudio.gui.document.places import Question
from blockstudio.gui.kit.parts import dialog_buttons, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font


class ClosingDialog(QDialog):
    """Saving and leaving the run alone are the defaults. Emits `decided` (whether to save,
    the questions answered with an end) unless cancelled."""

    decided = Signal(bool, object)

    def __init__(self, window: QWidget, unsaved: list[str], questions: list[Question]) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Close Block Studio"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        self.save: QRadioButton | None = None
        self.discard: QRadioButton | None = None
        if unsaved:
            names = ", ".join(unsaved[:4]) + (" …" if len(unsaved) > 4 else "")
            self.save, self.discard = self._pair(
                column, tr("Unsaved changes"), names, tr("Save"), tr("Close without saving")
            )
        self.questions = [
            (question, *self._pair(column, question.title, question.text, question.keep, question.end))
            for question in questions
        ]
        """Each with the buttons that keep things as they are, and that end them."""
        self.cancel, self.ok = dialog_buttons(column, tr("Cancel"), tr("Close"), self.reject, self._decide)

    def _pair(
        self, column: QVBoxLayout, title: str, text: str, first: str, second: str
    ) -> tuple[QRadioButton, QRadioButton]:
        label = QLabel(title)
        label.setFont(font(13, bold=True))
        column.addWidget(label)
        column.addWidget(quiet(text))
        group = QButtonGroup(self)
        buttons = QRadioButton(first), QRadioButton(second)
        for button in buttons:
            group.addButton(button)
            column.addWidget(button)
        buttons[0].setChecked(True)
        return buttons

    def _decide(self) -> None:
        self.accept()
        ended = [question for question, _, end in self.questions if end.isChecked()]
        self.decided.emit(self.save is not None and self.save.isChecked(), ended)
