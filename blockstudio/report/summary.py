"""The summary of a network as a table, and the list of presets, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill
from typing import TYPE_CHECKING, Any

from blockstudio.analysis import analyze
from blockstudio.blocks import shape_text
from blockstudio.graph.diagram import MAIN, Block, Diagram
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.report.table import Table

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis, BlockReport


def as_json(diagram: Diagram, analysis: Analysis) -> dict[str, Any]:
    """Totals, every block and every problem as plain data. Shapes are without the batch dimension."""
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


def summary_table(diagram: Diagram, analysis: Analysis, *, depth: int = 1, flops: bool = False) -> Table:
    """The blocks of the main graph with ``depth`` levels of modules opened; totals as notes."""
    cost, factor = ("FLOPs", 2) if flops else ("MACs", 1)
    rows = list(_rows(diagram, analysis, "", MAIN, depth, factor))
    totals = [
        f"{diagram.name}: {analysis.parameters:,} parameters, {analysis.macs * factor:,} {cost}, "
        f"depth {analysis.depth}, {analysis.training_bytes / 1e6:,.1f} MB an image in training"
    ]
    if analysis.parameters_with_auxiliary != analysis.parameters:
        totals.append(
            f"with auxiliary heads: {analysis.parameters_with_auxiliary:,} parameters, "
            f"{analysis.macs_with_auxiliary * factor:,} {cost}"
        )
    return Table(("block", "type", "output", "parameters", cost), rows, "  rrr", totals)


def _rows(
    diagram: Diagram, analysis: Analysis, path: str, scope: str, depth: int, factor: int, level: int = 0
) -> Iterator[tuple[str, ...]]:
    for name, block in diagram.definition(scope).blocks():
        full = f"{path}.{name}" if path else name
        report = analysis.blocks.get(full)
        if report is None:
            continue
        repeated = block.repeat is not None
        yield _row("  " * level + name, block, report, factor, f" ×{report.copies}" if repeated else "")
        if depth > 1 and block.type in diagram.modules and not report.bypassed:
            if not repeated:
                yield from _rows(diagram, analysis, full, block.type, depth - 1, factor, level + 1)
                continue
            for index in range(report.copies):
                copy = f"{full}.{index}"
                yield _row("  " * (level + 1) + str(index), block, analysis.blocks[copy], factor)
                yield from _rows(diagram, analysis, copy, block.type, depth - 1, factor, level + 2)


def _row(label: str, block: Block, report: BlockReport, factor: int, copies: str = "") -> tuple[str, ...]:
    return (
        label + (" (off)" if report.bypassed else ""),
        block.type + copies,
        shape_text(report.output_shape) if report.output_shape else "?",
        f"{report.parameters:,}" if report.parameters else "",
        f"{report.macs * factor:,}" if report.macs else "",
    )


def preset_rows() -> list[dict[str, Any]]:
    """Every preset with its totals at the default parameters."""
    rows = []
    for name in preset_names():
        diagram = load_preset(name)
        analysis = analyze(diagram)
        rows.append(
            {
                "preset": name,
                "name": diagram.name,
                "year": diagram.about.get("year", ""),
                "parameters": analysis.parameters,
                "macs": analysis.macs,
                "depth": analysis.depth,
                "settings": {key: declared.default for key, declared in diagram.parameters.items()},
                "description": diagram.description,
            }
        )
    return rows


def presets_table() -> Table:
    """The presets with their totals."""
    rows = [
        (row["preset"], row["year"], f"{row['parameters']:,}", f"{row['macs']:,}", str(row["depth"]), row["name"])
        for row in preset_rows()
    ]
    return Table(("preset", "year", "parameters", "MACs", "depth", "network"), rows, "  rrr")


def preset_text(name: str) -> str:
    """One preset: what it is, where it comes from, what ``--set`` can turn."""
    diagram = load_preset(name)
    lines = [f"{name}: {diagram.name}", "", fill(diagram.description, 100), ""]
    lines += [fill(f"{key}: {text}", 100, subsequent_indent="  ") for key, text in diagram.about.items()]
    settings = [(f"{key}={declared.default}", declared.help) for key, declared in diagram.parameters.items()]
    if settings:
        lines += ["", Table(("--set", ""), settings).text()]
    return "\n".join(lines)
