"""Where a refactoring stands, and the edits that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from blockstudio.analysis.level import BlockReport, Level
from blockstudio.analysis.problems import Fix
from blockstudio.blocks import ENDS, BlockType, RawValue, Shape, Value
from blockstudio.graph.diagram import MAIN, Block, Diagram, Wire
from blockstudio.graph.edits import AddBlock, AddWire, Edit, RemoveWire, SetParameter
from blockstudio.graph.free_names import FreeNames
from blockstudio.graph.operations.base import first_input, place_of, removal
from blockstudio.graph.operations.inserting import New

PITCH = 76.0
"""Vertical distance of blocks that come in a chain."""

Port = tuple[str, str]
"""A block and one of its ports."""


@dataclass(frozen=True, slots=True)
class Proposal(Fix):
    """Edits that keep what goes in and what comes out of a part of the network, and change how it is computed."""

    kind: str = ""
    """Stable identifier: ``"stack_3x3"``."""
    title: str = ""
    """What there is afterwards: ``two 3×3``."""
    note: str = ""
    """What else changes, in one short sentence."""
    scope: str = MAIN
    removed: tuple[str, ...] = ()
    """Blocks that go."""
    added: tuple[str, ...] = ()
    """Blocks that come, in drawing order."""
    changed: tuple[str, ...] = ()
    """Blocks that stay with other parameters."""
    parts: tuple[Proposal, ...] = ()
    """Of one that does the same to several blocks: what it does to each."""


class RefactorContext:
    """A definition in the view of one of its instances: what its blocks are, and edits on them."""

    def __init__(self, diagram: Diagram, scope: str, level: Level) -> None:
        self.diagram, self.scope, self.level = diagram, scope, level
        self.definition = diagram.definition(scope)
        self.names = FreeNames(self.definition)

    def start_over(self, without: Iterable[str] = ()) -> None:
        """Begin another refactoring: names given out so far are free again, and those of ``without``, which go."""
        self.names = FreeNames(self.definition, without=tuple(without))

    # What is there

    def block(self, name: str) -> Block:
        return self.definition.block(name)

    def kind(self, name: str) -> BlockType | None:
        """The block's type; ``None`` for an instance of a module."""
        return self.diagram.kind(self.block(name).type)

    def report(self, name: str) -> BlockReport | None:
        return self.level.blocks.get(name)

    def value(self, name: str, key: str) -> Value | None:
        """A parameter as it is here; ``None`` where a mistake hides it."""
        report = self.report(name)
        return None if report is None else report.values.get(key)

    def raw(self, name: str, key: str) -> RawValue:
        """A parameter as it is written."""
        block = self.block(name)
        return block.parameters.get(key, self.diagram.declared(block.type)[key].default)

    def channels_raw(self, name: str, channels: int) -> RawValue | None:
        """How a block writes the channels that it gives, if they are these; ``None`` where it does not write them."""
        if "out_channels" not in self.diagram.declared(self.block(name).type):
            return None
        return self.raw(name, "out_channels") if self.value(name, "out_channels") == channels else None

    def is_single(self, name: str) -> bool:
        """Whether the block stands for one block: it is neither repeated nor switched off."""
        block = self.block(name)
        return block.repeat is None and block.bypass is False

    def source(self, name: str) -> Port | None:
        """What feeds the block's only wired input; ``None`` if there is none or several."""
        wires = self.definition.wires_into(name)
        return (wires[0].source, wires[0].source_port) if len(wires) == 1 else None

    def readers(self, name: str) -> list[Wire]:
        return self.definition.wires_from(name)

    def next(self, name: str) -> str | None:
        """The only block that reads this one."""
        wires = self.readers(name)
        return wires[0].target if len(wires) == 1 else None

    def shape_in(self, name: str) -> Shape | None:
        report = self.report(name)
        return report.input_shapes[0] if report is not None and report.input_shapes else None

    def shape_out(self, name: str) -> Shape | None:
        report = self.report(name)
        return report.output_shape if report is not None else None

    def map_in(self, name: str) -> tuple[int, int, int] | None:
        """The feature map that comes in."""
        shape = self.shape_in(name)
        return (shape[0], shape[1], shape[2]) if shape is not None and len(shape) == 3 else None

    def fused(self, name: str) -> list[str]:
        """The normalisation, activation and dropout behind a block, as long as nothing else reads in between."""
        found: list[str] = []
        following = self.next(name)
        while following is not None and self.source(following) is not None and self.is_follower(following):
            found.append(following)
            following = self.next(following)
        return found

    def is_follower(self, name: str) -> bool:
        """Whether a block only normalises, activates or drops values."""
        kind = self.kind(name)
        return kind is not None and kind.family in ("normalisation", "activation")

    def inlet(self, type_name: str) -> str:
        """The input that a chain runs into."""
        return first_input(self.diagram, type_name) or "in"

    def outlet(self, type_name: str) -> str:
        """The output that a chain runs out of."""
        return next(iter(self.diagram.output_ports(type_name)), "out")

    # Edits

    def without(self, names: Sequence[str]) -> list[Edit]:
        """Take blocks away with their wires."""
        return removal(self.diagram, self.scope, names)

    def place(self, name: str) -> int:
        return place_of(self.definition, name)

    def put(self, new: New, index: int | None, name: str) -> Edit:
        """Add a block under a name that is free."""
        block = Block(type=new.type, parameters=dict(new.parameters), bypass=new.bypass, at=new.at)
        return AddBlock(scope=self.scope, name=name, block=block, index=index)

    def connect(self, source: Port, target: str, port: str = "in") -> Edit:
        return AddWire(scope=self.scope, wire=Wire(*source, target, port))

    def cut(self, wire: Wire) -> Edit:
        return RemoveWire(scope=self.scope, wire=wire)

    def set(self, name: str, parameters: Mapping[str, RawValue | None]) -> list[Edit]:
        return [SetParameter(scope=self.scope, name=name, key=key, value=raw) for key, raw in parameters.items()]

    def near(self, name: str, steps: float = 0.0, aside: float = 0.0) -> tuple[float, float] | None:
        """A place so many steps below a block."""
        at = self.block(name).at
        return None if at is None else (at[0] + aside, at[1] + steps * PITCH)

    def chain(self, name: str, news: Sequence[New]) -> tuple[tuple[str, ...], list[Edit]]:
        """Put a chain of blocks in the place of one: names given out, and the edits. All have its bypass, the first
        its note."""
        old = self.block(name)
        self.start_over([name])
        source, readers, place = self.source(name), self.readers(name), self.place(name)
        edits = self.without([name])
        called: list[str] = []
        for count, new in enumerate(news):
            given = self.names.free(new.name)
            block = Block(
                type=new.type, parameters=dict(new.parameters), bypass=old.bypass,
                note=old.note if not count else "", at=self.near(name, count - (len(news) - 1) / 2),
            )  # fmt: skip
            edits.append(AddBlock(scope=self.scope, name=given, block=block, index=place + count))
            if source is not None:
                edits.append(self.connect(source, given, self.inlet(new.type)))
            source = (given, self.outlet(new.type))
            called.append(given)
        assert source is not None
        edits += [self.connect(source, wire.target, wire.target_port) for wire in readers]
        return tuple(called), edits


def is_end(type_name: str) -> bool:
    """Whether a block is where the network begins or ends."""
    return type_name in ENDS


def literal_pair(raw: RawValue) -> tuple[int, int] | None:
    """A pair that is written in numbers."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw, raw
    if isinstance(raw, list | tuple) and len(raw) == 2 and all(isinstance(item, int) for item in raw):
        return int(raw[0]), int(raw[1])
    return None


def literal_padding(raw: RawValue) -> tuple[int, int] | str | None:
    """Padding that is the same on both sides of each axis, or one of its words."""
    if raw in ("same", "same_tf"):
        return str(raw)
    if isinstance(raw, list | tuple) and len(raw) == 4 and all(isinstance(item, int) for item in raw):
        return (int(raw[0]), int(raw[2])) if raw[0] == raw[1] and raw[2] == raw[3] else None
    return literal_pair(raw)


def pair_raw(pair: tuple[int, int]) -> RawValue:
    """A pair as the document would hold it."""
    return pair[0] if pair[0] == pair[1] else [pair[0], pair[1]]


def part_raw(raw: RawValue, divisor: int) -> RawValue:
    """A number of channels divided: a number, or an expression."""
    if isinstance(raw, int):
        return max(1, raw // divisor)
    text = str(raw)
    return f"{text if text.isidentifier() else f'({text})'} // {divisor}"
