"""Levels of a network on its way to a diagram: their blocks, and who feeds whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from blockstudio.blocks import Shape
from blockstudio.graph.definition import prefixes
from blockstudio.imports.trace import Value

STATISTICS = frozenset({"running_mean", "running_var", "num_batches_tracked"})
"""Buffers that a normalisation has."""


@dataclass(eq=False, slots=True)
class Node:
    """A block of a level."""

    name: str
    type: str
    """A block type; ``""`` for an instance of `level`'s definition."""
    values: dict[str, Any] = field(default_factory=dict)
    sources: list[tuple[Node, str]] = field(default_factory=list)
    """Who feeds each input, with the output port."""
    level: ModuleLevel | None = None
    joined: list[tuple[Node, str]] = field(default_factory=list)
    """What a join joins, whatever another one has joined before."""


class Taken:
    """The names of a level's blocks, and the paths that they lie in."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._holding: set[str] = set()
        self.counts: dict[str, int] = {}
        """By the name that was wanted: how many of its kind are known to be taken."""

    def clashes(self, name: str) -> bool:
        """Whether a block cannot be called so."""
        above = prefixes(name)
        return name in self._names or name in self._holding or any(each in self._names for each in above)

    def add(self, name: str) -> None:
        self._names.add(name)
        self._holding.update(prefixes(name))

    def copy(self) -> Taken:
        """The same as it is now."""
        twin = Taken()
        twin._names, twin._holding, twin.counts = set(self._names), set(self._holding), dict(self.counts)
        return twin


@dataclass(eq=False, slots=True)
class ModuleLevel:
    """One use of a module of the network."""

    path: str
    module: nn.Module
    nodes: list[Node] = field(default_factory=list)
    """In the order in which they run, inputs first, outputs last."""
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)
    _inside: set[str] | None = None

    @property
    def inside(self) -> set[str]:
        """The names of modules with weights."""
        if self._inside is None:
            named = self.module.named_modules()
            self._inside = {name for name, part in named if any(True for _ in part.parameters())}
        return self._inside

    def levels(self) -> Iterator[ModuleLevel]:
        """This and every level inside, inner ones first."""
        for node in self.nodes:
            if node.level is not None:
                yield from node.level.levels()
        yield self


def values_in(tree: Any) -> list[Value]:
    """Values anywhere in arguments, in order."""
    if isinstance(tree, Value):
        return [tree]
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [value for item in tree for value in values_in(item)] if isinstance(tree, list | tuple) else []


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
