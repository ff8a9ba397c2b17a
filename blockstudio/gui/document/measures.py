"""What the cards can be painted by: the costs of the analysis, and what other features measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from blockstudio.analysis import BlockReport, Level
from blockstudio.analysis.costs import COSTS, Cost
from blockstudio.gui.kit.parts import bytes_text
from blockstudio.gui.kit.text import tr

DECADES = 4.0
"""The scale reaches so far below the largest value; what is less has the palest colour."""


@dataclass(frozen=True)
class Measure:
    """A number for each block, on a scale of logarithms."""

    name: str
    title: str
    about: str
    """One line below the title in the legend."""
    of: Callable[[BlockReport, str], float | None]
    """From a block's report and its full path; ``None`` where there is no such number."""
    text: Callable[[float], str]
    on: Callable[[Level], Mapping[str, float | None]] | None = None
    """The same as ``of`` for all blocks of a level at once, if there is a quicker way."""
    scale: Callable[[Iterable[float]], Scale | None] | None = None
    """What the values are painted on; without one `scale_of` them."""
    zeros: bool = False
    """Zero is a value like others: a block that has it is painted."""
    words: tuple[str, ...] = ()
    """What the low end, the middle and the high end of the scale mean, for the legend."""


@dataclass(frozen=True)
class Scale:
    """From the smallest to the largest value that is shown."""

    low: float
    high: float
    linear: bool = False
    """Of the values themselves rather than of their logarithms."""
    two_sided: bool = False
    """What lies below the middle has a colour of its own, and the middle has none."""

    def place(self, value: float) -> float:
        """Where a value stands, 0 to 1."""
        if self.linear:
            span = self.high - self.low
            return min(1.0, max(0.0, (value - self.low) / span)) if span > 0 else 1.0
        if self.high <= self.low:
            return 1.0
        found = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return min(1.0, found)

    @property
    def middle(self) -> float:
        """The value half-way."""
        if self.linear:
            return (self.low + self.high) / 2
        return math.sqrt(self.low * self.high)


def scale_of(values: Iterable[float]) -> Scale | None:
    """A scale for these values; ``None`` if none is above zero."""
    known = [value for value in values if value > 0]
    if not known:
        return None
    return Scale(max(min(known), max(known) / 10**DECADES), max(known))


def number_text(value: float) -> str:
    """``1.2 M``, ``147 k``, ``64``; three digits."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}" if value < 999.5 * size else f"{value / size:.0f} {unit}"
    return f"{value:.3g}"


def measure_of(cost: Cost) -> Measure:
    """A cost as a measure."""
    text = bytes_text if cost.unit == "bytes" else number_text
    return Measure(cost.name, tr(cost.title), tr(cost.about), lambda report, _: cost.of(report), text, cost.on)


def of_costs() -> dict[str, Measure]:
    """By name, in their order."""
    return {name: measure_of(cost) for name, cost in COSTS.items()}
