"""The paths of a network with sums: how many there are of each length, and what gradient each length carries.

Veit, Wilber and Belongie (arXiv 1605.06431), sections 3 and 4.3: n residual units in a row are 2ⁿ paths, of which
C(n, k) go through k branches. Counted here on the graph itself, so any network with sums can be asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from blockstudio.analysis.trunk import Trunk, is_layer
from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.graph.expand import Port


@dataclass(frozen=True)
class Lengths:
    """How many paths there are of each length."""

    counts: Mapping[int, int]
    """Exact, however large."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def share(self, first: int, last: int | None = None) -> float:
        """The share of paths that are ``first`` to ``last`` long, both included; of length ``first`` alone without
        ``last``."""
        last = first if last is None else last
        some = sum(count for length, count in self.counts.items() if first <= length <= last)
        return float(Fraction(some, self.total)) if self.total else 0.0

    @property
    def mean(self) -> float:
        return float(Fraction(sum(length * count for length, count in self.counts.items()), self.total))


def branch_lengths(trunk: Trunk) -> Lengths:
    """Paths by how many branches of residual units they go through, rather than by the shortcut.

    Args:
        trunk: Of a network; without residual units there is one path, through none.

    Returns:
        For n units in a row, C(n, k) paths of length k times the ways within a branch.
    """
    steps = {
        (unit.replaced.path, port): 0 if port == unit.shortcut else 1
        for unit in trunk.residual_units
        if unit.replaced is not None
        for port in _inputs(trunk, unit.replaced.path)
    }
    return _count(trunk, {}, steps)


def path_lengths(trunk: Trunk) -> Lengths:
    """Paths by how many layers with weights they go through: convolutions and linear layers."""
    flat = trunk.flat.main
    layers = {name: int(is_layer(flat.block(name).type)) for name in trunk.wires}
    return _count(trunk, layers, {})


def paths_without(trunk: Trunk, off: Collection[str] = ()) -> int:
    """How many paths there are without the branches of some units.

    Args:
        trunk: Of a network.
        off: Names of units; of those with a sum the shortcut alone is left.
    """
    closed = {
        unit.replaced.path: unit.shortcut
        for unit in trunk.residual_units
        if unit.name in off and unit.replaced is not None
    }
    return _count(trunk, {}, {}, closed).total


def _inputs(trunk: Trunk, name: str) -> list[Port]:
    return [Port(wire.source, wire.source_port) for wire in trunk.wires[name]]


def _count(
    trunk: Trunk,
    blocks: Mapping[str, int],
    steps: Mapping[tuple[str, Port], int],
    closed: Mapping[str, Port | None] | None = None,
) -> Lengths:
    """Polynomials of path lengths along the graph: a block's is the sum of those that come in, each shifted by what
    its step and the block count for. Into what is ``closed`` leads one way alone."""
    found: dict[str, dict[int, int]] = {}
    types = {name: trunk.flat.main.block(name).type for name in trunk.wires}
    for name in trunk.wires:
        counts: dict[int, int] = {0: 1} if types[name] == INPUT else {}
        ways = _inputs(trunk, name)
        if closed and name in closed:
            ways = [port for port in ways if port == closed[name]]
        for port in ways:
            step = steps.get((name, port), 0) + blocks.get(name, 0)
            for length, count in found[port.path].items():
                counts[length + step] = counts.get(length + step, 0) + count
        found[name] = counts
    end = next(name for name, kind in types.items() if kind == OUTPUT)
    return Lengths(dict(sorted(found[end].items())))
