"""The summary of a network as a table, and the list of presets, for the terminal and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blockstudio.analysis import analyze
from blockstudio.blocks import CATALOGUE, shape_text
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.presets import load_preset, preset_names

if TYPE_CHECKING:
    from rich.table import Table

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


def print_table(diagram: Diagram, analysis: Analysis, *, depth: int = 1, flops: bool = False) -> None:
    """Print the blocks of the main graph, with ``depth`` levels of modules opened, and the totals."""
    from rich.console import Console
    from rich.table import Table

    cost, factor = ("FLOPs", 2) if flops else ("MACs", 1)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("block", no_wrap=True)
    table.add_column("type", no_wrap=True)
    for heading in ("output", "parameters", cost):
        table.add_column(heading, justify="right", no_wrap=True)
    _rows(table, diagram, analysis, "", MAIN, depth, factor)

    console = Console()
    console.print(table)
    console.print()
    console.print(
        f"[bold]{diagram.name}[/]: {analysis.parameters:,} parameters, {analysis.macs * factor:,} {cost}, "
        f"depth {analysis.depth}, {_megabytes(analysis.training_bytes)} an image in training"
    )
    if analysis.parameters_with_auxiliary != analysis.parameters:
        console.print(
            f"with auxiliary heads: {analysis.parameters_with_auxiliary:,} parameters, "
            f"{analysis.macs_with_auxiliary * factor:,} {cost}"
        )


def _rows(table: Table, diagram: Diagram, analysis: Analysis, path: str, scope: str, depth: int, factor: int) -> None:
    indent = "  " * (path.count(".") + bool(path))
    for name, block in diagram.definition(scope).blocks():
        full = f"{path}.{name}" if path else name
        report = analysis.blocks.get(full)
        if report is None:
            continue
        copies = f" ×{report.copies}" if report.copies not in (None, 1) else ""
        shape = shape_text(report.output_shape) if report.output_shape else "?"
        off = " (off)" if report.bypassed else ""
        table.add_row(
            f"{indent}{name}{off}",
            f"{block.type}{copies}",
            shape,
            f"{report.parameters:,}" if report.parameters else "",
            f"{report.macs * factor:,}" if report.macs else "",
            style=None if block.type in CATALOGUE else "bold",
        )
        if depth > 1 and block.type in diagram.modules and not report.bypassed:
            copies_of = [full] if report.copies is None else [f"{full}.{index}" for index in range(report.copies)]
            for copy in copies_of:
                if report.copies is not None:
                    table.add_row(f"{indent}  .{copy.rsplit('.', 1)[1]}")
                _rows(table, diagram, analysis, copy, block.type, depth - 1, factor)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


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


def print_presets() -> None:
    """Print the presets as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("preset", "network", "year"):
        table.add_column(heading, no_wrap=True)
    for heading in ("parameters", "MACs", "depth"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("--set", overflow="fold")
    for row in preset_rows():
        settings = " ".join(f"{key}={value}" for key, value in row["settings"].items())
        table.add_row(
            row["preset"],
            row["name"],
            row["year"],
            f"{row['parameters']:,}",
            f"{row['macs']:,}",
            str(row["depth"]),
            settings,
        )
    Console().print(table)
