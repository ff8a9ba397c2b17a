"""A definition prepared for evaluation: what does not depend on the context in which it is used.

One `Item` a block, with its wiring and its literal parameters worked out; the order of evaluation; what reaches an
output; faults of the drawing itself. An edit reconciles only the blocks that it touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blockstudio.analysis.issues import Issue
from blockstudio.analysis.item import Item, drawing_issues
from blockstudio.analysis.library import Library
from blockstudio.analysis.order import Cycle, Places, Source, evaluation_order
from blockstudio.analysis.reach import Reach
from blockstudio.analysis.values import names_in
from blockstudio.blocks import AUX_OUTPUT, ENDS, INPUT, OUTPUT
from blockstudio.graph.diagram import MAIN, Block, Definition, Diagram, port_order
from blockstudio.graph.expressions import parse
from blockstudio.graph.foreign import missing

_NO_NAMES: frozenset[str] = frozenset()


@dataclass(slots=True)
class Change:
    """What reconciling a plan with its graph has changed."""

    dirty: set[str] = field(default_factory=set)
    """Blocks to be evaluated again."""
    gone: tuple[str, ...] = ()
    """Blocks that are there no more."""
    structural: bool = False
    """Wires or blocks have come or gone."""
    ports: bool = False
    """A block that was an Input or output is something else."""
    recount: bool = False
    """What reaches an output has to be worked out afresh; otherwise `gained` and `lost` tell it."""
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    gained_auxiliary: frozenset[str] = frozenset()
    lost_auxiliary: frozenset[str] = frozenset()


class _Sources(Mapping[str, tuple[Source, ...]]):
    """The sources of items by name."""

    def __init__(self, items: dict[str, Item]) -> None:
        self._items = items

    def __getitem__(self, name: str) -> tuple[Source, ...]:
        return self._items[name].sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


class Plan:
    """A definition prepared for evaluation."""

    def __init__(self, diagram: Diagram, scope: str, library: Library) -> None:
        self._diagram = diagram
        self.scope = scope
        self._library = library
        self.items: dict[str, Item] = {}
        self._sources = _Sources(self.items)
        self.cycles: list[Cycle] = []
        self.cut: set[tuple[str, str]] = set()
        """The wires that close cycles: they are taken for unconnected."""
        self.gates: set[str] = set()
        """Blocks whose bypass decides what reaches an output."""
        self.loose: set[str] = set()
        """Blocks with which something is wrong whatever the context: see `drawing_issues`."""
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.auxiliary: list[str] = []
        self.modules: dict[str, set[str]] = {}
        """Instances by module."""
        self.schedules: dict[Any, Any] = {}
        """When its sheets take and give back memory: see `blockstudio.analysis.memory`. Wires decide it."""
        self._order: list[str] | None = None
        self._names: list[str] | None = None
        for name, block in self.definition.blocks():
            item = self.items[name] = Item(name)
            self._load(item, block)
        ends: defaultdict[str, dict[str, Source]] = defaultdict(dict)
        for source, target, (out, port) in self.definition.graph.edges(keys=True):
            ends[target][port] = (source, self._index(source, out))
        for item in self.items.values():
            self._wire(item, ends.get(item.name, {}))
            self._look(item)
            if item.is_gate:
                self.gates.add(item.name)
        self._find_ports()
        self.reach, self.reach_auxiliary = self._reaches()
        self.dead: set[str] = self._dead()
        """Blocks from which no wire leads to an output; none, as long as nothing is wired to one."""
        self.places = Places(self.order)

    @property
    def definition(self) -> Definition:
        return self._diagram.definition(self.scope)

    @property
    def names(self) -> list[str]:
        """All blocks in document order."""
        if self._names is None:
            self._names = list(self.definition.graph)
        return self._names

    @property
    def order(self) -> list[str]:
        """All blocks in the order of evaluation: topological, as near to document order as the wires allow."""
        if self._order is None:
            names = self.names
            place = {name: index for index, name in enumerate(names)}
            items = self.items
            if all([not s or place[s[0]] < place[name] for name in names for s in items[name].sources]):
                self._order, self.cycles = names, []
            else:
                targets = {name: item.targets for name, item in items.items()}
                self._order, self.cycles = evaluation_order(names, self._sources, targets)
            self.cut = {(cycle.blocks[-1], cycle.blocks[0]) for cycle in self.cycles}
        return self._order

    @property
    def ends(self) -> list[str]:
        """The outputs that have a wire."""
        return [name for name in self.outputs if name in self.reach.ends]

    def ports(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the inputs and outputs that instances of this definition have."""
        return tuple(self.inputs), tuple(self.outputs)

    def before(self, name: str) -> set[str]:
        """The blocks that ``name`` depends on."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for source in self.items[waiting.pop()].sources:
                if source and source[0] not in found:
                    found.add(source[0])
                    waiting.append(source[0])
        return found - {name}

    # Blocks

    def _load(self, item: Item, block: Block) -> None:
        item.block = block
        item.kind = kind = self._diagram.kind(block.type)
        if kind is not None:
            item.declared = kind.parameters
            item.outs = kind.outputs
        else:
            item.declared = self._diagram.modules[block.type].parameters
            item.outs = self._diagram.output_ports(block.type)
            self.modules.setdefault(block.type, set()).add(item.name)
        if kind is not None and not kind.installed:
            item.uses, item.fixed, item.issues, item.setting = {}, {}, (Issue.of(missing(block, kind, "")),), None
        else:
            found = self._library.prepare(kind, item.declared, block.parameters)
            item.uses, item.fixed, item.issues, item.setting = found
        plain = block.repeat is None and block.bypass is False
        if plain and not item.uses:
            item.names = _NO_NAMES
        else:
            item.names = _NO_NAMES.union(*item.uses.values(), names_in(block.repeat), names_in(block.bypass))
        item.varying = {key: names for key, names in item.uses.items() if "i" in names} if not plain else {}
        if block.repeat is not None:
            raws = [*[block.parameters[key] for key in item.varying], block.bypass]
            texts = [text for raw in raws for text in (raw if isinstance(raw, list) else [raw])]
            item.variable = [parse(text) for text in texts if "i" in names_in(text)]
        item.plain = plain and item.setting is not None and (block.type != INPUT or self.scope == MAIN)

    def _index(self, name: str, out: str) -> int:
        """Which of a block's outputs this is."""
        start = self.items[name]
        return start.outs.index(out)

    def _wire(self, item: Item, ends: Mapping[str, Source]) -> bool:
        """Take the wires into ``item``, given by port; whether they have changed."""
        if item.kind is None:
            ports = self._diagram.input_ports(item.block.type)
        elif item.kind.variadic:
            ports = tuple(sorted(ends, key=port_order))
        else:
            ports = item.kind.inputs
        sources = tuple([ends.get(port) for port in ports])
        if sources == item.sources and ports == item.ports:
            return False
        after = {source[0] for source in sources if source}
        if item.sources:
            before = {source[0] for source in item.sources if source}
            for name in before - after:
                self.items[name].targets.discard(item.name)
        for name in after:
            self.items[name].targets.add(item.name)
        item.ports, item.sources = ports, sources
        item.missing = (
            tuple([port for port, source in zip(ports, sources, strict=True) if source is None])
            if None in sources
            else ()
        )
        return True

    def _look(self, item: Item) -> None:
        """Note what is wrong with the block itself."""
        if item.width > 1:
            read = {key[0] for _, _, key in self.definition.graph.out_edges(item.name, keys=True)}
            item.idle = tuple(port for port in item.outs if port not in read)
        (self.loose.add if drawing_issues(item) else self.loose.discard)(item.name)

    def reload(self, names: Iterable[str]) -> None:
        """Take the parameters of instances again: their module's defaults have changed."""
        for name in names:
            self._load(self.items[name], self.items[name].block)

    # The whole

    def _find_ports(self) -> bool:
        """Inputs and outputs; whether auxiliary ones have come or gone."""
        before = self.auxiliary
        self.inputs = self.definition.of_type(INPUT)
        self.outputs = self.definition.of_type(OUTPUT)
        self.auxiliary = self.definition.of_type(AUX_OUTPUT)
        return bool(before) != bool(self.auxiliary)

    def _reaches(self) -> tuple[Reach, Reach]:
        """What reaches an output, and what reaches one or an auxiliary one."""
        ends = [name for name in self.outputs if self.items[name].sources[0]]
        main = Reach(self.items, ends)
        more = [name for name in self.auxiliary if self.items[name].sources[0]]
        return main, Reach(self.items, ends + more) if self.auxiliary else main

    def _dead(self) -> set[str]:
        return self.items.keys() - self.reach_auxiliary.members if self.reach_auxiliary.ends else set()

    def reconcile(self, touched: Iterable[str], rewired: bool) -> Change:
        """Bring the touched blocks in line with the graph. ``rewired``: wires or blocks may have come or gone."""
        nodes = self.definition.graph.nodes
        gone = [name for name in touched if name not in nodes and name in self.items]
        # As long as a bypass decided, each sheet counted for itself.
        counted_apart = bool(self.gates)
        change = Change(gone=tuple(gone))
        here = [name for name in touched if name in nodes]
        for name in here:
            self._renew(name, nodes[name]["block"], change)
        if rewired or gone:
            change.structural = self._rewire(here, gone, change) or bool(gone) or change.structural
        for name in here:
            item = self.items[name]
            self._look(item)
            if item.is_gate != (name in self.gates):
                change.recount = True
                (self.gates.add if item.is_gate else self.gates.discard)(name)
        if self.gates or counted_apart:
            change.recount = change.recount or change.structural
        if change.structural:
            self.schedules.clear()
        return change

    def _renew(self, name: str, block: Block, change: Change) -> None:
        """Take a block's present state."""
        item = self.items.get(name)
        if item is None:
            item = self.items[name] = Item(name)
            self.places.append(name)
            change.structural = True
        elif item.block is block:
            return
        elif item.block.type != block.type:
            self.modules.get(item.block.type, set()).discard(name)
            change.structural = True
            change.ports = change.ports or item.block.type in ENDS
        self._load(item, block)
        change.dirty.add(name)

    def _rewire(self, here: list[str], gone: list[str], change: Change) -> bool:
        """Take the wires of these blocks; whether any has changed."""
        graph, items = self.definition.graph, self.items
        had_ends, had_cycles = bool(self.reach.ends), bool(self.cycles)
        self.reach.settle()
        self.reach_auxiliary.settle()
        ports = change.ports or any(items[name].block.type in ENDS for name in (*here, *gone))
        auxiliary_changed = self._find_ports() if ports else False
        changed: list[str] = []
        for name in here:
            item, before = items[name], items[name].sources
            ends: dict[str, Source] = {}
            for source, _, (out, port) in graph.in_edges(name, keys=True):
                ends[port] = (source, self._index(source, out))
            if self._wire(item, ends):
                changed.append(name)
                change.dirty.add(name)
            self._tell(item, before)
        self._forget(gone)
        if not changed and not gone and not change.structural and self._names == list(graph):
            return False
        self._order = self._names = None
        cut = self.cut
        if had_cycles or not all(self.places.repair(name, self._sources) for name in changed):
            self.places = Places(self.order)
            change.dirty |= {target for _, target in cut ^ self.cut if target in items}
        if had_cycles or self.cycles or auxiliary_changed:
            self.reach, self.reach_auxiliary = self._reaches()
            change.recount = True
        elif not had_ends or not self.reach.ends:
            change.recount = True
        else:
            change.gained, change.lost = frozenset(self.reach.gained), frozenset(self.reach.lost)
            both = self.reach_auxiliary
            change.gained_auxiliary, change.lost_auxiliary = frozenset(both.gained), frozenset(both.lost)
        self.dead = self._dead()
        return True

    def _tell(self, item: Item, before: tuple[Source, ...]) -> None:
        """Let what reaches an output follow a change of sources."""
        wired = bool(item.sources and item.sources[0])
        kind = item.block.type
        self.reach.rewired(item, before, wired and kind == OUTPUT)
        if self.reach_auxiliary is not self.reach:
            self.reach_auxiliary.rewired(item, before, wired and kind in (OUTPUT, AUX_OUTPUT))

    def _forget(self, names: list[str]) -> None:
        """Drop blocks that are gone; their wires went before them."""
        for name in names:
            item = self.items[name]
            before, item.sources = item.sources, ()
            for source in before:
                if source:
                    self.items[source[0]].targets.discard(name)
            self._tell(item, before)
        for name in names:
            item = self.items.pop(name)
            self.places.at.pop(name, None)
            self.loose.discard(name)
            self.gates.discard(name)
            self.modules.get(item.block.type, set()).discard(name)
