"""A graph as boxes within boxes: stretches one below the other, branches side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from blockstudio.layout.box import GAP_FAN, GAP_MERGE, GAP_X, GAP_Y, GRID, LANE, Box, Size
from blockstudio.layout.mesh import mesh
from blockstudio.layout.order import Flow

MAX_DEPTH = 40
"""Branches within branches; what lies deeper is drawn as a mesh."""
MOST_LANES = 8
"""Room is kept for so many wires beside a stretch; more run outside all."""


def stack(flow: Flow, nodes: Sequence[int], sizes: Sequence[Size], depth: int = 0) -> Box:
    """Lay out ``nodes`` (in the order of the signal, hanging together) with those on every way through them, the
    waists, on one straight line."""
    inside = set(nodes)
    waists = _waists(flow, nodes, inside)
    box = Box()
    y: float = 0.0
    between: list[int] = []
    last: int | None = None
    """The waist above, if nothing stands between."""
    for position, node in enumerate([*nodes, -1]):
        if position < len(nodes) and node not in waists:
            between.append(node)
            continue
        if between:
            y += GAP_FAN if last is not None else 0.0
            part, branches = _spread(flow, between, sizes, depth, whole=len(between) == len(nodes))
            box.add(part, 0.0, y)
            y += part.height + (GAP_MERGE if branches > 1 else GAP_FAN if position < len(nodes) else 0.0)
            between, last = [], None
        if position < len(nodes):
            if last is not None:
                y += GAP_FAN if flow.leaving[last] > 1 or flow.entering[node] > 1 else GAP_Y
            width, height = sizes[node]
            box.add(Box(-width / 2, width / 2, height, {node: (0.0, height / 2)}), 0.0, y)
            y += height
            last = node
    _reserve(flow, nodes, inside, box)
    return box


def _reserve(flow: Flow, nodes: Sequence[int], inside: set[int], box: Box) -> None:
    """Keep room beside a stretch for the wires that skip some of it: left those that take the first inputs."""
    ends: dict[bool, list[tuple[float, int]]] = {False: [], True: []}
    for node in nodes:
        for other in flow.skips[node]:
            if other in inside:
                at = ends[flow.port.get((node, other), 0.0) > 0.5]
                at += [(box.nodes[node][1], 1), (box.nodes[other][1], -1)]
    for right, changes in ends.items():
        most = count = 0
        for _, change in sorted(changes):
            count += change
            most = max(most, count)
        room = min(most, MOST_LANES) * LANE
        if right:
            box.right += room
        else:
            box.left -= room


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


def _spread(flow: Flow, nodes: list[int], sizes: Sequence[Size], depth: int, *, whole: bool) -> tuple[Box, int]:
    """Lay out what stands between two waists, and how many branches that are: side by side, their first blocks on one
    row, or a mesh if it does not fall apart."""
    branches = flow.parts(nodes)
    if len(branches) == 1 and whole:
        return mesh(flow, nodes, sizes), 1
    # Side by side as the inputs in which they end, so that no wire crosses another.
    branches.sort(key=flow.ports_of)
    deep = depth >= MAX_DEPTH
    parts = [mesh(flow, branch, sizes) if deep else stack(flow, branch, sizes, depth + 1) for branch in branches]
    if len(parts) == 1:
        return parts[0], 1
    box = Box()
    if len(parts) == 2:
        main, side = sorted((0, 1), key=lambda index: -parts[index].height)
        if parts[main].height >= 2 * parts[side].height:
            # A short cut around a long way: the long way keeps straight.
            box.add(parts[main], 0.0, 0.0)
            away = parts[main].right + GAP_X - parts[side].left
            if side < main:
                away = parts[main].left - GAP_X - parts[side].right
            box.add(parts[side], away, 0.0)
            return box, 2
    # Axes on the grid, so that snapping later moves a branch as a whole and its steps stay even.
    axes: list[float] = []
    right = 0.0
    for part in parts:
        axes.append(ceil((right - part.left) / GRID) * GRID)
        right = axes[-1] + part.right + GAP_X
    middle = (axes[0] + parts[0].left + axes[-1] + parts[-1].right) / 2
    for axis, part in zip(axes, parts, strict=True):
        box.add(part, axis - round(middle / GRID) * GRID, 0.0)
    return box, len(parts)
