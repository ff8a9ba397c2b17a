"""A graph as boxes within boxes: stretches one below the other, branches side by side."""

from __future__ import annotations

from collections.abc import Sequence

from blockstudio.layout.box import GAP_X, GAP_Y, GRID, Box, Size
from blockstudio.layout.mesh import mesh
from blockstudio.layout.order import Flow

MAX_DEPTH = 40
"""Branches within branches; what lies deeper is drawn as a mesh."""


def stack(flow: Flow, nodes: Sequence[int], sizes: Sequence[Size], depth: int = 0) -> Box:
    """Lay out ``nodes`` (in the order of the signal, hanging together) with those on every way through them, the
    waists, on one straight line."""
    inside = set(nodes)
    waists = _waists(flow, nodes, inside)
    box = Box()
    y = 0.0
    between: list[int] = []
    for position, node in enumerate([*nodes, -1]):
        if position < len(nodes) and node not in waists:
            between.append(node)
            continue
        if between:
            loose = depth == 0 and (not box.nodes or position == len(nodes))
            part = _spread(flow, between, sizes, depth, whole=len(between) == len(nodes), loose=loose)
            box.add(part, 0.0, y)
            y += part.height + GAP_Y
            between = []
        if position < len(nodes):
            width, height = sizes[node]
            box.add(Box(-width / 2, width / 2, height, {node: (0.0, height / 2)}), 0.0, y)
            y += height + GAP_Y
    return box


def _waists(flow: Flow, nodes: Sequence[int], inside: set[int]) -> set[int]:
    """The nodes that no way through ``nodes`` goes around: those that no edge jumps over."""
    local = {node: position for position, node in enumerate(nodes)}
    sources = [local[node] for node in nodes if not any(other in inside for other in flow.before[node])]
    farthest = sources[-1] if sources else 0
    found = set()
    for position, node in enumerate(nodes):
        if farthest <= position:
            found.add(node)
        targets = [local[other] for other in flow.after[node] if other in inside]
        # A way that ends here passes by all that comes later.
        farthest = max(farthest, max(targets) if targets else len(nodes))
    return found


def _spread(flow: Flow, nodes: list[int], sizes: Sequence[Size], depth: int, *, whole: bool, loose: bool) -> Box:
    """Lay out what stands between two waists: branches side by side, or a mesh if it does not fall apart. ``loose``:
    there is no waist above or below, so that branches begin at the top instead of standing in the middle."""
    branches = flow.parts(nodes)
    if len(branches) == 1 and whole:
        return mesh(flow, nodes, sizes)
    deep = depth >= MAX_DEPTH
    parts = [mesh(flow, branch, sizes) if deep else stack(flow, branch, sizes, depth + 1) for branch in branches]
    if len(parts) == 1:
        return parts[0]
    height = max(part.height for part in parts)
    # On the grid, so that snapping later moves a branch as a whole and its steps stay even.
    tops = [0.0 if loose else (height - part.height) / 2 // GRID * GRID for part in parts]
    box = Box()
    if len(parts) == 2:
        main, side = sorted((0, 1), key=lambda index: -parts[index].height)
        if parts[main].height >= 2 * parts[side].height + GAP_Y:
            # A short cut around a long way: the long way keeps straight.
            box.add(parts[main], 0.0, 0.0)
            box.add(parts[side], parts[main].right + GAP_X - parts[side].left, tops[side])
            return box
    x = -(sum(part.width for part in parts) + GAP_X * (len(parts) - 1)) / 2
    for part, top in zip(parts, tops, strict=True):
        box.add(part, x - part.left, top)
        x += part.width + GAP_X
    return box
