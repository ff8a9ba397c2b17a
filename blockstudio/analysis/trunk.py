"""The trunk of a network: where all that goes on runs through one wire, and the units between such places.

A unit is what a lesion takes away as a whole: a residual block with what follows its sum up to the next weights, or,
in a plain stretch, a layer with weights and the normalisation and activation behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile

from blockstudio.analysis.engine import analyze
from blockstudio.analysis.report import Analysis
from blockstudio.blocks import CATALOGUE, INPUT, OUTPUT, Shape
from blockstudio.errors import StudioError
from blockstudio.graph.definition import Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import Port, flatten
from blockstudio.text import Text, say


@dataclass(frozen=True)
class Unit:
    """Blocks of the flat network between two places of its trunk."""

    name: str
    """The path that its blocks have in common, or that of its layer with weights."""
    blocks: tuple[str, ...]
    """Paths, in the order of the signal."""
    source: Port
    """What feeds it."""
    result: Port
    """What it hands on."""
    source_shape: Shape
    result_shape: Shape
    residual: bool = False
    """Its branches meet a shortcut in a sum."""
    replaced: Port | None = None
    """What a lesion leaves out: the sum, or what its layer with weights and those behind it give as long as the shape
    stays; ``None`` if it cannot be taken away."""
    shortcut: Port | None = None
    """What takes its place: the way into the sum with the fewest layers of weights, or what comes in."""

    @property
    def refusal(self) -> Text | None:
        """Why it cannot be taken away; ``None`` if it can."""
        if self.replaced is not None:
            return None
        return say(
            "{name} turns {before} into {after}; without it the next layer would get what it cannot take.",
            name=self.name,
            before="×".join(map(str, self.source_shape)),
            after="×".join(map(str, self.result_shape)),
        )


@dataclass
class Trunk:
    """A flat network cut into units."""

    flat: Diagram
    """Every block under its full path, which is the path of its weights too."""
    analysis: Analysis
    """Of the flat network."""
    units: tuple[Unit, ...]
    """From the input to the output, all blocks that lead there between them."""
    wires: dict[str, tuple[Wire, ...]] = field(repr=False)
    """By target, those that count."""

    def unit(self, name: str) -> Unit:
        """The unit of this name. Raises `StudioError` ``trunk.unit``."""
        found = next((unit for unit in self.units if unit.name == name), None)
        if found is None:
            raise StudioError(
                "trunk.unit",
                say("there is no unit of this name."),
                where=name,
                hint=say("Units: {names}.", names=", ".join(unit.name for unit in self.units)),
            )
        return found

    @cached_property
    def residual_units(self) -> tuple[Unit, ...]:
        """Those with a sum and a shortcut."""
        return tuple(unit for unit in self.units if unit.residual)


def trunk(diagram: Diagram) -> Trunk:
    """Cut a network into the units of its trunk.

    Args:
        diagram: With one input and one output; auxiliary heads are left out.

    Returns:
        The trunk. Every block that leads to the output is in one unit.

    Raises:
        StudioError: ``trunk.errors`` if shapes are unknown, ``trunk.inputs`` if there are several inputs or outputs.
    """
    flat = flatten(diagram)
    analysis = analyze(flat)
    if not analysis.complete or analysis.output_shape is None:
        raise StudioError(
            "trunk.errors",
            say("has problems, so what flows in it is not known."),
            where=diagram.name,
            hint=say("Solve them first."),
        )
    order = list(analysis.live())
    types = {name: flat.main.block(name).type for name in order}
    inputs = [name for name in order if types[name] == INPUT]
    outputs = [name for name in order if types[name] == OUTPUT]
    if len(inputs) != 1 or len(outputs) != 1:
        raise StudioError(
            "trunk.inputs",
            say("is cut into units from one input to one output; inputs: {inputs}, outputs: {outputs}.",
                inputs=len(inputs), outputs=len(outputs)),
            where=diagram.name,
        )  # fmt: skip
    live = set(order)
    wires: dict[str, list[Wire]] = {name: [] for name in order}
    uses: dict[Port, int] = {}
    for wire in flat.main.wires():
        if wire.source in live and wire.target in live:
            wires[wire.target].append(wire)
            port = Port(wire.source, wire.source_port)
            uses[port] = uses.get(port, 0) + 1
    kept = {name: tuple(found) for name, found in wires.items()}
    shapes = _Shapes(analysis)
    begin = Port(inputs[0], next(port.port for port in uses if port.path == inputs[0]))
    stretches = _stretches([name for name in order if types[name] not in (INPUT, OUTPUT)], begin, kept, uses)
    units: list[Unit] = []
    for group in _grouped(stretches, types, shapes):
        units.append(_unit(group, kept, types, shapes))
    return Trunk(flat, analysis, tuple(_named_apart(units)), kept)


@dataclass(frozen=True)
class _Stretch:
    """Blocks between two places where a single value goes on."""

    blocks: tuple[str, ...]
    source: Port
    result: Port

    def weighted(self, types: dict[str, str]) -> bool:
        return any(is_layer(types[name]) for name in self.blocks)


class _Shapes:
    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def of(self, port: Port) -> Shape:
        return self._analysis.blocks[port.path].output_shapes[port.port]


def _stretches(
    order: Sequence[str], begin: Port, wires: dict[str, tuple[Wire, ...]], uses: dict[Port, int]
) -> list[_Stretch]:
    """The blocks cut wherever a single value goes on."""
    found: list[_Stretch] = []
    waiting: list[str] = []
    left, going = dict(uses), {begin}
    for name in order:
        waiting.append(name)
        for wire in wires[name]:
            port = Port(wire.source, wire.source_port)
            left[port] -= 1
            if not left[port]:
                going.discard(port)
        going |= {port for port in uses if port.path == name}
        if len(going) == 1 and (result := next(iter(going))).path in waiting:
            found.append(_Stretch(tuple(waiting), found[-1].result if found else begin, result))
            waiting = []
    return found


def _grouped(stretches: Iterable[_Stretch], types: dict[str, str], shapes: _Shapes) -> list[list[_Stretch]]:
    """Stretches with weights, each with what is behind it as long as the shape stays; what changes it without weights
    (a pooling, a flattening) goes with the next."""
    groups: list[list[_Stretch]] = []
    full = False  # Whether the last group has weights.
    for stretch in stretches:
        begins = stretch.weighted(types)
        keeps = not begins and shapes.of(stretch.source) == shapes.of(stretch.result)
        if groups and (keeps or not full):
            groups[-1].append(stretch)
            full = full or begins
        else:
            groups.append([stretch])
            full = begins
    if len(groups) > 1 and not full:
        groups[-2:] = [groups[-2] + groups[-1]]  # What is behind the last weights has no next.
    return groups


def _unit(
    group: Sequence[_Stretch], wires: dict[str, tuple[Wire, ...]], types: dict[str, str], shapes: _Shapes
) -> Unit:
    blocks = tuple(name for stretch in group for name in stretch.blocks)
    begin, last = group[0].source, group[-1].result
    first = next((index for index, stretch in enumerate(group) if stretch.weighted(types)), 0)
    replaced, shortcut = _sum(blocks, wires, types, begin)
    residual = replaced is not None
    if not residual:
        before = group[first].source
        alike = [each.result for each in group[first:] if shapes.of(each.result) == shapes.of(before)]
        replaced, shortcut = (alike[-1], before) if alike and group[first].weighted(types) else (None, None)
    name = _name(group[first].blocks, types)
    return Unit(name, blocks, begin, last, shapes.of(begin), shapes.of(last), residual, replaced, shortcut)


def is_layer(kind: str) -> bool:
    """Whether a block type mixes channels by weights; a normalisation belongs to the layer before it."""
    return CATALOGUE[kind].weighted and not CATALOGUE[kind].normalises


def _sum(
    blocks: Sequence[str], wires: dict[str, tuple[Wire, ...]], types: dict[str, str], begin: Port
) -> tuple[Port | None, Port | None]:
    """The last sum in these blocks one of whose inputs came by fewer layers of weights than all others."""
    layers: dict[Port, int] = {begin: 0}
    depth: dict[str, int] = {}
    found: tuple[Port | None, Port | None] = None, None
    for name in blocks:
        arriving = [Port(wire.source, wire.source_port) for wire in wires[name]]
        before = [layers.get(port, depth.get(port.path, 0)) for port in arriving]
        depth[name] = max(before, default=0) + is_layer(types[name])
        if CATALOGUE[types[name]].merges == "sum" and len(arriving) > 1:
            least = min(before)
            if before.count(least) == 1:
                found = Port(name, "out"), arriving[before.index(least)]
    return found


def _name(blocks: Sequence[str], types: dict[str, str]) -> str:
    weighted = [name for name in blocks if is_layer(types[name])]
    if len(weighted) == 1:
        return weighted[0]
    parts = [name.split(".") for name in blocks]
    shared = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*parts, strict=False))]
    return ".".join(shared) or (weighted or list(blocks))[0]


def _named_apart(units: Sequence[Unit]) -> list[Unit]:
    """Two units never have one name: the later is called by its first block."""
    taken: set[str] = set()
    found: list[Unit] = []
    for unit in units:
        name = unit.name if unit.name not in taken else next(block for block in unit.blocks if block not in taken)
        taken.add(name)
        found.append(unit if name == unit.name else replace(unit, name=name))
    return found
