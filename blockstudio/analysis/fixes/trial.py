"""Trying a fix on a copy of the diagram before it is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from blockstudio.analysis.problems import Fix, Problem
from blockstudio.analysis.report import Analysis
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.copying import copy_diagram


class Verdict(NamedTuple):
    """What became of the problems when a fix was tried."""

    gone: bool
    """The problem is no longer there."""
    new_errors: int
    """Errors that were not there before."""


class Follower(Protocol):
    """Says what is wrong with a diagram, edit by edit."""

    @property
    def analysis(self) -> Analysis:
        """The diagram as it is."""

    def update(self, edits: Iterable[Edit]) -> Analysis:
        """Follow edits that the diagram has gone through."""


class Trial:
    """A copy of a diagram on which edits are tried and taken back."""

    def __init__(self, diagram: Diagram, follower: Callable[[Diagram], Follower]) -> None:
        self._diagram = copy_diagram(diagram)
        self._follower = follower(self._diagram)
        self._undone: list[Edit] = []
        """What the last fix was taken back with, which the follower has not heard of yet."""
        self._before = {key(problem) for problem in self._follower.analysis.problems if problem.severity == "error"}

    def run(self, fix: Fix, problem: Problem) -> Verdict | None:
        """Try ``fix`` for ``problem``; ``None`` if it cannot be applied."""
        done: list[Edit] = []
        undo: list[Edit] = []
        try:
            for edit in fix.edits:
                undo.append(edit.apply(self._diagram))
                done.append(edit)
        except StudioError:
            for edit in reversed(undo):
                edit.apply(self._diagram)
            return None
        found = self._follower.update([*self._undone, *done]).problems
        verdict = Verdict(
            key(problem) not in {key(other) for other in found},
            len({key(other) for other in found if other.severity == "error"} - self._before),
        )
        undo.reverse()
        for edit in undo:
            edit.apply(self._diagram)
        self._undone = undo
        return verdict


def key(problem: Problem) -> tuple[str, str, str, str, str]:
    """What makes two problems the same mistake."""
    return problem.scope, problem.block, problem.code, problem.parameter, problem.port
