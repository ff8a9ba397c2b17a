"""Ways out of problems, worked out away from the GUI thread: each is tried on a copy of the diagram first."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.analysis import Fix, Problem, analyze
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.work.worker import Work


class FixFinder(QObject):
    """Fixes of the problems that somebody has asked for, of one state of the diagram."""

    found = Signal()
    """Fixes that were asked for are known now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work = Work(self)
        self._known: dict[Problem, tuple[Fix, ...]] = {}
        self._wanted: list[Problem] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._start)
        self._diagram: Diagram | None = None

    def forget(self) -> None:
        """The diagram has changed: what was found does not hold any more."""
        self._work.cancel()
        self._soon.stop()
        self._known.clear()
        self._wanted.clear()

    def of(self, diagram: Diagram, problem: Problem) -> tuple[Fix, ...] | None:
        """The fixes of a problem of ``diagram`` as it is now; ``None`` while they are being worked out, `found`
        then tells when they are known."""
        if problem in self._known:
            return self._known[problem]
        if problem not in self._wanted:
            self._wanted.append(problem)
            self._diagram = diagram
            self._soon.start()
        return None

    def _start(self) -> None:
        wanted, diagram = list(self._wanted), self._diagram
        if diagram is None or not wanted:
            return
        still = copy_diagram(diagram)

        def work() -> dict[Problem, tuple[Fix, ...]]:
            return {problem: problem.fixes for problem in analyze(still).problems if problem in wanted}

        self._work.run(work, lambda found: self._take(wanted, found))

    def _take(self, wanted: list[Problem], found: dict[Problem, tuple[Fix, ...]]) -> None:
        for problem in wanted:
            self._known[problem] = found.get(problem, ())
            if problem in self._wanted:
                self._wanted.remove(problem)
        self.found.emit()
