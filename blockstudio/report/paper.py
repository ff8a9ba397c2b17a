"""The tables as the papers print them beside what the preset computes, misprints marked.

The data stand in ``presets/papers/NAME.json``: the printed cells of each row, the blocks they are about, and
where a printed value is wrong the true one with the reason.
"""

from __future__ import annotations

import json
from textwrap import fill
from typing import TYPE_CHECKING, Any

from blockstudio.analysis import analyze
from blockstudio.blocks import shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.presets import load_preset, preset_folder
from blockstudio.report.table import Table

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis

MISPRINT = "≠"


def paper_names() -> list[str]:
    """Presets that have a paper's table."""
    return sorted(path.stem for path in (preset_folder() / "papers").glob("*.json"))


def paper_table(name: str) -> Table:
    """The table of the preset ``name``: the paper's columns, a wrong cell as ``2.7K ≠ 9.2K`` with its reason in the
    notes, then the computed output shape ``C×H×W``, parameters and MACs of each row.

    Raises `StudioError` ``paper.none`` for a preset without one.
    """
    if name not in paper_names():
        raise StudioError(
            "paper.none",
            f"there is no paper's table for '{name}'.",
            hint="There is one for " + ", ".join(paper_names()),
        )
    data = json.loads((preset_folder() / "papers" / f"{name}.json").read_text(encoding="utf-8"))
    diagram = load_preset(name, **data.get("parameters", {}))
    analysis = analyze(diagram)
    columns = data["columns"]
    rows, notes = [], [f"{data['table']}. {data['units']}."]
    for row in data["rows"]:
        rows.append((*(_cell(row, column) for column in columns), *_computed(row["blocks"], analysis)))
        if "why" in row:
            notes.append(fill(f"{MISPRINT} {row['type']}: {row['why']}", 110, subsequent_indent="  "))
    rows.append(("total", *[""] * (len(columns) - 1), "", f"{analysis.parameters:,}", f"{analysis.macs:,}"))
    notes += [fill(remark, 110, subsequent_indent="  ") for remark in data.get("remarks", ())]
    headings = (*columns, "computed output", "parameters", "MACs")
    return Table(headings, rows, " " * len(columns) + "rrr", notes)


def _cell(row: dict[str, Any], column: str) -> str:
    printed = str(row["type"] if column == "type" else row["printed"].get(column, ""))
    true = row.get("true", {}).get(column)
    return printed if true is None else f"{printed} {MISPRINT} {true}".strip()


def _computed(blocks: list[str], analysis: Analysis) -> tuple[str, str, str]:
    if not blocks:
        return "", "", ""
    reports = [analysis.blocks[name] for name in blocks]
    shape = reports[-1].output_shape
    parameters = sum(report.parameters or 0 for report in reports)
    macs = sum(report.macs or 0 for report in reports)
    return shape_text(shape) if shape else "?", f"{parameters:,}" if parameters else "", f"{macs:,}" if macs else ""
