"""The document: a main graph, module definitions, parameters and texts, and what a script does with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from blockstudio.blocks import Parameter, RawValue
from blockstudio.checked import checked_methods
from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Wire, inferred, port_order
from blockstudio.graph.edit_base import EditBase
from blockstudio.graph.edits import (
    AddBlock,
    AddModule,
    AddWire,
    Edit,
    MoveBlocks,
    RemoveBlock,
    RemoveModule,
    RemoveWire,
    RenameBlock,
    RenameModule,
    SetBlock,
    SetDeclarations,
    SetDefault,
    SetParameter,
)
from blockstudio.graph.free_names import FreeNames, legal
from blockstudio.graph.history import History
from blockstudio.graph.names import MAX_NAME, MAX_TITLE, check_name, check_text, shown, suggestion
from blockstudio.text import say

__all__ = [
    "MAIN",
    "MAX_NAME",
    "Block",
    "Definition",
    "Diagram",
    "Wire",
    "check_name",
    "port_order",
    "suggestion",
]


@checked_methods
class Diagram(Contents):
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
        check_text(name, "name", MAX_TITLE)
        check_text(description, "description")
        super().__init__(name, description)
        self.history = History(self)

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
        parameters: Mapping[str, RawValue] | None = None,
        **given: RawValue,
    ) -> str:
        """Add a block; returns its name (made from the type where none is given). Its parameters are further arguments,
        or stand in ``parameters``, where no name can mean anything else.

        Raises `StudioError` for an unknown type or parameter, or a name that is taken or illegal.
        """
        if name is None:
            name = self.free_name(type, scope)
        block = Block(
            type=type, parameters={**(parameters or {}), **given}, at=at, repeat=repeat, bypass=bypass, note=note
        )
        self.history.do(AddBlock(scope=scope, name=name, block=block))
        return name

    def connect(self, source: str, target: str, *, scope: str = MAIN) -> Wire:
        """Wire ``"block"`` or ``"block:port"`` to ``"block"`` or ``"block:port"``; without a port the first one
        that is free. Raises `StudioError` if there is no such block or port, or the input is taken."""
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
                raise StudioError("wire.port", say("'{start}' has no output.", start=start), where=start)
            start_port = outputs[0]
        if not end_port:
            type_name = graph.block(end).type
            taken = {wire.target_port for wire in graph.wires_into(end)}
            if self.is_variadic(type_name):
                end_port = str(max((int(port) for port in taken), default=-1) + 1)
            else:
                ports = self.input_ports(type_name)
                if not ports:
                    raise StudioError("wire.port", say("'{end}' has no input.", end=end), where=end)
                end_port = next((port for port in ports if port not in taken), ports[0])
        return Wire(start, start_port, end, end_port)

    def set(
        self,
        name: str,
        /,
        *,
        scope: str = MAIN,
        parameters: Mapping[str, RawValue | None] | None = None,
        **given: RawValue | None,
    ) -> None:
        """Set parameters of a block as one step, given as arguments or in ``parameters``; ``None`` goes back to the
        default. With ``name=""`` sets the
        values (defaults) of the definition's own parameters. Raises `StudioError` for an unknown
        parameter or an illegal value; nothing is then changed."""
        values = {**(parameters or {}), **given}
        with self.history.gesture(say("Set {parameters}", parameters=", ".join(values))):
            for key, value in values.items():
                if name:
                    edit: SetParameter | SetDefault = SetParameter(scope=scope, name=name, key=key, value=value)
                elif value is None:
                    raise StudioError("parameter.value", say("{key} needs a value.", key=key), where=key)
                else:
                    edit = SetDefault(scope=scope, key=key, value=value)
                self.history.do(edit)

    def remove(self, name: str, *, scope: str = MAIN) -> None:
        """Remove a block and its wires as one step."""
        graph = self.definition(scope)
        graph.block(name)
        with self.history.gesture(say("Delete {name}", name=name)):
            for wire in dict.fromkeys([*graph.wires_into(name), *graph.wires_from(name)]):
                self.history.do(RemoveWire(scope=scope, wire=wire))
            self.history.do(RemoveBlock(scope=scope, name=name))

    def rename(self, name: str, to: str, *, scope: str = MAIN) -> None:
        """Give a block another name; its wires follow. Raises `StudioError` for one that is taken or illegal."""
        self.history.do(RenameBlock(scope=scope, name=name, to=to), f"Rename {name}")

    def move(self, name: str, x: float, y: float, *, scope: str = MAIN) -> None:
        """Put a block's centre at (x, y) pixels."""
        self.history.do(MoveBlocks(scope=scope, to={name: (x, y)}), f"Move {name}")

    def bypass(self, name: str, when: bool | str = True, *, scope: str = MAIN) -> None:
        """Switch a block off (``True``), on (``False``), or off where an expression is true."""
        block = msgspec.structs.replace(self.definition(scope).block(name), bypass=when)
        self.history.do(SetBlock(scope=scope, name=name, block=block), f"Bypass {name}")

    def repeat(self, name: str, times: int | str | None, *, scope: str = MAIN) -> None:
        """Make a block a chain of copies; ``None``: a single block again. Raises `StudioError` for a type that
        has not one input and one output."""
        block = msgspec.structs.replace(self.definition(scope).block(name), repeat=times)
        self.history.do(SetBlock(scope=scope, name=name, block=block), f"Repeat {name}")

    def disconnect(self, source: str, target: str, *, scope: str = MAIN) -> None:
        """Remove the wires from ``"block[:port]"`` to ``"block[:port]"`` as one step."""
        start, _, start_port = source.partition(":")
        end, _, end_port = target.partition(":")
        found = [
            wire
            for wire in self.definition(scope).wires_into(end)
            if wire.source == start and start_port in ("", wire.source_port) and end_port in ("", wire.target_port)
        ]
        if not found:
            raise StudioError(
                "wire.missing",
                say("there is no wire from {source} to {target}.", source=source, target=target),
                where=end,
            )
        with self.history.gesture(say("Disconnect {source} from {target}", source=source, target=target)):
            for wire in found:
                self.history.do(RemoveWire(scope=scope, wire=wire))

    def module(self, name: str, parameters: Mapping[str, Parameter | RawValue] | None = None) -> str:
        """Add an empty module definition and return its scope."""

        declared = {
            key: value if isinstance(value, Parameter) else inferred(value) for key, value in (parameters or {}).items()
        }
        self.history.do(AddModule(name=name, parameters=declared))
        return name

    def rename_module(self, name: str, to: str) -> None:
        """Give a module another name; its instances follow. Raises `StudioError` for one that is taken or illegal."""
        self.history.do(RenameModule(name=name, to=to), f"Rename {name}")

    def remove_module(self, name: str) -> None:
        """Remove a module that has no instances. Raises `StudioError` ``diagram.used`` naming one that is left."""
        self.history.do(RemoveModule(name=name), f"Delete {name}")

    def declare(self, name: str, default: Parameter | RawValue, *, scope: str = MAIN) -> None:
        """Declare a parameter of the diagram or a module, or change its declaration. A bare ``default`` gives
        the kind. Raises `StudioError` for an illegal name or default."""
        declared = default if isinstance(default, Parameter) else inferred(default)
        parameters = {**self.definition(scope).parameters, name: declared}
        self.history.do(SetDeclarations(scope=scope, parameters=parameters), f"Declare {name}")

    def undeclare(self, name: str, *, scope: str = MAIN) -> None:
        """Remove a declared parameter. Raises `StudioError` ``parameter.unknown``, or ``diagram.used`` while an
        instance sets it. Expressions that use it stay; analysis reports them."""
        parameters = dict(self.definition(scope).parameters)
        if name not in parameters:
            raise StudioError(
                "parameter.unknown", say("there is no parameter '{name}'.", name=shown(name)), where=scope
            )
        del parameters[name]
        self.history.do(SetDeclarations(scope=scope, parameters=parameters), f"Remove {name}")

    def edit(self, label: str, edits: Iterable[Edit]) -> None:
        """Apply edits as one step (those of an operation, for instance). Raises `StudioError` from the first that is
        refused; nothing is then changed."""
        with self.history.gesture(label):
            for edit in edits:
                if not isinstance(edit, EditBase):
                    raise StudioError("argument.type", say("edits: expected edits, found {found}.", found=shown(edit)))
                self.history.do(edit)

    def undo(self) -> str | None:
        """Undo the last step and return its label, or ``None`` if there is none."""
        return self.history.undo()

    def redo(self) -> str | None:
        """Redo the step last undone and return its label, or ``None`` if there is none."""
        return self.history.redo()

    def free_name(self, wanted: str, scope: str = MAIN) -> str:
        """A legal free name made from ``wanted``: ``conv2d``, ``conv2d_2``..."""
        return FreeNames(self.definition(scope)).free(legal(wanted))
