"""The learning-rate schedules of a recipe: one row each, with the function that it is. The recipe's fields, their help
and the trainer read this table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

ONE_CYCLE_START = 1 / 25
"""Share of the peak rate with which one-cycle begins."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a run is, and what its schedule was told."""

    step: int
    """From 0."""
    total: int
    steps_per_epoch: int
    rise: float
    """Steps over which the rate rises."""
    milestones: tuple[float, ...]
    """Shares of the run."""
    gamma: float
    final: float
    every: float = 1.0
    """Epochs from one drop to the next."""

    @property
    def fall(self) -> float:
        """How far it is from the end of the rise to the end of the run, 0 to 1."""
        return (self.step - self.rise) / max(1.0, self.total - self.rise)


def straight(share: float) -> float:
    """A rise in a straight line."""
    return share


def half_wave(share: float) -> float:
    """A rise along half a cosine, from `ONE_CYCLE_START` to 1."""
    return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * (1 - math.cos(math.pi * share)) / 2


def constant(_: Moment) -> float:
    """The peak rate to the end."""
    return 1.0


def steps(at: Moment) -> float:
    """A factor at each milestone."""
    return float(at.gamma ** sum(at.step >= place * at.total for place in at.milestones))


def exponential(at: Moment) -> float:
    """A factor every so many epochs."""
    return float(at.gamma ** int(at.step / (at.every * at.steps_per_epoch)))


def cosine(at: Moment) -> float:
    """Half a cosine from the peak to the final share."""
    return at.final + (1 - at.final) * (1 + math.cos(math.pi * at.fall)) / 2


@dataclass(frozen=True, slots=True)
class Curve:
    """One schedule: the share of the peak rate over the run."""

    name: str
    """As it stands in a recipe."""
    share: Callable[[Moment], float]
    """After the rise; 0 to 1."""
    fields: tuple[str, ...] = ()
    """Fields of `structure.Schedule` that matter to it alone or to some others."""
    gamma: float | None = None
    """The factor where the recipe leaves it open."""
    rise: Callable[[float], float] = straight
    """The share of the peak rate at a share of the rise."""


SCHEDULES: dict[str, Curve] = {
    curve.name: curve
    for curve in (
        Curve("constant", constant),
        Curve("step", steps, ("milestones", "gamma"), gamma=0.1),
        Curve("cosine", cosine, ("final",)),
        Curve("exponential", exponential, ("gamma", "every"), gamma=0.95),
        Curve("one_cycle", cosine, ("final",), rise=half_wave),
    )
}
"""By name, in the order in which they are offered."""


def of_schedules(name: str) -> str:
    """The schedules to which a field of `structure.Schedule` matters: ``cosine one_cycle``."""
    return " ".join(curve.name for curve in SCHEDULES.values() if name in curve.fields)


def gammas_text() -> str:
    """The factors where the recipe leaves them open: ``0.1 for step, 0.95 for exponential``."""
    return ", ".join(f"{curve.gamma:g} for {curve.name}" for curve in SCHEDULES.values() if curve.gamma is not None)
