"""A copy of a graph that a window can wait for: networkx adds each edge by itself, which takes five times as long."""

from __future__ import annotations

import networkx as nx

Key = tuple[str, str]
"""The ports of a wire."""


def copied(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """A graph of its own with the same nodes, whose data are shared, and edges without data, all in the same order."""
    twin = nx.MultiDiGraph()
    onward: dict[str, dict[str, dict[Key, dict[str, object]]]] = {}
    for u, found in graph._adj.items():
        onward[u] = {v: {key: {} for key in keys} for v, keys in found.items()}
    twin._node = dict(graph._node)
    twin._adj = onward
    twin._pred = {v: {u: onward[u][v] for u in found} for v, found in graph._pred.items()}
    return twin
