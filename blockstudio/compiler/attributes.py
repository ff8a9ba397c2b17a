"""What a class holds: dotted block names become containers, chains of them ``nn.Sequential``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from blockstudio.compiler import algebra, naming
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.calls import IDENTITY
from blockstudio.compiler.class_plans import ClassPlan, Unit
from blockstudio.compiler.net import Net, Port
from blockstudio.errors import StudioError
from blockstudio.text import say


@dataclass(slots=True)
class Attribute:
    """An attribute, or an item of a container: a block, or a container of blocks."""

    path: str
    unit: Unit | None = None
    items: dict[str, Attribute] = field(default_factory=dict)
    chain: bool = False
    """The items run one after the other and nobody looks in between: they are an ``nn.Sequential``."""
    _ends: tuple[Port, Port] | None = None

    def units(self) -> Iterator[Unit]:
        if self.unit is not None:
            yield self.unit
        for item in self.items.values():
            yield from item.units()

    def ends(self) -> tuple[Port, Port] | None:
        """What it reads and what it gives, if it is a callable with one input and one output."""
        if self.unit is not None:
            node = self.unit.node
            if self.unit.is_parameter or node.forks or len(node.sources) != 1 or len(node.ports) != 1:
                return None
            return node.sources[0], (node.name, node.ports[0])
        if self.chain and self._ends is None:  # a chain in a chain in a chain is asked often
            items = list(self.items.values())
            first, last = items[0].ends(), items[-1].ends()
            assert first and last
            self._ends = first[0], last[1]
        return self._ends


def entries_of(plan: ClassPlan, order: list[str]) -> dict[str, Attribute]:
    """The attributes of a class by name. ``order`` is that of the document. Raises `StudioError` ``compile.name``
    for a name that no item of a container can have."""
    root = Attribute("")
    for name in order:
        unit = plan.units.get(name)
        if unit is None or unit.init is None:
            continue
        entry, path = root, ""
        for part in name.split("."):
            path = f"{path}.{part}" if path else part
            entry = entry.items.setdefault(part, Attribute(path))
        entry.unit = unit
    for entry in root.items.values():
        _settle(entry, plan.net)
    return root.items


def _settle(entry: Attribute, net: Net) -> None:
    """Find out which containers are chains, inner ones first."""
    for item in entry.items.values():
        _settle(item, net)
    if not entry.items:
        return
    ordered = in_line(entry.items, net)
    entry.chain = ordered is not None
    if ordered is not None:
        entry.items = ordered
        return
    for part, item in entry.items.items():
        naming.check_item(part, item.path)


def in_line(items: dict[str, Attribute], net: Net) -> dict[str, Attribute] | None:
    """The items in the order in which they run, if each reads only the one before it and only it does."""
    ends = {part: item.ends() for part, item in items.items()}
    reads: dict[Port, str] = {}
    gives: set[Port] = set()
    for part, pair in ends.items():
        if pair is None or pair[0] in reads:
            return None
        reads[pair[0]] = part
        gives.add(pair[1])
    starts = [part for port, part in reads.items() if port not in gives]
    if len(starts) != 1 or len({unit.node.live for item in items.values() for unit in item.units()}) != 1:
        return None
    part, ordered = starts[0], {starts[0]: items[starts[0]]}
    while len(ordered) < len(items):
        pair = ends[part]
        assert pair is not None
        after = reads.get(pair[1])
        if after is None or len(net.readers[pair[1]]) != 1:
            return None
        part, ordered[after] = after, items[after]
    return ordered


def condition_of(entry: Attribute, net: Net) -> Tree:
    """The condition under which the whole of an attribute is there."""
    conditions = [net.built(unit.node) for unit in entry.units()]
    alike = all(algebra.same(conditions[0], other) for other in conditions)
    return conditions[0] if alike and (entry.unit is not None or entry.chain) else ast.Constant(True)


def value_of(entry: Attribute, net: Net, given: Tree) -> Tree:
    """Its constructor, where the condition ``given`` holds already."""
    if entry.unit is not None:
        assert entry.unit.init is not None
        condition = net.built(entry.unit.node)
        if algebra.same(condition, given):
            return entry.unit.init
        return algebra.choose(condition, entry.unit.init, IDENTITY)
    values = {part: value_of(item, net, given) for part, item in entry.items.items()}
    if not entry.chain:
        items = [algebra.literal(part) for part in values]
        kinds = {item.unit is not None and item.unit.is_parameter for item in entry.items.values()}
        if len(kinds) > 1:
            raise StudioError(
                "compile.name",
                say(
                    "under '{name}.' there are parameters and modules, and no PyTorch container holds both.",
                    name=entry.path,
                ),
                where=entry.path,
                hint=say("Rename one of the blocks: without a common first part they need no container."),
            )
        if any(unit.node.kind is not None and unit.node.kind.is_buffer for unit in entry.units()):
            raise StudioError(
                "compile.name",
                say("'{name}' is a buffer, and no PyTorch container holds one.", name=entry.path),
                where=entry.path,
                hint=say("Rename the block: without a dot in its name it needs no container."),
            )
        container = "nn.ParameterDict" if kinds == {True} else "nn.ModuleDict"
        return ast.Call(algebra.tree_of(container), [ast.Dict(list(items), list(values.values()))], [])
    if list(values) == [str(index) for index in range(len(values))]:
        return ast.Call(algebra.tree_of("nn.Sequential"), list(values.values()), [])
    return ast.Call(algebra.tree_of("nn.Sequential"), [ordered_dict(values)], [])


def ordered_dict(values: dict[str, Tree]) -> Tree:
    """``OrderedDict(conv=..., bn=...)``, or with pairs where the names cannot be written so."""
    if all(naming.is_plain(part) for part in values):
        keywords = [ast.keyword(part, value) for part, value in values.items()]
        return ast.Call(algebra.name("OrderedDict"), [], keywords)
    pairs: list[Tree] = [ast.Tuple([algebra.literal(part), value], ast.Load()) for part, value in values.items()]
    return ast.Call(algebra.name("OrderedDict"), [ast.List(pairs, ast.Load())], [])


def access(path: str) -> str:
    """How forward reaches an attribute: ``self.conv1``, ``self.branch["0"]``."""
    first, *rest = path.split(".")
    start = f"self.{first}" if naming.is_plain(first) else f'getattr(self, "{first}")'
    return start + "".join(f'["{part}"]' for part in rest)
