"""What came out of an evaluation, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blockstudio.report.table import Table
from blockstudio.text import render, say


def class_table(classes: Sequence[str], by_class: NDArray[np.float64], images: int) -> Table:
    """Precision, recall, F1 and the number of images by class, in percent; their mean last.

    Args:
        classes: Names.
        by_class: ``(classes, 4)``: precision, recall, F1 (NaN where nothing is known), images.
        images: In all.
    """
    rows = [
        (name, *(percent(value) for value in row[:3]), f"{row[3]:,.0f}")
        for name, row in zip(classes, by_class.tolist(), strict=True)
    ]
    rows.append((render(say("mean")), *map(percent, means(by_class)), f"{images:,}"))
    heads = [say("class"), say("precision"), say("recall"), say("F1"), say("images")]
    return Table([render(head) for head in heads], rows, right=" rrrr")


def confusion_table(classes: Sequence[str], matrix: NDArray[np.int64]) -> Table:
    """How often each true class (rows) was taken for each."""
    rows = [(name, *map(str, row)) for name, row in zip(classes, matrix.tolist(), strict=True)]
    return Table([render(say("is ↓ taken for →")), *classes], rows, right=" " + "r" * len(classes))


def means(by_class: NDArray[np.float64]) -> list[float]:
    """Precision, recall and F1, every class of the same weight; classes of which nothing is known left out."""
    columns = by_class[:, :3].T
    return [float(np.mean(known)) if (known := column[~np.isnan(column)]).size else np.nan for column in columns]


def percent(share: float) -> str:
    """``84.6``; empty for what is no number."""
    return "" if np.isnan(share) else f"{100 * share:.1f}"
