"""The wiring of one class: a definition without what is switched off for good, and when the rest is at work."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from blockstudio.blocks import AUX_OUTPUT, INPUT, OUTPUT, BlockType, Parameter, RawValue
from blockstudio.compiler import algebra
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.sites import Site, Sites
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Block, Diagram
from blockstudio.graph.resolve import is_expression, resolve_flag
from blockstudio.text import say

Port: TypeAlias = tuple[str, str]
"""An output: block and port."""
Guard: TypeAlias = frozenset[frozenset[str]]
"""When a block is at work: any of these sets of switches, all of one set on."""

ALWAYS: Guard = frozenset({frozenset()})
NEVER: Guard = frozenset()
_TRUE: Tree = ast.Constant(True)
_FALSE: Tree = ast.Constant(False)
TRAINING = "training"
"""The switch of what only auxiliary outputs need. No other is called so: they are named after conditions."""
MAX_TERMS = 64


@dataclass(slots=True)
class Node:
    """A block of the class."""

    name: str
    block: Block
    kind: BlockType | None
    """``None`` for an instance of a module."""
    sources: tuple[Port, ...]
    ports: tuple[str, ...]
    """Output ports."""
    bypass: Tree
    """The condition under which it is off; the constant False for most."""
    repeat: Tree | None
    live: Guard = NEVER
    optional: bool = field(init=False)
    """Whether it may be off as a whole."""
    by_copy: bool = field(init=False)
    """Whether the copies of a repeated block are off one by one."""
    forks: bool = field(init=False)
    """Whether forward has to branch where it is off, since it has several inputs or outputs."""

    def __post_init__(self) -> None:
        parameter = self.kind is not None and self.kind.is_parameter
        self.by_copy = self.repeat is not None and "i" in algebra.names_in(self.bypass)
        self.optional = not isinstance(self.bypass, ast.Constant) and not self.by_copy
        self.forks = self.optional and (len(self.sources) > 1 or len(self.ports) > 1 or parameter)


class Net:
    """The nodes of a class in order of evaluation. ``fixed`` are the parameters whose value is put in."""

    def __init__(self, diagram: Diagram, sites: Sites, scope: str, members: list[Site], fixed: Mapping[str, Tree]):
        self.scope = scope
        self.fixed = fixed
        self.nodes: dict[str, Node] = {}
        self.unused: list[str] = []
        """Blocks that are off, or could not be worked out, at every site."""
        self.inputs: list[str] = []
        self.outputs: list[tuple[str, Port]] = []
        self.auxiliary: list[tuple[str, Port]] = []
        self.switches: dict[str, Tree] = {}
        """Switches and the condition under which each is on."""
        self.readers: dict[Port, list[str]] = {}
        """Blocks and outputs that read an output, once for each wire."""
        definition = diagram.definition(scope)
        used = {
            name
            for site in members
            for copies_of in (site.blocks, site.spare)
            for name, copies in copies_of.items()
            if any(not copy.bypassed for copy in copies)
        }
        passed: dict[Port, Port] = {}
        wiring = sites.wiring(scope)
        for name in sites.order(scope):
            block = definition.block(name)
            sources = tuple([passed.get(source, source) for source in wiring[name]])
            if block.type == INPUT:
                continue
            if block.type == OUTPUT:
                self.outputs.append((name, sources[0]))
            elif block.type == AUX_OUTPUT:
                if scope == MAIN and not resolve_flag(block.bypass, members[0].values):
                    self.auxiliary.append((name, sources[0]))
            else:
                self._enter(diagram, name, block, sources, passed, name in used)
        self.inputs = definition.of_type(INPUT)
        place = {name: index for index, name in enumerate(definition.graph)}
        self.outputs.sort(key=lambda item: place[item[0]])
        self.auxiliary.sort(key=lambda item: place[item[0]])
        self._find_live()

    def tree(self, text: str) -> Tree:
        """An expression of the document with the fixed parameters put in."""
        tree = algebra.tree_of(text)
        if not self.fixed.keys() & algebra.names_in(tree):
            return tree
        return algebra.fold(algebra.substitute(tree, self.fixed))

    def raw_tree(self, parameter: Parameter, raw: RawValue) -> Tree | None:
        """A parameter's value as a tree if it is an expression or a list with expressions in it."""
        if not is_expression(parameter, raw):
            return None
        if isinstance(raw, str):
            return self.tree(raw)
        assert isinstance(raw, list | tuple)
        items = [self.tree(item) if isinstance(item, str) else algebra.literal(item) for item in raw]
        return ast.Tuple(items, ast.Load())

    def _enter(
        self,
        diagram: Diagram,
        name: str,
        block: Block,
        sources: tuple[Port, ...],
        passed: dict[Port, Port],
        used: bool,
    ) -> None:
        kind = diagram.kind(block.type)
        ports = diagram.output_ports(block.type)
        bypass: Tree
        if isinstance(block.bypass, bool):
            bypass = _TRUE if block.bypass else _FALSE
        else:
            bypass = algebra.condition(self.tree(block.bypass))
        repeat: Tree | None = None
        if block.repeat is not None:
            repeat = self.tree(block.repeat) if isinstance(block.repeat, str) else algebra.literal(block.repeat)
            repeat = algebra.fold(repeat)
        merges_one = kind is not None and kind.variadic and len(sources) == 1
        none = isinstance(repeat, ast.Constant) and repeat.value == 0
        decided = none or (isinstance(bypass, ast.Constant) and bool(bypass.value))
        if merges_one or decided or not used:
            if not merges_one and not decided:
                self.unused.append(name)
            if sources:
                passed |= {(name, port): sources[0] for port in ports}
            return
        self.nodes[name] = Node(name, block, kind, sources, ports, bypass, repeat)

    def _find_live(self) -> None:
        guards: dict[str, Guard] = {}

        def add(port: Port, guard: Guard) -> None:
            if guards.get(port[0]) == guard:
                return
            joined = guards[port[0]] = join(guards.get(port[0], NEVER), guard)
            if len(joined) > MAX_TERMS:
                raise StudioError(
                    "compile.switches",
                    say(
                        "too many bypass conditions decide whether it is needed (more than {max_terms} combinations).",
                        max_terms=MAX_TERMS,
                    ),
                    where=port[0],
                    hint=say("Use one parameter for conditions that belong together."),
                )

        for _, port in self.outputs:
            add(port, ALWAYS)
        for _, port in self.auxiliary:
            add(port, frozenset({frozenset({TRAINING})}))
        for node in reversed(self.nodes.values()):
            node.live = guards.get(node.name, NEVER)
            if node.live == NEVER:
                continue
            on = meet(node.live, self.switch(algebra.negate(node.bypass))) if node.forks else node.live
            for index, source in enumerate(node.sources):
                add(source, on if index else node.live)
        self.nodes = {name: node for name, node in self.nodes.items() if node.live != NEVER}
        for node in self.nodes.values():
            for source in node.sources:
                self.readers.setdefault(source, []).append(node.name)
        for name, port in [*self.outputs, *self.auxiliary]:
            self.readers.setdefault(port, []).append(name)

    def switch(self, condition: Tree) -> str:
        """The switch that is on where ``condition`` holds."""
        key = ast.dump(condition)
        self.switches[key] = condition
        return key

    def always(self, node: Node) -> bool:
        """Whether a block has to be there whatever the switches are."""
        return not node.optional and node.live == ALWAYS

    def built(self, node: Node) -> Tree:
        """The condition under which a block has to be there at all, for use or for training."""
        if self.always(node):
            return _TRUE
        terms = [algebra.both(*(self.switches[key] for key in sorted(term) if key != TRAINING)) for term in node.live]
        live = algebra.either(*sorted(terms, key=ast.dump))
        return algebra.both(live, algebra.negate(node.bypass)) if node.optional else live

    def working(self, node: Node) -> Guard:
        """When forward has to do something for a block. One that is off without branching is an `nn.Identity`."""
        return meet(node.live, self.switch(algebra.negate(node.bypass))) if node.forks else node.live


def join(one: Guard, other: Guard) -> Guard:
    """Either."""
    terms = one | other
    return frozenset(term for term in terms if not any(less < term for less in terms))


def meet(guard: Guard, switch: str) -> Guard:
    """With a further switch on."""
    return join(frozenset(term | {switch} for term in guard), NEVER)
