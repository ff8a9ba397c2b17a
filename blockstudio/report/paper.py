"""The tables as the papers print them beside what a diagram computes, misprints marked.

The data stand in ``presets/papers/NAME.json``: the printed cells of each row, the blocks they are about, and
where a printed value is wrong the true one with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from textwrap import fill
from typing import Any

from blockstudio.analysis import Analysis, analyze
from blockstudio.blocks import RawValue, Shape, shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import PRESET, load_preset, preset_folder
from blockstudio.report.table import Table
from blockstudio.text import render, say

MISPRINT = "≠"
WIDTH = 110
"""Of the notes under a table, in characters."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What the paper prints, and the true value if that is another one."""

    printed: str
    true: str | None = None

    @property
    def text(self) -> str:
        """``2.7K ≠ 9.2K``"""
        return self.printed if self.true is None else f"{self.printed} {MISPRINT} {self.true}".strip()


@dataclass(frozen=True, slots=True)
class PaperNumbers:
    """What a diagram computes for the blocks of a row."""

    output: Shape | None = None
    """``(C, H, W)`` or ``(F,)``, of the last block."""
    parameters: int | None = None
    macs: int | None = None

    @property
    def texts(self) -> tuple[str, str, str]:
        """Output, parameters and MACs; what is nothing is empty."""
        output = shape_text(self.output) if self.output else ""
        parameters, macs = (f"{cost:,}" if cost else "" for cost in (self.parameters, self.macs))
        return output, parameters, macs


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the paper with the blocks it is about."""

    type: str
    blocks: tuple[str, ...]
    cells: tuple[Cell, ...]
    why: str
    """The reason of what is marked in it; empty if nothing is."""
    now: PaperNumbers
    preset: PaperNumbers
    """Of the network that the table describes."""
    missing: tuple[str, ...] = ()
    """Blocks that the diagram has no longer."""

    @property
    def differs(self) -> bool:
        """The diagram computes something else than the network of the table."""
        return bool(self.missing) or self.now != self.preset


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A paper's table beside a diagram."""

    preset: str
    title: str
    """Which table of which paper."""
    units: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    total: PaperNumbers
    preset_total: PaperNumbers
    remarks: tuple[str, ...]
    settings: Mapping[str, RawValue]
    """Diagram parameters with which the table's network is the diagram, where they are other ones now."""

    @property
    def differing(self) -> int:
        """Rows in which the diagram computes something else than the network of the table."""
        return sum(row.differs for row in self.rows)

    def notes(self) -> list[str]:
        """Title and units, the reasons of what is marked, remarks: a line each."""
        lines = [f"{self.title}. {self.units}."]
        lines += [f"{MISPRINT} {row.type}: {row.why}" for row in self.rows if row.why]
        return [*lines, *self.remarks]

    def table(self) -> Table:
        """For text, Markdown, CSV and LaTeX."""
        rows = [(*(cell.text for cell in row.cells), *_now(row)) for row in self.rows]
        rows.append(("total", *[""] * (len(self.columns) - 1), *self.total.texts))
        notes = [fill(note, WIDTH, subsequent_indent="  ") for note in self.notes()]
        notes[1:1] = [fill(render(note), WIDTH, subsequent_indent="  ") for note in self._standing()]
        headings = (*self.columns, say("computed output"), say("parameters"), say("MACs"))
        return Table(headings, rows, " " * len(self.columns) + "rrr", notes)

    def _standing(self) -> list[str]:
        if not self.differing:
            return []
        settings = ", ".join(f"{key}={value}" for key, value in self.settings.items())
        counts = {"count": self.differing, "rows": len(self.rows)}
        if not settings:
            return [say("{count} of {rows} rows compute something else than the table's network.", **counts)]
        return [say("{count} of {rows} rows compute something else than the table's network, which has {settings}.",
                    **counts, settings=settings)]  # fmt: skip


def _now(row: Row) -> tuple[str, str, str]:
    if row.missing and len(row.missing) == len(row.blocks):
        return "not there", "", ""
    return row.now.texts


@lru_cache(maxsize=1)
def paper_names() -> tuple[str, ...]:
    """Presets that have a paper's table."""
    return tuple(sorted(path.stem for path in (preset_folder() / "papers").glob("*.json")))


def paper_of(diagram: Diagram) -> str | None:
    """The preset with a paper's table that the diagram was made from, if it was."""
    name = diagram.about.get(PRESET)
    return name if name in paper_names() else None


def paper_diagram(name: str, values: Mapping[str, RawValue] | None = None) -> Diagram:
    """The network that the table of preset ``name`` describes, with ``values`` set over that. Raises `StudioError`."""
    return load_preset(name, **{**_data(name).get("parameters", {}), **(values or {})})


def paper(name: str, diagram: Diagram | None = None) -> PaperTable:
    """The table of the preset ``name`` beside ``diagram`` as it is, by default beside the network it describes.

    Raises `StudioError` ``paper.none`` for a preset without one.
    """
    data = _data(name)
    preset_rows, preset_total = _reference(name)
    if diagram is None:
        diagram = paper_diagram(name)
    analysis = analyze(diagram)
    rows = []
    for row, expected in zip(data["rows"], preset_rows, strict=True):
        there = [block for block in row["blocks"] if block in analysis.blocks]
        missing = tuple(block for block in row["blocks"] if block not in there)
        cells = tuple(_cell(row, column) for column in data["columns"])
        blocks, why = tuple(row["blocks"]), row.get("why", "")
        rows.append(Row(row["type"], blocks, cells, why, _figures(there, analysis), expected, missing))
    settings = {
        key: value
        for key, value in data.get("parameters", {}).items()
        if key in diagram.parameters and diagram.parameters[key].default != value
    }
    return PaperTable(
        name, data["table"], data["units"], tuple(data["columns"]), tuple(rows),
        _total(analysis), preset_total, tuple(data.get("remarks", ())), settings,
    )  # fmt: skip


def paper_table(name: str, diagram: Diagram | None = None) -> Table:
    """`paper` as text: the paper's columns, a wrong cell as ``2.7K ≠ 9.2K`` with its reason in the notes, then the
    computed output shape ``C×H×W``, parameters and MACs of each row."""
    return paper(name, diagram).table()


@lru_cache(maxsize=32)
def _data(name: str) -> dict[str, Any]:
    if name not in paper_names():
        raise StudioError(
            "paper.none",
            say("there is no paper's table for '{name}'.", name=name),
            hint=say("There is one for {paper_names}", paper_names=", ".join(paper_names())),
        )
    found: dict[str, Any] = json.loads((preset_folder() / "papers" / f"{name}.json").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=32)
def _reference(name: str) -> tuple[tuple[PaperNumbers, ...], PaperNumbers]:
    """The figures of each row and in total, of the network that the table describes."""
    analysis = analyze(paper_diagram(name))
    return tuple(_figures(row["blocks"], analysis) for row in _data(name)["rows"]), _total(analysis)


def _cell(row: dict[str, Any], column: str) -> Cell:
    printed = str(row["type"] if column == "type" else row["printed"].get(column, ""))
    return Cell(printed, row.get("true", {}).get(column))


def _figures(blocks: Sequence[str], analysis: Analysis) -> PaperNumbers:
    if not blocks:
        return PaperNumbers()
    reports = [analysis.blocks[name] for name in blocks]
    parameters = sum(report.parameters or 0 for report in reports)
    macs = sum(report.macs or 0 for report in reports)
    return PaperNumbers(reports[-1].output_shape, parameters, macs)


def _total(analysis: Analysis) -> PaperNumbers:
    return PaperNumbers(None, analysis.parameters, analysis.macs)
