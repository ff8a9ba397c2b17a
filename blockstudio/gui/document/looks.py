"""What the cards of the drawing show: the cost of their bars, the measure of their colours, whose shapes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from blockstudio.analysis.costs import COSTS, DEFAULT
from blockstudio.gui.document.lens import Lens
from blockstudio.gui.document.measures import Measure, of_costs
from blockstudio.gui.document.thumbnails import Thumbnails

TOTALS = frozenset({"parameters", "macs", "depth", "memory", "field"})
"""What the bar below the drawing tells."""
VEILS = TOTALS | {"shapes"}
"""What can be hidden: totals, and the shapes on wires."""


class Looks(QObject):
    """Chosen by the user, for every document."""

    metric_changed = Signal()
    lit_changed = Signal()
    veiled_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._metric = DEFAULT
        self.measures: dict[str, Measure] = of_costs()
        """What the cards can be painted by; features add their own."""
        self._heat = ""
        self._lens: Lens | None = None
        self._lit: tuple[str, ...] = ()
        self.thumbnails: Thumbnails | None = None
        """What the blocks of a network give for a picture; they are shown on the cards while the mouse rests there."""
        self._veiled: frozenset[str] = frozenset()

    @property
    def lit(self) -> tuple[str, ...]:
        """Paths of blocks that somebody points at, in order: the drawing puts a light and a number on them."""
        return self._lit

    @lit.setter
    def lit(self, paths: tuple[str, ...]) -> None:
        if paths != self._lit:
            self._lit = paths
            self.lit_changed.emit()

    @property
    def veiled(self) -> frozenset[str]:
        """What is hidden for the moment, since it would answer what is asked: of `VEILS`."""
        return self._veiled

    @veiled.setter
    def veiled(self, veiled: frozenset[str]) -> None:
        if veiled != self._veiled:
            self._veiled = veiled
            self.veiled_changed.emit()

    @property
    def metric(self) -> str:
        return self._metric

    @metric.setter
    def metric(self, metric: str) -> None:
        if metric != self._metric and metric in COSTS:
            self._metric = metric
            self.metric_changed.emit()

    @property
    def heat(self) -> str:
        """The measure by which the cards are painted; empty: by none."""
        return self._heat

    @heat.setter
    def heat(self, name: str) -> None:
        if name != self._heat and (not name or name in self.measures):
            self._heat = name
            self._metric = name if name in COSTS else self._metric
            self.metric_changed.emit()

    @property
    def lens(self) -> Lens | None:
        """The network whose shapes and costs the cards show, if that is not the document's own."""
        return self._lens

    @lens.setter
    def lens(self, lens: Lens | None) -> None:
        if lens is not self._lens:
            self._lens = lens
            self.metric_changed.emit()

    def add_measure(self, measure: Measure) -> None:
        """One more thing by which the cards can be painted."""
        self.measures[measure.name] = measure
