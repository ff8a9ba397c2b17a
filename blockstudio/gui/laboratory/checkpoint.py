"""Of which step the weights are that are asked; while the run is trained, whether there are newer ones."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from blockstudio.gui.kit.parts import link, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.worker import Work
from blockstudio.runs import Run

AGAIN = 2000
"""Milliseconds between two looks for a newer checkpoint, while the page is in view and the run is trained."""


class _Found(NamedTuple):
    step: int | None
    """Of the checkpoint that would be asked now."""
    active: bool


class AskedCheckpoint(QWidget):
    """One line."""

    renewed = Signal()
    """The newer checkpoint is to be asked."""

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self._step: int | None = None
        self._work = Work(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.said = quiet(wrap=False)
        self.said.setToolTip(tr("The weights of the best validation accuracy, or the latest"))
        self.newer = link("", self.renewed.emit)
        row.addWidget(self.said)
        row.addWidget(self.newer)
        self._again = QTimer(self)
        self._again.setInterval(AGAIN)
        self._again.timeout.connect(self._look)
        self.show_step(None, None)

    def show_step(self, run: Run | None, step: int | None) -> None:
        """Of this run the weights of this step are asked; ``None``: not known yet."""
        self._run, self._step = (None, None) if run is None or step is None else (Run(run.directory), step)
        self.said.setText("" if step is None else tr("weights of step {step}", step=f"{step:,}"))
        self.newer.hide()
        self._look()

    def _look(self) -> None:
        if self._run is None or not self.isVisible():
            self._again.stop()
            return
        run, step = self._run, self._step

        def found() -> _Found:
            best = run.best()
            return _Found(None if best is None else best.step, run.state().active)

        self._work.run(found, lambda answer: self._found(run, step, answer), lambda error: self._again.stop())

    def _found(self, run: Run, asked: int | None, found: _Found) -> None:
        if run is not self._run:
            return
        self.newer.setVisible(found.step is not None and found.step != asked)
        if found.step is not None:
            self.newer.setText(tr("There are newer ones: step {step}", step=f"{found.step:,}"))
        if found.active:
            self._again.start()
        else:
            self._again.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._again.stop()
