"""Trying a fix on a copy of the diagram before it is offered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from blockstudio.analysis.problems import Fix, Problem
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.copying import copy_diagram

if TYPE_CHECKING:
    from blockstudio.analysis.engine import Analyzer


class Verdict(NamedTuple):
    """What became of the problems when a fix was tried."""

    gone: bool
    """The problem is no longer there."""
    new_errors: int
    """Errors that were not there before."""


class Trial:
    """A copy of a diagram on which edits are tried and taken back."""

    def __init__(self, diagram: Diagram, analyzer: Callable[[Diagram], Analyzer]) -> None:
        self._diagram = copy_diagram(diagram)
        self._analyzer = analyzer(self._diagram)
        self._before = {key(problem) for problem in self._analyzer.analysis.problems if problem.severity == "error"}

    def run(self, fix: Fix, problem: Problem) -> Verdict | None:
        """Try ``fix`` for ``problem``; ``None`` if it cannot be applied."""
        done: list[Edit] = []
        undo: list[Edit] = []
        try:
            for edit in fix.edits:
                undo.insert(0, edit.apply(self._diagram))
                done.append(edit)
        except StudioError:
            for edit in undo:
                edit.apply(self._diagram)
            return None
        found = self._analyzer.update(done).problems
        verdict = Verdict(
            key(problem) not in {key(other) for other in found},
            len({key(other) for other in found if other.severity == "error"} - self._before),
        )
        for edit in undo:
            edit.apply(self._diagram)
        self._analyzer.update(undo)
        return verdict


def key(problem: Problem) -> tuple[str, str, str, str, str]:
    """What makes two problems the same mistake."""
    return problem.scope, problem.block, problem.code, problem.parameter, problem.port
