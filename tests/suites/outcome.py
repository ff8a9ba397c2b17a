"""What a suite has to say at its end."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """One line of the table."""

    what: str
    """What was done, in a few words."""
    times: int = 0
    """How often."""
    faults: list[str] = field(default_factory=list)
    """What went wrong, one line each."""
    note: str = ""
    """Figures beside it: slowest, largest."""

    def add(self, fault: str) -> None:
        """Keep a fault, in one line."""
        self.faults.append(" ".join(fault.split())[:300])

    @property
    def lost(self) -> str:
        """For the table."""
        return f"{len(self.faults)} faults" if self.faults else "nothing"
