"""Below the cards: accuracy over how many units are away, and over how many pairs have changed places, as it comes."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.page import section_title
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import sentence, tr, tr_many
from blockstudio.gui.laboratory.draws import DrawsView, Series
from blockstudio.gui.laboratory.process import LabProcess
from blockstudio.gui.laboratory.saving import save_links
from blockstudio.text import from_data

IMAGES = 2000
"""Of which the first are measured: the same that a click is measured on, so that what flows between units is there."""
SEVERAL, SWAP = "several", "swap"


class DrawnPart(QWidget):
    """Two charts side by side. They are measured while nothing else is asked."""

    def __init__(self, desk: Desk, process: LabProcess) -> None:
        super().__init__()
        self._process = process
        self.found: dict[str, dict[str, Any]] = {}
        """What was measured: of the run, and of the one beside it, by name."""
        self._own, self._beside = "", ""
        self._asked_beside: int | None = None
        self._residual = False
        self.charts = {
            SEVERAL: DrawsView(tr("Accuracy without k units"), tr("units taken away, k")),
            SWAP: DrawsView(tr("Accuracy with k pairs in each other's place"), tr("pairs swapped, k")),
        }
        self.notes = {SEVERAL: quiet(wrap=False), SWAP: quiet(wrap=False)}
        titles = {SEVERAL: tr("Without k blocks"), SWAP: tr("k pairs swapped")}
        row = QHBoxLayout()
        row.setSpacing(40)
        for name, chart in self.charts.items():
            column = QVBoxLayout()
            column.setSpacing(4)
            head = QHBoxLayout()
            head.setSpacing(10)
            head.addWidget(section_title(titles[name]))
            head.addWidget(self.notes[name])
            head.addStretch(1)
            column.addLayout(head)
            column.addWidget(chart, 1)
            row.addLayout(column, 1)
        self.published = quiet()
        below = QHBoxLayout()
        below.setSpacing(14)
        below.addWidget(self.published, 1)
        links, self.saving = save_links(desk)
        below.addLayout(links)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(6)
        column.addLayout(row, 1)
        column.addLayout(below)
        self.show_network("", False)

    def show_network(self, name: str, residual: bool) -> None:
        """Another run: nothing of it is known yet."""
        self._own, self._beside, self._residual, self._asked_beside = name, "", residual, None
        self.found = {}
        self._show()

    def ask(self) -> None:
        """Have the run measured."""
        own = self._own
        self._process.ask({"curves": IMAGES}, lambda found: self._take(own, found), lambda error: None,
                          lambda found: self._take(own, found))  # fmt: skip

    def put_beside(self, name: str, run: str) -> None:
        """Have another run measured too, in place of the one that was beside it before."""
        self.found.pop(self._beside, None)
        if self._asked_beside is not None:
            self._process.cancel(self._asked_beside)
        name = name if name != self._own else f"{name} (2)"
        self._beside = name
        self._asked_beside = self._process.ask(
            {"curves": IMAGES, "beside": run}, lambda found: self._take(name, found), lambda error: None,
            lambda found: self._take(name, found),
        )  # fmt: skip
        self._show()

    def _take(self, name: str, found: dict[str, Any]) -> None:
        if name in (self._own, self._beside):
            self.found[name] = found
            self._show()

    def _show(self) -> None:
        own = self.found.get(self._own)
        for name, chart in self.charts.items():
            series = [
                Series(run, self.found[run]["whole"], [(count, share) for count, share in self.found[run][name]])
                for run in (self._own, self._beside) if run in self.found
            ]  # fmt: skip
            refused = None if own is None else own["refused"].get(name)
            empty = tr("Measured while nothing else is asked.") if refused is None else sentence(from_data(refused))
            chart.show_series(series, 1 / max(1, len(self._process.classes)), empty)
            counts = [count for count, _ in own[name]] if own is not None else []
            draws = max((counts.count(count) for count in set(counts)), default=0)
            self.notes[name].setText("" if not draws else tr_many(
                "{count} draw, mean and deviation", "{count} draws, mean and deviation", draws
            ))  # fmt: skip
        self.published.setText("" if not self._residual else tr(
            "Published, 110 layers on CIFAR-10: the error rises smoothly with k, to about 20 % with 10 of 54 blocks "
            "away. The fewer blocks a network has, the more each is worth. First blocks of a stage are not swapped."
        ))  # fmt: skip
