"""Drawing from a script: blocks one behind the other, wired as they come, inside a module or outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from blockstudio.blocks import INPUT, OUTPUT, RawValue
from blockstudio.checked import checked, checked_methods
from blockstudio.errors import StudioError, shown
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.text import say

Step: TypeAlias = "str | tuple[str, Mapping[str, RawValue]]"
"""A block of a chain: its type, perhaps with parameters."""


@checked_methods
class Builder:
    """One level of a diagram that is being drawn. What is added follows `here`, the block that was added last, unless
    ``after`` says otherwise; names are made up where none are given.

    Args:
        name: Its title.
        input: Shape of one image, ``(C, H, W)``, or of a vector, ``(F,)``.
        parameters: The network's own, by name, with their defaults.

    Raises:
        StudioError: ``parameter.*``, ``diagram.name``.

    Example:
        >>> net = Builder("Tiny")
        >>> with net.module("Unit", width=16) as unit:
        ...     kept = unit.chain(("Conv2d", {"out_channels": "width", "padding": 1}), "BatchNorm2d", "ReLU")
        ...     kept = unit.add("Concat", after=[unit.input, unit.here])
        >>> net.add("Unit", "stage", repeat=3)
        'stage'
        >>> net.chain("GlobalAvgPool", "Flatten", ("Linear", {"out_features": 10}))
        'linear'
        >>> net.finish().main.block("stage").repeat
        3
    """

    @checked
    def __init__(
        self,
        name: str = "Network",
        *,
        input: Sequence[int] = (3, 224, 224),
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.diagram = Diagram(name)
        for key, default in (parameters or {}).items():
            self.diagram.declare(key, default)
        self.scope = MAIN
        self.input = self.here = self.diagram.add(INPUT, "input", shape=list(input))

    def add(
        self,
        type: str,
        name: str | None = None,
        *,
        after: str | Sequence[str] | None = None,
        repeat: int | str | None = None,
        bypass: bool | str = False,
        note: str = "",
        parameters: Mapping[str, RawValue] | None = None,
        **given: RawValue,
    ) -> str:
        """Add a block behind `here` and go on from it.

        Args:
            type: A block type or a module of this diagram.
            name: Its attribute path; made from the type where none is given.
            after: The block it follows, or all those that are wired into it, in order; ``"split:left"`` is a port.
            repeat: So many copies one after the other.
            bypass: Switched off, or an expression that says when.
            note: Free text.
            parameters: Parameters by name, for names that mean something else here.
            given: Parameters.

        Returns:
            The block's name.

        Raises:
            StudioError: As `Diagram.add` and `Diagram.connect`; nothing is then added.

        Example:
            >>> Builder().add("Conv2d", "conv1", kernel_size=7)
            'conv1'
        """
        before = [after] if isinstance(after, str) else [self.here] if after is None else list(after)
        with self.diagram.history.gesture(type):
            made = self.diagram.add(
                type, name, scope=self.scope, repeat=repeat, bypass=bypass, note=note,
                parameters={**(parameters or {}), **given},
            )  # fmt: skip
            ports = self.diagram.input_ports(type)
            if not self.diagram.is_variadic(type) and len(before) > len(ports):
                message = say(
                    "{type} takes {count} inputs, not {given}.", type=type, count=len(ports), given=len(before)
                )
                raise StudioError("diagram.wire", message, where=made)
            for index, source in enumerate(before):
                port = str(index) if self.diagram.is_variadic(type) else ports[index]
                self.diagram.connect(source, f"{made}:{port}", scope=self.scope)
        self.here = made
        return made

    def chain(self, *steps: Step, after: str | None = None) -> str:
        """Add blocks one behind the other.

        Args:
            steps: Types, or pairs of a type and its parameters: ``("Conv2d", {"out_channels": 64})``.
            after: The block that the first one follows; `here` where none is given.

        Returns:
            The last one's name.

        Raises:
            StudioError: As `add`.

        Example:
            >>> Builder().chain(("Conv2d", {"out_channels": 64}), "ReLU")
            'relu'
        """
        for index, step in enumerate(steps):
            if not isinstance(step, str) and not (isinstance(step, tuple | list) and len(step) == 2):
                raise StudioError(
                    "argument.type",
                    say("a step is a type, or a type and its parameters; found {found}.", found=shown(step)),
                )
            type, given = (step, {}) if isinstance(step, str) else step
            self.add(type, after=after if index == 0 else None, parameters=given)
        return self.here

    @contextmanager
    def module(self, name: str, *, parameters: Mapping[str, Any] | None = None, **given: Any) -> Iterator[Builder]:
        """Draw a module: inside the ``with`` everything goes into it; its output is what comes last.

        Args:
            name: Its name, a class name.
            parameters: Its parameters by name with their defaults, for names that mean something else here.
            given: Its parameters.

        Returns:
            A context whose value is the builder of its inside.

        Raises:
            StudioError: ``diagram.name``, ``parameter.*``.

        Example:
            >>> net = Builder()
            >>> with net.module("Unit", width=16) as unit:
            ...     unit.add("Conv2d", out_channels="width")
            'conv2d'
            >>> net.add("Unit")
            'unit'
        """
        self.diagram.module(name, {**(parameters or {}), **given})
        inside = object.__new__(Builder)
        inside.diagram, inside.scope = self.diagram, name
        inside.input = inside.here = self.diagram.add(INPUT, "input", scope=name)
        yield inside
        inside.finish()

    def finish(self) -> Diagram:
        """The diagram, with an output behind `here` unless there is one.

        Returns:
            The diagram, which can be edited further.

        Raises:
            StudioError: As `add`.

        Example:
            >>> sorted(name for name, _ in Builder().finish().main.blocks())
            ['input', 'output']
        """
        if not self.diagram.definition(self.scope).of_type(OUTPUT):
            self.add(OUTPUT, "output")
        return self.diagram
