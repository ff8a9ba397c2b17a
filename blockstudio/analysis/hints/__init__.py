"""Design hints: what works and might be better, each with its paper and with the refactorings that help.

They are quiet: no problem, no warning. `hints` tells all of a diagram; who does not want a kind leaves it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from blockstudio.analysis.hints import single, whole
from blockstudio.analysis.hints.hint import KINDS, Hint, Paper
from blockstudio.analysis.level import Level
from blockstudio.analysis.refactorings.context import RefactorContext
from blockstudio.analysis.report import Analysis
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram

MOST = 2_000
"""Blocks of a diagram beyond which nobody looks for hints."""


def hints(diagram: Diagram, analysis: Analysis, without: Collection[str] = ()) -> tuple[Hint, ...]:
    """The hints of a diagram in document order, those of a module once, as its first instance shows it. ``without``:
    kinds that are not wanted."""
    if sum(map(len, (diagram.main, *diagram.modules.values()))) > MOST:
        return ()
    main = RefactorContext(diagram, MAIN, analysis.level())
    found: list[Hint] = [
        *whole.bottlenecks(main), *whole.heavy_heads(main, analysis), *whole.plain_stacks(main),
    ]  # fmt: skip
    sharp = {(hint.scope, hint.block) for hint in found if hint.kind == "bottleneck"}
    for level in _levels(diagram, analysis.level()):
        site = RefactorContext(diagram, level.scope, level)
        found += single.duplicates(site)
        for name, block in site.definition.blocks():
            if block.bypass is True:
                continue
            found += single.large_kernels(site, name)
            if (site.scope, name) not in sharp:
                found += single.pooled_first(site, name)
    found += _batches_of_one(diagram, analysis.level())
    scopes = list(diagram.scopes())
    places = {scope: {name: index for index, name in enumerate(diagram.definition(scope).graph)} for scope in scopes}
    found.sort(key=lambda hint: (scopes.index(hint.scope), places[hint.scope].get(hint.block, -1), hint.kind))
    return tuple(hint for hint in found if hint.kind not in without)


def _batches_of_one(diagram: Diagram, top: Level) -> Iterator[Hint]:
    """Those of all places: the map that a module sees differs from one to the next."""
    told: set[tuple[str, str]] = set()
    seen: set[int] = set()
    waiting = [top]
    while waiting:
        level = waiting.pop(0)
        site = RefactorContext(diagram, level.scope, level)
        for name, block in site.definition.blocks():
            if (level.scope, name) not in told:
                for hint in single.batches_of_one(site, name):
                    told.add((level.scope, name))
                    yield hint
            if block.type in diagram.modules:
                for index, copy in enumerate(level.sheet.results[name].copies or (level.sheet.results[name],)):
                    if copy.sub is not None and id(copy.sub) not in seen:
                        seen.add(id(copy.sub))
                        waiting.append(level.enter(name, index if block.repeat is not None else None))


def _levels(diagram: Diagram, top: Level) -> Iterator[Level]:
    """The main graph and the first instance of each module that is not switched off."""
    seen, waiting = {MAIN}, [top]
    while waiting:
        level = waiting.pop(0)
        yield level
        for name, block in diagram.definition(level.scope).blocks():
            if block.type not in diagram.modules or block.type in seen:
                continue
            result = level.sheet.results[name]
            index = None if result.copies is None else next(
                (number for number, copy in enumerate(result.copies) if copy.sub is not None), None
            )  # fmt: skip
            try:
                inner = level.enter(name, index)
            except (StudioError, IndexError):
                continue
            seen.add(block.type)
            waiting.append(inner)


__all__ = ["KINDS", "MOST", "Hint", "Paper", "hints"]
