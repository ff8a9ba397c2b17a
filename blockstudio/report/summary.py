"""The summary of a network as a table, and the list of presets, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blockstudio.analysis import analyze
from blockstudio.analysis.level import whole_shape
from blockstudio.analysis.rules import Result
from blockstudio.analysis.sheet import Sheet
from blockstudio.analysis.tally import places
from blockstudio.blocks import Shape, shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.lineage import lineage
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.report.columns import wrapped
from blockstudio.report.table import Table
from blockstudio.text import Text, render, say

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis, BlockReport


MAX_ROWS = 200_000


def as_json(diagram: Diagram, analysis: Analysis) -> dict[str, Any]:
    """Totals, every block and every problem as plain data. Shapes are without the batch dimension. Raises
    `StudioError` ``summary.size`` beyond `MAX_ROWS` blocks."""
    _check_rows(analysis.main)
    return {
        "name": diagram.name,
        "parameters": analysis.parameters,
        "macs": analysis.macs,
        "parameters_with_auxiliary": analysis.parameters_with_auxiliary,
        "macs_with_auxiliary": analysis.macs_with_auxiliary,
        "depth": analysis.depth,
        "receptive_field": analysis.receptive_field,
        "activation_bytes": analysis.activation_bytes,
        "training_bytes": analysis.training_bytes,
        "output_shape": analysis.output_shape,
        "diagram_parameters": {name: declared.default for name, declared in diagram.parameters.items()},
        "blocks": [_block_json(path, report) for path, report in analysis.blocks.items()],
        "problems": [
            {"code": problem.code, "severity": problem.severity, "where": problem.path, "text": problem.text}
            for problem in analysis.problems
        ],
    }


def _check_rows(sheet: Sheet, depth: int = -1) -> None:
    """Raises `StudioError` ``summary.size`` where copies within copies make more rows than anybody can read."""
    if places(sheet, depth) > MAX_ROWS:
        raise StudioError(
            "summary.size",
            say("there are more than {limit:,} blocks when all copies are listed.", limit=MAX_ROWS),
            hint=say("List fewer levels (--depth)."),
        )


def _block_json(path: str, report: BlockReport) -> dict[str, Any]:
    return {
        "path": path,
        "type": report.type,
        "input_shapes": report.input_shapes,
        "output_shape": report.output_shape,
        "parameters": report.parameters,
        "macs": report.macs,
        "receptive_field": report.receptive_field,
        "depth": report.depth,
        "bypassed": report.bypassed,
    }


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A block, or one copy of a repeated one, in the summary."""

    path: str
    level: int
    """How many levels of modules it stands in, copies counted."""
    label: str
    type: str
    output: Shape | None
    parameters: int | None
    macs: int | None

    def texts(self, factor: int = 1) -> tuple[str, ...]:
        """What stands in the table; costs that are nothing are empty."""
        return (
            "  " * self.level + self.label,
            self.type,
            shape_text(self.output) if self.output else "?",
            f"{self.parameters:,}" if self.parameters else "",
            f"{self.macs * factor:,}" if self.macs else "",
        )


def summary_table(diagram: Diagram, analysis: Analysis, *, depth: int = 1, flops: bool = False) -> Table:
    """The blocks of the main graph with ``depth`` levels of modules opened; totals as notes. Raises `StudioError`
    ``summary.size`` beyond `MAX_ROWS` blocks."""
    _check_rows(analysis.main, depth)
    cost, factor = ("FLOPs", 2) if flops else ("MACs", 1)
    rows = [row.texts(factor) for row in summary_rows(diagram, analysis, depth)]
    return Table((*HEADINGS[:-1], cost), rows, "  rrr", summary_totals(diagram, analysis, flops=flops))


HEADINGS = (say("block"), say("type"), say("output"), say("parameters"), say("MACs"))


def summary_totals(diagram: Diagram, analysis: Analysis, *, flops: bool = False) -> list[str]:
    """What the whole network costs, in a sentence; with its auxiliary heads in another."""
    cost, factor = ("FLOPs", 2) if flops else ("MACs", 1)
    totals: list[str] = [
        say(
            "{name}: {parameters:,} parameters, {macs:,} {cost}, depth {depth}, {size:,.1f} MB an image in training",
            name=diagram.name,
            parameters=analysis.parameters,
            macs=analysis.macs * factor,
            cost=cost,
            depth=analysis.depth,
            size=analysis.training_bytes / 1e6,
        )
    ]
    if analysis.parameters_with_auxiliary != analysis.parameters:
        totals.append(
            say(
                "with auxiliary heads: {parameters:,} parameters, {macs:,} {cost}",
                parameters=analysis.parameters_with_auxiliary,
                macs=analysis.macs_with_auxiliary * factor,
                cost=cost,
            )
        )
    return totals


def summary_rows(diagram: Diagram, analysis: Analysis, depth: int = 1) -> Iterator[SummaryRow]:
    """The blocks in the order of the document, with ``depth`` levels of modules opened."""
    return _rows(diagram, analysis.main, "", depth, 0)


def _rows(diagram: Diagram, sheet: Sheet, prefix: str, depth: int, level: int) -> Iterator[SummaryRow]:
    for name, block in diagram.definition(sheet.plan.scope).blocks():
        result = sheet.results.get(name)
        if result is None:
            continue
        path, copies = prefix + name, result.copies
        repeated = f" ×{len(copies or ())}" if block.repeat is not None else ""
        yield _row(path, level, name, block.type + repeated, result)
        if depth > 1 and block.type in diagram.modules:
            if result.sub is not None:
                yield from _rows(diagram, result.sub, f"{path}.", depth - 1, level + 1)
            for index, copy in enumerate(copies or ()):
                yield _row(f"{path}.{index}", level + 1, str(index), block.type, copy)
                if copy.sub is not None:
                    yield from _rows(diagram, copy.sub, f"{path}.{index}.", depth - 1, level + 2)


def _row(path: str, level: int, label: str, type: str, result: Result) -> SummaryRow:
    shapes = result.outputs or result.inputs
    shape = whole_shape(shapes[0]) if shapes else None
    shown = say("{label} (off)", label=label) if result.bypassed else label
    return SummaryRow(path, level, shown, type, shape, result.parameters, result.macs)


def preset_rows(family: str | None = None) -> list[dict[str, Any]]:
    """Every preset with its totals at the default parameters, or those of one family of networks, by year. Raises
    `StudioError` ``preset.family`` for a family that there is not."""
    kin = lineage().kin
    names = preset_names()
    if family is not None:
        families = dict.fromkeys(one.family for one in kin.values())
        names = [name for name in names if kin[name].family.lower() == family.lower()]
        names.sort(key=lambda name: (kin[name].is_module, kin[name].year))
        if not names:
            hint = say("There are {families}.", families=", ".join(families))
            raise StudioError("preset.family", say("there is no family '{family}'.", family=family[:80]), hint=hint)
    rows = []
    for name in names:
        diagram = load_preset(name)
        analysis = analyze(diagram)
        rows.append(
            {
                "preset": name,
                "name": diagram.name,
                "year": diagram.about.get("year", ""),
                "family": diagram.about.get("family", ""),
                "parameters": analysis.parameters,
                "macs": analysis.macs,
                "depth": analysis.depth,
                "settings": {key: declared.default for key, declared in diagram.parameters.items()},
                "description": diagram.description,
            }
        )
    return rows


def presets_table(family: str | None = None) -> Table:
    """The presets with their totals, or those of one family by year. Raises `StudioError` ``preset.family``."""
    rows = [
        (row["preset"], row["year"], f"{row['parameters']:,}", f"{row['macs']:,}", str(row["depth"]), Text(row["name"]))
        for row in preset_rows(family)
    ]
    heads = say("preset"), say("year"), say("parameters"), say("MACs"), say("depth"), say("network")
    return Table(heads, rows, "  rrr")


def preset_text(name: str) -> str:
    """One preset: what it is, where it comes from, what ``--set`` can turn."""
    diagram = load_preset(name)
    lines = [f"{name}: {render(Text(diagram.name))}", "", *wrapped(render(Text(diagram.description)), 100), ""]
    for key, text in diagram.about.items():
        first, *more = wrapped(f"{key}: {render(Text(str(text)))}", 98)
        lines += [first, *(f"  {line}" for line in more)]
    settings = [(f"{key}={declared.default}", Text(declared.help)) for key, declared in diagram.parameters.items()]
    if settings:
        lines += ["", Table(("--set", ""), settings).text()]
    return "\n".join(lines)
