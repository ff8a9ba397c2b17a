"""Levels of a network on its way to a diagram: their blocks, and who feeds whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from blockstudio.blocks import Shape
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


@dataclass(eq=False, slots=True)
class ModuleLevel:
    """One use of a module of the network."""

    path: str
    module: nn.Module
    nodes: list[Node] = field(default_factory=list)
    """In the order in which they run, inputs first, outputs last."""
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

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
