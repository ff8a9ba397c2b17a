"""Blocks of the catalogue: the call that makes one, right at every use."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from blockstudio.blocks import Arguments, BlockType, Code, Value
from blockstudio.compiler import algebra
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.calls import IDENTITY, agree, concrete, repeated, sequence, source_value
from blockstudio.compiler.channels import Channels, Uses
from blockstudio.compiler.class_plans import Split, Unit
from blockstudio.compiler.influence import (
    NOTHING,
    Facts,
    Influence,
    Tokens,
    Watched,
    WatchedShape,
    reads,
    watched_shapes,
)
from blockstudio.compiler.net import Net, Node
from blockstudio.compiler.printer import atom, text_of
from blockstudio.compiler.sites import Copy, Site
from blockstudio.errors import StudioError


class _Found(NamedTuple):
    """What was found for a block."""

    unit: Unit
    out: Tree | None
    """The channels that come out."""
    recorded: tuple[Callable[[Facts], Tokens], ...]
    """What was noted on the way."""
    sources: list[Tree | None]
    """The channels that go in: known by their identity, so they have to stay."""


class Leaves:
    """The blocks of the catalogue in one class. ``overwriting`` are those that may write over their input."""

    def __init__(
        self, net: Net, channels: Channels, influence: Influence, members: list[Site], overwriting: Collection[str]
    ) -> None:
        self.net = net
        self.channels = channels
        self.influence = influence
        self.members = members
        self.overwriting = overwriting
        self._found: dict[Hashable, _Found] = {}
        declared = channels.declared.items()
        self.several = {key for key, parameter in declared if parameter.kind in ("pair", "padding", "shape")}
        """Parameters that may be several numbers."""

    def unit(self, node: Node, kind: BlockType) -> Unit:
        """The block in the class. One that is like an earlier one in all that its text is made from gets the same."""
        known = self._known_by(node)
        earlier = self._found.get(known) if known is not None else None
        if earlier is not None:
            self.channels.repeat_put((node.name, node.ports[0]), earlier.out)
            for tokens in earlier.recorded:
                self.influence.note(self.members, node.name, tokens)
            return earlier.unit.of(node)
        self.influence.recorded.clear()
        hoisted = len(self.channels.hoisted)
        unit = self._unit(node, kind)
        # A number that comes from outside is named after its block.
        if known is not None and len(self.channels.hoisted) == hoisted:
            sources = [self.channels.of(source) for source in node.sources]
            out = self.channels.of((node.name, node.ports[0]))
            self._found[known] = _Found(unit, out, tuple(self.influence.recorded), sources)
        self.influence.recorded.clear()
        return unit

    def _known_by(self, node: Node) -> Hashable | None:
        """All that the text of a block is made from; ``None`` for one that is repeated or may be off."""
        if node.repeat is not None or node.optional:
            return None
        return (
            # The same ones for blocks that are alike at a site.
            tuple([copy for _, copy in self.channels.uses(node)]),
            self._in_place(node),
            node.name.rpartition(".")[2].isdecimal(),
            self.channels.truth((node.name, node.ports[0])),
            tuple([id(self.channels.of(source)) for source in node.sources]),
        )

    def _unit(self, node: Node, kind: BlockType) -> Unit:
        uses = self.channels.uses(node)
        texts = self._texts(node)

        def code(site: Site, copy: Copy, trees: Sequence[Tree | None]) -> Code:
            return self._code(node, kind, copy, trees, texts, note=True)

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
        named = self._code(node, kind, first[1], [_missing(index) for index in range(len(inputs))], texts)
        for index, tree in enumerate(inputs):
            if tree is None and out is not None and _missing(index).id in str(named.channels):
                self.channels.note_input(node, index)
        self.channels.put(node, {node.ports[0]: out}, self.channels.minimum(node))
        sample = self._code(node, kind, first[1], inputs, texts)
        if sample.init is None and sample.module is None:
            return Unit(node, None, sample.forward)
        numbered = node.name.rpartition(".")[2].isdecimal()  # an item of a sequence
        if sample.init is None and not node.optional and node.repeat is None and not numbered:
            return Unit(node, None, sample.forward)
        arguments = [
            self.channels.argument(node, index, tree) if _missing(index).id in f"{named.init} {named.module}" else tree
            for index, tree in enumerate(inputs)
        ]
        unit = self._constructed(
            node, uses, lambda copy: self._code(node, kind, copy, arguments, texts, note=True), kind, texts
        )
        if sample.init is not None:
            unit.forward = sample.forward
        return unit

    def _texts(self, node: Node) -> dict[str, Tree]:
        """Parameters of a leaf that are expressions."""
        assert node.kind is not None
        uses = self.channels.uses(node)
        found: dict[str, Tree] = {}
        for key, raw in node.block.parameters.items():
            parameter = node.kind.parameters[key]
            tree = self.net.raw_tree(parameter, raw)
            words = any(isinstance(copy.values[key], str) for _, copy in uses)
            if tree is None or algebra.is_literal(tree):
                continue
            # How many numbers a name hands on matters to padding, and to its type always: PyTorch has another order.
            if parameter.kind == "padding":
                self.influence.note(self.members, node.name, partial(_form, key=key))
            handed_on = isinstance(tree, ast.Name) and parameter.numbers_only and tree.id in self.several
            if words or handed_on or key == "inplace":
                self.influence.note(self.members, node.name, partial(_value, key=key))
            if words or (key == "inplace" and not self._in_place(node)):
                continue
            found[key] = self.channels.typed(parameter, tree)
        return found

    def _in_place(self, node: Node) -> bool:
        return node.name in self.overwriting

    def _code(
        self,
        node: Node,
        kind: BlockType,
        copy: Copy,
        trees: Sequence[Tree | None],
        texts: Mapping[str, Tree],
        *,
        note: bool = False,
    ) -> Code:
        """Its text at one use, with the channels and parameters that are given as trees; with ``note``, what the text
        depends on besides is noted."""
        read: set[str] = set()
        values = Watched(copy.values, read)
        inputs = watched_shapes(copy.inputs)
        if "inplace" in values and not self._in_place(node):
            values["inplace"] = False
        channels = tuple(
            str(shape[0]) if tree is None else atom(tree) for tree, shape in zip(trees, copy.inputs, strict=True)
        )
        code = kind.code(Arguments(values, inputs, channels, {key: atom(tree) for key, tree in texts.items()}))
        if note:
            self._note_reads(node, kind, read, inputs, trees, texts)
        return code

    def _note_reads(
        self,
        node: Node,
        kind: BlockType,
        read: set[str],
        inputs: Sequence[WatchedShape],
        trees: Sequence[Tree | None],
        texts: Mapping[str, Tree],
    ) -> None:
        """A text was made by looking at numbers."""
        for key in read:
            # Padding is looked at for whether its sides differ: those of one number or of two do not.
            sides = texts.get(key) if key == "padding" else None
            if sides is None or (isinstance(sides, ast.Tuple) and len(sides.elts) > 2):
                self.influence.note(self.members, node.name, partial(_value, key=key))
        if kind.variadic:
            # Which input has the most channels does not matter if all have as many: sides of 1 alone are stretched.
            alike = all(algebra.same(tree, trees[0]) and tree is not None for tree in trees)
            above = all(tree is not None and (algebra.least(tree, self.channels.minima) or 0) > 1 for tree in trees)
            if alike or above:
                for shape in inputs:
                    shape.read.discard("channels")
        if any(shape.read for shape in inputs):
            self.influence.note(self.members, node.name, lambda facts: reads(inputs, facts.inputs))

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
                return Unit(node, repeated(call, node, self.channels.minimum(node)), "{self}({0})", option.helper)
            self.influence.note(self.members, node.name, lambda facts: facts.everything)

        def row(site: Site) -> tuple[str, ...]:
            copies = self.channels.listed(node, site)
            return tuple(text_of(IDENTITY if copy.bypassed else _init(plain(copy))) for copy in copies)

        if len({row(site) for site in self.members}) > 1:
            raise Split(row)
        listed = [algebra.tree_of(text) for text in row(self.members[0])]
        # Only a chain has its copies one below it: a block by itself keeps its own keys.
        tree = listed[0] if node.repeat is None else sequence(listed)
        return Unit(node, tree, "{self}({0})", plain(uses[0][1]).helper)


def _value(facts: Facts, key: str) -> Tokens:
    return facts.values.get(key, NOTHING)


def _form(facts: Facts, key: str) -> Tokens:
    return facts.forms.get(key, NOTHING)


def _missing(index: int) -> ast.Name:
    """Stands for the channels of an input."""
    return ast.Name(f"__input_{index}_", ast.Load())


def _init(code: Code) -> Tree:
    text = code.init or code.module
    assert text is not None
    return algebra.tree_of(text)


def _same_call(call: Tree, scope: Mapping[str, Value], truth: object) -> bool:
    try:
        return agree(concrete(call, scope), truth)
    except StudioError:
        return False
