"""The order of the signal: cycles cut open, edges that only repeat a longer way left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Edges = list[tuple[int, int]]

REDUCIBLE = 8_000
"""Nodes up to which edges are compared with all other ways; the sets take n² bits."""


class Flow:
    """A directed graph on ``0 .. count - 1`` without cycles: its edges both ways and the order of its signal.

    ``ports``: of each wire which of its target's inputs it takes, as a part of them from the left (0 to 1).
    """

    def __init__(self, count: int, wires: Sequence[tuple[int, int]], ports: Sequence[float] = ()) -> None:
        self.port = dict(zip(wires, ports, strict=False))
        edges = _acyclic(count, [(u, v) for u, v in wires if u != v])
        self.order = _topological(count, edges)
        self.place = [0] * count
        for position, node in enumerate(self.order):
            self.place[node] = position
        kept = _reduced(self.order, edges)
        self.after: list[list[int]] = [[] for _ in range(count)]
        self.before: list[list[int]] = [[] for _ in range(count)]
        for u, v in kept:
            self.after[u].append(v)
            self.before[v].append(u)
        self.skips: list[list[int]] = [[] for _ in range(count)]
        """Where the edges that were left out lead, by where they begin."""
        self.leaving, self.entering = [0] * count, [0] * count
        """How many edges a node has, those left out included."""
        there = set(kept)
        for u, v in edges:
            self.leaving[u] += 1
            self.entering[v] += 1
            if (u, v) not in there:
                self.skips[u].append(v)

    def sorted(self, nodes: Iterable[int]) -> list[int]:
        """Nodes in the order of the signal."""
        return sorted(nodes, key=self.place.__getitem__)

    def reachable(self, start: Iterable[int], inside: set[int], *, backwards: bool = False) -> set[int]:
        """What the signal from ``start`` gets to (or, backwards, comes through) without leaving ``inside``."""
        step = self.before if backwards else self.after
        seen = set(start)
        waiting = list(seen)
        while waiting:
            for node in step[waiting.pop()]:
                if node in inside and node not in seen:
                    seen.add(node)
                    waiting.append(node)
        return seen

    def ports_of(self, part: Sequence[int]) -> float:
        """Which inputs a part takes of what it leads to, in the middle: 0 the first, 1 the last."""
        inside = set(part)
        found = [self.port.get((u, v), 0.5) for u in part for v in self.after[u] if v not in inside]
        return sum(found) / len(found) if found else 0.5

    def parts(self, nodes: Iterable[int]) -> list[list[int]]:
        """What hangs together among ``nodes``, each part in the order of the signal; parts in document order."""
        left = dict.fromkeys(sorted(nodes))
        found = []
        while left:
            start = next(iter(left))
            del left[start]
            part = [start]
            for node in part:  # grows while it is walked
                for other in (*self.after[node], *self.before[node]):
                    if other in left:
                        del left[other]
                        part.append(other)
            found.append(self.sorted(part))
        return found


def _acyclic(count: int, edges: Edges) -> Edges:
    """The edges without those that close a cycle, seen from the first nodes on."""
    after: list[list[int]] = [[] for _ in range(count)]
    entered = [0] * count
    for u, v in edges:
        after[u].append(v)
        entered[v] += 1
    state = [0] * count  # 1 on the way down, 2 done
    closing: set[tuple[int, int]] = set()
    starts = [node for node in range(count) if not entered[node]] + list(range(count))
    for start in starts:
        if state[start]:
            continue
        state[start] = 1
        way = [(start, iter(after[start]))]
        while way:
            node, following = way[-1]
            for other in following:
                if state[other] == 1:
                    closing.add((node, other))
                elif not state[other]:
                    state[other] = 1
                    way.append((other, iter(after[other])))
                    break
            else:
                state[node] = 2
                way.pop()
    return [edge for edge in edges if edge not in closing]


def _topological(count: int, edges: Edges) -> list[int]:
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for u, v in edges:
        after[u].append(v)
        waiting[v] += 1
    order = [node for node in range(count) if not waiting[node]]
    for node in order:  # grows while it is walked
        for other in after[node]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order


def _reduced(order: list[int], edges: Edges) -> Edges:
    """The edges without those that another way replaces: an identity skip around a residual branch is drawn
    beside the branch, and the branch stays a straight chain."""
    if len(order) > REDUCIBLE:
        return edges
    before: dict[int, list[int]] = {node: [] for node in order}
    for u, v in edges:
        before[v].append(u)
    passed = [0] * len(order)  # for each node the set of those before it, as bits
    kept = []
    for node in order:
        sources = before[node]
        indirect = 0
        for source in sources:
            indirect |= passed[source]
        direct = 0
        for source in sources:
            direct |= 1 << source
            if not indirect >> source & 1:
                kept.append((source, node))
        passed[node] = indirect | direct
    return kept
