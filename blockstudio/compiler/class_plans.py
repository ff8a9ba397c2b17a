"""What is planned of a class before its text is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from blockstudio.blocks import Parameter, Value
from blockstudio.compiler import algebra
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.calls import source_value
from blockstudio.compiler.net import Net, Node
from blockstudio.compiler.sites import Site


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

    def of(self, node: Node) -> Unit:
        """The same for another node."""
        return Unit(node, self.init, self.forward, self.helper, self.call_class)

    @property
    def is_parameter(self) -> bool:
        """Whether its attribute is a parameter, which nobody can call."""
        return self.node.kind is not None and self.node.kind.is_parameter


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
    overwriting: set[str] = field(default_factory=set)
    """Blocks that may write over their first input."""
    channel_keys: list[str] = field(default_factory=list)
    """What its trees call the channels of each input."""
    positional: int = 0
    """How many of the leading declared arguments calls give by position."""
