"""Graphs that do not fall apart into stretches and branches: rows, ordered so that few wires cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blockstudio.layout.box import GAP_MERGE, Box, Size
from blockstudio.layout.order import Flow

SWEEPS = 8
GAP = 48.0
"""Between neighbours in a row: room for two wires that go down there."""


def mesh(flow: Flow, nodes: Sequence[int], sizes: Sequence[Size]) -> Box:
    """Lay out ``nodes``, which hang together, in rows by the length of the way to them."""
    inside = set(nodes)
    edges = [(u, v) for u in nodes for v in flow.after[u] if v in inside]
    rows = _rows(nodes, edges)
    columns = {node: (x, float(rows[node])) for node, x in _swept(nodes, edges, rows).items()}
    return _boxed(columns, sizes)


def _rows(nodes: Sequence[int], edges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Each node's row: the longest way to it."""
    rows = dict.fromkeys(nodes, 0)
    after: dict[int, list[int]] = {node: [] for node in nodes}
    for u, v in edges:
        after[u].append(v)
    for node in nodes:
        for other in after[node]:
            rows[other] = max(rows[other], rows[node] + 1)
    return rows


def _swept(nodes: Sequence[int], edges: Sequence[tuple[int, int]], rows: Mapping[int, int]) -> dict[int, float]:
    """Columns from sweeps down and up: each node wants to stand at the mean of its neighbours."""
    neighbours: dict[int, list[int]] = {node: [] for node in nodes}
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    by_row: dict[int, list[int]] = {}
    for node in sorted(nodes):
        by_row.setdefault(rows[node], []).append(node)
    x: dict[int, float] = {}
    for row in by_row.values():
        _number(row, x)
    levels = sorted(by_row)
    for sweep in range(SWEEPS):
        for level in levels if sweep % 2 == 0 else reversed(levels):
            row = by_row[level]
            wanted = {node: _mean([x[other] for other in neighbours[node]], x[node]) for node in row}
            row.sort(key=lambda node: (wanted[node], node))
            _number(row, x)
    return x


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _number(row: Sequence[int], x: dict[int, float]) -> None:
    for position, node in enumerate(row):
        x[node] = position - (len(row) - 1) / 2


def _boxed(columns: Mapping[int, tuple[float, float]], sizes: Sequence[Size]) -> Box:
    """Columns and rows in pixels, wide and high enough for the largest card."""
    unit = max(sizes[node][0] for node in columns) + GAP
    heights: dict[float, float] = {}
    for node, (_, row) in columns.items():
        heights[row] = max(heights.get(row, 0.0), sizes[node][1])
    tops: dict[float, float] = {}
    y = 0.0
    for row in sorted(heights):
        tops[row] = y
        y += heights[row] + GAP_MERGE
    low, high = min(x for x, _ in columns.values()), max(x for x, _ in columns.values())
    box = Box(height=y - GAP_MERGE)
    for node, (column, row) in columns.items():
        x = (column - (low + high) / 2) * unit
        box.nodes[node] = (x, tops[row] + heights[row] / 2)
        box.left = min(box.left, x - sizes[node][0] / 2)
        box.right = max(box.right, x + sizes[node][0] / 2)
    return box
