"""Every distinct use of a definition, worked out: parameter values, shapes, what is switched off.

A diagram that reaches this has been analysed and has no errors, so nothing here looks for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

import networkx as nx

from blockstudio.blocks import CATALOGUE, Shape, Value
from blockstudio.graph.diagram import MAIN, Block, Diagram
from blockstudio.graph.resolve import resolve, resolve_flag, resolve_repeat


@dataclass(frozen=True, eq=False, slots=True)
class Copy:
    """One block at work: a block that is not repeated, or one of its copies."""

    index: int
    values: Mapping[str, Value]
    inputs: tuple[Shape, ...]
    outputs: Mapping[str, Shape]
    bypassed: bool
    site: Site | None
    """What is inside, for an instance of a module that is not bypassed."""


@dataclass(eq=False, slots=True)
class Site:
    """One use of a definition; uses that agree in parameters and input shapes are the same one."""

    scope: str
    values: dict[str, Value]
    """What names mean: parameters and ``in_channels``."""
    inputs: dict[str, Shape]
    blocks: dict[str, tuple[Copy, ...]] = field(default_factory=dict)
    """Copies of every block that reaches an output here, Input and Output blocks left out."""
    outputs: dict[str, Shape] = field(default_factory=dict)


class Sites:
    """All sites of ``diagram``, inner ones before those that use them."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._found: dict[tuple[object, ...], Site] = {}
        self._orders: dict[str, list[str]] = {}
        values = resolve(diagram.parameters, {}, {})
        inputs: dict[str, Shape] = {}
        for name in diagram.main.of_type("Input"):
            block = diagram.main.block(name)
            shape = resolve(CATALOGUE["Input"].parameters, block.parameters, values)["shape"]
            inputs[name] = shape  # type: ignore[assignment]
        self.main = self._site(MAIN, values, inputs)

    def of(self, scope: str) -> list[Site]:
        """The sites of one definition."""
        return [site for site in self._found.values() if site.scope == scope]

    def scopes(self) -> list[str]:
        """Definitions in use, each after those it has instances of; the main graph last."""
        inside: dict[str, set[str]] = {MAIN: set()}
        for site in self._found.values():
            inner = inside.setdefault(site.scope, set())
            inner |= {copy.site.scope for copies in site.blocks.values() for copy in copies if copy.site}
        return list(TopologicalSorter(inside).static_order())

    def _site(self, scope: str, values: dict[str, Value], inputs: dict[str, Shape]) -> Site:
        key = (scope, tuple(values.items()), tuple(inputs.items()))
        if key not in self._found:
            inferred: dict[str, Value] = {}
            if scope != MAIN:
                inferred = {channel_name(port, i): shape[0] for i, (port, shape) in enumerate(inputs.items())}
            site = Site(scope, values | inferred, inputs)
            self._fill(site)
            self._found[key] = site
        return self._found[key]

    def _fill(self, site: Site) -> None:
        definition = self._diagram.definition(site.scope)
        live = self._live(site)
        shapes: dict[tuple[str, str], Shape] = {}
        for name in self.order(site.scope):
            block = definition.block(name)
            if block.type == "Input":
                shapes[name, "out"] = site.inputs[name]
            elif name in live:
                sources = sources_of(self._diagram, site.scope, name)
                inputs = tuple(shapes[source] for source in sources if source in shapes)
                if block.type == "Output":
                    site.outputs[name] = inputs[0]
                elif block.type != "AuxOutput":
                    copies = tuple(self._copies(site, block, inputs))
                    site.blocks[name] = copies
                    ports = self._diagram.output_ports(block.type)
                    outputs = copies[-1].outputs if copies else dict.fromkeys(ports, inputs[0])
                    shapes |= {(name, port): shape for port, shape in outputs.items()}
        site.outputs = {name: site.outputs[name] for name in definition.of_type("Output")}

    def _live(self, site: Site) -> set[str]:
        """Blocks from which a path leads to an output, past what is switched off."""
        definition = self._diagram.definition(site.scope)
        waiting = [
            name
            for name, block in definition.blocks()
            if block.type == "Output" or (block.type == "AuxOutput" and not self._off(site, block))
        ]
        live: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in live:
                live.add(name)
                sources = sources_of(self._diagram, site.scope, name)
                off = self._off(site, definition.block(name))
                waiting += [source for source, _ in (sources[:1] if off else sources)]
        return live

    def _off(self, site: Site, block: Block) -> bool:
        # With `repeat` the flag may depend on the copy, but such a block has one input, which is live anyway.
        return block.repeat is None and resolve_flag(block.bypass, site.values)

    def order(self, scope: str) -> list[str]:
        """Blocks of a definition, each after those it reads, else in document order."""
        if scope not in self._orders:
            graph = self._diagram.definition(scope).graph
            place = {name: index for index, name in enumerate(graph)}
            self._orders[scope] = list(nx.lexicographical_topological_sort(graph, key=place.__getitem__))
        return self._orders[scope]

    def _copies(self, site: Site, block: Block, inputs: tuple[Shape, ...]) -> Iterator[Copy]:
        repeat = resolve_repeat(block.repeat, site.values)
        if repeat is None:
            yield self._copy(site.values, block, inputs, 0)
            return
        for index in range(repeat):
            copy = self._copy({**site.values, "i": index}, block, inputs, index)
            inputs = tuple(copy.outputs.values())
            yield copy

    def _copy(self, scope: Mapping[str, Value], block: Block, inputs: tuple[Shape, ...], index: int) -> Copy:
        ports = self._diagram.output_ports(block.type)
        if resolve_flag(block.bypass, scope):
            return Copy(index, {}, inputs, dict.fromkeys(ports, inputs[0]), True, None)
        values = resolve(self._diagram.declared(block.type), block.parameters, scope)
        if block.type in CATALOGUE:
            merged = CATALOGUE[block.type].variadic and len(inputs) == 1
            output = inputs[0] if merged else CATALOGUE[block.type].shape(values, inputs)
            return Copy(index, values, inputs, dict.fromkeys(ports, output), False, None)
        ends = self._diagram.input_ports(block.type)
        inner = self._site(block.type, values, dict(zip(ends, inputs, strict=True)))
        return Copy(index, values, inputs, inner.outputs, False, inner)


def sources_of(diagram: Diagram, scope: str, name: str) -> list[tuple[str, str]]:
    """The outputs (block, port) that are wired into a block, in the order of its input ports."""
    definition = diagram.definition(scope)
    wires = definition.wires_into(name)
    type_name = definition.block(name).type
    if type_name in diagram.modules:
        place = {port: index for index, port in enumerate(diagram.input_ports(type_name))}
        wires.sort(key=lambda wire: place[wire.target_port])
    return [(wire.source, wire.source_port) for wire in wires]


def channel_name(port: str, index: int) -> str:
    """What expressions of a module call the channels of its input ``port``, the ``index``-th."""
    return "in_channels" if index == 0 else f"in_channels_{port}"
