"""Which part of every batch a process takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """Number ``rank`` of ``size`` processes. A batch is cut into as many parts, one behind the other, of sizes that
    differ by one at most."""

    rank: int = 0
    size: int = 1

    def part(self, count: int) -> tuple[int, int]:
        """Where this process's part of ``count`` begins and ends."""
        return self.rank * count // self.size, (self.rank + 1) * count // self.size


ALL = Share()
"""One process takes everything."""
