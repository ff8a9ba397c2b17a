"""Z-score and min-max on a histogram."""

from __future__ import annotations

import numpy as np

from blockstudio.gui.kit.text import tr
from blockstudio.gui.lessons.widgets.base import Card, Plot, number
from blockstudio.lessons.numbers import Floats, min_max, sample, skewness, z_scores

BINS = 40


class Scaling(Card):
    """One set of values, and what both scalings make of it."""

    def __init__(self) -> None:
        super().__init__(tr("Z-score and min-max"))
        self.plots = [Plot(tr("as it is")), Plot(tr("z-score")), Plot(tr("min-max"))]
        for plot in self.plots:
            self.column.addWidget(plot)
        self.skew = self.dial(tr("lopsided"), 0, 1, 0.6, 0.05)
        self.outlier = self.dial(tr("one far away, in deviations"), 0, 12, 0, 0.5)
        self.finish()

    def show_values(self) -> None:
        values = sample(self.skew.number, self.outlier.number)
        scores, scaled = z_scores(values), min_max(values)
        for plot, shown in zip(self.plots, (values, scores, scaled), strict=True):
            _fill(plot, shown)
        inner = np.sort(scaled)[int(0.05 * scaled.size) : int(0.95 * scaled.size)]
        self.said.setText(
            tr("z-score: mean {mean}, deviation {deviation}. min-max: from 0 to 1, nine tenths within {width}. "
               "Skewness {skew}, {skew_z} and {skew_m}.",
               mean=number(abs(round(float(scores.mean()), 2)), 2), deviation=number(float(scores.std()), 2),
               width=number(float(inner[-1] - inner[0]), 2), skew=number(skewness(values), 2),
               skew_z=number(skewness(scores), 2), skew_m=number(skewness(scaled), 2))
        )  # fmt: skip


def _fill(plot: Plot, values: Floats) -> None:
    counts, edges = np.histogram(values, BINS)
    plot.bars, plot.low, plot.high = [float(each) for each in counts], float(edges[0]), float(edges[-1])
    plot.update()
