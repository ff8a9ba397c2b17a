"""What a suite has to say at its end."""

from __future__ import annotations

from collections.abc import Iterable
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
    greatest: dict[str, float] = field(default_factory=dict)
    """Figures beside it by their words (``slowest {:.2f} s``); of several processes the greatest holds."""
    totals: dict[str, float] = field(default_factory=dict)
    """Figures that several processes add up."""

    def add(self, fault: str) -> None:
        """Keep a fault, in one line."""
        self.faults.append(" ".join(fault.split())[:300])

    @property
    def lost(self) -> str:
        """For the table."""
        return f"{len(self.faults)} faults" if self.faults else "nothing"

    @property
    def note(self) -> str:
        """All figures, in words."""
        return ", ".join(words.format(value) for words, value in (self.greatest | self.totals).items())


def together(outcomes: Iterable[Outcome]) -> Outcome:
    """What several processes did, as one line."""
    first, *others = outcomes
    whole = Outcome(first.what, first.times, list(first.faults), dict(first.greatest), dict(first.totals))
    for other in others:
        whole.times += other.times
        whole.faults += other.faults
        for words, value in other.greatest.items():
            whole.greatest[words] = max(value, whole.greatest.get(words, value))
        for words, value in other.totals.items():
            whole.totals[words] = value + whole.totals.get(words, 0)
    return whole
