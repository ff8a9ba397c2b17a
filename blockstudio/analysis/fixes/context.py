"""Where a problem stands, and the edits that fixes are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from blockstudio.analysis.item import Item
from blockstudio.analysis.problems import Problem
from blockstudio.analysis.rules import Result, is_known
from blockstudio.analysis.sheet import Sheet
from blockstudio.blocks import RawValue, Shape
from blockstudio.graph.diagram import MAIN, Block, Diagram, Wire
from blockstudio.graph.edits import AddWire, Edit, RemoveWire, SetBlock, SetParameter
from blockstudio.graph.free_names import FreeNames
from blockstudio.graph.operations.inserting import New, add, splice
from blockstudio.graph.operations.removing import delete, delete_and_heal
from blockstudio.graph.operations.replacing import replace

STEP = 90.0
"""Vertical distance at which a block is put where only one neighbour has a position."""


class FixContext:
    """A problem's block in its definition, with the results of the first instance that shows it."""

    def __init__(self, diagram: Diagram, problem: Problem, sheet: Sheet) -> None:
        self.diagram = diagram
        self.problem = problem
        self.sheet = sheet
        self.scope = problem.scope
        self.name = problem.block
        self.definition = diagram.definition(self.scope)
        self._names = FreeNames(self.definition)

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
        self._names = FreeNames(self.definition)

    def insert(self, wire: Wire, blocks: Sequence[New]) -> list[Edit]:
        """Put blocks of one input and one output on a wire, spaced between its ends."""
        placed = [
            new._replace(at=self._between(wire, (count + 1) / (len(blocks) + 1))) for count, new in enumerate(blocks)
        ]
        return list(splice(self.diagram, self.scope, wire, placed, self._names).edits)

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
        (name,), edits = add(self.diagram, self.scope, new._replace(at=at), index=index, names=self._names)
        return name, list(edits)

    def connect(self, wire: Wire) -> Edit:
        return AddWire(scope=self.scope, wire=wire)

    def disconnect(self, wire: Wire) -> Edit:
        return RemoveWire(scope=self.scope, wire=wire)

    def delete(self, names: Sequence[str]) -> list[Edit]:
        """Remove blocks with all their wires."""
        return list(delete(self.diagram, self.scope, names))

    def heal(self, name: str, keep: Wire | None = None) -> list[Edit] | None:
        """Remove a block and wire what came in (by ``keep``, else by the first wire) to what read it; ``None`` if
        nothing came in."""
        if not self.definition.wires_into(name):
            return None
        return list(delete_and_heal(self.diagram, self.scope, [name], {name: keep} if keep else None))

    def set(self, name: str, parameters: Mapping[str, RawValue | None]) -> list[Edit]:
        return [SetParameter(scope=self.scope, name=name, key=key, value=raw) for key, raw in parameters.items()]

    def change(self, name: str, **fields: object) -> list[Edit]:
        """Set attributes of a block: bypass, repeat."""
        return [
            SetBlock(scope=self.scope, name=name, block=msgspec.structs.replace(self.definition.block(name), **fields))
        ]

    def replace(self, name: str, type: str, parameters: dict[str, RawValue]) -> list[Edit]:
        """Put a block of another type in the place of one."""
        return list(replace(self.diagram, self.scope, name, type, parameters))


def pair_raw(pair: tuple[int, int]) -> RawValue:
    """A pair as the document would hold it."""
    return pair[0] if pair[0] == pair[1] else [pair[0], pair[1]]
