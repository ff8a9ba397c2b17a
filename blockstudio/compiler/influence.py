"""Which parameters of the diagram can change a number of the network.

A constructor's argument is right for every value only where the source says how the network follows from it. Wherever
the compiler writes down a number instead, or decides something by one, it notes it here; the parameters behind that
number are no arguments then. What is found errs on one side only: a parameter that is not named changes nothing as
long as those that are named keep their values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex, TypeAlias

from blockstudio.blocks import AUX_OUTPUT, INPUT, OUTPUT, Arguments, BlockType, Shape
from blockstudio.compiler.net import Port
from blockstudio.compiler.sites import SWITCHES, Copy, Site, Sites, channel_name
from blockstudio.graph.diagram import MAIN, Block, Diagram
from blockstudio.graph.expressions import parse
from blockstudio.graph.resolve import is_expression

Token: TypeAlias = tuple[str, str]
"""What a number inside a definition can depend on: ``("value", parameter)``, ``("channels", input)``,
``("size", input)`` (height and width), ``("form", parameter)`` (whether a padding is a word, one number, or sides that
differ)."""
Tokens: TypeAlias = frozenset[Token]

NOTHING: Tokens = frozenset()
CHANNELS_ONLY = frozenset({"out_channels", "out_features", "groups", "depth_multiplier"})
"""Parameters that shape rules read but for channels."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the channels and the height and width of an output depend on."""

    channels: Tokens = NOTHING
    size: Tokens = NOTHING

    def __or__(self, other: Reach) -> Reach:
        return Reach(self.channels | other.channels, self.size | other.size)


NOWHERE = Reach()


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides about one block at a site."""

    values: Mapping[str, Tokens]
    """By parameter, those that are expressions."""
    forms: Mapping[str, Tokens]
    """Likewise what decides about how the value is written."""
    repeat: Tokens
    bypass: Tokens
    inputs: tuple[Reach, ...]
    """Of every copy."""
    outputs: Mapping[str, Reach]

    @property
    def copies(self) -> Tokens:
        """What decides which copies there are."""
        return self.repeat | self.bypass

    @property
    def everything(self) -> Tokens:
        return self.copies.union(*self.values.values(), *(each.channels | each.size for each in self.inputs))


class Influence:
    """Answers for every site of a diagram. ``fixed`` are parameters of the diagram that keep their value."""

    def __init__(self, diagram: Diagram, sites: Sites, fixed: Iterable[str]) -> None:
        self.found: set[str] = set()
        """Parameters of the diagram behind the numbers that were noted."""
        self.recorded: list[Callable[[Facts], Tokens]] = []
        """What was noted of the block at hand; whoever begins another one clears it."""
        self._diagram = diagram
        self._sites = sites
        self._facts: dict[Site, dict[str, Facts]] = {}
        self._outs: dict[Site, dict[str, Reach]] = {}
        self._alike: dict[tuple[tuple[Copy, ...], tuple[Reach, ...]], Facts] = {}
        self._meaning: dict[Site, dict[Token, frozenset[str]]] = {}
        scopes = sites.scopes()
        for scope in scopes:
            for site in sites.of(scope):
                self._walk(site)
        kept = {*fixed, *(key for key, parameter in diagram.parameters.items() if parameter.kind in SWITCHES)}
        free = [key for key in diagram.parameters if key not in kept]
        self._meaning[sites.main] = {(sort, key): frozenset({key}) for key in free for sort in ("value", "form")}
        for scope in reversed(scopes):
            for site in sites.of(scope):
                self._hand_down(site)

    # What the compiler notes

    def note(self, sites: Iterable[Site], name: str, tokens: Callable[[Facts], Tokens]) -> None:
        """The text depends on the numbers behind ``tokens`` of a block."""
        self.recorded.append(tokens)
        for site in sites:
            facts = self._facts[site].get(name)
            if facts is not None:
                self.found |= self._means(site, tokens(facts))

    def note_names(self, sites: Iterable[Site], names: Iterable[str]) -> None:
        """The text depends on what names of a definition mean."""
        wanted = list(names)
        for site in sites:
            self.found |= self._means(site, self._named(site.scope, wanted))

    def note_sites(self, sites: Iterable[Site]) -> None:
        """The text depends on the sites as a whole."""
        for site in sites:
            self.found.update(*self._meaning.get(site, {}).values())

    def note_switching(self, sites: Iterable[Site]) -> None:
        """The text depends on what is off at the sites."""
        for site in sites:
            for facts in self._facts[site].values():
                self.found |= self._means(site, facts.copies)

    def _means(self, site: Site, tokens: Tokens) -> frozenset[str]:
        meaning = self._meaning.get(site, {})
        return frozenset().union(*(meaning.get(token, frozenset()) for token in tokens))

    # Inner sites first: what numbers depend on within their definition

    def _named(self, scope: str, names: Iterable[str]) -> Tokens:
        declared = self._diagram.definition(scope).parameters
        ports = [] if scope == MAIN else self._diagram.definition(scope).of_type(INPUT)
        channels = {channel_name(port, index): port for index, port in enumerate(ports)}
        found: set[Token] = set()
        for name in names:
            if name in channels and name not in declared:
                found.add(("channels", channels[name]))
            elif name in declared:
                found.add(("value", name))
        return frozenset(found)

    def _text(self, scope: str, raw: object, repeat: Tokens = NOTHING) -> Tokens:
        """What an expression, or a list with expressions in it, depends on."""
        names = _names(raw)
        if not names:
            return NOTHING
        return self._named(scope, names) | (repeat if "i" in names else NOTHING)

    def _form(self, scope: str, raw: object, values: Tokens) -> Tokens:
        if isinstance(raw, list | tuple):
            return values if len(raw) > 2 else NOTHING
        declared = self._diagram.definition(scope).parameters.get(raw) if isinstance(raw, str) else None
        several = declared is not None and declared.kind in ("pair", "padding", "shape")
        return frozenset({("form", str(raw))}) if several else NOTHING

    def _walk(self, site: Site) -> None:
        scope = site.scope
        definition = self._diagram.definition(scope)
        ports: dict[Port, Reach] = {}
        facts = self._facts[site] = {}
        outs = self._outs[site] = {}
        wiring = self._sites.wiring(scope)
        for name in self._sites.order(scope):
            block = definition.block(name)
            if block.type == INPUT:
                ports[name, "out"] = self._entrance(scope, name, block)
                continue
            inputs = tuple([ports.get(source, NOWHERE) for source in wiring[name]])
            if block.type == OUTPUT:
                outs[name] = inputs[0]
            elif block.type != AUX_OUTPUT:
                found = facts[name] = self._facts_of(site, name, block, inputs)
                for port, reach in found.outputs.items():
                    ports[name, port] = reach

    def _entrance(self, scope: str, name: str, block: Block) -> Reach:
        if scope != MAIN:
            return Reach(frozenset({("channels", name)}), frozenset({("size", name)}))
        shape = block.parameters.get("shape")
        if isinstance(shape, list | tuple):
            return Reach(self._text(MAIN, shape[0]), self._text(MAIN, shape[1:]))
        both = self._text(MAIN, shape)
        return Reach(both, both)

    def _facts_of(self, site: Site, name: str, block: Block, inputs: tuple[Reach, ...]) -> Facts:
        """`_block`, once for blocks that are alike at a site: they have the same copies."""
        copies = site.blocks.get(name, ()) + site.spare.get(name, ())
        if block.repeat is not None or not copies or copies[-1].site is not None:
            return self._block(site, name, block, inputs)
        found = self._alike.get((copies, inputs))
        if found is None:
            found = self._alike[copies, inputs] = self._block(site, name, block, inputs)
        return found

    def _block(self, site: Site, name: str, block: Block, inputs: tuple[Reach, ...]) -> Facts:
        scope = site.scope
        repeat = self._text(scope, block.repeat)
        bypass = self._text(scope, block.bypass, repeat)
        declared = self._diagram.declared(block.type)
        values = {
            key: self._text(scope, raw, repeat)
            for key, raw in block.parameters.items()
            if key in declared and is_expression(declared[key], raw)
        }
        forms = {key: self._form(scope, block.parameters[key], values[key]) for key in values}
        names = self._diagram.output_ports(block.type)
        copies = [c for c in (*site.blocks.get(name, ()), *site.spare.get(name, ())) if not c.bypassed]
        if not copies:
            outside = (inputs[0] if inputs else Reach()) | Reach(repeat | bypass, repeat | bypass)
            return Facts(values, forms, repeat, bypass, inputs, dict.fromkeys(names, outside))
        outputs = self._step(block, copies, values, inputs)
        if block.repeat is not None and inputs:
            inputs = (inputs[0] | next(iter(outputs.values())),)
            outputs = self._step(block, copies, values, inputs)
        off = inputs[0] if inputs else Reach()
        may_be_off = block.bypass is not False or isinstance(block.repeat, str) or block.repeat == 0
        for port, reach in outputs.items():
            # Copies and switches that leave a number as it is do not matter as long as the number itself stays.
            more = self._switching(block, copies, port, bypass, repeat)
            outputs[port] = reach | more | (off if may_be_off else Reach())
        return Facts(values, forms, repeat, bypass, inputs, outputs)

    def _switching(self, block: Block, copies: Sequence[Copy], port: str, bypass: Tokens, repeat: Tokens) -> Reach:
        if not copies[0].inputs:
            return Reach()
        both = bypass | repeat
        by_place = block.repeat is not None and self._tells_copies_apart(block)
        kept_channels = not by_place and all(copy.inputs[0][0] == copy.outputs[port][0] for copy in copies)
        kept_size = not by_place and all(copy.inputs[0][1:] == copy.outputs[port][1:] for copy in copies)
        return Reach(NOTHING if kept_channels else both, NOTHING if kept_size else both)

    def _tells_copies_apart(self, block: Block) -> bool:
        declared = self._diagram.declared(block.type)
        given = [raw for key, raw in block.parameters.items() if key in declared and is_expression(declared[key], raw)]
        return any("i" in _names(raw) for raw in (*given, block.bypass))

    def _step(
        self, block: Block, copies: Sequence[Copy], values: Mapping[str, Tokens], inputs: tuple[Reach, ...]
    ) -> dict[str, Reach]:
        """What comes out of one copy."""
        kind = self._diagram.kind(block.type)
        if kind is not None:
            reach = _leaf(kind, copies[0], values, inputs)
            return dict.fromkeys(self._diagram.output_ports(block.type), reach)
        found: dict[str, Reach] = {}
        for child in dict.fromkeys(copy.site for copy in copies):
            assert child is not None
            given = _given(child, values, {}, inputs)
            for port, reach in self._outs[child].items():
                inner = Reach(*(_put_in(tokens, given) for tokens in (reach.channels, reach.size)))
                found[port] = found.get(port, Reach()) | inner
        return found

    # Outer sites first: what that means in parameters of the diagram

    def _hand_down(self, site: Site) -> None:
        for name, facts in self._facts[site].items():
            children = {c.site for c in (*site.blocks.get(name, ()), *site.spare.get(name, ())) if c.site is not None}
            for child in children:
                meaning = self._meaning.setdefault(child, {})
                for token, tokens in _given(child, facts.values, facts.forms, facts.inputs).items():
                    meaning[token] = meaning.get(token, frozenset()) | self._means(site, tokens)


def _names(raw: object) -> set[str]:
    """Names in an expression or in a list with expressions in it."""
    texts = raw if isinstance(raw, list | tuple) else [raw]
    return {name for text in texts if isinstance(text, str) for name in parse(text).names}


def _given(
    child: Site, values: Mapping[str, Tokens], forms: Mapping[str, Tokens], inputs: Sequence[Reach]
) -> dict[Token, Tokens]:
    """What the tokens of a definition stand for in the one that uses it."""
    given: dict[Token, Tokens] = {("value", key): tokens for key, tokens in values.items()}
    given |= {("form", key): tokens for key, tokens in forms.items()}
    for port, reach in zip(child.inputs, inputs, strict=False):
        given["channels", port] = reach.channels
        given["size", port] = reach.size
    return given


def _put_in(tokens: Tokens, given: Mapping[Token, Tokens]) -> Tokens:
    return NOTHING.union(*(given.get(token, NOTHING) for token in tokens))


# What a block type reads


class Watched(dict[str, Any]):
    """Parameter values that note which of them are read."""

    def __init__(self, values: Mapping[str, object], read: set[str]) -> None:
        super().__init__(values)
        self._read = read

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._read.add(key)
        return super().get(key, default)


class WatchedShape(tuple[int, ...]):
    """A shape that notes whether its channels or its height and width are read."""

    read: set[str]

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        self.read |= {"channels"} if index == 0 else {"size"} if _beyond_first(index) else {"channels", "size"}
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[int]:
        self.read |= {"channels", "size"}
        return super().__iter__()


def _beyond_first(index: object) -> bool:
    start = index.start if isinstance(index, slice) else index
    return isinstance(start, int) and start > 0


def watched_shapes(shapes: Sequence[Shape]) -> tuple[WatchedShape, ...]:
    found = tuple(WatchedShape(shape) for shape in shapes)
    for shape in found:
        shape.read = set()
    return found


def reads(shapes: Sequence[WatchedShape], inputs: Sequence[Reach]) -> Tokens:
    """What the parts of ``shapes`` that were read depend on."""
    found = NOTHING
    for shape, reach in zip(shapes, inputs, strict=False):
        found |= (reach.channels if "channels" in shape.read else NOTHING) | (
            reach.size if "size" in shape.read else NOTHING
        )
    return found


def _leaf(kind: BlockType, copy: Copy, values: Mapping[str, Tokens], inputs: tuple[Reach, ...]) -> Reach:
    """What comes out of a block of the catalogue."""
    read: set[str] = set()
    shapes = watched_shapes(copy.inputs)
    channels = tuple(f"__in{index}_" for index in range(len(inputs)))
    texts = {key: f"__of_{key}_" for key in values}
    text = kind.code(Arguments(Watched(copy.values, read), shapes, channels, texts)).channels
    if text is None:
        found = NOTHING.union(*values.values(), *(each.channels | each.size for each in inputs))
    else:
        named = set(re.findall(r"__\w+_", text))
        found = reads(shapes, inputs).union(
            *(values[key] for key in values if texts[key] in named or key in read),
            *(inputs[index].channels for index, name in enumerate(channels) if name in named),
        )
    if len(next(iter(copy.outputs.values()))) == 1:
        return Reach(found)
    read = set()
    if values:
        kind.shape(Watched(copy.values, read), copy.inputs)
    size = NOTHING.union(*(values[key] for key in values if key in read and key not in CHANNELS_ONLY))
    if not kind.any_map:
        size = size.union(*(each.size for each in inputs))
    return Reach(found, size)
