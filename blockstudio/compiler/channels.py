"""Channel counts of one class as text, checked against the numbers of every site."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from blockstudio.blocks import Parameter, Value
from blockstudio.compiler import algebra, naming
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.calls import agree, source_value
from blockstudio.compiler.class_plans import Argument
from blockstudio.compiler.growth import BEFORE, Growth
from blockstudio.compiler.influence import Facts, Influence, Tokens
from blockstudio.compiler.net import Net, Node, Port
from blockstudio.compiler.sites import SWITCHES, Copy, Site, channel_name
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram

Uses: TypeAlias = "list[tuple[Site, Copy]]"


class Channels:
    """What text gives the channels of each output of ``net``, and the numbers that no text gives."""

    def __init__(self, diagram: Diagram, net: Net, members: list[Site], influence: Influence) -> None:
        self.net = net
        self.influence = influence
        self.members = members
        self.declared = diagram.definition(net.scope).parameters
        self.floats = {key for key, parameter in self.declared.items() if parameter.kind == "float"}
        """Parameters that are no whole numbers."""
        self.minima = {key: parameter.minimum for key, parameter in self.declared.items() if parameter.kind == "int"}
        self.keys = self._channel_keys()
        """What trees call the channels of each input."""
        self.hoisted: list[Argument] = []
        """Numbers that have to come from outside."""
        self.working = {name for site in members for name, copies in site.blocks.items() if _at_work(copies)}
        self._names = {site: self._names_at(site) for site in members}
        self._trees: dict[Port, Tree | None] = {}
        self._truth: dict[tuple[Site, Port], int] = {}
        self._growth: dict[str, Growth] = {}
        """Of the blocks whose copies follow such a rule."""
        for index, name in enumerate(net.inputs):
            port = (name, "out")
            for site in members:
                self._truth[site, port] = site.inputs[name][0]
            self._trees[port] = self._main_input(diagram, name) if net.scope == MAIN else algebra.name(self.keys[index])

    def _names_at(self, site: Site) -> dict[str, Value]:
        names = {
            key: source_value(self.declared[key], value) if key in self.declared else value
            for key, value in site.values.items()
        }
        for key, port in zip(self.keys, self.net.inputs, strict=self.net.scope != MAIN):
            names[key] = site.inputs[port][0]
        return names

    def _channel_keys(self) -> list[str]:
        keys: list[str] = []
        for index, port in enumerate(self.net.inputs if self.net.scope != MAIN else ()):
            key = channel_name(port, index)
            keys.append(key if key.isidentifier() else naming.variable(key, {*self.declared, *keys}))
        return keys

    def _main_input(self, diagram: Diagram, name: str) -> Tree:
        shape = diagram.main.block(name).parameters.get("shape")
        first = shape[0] if isinstance(shape, list | tuple) else None
        if isinstance(first, str):
            return algebra.whole(self.net.tree(first), self.floats)
        if isinstance(shape, str):
            self.influence.note_names(self.members, [shape])
        return algebra.literal(self.members[0].inputs[name][0])

    def note(self, node: Node) -> None:
        """Take down the numbers of a node whose sources are known."""
        for site in self.members:
            copies = site.blocks.get(node.name)
            if copies is not None:
                for port in node.ports:
                    place = (node.name, port)
                    passed = self._truth[site, node.sources[0]] if not copies else 0
                    self._truth[site, place] = copies[-1].outputs[port][0] if copies else passed

    def typed(self, parameter: Parameter, tree: Tree) -> Tree:
        """Whole numbers stay whole in Python too."""
        if parameter.kind in ("float", *SWITCHES):
            return tree
        if isinstance(tree, ast.Tuple):
            return ast.Tuple([algebra.whole(item, self.floats) for item in tree.elts], ast.Load())
        return algebra.whole(tree, self.floats)

    def minimum(self, node: Node) -> int:
        """The least number of copies there can be."""
        return 1 if node.repeat is None else int(algebra.least(node.repeat, self.minima) or 0)

    def copies(self, node: Node, site: Site) -> tuple[Copy, ...]:
        """The block's copies at a site; those that would be there, if it is at work at no site."""
        return (site.blocks if node.name in self.working else site.spare).get(node.name, ())

    def listed(self, node: Node, site: Site) -> tuple[Copy, ...]:
        """The copies to write out one by one: those that are there, which may be none of those that could be."""
        return self.copies(node, site) if node.repeat is None else site.blocks.get(node.name, ())

    def uses(self, node: Node) -> Uses:
        """The block at work, everywhere."""
        return [(site, copy) for site in self.members for copy in self.copies(node, site) if not copy.bypassed]

    def scope(self, site: Site, copy: Copy | None = None) -> dict[str, Value]:
        """What names mean at a site, for one copy of a block there."""
        names = self._names[site] | {item.key: item.hoisted[site] for item in self.hoisted if item.hoisted}
        return {**names, "i": copy.index} if copy else names

    def of(self, port: Port) -> Tree | None:
        """Channels of an output; ``None`` where no text is right."""
        return self._trees[port]

    def truth(self, port: Port) -> tuple[tuple[Site, int], ...]:
        """The channels of an output as numbers, at the sites that know them."""
        return tuple((site, self._truth[site, port]) for site in self.members if (site, port) in self._truth)

    def repeat_put(self, port: Port, tree: Tree | None) -> None:
        """`put` for an output of which the right text is known."""
        self._trees[port] = tree

    def right(self, tree: Tree | None, wanted: Sequence[tuple[Mapping[str, Value], int]]) -> bool:
        """Whether ``tree`` gives the number that is wanted, in every scope."""
        if tree is None or algebra.parts(tree) > algebra.MAX_PARTS:
            return False
        try:
            return all(agree(algebra.evaluate(tree, scope), number) for scope, number in wanted)
        except StudioError:
            return False

    def inputs(self, node: Node, once: Callable[[Sequence[Tree | None]], Tree | None]) -> list[Tree | None]:
        """The channels of each input as seen by the constructor. ``once`` gives the output channels for given ones."""
        outer = [self._trees[source] for source in node.sources]
        uses = self.uses(node)
        if node.repeat is not None:
            return [self._input_of_copies(node, uses, outer[0], once)]
        found: list[Tree | None] = []
        for index, tree in enumerate(outer):
            wanted = [(self.scope(site, copy), copy.inputs[index][0]) for site, copy in uses]
            found.append(tree if self.right(tree, wanted) else None)
        return found

    def _input_of_copies(
        self, node: Node, uses: Uses, tree: Tree | None, once: Callable[[Sequence[Tree | None]], Tree | None]
    ) -> Tree | None:
        """What goes into the ``i``-th of a block's copies."""
        wanted = [(self.scope(site, copy), copy.inputs[0][0]) for site, copy in uses]
        if tree is None:
            return None
        after = once([tree])
        if after is not None:
            rule, sound = self._rule(node, tree, after, once([BEFORE]))
            if self.right(rule, wanted):
                if not sound:
                    self.note_input(node)
                return rule
        self.note_input(node)
        return tree if self.right(tree, wanted) else None

    def _rule(self, node: Node, tree: Tree, after: Tree, of_any: Tree | None) -> tuple[Tree | None, bool]:
        """What goes into the ``i``-th copy where ``tree`` goes into the first, and whether that holds for any number of
        copies. ``after`` is what comes out of a copy for ``tree``, ``of_any`` the same for `BEFORE`."""
        growth = None if of_any is None else Growth.of(of_any)
        if growth is not None and growth.by is None:
            self._growth[node.name] = growth
            return tree, True
        unmoved = of_any is not None and BEFORE.id not in algebra.names_in(of_any)
        if node.by_copy:
            return _before_each(node, tree, after), unmoved
        # A few numbers are easier to read than a power.
        if growth is not None and (not growth.factor or growth.names(tree, node.repeat)):
            self._growth[node.name] = growth
            return growth.after(tree, algebra.name("i")), True
        before = _shifted(after, algebra.tree_of("i - 1"))
        return algebra.choose(algebra.tree_of("i == 0"), tree, before), unmoved

    def note_input(self, node: Node, index: int = 0) -> None:
        """A number stands where the channels of an input are meant."""
        self.influence.note(self.members, node.name, lambda facts: facts.inputs[index].channels | facts.copies)

    def argument(self, node: Node, index: int, tree: Tree | None) -> Tree:
        """Input channels for a constructor call: the text if there is a right one, else a number."""
        if tree is not None:
            return tree
        self.note_input(node, index)
        uses = self.uses(node)
        kind = "features" if len(uses[0][1].inputs[index]) == 1 else "channels"
        suffix = f"_{index}" if index else ""
        return self.number(node, uses, lambda copy: copy.inputs[index][0], f"in_{kind}{suffix}")

    def number(self, node: Node, uses: Uses, number: Callable[[Copy], Value], label: str) -> Tree:
        """A number that no expression gives: a literal if it is the same everywhere, else an argument."""
        values = {number(copy) for _, copy in uses}
        if len(values) == 1:
            return algebra.literal(values.pop())
        rows: dict[Site, dict[int, Value]] = {}
        for site, copy in uses:
            rows.setdefault(site, {})[copy.index] = number(copy)
        by_site = {site: _row(row) if node.repeat is not None else row[0] for site, row in rows.items()}
        some = next(iter(by_site.values()))
        if len(set(by_site.values())) == 1:
            tree = algebra.literal(some)
        else:
            taken = {*self.declared, *self.keys, *(item.key for item in self.hoisted)}
            key = naming.variable(f"{node.name}_{label}", taken)
            # Sites at which the block is off need some number too: any does.
            self.hoisted.append(Argument(key, None, dict.fromkeys(self.members, some) | by_site))
            tree = algebra.name(key)
        return tree if node.repeat is None else ast.Subscript(tree, algebra.name("i"), ast.Load())

    def put(self, node: Node, trees: Mapping[str, Tree | None], minimum: int) -> None:
        """Note the channels of the outputs: ``trees`` are those of a copy at work, ``minimum`` the least number of
        copies. The first right text is taken, those first that stay right for other arguments."""
        before = self._trees[node.sources[0]] if node.sources else None
        for port in node.ports:
            place = (node.name, port)
            known = [site for site in self.members if (site, place) in self._truth]
            wanted = [(self._names[site], self._truth[site, place]) for site in known]
            last = trees[port]
            if node.repeat is not None and last is not None:
                last = _shifted(last, algebra.fold(ast.BinOp(node.repeat, ast.Sub(), algebra.literal(1))))
            growth = self._growth.get(node.name)
            if growth is not None and before is not None:
                last = growth.after(before, node.repeat)
            options = [last, before]
            sound = not node.optional and not node.by_copy and (node.repeat is None or minimum >= 1)
            if before is not None and last is not None:
                sound = True
                either = last
                if growth is None and node.repeat is not None and minimum < 1:
                    none = ast.Compare(node.repeat, [ast.Eq()], [algebra.literal(0)])
                    either = algebra.choose(none, before, either)
                if node.optional and not algebra.implies_equal(node.bypass, before, last):
                    either = algebra.choose(node.bypass, before, either)
                options.insert(0, either)
                if growth is None and node.by_copy:
                    options.insert(0, _through(node, before, trees[port]))
            chosen = next((index for index, option in enumerate(options) if self.right(option, wanted)), None)
            self._trees[place] = None if chosen is None else options[chosen]
            if chosen is not None and (chosen > 0 or not sound):
                self.influence.note(self.members, node.name, partial(_channels_out, port=port))


def _channels_out(facts: Facts, port: str) -> Tokens:
    return facts.outputs[port].channels


def _at_work(copies: Sequence[Copy]) -> bool:
    return any(not copy.bypassed for copy in copies)


def _row(numbers: Mapping[int, Value]) -> tuple[int, ...]:
    """Numbers by index as a tuple; copies that are off get that of another, which nobody reads."""
    some = next(iter(numbers.values()))
    return tuple(numbers.get(index, some) for index in range(max(numbers) + 1))  # type: ignore[misc]


def _stages(node: Node, before: Tree, copy: Tree) -> list[Tree] | None:
    """What goes into each copy of a chain some of which are off, and what comes out of the last: ``copy`` is what the
    ``i``-th puts out. ``None`` where their number is not known or the text grows too long."""
    if not isinstance(node.repeat, ast.Constant):
        return None
    found = [before]
    for index in map(algebra.literal, range(int(node.repeat.value))):  # type: ignore[arg-type]
        off = algebra.fold(algebra.substitute(node.bypass, {"i": index}))
        found.append(algebra.choose(off, found[-1], _shifted(copy, index)))
        if algebra.parts(found[-1]) > algebra.MAX_PARTS:
            return None
    return found


def _through(node: Node, before: Tree, copy: Tree | None) -> Tree | None:
    """What comes out of such a chain."""
    stages = None if copy is None else _stages(node, before, copy)
    return stages[-1] if stages else None


def _before_each(node: Node, before: Tree, copy: Tree) -> Tree | None:
    """What goes into the ``i``-th copy of such a chain."""
    stages = _stages(node, before, copy)
    if stages is None:
        return None
    found: Tree | None = None
    for index, stage in reversed(list(enumerate(stages[:-1]))):
        off = algebra.condition(algebra.fold(algebra.substitute(node.bypass, {"i": algebra.literal(index)})))
        if isinstance(off, ast.Constant) and off.value:
            continue  # nobody asks
        found = stage if found is None else algebra.choose(algebra.tree_of(f"i == {index}"), stage, found)
    return found


def _shifted(tree: Tree, index: Tree) -> Tree:
    """``tree`` for another copy than the ``i``-th."""
    if "i" not in algebra.names_in(tree):
        return tree
    return algebra.fold(algebra.substitute(tree, {"i": index}))
