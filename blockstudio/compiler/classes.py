"""From a definition and its sites to classes: constructor arguments, channel counts as text, constructor calls.

What the text says is checked against the numbers of every site. Where no text is right for all of them, the
number becomes an argument of the constructor; where not even the same call would do, the definition becomes
several classes.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

import networkx as nx

from blockstudio.blocks import AUX_OUTPUT, OUTPUT, Parameter, Value
from blockstudio.compiler import algebra, naming
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.calls import IDENTITY, repeated, sequence, source_value
from blockstudio.compiler.channels import Channels, Uses
from blockstudio.compiler.class_plans import Argument, ClassPlan, Split, Unit
from blockstudio.compiler.influence import (
    Influence,
)
from blockstudio.compiler.leaves import Leaves
from blockstudio.compiler.net import Net, Node
from blockstudio.compiler.printer import text_of
from blockstudio.compiler.sharing import own_storage, private_ports
from blockstudio.compiler.sites import SWITCHES, Copy, Site, Sites
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.expressions import parse


class ClassPlanner:
    """Plans every class of ``diagram``; `classes` are in the order in which source defines them. ``fixed`` are
    parameters of the diagram whose value is put in."""

    def __init__(self, diagram: Diagram, sites: Sites | None = None, fixed: Collection[str] = ()) -> None:
        self.diagram = diagram
        self.sites = sites or Sites(diagram)
        self.fixed = set(fixed)
        self.influence = Influence(diagram, self.sites, fixed)
        self.plan_of: dict[Site, ClassPlan] = {}
        self.classes: list[ClassPlan] = []
        self.names = set(diagram.modules)
        """Of modules and of classes that are planned: nothing else in the text may be called so."""
        self.given: dict[str, list[Collection[str]]] = {name: [] for name in diagram.modules}
        """For each module the parameters that its instances give, one by one."""
        for scope in diagram.scopes():
            for _, block in diagram.definition(scope).blocks():
                if block.type in self.given:
                    self.given[block.type].append(block.parameters.keys())
        taken: set[str] = set()
        for scope in self.sites.scopes():
            plans = list(self._plans(scope, self.sites.of(scope)))
            for index, plan in enumerate(plans):
                wanted = scope if scope != MAIN else naming.class_name(diagram.name, [*diagram.modules, *taken])
                plan.name = naming.free(wanted if index == 0 else f"{wanted}_{index + 1}", taken)
                taken.add(plan.name)
            self.classes += plans
            self.names.update(plan.name for plan in plans)
            for plan in plans:
                self.plan_of |= dict.fromkeys(plan.members, plan)

    @property
    def main(self) -> ClassPlan:
        return self.plan_of[self.sites.main]

    @property
    def unsound(self) -> set[str]:
        """Arguments of the network's class for which it is not right whatever their value."""
        return {item.key for item in self.main.arguments if item.declared is not None} & self.influence.found

    @property
    def kept(self) -> dict[str, str]:
        """Parameters of the diagram, with their values, that are no arguments since the text depends on the value."""
        found = self.fixed | self.influence.found
        declared = self.diagram.parameters
        return {
            key: text_of(algebra.literal(source_value(declared[key], self.sites.main.values[key])))
            for key in declared
            if key in found
        }

    def _plans(self, scope: str, members: list[Site]) -> Iterator[ClassPlan]:
        try:
            yield _Planning(self, scope, members).plan
        except Split as split:
            self.influence.note_sites(members)
            groups: dict[object, list[Site]] = {}
            for site in members:
                groups.setdefault(split.key(site), []).append(site)
            assert len(groups) > 1
            for group in groups.values():
                yield from self._plans(scope, group)


def planned(diagram: Diagram) -> ClassPlanner:
    """The classes of ``diagram``. Each argument of the network's class can have every value that its declaration
    allows: a parameter for which that cannot be promised is a number in the text."""
    planner = ClassPlanner(diagram)
    while planner.unsound:
        planner = ClassPlanner(diagram, planner.sites, planner.fixed | planner.unsound)
    return planner


class _Planning:
    """The work on one class."""

    def __init__(self, planner: ClassPlanner, scope: str, members: list[Site]) -> None:
        self.planner = planner
        self.diagram = planner.diagram
        self.scope = scope
        self.members = members
        self.influence = planner.influence
        self.declared = self.diagram.definition(scope).parameters
        switches = [
            key
            for key, parameter in self.declared.items()
            if parameter.kind in SWITCHES and len({site.values[key] for site in members}) == 1
        ]
        self.influence.note_names(members, switches)
        kept = [key for key in self.declared if scope == MAIN and key in planner.fixed]
        fixed = {key: algebra.literal(members[0].values[key]) for key in (*switches, *kept)}
        self.net = Net(self.diagram, planner.sites, scope, members, fixed)
        self._note_left_out()
        self.plan = ClassPlan(scope, members, self.net)
        self.channels = Channels(self.diagram, self.net, members, self.influence)
        self.plan.channel_keys = self.channels.keys
        private = private_ports(self.net, members, planner.plan_of)
        self.plan.private = {name: port in private for name, port in self.net.outputs}
        self.plan.overwriting = own_storage(self.net, private)
        leaves = Leaves(self.net, self.channels, self.influence, members, self.plan.overwriting)
        for node in self.net.nodes.values():
            self.channels.note(node)
            self.plan.units[node.name] = self._instance(node) if node.kind is None else leaves.unit(node, node.kind)
        for name, port in self.net.outputs:
            self.plan.outs[name] = self.channels.of(port)
        self._settle_arguments()

    def _note_left_out(self) -> None:
        """What is not in the class because it is off with the numbers as they are."""
        definition = self.diagram.definition(self.scope)
        if self.scope == MAIN:
            for name in definition.of_type(AUX_OUTPUT):
                bypass = definition.block(name).bypass
                if isinstance(bypass, str):
                    self.influence.note_names(self.members, parse(bypass).names)
        if self.net.unused:
            ends = [name for kind in (OUTPUT, AUX_OUTPUT) for name in definition.of_type(kind)]
            needed = set().union(*(nx.ancestors(definition.graph, end) for end in ends))
            if needed.intersection(self.net.unused):
                self.influence.note_switching(self.members)

    # Instances

    def _instance(self, node: Node) -> Unit:
        uses = self.channels.uses(node)

        def child(copy: Copy) -> ClassPlan:
            assert copy.site is not None
            return self.planner.plan_of[copy.site]

        def row(site: Site) -> tuple[str, ...]:
            return tuple("" if copy.bypassed else child(copy).name for copy in self.channels.listed(node, site))

        plans = list(dict.fromkeys(child(copy) for _, copy in uses))
        if len(plans) > 1 and len({row(site) for site in self.members}) > 1:
            raise Split(row)
        # The class that comes last says what comes out; copies of other classes are listed one by one.
        plan = child(uses[-1][1])

        def once(trees: Sequence[Tree | None]) -> Tree | None:
            return self._outs(node, plan, trees)[node.ports[0]]

        inputs = self.channels.inputs(node, once)
        self.channels.put(node, self._outs(node, plan, inputs), self.channels.minimum(node))
        if len(plans) == 1:
            arguments = self._call_arguments(node, plan, inputs, uses)
            call = _call(plan, arguments)
            tree = repeated(call, node, self.channels.minimum(node), lambda given: _call(plan, given), arguments)
            return Unit(node, tree, "{self}({inputs})", call_class=plan.name)
        self.influence.note(self.members, node.name, lambda facts: facts.copies)
        listed: list[Tree] = []
        for copy in self.channels.listed(node, self.members[0]):
            if copy.bypassed:
                listed.append(IDENTITY)
                continue
            one = [(site, other) for site, other in uses if other.index == copy.index]
            own = self._call_arguments(node, child(copy), self._numbers_at(node, one), one)
            at = {"i": algebra.literal(copy.index)}
            listed.append(_call(child(copy), [(a, algebra.fold(algebra.substitute(t, at))) for a, t in own]))
        return Unit(node, sequence(listed), "{self}({inputs})")

    def _numbers_at(self, node: Node, uses: Uses) -> list[Tree | None]:
        self.channels.note_input(node)
        numbers = {copy.inputs[0][0] for _, copy in uses}
        return [algebra.literal(numbers.pop()) if len(numbers) == 1 else None for _ in node.sources]

    def _outs(self, node: Node, plan: ClassPlan, inputs: Sequence[Tree | None]) -> dict[str, Tree | None]:
        """Output channels of an instance in terms of this class."""
        meanings: dict[str, Tree | None] = dict(zip(plan.channel_keys, inputs, strict=True))
        for key, parameter in self.diagram.definition(plan.scope).parameters.items():
            if key not in meanings:
                given = self._given(node, key, parameter)
                meanings[key] = given if given is not None else Argument(key, parameter).default
        outs: dict[str, Tree | None] = {}
        for port, tree in plan.outs.items():
            known = {key: value for key, value in meanings.items() if value is not None}
            if tree is None or not algebra.names_in(tree) <= known.keys():
                outs[port] = None
            else:
                renamed = algebra.substitute(tree, known)
                outs[port] = renamed if isinstance(tree, ast.Name) else algebra.fold(renamed)
        return {port: outs.get(port) for port in node.ports}

    def _given(self, node: Node, key: str, parameter: Parameter) -> Tree | None:
        """What the instance gives for a parameter of its module, if anything."""
        if key not in node.block.parameters:
            return None
        raw = node.block.parameters[key]
        tree = self.net.raw_tree(parameter, raw)
        if tree is not None and not algebra.is_literal(tree):
            return self.channels.typed(parameter, tree)
        value = parameter.check(raw if tree is None else algebra.evaluate(tree, {}))
        return algebra.literal(source_value(parameter, value))

    def _call_arguments(
        self, node: Node, plan: ClassPlan, inputs: Sequence[Tree | None], uses: Uses
    ) -> list[tuple[Argument, Tree]]:
        """What is given to the constructor of ``plan``, in its order."""
        channels = {key: index for index, key in enumerate(plan.channel_keys)}
        found: list[tuple[Argument, Tree]] = []
        for argument in plan.arguments:
            tree: Tree | None
            if argument.hoisted is not None:
                numbers = argument.hoisted

                def number(copy: Copy, numbers: Mapping[Site, Value] = numbers) -> Value:
                    assert copy.site is not None
                    return numbers[copy.site]

                tree = self.channels.number(node, uses, number, argument.name)
            elif argument.declared is None:
                index = channels[argument.key]
                tree = self.channels.argument(node, index, inputs[index])
            else:
                tree = self._given(node, argument.key, argument.declared)
            if tree is not None:
                found.append((argument, tree))
        return found

    # Arguments

    def _settle_arguments(self) -> None:
        """Which parameters the constructor takes: those that anything in the class uses."""
        used: set[str] = set()
        for tree in {id(unit.init): unit.init for unit in self.plan.units.values()}.values():  # many share one
            if tree is not None:
                used |= algebra.names_in(tree)
        for node in self.net.nodes.values():
            built = self.net.built(node)
            if not isinstance(built, ast.Constant):
                used |= algebra.names_in(built)
            if node.forks:
                used |= algebra.names_in(node.bypass)
        found = [Argument(key, None) for key in self.plan.channel_keys]
        found += [Argument(k, parameter) for k, parameter in self.declared.items() if k not in self.plan.channel_keys]
        taken: set[str] = set()
        for argument in [*found, *self.channels.hoisted]:
            if argument.key in used:
                argument.name = naming.variable(argument.key, taken, self.planner.names)
                taken.add(argument.name)
                self.plan.arguments.append(argument)
        self.plan.positional = self._positional()

    def _positional(self) -> int:
        """Sizes that every instance gives are given by position."""
        given = self.planner.given.get(self.scope, [])
        count = 0
        for argument in self.plan.arguments:
            if argument.declared is not None and argument.hoisted is None:
                if argument.declared.kind != "int" or not all(argument.key in keys for keys in given):
                    break
                count += 1
        return count


def _call(plan: ClassPlan, arguments: Sequence[tuple[Argument, Tree]]) -> Tree:
    """A constructor call. What equals the default is left out, unless it stands by position."""
    args: list[Tree] = []
    keywords: list[ast.keyword] = []
    place = 0
    for argument, tree in arguments:
        by_name = argument.hoisted is not None
        if argument.declared is not None:
            by_name = place >= plan.positional
            place += 1
            if by_name and algebra.same(tree, argument.default):
                continue
        if by_name or keywords:
            keywords.append(ast.keyword(argument.name, tree))
        else:
            args.append(tree)
    return ast.Call(algebra.name(plan.name), args, keywords)
