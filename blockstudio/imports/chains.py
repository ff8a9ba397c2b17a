"""Runs of equal siblings: ``layer1.0``, ``layer1.1``, ... one after the other are one block with a count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from blockstudio.imports.nodes import ModuleLevel, Node
from blockstudio.imports.templates import Template


@dataclass(frozen=True, slots=True)
class Series:
    """A value for each copy of a chain."""

    row: tuple[Any, ...]


@dataclass(eq=False, slots=True)
class Item:
    """A block of a level, chains already one."""

    name: str
    type: Any
    """A block type's name, or a template."""
    values: dict[str, Any]
    sources: list[tuple[str, str]]
    repeat: int | None = None
    outputs: int = 1


def items_of(level: ModuleLevel, template_of: Mapping[ModuleLevel, Template], apart: set[str]) -> list[Item]:
    """The blocks of a level. ``apart``: paths of chains that stay apart."""
    found: list[Item] = []
    chains = _chains(level, template_of, apart)
    within = {node: name for name, nodes in chains.items() for node in nodes}
    for node in level.nodes:
        name = within.get(node)
        if name is None:
            found.append(_item(node, template_of, within))
        elif node is chains[name][0]:
            found.append(_chain(name, chains[name], template_of, within))
    return found


def _sources(node: Node, within: Mapping[Node, str]) -> list[tuple[str, str]]:
    return [(within.get(source, source.name), port) for source, port in node.sources]


def _item(node: Node, template_of: Mapping[ModuleLevel, Template], within: Mapping[Node, str]) -> Item:
    if node.level is None:
        return Item(node.name, node.type, node.values, _sources(node, within))
    template = template_of[node.level]
    given = dict(template.given[node.level])
    return Item(node.name, template, given, _sources(node, within), outputs=len(node.level.outputs))


def _chain(
    name: str, nodes: list[Node], template_of: Mapping[ModuleLevel, Template], within: Mapping[Node, str]
) -> Item:
    items = [_item(node, template_of, within) for node in nodes]
    values = {key: Series(tuple(item.values[key] for item in items)) for key in items[0].values}
    return Item(name, items[0].type, values, items[0].sources, repeat=len(nodes))


def _chains(level: ModuleLevel, template_of: Mapping[ModuleLevel, Template], apart: set[str]) -> dict[str, list[Node]]:
    numbered: dict[str, list[Node]] = {}
    names = [node.name for node in level.nodes]
    for node in level.nodes:
        stem, dot, number = node.name.rpartition(".")
        if dot and number.isdecimal():
            numbered.setdefault(stem, []).append(node)
    readers: dict[Node, int] = {}
    for node in level.nodes:
        for source, _ in node.sources:
            readers[source] = readers.get(source, 0) + 1
    found: dict[str, list[Node]] = {}
    for stem, nodes in numbered.items():
        path = f"{level.path}.{stem}".removeprefix(".")
        inside = [name for name in names if name.startswith(f"{stem}.")]
        if len(nodes) < 2 or len(inside) != len(nodes) or path in apart:
            continue
        if [node.name for node in nodes] != [f"{stem}.{index}" for index in range(len(nodes))]:
            continue
        if any(node.level is None or len(node.level.inputs) != 1 or len(node.level.outputs) != 1 for node in nodes):
            continue
        if len({id(template_of[node.level]) for node in nodes if node.level is not None}) != 1:
            continue
        if all(_follows(one, other) and readers[one] == 1 for one, other in pairwise(nodes)):
            found[stem] = nodes
    return found


def _follows(one: Node, other: Node) -> bool:
    """Whether ``other`` reads what ``one`` gives and nothing else."""
    return one.level is not None and other.sources == [(one, next(iter(one.level.outputs)))]
