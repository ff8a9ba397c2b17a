"""One level of a diagram: blocks and wires in a `networkx.MultiDiGraph`, in document order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import networkx as nx

from blockstudio.blocks import Origin, Parameter, RawValue, infer_parameter
from blockstudio.errors import StudioError, shown
from blockstudio.graph.annotations import Frame, Note
from blockstudio.graph.copied import copied
from blockstudio.text import say

MAIN = ""
"""The scope of the main graph; any other scope is the name of a module definition."""


class Block(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One block. Frozen: the diagram changes only by edits that put another in its place."""

    type: str
    """A name in the catalogue, or of a module definition (the block is then an instance of it)."""
    parameters: dict[str, RawValue] = {}
    """What differs from the type's defaults, as written (expressions are strings). Never changed in place."""
    at: tuple[float, float] | None = None
    """Centre on the canvas; ``None`` until laid out."""
    repeat: int | str | None = None
    """``None``: one block under its own name. A number or expression: a chain of copies ``name.0``, ``name.1``..."""
    bypass: bool | str = False
    """Switched off (the first input passes through), possibly under an expression."""
    pinned: bool = False
    """It keeps its place when the level is laid out."""
    note: str = ""
    origin: Origin | None = None
    """Of a block whose type is not installed here: what the file said of the type."""

    def __post_init__(self) -> None:
        # What a caller passed in may be changed by the caller later: the block keeps its own.
        if self.parameters:
            own = {key: own_value(value) for key, value in self.parameters.items()}
            msgspec.structs.force_setattr(self, "parameters", own)
        if self.at is not None:
            msgspec.structs.force_setattr(self, "at", own_position(self.at))

    def moved(self, at: tuple[float, float] | None) -> Block:
        """The same block elsewhere; ``at`` as `own_position` gives it."""
        twin: Block = self.__copy__()  # type: ignore[attr-defined]  # thousands may move in one step: nothing of them is to be checked or copied again
        msgspec.structs.force_setattr(twin, "at", at)
        return twin


def own_value(value: RawValue) -> RawValue:
    """A value that shares nothing with the one given, in the types that a file gives back: lists for tuples,
    plain numbers for their subclasses."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is float:
        return value
    if isinstance(value, list | tuple):
        return [_own_item(item) for item in value]
    for plain in (str, int, float):
        if isinstance(value, plain):
            return plain(value)
    return value


def own_position(at: tuple[float, float]) -> tuple[float, float]:
    """A position as a file gives it back. What is none is left for the check."""
    if type(at) is tuple and len(at) == 2 and type(at[0]) is type(at[1]) is float:
        return at  # nearly all of the thousands that one step may move
    if isinstance(at, list | tuple) and all(_is_number(value) for value in at):
        return tuple(float(value) for value in at)  # type: ignore[return-value]
    return at


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**53)


def _own_item(item: int | str) -> int | str:
    found = item if isinstance(item, list | tuple) else own_value(item)  # a list in a list is for the check to refuse
    whole = isinstance(found, float) and found.is_integer()
    return int(found) if whole else found  # type: ignore[arg-type, return-value]


def inferred(default: RawValue) -> Parameter:
    """The declaration that a bare default stands for: its kind is read off the value."""
    parameter = infer_parameter(default)
    if isinstance(default, list | tuple) and len(default) in (3, 4):
        return msgspec.structs.replace(parameter, kind="shape" if len(default) == 3 else "padding")
    return parameter


class Wire(NamedTuple):
    """A wire within one graph: output port to input port."""

    source: str
    source_port: str
    target: str
    target_port: str


Route = tuple[tuple[float, float], ...]
"""Points that a wire is led through, in order from its source; in the coordinates of `Block.at`."""


class _Index:
    """What makes single edits cheap in big graphs. Derived from the graph, kept by `Definition`'s changes."""

    __slots__ = ("of_type", "order", "prefixes", "repeated", "taken", "types")

    def __init__(self, graph: nx.MultiDiGraph) -> None:
        self.order: list[str] = list(graph)
        self.prefixes: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        self.taken = {(v, key[1]): (u, key[0]) for u, v, key in graph.edges(keys=True)}
        self.of_type: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.repeated: set[str] = set()
        for name, block in graph.nodes(data="block"):
            self.note(name, block, came=True)

    def note(self, name: str, block: Block, *, came: bool) -> None:
        """A block came, or went."""
        count = Counter.update if came else _subtract
        count(self.prefixes, prefixes(name))
        count(self.types, [block.type])
        self.of_type.clear()
        if block.repeat is not None:
            self.repeated ^= {name}


class Definition:
    """One level of a diagram, the main graph or a module: declared parameters and a graph.

    `graph`: nodes are block names with their `Block` under ``"block"``, in document order; edges are keyed
    by ``(source_port, target_port)``. Once the definition belongs to a diagram, only edits change it, through
    the methods `insert`, `take`, `put`, `rename`, `join` and `cut`, which check nothing.
    """

    __slots__ = ("_frames", "_framing", "_graph", "_index", "_notes", "_routes", "_unsorted", "_view", "description",
                 "has_foreign", "parameters")  # fmt: skip

    def __init__(self, parameters: Mapping[str, Parameter] | None = None, description: str = "") -> None:
        self.parameters: Mapping[str, Parameter] = dict(parameters or {})
        self.description = description
        self.has_foreign = False
        """Whether a block was ever here that tells of a type from outside: where none was, none is looked for."""
        self._graph: nx.MultiDiGraph = nx.MultiDiGraph()
        self._view: nx.MultiDiGraph | None = None
        self._index: _Index | None = None
        self._routes: dict[Wire, Route] = {}
        self._notes: Mapping[str, Note] = {}
        self._frames: Mapping[str, Frame] = {}
        self._framing: dict[str, tuple[str, ...]] | None = None
        self._unsorted = False

    # What is there

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The networkx graph, its nodes in document order: to be read. Whatever would change it raises
        `networkx.NetworkXError` or `TypeError`."""
        if self._unsorted:
            nodes = self._graph._node  # in place: a copy of the graph would cost far more
            for name in self.index.order:
                nodes[name] = nodes.pop(name)
            self._unsorted = False
        if self._view is None:
            self._view = nx.freeze(self._graph.copy(as_view=True))
        return self._view

    def copy(self) -> Definition:
        """A definition of its own with the same blocks; they are immutable, so they are shared."""
        twin = Definition(self.parameters, self.description)
        twin._graph, twin.has_foreign = copied(self._graph), self.has_foreign
        twin._routes, twin._notes, twin._frames = dict(self._routes), self._notes, self._frames
        return twin

    def __len__(self) -> int:
        return len(self._graph)

    def __contains__(self, name: object) -> bool:
        return name in self._graph

    def block(self, name: str) -> Block:
        """The block called ``name``. Raises `StudioError` ``diagram.block``."""
        try:
            return self._graph._node[name]["block"]  # type: ignore[no-any-return]
        except KeyError:
            raise StudioError(
                "diagram.block", say("there is no block '{name}'.", name=shown(name)), where=shown(name)
            ) from None

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """Names and blocks in document order."""
        return iter([(name, data["block"]) for name, data in self.graph._node.items()])

    def wires_into(self, name: str) -> list[Wire]:
        """Wires that end at ``name``, in port order."""
        found = [Wire(u, key[0], name, key[1]) for u, keys in self._graph._pred.get(name, {}).items() for key in keys]
        return found if len(found) < 2 else sorted(found, key=lambda wire: port_order(wire.target_port))

    def wires_from(self, name: str) -> list[Wire]:
        """Wires that start at ``name``, by output port, then by the name and port they end at."""
        found = [Wire(name, key[0], v, key[1]) for v, keys in self._graph._adj.get(name, {}).items() for key in keys]
        return sorted(found, key=lambda w: (w.source_port, w.target, port_order(w.target_port))) if found[1:] else found

    def wires(self) -> list[Wire]:
        """All wires in document order: by source block, then target block, then ports."""
        place = {name: index for index, name in enumerate(self.graph)}
        found = [Wire(u, key[0], v, key[1]) for u, v, key in self._graph.edges(keys=True)]
        return sorted(found, key=lambda w: (place[w.source], w.source_port, place[w.target], port_order(w.target_port)))

    def wire_set(self) -> set[Wire]:
        """All wires, in no order."""
        return {Wire(*source, *target) for target, source in self.index.taken.items()}

    def readers(self, name: str, without: Wire | None = None) -> list[str]:
        """The blocks that read ``name``, each once. ``without``: a wire that does not count."""
        found = self._graph._adj[name]
        if without is None or without.source != name or len(found.get(without.target, ())) != 1:
            return list(found)
        (only,) = found[without.target]
        return [each for each in found if each != without.target or only != (without.source_port, without.target_port)]

    def wired(self, name: str) -> bool:
        """Whether any wire begins or ends at ``name``."""
        return bool(self._graph.degree(name))

    def wire_into(self, name: str, port: str) -> tuple[str, str] | None:
        """The block and port that feed an input port, if any."""
        return self.index.taken.get((name, port))

    def of_type(self, *types: str) -> list[str]:
        """Names of the blocks of these types, in document order."""
        if self._index is None:
            return [name for name, block in self.blocks() if block.type in types]
        if not any(kind in self._index.types for kind in types):
            return []
        found = self._index.of_type.get(types)
        if found is None:
            found = tuple(name for name, block in self.blocks() if block.type in types)
            self._index.of_type[types] = found
        return list(found)

    def types(self) -> set[str]:
        """The types that occur."""
        return set(self.index.types)

    def repeated(self) -> set[str]:
        """Names of the blocks that stand for several copies."""
        return set(self.index.repeated)

    @property
    def routes(self) -> Mapping[Wire, Route]:
        """The wires that are led through points, with these: to be read."""
        return MappingProxyType(self._routes)

    @property
    def notes(self) -> Mapping[str, Note]:
        """Texts on the drawing, by name: to be read."""
        return MappingProxyType(self._notes)

    @property
    def frames(self) -> Mapping[str, Frame]:
        """Rectangles around blocks, by name: to be read."""
        return MappingProxyType(self._frames)

    def frames_of(self, name: str) -> tuple[str, ...]:
        """The frames that hold a block."""
        if not self._frames:
            return ()
        if self._framing is None:
            self._framing = {}
            for key, frame in self._frames.items():
                for block in frame.blocks:
                    self._framing[block] = (*self._framing.get(block, ()), key)
        return self._framing.get(name, ())

    @property
    def wire_count(self) -> int:
        """How many wires there are."""
        return len(self.index.taken)

    def clash(self, name: str, but: str = "") -> str:
        """The block, other than ``but``, whose path ``name`` equals, contains or lies in; ``""`` if none."""
        if name in self._graph and name != but:
            return name
        for prefix in prefixes(name):
            if prefix in self._graph and prefix != but:
                return prefix
        inside = self.index.prefixes.get(name, 0) - (1 if but.startswith(f"{name}.") else 0)
        if inside > 0:
            return next(str(other) for other in self._graph if other != but and other.startswith(f"{name}."))
        return ""

    @property
    def index(self) -> _Index:
        if self._index is None:
            self._index = _Index(self._graph)
        return self._index

    # What edits do

    def insert(self, name: str, block: Block, index: int | None = None) -> None:
        """Add a block at a place in document order, by default the end."""
        found = self.index
        self._hold(name, block)
        if index is None or index >= len(found.order):
            found.order.append(name)
        else:
            found.order.insert(index, name)
            self._unsorted = True
        found.note(name, block, came=True)

    def take(self, name: str) -> int | None:
        """Remove a block without wires; returns its place in document order, ``None`` for the end."""
        found = self.index
        block = self.block(name)
        last = found.order[-1] == name
        place = len(found.order) - 1 if last else found.order.index(name)
        del found.order[place]
        self._graph.remove_node(name)
        found.note(name, block, came=False)
        return None if last else place

    def put(self, name: str, block: Block) -> None:
        """Put another block in the place of ``name``."""
        old = self.block(name)
        if old.type != block.type or (block.repeat is None) != (old.repeat is None):
            self.index.note(name, old, came=False)
            self.index.note(name, block, came=True)
        self._hold(name, block)

    def move(self, to: Mapping[str, tuple[float, float] | None]) -> dict[str, tuple[float, float] | None]:
        """Put blocks elsewhere; where they were."""
        nodes, before = self._graph._node, {}
        for name, at in to.items():
            block: Block = nodes[name]["block"]
            before[name] = block.at
            nodes[name] = MappingProxyType({"block": block.moved(at)})
        return before

    def rename(self, name: str, to: str) -> None:
        """Give a block another name; it keeps its place and wires."""
        if name == to:
            return
        found = self.index
        block = self.block(name)
        wires = {wire: self.cut(wire) for wire in dict.fromkeys([*self.wires_into(name), *self.wires_from(name)])}
        self._graph.remove_node(name)
        self._hold(to, block)
        found.order[found.order.index(name)] = to
        self._unsorted = True
        found.note(name, block, came=False)
        found.note(to, block, came=True)
        framed = self.unframe(name)
        self.reframe(to, {key: None if frame is None else msgspec.structs.replace(frame, blocks=())
                          for key, frame in framed.items()})  # fmt: skip
        for wire, route in wires.items():
            source = to if wire.source == name else wire.source
            target = to if wire.target == name else wire.target
            self.join(Wire(source, wire.source_port, target, wire.target_port), route)

    def _hold(self, name: str, block: Block) -> None:
        if name not in self._graph:
            self._graph.add_node(name)
        self.has_foreign |= block.origin is not None
        self._graph._node[name] = MappingProxyType({"block": block})

    def write_notes(self, notes: Mapping[str, Note]) -> None:
        """Other notes in the place of all."""
        self._notes = dict(sorted(notes.items(), key=lambda each: natural(each[0])))

    def write_frames(self, frames: Mapping[str, Frame]) -> None:
        """Other frames in the place of all."""
        self._frames = dict(sorted(frames.items(), key=lambda each: natural(each[0])))
        self._framing = None

    def unframe(self, name: str) -> dict[str, Frame | None]:
        """Take a block out of its frames; these, with what a frame was that held nothing else and is gone now."""
        found: dict[str, Frame | None] = {}
        frames = dict(self._frames)
        for key in self.frames_of(name):
            frame = frames[key]
            left = tuple(each for each in frame.blocks if each != name)
            found[key] = None if left else frame
            if left:
                frames[key] = msgspec.structs.replace(frame, blocks=left)
            else:
                del frames[key]
        if found:
            self.write_frames(frames)
        return found

    def reframe(self, name: str, into: Mapping[str, Frame | None]) -> None:
        """Put a block into frames that are there, or with their first block into such as are not."""
        frames = dict(self._frames)
        for key, ended in into.items():
            frame = frames.get(key) or ended
            if frame is not None:
                frames[key] = msgspec.structs.replace(frame, blocks=tuple(sorted({*frame.blocks, name})))
        if into:
            self.write_frames(frames)

    def join(self, wire: Wire, route: Route = ()) -> None:
        """Add a wire between blocks that are there, to an input that is free."""
        self.index.taken[wire.target, wire.target_port] = (wire.source, wire.source_port)
        self._graph.add_edge(wire.source, wire.target, (wire.source_port, wire.target_port))
        self.lead(wire, route)

    def lead(self, wire: Wire, route: Route) -> Route:
        """Lead a wire that is there through other points; those it was led through."""
        old = self._routes.pop(wire, ())
        if route:
            self._routes[wire] = route
        return old

    def cut(self, wire: Wire) -> Route:
        """Remove a wire that is there; the points it was led through."""
        del self.index.taken[wire.target, wire.target_port]
        self._graph.remove_edge(wire.source, wire.target, (wire.source_port, wire.target_port))
        return self._routes.pop(wire, ())


def port_order(port: str) -> tuple[int, str]:
    """Sort key of ports: numbers as numbers."""
    return (int(port), "") if port.isdecimal() else (-1, port)


def natural(name: str) -> tuple[str, int, str]:
    """Sort key of numbered names: ``note_2`` before ``note_10``."""
    stem, _, number = name.rpartition("_")
    return (stem, int(number), "") if stem and number.isdecimal() and len(number) < 9 else (name, 1, name)


def prefixes(name: str) -> list[str]:
    """The paths that a path lies in: ``["a", "a.b"]`` of ``"a.b.c"``."""
    return [name[:end] for end, letter in enumerate(name) if letter == "."]


def _subtract(counts: Counter[str], keys: list[str]) -> None:
    for key in keys:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]
