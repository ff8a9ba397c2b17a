"""Which blocks reach an output, kept up to date wire by wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blockstudio.analysis.item import Item
from blockstudio.analysis.order import Source


class Reach:
    """The blocks from which a wire leads to one of the ``ends``.

    Each block knows how many of its wires lead to members; a block without any is none, unless it is an end. That holds
    as long as there are no cycles: with them, make another.
    """

    def __init__(self, items: Mapping[str, Item], ends: Iterable[str]) -> None:
        self._items = items
        self.ends = set(ends)
        self.members: set[str] = set()
        self._wires: dict[str, int] = {}
        self.gained: set[str] = set()
        """Members since `settle` that were none before."""
        self.lost: set[str] = set()
        """Members before `settle` that are none any more."""
        for name in self.ends:
            if name not in self.members:
                self._enter(name)
        self.settle()

    def settle(self) -> None:
        """Count what is gained and lost from here."""
        self.gained, self.lost = set(), set()

    def rewired(self, item: Item, before: tuple[Source, ...], is_end: bool) -> None:
        """An item's sources have changed from ``before``; ``is_end``: whether it now is an end."""
        name = item.name
        if name in self.members:
            for source in item.sources:
                if source:
                    self._add(source[0])
            for source in before:
                if source:
                    self._remove(source[0])
        if is_end and name not in self.ends:
            self.ends.add(name)
            if name not in self.members:
                self._enter(name)
        elif not is_end and name in self.ends:
            self.ends.discard(name)
            if not self._wires.get(name):
                self._leave(name)

    def _add(self, name: str) -> None:
        self._wires[name] = self._wires.get(name, 0) + 1
        if name not in self.members:
            self._enter(name)

    def _remove(self, name: str) -> None:
        self._wires[name] -= 1
        if not self._wires[name] and name not in self.ends:
            self._leave(name)

    def _enter(self, name: str) -> None:
        """A new member: those that feed it are members too."""
        items, members, wires = self._items, self.members, self._wires
        waiting = [name]
        members.add(name)
        while waiting:
            name = waiting.pop()
            (self.lost.discard if name in self.lost else self.gained.add)(name)
            for source in items[name].sources:
                if source:
                    feeder = source[0]
                    wires[feeder] = wires.get(feeder, 0) + 1
                    if feeder not in members:
                        members.add(feeder)
                        waiting.append(feeder)

    def _leave(self, name: str) -> None:
        """No member any more: nor are those that fed it alone."""
        items, members, wires = self._items, self.members, self._wires
        waiting = [name]
        members.discard(name)
        while waiting:
            name = waiting.pop()
            (self.gained.discard if name in self.gained else self.lost.add)(name)
            for source in items[name].sources:
                if source:
                    feeder = source[0]
                    wires[feeder] -= 1
                    if not wires[feeder] and feeder not in self.ends and feeder in members:
                        members.discard(feeder)
                        waiting.append(feeder)
