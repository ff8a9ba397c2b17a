"""A definition prepared for evaluation: what does not depend on the context in which it is used.

One `Item` a block, with its wiring and its literal parameters worked out; the order of evaluation; faults of the
drawing itself. An edit reconciles only the blocks that it touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blockstudio.analysis.issues import Issue
from blockstudio.analysis.library import Library
from blockstudio.analysis.order import Cycle, Source, evaluation_order
from blockstudio.analysis.rules import Setting
from blockstudio.analysis.values import names_in, parameter_names
from blockstudio.blocks import CATALOGUE, BlockType, Parameter, Value
from blockstudio.graph.diagram import MAIN, Block, Definition, Diagram, port_order


class Item:
    """A block of a definition, prepared."""

    __slots__ = (
        "block", "declared", "fixed", "idle", "issues", "kind", "missing", "name", "names", "plain", "ports", "setting",
        "sources", "targets", "uses", "varying", "width",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.block: Block
        self.kind: BlockType | None = None
        """``None`` for an instance of a module."""
        self.declared: Mapping[str, Parameter] = {}
        self.uses: dict[str, frozenset[str]] = {}
        """Parameters that hold expressions, with the names used."""
        self.varying: dict[str, frozenset[str]] = {}
        """Those of them that depend on the place in a repeat."""
        self.names: frozenset[str] = frozenset()
        """All names used, by repeat and bypass too."""
        self.fixed: dict[str, Value | None] = {}
        """Values of the other parameters; ``None`` for expressions and for those with an issue."""
        self.issues: tuple[Issue, ...] = ()
        """Of the literal parameters."""
        self.setting: Setting | None = None
        """Where no parameter is an expression and all are legal."""
        self.plain = False
        """The setting is all that there is: no repeat, no bypass, not an Input."""
        self.ports: tuple[str, ...] = ()
        """Input ports in order; those that have a wire, if the type takes any number."""
        self.sources: tuple[Source, ...] = ()
        self.missing: tuple[str, ...] = ()
        """Input ports without a wire."""
        self.idle: tuple[str, ...] = ()
        """Output ports that nothing reads, of a block with several."""
        self.targets: set[str] = set()
        self.width = 1
        """Output ports."""


class Plan:
    """A definition prepared for evaluation."""

    def __init__(self, diagram: Diagram, scope: str, library: Library) -> None:
        self.diagram = diagram
        self.scope = scope
        self._library = library
        self.items: dict[str, Item] = {}
        self.order: list[str] = []
        self.place: dict[str, int] = {}
        self.cycles: list[Cycle] = []
        self.cut: set[tuple[str, str]] = set()
        self.gates: set[str] = set()
        """Blocks whose bypass decides what reaches an output."""
        self.loose: set[str] = set()
        """Blocks with which something is wrong whatever the context: see `drawing_issues`."""
        self.dead: set[str] = set()
        """Blocks from which no wire leads to an output; none, as long as nothing is wired to one."""
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.auxiliary: list[str] = []
        self.ends: list[str] = []
        """The outputs that have a wire."""
        self.modules: dict[str, set[str]] = {}
        """Instances by module."""
        self.version = 0
        """Counts changes of wiring."""
        for name, block in self.definition.blocks():
            item = self.items[name] = Item(name)
            self._load(item, block)
        for item in self.items.values():
            self._wire(item)
        for item in self.items.values():
            self._look(item)
        self._arrange()

    @property
    def definition(self) -> Definition:
        return self.diagram.definition(self.scope)

    def _load(self, item: Item, block: Block) -> None:
        item.block = block
        item.kind = CATALOGUE.get(block.type)
        item.declared = self.diagram.declared(block.type)
        item.uses = parameter_names(item.declared, block.parameters) if block.parameters else {}
        issues: list[Issue] = []
        item.fixed = self._library.literals(item.kind, item.declared, block.parameters, item.uses, issues)
        item.issues = tuple(issues)
        item.names = frozenset()
        if item.uses or block.repeat is not None or block.bypass is not False:
            item.names = frozenset().union(*item.uses.values(), names_in(block.repeat), names_in(block.bypass))
        item.varying = {key: names for key, names in item.uses.items() if "i" in names} if block.repeat else {}
        item.setting = None
        if item.kind is not None and not item.uses and not issues:
            item.setting = self._library.setting(item.kind, item.fixed)
        is_port = block.type == "Input" and self.scope != MAIN
        item.plain = item.setting is not None and block.repeat is None and block.bypass is False and not is_port
        if item.kind is None:
            self.modules.setdefault(block.type, set()).add(item.name)
            item.width = len(self.diagram.output_ports(block.type))
        else:
            item.width = len(item.kind.outputs)

    def _wire(self, item: Item) -> bool:
        """Take the wires into ``item`` from the graph; whether they have changed."""
        ends: dict[str, Source] = {}
        for source, _, (out, port) in self.definition.graph.in_edges(item.name, keys=True):
            start = self.items[source]
            index = 0 if start.kind is not None else self.diagram.output_ports(start.block.type).index(out)
            ends[port] = (source, index)
        if item.kind is None:
            ports = self.diagram.input_ports(item.block.type)
        elif item.kind.variadic:
            ports = tuple(sorted(ends, key=port_order))
        else:
            ports = item.kind.inputs
        sources = tuple(ends.get(port) for port in ports)
        if sources == item.sources and ports == item.ports:
            return False
        before = {source[0] for source in item.sources if source}
        after = {source[0] for source in sources if source}
        for name in before - after:
            if name in self.items:
                self.items[name].targets.discard(item.name)
        for name in after - before:
            self.items[name].targets.add(item.name)
        item.ports, item.sources = ports, sources
        item.missing = tuple(port for port, source in zip(ports, sources, strict=True) if source is None)
        return True

    def _look(self, item: Item) -> None:
        """Note what is wrong with the block itself."""
        if item.width > 1:
            read = {key[0] for _, _, key in self.definition.graph.out_edges(item.name, keys=True)}
            item.idle = tuple(port for port in self.diagram.output_ports(item.block.type) if port not in read)
        (self.loose.add if drawing_issues(item) else self.loose.discard)(item.name)

    def _arrange(self) -> None:
        """Order, ports and what else depends on all wires."""
        names = list(self.definition.graph)
        items = self.items
        self.version += 1
        self.inputs = [name for name in names if items[name].block.type == "Input"]
        self.outputs = [name for name in names if items[name].block.type == "Output"]
        self.auxiliary = [name for name in names if items[name].block.type == "AuxOutput"]
        place = {name: index for index, name in enumerate(names)}
        if all(not s or place[s[0]] < place[name] for name in names for s in items[name].sources):
            self.order, self.cycles = names, []
        else:
            self.order, self.cycles = evaluation_order(
                names,
                {name: item.sources for name, item in items.items()},
                {name: item.targets for name, item in items.items()},
            )
            place = {name: index for index, name in enumerate(self.order)}
        self.place = place
        self.cut = {(cycle.blocks[-1], cycle.blocks[0]) for cycle in self.cycles}
        self.gates = {name for name in names if self._is_gate(items[name])}
        self.ends = [name for name in self.outputs if items[name].sources[0]]
        ends = [name for name in self.outputs + self.auxiliary if items[name].sources[0]]
        self.dead = items.keys() - self._upstream(ends) if ends else set()

    def _upstream(self, ends: Iterable[str]) -> set[str]:
        found = set(ends)
        waiting = list(found)
        while waiting:
            for source in self.items[waiting.pop()].sources:
                if source and source[0] not in found:
                    found.add(source[0])
                    waiting.append(source[0])
        return found

    def _is_gate(self, item: Item) -> bool:
        return item.block.bypass is not False and (len(item.sources) > 1 or item.width == 0)

    def ports(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the inputs and outputs that instances of this definition have."""
        return tuple(self.inputs), tuple(self.outputs)

    def reconcile(self, touched: Iterable[str], rewired: bool) -> tuple[set[str], bool]:
        """Bring the touched blocks in line with the graph: which of them have to be evaluated again, and whether
        the wiring has changed. ``rewired``: wires or blocks may have come or gone."""
        graph = self.definition.graph
        nodes = graph.nodes
        gone = [name for name in touched if name not in nodes and name in self.items]
        here = [name for name in touched if name in nodes]
        for name in gone:
            self._forget(name)
        dirty: set[str] = set()
        structural = bool(gone)
        for name in here:
            block = nodes[name]["block"]
            item = self.items.get(name)
            if item is None:
                item = self.items[name] = Item(name)
                structural = True
            elif item.block is block:
                continue
            elif item.block.type != block.type:
                self.modules.get(item.block.type, set()).discard(name)
            self._load(item, block)
            dirty.add(name)
        if rewired:
            for name in here:
                if self._wire(self.items[name]):
                    structural = True
                    dirty.add(name)
        for name in here:
            self._look(self.items[name])
        if structural:
            cut = self.cut
            self._arrange()
            dirty |= {target for _, target in cut ^ self.cut}
        else:
            for name in dirty:
                item = self.items[name]
                (self.gates.add if self._is_gate(item) else self.gates.discard)(name)
        return dirty, structural

    def reload(self, names: Iterable[str]) -> None:
        """Take the parameters of instances again: their module's defaults have changed."""
        for name in names:
            self._load(self.items[name], self.items[name].block)

    def _forget(self, name: str) -> None:
        item = self.items.pop(name)
        self.loose.discard(name)
        for source in item.sources:
            if source and source[0] in self.items:
                self.items[source[0]].targets.discard(name)
        self.modules.get(item.block.type, set()).discard(name)


def drawing_issues(item: Item) -> list[Issue]:
    """What is wrong with a block whatever its parameters and shapes are."""
    block, found = item.block, []
    for port in item.missing if block.bypass is not True else item.missing[:1] if not item.sources[0] else ():
        label = "its input" if len(item.ports) == 1 else f"its input '{port}'"
        found.append(Issue("port.unconnected", f"{label} is not connected.", port=port, hint="Wire an output to it."))
    if item.kind is not None and item.kind.variadic:
        if not item.sources:
            message = "none of its inputs is connected."
            found.append(Issue("port.unconnected", message, hint="Wire at least two outputs into it."))
        elif len(item.sources) == 1:
            message = f"only one wire leads into it, so this {block.type} changes nothing."
            hint = "Wire a second output into it, or remove it."
            found.append(Issue("merge.single", message, "warning", hint=hint))
    for port in item.idle if len(item.idle) < item.width else ():
        message = f"nothing reads its output '{port}'."
        found.append(
            Issue("output.unused", message, "warning", port=port, hint="Wire it on, or take it out of the module.")
        )
    return found
