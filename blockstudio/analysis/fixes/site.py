"""Where a problem stands, and the edits that fixes are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from blockstudio.analysis.item import Item
from blockstudio.analysis.problems import Problem
from blockstudio.analysis.rules import Result, is_known
from blockstudio.analysis.sheet import Sheet
from blockstudio.blocks import RawValue, Shape
from blockstudio.graph.diagram import MAIN, Block, Diagram, Wire
from blockstudio.graph.edits import (
    AddBlock,
    AddWire,
    Edit,
    RemoveBlock,
    RemoveWire,
    SetBlock,
    SetParameter,
)

STEP = 90.0
"""Vertical distance at which a block is put where only one neighbour has a position."""


class New(NamedTuple):
    """A block to insert."""

    type: str
    name: str
    parameters: dict[str, RawValue] = {}
    bypass: bool | str = False


class Site:
    """A problem's block in its definition, with the results of the first instance that shows it."""

    def __init__(self, diagram: Diagram, problem: Problem, sheet: Sheet) -> None:
        self.diagram = diagram
        self.problem = problem
        self.sheet = sheet
        self.scope = problem.scope
        self.name = problem.block
        self.definition = diagram.definition(self.scope)
        self._taken: set[str] = set()

    @property
    def block(self) -> Block:
        return self.definition.block(self.name)

    @property
    def item(self) -> Item:
        return self.sheet.plan.items[self.name]

    @property
    def in_module(self) -> bool:
        return self.scope != MAIN

    def result(self, name: str) -> Result:
        return self.sheet.results[name]

    def wires_into(self, name: str | None = None) -> list[Wire]:
        return self.definition.wires_into(self.name if name is None else name)

    def shape_of(self, wire: Wire) -> Shape | None:
        """What the wire carries; ``None`` if not all of it is known."""
        ports = self.diagram.output_ports(self.definition.block(wire.source).type)
        shape = self.result(wire.source).outputs[ports.index(wire.source_port)]
        return shape if is_known(shape) else None  # type: ignore[return-value]

    def upstream(self, wire: Wire) -> Iterator[str]:
        """The blocks behind a wire against its direction, as long as each has one input that counts."""
        name = wire.source
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            yield name
            sources = self.sheet.plan.items[name].sources
            bypassed = self.result(name).bypassed
            if not sources or sources[0] is None or (len(sources) > 1 and not bypassed):
                return
            name = sources[0][0]

    def downstream(self, name: str) -> set[str]:
        """The block and everything that depends on it."""
        found = {name}
        waiting = [name]
        while waiting:
            for target in self.sheet.plan.items[waiting.pop()].targets - found:
                found.add(target)
                waiting.append(target)
        return found

    def before(self, name: str) -> set[str]:
        """The block and everything that it depends on."""
        found = {name}
        waiting = [name]
        while waiting:
            for source in self.sheet.plan.items[waiting.pop()].sources:
                if source and source[0] not in found:
                    found.add(source[0])
                    waiting.append(source[0])
        return found

    # Edits

    def start_over(self) -> None:
        """Begin another fix: the names used so far are free again."""
        self._taken.clear()

    def free(self, wanted: str) -> str:
        """A free name like ``wanted`` that this fix has not used yet."""
        names = [*self.definition.graph, *self._taken]
        stem, index, name = wanted, 1, wanted
        while any(name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.") for other in names):
            index += 1
            name = f"{stem}_{index}"
        self._taken.add(name)
        return name

    def insert(self, wire: Wire, blocks: Sequence[New]) -> list[Edit]:
        """Put blocks of one input and one output on a wire, spaced between its ends."""
        edits: list[Edit] = [RemoveWire(scope=self.scope, wire=wire)]
        place = list(self.definition.graph).index(wire.target)
        source, port = wire.source, wire.source_port
        for count, new in enumerate(blocks):
            name = self.free(new.name)
            at = self._between(wire, (count + 1) / (len(blocks) + 1))
            block = Block(type=new.type, parameters=new.parameters, at=at, bypass=new.bypass)
            edits.append(AddBlock(scope=self.scope, name=name, block=block, index=place + count))
            inlet = self.diagram.input_ports(new.type)[0]
            edits.append(AddWire(scope=self.scope, wire=Wire(source, port, name, inlet)))
            source, port = name, self.diagram.output_ports(new.type)[0]
        edits.append(AddWire(scope=self.scope, wire=Wire(source, port, wire.target, wire.target_port)))
        return edits

    def _between(self, wire: Wire, part: float) -> tuple[float, float] | None:
        start, end = self.definition.block(wire.source).at, self.definition.block(wire.target).at
        if start is None or end is None:
            return None
        return (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)

    def below(self, name: str, steps: float = 1.0) -> tuple[float, float] | None:
        """A position below (negative: above) a block."""
        at = self.definition.block(name).at
        return None if at is None else (at[0], at[1] + STEP * steps)

    def put(self, new: New, at: tuple[float, float] | None, index: int | None = None) -> tuple[str, list[Edit]]:
        """Add a block without wires: its name and the edit."""
        name = self.free(new.name)
        block = Block(type=new.type, parameters=new.parameters, at=at, bypass=new.bypass)
        return name, [AddBlock(scope=self.scope, name=name, block=block, index=index)]

    def connect(self, wire: Wire) -> Edit:
        return AddWire(scope=self.scope, wire=wire)

    def disconnect(self, wire: Wire) -> Edit:
        return RemoveWire(scope=self.scope, wire=wire)

    def delete(self, names: Sequence[str]) -> list[Edit]:
        """Remove blocks with all their wires."""
        wires: dict[Wire, None] = {}
        for name in names:
            wires |= dict.fromkeys([*self.definition.wires_into(name), *self.definition.wires_from(name)])
        edits: list[Edit] = [RemoveWire(scope=self.scope, wire=wire) for wire in wires]
        return edits + [RemoveBlock(scope=self.scope, name=name) for name in names]

    def heal(self, name: str, keep: Wire | None = None) -> list[Edit] | None:
        """Remove a block and wire what came in (by ``keep``, else by the first wire) to what read it; ``None`` if
        nothing came in."""
        into = self.definition.wires_into(name)
        if not into:
            return None
        first = keep or into[0]
        edits = self.delete([name])
        for wire in self.definition.wires_from(name):
            joined = Wire(first.source, first.source_port, wire.target, wire.target_port)
            edits.append(AddWire(scope=self.scope, wire=joined))
        return edits

    def set(self, name: str, parameters: Mapping[str, RawValue | None]) -> list[Edit]:
        return [SetParameter(scope=self.scope, name=name, key=key, value=raw) for key, raw in parameters.items()]

    def change(self, name: str, **fields: object) -> list[Edit]:
        """Set attributes of a block: bypass, repeat."""
        return [
            SetBlock(scope=self.scope, name=name, block=msgspec.structs.replace(self.definition.block(name), **fields))
        ]

    def replace(self, name: str, type: str, parameters: dict[str, RawValue]) -> list[Edit]:
        """Put a block of another type, with one input and one output, in the place of one that has the same."""
        old = self.definition.block(name)
        place = list(self.definition.graph).index(name)
        into, out = self.definition.wires_into(name), self.definition.wires_from(name)
        edits = self.delete([name])
        block = Block(type=type, parameters=parameters, at=old.at, note=old.note)
        edits.append(AddBlock(scope=self.scope, name=name, block=block, index=place))
        edits += [AddWire(scope=self.scope, wire=wire) for wire in [*into, *out]]
        return edits


def pair_raw(pair: tuple[int, int]) -> RawValue:
    """A pair as the document would hold it."""
    return pair[0] if pair[0] == pair[1] else [pair[0], pair[1]]
