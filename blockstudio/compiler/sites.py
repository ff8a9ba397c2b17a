"""Every distinct use of a definition, worked out: parameter values, shapes, what is switched off.

A diagram that reaches this has been analysed and has no errors in what is at work. What is off for now, by a condition
that other numbers would turn, is worked out too as far as that can be done: the source is to be right for them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TypeAlias

from blockstudio.analysis.order import evaluation_order
from blockstudio.blocks import AUX_OUTPUT, CATALOGUE, INPUT, OUTPUT, Shape, Value
from blockstudio.blocks.foreign import no_source
from blockstudio.compiler import algebra
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Block, Diagram
from blockstudio.graph.foreign import missing
from blockstudio.graph.resolve import resolve, resolve_flag, resolve_repeat
from blockstudio.text import say

SWITCHES = ("bool", "choice", "text")
"""Kinds of parameters that decide what there is rather than how large it is."""


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
    spare: dict[str, tuple[Copy, ...]] = field(default_factory=dict)
    """What blocks that are off or not needed here would do if they were at work."""
    outputs: dict[str, Shape] = field(default_factory=dict)


_Alike: TypeAlias = dict[tuple[object, ...], tuple[Copy, ...]]


class Sites:
    """All sites of ``diagram``, inner ones before those that use them."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._found: dict[tuple[object, ...], Site] = {}
        self._orders: dict[str, list[str]] = {}
        self._wiring: dict[str, dict[str, list[tuple[str, str]]]] = {}
        self._reaching: dict[tuple[str, frozenset[str], frozenset[str]], set[str]] = {}
        values = resolve(diagram.parameters, {}, {})
        inputs: dict[str, Shape] = {}
        for name in diagram.main.of_type(INPUT):
            block = diagram.main.block(name)
            shape = resolve(CATALOGUE[INPUT].parameters, block.parameters, values)["shape"]
            inputs[name] = shape  # type: ignore[assignment]
        self.main = self._site(MAIN, values, inputs)
        self._by_scope = self._reached()

    def of(self, scope: str) -> list[Site]:
        """The sites of one definition."""
        return self._by_scope.get(scope, [])

    def scopes(self) -> list[str]:
        """Definitions in use, each after those it has instances of; the main graph last."""
        inside = {
            scope: {inner.scope for site in sites for inner in _inner(site)} for scope, sites in self._by_scope.items()
        }
        return list(TopologicalSorter(inside).static_order())

    def _reached(self) -> dict[str, list[Site]]:
        """Sites by definition, without those of blocks that could not be worked out to the end."""
        found: dict[Site, None] = {}
        waiting = [self.main]
        while waiting:
            site = waiting.pop()
            if site not in found:
                found[site] = None
                waiting += reversed(list(_inner(site)))
        by_scope: dict[str, list[Site]] = {}
        for site in found:
            by_scope.setdefault(site.scope, []).append(site)
        return by_scope

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
        live = self._live(site, self._off)
        possible = self._live(site, self._off_for_good)
        shapes: dict[tuple[str, str], Shape] = {}
        wiring = self.wiring(site.scope)
        alike: _Alike = {}
        for name in self.order(site.scope):
            block = definition.block(name)
            if block.type == INPUT:
                shapes[name, "out"] = site.inputs[name]
                continue
            if name not in possible or block.type == AUX_OUTPUT:
                continue
            sources = wiring[name]
            if name in live:
                read = sources[:1] if self._off(site, block) else sources
                if not read or any(source not in shapes for source in read):
                    raise StudioError("compile.unfinished", say("an input is not wired."), where=name)
                inputs = tuple(shapes[source] for source in read)
                if block.type == OUTPUT:
                    site.outputs[name] = inputs[0]
                    continue
                try:
                    copies = site.blocks[name] = self._work_out(site, block, inputs, alike)
                except StudioError as error:
                    raise error if error.where else error.at(name) from None
                if all(copy.bypassed for copy in copies) and not self._off_for_good(site, block):
                    site.spare[name] = self._spare(site, block, sources, shapes, alike)
            else:
                copies = site.spare[name] = self._spare(site, block, sources, shapes, alike)
            if copies:
                for port, shape in copies[-1].outputs.items():
                    shapes[name, port] = shape
            elif sources and sources[0] in shapes:
                ports = self._diagram.output_ports(block.type)
                shapes |= {(name, port): shapes[sources[0]] for port in ports}
        ends = definition.of_type(OUTPUT)
        if len(site.outputs) < len(ends):
            raise StudioError("compile.unfinished", say("an output is not wired."), where=site.scope)
        site.outputs = {name: site.outputs[name] for name in ends}

    def _live(self, site: Site, off: Callable[[Site, Block], bool]) -> set[str]:
        """Blocks from which a path leads to an output, past what is ``off``."""
        definition = self._diagram.definition(site.scope)
        passing = frozenset(
            name for name, block in definition.blocks() if (block.bypass or block.repeat == 0) and off(site, block)
        )
        # An auxiliary output is there or is not: its condition is not one of the class.
        auxiliary = frozenset(
            name for name in definition.of_type(AUX_OUTPUT) if not self._off(site, definition.block(name))
        )
        key = (site.scope, passing, auxiliary)
        if key not in self._reaching:
            self._reaching[key] = self._reach(site.scope, [*definition.of_type(OUTPUT), *auxiliary], passing)
        return self._reaching[key]

    def _reach(self, scope: str, waiting: list[str], passing: frozenset[str]) -> set[str]:
        live: set[str] = set()
        wiring = self.wiring(scope)
        while waiting:
            name = waiting.pop()
            if name not in live:
                live.add(name)
                sources = wiring[name]
                waiting += [source for source, _ in (sources[:1] if name in passing else sources)]
        return live

    def _off(self, site: Site, block: Block) -> bool:
        # With `repeat` the flag may depend on the copy, but such a block has one input, which is live anyway.
        return block.repeat is None and resolve_flag(block.bypass, site.values)

    def _off_for_good(self, site: Site, block: Block) -> bool:
        """Whether it is off whatever the numbers are, with the switches as they stand here."""
        if block.bypass is True or block.repeat == 0:
            return True
        if not isinstance(block.bypass, str):
            return False
        declared = self._diagram.definition(site.scope).parameters
        switches = {key: algebra.literal(site.values[key]) for key, value in declared.items() if value.kind in SWITCHES}
        tree = algebra.condition(algebra.substitute(algebra.tree_of(block.bypass), switches))
        return isinstance(tree, ast.Constant) and bool(tree.value)

    def order(self, scope: str) -> list[str]:
        """Blocks of a definition, each after those it reads, else in document order."""
        if scope not in self._orders:
            names = list(self._diagram.definition(scope).graph)
            sources = self.wiring(scope)
            targets: dict[str, set[str]] = {name: set() for name in names}
            for name, found in sources.items():
                for source, _ in found:
                    targets[source].add(name)
            order, cycles = evaluation_order(names, sources, targets)
            if cycles:
                raise StudioError("compile.unfinished", say("its wires go round in a circle."), where=scope)
            self._orders[scope] = order
        return self._orders[scope]

    def wiring(self, scope: str) -> dict[str, list[tuple[str, str]]]:
        """For each block of a definition the outputs (block, port) that are wired into it, in the order of its input
        ports."""
        if scope not in self._wiring:
            definition = self._diagram.definition(scope)
            found = self._wiring[scope] = {}
            for name, block in definition.blocks():
                wires = definition.wires_into(name)
                if len(wires) > 1 and not self._diagram.is_variadic(block.type):
                    place = {port: index for index, port in enumerate(self._diagram.input_ports(block.type))}
                    wires.sort(key=lambda wire, place=place: place[wire.target_port])  # type: ignore[misc]
                found[name] = [(wire.source, wire.source_port) for wire in wires]
        return self._wiring[scope]

    def _work_out(
        self, site: Site, block: Block, inputs: tuple[Shape, ...], alike: _Alike, *, as_if_on: bool = False
    ) -> tuple[Copy, ...]:
        """A block's copies at a site: the same for all that are alike there in what they are made from."""
        if block.repeat is not None:
            return tuple(self._copies(site, block, inputs, as_if_on=as_if_on))
        # As text: 1, 1.0 and True are equal, but not in source.
        key = (block.type, repr(block.parameters), block.bypass, inputs, as_if_on)
        found = alike.get(key)
        if found is None:
            found = alike[key] = tuple(self._copies(site, block, inputs, as_if_on=as_if_on))
        return found

    def _copies(self, site: Site, block: Block, inputs: tuple[Shape, ...], *, as_if_on: bool = False) -> Iterator[Copy]:
        repeat = resolve_repeat(block.repeat, site.values)
        if repeat is None:
            yield self._copy(site.values, block, inputs, 0, as_if_on)
            return
        # As if it were on: more than one copy, so that what follows from the place among them shows.
        for index in range(max(repeat, 2) if as_if_on and isinstance(block.repeat, str) else repeat):
            copy = self._copy({**site.values, "i": index}, block, inputs, index, as_if_on)
            inputs = tuple(copy.outputs.values())
            yield copy

    def _spare(
        self,
        site: Site,
        block: Block,
        sources: list[tuple[str, str]],
        shapes: Mapping[tuple[str, str], Shape],
        alike: _Alike,
    ) -> tuple[Copy, ...]:
        """What a block would do; nothing if that cannot be said."""
        if any(source not in shapes for source in sources):
            return ()
        try:
            inputs = tuple(shapes[source] for source in sources)
            return self._work_out(site, block, inputs, alike, as_if_on=True)
        except StudioError:
            return ()

    def _copy(
        self, scope: Mapping[str, Value], block: Block, inputs: tuple[Shape, ...], index: int, as_if_on: bool
    ) -> Copy:
        ports = self._diagram.output_ports(block.type)
        if not as_if_on and resolve_flag(block.bypass, scope):
            return Copy(index, {}, inputs, dict.fromkeys(ports, inputs[0]), True, None)
        values = resolve(self._diagram.declared(block.type), block.parameters, scope)
        kind = self._diagram.kind(block.type)
        if kind is not None:
            if not kind.installed:
                raise missing(block, kind, block.type)
            if kind.foreign:
                raise no_source(values)
            merged = kind.variadic and len(inputs) == 1
            output = inputs[0] if merged else kind.output(values, inputs)
            return Copy(index, values, inputs, dict.fromkeys(ports, output), False, None)
        ends = self._diagram.input_ports(block.type)
        if len(ends) != len(inputs):
            raise StudioError("compile.unfinished", say("an input is not wired."), where=block.type)
        inner = self._site(block.type, values, dict(zip(ends, inputs, strict=True)))
        return Copy(index, values, inputs, inner.outputs, False, inner)


def _inner(site: Site) -> Iterator[Site]:
    """Sites of the instances in a site, at work or not."""
    for copies in (*site.blocks.values(), *site.spare.values()):
        for copy in copies:
            if copy.site is not None:
                yield copy.site


def channel_name(port: str, index: int) -> str:
    """What expressions of a module call the channels of its input ``port``, the ``index``-th."""
    return "in_channels" if index == 0 else f"in_channels_{port}"
