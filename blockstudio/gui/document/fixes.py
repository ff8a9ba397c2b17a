"""Ways out of problems, worked out away from the GUI thread: each is tried on a copy of the diagram first."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.analysis import Analysis, Fix, Problem, analyze
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.work.worker import Work

Found = dict[Problem, tuple[Fix, ...]]


class FixFinder(QObject):
    """Fixes of the problems that somebody has asked for, of one state of the diagram."""

    found = Signal()
    """Fixes that were asked for are known now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work = Work(self)
        self._known: Found = {}
        self._wanted: list[Problem] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._start)
        self._diagram: Diagram | None = None
        self._analysis: Analysis | None = None
        """Of a copy of the diagram as it is; only one job at a time may try things on it."""

    def forget(self) -> None:
        """The diagram has changed: what was found does not hold any more."""
        self._work.cancel()
        self._soon.stop()
        self._known.clear()
        self._wanted.clear()
        self._analysis = None

    def known(self, problem: Problem) -> tuple[Fix, ...] | None:
        """The fixes of a problem, if somebody has asked for them."""
        return self._known.get(problem)

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
        wanted, diagram, analysis = tuple(self._wanted), self._diagram, self._analysis
        if diagram is None or not wanted or self._work.busy:
            return
        still = copy_diagram(diagram) if analysis is None else None

        def work() -> tuple[Analysis, Found]:
            of = analyze(still) if still is not None else analysis
            assert of is not None
            return of, {problem: problem.fixes for problem in of.problems if problem in wanted}

        self._work.run(work, lambda found: self._take(wanted, *found))

    def _take(self, wanted: tuple[Problem, ...], analysis: Analysis, found: Found) -> None:
        self._analysis = analysis
        for problem in wanted:
            self._known[problem] = found.get(problem, ())
        self._wanted = [problem for problem in self._wanted if problem not in self._known]
        self.found.emit()
        self._start()
