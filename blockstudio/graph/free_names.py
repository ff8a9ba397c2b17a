"""Names that are free in a definition."""

from __future__ import annotations

import re
from collections.abc import Collection

from blockstudio.graph.definition import Definition, prefixes
from blockstudio.graph.names import MAX_NAME, is_block_name


class FreeNames:
    """Gives out names that no block of a definition has, each once. ``without``: blocks whose names are as good as
    free, because they are about to go."""

    def __init__(self, definition: Definition, without: Collection[str] = ()) -> None:
        self._definition = definition
        self._without = frozenset(without)
        self._given: set[str] = set()
        self._holding: set[str] = set()
        """The paths that names given out lie in."""

    def free(self, wanted: str) -> str:
        """``wanted`` if it is free, else ``wanted_2``, ``wanted_3``... (of ``conv_2``, ``conv_3``)."""
        if self.is_free(wanted):
            self._give(wanted)
            return wanted
        head, _, tail = wanted.rpartition("_")
        stem = (head if head and tail.isdecimal() else wanted.replace(".", "_"))[: MAX_NAME - 10]
        # Double the number until one is free, then halve the gap: in a graph of thousands each try counts.
        low, high = 1, 2
        while not self.is_free(f"{stem}_{high}"):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.is_free(f"{stem}_{middle}") else (middle, high)
        self._give(f"{stem}_{high}")
        return f"{stem}_{high}"

    def is_free(self, name: str) -> bool:
        """Whether a block may be called so."""
        if not is_block_name(name) or name in self._given or name in self._holding:
            return False
        if any(prefix in self._given for prefix in prefixes(name)):
            return False
        if not self._without:
            return not self._definition.clash(name)
        if name in self._definition or any(prefix in self._definition for prefix in prefixes(name)):
            there = [other for other in (name, *prefixes(name)) if other in self._definition]
            return all(other in self._without for other in there)
        inside = (other for other, _ in self._definition.blocks() if other.startswith(f"{name}."))
        return all(other in self._without for other in inside)

    def _give(self, name: str) -> None:
        self._given.add(name)
        self._holding.update(prefixes(name))


def legal(wanted: str) -> str:
    """A legal stem for a block's name: ``Conv2d`` becomes ``conv2d``, ``downsample.0`` ``downsample_0``."""
    stem = re.sub(r"[^a-z0-9_]+", "_", wanted.lower()).strip("_")[: MAX_NAME - 10] or "block"
    return stem if stem[0].isalpha() else f"_{stem}"
