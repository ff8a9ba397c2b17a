"""What is known by hand of a run: as rows beside the cards, and as a table, data and a figure that are taken along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blockstudio.analysis.trunk import Unit
from blockstudio.gui.kit.table_view import Cell, Line, Meter
from blockstudio.gui.kit.text import tr
from blockstudio.gui.laboratory.draws import Series
from blockstudio.report.chart import Chart, Curve, GuideLine
from blockstudio.report.panels import Panels
from blockstudio.report.table import Table

FALLEN = 0.2
"""So much less accuracy stands out."""
LOW = 0.5
"""Accuracy below it has a red bar, as on the cards."""


@dataclass(frozen=True)
class Record:
    """What was measured of a run so far."""

    run: str = ""
    units: Sequence[Unit] = ()
    whole: float | None = None
    without: Mapping[str, float] = field(default_factory=dict)
    """Accuracy without each unit."""
    images: Mapping[str, int] = field(default_factory=dict)
    """On how many images that was measured."""
    off: Sequence[str] = ()
    swapped: Sequence[tuple[str, str]] = ()
    now: tuple[float, int] | None = None
    """Accuracy with what is off and swapped, and on how many images."""
    beside: tuple[str, Mapping[str, Any]] | None = None
    """Name of another run, and what was measured of it by the units' paths."""
    curves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Draws of several away and of pairs swapped, by run."""
    chance: float = 0.0

    def heads(self) -> list[str]:
        """Of the rows: the bar has none."""
        heads = [tr("block"), tr("accuracy"), tr("change"), ""]
        return heads if self.beside is None else [*heads, self.beside[0]]

    def lines(self) -> list[Line]:
        """The whole network, then without each unit."""
        found = []
        if self.whole is not None:
            first = [Cell(tr("none")), Cell(f"{self.whole:.1%}"), Cell(""), self._bar(self.whole)]
            if self.beside is not None:
                first.append(Cell(f"{self.beside[1]['whole']['accuracy']:.1%}", "quiet"))
            found.append(Line(first))
        return [*found, *(Line(self._cells(unit), (unit.name,)) for unit in self.units)]

    def _cells(self, unit: Unit) -> list[Cell]:
        share = self.without.get(unit.name)
        if unit.refusal is not None:
            cells = [Cell(unit.name, "quiet", tr(unit.refusal)), Cell("–", "quiet"), Cell(""), Cell("")]
        elif share is None:
            cells = [Cell(unit.name), Cell(""), Cell(""), Cell("")]
        else:
            change = None if self.whole is None else share - self.whole
            text = "" if change is None else f"{100 * change:+.1f}".replace("-", "−")
            bad = change is not None and change < -FALLEN
            cells = [Cell(unit.name), Cell(f"{share:.1%}"), Cell(text, "misprint" if bad else ""), self._bar(share)]
        if self.beside is not None:
            other = self.beside[1]["without"].get(unit.name)
            cells.append(Cell("–" if other is None else f"{other['accuracy']:.1%}", "quiet"))
        return cells

    def _bar(self, share: float) -> Cell:
        return Cell("", meter=Meter(share, share if self.whole is None else self.whole, share < LOW))

    def table(self) -> Table | None:
        """The rows as text; ``None`` while nothing is known."""
        if not self.without:
            return None
        shown = [place for place, head in enumerate(self.heads()) if head]
        rows = [[line.cells[place].text for place in shown] for line in self.lines()]
        return Table([self.heads()[place] for place in shown], rows, "l" + "r" * (len(shown) - 1))

    def data(self) -> dict[str, Any]:
        """All of it, with what is off and swapped now."""
        return {
            "run": self.run, "whole": self.whole,
            "without": {name: {"accuracy": share, "images": self.images.get(name)}
                        for name, share in self.without.items()},
            "off": list(self.off), "swapped": [list(pair) for pair in self.swapped],
            "now": None if self.now is None else {"accuracy": self.now[0], "images": self.now[1]},
            "beside": None if self.beside is None else {"run": self.beside[0], **self.beside[1]},
            "curves": {run: {"whole": found["whole"], "several": found["several"], "swap": found["swap"]}
                       for run, found in self.curves.items()},
        }  # fmt: skip

    def figure(self) -> str:
        """Without each unit, without k, with k pairs swapped, as SVG."""
        accuracy = tr("accuracy")
        guides = [GuideLine(tr("chance"), self.chance)]
        whole = [] if self.whole is None else [GuideLine(tr("whole"), self.whole)]
        units = [unit.name for unit in self.units if unit.refusal is None]
        own = Curve(self.run if self.beside is not None else "",
                    [(float(place), self.without[name]) for place, name in enumerate(units) if name in self.without],
                    joined=False)  # fmt: skip
        each = [own]
        if self.beside is not None:
            other = [(float(place), self.beside[1]["without"].get(name)) for place, name in enumerate(units)]
            each.append(Curve(self.beside[0], [(at, one["accuracy"]) for at, one in other if one is not None],
                              joined=False))  # fmt: skip
        charts = [Chart(tr("Test accuracy without one unit"), "", accuracy, each, [*whole, *guides], units,
                        percent=True)]  # fmt: skip
        for name, title, across in (
            ("several", tr("Test accuracy without k units"), tr("units taken away")),
            ("swap", tr("Test accuracy with units in each other's place"), tr("pairs swapped")),
        ):
            some = [curve_of(run if self.curves.keys() - {run} else "", found, name)
                    for run, found in self.curves.items() if found[name]]  # fmt: skip
            if some:
                charts.append(Chart(title, across, accuracy, some, guides, percent=True))
        return Panels(charts).svg()


def curve_of(run: str, found: Mapping[str, Any], name: str) -> Curve:
    """Draws of one run as a line with a band and dots."""
    series = Series(run, found["whole"], [(count, share) for count, share in found[name]])
    means = series.means()
    return Curve(run, [(float(k), mean) for k, mean, _ in means], [spread for _, _, spread in means],
                 dots=[(float(k), share) for k, share in series.draws])  # fmt: skip
