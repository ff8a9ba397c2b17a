"""From a definition and its sites to classes: constructor arguments, channel counts as text, constructor calls.

What the text says is checked against the numbers of every site. Where no text is right for all of them, the
number becomes an argument of the constructor; where not even the same call would do, the definition becomes
several classes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from blockstudio.blocks import Arguments, BlockType, Code, Parameter, Value
from blockstudio.compiler import algebra, naming
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.calls import IDENTITY, agree, concrete, repeated, source_value
from blockstudio.compiler.channels import Channels, Uses
from blockstudio.compiler.net import Net, Node
from blockstudio.compiler.plans import Argument, ClassPlan, Split, Unit
from blockstudio.compiler.printer import atom, text_of
from blockstudio.compiler.sharing import own_storage, private_outputs
from blockstudio.compiler.sites import SWITCHES, Copy, Site, Sites
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram


class Planner:
    """Plans every class of ``diagram``; `classes` are in the order in which source defines them."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.sites = Sites(diagram)
        self.plan_of: dict[Site, ClassPlan] = {}
        self.classes: list[ClassPlan] = []
        for scope in self.sites.scopes():
            plans = list(self._plans(scope, self.sites.of(scope)))
            taken = {plan.name for plan in self.classes}
            for index, plan in enumerate(plans):
                wanted = scope if scope != MAIN else naming.class_name(diagram.name, [*diagram.modules, *taken])
                plan.name = naming.free(wanted if index == 0 else f"{wanted}_{index + 1}", taken)
                taken.add(plan.name)
            self.classes += plans
            for plan in plans:
                self.plan_of |= dict.fromkeys(plan.members, plan)

    @property
    def main(self) -> ClassPlan:
        return self.plan_of[self.sites.main]

    def _plans(self, scope: str, members: list[Site]) -> Iterator[ClassPlan]:
        try:
            yield _Planning(self, scope, members).plan
        except Split as split:
            groups: dict[object, list[Site]] = {}
            for site in members:
                groups.setdefault(split.key(site), []).append(site)
            assert len(groups) > 1
            for group in groups.values():
                yield from self._plans(scope, group)


class _Planning:
    """The work on one class."""

    def __init__(self, planner: Planner, scope: str, members: list[Site]) -> None:
        self.planner = planner
        self.diagram = planner.diagram
        self.scope = scope
        self.members = members
        self.declared = self.diagram.definition(scope).parameters
        fixed = {
            key: algebra.literal(members[0].values[key])
            for key, parameter in self.declared.items()
            if parameter.kind in SWITCHES and len({site.values[key] for site in members}) == 1
        }
        self.net = Net(self.diagram, planner.sites, scope, members, fixed)
        self.plan = ClassPlan(scope, members, self.net)
        self.channels = Channels(self.diagram, self.net, members)
        self.plan.channel_keys = self.channels.keys
        self.overwriting = own_storage(self.net, members, planner.plan_of)
        for node in self.net.nodes.values():
            self.channels.note(node)
            self.plan.units[node.name] = self._instance(node) if node.kind is None else self._leaf(node, node.kind)
        for name, port in self.net.outputs:
            self.plan.outs[name] = self.channels.of(port)
        self.plan.private = private_outputs(self.net, members, planner.plan_of)
        self._settle_arguments()

    # Blocks of the catalogue

    def _leaf(self, node: Node, kind: BlockType) -> Unit:
        uses = self.channels.uses(node)
        texts = self._texts(node)

        def code(site: Site, copy: Copy, trees: Sequence[Tree | None]) -> Code:
            return self._code(node, kind, copy, trees, texts)

        first = uses[0]

        def once(trees: Sequence[Tree | None]) -> Tree | None:
            channels = code(*first, trees).channels
            return None if channels is None else algebra.tree_of(channels)

        inputs = self.channels.inputs(node, once)
        wanted = [(self.channels.scope(site, copy), copy.outputs[node.ports[0]][0]) for site, copy in uses]
        # The first use's text is nearly always right everywhere: the others' are made if it is not.
        outs = (text for site, copy in uses if (text := code(site, copy, inputs).channels) is not None)
        trees = map(algebra.tree_of, outs)
        out = next((tree for tree in trees if self.channels.right(tree, wanted)), None)
        self.channels.put(node, {node.ports[0]: out}, self._minimum(node))
        sample = code(*first, inputs)
        if sample.init is None and sample.module is None:
            return Unit(node, None, sample.forward)
        if sample.init is None and not node.optional and node.repeat is None:
            return Unit(node, None, sample.forward)
        arguments = [self.channels.argument(node, index, tree) for index, tree in enumerate(inputs)]
        return self._constructed(node, uses, lambda copy: self._code(node, kind, copy, arguments, texts), kind, texts)

    def _texts(self, node: Node) -> dict[str, Tree]:
        """Parameters of a leaf that are expressions."""
        assert node.kind is not None
        uses = self.channels.uses(node)
        found: dict[str, Tree] = {}
        for key, raw in node.block.parameters.items():
            parameter = node.kind.parameters[key]
            tree = self.net.raw_tree(parameter, raw)
            words = any(isinstance(copy.values[key], str) for _, copy in uses)
            if tree is None or algebra.is_literal(tree) or words or (key == "inplace" and not self._in_place(node)):
                continue
            found[key] = self._typed(parameter, tree)
        return found

    def _typed(self, parameter: Parameter, tree: Tree) -> Tree:
        """Whole numbers stay whole in Python too."""
        if parameter.kind in ("float", *SWITCHES):
            return tree
        if isinstance(tree, ast.Tuple):
            return ast.Tuple([algebra.whole(item, self.channels.floats) for item in tree.elts], ast.Load())
        return algebra.whole(tree, self.channels.floats)

    def _in_place(self, node: Node) -> bool:
        return node.name in self.overwriting

    def _code(
        self, node: Node, kind: BlockType, copy: Copy, trees: Sequence[Tree | None], texts: Mapping[str, Tree]
    ) -> Code:
        values = dict(copy.values)
        if "inplace" in values and not self._in_place(node):
            values["inplace"] = False
        channels = tuple(
            str(shape[0]) if tree is None else atom(tree) for tree, shape in zip(trees, copy.inputs, strict=True)
        )
        return kind.code(Arguments(values, copy.inputs, channels, {key: atom(tree) for key, tree in texts.items()}))

    def _constructed(
        self,
        node: Node,
        uses: Uses,
        code: Callable[[Copy], Code],
        kind: BlockType,
        texts: Mapping[str, Tree],
    ) -> Unit:
        """The constructor call that is right at every use."""

        def plain(copy: Copy) -> Code:
            literals = {key: algebra.literal(source_value(kind.parameters[key], copy.values[key])) for key in texts}
            return self._code(node, kind, copy, [None] * len(copy.inputs), literals)

        truths = [(self.channels.scope(site, copy), concrete(_init(plain(copy)), {})) for site, copy in uses]
        options = (code(copy) for _, copy in uses)
        literal = (self._code(node, kind, copy, [None] * len(copy.inputs), {}) for _, copy in uses[:1])
        for option in chain(options, literal):
            call = _init(option)
            if all(_same_call(call, scope, truth) for scope, truth in truths):
                return Unit(node, repeated(call, node, self._minimum(node)), "{self}({0})", option.helper)

        def row(site: Site) -> tuple[str, ...]:
            copies = self.channels.copies(node, site)
            return tuple(text_of(IDENTITY if copy.bypassed else _init(plain(copy))) for copy in copies)

        if len({row(site) for site in self.members}) > 1:
            raise Split(row)
        listed = [algebra.tree_of(text) for text in row(self.members[0])]
        # Only a chain has its copies one below it: a block by itself keeps its own keys.
        tree = listed[0] if node.repeat is None else _sequence(listed)
        return Unit(node, tree, "{self}({0})", plain(uses[0][1]).helper)

    def _minimum(self, node: Node) -> int:
        """The least number of copies there can be."""
        if node.repeat is None:
            return 1
        minima = {key: parameter.minimum for key, parameter in self.declared.items() if parameter.kind == "int"}
        return int(algebra.least(node.repeat, minima) or 0)

    # Instances

    def _instance(self, node: Node) -> Unit:
        uses = self.channels.uses(node)

        def child(copy: Copy) -> ClassPlan:
            assert copy.site is not None
            return self.planner.plan_of[copy.site]

        def row(site: Site) -> tuple[str, ...]:
            return tuple("" if copy.bypassed else child(copy).name for copy in self.channels.copies(node, site))

        plans = list(dict.fromkeys(child(copy) for _, copy in uses))
        if len(plans) > 1 and len({row(site) for site in self.members}) > 1:
            raise Split(row)
        # The class that comes last says what comes out; copies of other classes are listed one by one.
        plan = child(uses[-1][1])

        def once(trees: Sequence[Tree | None]) -> Tree | None:
            return self._outs(node, plan, trees)[node.ports[0]]

        inputs = self.channels.inputs(node, once)
        self.channels.put(node, self._outs(node, plan, inputs), self._minimum(node))
        if len(plans) == 1:
            arguments = self._call_arguments(node, plan, inputs, uses)
            call = _call(plan, arguments)
            tree = repeated(call, node, self._minimum(node), lambda given: _call(plan, given), arguments)
            return Unit(node, tree, "{self}({inputs})", call_class=plan.name)
        listed: list[Tree] = []
        for copy in self.channels.copies(node, self.members[0]):
            if copy.bypassed:
                listed.append(IDENTITY)
                continue
            one = [(site, other) for site, other in uses if other.index == copy.index]
            own = self._call_arguments(node, child(copy), self._numbers_at(node, one), one)
            at = {"i": algebra.literal(copy.index)}
            listed.append(_call(child(copy), [(a, algebra.fold(algebra.substitute(t, at))) for a, t in own]))
        return Unit(node, _sequence(listed), "{self}({inputs})")

    def _numbers_at(self, node: Node, uses: Uses) -> list[Tree | None]:
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
            return self._typed(parameter, tree)
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
        for unit in self.plan.units.values():
            if unit.init is not None:
                used |= algebra.names_in(unit.init)
            used |= algebra.names_in(self.net.built(unit.node))
            if unit.node.forks:
                used |= algebra.names_in(unit.node.bypass)
        found = [Argument(key, None) for key in self.plan.channel_keys]
        found += [Argument(k, parameter) for k, parameter in self.declared.items() if k not in self.plan.channel_keys]
        taken: set[str] = set()
        classes = {*self.diagram.modules, *(plan.name for plan in self.planner.classes)}
        for argument in [*found, *self.channels.hoisted]:
            if argument.key in used:
                argument.name = naming.variable(argument.key, taken | classes)
                taken.add(argument.name)
                self.plan.arguments.append(argument)
        self.plan.positional = self._positional()

    def _positional(self) -> int:
        """Sizes that every instance gives are given by position."""
        given = [
            block.parameters.keys()
            for scope in self.diagram.scopes()
            for _, block in self.diagram.definition(scope).blocks()
            if block.type == self.scope
        ]
        count = 0
        for argument in self.plan.arguments:
            if argument.declared is not None and argument.hoisted is None:
                if argument.declared.kind != "int" or not all(argument.key in keys for keys in given):
                    break
                count += 1
        return count


def _init(code: Code) -> Tree:
    text = code.init or code.module
    assert text is not None
    return algebra.tree_of(text)


def _same_call(call: Tree, scope: Mapping[str, Value], truth: object) -> bool:
    try:
        return agree(concrete(call, scope), truth)
    except StudioError:
        return False


def _sequence(calls: Sequence[Tree]) -> Tree:
    return ast.Call(algebra.tree_of("nn.Sequential"), list(calls), [])


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
