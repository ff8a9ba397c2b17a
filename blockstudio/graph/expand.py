"""The flat diagram: no modules, no repeats, no expressions, bypassed blocks dissolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from blockstudio.blocks import CATALOGUE, INPUT, PORTS, BlockType, RawValue, Refusal, Shape, Value
from blockstudio.errors import StudioError
from blockstudio.graph.checks import MAX_BLOCKS
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Wire, port_order
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.names import check_name
from blockstudio.graph.resolve import resolve, resolve_flag, resolve_repeat
from blockstudio.text import say

MAX_VISITS = 2 * MAX_BLOCKS
"""Blocks and instances looked into, with those that are switched off or hold nothing."""


class Port(NamedTuple):
    """An output port by the full path of its block."""

    path: str
    port: str


@dataclass(slots=True)
class Signal:
    """What arrives at an input: where it comes from and its shape, each ``None`` if unknown."""

    source: Port | None = None
    shape: Shape | None = None


Scope = dict[str, Value]


def flatten(diagram: Contents) -> Diagram:
    """The same network without structure: every block under its full path (``layer2.0.conv1``), repeats
    unrolled, modules and bypassed blocks dissolved, every parameter a literal, no positions.

    Document order is kept. Blocks that lead nowhere stay, cycles stay. Raises `StudioError` where an expression
    cannot be evaluated (for instance one over ``in_channels`` behind a block whose shape is wrong), at the full
    path of its parameter, or ``expand.size`` beyond 100,000 blocks.
    """
    expansion = Expansion(diagram)
    expansion.expand_main()
    flat = Diagram(diagram.name, diagram.description)
    flat.about = dict(diagram.about)
    for path, block in expansion.blocks.items():
        check_name(path)
        flat.main.insert(path, block)
    for target, port, signal in expansion.inputs:
        source = expansion.origin(signal)
        if source is not None:
            flat.main.join(Wire(source.path, source.port, target, port))
    return flat


@dataclass(slots=True)
class Expansion:
    """One walk over a diagram's instances, outside in, in the order of the signal."""

    diagram: Contents
    blocks: dict[str, Block] = field(default_factory=dict)
    """The leaves by full path, in document order."""
    inputs: list[tuple[str, str, Port]] = field(default_factory=list)
    """Every wired input of a leaf: its path, its port and what feeds it."""
    aliases: dict[Port, Port | None] = field(default_factory=dict)
    """Outputs that are none of a leaf's: each stands for another one."""
    visits: int = 0
    leaves: int = 0
    watch: str = ""
    """A path of which to keep what arrives."""
    watched: dict[str, Shape | None] = field(default_factory=dict)

    def origin(self, port: Port | None) -> Port | None:
        """The leaf's output that ``port`` stands for; ``None`` if nothing feeds it, or only itself."""
        seen = set()
        while port is not None and port in self.aliases:
            if port in seen:
                return None
            seen.add(port)
            port = self.aliases[port]
        return port

    def expand_main(self) -> None:
        main = self.diagram.main
        values = resolve(main.parameters, {}, {})
        self.blocks, _ = self._definition(MAIN, main, "", values, {})

    def _definition(
        self, name: str, definition: Definition, prefix: str, scope: Scope, given: Mapping[str, Signal]
    ) -> tuple[dict[str, Block], dict[str, Signal]]:
        """The leaves of one instance in document order, and what its outputs carry. ``given``: its inputs."""
        if name != MAIN:
            scope = scope | inferred_channels(definition, {port: signal.shape for port, signal in given.items()})
        signals: dict[Port, Signal] = {}
        results: dict[str, Signal] = {}
        inside: dict[str, dict[str, Block]] = {}
        for block_name in signal_order(definition):
            block = definition.block(block_name)
            path = prefix + block_name
            arriving: dict[str, Signal] = {}
            for wire in definition.wires_into(block_name):
                source = Port(prefix + wire.source, wire.source_port)
                known = signals.get(source)
                arriving[wire.target_port] = Signal(source, known.shape if known else None)
            if name != MAIN and block.type in PORTS:
                if block.type == INPUT:
                    signal = given.get(block_name, Signal())
                    for port in CATALOGUE[INPUT].outputs:
                        signals[Port(path, port)] = signal
                        self.aliases[Port(path, port)] = signal.source
                else:
                    results[block_name] = next(iter(arriving.values()), Signal())
                continue
            found, leaving = self._chain(block, path, scope, arriving)
            inside[block_name] = found
            for port, signal in leaving.items():
                signals[Port(path, port)] = signal
                if path not in found:  # no leaf's: one that is switched off and feeds itself stands for nothing
                    self.aliases[Port(path, port)] = signal.source
        leaves: dict[str, Block] = {}
        for block_name in definition.graph:
            leaves |= inside.get(block_name, {})
        return leaves, results

    def _chain(
        self, block: Block, path: str, scope: Scope, arriving: Mapping[str, Signal]
    ) -> tuple[dict[str, Block], dict[str, Signal]]:
        """One block with its repeat: its leaves, and what leaves its output ports."""
        if path == self.watch:
            self.watched = {port: signal.shape for port, signal in arriving.items()}
        with _standing_at(f"{path}.repeat"):
            times = resolve_repeat(block.repeat, scope)
        if times is None:
            return self._copy(block, path, scope, arriving)
        is_leaf = block.type not in self.diagram.modules
        self._check_size(path, times, leaves=times if is_leaf and block.bypass is False else 0)
        leaves: dict[str, Block] = {}
        signal = self._first(block.type, arriving)
        inputs = self.diagram.input_ports(block.type)[:1]
        for index in range(times):
            copy = f"{path}.{index}"
            found, leaving = self._copy(block, copy, scope | {"i": index}, dict.fromkeys(inputs, signal))
            for port, carried in leaving.items():
                if copy not in found:
                    self.aliases[Port(copy, port)] = carried.source
            leaves |= found
            signal = next(iter(leaving.values()), Signal())
        return leaves, dict.fromkeys(self.diagram.output_ports(block.type), signal)

    def _copy(
        self, block: Block, path: str, scope: Scope, arriving: Mapping[str, Signal]
    ) -> tuple[dict[str, Block], dict[str, Signal]]:
        self._check_size(path, 1)
        self.visits += 1
        with _standing_at(f"{path}.bypass"):
            off = resolve_flag(block.bypass, scope)
        if off:
            passed = self._first(block.type, arriving)
            return {}, dict.fromkeys(self.diagram.output_ports(block.type), passed)
        declared = self.diagram.declared(block.type)
        with _standing_at(path, inside=True):
            values = resolve(declared, block.parameters, scope)
        if block.type in self.diagram.modules:
            inner = self.diagram.modules[block.type]
            return self._definition(block.type, inner, f"{path}.", values, arriving)
        self._check_size(path, 0, leaves=1)
        self.leaves += 1
        self.inputs += [(path, port, signal.source) for port, signal in arriving.items() if signal.source]
        kind = self.diagram.kind(block.type)
        assert kind is not None
        shape = _leaf_shape(kind, values, arriving) if kind.installed else None
        literals = _literals(block.type, values) if kind.installed else block.parameters
        leaf = Block(type=block.type, parameters=literals, note=block.note, origin=block.origin)
        return {path: leaf}, {port: Signal(Port(path, port), shape) for port in kind.outputs}

    def _check_size(self, path: str, visits: int, leaves: int = 0) -> None:
        if self.leaves + leaves > MAX_BLOCKS or self.visits + visits > MAX_VISITS:
            raise StudioError(
                "expand.size",
                say("the diagram unrolls to more than {max_blocks:,} blocks.", max_blocks=MAX_BLOCKS),
                where=path,
            )

    def _first(self, type_name: str, arriving: Mapping[str, Signal]) -> Signal:
        """What a bypassed block passes on: its first input."""
        if self.diagram.is_variadic(type_name):
            return arriving[min(arriving, key=port_order)] if arriving else Signal()
        return arriving.get(next(iter(self.diagram.input_ports(type_name)), ""), Signal())


def signal_order(definition: Definition) -> list[str]:
    """Block names so that each stands behind what feeds it, otherwise in document order. Blocks in cycles, and
    behind them, come last."""
    graph = definition.graph
    waiting = {name: degree for name, degree in graph.in_degree()}
    order = [name for name, degree in waiting.items() if not degree]
    for name in order:  # grows while it is walked
        for _, target in graph.out_edges(name):
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    if len(order) < len(graph):
        done = set(order)
        order += [name for name in graph if name not in done]
    return order


def inferred_channels(definition: Definition, shapes: Mapping[str, Shape | None]) -> dict[str, int]:
    """What ``in_channels`` means inside a module whose input ports get ``shapes``, and ``in_channels_<port>`` for
    each port if there are several. A port without a shape gives no name."""
    ports = definition.of_type(INPUT)
    found = {}
    for index, port in enumerate(ports):
        shape = shapes.get(port)
        if shape:
            if not index:
                found["in_channels"] = shape[0]
            if len(ports) > 1:
                found[f"in_channels_{port.replace('.', '_')}"] = shape[0]
    return found


def _leaf_shape(kind: BlockType, values: Mapping[str, Value], arriving: Mapping[str, Signal]) -> Shape | None:
    ports = sorted(arriving, key=port_order) if kind.variadic else kind.inputs
    shapes = [arriving[port].shape if port in arriving else None for port in ports]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes) or (kind.variadic and not known):
        return None
    try:
        return kind.output(values, known)
    except Refusal:
        return None


def _literals(type_name: str, values: Mapping[str, Value]) -> dict[str, RawValue]:
    """Resolved values as a document writes them, leaving out defaults."""
    defaults = _defaults(type_name)
    return {key: literal(value) for key, value in values.items() if value != defaults[key]}


@lru_cache(maxsize=256)
def _defaults(type_name: str) -> dict[str, Value]:
    return {key: parameter.check(parameter.default) for key, parameter in CATALOGUE[type_name].parameters.items()}


def literal(value: Value) -> RawValue:
    """A resolved value in its shortest raw form: ``3`` for ``(3, 3)``, ``[1, 0]`` for ``(1, 1, 0, 0)``."""
    if not isinstance(value, tuple):
        return value
    if len(value) in (2, 4) and len(set(value)) == 1:
        return value[0]
    if len(value) == 4 and value[0] == value[1] and value[2] == value[3]:
        return [value[0], value[2]]
    return list(value)


@contextmanager
def _standing_at(path: str, inside: bool = False) -> Iterator[None]:
    """Errors stand at ``path`` or, ``inside``, at what they name below it."""
    try:
        yield
    except StudioError as error:
        where = f"{path}.{error.where}" if inside else path
        if error.code == "expression.name" and "in_channels" in error.message:
            raise StudioError(
                "expand.channels", say("it depends on in_channels, and what comes in has no known shape."), where=where,
                hint=say("Put right the problems before it."),
            ) from None  # fmt: skip
        raise error.at(where) from None
