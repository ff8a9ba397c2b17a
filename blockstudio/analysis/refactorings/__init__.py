"""Refactorings: parts of a network written in another way, each with what it saves before it is done.

A proposal is made of edits alone and is applied as one undo step, like a `Fix`. It is offered only if it has been tried
on a copy: no new error, and what the network puts out has the same shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blockstudio.analysis.engine import Analyzer
from blockstudio.analysis.level import Level
from blockstudio.analysis.refactorings import kernels, residual, shapes
from blockstudio.analysis.refactorings.bench import Bench, Costs, Refactoring, places
from blockstudio.analysis.refactorings.context import Proposal, RefactorContext
from blockstudio.analysis.refactorings.normalise import normalised
from blockstudio.analysis.refactorings.several import together
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram

_ONE = (shapes.reduction, shapes.global_pooling, residual.narrowed)
_KERNELS = (kernels.stacked, kernels.asymmetric, kernels.separable, kernels.bottleneck)


def proposals(
    diagram: Diagram, scope: str, level: Level, names: Sequence[str] = (), relu: bool = True
) -> Iterator[Proposal]:
    """What can be proposed for blocks of a definition, or, without names, for the whole diagram; untried.

    ``level``: the place in view, whose shapes decide. ``relu``: whether a ReLU comes between convolutions that take
    the place of one.
    """
    site = RefactorContext(diagram, scope, level)
    if not names:
        found = normalised(_all_sites(diagram, level))
        if found is not None:
            yield found
        return
    if len(names) == 1:
        (name,) = names
        for make in _KERNELS:
            yield from make(site, name, relu)
        if site.block(name).type in diagram.modules:
            yield from shapes.reduction(site, name)
            yield from _inside(diagram, level, name)
        else:
            for find in _ONE:
                yield from find(site, name)
    yield from together(diagram, scope, level, names, relu, _KERNELS)
    yield from residual.shortcut(site, names)
    found = normalised([site], names)
    if found is not None:
        yield found


def first_place(analyzer: Analyzer, scope: str) -> tuple[str, Level]:
    """The first place of the network in which a definition stands, by path and level; its own defaults where it stands
    in none."""
    waiting = [analyzer.analysis.level()]
    seen: set[str] = set()
    while waiting:
        level = waiting.pop(0)
        if level.scope == scope:
            return level.path, level
        seen.add(level.scope)
        for name, block in analyzer.diagram.definition(level.scope).blocks():
            if block.type in analyzer.diagram.modules and block.type not in seen:
                try:
                    waiting.append(level.enter(name, None if block.repeat is None else 0))
                except (StudioError, IndexError):
                    continue  # switched off, or repeated no times
    return "", analyzer.level_of_definition(scope)


def _inside(diagram: Diagram, level: Level, name: str) -> Iterator[Proposal]:
    """What can be proposed for the module that a block is an instance of."""
    module = diagram.definition(level.scope).block(name).type
    try:
        inner = level.enter(name, 0 if level.blocks[name].copies != 1 else None)
    except (StudioError, IndexError):
        return
    site = RefactorContext(diagram, module, inner)
    for add, _ in site.definition.blocks():
        found = next(residual.narrowed(site, add), None)
        if found is not None:
            yield found
            break


def _all_sites(diagram: Diagram, level: Level) -> Iterator[RefactorContext]:
    yield from (RefactorContext(diagram, scope, level) for scope in diagram.scopes())


__all__ = ["Bench", "Costs", "Proposal", "RefactorContext", "Refactoring", "first_place", "places", "proposals"]
