"""What a preset's file says of it in words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from blockstudio.graph.lineage import Kin
from blockstudio.gui.kit.parts import heading, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font

_TOGETHER = ((" %", "\u00a0%"), (" ± ", "\u00a0±\u00a0"))
"""What a line must not break between."""


def _paragraph(px: float = 12, bold: bool = False) -> QLabel:
    """Running text that can be marked and copied."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(font(px, bold))
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label


class Texts(QWidget):
    """Accuracy, description and paper. The labels stay, since making them takes longer than filling them."""

    def __init__(self) -> None:
        super().__init__()
        self._accuracy, self._published = heading(tr("Published accuracy")), _paragraph()
        self._description, self._paper, self._authors = _paragraph(), _paragraph(bold=True), _paragraph(11)
        self._venue, self._section = quiet(), quiet()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for label in (
            self._accuracy, self._published, heading(tr("What it is")), self._description, heading(tr("Paper")),
            self._paper, self._authors, self._venue, self._section,
        ):  # fmt: skip
            column.addWidget(label)

    def show_kin(self, kin: Kin) -> None:
        """Tell of another preset."""
        about = kin.about
        venue = (about.get("venue"), tr("first published in {0}", kin.year) if kin.year else "")
        for label, text in (
            (self._published, tr(about.get("published", ""))),
            (self._description, tr(kin.description)),
            (self._paper, about.get("paper", "")),
            (self._authors, about.get("authors", "")),
            (self._venue, ", ".join(filter(None, venue))),
            (self._section, tr("In it: {0}", tr(about["section"])) if "section" in about else ""),
        ):
            for apart, together in _TOGETHER:
                text = text.replace(apart, together)
            label.setText(text)
            label.setVisible(bool(text))
        self._accuracy.setVisible(self._published.text() != "")
