"""Targets with label smoothing."""

from __future__ import annotations

import math

from blockstudio.gui.kit.text import tr
from blockstudio.gui.lessons.widgets.base import Card, Plot, number
from blockstudio.lessons.numbers import smoothed


class Smoothing(Card):
    """The targets of all classes as bars, and what they make of the loss."""

    def __init__(self) -> None:
        super().__init__(tr("Targets with label smoothing"))
        self.plot = Plot(tr("target of each class"), 100)
        self.column.addWidget(self.plot)
        # They begin elsewhere than what lessons ask about.
        self.smoothing = self.dial("ε", 0, 0.5, 0.3, 0.01)
        self.classes = self.dial(tr("classes"), 2, 1000, 4, 1)
        self.finish()

    def show_values(self) -> None:
        classes = int(self.classes.number)
        found = smoothed(classes, self.smoothing.number)
        self.plot.bars = [found.right] + [found.wrong] * min(classes - 1, 30)
        self.plot.low, self.plot.high = 1, classes
        self.plot.update()
        self.said.setText(
            tr("Right class {right}, others {wrong}. The loss cannot fall below {least}; logits then differ by {gap}.",
               right=number(found.right, 4), wrong=number(found.wrong, 4), least=number(found.least, 4),
               gap=number(found.gap) if math.isfinite(found.gap) else "∞")
        )  # fmt: skip
