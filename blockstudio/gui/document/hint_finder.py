"""Design hints of the document in view, worked out away from the GUI thread when the diagram rests."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.analysis import analyze
from blockstudio.analysis.hints import KINDS, MOST, Hint, hints
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.work.settings import settings
from blockstudio.gui.work.worker import Work
from blockstudio.text import say

REST = 300
"""Milliseconds without an edit until it is looked for hints."""
OFF = "hints/off"
HELPS = {
    "stack_3x3": say("Use 3×3"),
    "asymmetric": say("Use 1×n and n×1"),
    "reduction": say("Use the parallel reduction"),
    "global_pool": say("Use global average pooling"),
    "batch_norm": say("Add BatchNorm"),
    "residual": say("Make it residual"),
}
"""Links under a hint."""


class HintFinder(QObject):
    """Hints of one state of a diagram, without the kinds that are switched off. Begins to look once `follow` is
    called."""

    found = Signal()
    """Others are known now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work = Work(self)
        self._all: tuple[Hint, ...] = ()
        self._diagram: Diagram | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REST)
        self._soon.timeout.connect(self._start)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """Those that are wanted, in document order."""
        off = self.off
        return tuple(hint for hint in self._all if hint.kind not in off)

    def of(self, scope: str, block: str) -> tuple[Hint, ...]:
        """Those of a block."""
        return tuple(hint for hint in self.hints if (hint.scope, hint.block) == (scope, block))

    @property
    def off(self) -> frozenset[str]:
        """Kinds that are switched off; the window remembers them."""
        kept = settings().value(OFF, "")
        return frozenset(str(kept).split()) & KINDS.keys()

    def switch(self, kind: str, on: bool) -> None:
        """Show a kind, or no longer."""
        off = self.off - {kind} if on else self.off | {kind}
        settings().setValue(OFF, " ".join(sorted(off)))
        self.found.emit()

    def follow(self, diagram: Diagram, fresh: bool = False) -> None:
        """The diagram is another, or has changed; ``fresh``: what was known is of another document."""
        self._work.cancel()
        self._diagram = diagram
        if fresh and self._all:
            self._all = ()
            self.found.emit()
        self._soon.start()

    def stop(self) -> None:
        """Nobody looks any more."""
        self._work.cancel()
        self._soon.stop()

    @property
    def busy(self) -> bool:
        """Whether it is still looking, or about to."""
        return self._soon.isActive() or self._work.busy

    def _start(self) -> None:
        if self._diagram is None:
            return
        if sum(map(len, (self._diagram.main, *self._diagram.modules.values()))) > MOST:
            self._take(())
            return
        still = copy_diagram(self._diagram)
        self._work.run(lambda: hints(still, analyze(still)), self._take)

    def _take(self, found: tuple[Hint, ...]) -> None:
        if found != self._all:
            self._all = found
            self.found.emit()
