"""What a selection can be converted to, tried and counted away from the GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.analysis import Analyzer
from blockstudio.analysis.level import Level
from blockstudio.analysis.refactorings import Bench, Refactoring, proposals
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from blockstudio.gui.work.worker import Work

MOST = 2_000
"""Blocks of a diagram beyond which a copy to try things on would keep the window waiting; commands still do."""
SOON = 120
"""Milliseconds until it begins: who steps through the drawing waits for nothing."""


class Finder(QObject):
    """Refactorings of blocks of the level in view, of one state of the diagram."""

    found = Signal(object, object)
    """The names that were asked for, and a tuple of `Refactoring`."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._work = Work(self)
        self._names: tuple[str, ...] = ()
        self._relu = True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self._start)

    def ask(self, names: tuple[str, ...], relu: bool) -> None:
        """Look for refactorings of these blocks of the level in view; `found` tells."""
        self._names, self._relu = names, relu
        self._work.cancel()
        self._soon.start()

    def stop(self) -> None:
        """Nobody asks any more."""
        self._work.cancel()
        self._soon.stop()

    def _start(self) -> None:
        session = self._session
        if sum(map(len, (session.diagram.main, *session.diagram.modules.values()))) > MOST:
            self.found.emit(self._names, ())
            return
        still, path, scope = copy_diagram(session.diagram), session.path, session.scope
        names, relu = self._names, self._relu
        self._work.run(lambda: find(still, scope, path, names, relu), lambda found: self.found.emit(names, found))


def find(diagram: Diagram, scope: str, path: str, names: tuple[str, ...], relu: bool) -> tuple[Refactoring, ...]:
    """The refactorings of blocks at a view path, tried."""
    if any(name not in diagram.definition(scope) for name in names):
        return ()
    place = "" if path.startswith(DEFINITION) else path
    tried = proposals(diagram, scope, level_at(Analyzer(diagram), scope, path), names, relu)
    return Bench(diagram).all_measured(tried, place)


def level_at(analyzer: Analyzer, scope: str, path: str) -> Level:
    """The level of a view path; of a definition's own where the path shows no place in the network."""
    if not path.startswith(DEFINITION):
        try:
            return analyzer.analysis.level(path)
        except StudioError:
            pass
    return analyzer.level_of_definition(scope)
