"""Batch normalisation of a vector, line by line."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit

from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.gui.lessons.widgets.base import Card, number
from blockstudio.lessons.numbers import batch_norm, initial_share

MOST = 12
_PARTS = re.compile(r"[\s,;]+")


class BatchNorm(Card):
    """Values of one channel that the learner types, and the four lines."""

    def __init__(self) -> None:
        super().__init__(tr("Batch normalisation of one channel"))
        self.field = QLineEdit("2, 2, 5, 7")  # not what lessons ask about: the card would tell before the learner does
        self.field.setProperty("role", "answer")
        self.field.setAccessibleName(tr("Values of the batch"))
        self.field.textChanged.connect(lambda _: self.show_values())
        self.column.addWidget(self.field)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self.rows: dict[str, QLabel] = {}
        names = {"mean": "μ", "variance": "σ²", "unbiased": tr("σ² · m/(m − 1)"), "normal": "x̂", "out": "y = γx̂ + β"}
        for row, (key, text) in enumerate(names.items()):
            grid.addWidget(quiet(text, wrap=False), row, 0)
            self.rows[key] = QLabel()
            self.rows[key].setFont(font(12, bold=True))
            self.rows[key].setWordWrap(True)
            grid.addWidget(self.rows[key], row, 1)
        self.column.addLayout(grid)
        self.gamma = self.dial("γ", 0, 3, 1, 0.1)
        self.beta = self.dial("β", -3, 3, 0, 0.1)
        self.steps = self.dial(tr("steps, momentum 0.1"), 0, 60, 10, 1)
        self.finish()

    def values(self) -> list[float]:
        """What is typed; nothing if that are no numbers."""
        try:
            found = [float(part.replace("−", "-")) for part in _PARTS.split(self.field.text().strip()) if part]
        except ValueError:
            return []
        return found if len(found) <= MOST and all(abs(each) <= 1e9 for each in found) else []

    def show_values(self) -> None:
        values = self.values()
        self.field.setProperty("state", "" if values else "wrong")
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)
        share = initial_share(int(self.steps.number), 0.1)
        self.said.setText(
            tr("After {steps} steps {share} % of a running mean are still its initial value.",
               steps=int(self.steps.number), share=number(100 * share, 2))
            if values else tr("Type up to {most} numbers, with commas between.", most=MOST)
        )  # fmt: skip
        if not values:
            return
        found = batch_norm(values, self.gamma.number, self.beta.number)
        for key in ("mean", "variance", "unbiased"):
            value = getattr(found, key)
            self.rows[key].setText(number(value) if value == value else "–")
        for key in ("normal", "out"):
            self.rows[key].setText("   ".join(number(each) for each in getattr(found, key)))
