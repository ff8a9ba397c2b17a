"""The document: definitions of blocks and wires in `networkx.MultiDiGraph`, and what a script does with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
import networkx as nx

from blockstudio.blocks import CATALOGUE, Parameter, RawValue
from blockstudio.errors import StudioError

MAIN = ""
"""The scope of the main graph; any other scope is the name of a module definition."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
MAX_NAME = 80


class Block(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    note: str = ""


class Wire(NamedTuple):
    """A wire within one graph: output port to input port."""

    source: str
    source_port: str
    target: str
    target_port: str


class Definition:
    """One level of a diagram, the main graph or a module: declared parameters and a graph.

    ``graph``: nodes are block names with their `Block` under ``"block"``, in document order; edges are keyed
    by ``(source_port, target_port)``.
    """

    __slots__ = ("description", "graph", "parameters")

    def __init__(self, parameters: Mapping[str, Parameter] | None = None, description: str = "") -> None:
        self.parameters: dict[str, Parameter] = dict(parameters or {})
        self.description = description
        self.graph: nx.MultiDiGraph = nx.MultiDiGraph()

    def block(self, name: str) -> Block:
        """The block called ``name``. Raises `StudioError` ``diagram.block``."""
        try:
            return self.graph.nodes[name]["block"]  # type: ignore[no-any-return]
        except KeyError:
            raise StudioError("diagram.block", f"there is no block '{name}'.", where=name) from None

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """Names and blocks in document order."""
        return iter(self.graph.nodes(data="block"))

    def wires_into(self, name: str) -> list[Wire]:
        """Wires that end at ``name``, in port order."""
        found = [Wire(u, key[0], v, key[1]) for u, v, key in self.graph.in_edges(name, keys=True)]
        return sorted(found, key=lambda wire: port_order(wire.target_port))

    def wires_from(self, name: str) -> list[Wire]:
        """Wires that start at ``name``."""
        return [Wire(u, key[0], v, key[1]) for u, v, key in self.graph.out_edges(name, keys=True)]

    def wires(self) -> list[Wire]:
        """All wires in document order: by source block, then target block, then ports."""
        place = {name: index for index, name in enumerate(self.graph)}
        found = [Wire(u, key[0], v, key[1]) for u, v, key in self.graph.edges(keys=True)]
        return sorted(found, key=lambda w: (place[w.source], w.source_port, place[w.target], port_order(w.target_port)))

    def of_type(self, *types: str) -> list[str]:
        """Names of the blocks of these types, in document order."""
        return [name for name, block in self.blocks() if block.type in types]


class Diagram:
    """A network as a document: main graph, module definitions, parameters, texts.

    Scripts build one with `add`, `connect`, `set` and `remove`; each is one undo step. Everything else
    (windows, fixes, refactorings) goes through `edit` and `gesture`. ``scope`` is ``""`` for the main graph or
    a module's name. `modules` and the graphs are to be read, never written, from outside.

        d = Diagram("tiny")
        d.add("Input", "input", shape=[3, 32, 32])
        d.add("Conv2d", "conv1", out_channels=16, kernel_size=3, padding=1)
        d.connect("input", "conv1")
    """

    def __init__(self, name: str = "untitled", description: str = "") -> None:
        from blockstudio.graph.history import History

        self.name = name
        self.about: dict[str, str] = {}
        """Free facts about the network: ``paper``, ``year``, ``family``, ``published``..."""
        self.main = Definition(description=description)
        self.modules: dict[str, Definition] = {}
        self.history = History(self)

    # What is there

    @property
    def description(self) -> str:
        return self.main.description

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Declared diagram parameters; their defaults are their current values."""
        return self.main.parameters

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The main graph."""
        return self.main.graph

    def definition(self, scope: str = MAIN) -> Definition:
        """The main graph (``""``) or a module. Raises `StudioError` ``diagram.module``."""
        if scope == MAIN:
            return self.main
        try:
            return self.modules[scope]
        except KeyError:
            raise StudioError("diagram.module", f"there is no module '{scope}'.", where=scope) from None

    def scopes(self) -> list[str]:
        """The main scope and every module's."""
        return [MAIN, *self.modules]

    def declared(self, type_name: str) -> Mapping[str, Parameter]:
        """The parameters of a block type or module. Raises `StudioError` ``diagram.type``."""
        if type_name in CATALOGUE:
            return CATALOGUE[type_name].parameters
        if type_name in self.modules:
            return self.modules[type_name].parameters
        raise StudioError(
            "diagram.type",
            f"'{type_name}' is neither a block type nor a module of this diagram.",
            hint=suggestion(type_name, [*CATALOGUE, *self.modules]),
        )

    def input_ports(self, type_name: str) -> tuple[str, ...]:
        """Input ports of a block type or module; ``()`` for one that takes any number."""
        if type_name in CATALOGUE:
            return CATALOGUE[type_name].inputs
        return tuple(self.definition(type_name).of_type("Input"))

    def output_ports(self, type_name: str) -> tuple[str, ...]:
        """Output ports of a block type or module."""
        if type_name in CATALOGUE:
            return CATALOGUE[type_name].outputs
        return tuple(self.definition(type_name).of_type("Output"))

    def is_variadic(self, type_name: str) -> bool:
        """Takes any number of inputs, on ports ``"0"``, ``"1"``, ..."""
        return type_name in CATALOGUE and CATALOGUE[type_name].variadic

    # What a script does

    def add(
        self,
        type: str,
        name: str | None = None,
        *,
        scope: str = MAIN,
        at: tuple[float, float] | None = None,
        repeat: int | str | None = None,
        bypass: bool | str = False,
        note: str = "",
        **parameters: RawValue,
    ) -> str:
        """Add a block; returns its name (made from the type where none is given).

        Raises `StudioError` for an unknown type or parameter, or a name that is taken or illegal.
        """
        from blockstudio.graph.edits import AddBlock

        if name is None:
            name = self.free_name(type, scope)
        block = Block(type=type, parameters=dict(parameters), at=at, repeat=repeat, bypass=bypass, note=note)
        self.history.do(AddBlock(scope=scope, name=name, block=block))
        return name

    def connect(self, source: str, target: str, *, scope: str = MAIN) -> Wire:
        """Wire ``"block"`` or ``"block:port"`` to ``"block"`` or ``"block:port"``; without a port the first one
        that is free. Raises `StudioError` if there is no such block or port, or the input is taken."""
        from blockstudio.graph.edits import AddWire

        wire = self.wire(source, target, scope=scope)
        self.history.do(AddWire(scope=scope, wire=wire))
        return wire

    def wire(self, source: str, target: str, *, scope: str = MAIN) -> Wire:
        """The wire that `connect` would add."""
        graph = self.definition(scope)
        start, _, start_port = source.partition(":")
        end, _, end_port = target.partition(":")
        outputs = self.output_ports(graph.block(start).type)
        if not start_port:
            if not outputs:
                raise StudioError("wire.port", f"'{start}' has no output.", where=start)
            start_port = outputs[0]
        if not end_port:
            type_name = graph.block(end).type
            taken = {wire.target_port for wire in graph.wires_into(end)}
            if self.is_variadic(type_name):
                end_port = str(max((int(port) for port in taken), default=-1) + 1)
            else:
                ports = self.input_ports(type_name)
                if not ports:
                    raise StudioError("wire.port", f"'{end}' has no input.", where=end)
                end_port = next((port for port in ports if port not in taken), ports[0])
        return Wire(start, start_port, end, end_port)

    def set(self, name: str, *, scope: str = MAIN, **parameters: RawValue | None) -> None:
        """Set parameters of a block as one step; ``None`` goes back to the default. With ``name=""`` sets the
        values (defaults) of the definition's own parameters. Raises `StudioError` for an unknown
        parameter or an illegal value; nothing is then changed."""
        from blockstudio.graph.edits import SetDefault, SetParameter

        with self.history.gesture(f"Set {', '.join(parameters)}"):
            for key, value in parameters.items():
                if name:
                    edit: SetParameter | SetDefault = SetParameter(scope=scope, name=name, key=key, value=value)
                elif value is None:
                    raise StudioError("parameter.value", f"{key} needs a value.", where=key)
                else:
                    edit = SetDefault(scope=scope, key=key, value=value)
                self.history.do(edit)

    def remove(self, name: str, *, scope: str = MAIN) -> None:
        """Remove a block and its wires as one step."""
        from blockstudio.graph.edits import RemoveBlock, RemoveWire

        graph = self.definition(scope)
        graph.block(name)
        with self.history.gesture(f"Delete {name}"):
            for wire in dict.fromkeys([*graph.wires_into(name), *graph.wires_from(name)]):
                self.history.do(RemoveWire(scope=scope, wire=wire))
            self.history.do(RemoveBlock(scope=scope, name=name))

    def disconnect(self, source: str, target: str, *, scope: str = MAIN) -> None:
        """Remove the wires from ``"block[:port]"`` to ``"block[:port]"`` as one step."""
        from blockstudio.graph.edits import RemoveWire

        start, _, start_port = source.partition(":")
        end, _, end_port = target.partition(":")
        found = [
            wire
            for wire in self.definition(scope).wires_into(end)
            if wire.source == start and start_port in ("", wire.source_port) and end_port in ("", wire.target_port)
        ]
        if not found:
            raise StudioError("wire.missing", f"there is no wire from {source} to {target}.", where=end)
        with self.history.gesture(f"Disconnect {source} from {target}"):
            for wire in found:
                self.history.do(RemoveWire(scope=scope, wire=wire))

    def module(self, name: str, parameters: Mapping[str, Parameter | RawValue] | None = None) -> str:
        """Add an empty module definition and return its scope."""
        from blockstudio.blocks import infer_parameter
        from blockstudio.graph.edits import AddModule

        declared = {
            key: value if isinstance(value, Parameter) else infer_parameter(value)
            for key, value in (parameters or {}).items()
        }
        self.history.do(AddModule(name=name, parameters=declared))
        return name

    def undo(self) -> str | None:
        """Undo the last step and return its label, or ``None`` if there is none."""
        return self.history.undo()

    def redo(self) -> str | None:
        """Redo the step last undone and return its label, or ``None`` if there is none."""
        return self.history.redo()

    def free_name(self, wanted: str, scope: str = MAIN) -> str:
        """A legal free name made from ``wanted``: ``conv2d``, ``conv2d_2``..."""
        stem = re.sub(r"[^a-z0-9_]+", "_", wanted.lower()).strip("_") or "block"
        stem = stem if stem[0].isalpha() or stem[0] == "_" else f"_{stem}"
        taken = self.definition(scope).graph
        name, index = stem, 1
        while name in taken:
            index += 1
            name = f"{stem}_{index}"
        return name


def port_order(port: str) -> tuple[int, str]:
    """Sort key of ports: numbers as numbers."""
    return (int(port), "") if port.isdecimal() else (-1, port)


def check_name(name: str, what: str = "block") -> None:
    """Raises `StudioError` ``diagram.name`` unless ``name`` can be an attribute path of a module."""
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise StudioError(
            "diagram.name",
            f"'{name[:MAX_NAME]}' cannot name a {what}.",
            hint="Use letters, digits and _, beginning with a letter; dots make a path, as in downsample.0.",
        )


def suggestion(wrong: str, known: list[str]) -> str:
    """``Did you mean Conv2d?`` or a list of what there is."""
    import difflib

    lowered = {item.lower(): item for item in known}
    close = difflib.get_close_matches(wrong.lower(), lowered, n=1)
    if close:
        return f"Did you mean {lowered[close[0]]}?"
    return "Known: " + ", ".join(known[:30]) + ("..." if len(known) > 30 else "") + "."
