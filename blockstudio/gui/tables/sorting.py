"""The rows of a network's table in another order, and as areas."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from blockstudio.graph.diagram import Diagram
from blockstudio.gui.kit.text import tr
from blockstudio.gui.tables.treemap_view import Piece
from blockstudio.report.summary import HEADINGS, SummaryRow

OUTPUT, PARAMETERS, MACS = 2, 3, 4
"""Columns of the network's own table."""
_KEYS: tuple[Callable[[SummaryRow], Any], ...] = (
    lambda row: row.path,
    lambda row: row.type,
    lambda row: prod(row.output or (0,)),
    lambda row: row.parameters or 0,
    lambda row: row.macs or 0,
)


def sorted_rows(rows: list[SummaryRow], by: tuple[int, bool] | None) -> list[SummaryRow]:
    """Rows by a column, from the largest on if so wanted; equal ones, and all without a column, as in the document."""
    return rows if by is None else sorted(rows, key=_KEYS[by[0]], reverse=by[1])


def pieces_of(diagram: Diagram, rows: list[SummaryRow], column: int) -> list[Piece]:
    """The rows' parameters or MACs as areas; of a module that is opened its inside."""
    opened = {row.path.rpartition(".")[0] for row in rows}
    pieces = []
    for row in rows:
        value = row.parameters if column == PARAMETERS else row.macs
        if value and row.path not in opened:
            kind = diagram.kind(row.type.partition(" ")[0])
            family = kind.family if kind is not None else "module"
            pieces.append(Piece(row.path, family, value, f"{value:,} {tr(HEADINGS[column])}"))
    return pieces
