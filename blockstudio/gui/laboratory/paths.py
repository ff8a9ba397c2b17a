"""The page *Paths*: a chain written out, what is counted on the diagram, and the questions about lengths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from blockstudio.analysis.path_lengths import Lengths, branch_lengths
from blockstudio.analysis.trunk import Trunk
from blockstudio.gui.kit.parts import clear, heading, link, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font
from blockstudio.gui.laboratory.asking import AskingPage
from blockstudio.gui.laboratory.lengths import LengthsView, Measured, Range, finite, fitted
from blockstudio.gui.laboratory.tree import TreeView

SIDE, MOST_OF, CARRIED = 288, (0.98, 0.9, 0.5), 0.95


class PathsPage(QWidget):
    """The tree and the facts over the questions."""

    def __init__(self, asking: AskingPage) -> None:
        super().__init__()
        self.asking = asking
        self.tree = TreeView()
        self._lengths: Lengths | None = None
        self._measured: dict[str, Any] | None = None
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        top = QHBoxLayout()
        top.setSpacing(32)
        left = QVBoxLayout()
        head = QHBoxLayout()
        head.addWidget(heading(tr("A chain unravelled")))
        head.addWidget(quiet(tr("Every block doubles the paths."), wrap=False))
        head.addStretch(1)
        left.addLayout(head)
        left.addWidget(self.tree)
        left.addStretch(1)
        top.addLayout(left, 1)
        side = QWidget()
        side.setFixedWidth(SIDE)
        self._facts = QVBoxLayout(side)
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setSpacing(4)
        top.addWidget(side)
        column.addLayout(top)
        self.lengths = LengthsView()
        column.addWidget(self.lengths)
        self.measure_link = link(tr("Measure the gradient by length"), self.measure)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.measure_link)
        column.addLayout(row)
        column.addWidget(asking, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        asking.setMinimumHeight(420)
        asking.received.connect(self._take)
        self.show_network(None)

    def show_network(self, trunk: Trunk | None) -> None:
        """Another run's network."""
        self.tree.show_units(() if trunk is None else trunk.units)
        self._lengths = None if trunk is None or not trunk.residual_units else branch_lengths(trunk)
        self._measured = None
        self._show_facts()

    def measure(self) -> None:
        """Ask for the gradient by length, as the fields below say."""
        self.asking.turn_to("gradients")
        self.asking.ask()

    def _take(self, found: dict[str, Any]) -> None:
        if found["question"] == "gradients":
            self._measured = found["answer"]
            self._show_facts()

    def facts(self) -> list[tuple[str, str, str]]:
        """A figure, what it says, and a line on it."""
        lengths = self._lengths
        if lengths is None:
            return []
        deviation = math.sqrt(sum(lengths.share(length) * (length - lengths.mean) ** 2 for length in lengths.counts))
        low, high = _around(lengths)
        found = [(
            f"{lengths.share(low, high):.1%}".replace("%", " %"),
            tr("of all paths pass {low} to {high} blocks", low=low, high=high),
            tr("{total} paths; mean length {mean}, deviation {deviation}", total=_large(lengths.total),
               mean=f"{lengths.mean:g}", deviation=f"{deviation:.2f}"),
        )]  # fmt: skip
        if self._measured is not None:
            factor, first, last = carried(self._measured)
            found += [
                (f"×{factor:.2g}", tr("of the gradient is left after one more block"), tr("geometric mean over draws")),
                (f"{first}–{last}", tr("blocks: paths that carry {share} of the gradient", share=f"{CARRIED:.0%}"),
                 tr("they are {share} of all paths", share=f"{lengths.share(first, last):.2%}")),
            ]  # fmt: skip
        return found

    def _show_charts(self) -> None:
        lengths, told = self._lengths, self._measured
        self.lengths.setVisible(lengths is not None)
        self.measure_link.setVisible(lengths is not None and told is None)
        if lengths is None:
            self.lengths.show_lengths({}, None, None)
            return
        low, high = _around(lengths)
        most = Range(low, high, _between(low, high, lengths.share(low, high)))
        measured = None
        if told is not None:
            _, first, last = carried(told)
            share = dict(zip(told["lengths"], told["contribution"], strict=True))
            carry = Range(first, last, _between(first, last, sum(share[each] for each in range(first, last + 1))))
            measured = Measured(finite(told["lengths"], told["log10_norms"]), share, carry)
        self.lengths.show_lengths({length: lengths.share(length) for length in lengths.counts}, most, measured)

    def _show_facts(self) -> None:
        self._show_charts()
        clear(self._facts)
        lengths = self._lengths
        if lengths is not None:
            count = max(lengths.counts)
            title = QLabel(tr_many("{count} block", "{count:,} blocks", count))
            title.setFont(font(14, bold=True))
            self._facts.addWidget(title)
            for figure, text, line in self.facts():
                number = QLabel(figure)
                number.setFont(font(22, bold=True))
                self._facts.addWidget(number)
                words = QLabel(text)
                words.setWordWrap(True)
                words.setFont(font(12, bold=True))
                self._facts.addWidget(words)
                self._facts.addWidget(quiet(line))
            if self._measured is None:
                self._facts.addWidget(quiet(tr("Ask for the gradient by length, and what it says stands here too.")))
            text = tr("Take a block away and half of the paths are gone, but the rest is whole. The paths are no "
                      "independent networks: f is not linear, and they share their weights.")  # fmt: skip
            self._facts.addWidget(quiet(text))
        self._facts.addStretch(1)


def _around(lengths: Lengths) -> tuple[int, int]:
    """The least range around the mean with nearly all paths; of few lengths with most of them, rather than with all."""
    middle, least, most = round(lengths.mean), min(lengths.counts), max(lengths.counts)
    for wanted in MOST_OF:
        wide = next(wide for wide in range(most + 1) if lengths.share(middle - wide, middle + wide) >= wanted)
        if middle - wide > least or middle + wide < most:
            break
    return max(least, middle - wide), min(most, middle + wide)


def carried(measured: dict[str, Any]) -> tuple[float, int, int]:
    """From the answer to *Gradient by length*: by what factor one more block changes the gradient, fitted over all
    lengths; and the fewest neighbouring lengths whose paths carry nearly all of it, first and last."""
    line = fitted(finite(measured["lengths"], measured["log10_norms"]))
    slope = 0.0 if line is None else line[0]
    first, last = _narrowest(measured["contribution"])
    return 10.0**slope, measured["lengths"][first], measured["lengths"][last]


def _narrowest(shares: Sequence[float]) -> tuple[int, int]:
    ranges = ((last - first, first, last) for first in range(len(shares)) for last in range(first, len(shares)))
    return min((each for each in ranges if sum(shares[each[1] : each[2] + 1]) >= CARRIED - 1e-9),
               default=(0, 0, len(shares) - 1))[1:]  # fmt: skip


def _between(first: int, last: int, share: float) -> str:
    return tr("{first} to {last}: {share}", first=first, last=last, share=f"{share:.1%}".replace("%", " %"))


def _large(count: int) -> str:
    return f"{count:,}" if count < 10**9 else f"{count:.2g}"
