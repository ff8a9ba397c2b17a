"""What a refactoring saves: tried on a copy of the diagram, and counted there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import NamedTuple

from blockstudio.analysis.engine import Analyzer
from blockstudio.analysis.fixes.trial import key
from blockstudio.analysis.level import Level
from blockstudio.analysis.refactorings.context import Proposal
from blockstudio.analysis.sheet import Sheet
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.copying import copy_diagram


class Costs(NamedTuple):
    """What a network, or a part of it, costs; see `blockstudio.Analysis`."""

    parameters: int
    macs: int
    depth: int = 0
    """Of the whole network."""


_NONE = Costs(0, 0)


@dataclass(frozen=True, slots=True)
class Refactoring(Proposal):
    """A proposal that holds what it promises, with what it saves. Applied like a `Fix`."""

    part: Costs = _NONE
    """What the blocks that it touches cost, in the place in view."""
    part_after: Costs = _NONE
    """What stands in their place costs."""
    whole: Costs = _NONE
    whole_after: Costs = _NONE
    places: int = 1
    """In how many places of the network it is done."""

    @property
    def change(self) -> float:
        """Of the parameters of the part: −0.28 for 28 % fewer; of its MACs where it had no parameters."""
        for before, after in zip(self.part[:2], self.part_after[:2], strict=True):
            if before:
                return after / before - 1
        return 0.0


class Bench:
    """A copy of a diagram on which proposals are tried and taken back."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = copy_diagram(diagram)
        self._follower = Analyzer(self._diagram)
        found = self._follower.analysis
        self._errors = {key(problem) for problem in found.problems if problem.severity == "error"}
        self._shape = found.output_shape
        self._whole = _whole(self._follower)

    def measured(self, proposal: Proposal, path: str = "") -> Refactoring | None:
        """A proposal with its figures; ``None`` if it cannot be applied, brings errors or changes what comes out.
        ``path``: the place in view."""
        before = self._sum(path)
        part = self._part(proposal, path) if before is not None else None
        done: list[Edit] = []
        undo: list[Edit] = []
        try:
            for edit in proposal.edits:
                undo.insert(0, edit.apply(self._diagram))
                done.append(edit)
            found = self._follower.update(done)
            errors = {key(problem) for problem in found.problems if problem.severity == "error"}
            fits = errors <= self._errors and found.output_shape == self._shape
            after, whole = self._sum(path), _whole(self._follower)
        except StudioError:
            fits, after, whole = False, None, self._whole
        for edit in undo:
            edit.apply(self._diagram)
        self._follower.update(undo)
        if not fits:
            return None
        if part is None or before is None or after is None:
            part, before, after = self._whole, self._whole, whole
        saved = Costs(part.parameters + after.parameters - before.parameters, part.macs + after.macs - before.macs)
        given = {each.name: getattr(proposal, each.name) for each in fields(proposal)}
        return Refactoring(**given, part=part, part_after=saved, whole=self._whole, whole_after=whole,
                           places=self._places(proposal.scope))  # fmt: skip

    def all_measured(self, proposals: Iterable[Proposal], path: str = "") -> tuple[Refactoring, ...]:
        """Those of the proposals that hold, in their order."""
        tried = (self.measured(proposal, path) for proposal in proposals)
        return tuple(found for found in tried if found is not None)

    def _level(self, path: str) -> Level:
        return self._follower.analysis.level(path)

    def _sum(self, path: str) -> Costs | None:
        """Of all blocks of a level; ``None`` where there is no such level, or its numbers are not known."""
        try:
            level = self._level(path)
        except StudioError:
            return None
        reports = [level.blocks[name] for name in level.blocks]
        return Costs(sum(each.parameters or 0 for each in reports), sum(each.macs or 0 for each in reports))

    def _part(self, proposal: Proposal, path: str) -> Costs | None:
        level = self._level(path)
        if level.scope != proposal.scope:
            return None
        reports = [level.blocks[name] for name in (*proposal.removed, *proposal.changed) if name in level.blocks]
        if not proposal.removed and not proposal.changed:
            return None
        return Costs(sum(each.parameters or 0 for each in reports), sum(each.macs or 0 for each in reports))

    def _places(self, scope: str) -> int:
        return places(self._follower.main)[scope] if scope != MAIN else 1


def places(main: Sheet) -> Counter[str]:
    """In how many places of a network each module stands, repeats and modules within modules counted through."""
    return _places(main, {})


def _places(sheet: Sheet, known: dict[int, Counter[str]]) -> Counter[str]:
    if id(sheet) in known:
        return known[id(sheet)]
    found: Counter[str] = Counter()
    for module, names in sheet.plan.modules.items():
        for name in names:
            result = sheet.results[name]
            copies = result.copies or (result,)
            found[module] += len(copies)
            for copy in copies:
                if copy.sub is not None:
                    found.update(_places(copy.sub, known))
    known[id(sheet)] = found
    return found


def _whole(follower: Analyzer) -> Costs:
    found = follower.analysis
    return Costs(found.parameters, found.macs, found.depth)
