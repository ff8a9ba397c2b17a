"""Whether two diagrams compute the same, block for block: names, places and order of branches do not matter."""

from __future__ import annotations

from typing import Any

import networkx as nx
from networkx.algorithms.isomorphism import DiGraphMatcher

from blockstudio.analysis import Analysis, BlockReport, Level
from blockstudio.blocks import CATALOGUE

MOST = 400
"""Blocks of a level that are compared."""


def alike(one: Analysis, other: Analysis) -> bool:
    """Whether both have the same blocks, with the same values, wired the same way; of modules the sums count.

    A block's values are those that its parameters come to; what a sum adds has no order.
    """
    first, second = one.top, other.top
    if max(len(first.blocks), len(second.blocks)) > MOST or len(first.blocks) != len(second.blocks):
        return False
    return bool(_Matcher(first, second).is_isomorphic())


class _Matcher(DiGraphMatcher):  # type: ignore[misc]
    """Two blocks match if they say the same and come to the same; two wires, if they end at the same ports."""

    def __init__(self, one: Level, other: Level) -> None:
        self._keys = _keys(one), _keys(other)
        self._ports = _wires(one), _wires(other)
        super().__init__(nx.DiGraph(self._ports[0]), nx.DiGraph(self._ports[1]))

    def semantic_feasibility(self, one: str, other: str) -> bool:
        if self._keys[0][one] != self._keys[1][other]:
            return False
        mine, theirs = self._ports
        return all(
            mine[one][target] == theirs[other][match]
            for target, match in self.core_1.items()
            if target in mine[one] and match in theirs[other]
        ) and all(
            mine[source][one] == theirs[match][other]
            for source, match in self.core_1.items()
            if one in mine[source] and other in theirs[match]
        )


def _keys(level: Level) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, report in level.blocks.items():
        module = level.sheet.results[name].sub is not None
        # What is written one way or another comes to the same: the shapes tell whether it does.
        shapes = sorted(map(str, report.input_shapes)) if _sums(report) else [*map(str, report.input_shapes)]
        values = [] if module else sorted((key, str(value)) for key, value in report.values.items())
        found[name] = ("module" if module else report.type, report.bypassed, report.copies, report.parameters,
                       report.macs, shapes, report.output_shape, values)  # fmt: skip
    return found


def _wires(level: Level) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in level.blocks}
    for name, report in level.blocks.items():
        for port, source in enumerate(level.sheet.plan.items[name].sources):
            if source is not None:
                ports = found[source[0]].setdefault(name, {"ports": []})["ports"]
                ports.append((source[1], 0 if _sums(report) else port))
                ports.sort()
    return found


def _sums(report: BlockReport) -> bool:
    """Whether the order of its inputs says nothing."""
    return report.type in CATALOGUE and CATALOGUE[report.type].merges in ("sum", "product")
