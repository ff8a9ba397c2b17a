"""How an experiment stands, for a page: its rows, curves with their spread, fronts, and whether a queue is at work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from blockstudio.errors import StudioError
from blockstudio.experiments.definition import ExperimentPlan
from blockstudio.experiments.measures import OF_STEPS, OF_TEST, Measure
from blockstudio.experiments.queue import told_to_pause
from blockstudio.experiments.results import Row, answer_of, cost_of, front, rows_of
from blockstudio.experiments.statistics import confidence, mean
from blockstudio.experiments.trials import ENDED, Trial
from blockstudio.runs.lock import Lock
from blockstudio.text import Text

POINTS = 160
"""Points of a mean curve."""
COSTS = ("parameters", "macs", "seconds")


@dataclass(frozen=True)
class Band:
    """A curve over the seeds: mean and standard deviation at the same steps."""

    steps: list[float]
    mean: list[float]
    deviation: list[float]
    seeds: int


@dataclass(frozen=True)
class Difference:
    """One row against its reference, over the seeds that both have."""

    row: Row
    reference: Row
    mean: float | None
    half: float | None
    """Half the width of the 95 % interval."""
    pairs: int


@dataclass
class Standing:
    """What was read of an experiment at one moment."""

    plan: ExperimentPlan
    rows: list[Row]
    answer: Text
    differences: list[Difference]
    bands: dict[int, Band] = field(default_factory=dict)
    """By the variant's index."""
    fronts: dict[str, list[int]] = field(default_factory=dict)
    """Indices of variants on the front, by cost."""
    costs: dict[str, dict[int, float]] = field(default_factory=dict)
    working: bool = False
    """A queue is at work."""
    paused: bool = False
    seconds_left: float | None = None

    def count(self, *statuses: str) -> int:
        """Trials that stand so."""
        return sum(outcome.status in statuses for row in self.rows for outcome in row.outcomes.values())

    @property
    def total(self) -> int:
        return sum(len(row.outcomes) for row in self.rows)

    @property
    def ended(self) -> int:
        return self.count(*ENDED)


def with_measure(plan: ExperimentPlan, measure: Measure) -> ExperimentPlan:
    """The same experiment, measured in another way: its trials are the same runs."""
    return ExperimentPlan(
        msgspec.structs.replace(plan.experiment, measure=measure), plan.folder, proposals=plan.proposals
    )


def standing(plan: ExperimentPlan, trials: Sequence[Trial], home: Path, curve: str = "", at_once: int = 1) -> Standing:
    """Read how an experiment stands. ``curve``: of `CURVES`, whose bands are wanted; empty: none."""
    rows = rows_of(plan, trials)
    found = Standing(plan, rows, answer_of(plan, rows), [_difference(row) for row in rows if row.reference is not None])
    found.costs = {
        cost: {row.variant.index: value for row in rows if (value := cost_of(row, cost)) is not None} for cost in COSTS
    }
    found.fronts = {cost: [row.variant.index for row in front(plan, rows, cost)] for cost in COSTS}
    if curve and curve not in OF_TEST:
        found.bands = _bands(trials, curve)
    lock = Lock(home)
    holder = lock.holder() if os.path.isdir(home) else None
    found.working = holder is not None and lock.alive(holder)
    found.paused = told_to_pause(home)
    found.seconds_left = _seconds_left(found, at_once)
    return found


def _difference(row: Row) -> Difference:
    reference = row.reference
    assert reference is not None
    mine, theirs = row.values(), reference.values()
    pairs = [mine[seed] - theirs[seed] for seed in mine if seed in theirs]
    both = [seed for seed in row.ended() if seed in reference.ended()]
    return Difference(row, reference, mean(pairs) if pairs else None, confidence(pairs), len(both))


def _bands(trials: Sequence[Trial], curve: str) -> dict[int, Band]:
    series: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for trial in trials:
        run = trial.run()
        if run is None:
            continue
        try:
            log = run.history()
        except StudioError:
            continue  # What is wrong with a run is said by its state.
        steps, values = log.column(curve) if curve in OF_STEPS else log.epoch_column(curve)
        if len(steps) > 1:
            series.setdefault(trial.variant.index, []).append((np.array(steps, float), np.array(values, float)))
    return {index: _band(each) for index, each in series.items()}


def _band(series: list[tuple[np.ndarray, np.ndarray]]) -> Band:
    """Over the stretch that all seeds have."""
    first = max(steps[0] for steps, _ in series)
    last = max(first, min(steps[-1] for steps, _ in series))
    longest = max(len(steps) for steps, _ in series)
    at = np.linspace(first, last, min(POINTS, max(2, longest)))
    values = np.stack([np.interp(at, steps, each) for steps, each in series])
    spread = values.std(0, ddof=1) if len(series) > 1 else np.zeros(len(at))
    return Band(at.tolist(), values.mean(0).tolist(), spread.tolist(), len(series))


def _seconds_left(found: Standing, at_once: int) -> float | None:
    """By what ended trials took, each variant by its own where it has one."""
    every = [outcome.seconds for row in found.rows for outcome in row.outcomes.values() if outcome.seconds]
    if not every:
        return None
    left = 0.0
    for row in found.rows:
        own = [outcome.seconds for outcome in row.outcomes.values() if outcome.seconds]
        one = mean(own or every)
        for outcome in row.outcomes.values():
            if outcome.status not in ENDED:
                left += one * (1 - outcome.step / outcome.steps if outcome.steps else 1.0)
    return left / max(1, at_once)
