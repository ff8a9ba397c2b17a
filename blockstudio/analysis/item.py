"""A block of a definition, prepared for evaluation in any context."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.analysis.issues import Issue
from blockstudio.analysis.order import Source
from blockstudio.analysis.rules import Setting
from blockstudio.blocks import BlockType, Parameter, Scalar, Value
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Block
from blockstudio.graph.expressions import Expression
from blockstudio.text import say


class Item:
    """What is known of a block before its context is: wiring, literal parameters, names that expressions use."""

    __slots__ = (
        "block", "declared", "fixed", "idle", "issues", "kind", "missing", "name", "names", "outs", "plain", "ports",
        "setting", "sources", "targets", "uses", "variable", "varying",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.block: Block
        self.kind: BlockType | None = None
        """``None`` for an instance of a module."""
        self.declared: Mapping[str, Parameter] = {}
        self.uses: Mapping[str, frozenset[str]] = {}
        """Parameters that hold expressions, with the names used."""
        self.varying: Mapping[str, frozenset[str]] = {}
        """Those of them that depend on the place in a repeat."""
        self.variable: list[Expression] = []
        """The expressions that do, with bypass."""
        self.names: frozenset[str] = frozenset()
        """All names used, by repeat and bypass too."""
        self.fixed: dict[str, Value | None] = {}
        """Values of the other parameters; ``None`` for expressions and for those with an issue."""
        self.issues: tuple[Issue, ...] = ()
        """Of the literal parameters."""
        self.setting: Setting | None = None
        """Where no parameter is an expression and all are legal."""
        self.plain = False
        """The setting is all that there is: no repeat, no bypass, not a module's Input."""
        self.ports: tuple[str, ...] = ()
        """Input ports in order; those that have a wire, if the type takes any number."""
        self.sources: tuple[Source, ...] = ()
        self.missing: tuple[str, ...] = ()
        """Input ports without a wire."""
        self.idle: tuple[str, ...] = ()
        """Output ports that nothing reads, of a block with several."""
        self.targets: set[str] = set()
        self.outs: tuple[str, ...] = ()
        """Output ports in order."""

    def drawn(self, known: Mapping[str, object]) -> tuple[Scalar, ...] | None:
        """What in one copy of a repeated block depends on its place, before it is checked: copies for which it is the
        same are the same. ``None`` if that cannot be said."""
        try:
            return tuple([expression.evaluate(known) for expression in self.variable])
        except StudioError:
            return None

    @property
    def width(self) -> int:
        """How many outputs it has."""
        return len(self.outs)

    @property
    def is_gate(self) -> bool:
        """Whether its bypass decides what reaches an output."""
        return self.block.bypass is not False and (len(self.sources) > 1 or self.width == 0)


def drawing_issues(item: Item) -> list[Issue]:
    """What is wrong with a block whatever its parameters and shapes are."""
    found: list[Issue] = []
    bypass = item.block.bypass
    # Switched off, a block needs its first input only.
    missing = item.missing if bypass is not True else item.missing[:1] if not any(item.sources[:1]) else ()
    for port in missing:
        label = say("its input") if len(item.ports) == 1 else say("its input '{port}'", port=port)
        found.append(
            Issue(
                "port.unconnected",
                say("{label} is not connected.", label=label),
                port=port,
                hint=say("Wire an output to it."),
            )
        )
    if item.kind is not None and item.kind.foreign and bypass is not True:
        message = say("no block type says what it does: it is counted and drawn, but the network does not compile.")
        hint = say("Replace it with blocks that do the same, or switch it off.")
        found.append(Issue("block.foreign", message, "warning", hint=hint))
    if item.kind is not None and item.kind.variadic:
        if not item.sources:
            message = say("none of its inputs is connected.")
            found.append(Issue("port.unconnected", message, hint=say("Wire at least two outputs into it.")))
        elif len(item.sources) == 1:
            message = say("only one wire leads into it, so this {type} changes nothing.", type=item.block.type)
            hint = say("Wire a second output into it, or remove it.")
            found.append(Issue("merge.single", message, "warning", hint=hint))
    for port in item.idle if len(item.idle) < item.width else ():
        message = say("nothing reads its output '{port}'.", port=port)
        hint = say("Wire it on, or take it out of the module.")
        found.append(Issue("output.unused", message, "warning", port=port, hint=hint))
    return found
