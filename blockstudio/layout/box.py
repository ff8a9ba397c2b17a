"""A finished part of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

Size = tuple[float, float]

GRID = 8.0
GAP_X = 24.0
"""Between neighbours in a row: cards then stand a multiple of twice the grid apart."""
LANE = 16.0
"""A wire that goes down beside blocks, so much for each."""
GAP_Y = 32.0
"""Between a block and the next of its chain: the shape on the wire, with air above and below."""
GAP_FAN = 48.0
"""Below a block from which several wires part, and above one into which a skip comes."""
GAP_MERGE = 64.0
"""Between the last blocks of branches and the one in which they meet."""


@dataclass(slots=True)
class Box:
    """A finished part: centres relative to the middle of its upper edge, and how far it reaches."""

    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    nodes: dict[int, tuple[float, float]] = field(default_factory=dict)

    def add(self, box: Box, x: float, y: float) -> None:
        """Take in another box with its upper middle at (x, y)."""
        for node, (dx, dy) in box.nodes.items():
            self.nodes[node] = (x + dx, y + dy)
        self.left = min(self.left, x + box.left)
        self.right = max(self.right, x + box.right)
        self.height = max(self.height, y + box.height)

    @property
    def width(self) -> float:
        return self.right - self.left
