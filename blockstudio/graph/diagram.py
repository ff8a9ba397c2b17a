"""The document: a main graph, module definitions, parameters and texts, and what a script does with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from blockstudio.blocks import RawValue
from blockstudio.checked import checked_methods
from blockstudio.errors import StudioError, shown
from blockstudio.graph.annotating import Annotating
from blockstudio.graph.definition import MAIN, Block, Definition, Wire, port_order
from blockstudio.graph.edit_base import EditBase
from blockstudio.graph.edits import (
    AddBlock,
    AddWire,
    Edit,
    MoveBlocks,
    RemoveBlock,
    RemoveWire,
    RenameBlock,
    SetBlock,
    SetDefault,
    SetParameter,
)
from blockstudio.graph.free_names import FreeNames, legal
from blockstudio.graph.history import History
from blockstudio.graph.names import MAX_NAME, MAX_TITLE, check_name, check_text, suggestion
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
class Diagram(Annotating):
    """A network as a document: main graph, module definitions, parameters, texts.

    Scripts build one with `add`, `connect`, `set` and `remove`; each is one undo step. Everything else
    (windows, fixes, refactorings) goes through `edit` and `gesture`. ``scope`` is ``""`` for the main graph or
    a module's name. `modules` and the graphs are to be read, never written, from outside.

    Args:
        name: Title, and name of the class in emitted source.
        description: Free text.

    Raises:
        StudioError: ``argument.type`` for what is no text.

    Example:
        The examples of the methods go on from here, each by itself.

        >>> d = Diagram("tiny")
        >>> for name, kind in {"input": "Input", "conv1": "Conv2d", "relu1": "ReLU", "output": "Output"}.items():
        ...     _ = d.add(kind, name)
        >>> for source, target in [("input", "conv1"), ("conv1", "relu1"), ("relu1", "output")]:
        ...     _ = d.connect(source, target)
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
        """Add a block.

        Args:
            type: Name of a block type (``"Conv2d"``) or of a module of this diagram.
            name: Attribute path in the compiled module (``"conv1"``); made from the type where none is given.
            scope: ``""`` for the main graph, or a module's name.
            at: Its centre (x, y) in pixels of the drawing at 100 %; ``None``: placed when it is drawn.
            repeat: So many copies one after the other, or an expression; ``None``: one block.
            bypass: Switched off (its input passes through), or an expression that says when.
            note: Free text.
            parameters: Parameters by name, for names that mean something else here (``{"name": 3}``).
            given: Parameters, in the units of the type's declaration; texts are expressions (``"4 * width"``).

        Returns:
            The block's name.

        Raises:
            StudioError: ``diagram.type``, ``diagram.name``, ``diagram.taken``, ``parameter.*``, ``argument.type``.

        Example:
            >>> d.add("Conv2d", out_channels=16, kernel_size=3, padding=1)
            'conv2d'
        """
        if name is None:
            name = self.free_name(type, scope)
        block = Block(
            type=type, parameters={**(parameters or {}), **given}, at=at, repeat=repeat, bypass=bypass, note=note
        )
        self.history.do(AddBlock(scope=scope, name=name, block=block))
        return name

    def connect(self, source: str, target: str, *, scope: str = MAIN) -> Wire:
        """Add a wire.

        Args:
            source: ``"block"`` or ``"block:port"``; without a port its first output.
            target: ``"block"`` or ``"block:port"``; without a port the first input that is free.
            scope: ``""`` for the main graph, or a module's name.

        Returns:
            The wire, with its ports.

        Raises:
            StudioError: ``diagram.block``, ``wire.*`` where there is no such block or port, or the input is taken.

        Example:
            >>> _ = d.add("Add", "add")
            >>> d.connect("relu1", "add").target_port
            '0'
        """
        wire = self.wire(source, target, scope=scope)
        self.history.do(AddWire(scope=scope, wire=wire))
        return wire

    def wire(self, source: str, target: str, *, scope: str = MAIN) -> Wire:
        """The wire that `connect` would add; the diagram stays as it is.

        Args:
            source: As in `connect`.
            target: As in `connect`.
            scope: ``""`` for the main graph, or a module's name.

        Returns:
            The wire, with its ports.

        Raises:
            StudioError: ``diagram.block``, ``wire.port``.

        Example:
            >>> tuple(d.wire("conv1", "relu1"))
            ('conv1', 'out', 'relu1', 'in')
        """
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
        """Set parameters as one step.

        Args:
            name: The block; ``""`` sets the values (defaults) of the definition's own parameters.
            scope: ``""`` for the main graph, or a module's name.
            parameters: Values by parameter, for names that mean something else here.
            given: Values by parameter; ``None`` goes back to the default.

        Raises:
            StudioError: ``diagram.block``, ``parameter.unknown``, ``parameter.value``, ``parameter.limit``; nothing
                changes.

        Example:
            >>> d.set("conv1", out_channels=32, kernel_size=[3, 1])
            >>> analyze(d).blocks["conv1"].output_shape[0]
            32
        """
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
        """Remove a block and its wires as one step.

        Args:
            name: The block.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``diagram.block``.

        Example:
            >>> d.remove("relu1")
            >>> len(d.main)
            3
        """
        graph = self.definition(scope)
        graph.block(name)
        with self.history.gesture(say("Delete {name}", name=name)):
            for wire in dict.fromkeys([*graph.wires_into(name), *graph.wires_from(name)]):
                self.history.do(RemoveWire(scope=scope, wire=wire))
            self.history.do(RemoveBlock(scope=scope, name=name))

    def rename(self, name: str, to: str, *, scope: str = MAIN) -> None:
        """Give a block another name; its wires follow.

        Args:
            name: The block.
            to: A name that is free.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``diagram.block``, ``diagram.name``, ``diagram.taken``.

        Example:
            >>> d.rename("conv1", "stem.conv")
            >>> "stem.conv" in analyze(d).blocks
            True
        """
        self.history.do(RenameBlock(scope=scope, name=name, to=to), say("Rename {name}", name=name))

    def move(self, name: str, x: float, y: float, *, scope: str = MAIN) -> None:
        """Put a block's centre at a place.

        Args:
            name: The block.
            x: Pixels to the right, at 100 %.
            y: Pixels down.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``diagram.block``, ``diagram.position``.

        Example:
            >>> d.move("conv1", 100, 40)
            >>> d.main.block("conv1").at
            (100.0, 40.0)
        """
        self.history.do(MoveBlocks(scope=scope, to={name: (x, y)}), say("Move {name}", name=name))

    def bypass(self, name: str, when: bool | str = True, *, scope: str = MAIN) -> None:
        """Switch a block off or on.

        Args:
            name: The block.
            when: ``True``: off, its first input passes through; ``False``: on; or an expression.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``diagram.block``, ``diagram.bypass``.

        Example:
            >>> d.bypass("conv1")
            >>> analyze(d).parameters
            0
        """
        block = msgspec.structs.replace(self.definition(scope).block(name), bypass=when)
        self.history.do(SetBlock(scope=scope, name=name, block=block), say("Bypass {name}", name=name))

    def repeat(self, name: str, times: int | str | None, *, scope: str = MAIN) -> None:
        """Make a block a chain of copies.

        Args:
            name: The block.
            times: How many, or an expression; ``None``: a single block again.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``diagram.block``, ``diagram.repeat`` for a type that has not one input and one output.

        Example:
            >>> d.repeat("relu1", 3)
            >>> analyze(d).blocks["relu1"].copies
            3
        """
        block = msgspec.structs.replace(self.definition(scope).block(name), repeat=times)
        self.history.do(SetBlock(scope=scope, name=name, block=block), say("Repeat {name}", name=name))

    def disconnect(self, source: str, target: str, *, scope: str = MAIN) -> None:
        """Remove the wires between two blocks as one step.

        Args:
            source: ``"block"`` or ``"block:port"``; without a port from any.
            target: ``"block"`` or ``"block:port"``; without a port to any.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``wire.missing``.

        Example:
            >>> d.disconnect("conv1", "relu1")
            >>> d.main.wires_into("relu1")
            []
        """
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
                say("there is no wire from {source} to {target}.", source=shown(source), target=shown(target)),
                where=shown(end, 120),
            )
        with self.history.gesture(say("Disconnect {source} from {target}", source=source, target=target)):
            for wire in found:
                self.history.do(RemoveWire(scope=scope, wire=wire))

    def edit(self, label: str, edits: Iterable[Edit]) -> None:
        """Apply edits as one step (those of an operation, for instance).

        Args:
            label: What the step is called in the history.
            edits: Edits of `blockstudio.graph.edits`, in order.

        Raises:
            StudioError: From the first edit that is refused; nothing changes. ``argument.type`` for what is no edit.

        Example:
            >>> from blockstudio.graph.edits import SetParameter
            >>> d.edit("Wider", [SetParameter(name="conv1", key="out_channels", value=99)])
            >>> d.undo()
            'Wider'
        """
        with self.history.gesture(label):
            for edit in edits:
                if not isinstance(edit, EditBase):
                    raise StudioError("argument.type", say("edits: expected edits, found {found}.", found=shown(edit)))
                self.history.do(edit)

    def undo(self) -> str | None:
        """Undo the last step.

        Returns:
            Its label; ``None`` if there is none.

        Example:
            >>> d.remove("relu1")
            >>> d.undo()
            'Delete relu1'
        """
        return self.history.undo()

    def redo(self) -> str | None:
        """Redo the step last undone.

        Returns:
            Its label; ``None`` if there is none.

        Example:
            >>> d.remove("relu1")
            >>> d.undo() == d.redo()
            True
        """
        return self.history.redo()

    def free_name(self, wanted: str, scope: str = MAIN) -> str:
        """A legal free name.

        Args:
            wanted: What it is made from.
            scope: ``""`` for the main graph, or a module's name.

        Returns:
            ``conv2d``, ``conv2d_2``...

        Raises:
            StudioError: ``diagram.module``.

        Example:
            >>> d.free_name("conv1")
            'conv1_2'
        """
        return FreeNames(self.definition(scope)).free(legal(wanted))
