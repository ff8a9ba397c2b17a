"""From a definition and its sites to classes: constructor arguments, channel counts as text, constructor calls.

What the text says is checked against the numbers of every site. Where no text is right for all of them, the
number becomes an argument of the constructor; where not even the same call would do, the definition becomes
several classes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from blockstudio.blocks import Arguments, BlockType, Code, Parameter, Shape, Value
from blockstudio.compiler import algebra, naming
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.calls import IDENTITY, agree, concrete, repeated, source_value
from blockstudio.compiler.net import Net, Node, Port
from blockstudio.compiler.printer import atom, text_of
from blockstudio.compiler.sharing import own_storage, private_outputs
from blockstudio.compiler.sites import Copy, Site, Sites, channel_name
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram

Uses: TypeAlias = "list[tuple[Site, Copy]]"
SWITCHES = ("bool", "choice", "text")
"""Kinds of parameters that decide what there is rather than how large it is."""


@dataclass(slots=True)
class Argument:
    """A parameter of a class's constructor."""

    key: str
    """What expressions call it."""
    declared: Parameter | None
    """``None`` for channels that come in and for hoisted numbers."""
    hoisted: Mapping[Site, Value] | None = None
    """A number that no expression gives, at every site."""
    name: str = ""
    """What the source calls it."""

    @property
    def default(self) -> Tree | None:
        if self.declared is None:
            return None
        return algebra.literal(source_value(self.declared, self.declared.check(self.declared.default)))


@dataclass(slots=True)
class Unit:
    """A node in the class: its constructor, or its text in forward."""

    node: Node
    init: Tree | None
    """``None`` for a plain function."""
    forward: str
    helper: str | None = None
    call_class: str = ""


class Split(Exception):
    """The sites need different classes: those with the same key can share one."""

    def __init__(self, key: Callable[[Site], object]) -> None:
        super().__init__()
        self.key = key


@dataclass(eq=False)
class ClassPlan:
    """One class of the emitted source."""

    scope: str
    members: list[Site]
    net: Net
    name: str = ""
    arguments: list[Argument] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)
    outs: dict[str, Tree | None] = field(default_factory=dict)
    """Channels at each output in terms of the constructor's parameters."""
    private: dict[str, bool] = field(default_factory=dict)
    """Outputs over which the caller may write."""
    channel_keys: list[str] = field(default_factory=list)
    """What its trees call the channels of each input."""
    positional: int = 0
    """How many of the leading declared arguments calls give by position."""


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
        self.plan.channel_keys = self._channel_keys()
        self.floats = {key for key, parameter in self.declared.items() if parameter.kind == "float"}
        self.names = {site: self._names(site) for site in members}
        self.channels: dict[Port, Tree | None] = {}
        self.truth: dict[tuple[Site, Port], int] = {}
        self.hoisted: list[Argument] = []
        self._inputs()
        self.overwriting = own_storage(self.net, members, planner.plan_of)
        for node in self.net.nodes.values():
            for site in members:
                self._note_truth(site, node)
            self.plan.units[node.name] = self._instance(node) if node.kind is None else self._leaf(node, node.kind)
        for name, port in self.net.outputs:
            self.plan.outs[name] = self.channels[port]
        self.plan.private = private_outputs(self.net, members, planner.plan_of)
        self._settle_arguments()

    def _names(self, site: Site) -> dict[str, Value]:
        names = {
            key: source_value(self.declared[key], value) if key in self.declared else value
            for key, value in site.values.items()
        }
        for key, port in zip(self.plan.channel_keys, self.net.inputs, strict=self.scope != MAIN):
            names[key] = site.inputs[port][0]
        return names

    def _channel_keys(self) -> list[str]:
        keys: list[str] = []
        for index, port in enumerate(self.net.inputs if self.scope != MAIN else ()):
            key = channel_name(port, index)
            keys.append(key if key.isidentifier() else naming.variable(key, {*self.declared, *keys}))
        return keys

    def _inputs(self) -> None:
        for index, name in enumerate(self.net.inputs):
            port = (name, "out")
            for site in self.members:
                self.truth[site, port] = site.inputs[name][0]
            if self.scope == MAIN:
                shape = self.diagram.main.block(name).parameters.get("shape")
                first = shape[0] if isinstance(shape, list | tuple) else None
                tree = self.net.tree(first) if isinstance(first, str) else None
                literal = algebra.literal(self.members[0].inputs[name][0])
                self.channels[port] = algebra.whole(tree, self.floats) if tree is not None else literal
            else:
                self.channels[port] = algebra.name(self.plan.channel_keys[index])

    def _note_truth(self, site: Site, node: Node) -> None:
        copies = site.blocks.get(node.name)
        if copies is None:
            return
        for port in node.ports:
            if copies:
                self.truth[site, (node.name, port)] = copies[-1].outputs[port][0]
            else:
                self.truth[site, (node.name, port)] = self.truth[site, node.sources[0]]

    # Channels

    def _uses(self, node: Node) -> Uses:
        """The block at work, everywhere."""
        return [(site, copy) for site in self.members for copy in site.blocks.get(node.name, ()) if not copy.bypassed]

    def _scope(self, site: Site, copy: Copy | None = None) -> dict[str, Value]:
        names = self.names[site] | {item.key: item.hoisted[site] for item in self.hoisted if item.hoisted}
        return {**names, "i": copy.index} if copy else names

    def _right(self, tree: Tree | None, wanted: Sequence[tuple[Mapping[str, Value], int]]) -> bool:
        """Whether ``tree`` gives the number that is wanted, in every scope."""
        if tree is None or algebra.parts(tree) > algebra.MAX_PARTS:
            return False
        try:
            return all(agree(algebra.evaluate(tree, scope), number) for scope, number in wanted)
        except StudioError:
            return False

    def _input_trees(self, node: Node, once: Callable[[Sequence[Tree | None]], Tree | None]) -> list[Tree | None]:
        """The channels of each input as seen by the constructor. ``once`` gives the output channels for given ones."""
        outer = [self.channels[source] for source in node.sources]
        uses = self._uses(node)
        found: list[Tree | None] = []
        for index, tree in enumerate(outer):
            wanted = [(self._scope(site, copy), copy.inputs[index][0]) for site, copy in uses]
            options = [tree]
            if node.repeat is not None:
                after = once(outer)
                if after is not None and tree is not None and not algebra.same(after, tree):
                    before = _shifted(after, algebra.tree_of("i - 1"))
                    first = algebra.tree_of("i == 0")
                    options.append(algebra.choose(first, tree, before))
            found.append(next((option for option in options if self._right(option, wanted)), None))
        return found

    def _argument_tree(self, node: Node, index: int, tree: Tree | None) -> Tree:
        """Input channels for a constructor call: the text if there is a right one, else a number."""
        if tree is not None:
            return tree
        uses = self._uses(node)
        kind = "features" if len(uses[0][1].inputs[index]) == 1 else "channels"
        suffix = f"_{index}" if index else ""
        return self._number(node, uses, lambda _, copy: copy.inputs[index][0], f"in_{kind}{suffix}")

    def _number(self, node: Node, uses: Uses, number: Callable[[Site, Copy], Value], label: str) -> Tree:
        """A number that no expression gives: a literal if it is the same everywhere, else an argument."""
        values = {number(site, copy) for site, copy in uses}
        if len(values) == 1:
            return algebra.literal(values.pop())
        if node.repeat is None:
            by_site = {site: number(site, copy) for site, copy in uses}
            index = None
        else:
            rows: dict[Site, dict[int, Value]] = {}
            for site, copy in uses:
                rows.setdefault(site, {})[copy.index] = number(site, copy)
            by_site = {site: _row(row) for site, row in rows.items()}
            index = algebra.name("i")
        if len(set(by_site.values())) == 1:
            tree = algebra.literal(next(iter(by_site.values())))
        else:
            key = naming.variable(
                f"{node.name}_{label}", {*self.declared, *self.plan.channel_keys, *(item.key for item in self.hoisted)}
            )
            # Sites at which the block is off need some number too: any does.
            values_of = dict.fromkeys(self.members, next(iter(by_site.values()))) | by_site
            self.hoisted.append(Argument(key, None, values_of))
            tree = algebra.name(key)
        return tree if index is None else ast.Subscript(tree, index, ast.Load())

    def _set_outputs(self, node: Node, trees: Mapping[str, Tree | None]) -> None:
        """Channels of the outputs: ``trees`` are those of a copy at work."""
        before = self.channels[node.sources[0]] if node.sources else None
        for port in node.ports:
            place = (node.name, port)
            known = [site for site in self.members if (site, place) in self.truth]
            wanted = [(self.names[site], self.truth[site, place]) for site in known]
            tree = trees[port]
            options: list[Tree | None] = []
            if tree is not None:
                last = tree
                if node.repeat is not None:
                    last = _shifted(tree, algebra.fold(ast.BinOp(node.repeat, ast.Sub(), algebra.literal(1))))
                options.append(last)
                if before is not None:
                    options.append(before)
                    if node.repeat is not None:
                        none = ast.Compare(node.repeat, [ast.Eq()], [algebra.literal(0)])
                        options.append(algebra.choose(none, before, last))
                    elif node.optional:
                        options.append(algebra.choose(node.bypass, before, last))
            self.channels[place] = next((option for option in options if self._right(option, wanted)), None)

    # Blocks of the catalogue

    def _leaf(self, node: Node, kind: BlockType) -> Unit:
        uses = self._uses(node)
        texts = self._texts(node)

        def code(site: Site, copy: Copy, trees: Sequence[Tree | None]) -> Code:
            return self._code(node, kind, copy, trees, texts)

        first = uses[0]

        def once(trees: Sequence[Tree | None]) -> Tree | None:
            channels = code(*first, trees).channels
            return None if channels is None else algebra.tree_of(channels)

        inputs = self._input_trees(node, once)
        outs = [text for site, copy in uses for text in [code(site, copy, inputs).channels] if text is not None]
        trees = [algebra.tree_of(text) for text in dict.fromkeys(outs)]
        wanted = [(self._scope(site, copy), copy.outputs[node.ports[0]][0]) for site, copy in uses]
        out = next((tree for tree in trees if self._right(tree, wanted)), None)
        self._set_outputs(node, {node.ports[0]: out})
        sample = code(*first, inputs)
        if sample.init is None and sample.module is None:
            return Unit(node, None, sample.forward)
        if sample.init is None and not node.optional and node.repeat is None:
            return Unit(node, None, sample.forward)
        arguments = [self._argument_tree(node, index, tree) for index, tree in enumerate(inputs)]
        return self._constructed(node, uses, lambda copy: self._code(node, kind, copy, arguments, texts), kind, texts)

    def _texts(self, node: Node) -> dict[str, Tree]:
        """Parameters of a leaf that are expressions."""
        assert node.kind is not None
        uses = self._uses(node)
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
            return ast.Tuple([algebra.whole(item, self.floats) for item in tree.elts], ast.Load())
        return algebra.whole(tree, self.floats)

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

        truths = [(self._scope(site, copy), concrete(_init(plain(copy)), {})) for site, copy in uses]
        options = [code(copy) for _, copy in uses]
        options.append(self._code(node, kind, uses[0][1], [None] * len(uses[0][1].inputs), {}))
        for option in options:
            call = _init(option)
            if all(_same_call(call, scope, truth) for scope, truth in truths):
                return Unit(node, repeated(call, node, self._minimum(node)), "{self}({0})", option.helper)

        def row(site: Site) -> tuple[str, ...]:
            copies = site.blocks.get(node.name, ())
            return tuple(text_of(IDENTITY if copy.bypassed else _init(plain(copy))) for copy in copies)

        if len({row(site) for site in self.members}) > 1:
            raise Split(row)
        listed = [algebra.tree_of(text) for text in row(self.members[0])]
        return Unit(node, _sequence(listed), "{self}({0})", plain(uses[0][1]).helper)

    def _minimum(self, node: Node) -> int:
        """The least number of copies there can be."""
        if node.repeat is None:
            return 1
        minima = {key: parameter.minimum for key, parameter in self.declared.items() if parameter.kind == "int"}
        return int(algebra.least(node.repeat, minima) or 0)

    # Instances

    def _instance(self, node: Node) -> Unit:
        uses = self._uses(node)

        def child(copy: Copy) -> ClassPlan:
            assert copy.site is not None
            return self.planner.plan_of[copy.site]

        def row(site: Site) -> tuple[str, ...]:
            return tuple("" if copy.bypassed else child(copy).name for copy in site.blocks.get(node.name, ()))

        plans = list(dict.fromkeys(child(copy) for _, copy in uses))
        if len(plans) > 1 and len({row(site) for site in self.members}) > 1:
            raise Split(row)
        # The class that comes last says what comes out; copies of other classes are listed one by one.
        plan = child(uses[-1][1])

        def once(trees: Sequence[Tree | None]) -> Tree | None:
            return self._outs(node, plan, trees)[node.ports[0]]

        inputs = self._input_trees(node, once)
        self._set_outputs(node, self._outs(node, plan, inputs))
        if len(plans) == 1:
            arguments = self._call_arguments(node, plan, inputs, uses)
            call = _call(plan, arguments)
            tree = repeated(call, node, self._minimum(node), lambda given: _call(plan, given), arguments)
            return Unit(node, tree, "{self}({inputs})", call_class=plan.name)
        listed: list[Tree] = []
        for copy in self.members[0].blocks[node.name]:
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

                def number(_: Site, copy: Copy, numbers: Mapping[Site, Value] = numbers) -> Value:
                    assert copy.site is not None
                    return numbers[copy.site]

                tree = self._number(node, uses, number, argument.name)
            elif argument.declared is None:
                index = channels[argument.key]
                tree = self._argument_tree(node, index, inputs[index])
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
        for argument in [*found, *self.hoisted]:
            if argument.key in used:
                argument.name = naming.variable(argument.key, taken | set(self.diagram.modules))
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


def _row(numbers: Mapping[int, Value]) -> tuple[int, ...]:
    """Numbers by index as a tuple; copies that are off get that of another, which nobody reads."""
    some = next(iter(numbers.values()))
    return tuple(numbers.get(index, some) for index in range(max(numbers) + 1))  # type: ignore[misc]


def _shifted(tree: Tree, index: Tree) -> Tree:
    """``tree`` for another copy than the ``i``-th."""
    if "i" not in algebra.names_in(tree):
        return tree
    return algebra.fold(algebra.substitute(tree, {"i": index}))


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


__all__ = ["Argument", "ClassPlan", "Planner", "Shape", "Sites", "Split", "Unit"]
