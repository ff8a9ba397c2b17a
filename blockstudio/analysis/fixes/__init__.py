"""Ways out of problems, each a few edits that are applied as one undo step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from blockstudio.analysis.fixes import merge, windows, wiring
from blockstudio.analysis.fixes import parameters as values
from blockstudio.analysis.fixes.context import FixContext
from blockstudio.analysis.fixes.trial import Trial
from blockstudio.analysis.problems import Fix, Problem

MOST = 5
"""How many fixes are offered for one problem."""
TRIED = 24
"""How many are tried for one: each trial looks through the whole diagram."""

_MAKERS: dict[str, Callable[[FixContext], Iterator[Fix]]] = {
    "block.dead": wiring.dead_fixes,
    "graph.cycle": wiring.cycle_fixes,
    "input.missing": wiring.missing_input_fixes,
    "merge.single": merge.single_fixes,
    "module.unused": wiring.unused_module_fixes,
    "output.missing": wiring.missing_output_fixes,
    "output.softmax": wiring.softmax_fixes,
    "output.unused": wiring.unused_output_fixes,
    "port.unconnected": wiring.unconnected_fixes,
    "repeat.chain": values.chain_fixes,
    "shape.broadcast": merge.multiply_fixes,
    "shape.concat": merge.concat_fixes,
    "shape.differ": merge.add_fixes,
    "shape.groups": windows.groups_fixes,
    "shape.kernel": windows.kernel_fixes,
    "shape.linear": wiring.linear_fixes,
    "shape.padding": windows.padding_fixes,
    "shape.rank": wiring.vector_fixes,
    "shape.same_stride": windows.same_stride_fixes,
    "shape.shortcut": wiring.shortcut_fixes,
}


def fixes_for(site: FixContext, trial: Trial) -> tuple[Fix, ...]:
    """The fixes of a problem that hold what they promise, best first: tried on a copy, the problem is gone. Those
    that bring new errors are offered only if no other is left."""
    problem: Problem = site.problem
    maker = _MAKERS.get(problem.code)
    if maker is None and problem.code.startswith(("expression.", "parameter.")) and problem.parameter:
        maker = values.expression_fixes
    if maker is None:
        maker = windows.remove_fixes if problem.code.startswith("shape.") else _none
    clean: dict[str, Fix] = {}
    rest: dict[str, Fix] = {}
    for fix in islice(filter(lambda fix: fix.edits, _fresh(site, maker)), TRIED):
        verdict = trial.run(fix, problem)
        if verdict is None or not verdict.gone:
            continue
        found = rest if verdict.new_errors else clean
        found.setdefault(fix.label, fix)
        if len(clean) >= MOST:
            break
    return tuple((clean or rest).values())[:MOST]


def _fresh(site: FixContext, maker: Callable[[FixContext], Iterator[Fix]]) -> Iterator[Fix]:
    """What ``maker`` proposes. The names that one fix uses are free again for the next."""
    for fix in maker(site):
        site.start_over()
        yield fix


def _none(site: FixContext) -> Iterator[Fix]:
    return iter(())


__all__ = ["FixContext", "Trial", "fixes_for"]
