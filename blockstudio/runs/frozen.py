"""Blocks that a run does not train: what their paths mean in a diagram, and how much is left to train.

A path names a block and everything inside it: ``conv1``, ``layer1`` (all its copies), ``layer1.0``,
``layer1.0.conv1``; or a common beginning of names, as ``features`` of ``features.0`` and ``features.3``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from blockstudio.blocks import AUX_OUTPUT, OUTPUT
from blockstudio.errors import StudioError
from blockstudio.graph.expand import flatten
from blockstudio.graph.names import suggestion
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis, BlockReport, Level
    from blockstudio.graph.diagram import Diagram

FIELD = "start.freeze"


def covers(paths: Iterable[str], path: str) -> bool:
    """Whether ``path`` is one of ``paths`` or lies inside one."""
    return any(path == each or path.startswith(f"{each}.") for each in paths)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths without those that lie inside others, each once."""
    given = tuple(dict.fromkeys(paths))
    return tuple(path for path in given if not covers((each for each in given if each != path), path))


def is_place(analysis: Analysis, path: str) -> bool:
    """Whether a path names something in the diagram."""
    return next(_reports(analysis, path), None) is not None


def freeze_problems(analysis: Analysis, paths: Sequence[str]) -> list[StudioError]:
    """What is wrong with the paths to freeze: names that nothing has, or nothing left to train."""
    problems = []
    for path in paths:
        if not is_place(analysis, path):
            problems.append(
                StudioError(
                    "run.freeze",
                    say("the network has no block '{path}' to freeze.", path=path),
                    where=FIELD,
                    hint=suggestion(path, _candidates(analysis, path)),
                )
            )
    total = analysis.parameters_with_auxiliary
    if not problems and paths and total and not trainable(analysis, paths):
        problems.append(nothing_left(total))
    return problems


def nothing_left(total: int) -> StudioError:
    """The error of a run that would train nothing."""
    return StudioError(
        "run.frozen",
        say("all {total:,} parameters are frozen, so there is nothing to train.", total=total),
        where=FIELD,
        hint=say("Leave the classifier out, or any other block."),
    )


def trainable(analysis: Analysis, paths: Iterable[str]) -> int:
    """How many parameters are trained, auxiliary heads included."""
    frozen = 0
    for path in outermost(paths):
        for report in _reports(analysis, path):
            if report.live and all(outer.live for outer in _above(analysis, report.path)):
                frozen += report.parameters or 0
    return analysis.parameters_with_auxiliary - frozen


def all_but(analysis: Analysis, spared: Sequence[str]) -> tuple[str, ...]:
    """The blocks to freeze so that of all parameters only those at ``spared`` are trained, as few paths as will do.

    Raises `StudioError` ``run.freeze`` if one of ``spared`` names nothing.
    """
    problems = freeze_problems(analysis, spared)
    for problem in problems:
        if problem.code == "run.freeze":
            raise StudioError(problem.code, problem.message.replace(" to freeze", ""), hint=problem.hint)
    kept = {report.path for path in spared for report in _reports(analysis, path)}
    top = analysis.level("")
    return tuple(path for name in top.blocks for path in _outside(top, name, None, kept))


def up_to(analysis: Analysis, path: str) -> tuple[str, ...]:
    """The block at a path and all that the signal comes through before it, on its level and those around it, as far
    as they have parameters. Raises `StudioError` ``analysis.path``."""
    level, name, index = analysis.find(path)
    found = [path] if name is not None and level.report(name, index).parameters else []
    while name is not None:
        earlier = level.before(name)
        reports = [report for each, report in level.blocks.items() if each in earlier]
        if index:
            reports += [level.report(name, each) for each in range(index)]
        found += [report.path for report in reports if report.parameters]
        if not level.path:
            break
        level, name, index = analysis.find(level.path)
    return outermost(found)


def classifiers(diagram: Diagram) -> tuple[str, ...]:
    """The last weighted layers before the outputs, auxiliary ones too: what another number of classes replaces.

    Normalisation behind them counts as theirs. Raises `StudioError` where the diagram cannot be flattened.
    """
    whole = flatten(diagram)
    flat = whole.main
    found: dict[str, None] = {}
    waiting = flat.of_type(OUTPUT, AUX_OUTPUT)
    while waiting:
        name = waiting.pop()
        kind = whole.kind(flat.block(name).type)
        assert kind is not None  # there are no modules any more
        if kind.weighted or kind.normalises:
            found[name] = None
        if not kind.weighted:
            waiting += [wire.source for wire in flat.wires_into(name) if wire.source not in found]
    return tuple(found)


def residual_ends(diagram: Diagram) -> tuple[str, ...]:
    """The normalisations with which residual branches end: right before a sum. Where the shortcut has one too, that of
    the branch with more weighted layers counts."""
    whole = flatten(diagram)
    flat = whole.main
    found: list[str] = []
    for name, block in flat.blocks():
        kind = whole.kind(block.type)
        if kind is None or kind.merges != "sum":
            continue
        sources = list(dict.fromkeys(wire.source for wire in flat.wires_into(name)))
        ends = {source: depth for source in sources if (depth := _branch(whole, source))}
        if ends and len(sources) > 1:
            found.append(max(ends, key=lambda source: ends[source]))
    return tuple(dict.fromkeys(found))


def _branch(whole: Diagram, name: str) -> int:
    """1 more than the weighted layers in the chain that ends with the normalisation ``name``; 0 if it is none."""
    first = whole.kind(whole.main.block(name).type)
    if first is None or not first.normalises:
        return 0
    depth, here = 1, name
    while len(into := whole.main.wires_into(here)) == 1 and len(whole.main.wires_from(into[0].source)) == 1:
        here = into[0].source
        kind = whole.kind(whole.main.block(here).type)
        depth += int(kind is not None and kind.weighted)
    return depth


def _outside(level: Level, name: str, index: int | None, kept: set[str]) -> Iterator[str]:
    """What of a block, or of one copy of it, lies outside ``kept``."""
    report = level.report(name, index)
    if report.path in kept or not report.parameters:
        return
    copies = level.sheet.results[name].copies
    if not any(path.startswith(f"{report.path}.") for path in kept):
        yield report.path
    elif copies is not None and index is None:
        for each in range(len(copies)):
            yield from _outside(level, name, each, kept)
    else:
        inner = level.enter(name, index)
        for each_name in inner.blocks:
            yield from _outside(inner, each_name, None, kept)


def _reports(analysis: Analysis, path: str) -> Iterator[BlockReport]:
    """The block at a path, else those on one level whose names begin with it."""
    try:
        level, name, index = analysis.find(path)
    except StudioError:
        yield from _with_beginning(analysis, path)
        return
    if name is not None:
        yield level.report(name, index)


def _with_beginning(analysis: Analysis, path: str) -> Iterator[BlockReport]:
    parts = path.split(".")
    for count in range(len(parts)):
        outer, rest = ".".join(parts[:count]), ".".join(parts[count:]) + "."
        try:
            level = analysis.level(outer)
        except StudioError:
            continue
        names = [name for name in level.blocks if name.startswith(rest)]
        if names:
            yield from map(level.report, names)
            return


def _above(analysis: Analysis, path: str) -> Iterator[BlockReport]:
    """The instances around a block."""
    parts = path.split(".")
    for count in range(1, len(parts)):
        report = analysis.blocks.get(".".join(parts[:count]))
        if report is not None:
            yield report


def _candidates(analysis: Analysis, path: str) -> list[str]:
    """Names on the level on which the path goes wrong."""
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        outer = ".".join(parts[:count])
        try:
            level = analysis.level(outer)
        except StudioError:
            continue
        return [f"{outer}.{name}" for name in level.blocks]
    return [name for name, report in analysis.level("").blocks.items() if report.parameters]
