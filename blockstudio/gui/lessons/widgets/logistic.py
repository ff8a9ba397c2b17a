"""γ and β under a logistic curve: where on it normalised values lie."""

from __future__ import annotations

import math

import numpy as np

from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import mix, theme
from blockstudio.gui.lessons.widgets.base import Card, Plot, number
from blockstudio.lessons.numbers import logistic, share_saturated

REACH, BINS = 8.0, 64


class Logistic(Card):
    """A bell of values with mean β and deviation γ, and the curve over it."""

    def __init__(self) -> None:
        super().__init__(tr("γ and β under a logistic curve"))
        self.plot = Plot(tr("values before the curve, and the curve"), 130)
        self.plot.colour = lambda: mix(theme().field, theme().accent, 0.45)
        self.plot.low, self.plot.high = -REACH, REACH
        x = np.linspace(-REACH, REACH, 120)
        self.plot.curve = list(zip(x.tolist(), logistic(x).tolist(), strict=True))
        edge = math.log((1 + math.sqrt(0.9)) / (1 - math.sqrt(0.9)))
        self.plot.marks = (-edge, edge)
        self.column.addWidget(self.plot)
        self.gamma = self.dial("γ", 0.1, 6, 1, 0.1)
        self.beta = self.dial("β", -6, 6, 0, 0.1)
        self.finish()

    def show_values(self) -> None:
        gamma, beta = self.gamma.number, self.beta.number
        x = np.linspace(-REACH, REACH, BINS)
        self.plot.bars = [float(each) for each in np.exp(-((x - beta) ** 2) / (2 * gamma**2))]
        self.plot.update()
        share = share_saturated(gamma, beta)
        self.said.setText(
            tr("{share} % of the values lie beyond the dashed lines, where the slope is below a tenth of the steepest.",
               share=number(100 * share, 1))
        )  # fmt: skip
