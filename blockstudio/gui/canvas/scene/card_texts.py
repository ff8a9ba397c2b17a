"""What the analysis says of each block of a level, put into the words a card shows. Made when asked, once an edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from blockstudio.analysis import Analysis, BlockReport, Level, Problem
from blockstudio.analysis.costs import COSTS
from blockstudio.analysis.hints import Hint
from blockstudio.blocks import ENDS, INPUT, BlockType, Shape, shape_text
from blockstudio.graph.diagram import Block, Definition, Diagram, Wire
from blockstudio.gui.document.measures import Measure, Scale, scale_of
from blockstudio.gui.kit.text import tr

OPEN = "port.unconnected"
"""The code of an input without a wire. While one draws, nearly every block has one: it marks the port, not the card."""
_SERIALS = count()
LARGE = 5_000
"""Blocks of a diagram, those of its modules included."""


@dataclass(frozen=True, slots=True)
class Content:
    """The texts and signs of one card."""

    name: str
    line: str
    """Type and the parameters that matter."""
    short: str
    """What to say instead where that is too long."""
    badge: str
    """``×4`` of a repeated block."""
    part: float
    """Share of the dearest block's cost; negative without a cost bar."""
    off: bool
    """Bypassed: the signal passes by."""
    severity: str
    """See `CardTexts.severity`; ``"hint"`` where a design hint stands on the block."""
    frozen: str = ""
    """``"all"`` of it is not trained, or a ``"part"``."""
    pinned: bool = False
    """It keeps its place when the level is laid out."""
    heat: float = -1.0
    """Where its value stands on the scale by which cards are painted, 0 to 1; negative without one."""
    value: str = ""
    """That value."""
    two_sided: bool = False
    """The scale has a colour on either side of its middle."""


class CardTexts:
    """One state of the analysis of one level. Without a ``metric`` cards have no cost bars; ``pins``: those of pinned
    blocks say so."""

    def __init__(
        self,
        diagram: Diagram,
        analysis: Analysis,
        level: Level,
        metric: str,
        frozen: Callable[[str], str] | None = None,
        heat: Measure | None = None,
        hints: Iterable[Hint] = (),
        veiled: frozenset[str] = frozenset(),
        pins: bool = False,
    ) -> None:
        self.serial = next(_SERIALS)
        """No other state has the same."""
        self.diagram, self.level = diagram, level
        self.metric = "" if metric in veiled else metric  # bars would answer what is asked
        self.definition: Definition = diagram.definition(level.scope)
        self._contents: dict[str, Content] = {}
        self._largest: float | None = None
        self._analysis = analysis
        self._frozen, self._pins = frozen, pins
        self.hints: dict[str, list[Hint]] = {}
        """Design hints, by the block that they stand on."""
        for hint in hints:
            self.hints.setdefault(hint.block, []).append(hint)
        self.veiled = veiled
        """What the reader is to find first: `VEILS`."""
        self.heat = heat
        """By what the cards are painted, if by anything."""
        self._heats: dict[str, float] | None = None
        self.scale: Scale | None = None
        self._problems: dict[str, list[Problem]] | None = None

    def report(self, name: str) -> BlockReport | None:
        """What is known of a block; ``None`` for a block the analysis has not seen."""
        return self.level.blocks.get(name)

    @property
    def is_large(self) -> bool:
        """Whether copying the diagram, to try something on it, keeps the window waiting."""
        return sum(map(len, (self.diagram.main, *self.diagram.modules.values()))) > LARGE

    # Costs

    def cost(self, name: str) -> float:
        """A block's cost in the metric in use."""
        report = self.report(name)
        if report is None or not self.metric:
            return 0.0
        return float(COSTS[self.metric].of(report) or 0)

    @property
    def largest(self) -> float:
        """The cost of the dearest block of the level."""
        if self._largest is None:
            graph = self.definition.graph
            costs = COSTS[self.metric].on(self.level) if self.metric else {}
            self._largest = float(max((cost for name, cost in costs.items() if cost and name in graph), default=0))
        return self._largest

    # Heat

    def heats(self) -> dict[str, float]:
        """Where blocks stand on the `scale` of what the cards are painted by; those without a value are left out."""
        if self._heats is None:
            self._heats = {}
            if self.heat is not None:
                graph = self.definition.graph
                # A report for each of thousands of blocks would take longer than the edit.
                values = self.heat.on(self.level) if self.heat.on else {name: self.value(name) for name in graph}
                zeros = self.heat.zeros
                known = {
                    name: value
                    for name, value in values.items()
                    if name in graph and value is not None and (value or zeros)
                }
                self.scale = (self.heat.scale or scale_of)(known.values())
                if self.scale is not None:
                    places = {value: self.scale.place(value) for value in set(known.values())}
                    self._heats = {name: places[value] for name, value in known.items()}
        return self._heats

    def value(self, name: str) -> float | None:
        """What a block is painted by."""
        report = self.report(name)
        if self.heat is None or report is None:
            return None
        return self.heat.of(report, f"{self.level.path}.{name}" if self.level.path else name)

    # Shapes

    def shape(self, block: str, port: str) -> Shape | None:
        """What an output port carries, ``None`` if that is not known."""
        return self.level.shapes.get((block, port))

    def pill(self, wire: Wire) -> str:
        """The shape on a wire, or ``?``; ``?×?×?`` while it is asked for."""
        shape = self.shape(wire.source, wire.source_port)
        if shape is not None and "shapes" in self.veiled and self.definition.block(wire.source).type != INPUT:
            return "×".join("?" * len(shape)) if len(shape) > 1 else "…"
        return "?" if shape is None else shape_text(shape)

    # Cards

    def is_made(self, name: str) -> bool:
        """Whether the texts of a card are made already."""
        return name in self._contents

    def content(self, name: str) -> Content:
        """The card of a block."""
        found = self._contents.get(name)
        if found is None:
            found = self._contents[name] = self._describe(name)
        return found

    def _describe(self, name: str) -> Content:
        block, report = self.definition.block(name), self.report(name)
        kind = self.diagram.kind(block.type)
        hidden = "shapes" in self.veiled and block.type != INPUT
        tells = block.type in ENDS or (kind is not None and kind.variadic)
        cost, largest = self.cost(name), self.largest
        worst = self.severity(name)
        heat = self.heats().get(name, -1.0)
        value = self.value(name) if heat >= 0 else None
        return Content(
            name=name,
            line=block.type if hidden and tells else summary(self.diagram, block, report),
            short=block.type if hidden else brief(self.diagram, block, report),
            badge=repeat_text(block, report),
            part=min(1.0, cost / largest) if largest > 0 and cost > 0 else -1.0,
            off=bool(report.bypassed) if report is not None else block.bypass is True,
            severity=worst or ("hint" if name in self.hints else ""),
            frozen=self._frozen(name) if self._frozen is not None else "",
            pinned=self._pins and block.pinned,
            heat=heat,
            value=self.heat.text(value) if value is not None and self.heat is not None else "",
            two_sided=heat >= 0 and self.scale is not None and self.scale.two_sided,
        )

    # Problems

    @property
    def problems(self) -> dict[str, list[Problem]]:
        """Problems by the block of this level on which, or inside which, they stand; errors first."""
        if self._problems is None:
            self._problems = {}
            for problem in self._analysis.problems:
                name = self._owner(problem)
                if name is not None:
                    self._problems.setdefault(name, []).append(problem)
            for found in self._problems.values():
                found.sort(key=lambda problem: problem.severity != "error")
        return self._problems

    def _owner(self, problem: Problem) -> str | None:
        path = problem.path or problem.block
        if problem.scope == self.level.scope and problem.block in self.definition:
            return problem.block
        prefix = self.level.path + "." if self.level.path else ""
        if not path.startswith(prefix):
            return None
        parts = path[len(prefix) :].split(".")
        if len(parts) > 1 and parts[0].isdecimal():
            parts = parts[1:]  # the level shows the first of several copies
        for end in range(len(parts), 0, -1):
            name = ".".join(parts[:end])
            if name in self.definition:
                return name
        return None

    def severity(self, name: str) -> str:
        """``"error"``, ``"open"`` if an input only waits for its wire, ``"warning"`` or nothing."""
        found = self.problems.get(name)
        if not found:
            return ""
        if all(problem.code == OPEN for problem in found if problem.severity == "error"):
            return "open" if found[0].severity == "error" else "warning"
        return "error"

    def open_inputs(self, name: str) -> frozenset[str]:
        """Input ports that wait for a wire; of a merge without any, its first."""
        found = self.problems.get(name, ())
        return frozenset(problem.port or "0" for problem in found if problem.code == OPEN and problem.block == name)


def repeat_text(block: Block, report: BlockReport | None) -> str:
    """``×4``, or ``×n`` where the number is not known."""
    if block.repeat is None:
        return ""
    copies = report.copies if report is not None and report.copies is not None else block.repeat
    return f"×{copies}"


def summary(diagram: Diagram, block: Block, report: BlockReport | None) -> str:
    """The line under the name: ``3×3, 128, /2``, ``MaxPool2d 3×3, /2``, ``64+128+32+32``, ``BasicBlock · 128, /2``."""
    kind = diagram.kind(block.type)
    if kind is None:
        return _module_line(diagram, block, report)
    if kind.variadic:
        return _merge_line(kind, report)
    if block.type in ENDS:
        shape = _shape_of(report)
        return f"{block.type} {shape_text(shape)}" if shape else block.type
    if report is not None and report.bypassed:
        return tr("{0}, bypassed", block.type)
    known = kind.installed and report is not None and None not in report.values.values()
    if report is not None and known:
        text = kind.summary(report.values)
    else:
        # A mistake, or a package that is not there, hides some values: show what is written.
        text = ", ".join(_written(value) for value in list(block.parameters.values())[:3])
    return f"{block.type} {text}".rstrip() if kind.titled or not text else text


def brief(diagram: Diagram, block: Block, report: BlockReport | None) -> str:
    """A shorter line: the type, and of a module how many channels come out."""
    shape = _shape_of(report)
    return block.type if block.type not in diagram.modules or not shape else f"{block.type} · {shape[0]}"


def _shape_of(report: BlockReport | None) -> Shape | None:
    if report is None:
        return None
    if report.output_shape is not None:
        return report.output_shape
    return report.input_shapes[0] if report.input_shapes else None


def _merge_line(kind: BlockType, report: BlockReport | None) -> str:
    shapes: Sequence[Shape | None] = report.input_shapes if report is not None else ()
    if not shapes:
        return tr("{0}, no inputs", kind.name)
    if kind.merges == "channels" and 1 < len(shapes) <= 5 and all(shapes):
        return "+".join(str(shape[0]) for shape in shapes if shape)
    if kind.merges == "channels" and all(shapes):
        return tr("{0} inputs, {1} in all", len(shapes), sum(shape[0] for shape in shapes if shape))
    return tr("{0}, {1} inputs", kind.name, len(shapes)) if len(shapes) != 1 else tr("{0}, 1 input", kind.name)


def _module_line(diagram: Diagram, block: Block, report: BlockReport | None) -> str:
    declared = diagram.modules[block.type].parameters if block.type in diagram.modules else {}
    known = {name: value for name, value in report.values.items() if value is not None} if report is not None else {}
    values = {**block.parameters, **known}
    given = [name for name in declared if name in block.parameters]
    # Words (which shortcut, which pool) say little on a card beside numbers.
    given = [name for name in given if not isinstance(values[name], str)] or given
    texts = [text for text in (_argument(name, values[name]) for name in given) if text]
    return " · ".join([block.type, ", ".join(texts)]) if texts else block.type


def _argument(name: str, value: object) -> str:
    """One argument of a module in the shortest form that can be read beside others."""
    if isinstance(value, bool):
        return name.replace("_", " ") if value else ""
    text = _written(value)
    if name == "stride":
        return "" if text == "1" else f"/{text}"
    if name == "padding":
        return "" if text == "0" else f"pad {text}"
    if name.startswith("kernel"):
        return text if "×" in text else f"{text}×{text}"
    return text


def _written(value: object) -> str:
    if isinstance(value, tuple | list):
        return str(value[0]) if len(set(value)) == 1 else "×".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
