"""What can be done to one block, done to each of several as one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from blockstudio.analysis.level import Level
from blockstudio.analysis.refactorings.context import Proposal, RefactorContext
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.text import say, say_many

Make = Callable[[RefactorContext, str, bool], Iterator[Proposal]]
MOST = 400
"""So many blocks are converted at once; of more nothing is proposed."""
TITLES = {
    "stack_3x3": say("stacks of 3×3"),
    "bottleneck": say("1×1 bottlenecks before them"),
    "asymmetric": say("1×n, then n×1"),
}
"""What comes of blocks that do not become the same."""


def together(
    diagram: Diagram, scope: str, level: Level, names: Sequence[str], relu: bool, makes: Sequence[Make]
) -> Iterator[Proposal]:
    """For each kind of conversion that fits at least two of the blocks: all that it fits, one after the other, as one
    proposal."""
    if not 1 < len(names) <= MOST:
        return
    site = RefactorContext(diagram, scope, level)
    fitting: dict[str, tuple[Make, list[str]]] = {}
    for make in makes:
        for name in names:
            for found in make(site, name, relu):
                fitting.setdefault(found.kind, (make, []))[1].append(name)
    for kind, (make, fit) in fitting.items():
        if len(fit) > 1:
            done = tuple(_in_turn(diagram, scope, level, fit, relu, kind, make))
            if len(done) > 1:
                yield _joined(done)


def _in_turn(
    diagram: Diagram, scope: str, level: Level, names: Sequence[str], relu: bool, kind: str, make: Make
) -> Iterator[Proposal]:
    """The conversion of each block, worked out on what those before it have left. What comes in and what comes out of a
    block stays as it is, so that the shapes of ``level`` hold."""
    twin = copy_diagram(diagram)
    for name in names:
        found = next(
            (each for each in make(RefactorContext(twin, scope, level), name, relu) if each.kind == kind), None
        )
        if found is None:
            continue
        done: list[Edit] = []
        try:
            for edit in found.edits:
                done.insert(0, edit.apply(twin))
        except StudioError:
            for undo in done:
                undo.apply(twin)
            continue
        yield found


def _joined(parts: tuple[Proposal, ...]) -> Proposal:
    first, count = parts[0], len(parts)
    same = all(part.title == first.title for part in parts)
    title = first.title if same else TITLES.get(first.kind, first.title)
    note = first.note if all(part.note == first.note for part in parts) else ""
    told = say_many("{what}, {count} block", "{what}, {count} blocks", count, what=title)
    return Proposal(
        say_many("Convert {count} block to {title}", "Convert {count} blocks to {title}", count, title=title),
        tuple(edit for part in parts for edit in part.edits), first.kind, told, note, first.scope,
        tuple(name for part in parts for name in part.removed), tuple(name for part in parts for name in part.added),
        tuple(name for part in parts for name in part.changed), parts,
    )  # fmt: skip
