"""Order of evaluation: topological, as near to document order as the wires allow; cycles cut and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TypeAlias

Source: TypeAlias = "tuple[str, int] | None"
"""A block and the index of its output port; ``None`` where nothing is connected."""
Reads: TypeAlias = "tuple[str, int] | tuple[str, str] | None"
"""The same, or a block and the name of its output port."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Blocks that feed each other round; the wire from the last to the first is the closing one."""

    blocks: tuple[str, ...]


class Places:
    """A number for each block, growing along every wire. A wire against the numbers moves the few blocks that stand
    behind it and too far back; where that is not few, or there is a cycle, everything is numbered afresh."""

    FEW = 100

    def __init__(self, order: Sequence[str]) -> None:
        self.at: dict[str, float] = {name: float(index) for index, name in enumerate(order)}
        self._last = float(len(order))

    def append(self, name: str) -> None:
        """A new block, behind all others."""
        self._last += 1.0
        self.at[name] = self._last

    def repair(self, target: str, sources: Mapping[str, Sequence[Source]]) -> bool:
        """Make the wires into ``target`` go forward; ``False`` if that takes numbering everything afresh."""
        at = self.at
        for source in sources[target]:
            if source and at[source[0]] >= at[target] and not self._move(source[0], target, sources):
                return False
        return True

    def _move(self, name: str, target: str, sources: Mapping[str, Sequence[Source]]) -> bool:
        """Put ``name`` and those behind it that have to go with it in front of ``target``."""
        at = self.at
        limit, low = at[target], -1.0
        moved = {name}
        waiting = [name]
        while waiting:
            for source in sources[waiting.pop()]:
                if not source:
                    continue
                other = source[0]
                if other == target:
                    return False
                if at[other] < limit:
                    low = max(low, at[other])
                elif other not in moved:
                    moved.add(other)
                    waiting.append(other)
            if len(moved) > self.FEW:
                return False
        step = (limit - low) / (len(moved) + 1)
        if step < 1e-6:
            return False
        for index, other in enumerate(sorted(moved, key=at.__getitem__)):
            at[other] = low + step * (index + 1)
        return True


def evaluation_order(
    names: Sequence[str], sources: Mapping[str, Sequence[Reads]], targets: Mapping[str, set[str]]
) -> tuple[list[str], list[Cycle]]:
    """The first topological order in document order (``names``), and the cycles whose closing wires had to be left
    out of account for there to be one. Depends on nothing but the graph."""
    index = {name: place for place, name in enumerate(names)}
    waits = {name: len({source[0] for source in sources[name] if source}) for name in names}
    order = _sorted(names, index, waits, targets, set())
    if len(order) == len(names):
        return order, []
    done = set(order)
    cycles = _cycles([name for name in names if name not in done], index, sources, targets, done)
    cut = {(cycle.blocks[-1], cycle.blocks[0]) for cycle in cycles}
    waits = {
        name: len({source[0] for source in sources[name] if source and (source[0], name) not in cut}) for name in names
    }
    return _sorted(names, index, waits, targets, cut), cycles


def _sorted(
    names: Sequence[str],
    index: Mapping[str, int],
    waits: dict[str, int],
    targets: Mapping[str, set[str]],
    cut: set[tuple[str, str]],
) -> list[str]:
    ready = [place for place, name in enumerate(names) if not waits[name]]
    heapify(ready)
    order: list[str] = []
    while ready:
        name = names[heappop(ready)]
        order.append(name)
        for target in targets[name]:
            if (name, target) in cut:
                continue
            waits[target] -= 1
            if not waits[target]:
                heappush(ready, index[target])
    return order


def _cycles(
    left: Sequence[str],
    index: Mapping[str, int],
    sources: Mapping[str, Sequence[Reads]],
    targets: Mapping[str, set[str]],
    done: set[str],
) -> list[Cycle]:
    """The cycles that a depth-first walk closes, beginning where the signal comes in."""
    starts = [name for name in left if any(source and source[0] in done for source in sources[name])]
    state = dict.fromkeys(left, 0)  # 1: on the way, 2: done
    cycles: list[Cycle] = []
    for start in dict.fromkeys([*starts, *left]):
        if state[start]:
            continue
        way = [start]
        state[start] = 1
        forks = [iter(sorted(targets[start], key=index.__getitem__))]
        while way:
            for target in forks[-1]:
                if state[target] == 0:
                    state[target] = 1
                    way.append(target)
                    forks.append(iter(sorted(targets[target], key=index.__getitem__)))
                    break
                if state[target] == 1:
                    cycles.append(Cycle(tuple(way[way.index(target) :])))
            else:
                state[way.pop()] = 2
                forks.pop()
    return cycles
