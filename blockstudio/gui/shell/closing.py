"""The one place that asks before the window closes: what is unsaved, and a run that is alive."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QLabel,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.document.document import Document
from blockstudio.gui.document.places import Question
from blockstudio.gui.kit.parts import dialog_buttons, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.gui.kit.tick_box import TickBox


class ClosingDialog(QDialog):
    """Saving and leaving the run alone are the defaults. Emits `decided` (the documents to save, the questions
    answered with an end) unless cancelled."""

    decided = Signal(object, object)

    def __init__(self, window: QWidget, unsaved: Mapping[Document, str], questions: list[Question]) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Close Block Studio"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(8)
        self.save: QRadioButton | None = None
        self.discard: QRadioButton | None = None
        self.files: dict[Document, TickBox] = {}
        """Which of several are to be saved."""
        self._unsaved = unsaved
        if unsaved:
            one = next(iter(unsaved.values())) if len(unsaved) == 1 else tr("Those that are ticked are saved.")
            self.save, self.discard = self._pair(
                column, tr("Unsaved changes"), one, tr("Save"), tr("Close without saving")
            )
            if len(unsaved) > 1:
                self._choose(column)
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

    def _choose(self, column: QVBoxLayout) -> None:
        """A tick for each document, below *Save*."""
        assert self.save is not None
        area, holder = QScrollArea(), QWidget()
        rows = QVBoxLayout(holder)
        rows.setContentsMargins(20, 0, 0, 0)
        rows.setSpacing(4)
        for document, title in self._unsaved.items():
            box = self.files[document] = TickBox(title)
            box.setChecked(True)
            rows.addWidget(box)
        area.setWidget(holder)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setMaximumHeight(min(200, holder.sizeHint().height() + 4))
        self.save.toggled.connect(holder.setEnabled)
        column.insertWidget(column.indexOf(self.save) + 1, area)

    def chosen(self) -> list[Document]:
        """The documents that are to be saved."""
        if self.save is None or not self.save.isChecked():
            return []
        return [
            document for document in self._unsaved if document not in self.files or self.files[document].isChecked()
        ]

    def _decide(self) -> None:
        self.accept()
        ended = [question for question, _, end in self.questions if end.isChecked()]
        self.decided.emit(self.chosen(), ended)
