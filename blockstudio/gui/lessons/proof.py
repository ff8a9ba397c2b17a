"""A proof card: an identity, checked with real tensors in a process of its own when the learner asks for it."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from blockstudio.answers import Answer
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.kit.theme import font
from blockstudio.gui.work.child import Child
from blockstudio.lessons.proofs import PROOFS


def magnitude(value: float) -> str:
    """``2.4·10⁻⁷``; zero is zero."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:.4g}"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits}·10" + str(int(power)).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


class ProofCard(QFrame):
    """See the module's text. Let go of, its process ends."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.setProperty("role", "box")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        proof = PROOFS.get(name)
        title = QLabel(tr(proof.title) if proof is not None else name)
        title.setFont(font(12, bold=True))
        title.setWordWrap(True)
        column.addWidget(title)
        self.about = quiet(tr(proof.about) if proof is not None else "")
        column.addWidget(self.about)
        row = QHBoxLayout()
        self.button = QPushButton(tr("Prove it"))
        self.button.setProperty("role", "chip")
        self.button.clicked.connect(lambda _=False: self.start())
        self.button.setEnabled(proof is not None)
        row.addWidget(self.button)
        self.said = QLabel()
        self.said.setWordWrap(True)
        row.addWidget(self.said, 1)
        column.addLayout(row)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        column.addLayout(self._grid)
        self.computing = False
        self.rows: list[dict[str, float]] = []
        self.child = Child(self)
        self.child.done.connect(self._show)

    def start(self) -> None:
        """Compute it; while it is computed nothing more."""
        # Not disabled meanwhile: the keyboard would go to the next thing that can be pressed.
        if not self.computing:
            self.computing = True
            self._say(tr("computing…"), "")
            self.child.run("lesson", "prove", self.name)

    def _show(self, answer: Answer) -> None:
        self.computing = False
        if answer.error is not None:
            self._say(sentence(str(answer.error)), "problem")
            return
        self.rows = answer.value["proof"]
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        heads = ("", tr("values"), tr("largest value"), tr("largest difference"))
        for column, text in enumerate(heads):
            self._grid.addWidget(quiet(text, wrap=False), 0, column)
        for number, row in enumerate(self.rows, 1):
            cells = (
                str(row["precision"]),
                f"{row['values']:,}",
                magnitude(row["largest"]),
                magnitude(row["difference"]),
            )
            for column, text in enumerate(cells):
                cell = QLabel(text)
                cell.setFont(font(12, bold=column == 3))
                self._grid.addWidget(cell, number, column)
        holds = bool(answer.value["holds"])
        self._say(tr("Equal but for rounding.") if holds else tr("Not equal."), "good" if holds else "problem")

    def _say(self, text: str, role: str) -> None:
        self.said.setText(text)
        self.said.setProperty("role", role)
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
