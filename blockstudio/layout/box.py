"""A finished part of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

Size = tuple[float, float]

GRID = 8.0
GAP_X = 48.0
"""Between neighbours in a row: room for two wires that go down there."""
GAP_Y = 72.0
"""Between a block and the next below: room for the wire and the shape on it."""


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
