"""The whole picture: the way from the inputs to the outputs first, loose ends beside it, the rest to the right.
Plain data in and out, so that it can run in another process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blockstudio.layout.box import GAP_FAN, GAP_X, GRID, Box, Size
from blockstudio.layout.boxes import stack
from blockstudio.layout.order import Flow

CARD: Size = (152.0, 48.0)
"""Width and height of a block's card where no size is given."""
APART = 64.0
"""Between graphs that have no wire in common."""
LEVELS = 8
"""Loose ends on loose ends; what lies deeper is laid out as one."""


def place(
    names: Sequence[str],
    edges: Sequence[tuple[int, int]],
    sizes: Sequence[Size],
    inputs: Sequence[int] = (),
    outputs: Sequence[int] = (),
    ports: Sequence[float] = (),
) -> dict[str, tuple[float, float]]:
    """Centres by name. ``edges`` are pairs of positions in ``names``; ``inputs`` and ``outputs`` those between which
    the main way runs; ``ports`` as in `Flow`."""
    if not names:
        return {}
    flow = Flow(len(names), [(u, v) for u, v in edges], ports)
    ends = (set(inputs), set(outputs))
    parts = flow.parts(range(len(names)))
    parts.sort(key=lambda part: (not ends[0].intersection(part), not ends[1].intersection(part), -len(part), min(part)))
    picture = _part(flow, parts[0], sizes, ends)
    x, y, bottom, widest = picture.right + APART, 0.0, max(picture.height, 600.0), 0.0
    for part in parts[1:]:
        box = _part(flow, part, sizes, ends)
        if y and y + box.height > bottom:
            x, y, widest = x + widest + APART, 0.0, 0.0
        picture.add(box, x - box.left, y)
        y += box.height + GAP_FAN
        widest = max(widest, box.width)
    return {names[node]: (_snap(x), _snap(y)) for node, (x, y) in sorted(picture.nodes.items())}


def _snap(value: float) -> float:
    return round(value / GRID) * GRID + 0.0


def _part(flow: Flow, nodes: list[int], sizes: Sequence[Size], ends: tuple[set[int], set[int]], level: int = 0) -> Box:
    """Lay out nodes that hang together: the main way as a stack, what leaves or joins it beside."""
    inside = set(nodes)
    starts = ends[0] & inside or {_source(flow, nodes, inside)}
    down = flow.reachable(starts, inside)
    stops = ends[1] & down or {_farthest(flow, nodes, down)}
    way = down & flow.reachable(stops, inside, backwards=True)
    if level >= LEVELS or len(way) == len(nodes) or not way:
        return stack(flow, nodes, sizes)
    box = _joined(flow, way, sizes)
    edge = _Edge(box, sizes)
    hanging = []
    for part in flow.parts(inside - way):
        hanging.append(_Hanging(flow, part, _part(flow, part, sizes, ends, level + 1), box, sizes))
    for loose in sorted(hanging, key=lambda item: (item.top, item.nodes[0])):
        x = edge.beyond(loose.top, loose.top + loose.box.height) + GAP_X - loose.box.left
        box.add(loose.box, x, loose.top)
        edge.push(loose.top, loose.top + loose.box.height, x + loose.box.right)
    return _from_top(box, sizes)


def _joined(flow: Flow, way: Iterable[int], sizes: Sequence[Size]) -> Box:
    """The main way, which may be several where it runs between several inputs and outputs."""
    box = Box()
    for part in flow.parts(way):
        inner = stack(flow, part, sizes)
        box.add(inner, box.right + GAP_X - inner.left if box.nodes else 0.0, 0.0)
    return box


class _Hanging:
    """A loose end: below the last block that feeds it or, fed by none, above the first that it feeds."""

    def __init__(self, flow: Flow, nodes: list[int], box: Box, main: Box, sizes: Sequence[Size]) -> None:
        self.nodes = nodes
        self.box = box
        above = [other for node in nodes for other in flow.before[node] if other in main.nodes]
        below = [other for node in nodes for other in flow.after[node] if other in main.nodes]
        if above:
            self.top = max(main.nodes[other][1] + sizes[other][1] / 2 for other in above) + GAP_FAN
        else:
            tops = [main.nodes[other][1] - sizes[other][1] / 2 for other in below]
            self.top = min(tops, default=0.0) - GAP_FAN - self.box.height


class _Edge:
    """How far right the picture reaches, by height."""

    STEP = 64.0

    def __init__(self, box: Box, sizes: Sequence[Size]) -> None:
        self._reach: dict[int, float] = {}
        for node, (x, y) in box.nodes.items():
            width, height = sizes[node]
            self.push(y - height / 2, y + height / 2, x + width / 2)

    def push(self, top: float, bottom: float, right: float) -> None:
        for row in self._rows(top, bottom):
            self._reach[row] = max(self._reach.get(row, right), right)

    def beyond(self, top: float, bottom: float) -> float:
        return max((self._reach[row] for row in self._rows(top, bottom) if row in self._reach), default=0.0)

    def _rows(self, top: float, bottom: float) -> range:
        return range(int(top // self.STEP), int(bottom // self.STEP) + 1)


def _source(flow: Flow, nodes: Sequence[int], inside: set[int]) -> int:
    """Where the longest way begins."""
    length: dict[int, int] = {}
    for node in reversed(nodes):
        length[node] = 1 + max((length[other] for other in flow.after[node] if other in inside), default=0)
    return max(nodes, key=lambda node: (length[node], -node))


def _farthest(flow: Flow, nodes: Sequence[int], down: set[int]) -> int:
    """Where the longest way among ``down`` ends."""
    length: dict[int, int] = {}
    for node in nodes:
        if node in down:
            length[node] = 1 + max((length[other] for other in flow.before[node] if other in down), default=0)
    return max(length, key=lambda node: (length[node], -node))


def _from_top(box: Box, sizes: Sequence[Size]) -> Box:
    """The same box, beginning at its highest node."""
    top = min(y - sizes[node][1] / 2 for node, (_, y) in box.nodes.items())
    moved = Box()
    moved.add(box, 0.0, -top)
    return moved
