"""Trials: a variant with a seed, and the run that it is."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.experiments.definition import Plan, Variant
from blockstudio.experiments.measures import value_of
from blockstudio.graph.format import dumps
from blockstudio.runs.recipe import dumps_recipe
from blockstudio.runs.run import Run, create_run

TrialStatus: TypeAlias = Literal["queued", "running", "paused", "stopped", "finished", "diverged", "failed", "lost"]

ENDED = ("finished", "diverged", "failed")
"""What is not started again by itself. A loss that grew without bound is an outcome: the trial never got there."""


@dataclass(slots=True)
class Outcome:
    """How a trial stands."""

    status: TrialStatus
    value: float | None = None
    """The measure, once it ended; ``None`` if it never got there."""
    step: int = 0
    steps: int | None = None
    message: str = ""
    seconds: float | None = None


@dataclass
class Trial:
    """One run of an experiment, made or yet to be made."""

    plan: Plan
    variant: Variant
    seed: int
    home: Path
    """The experiment's folder."""
    _outcome: Outcome | None = field(default=None, repr=False)

    @cached_property
    def directory(self) -> Path:
        """Named by what it is, so that an experiment that is given more seeds keeps those it has, and one with another
        recipe begins anew."""
        recipe = dumps_recipe(self.plan.recipe_of(self.variant, self.seed))
        text = dumps(self.plan.diagram(self.variant)) + recipe
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        stem = re.sub(r"[^a-z0-9.=]+", "-", self.plan.name_of(self.variant).lower()).strip("-.")[:60]
        return self.home / f"{stem}-seed{self.seed}-{digest}"

    @property
    def name(self) -> str:
        return f"{self.plan.name_of(self.variant)}, seed {self.seed}"

    def run(self) -> Run | None:
        """Its run; ``None`` before it was made."""
        try:
            return Run(self.directory)
        except StudioError:
            return None

    def create(self) -> Run:
        """Its run, made if it is not there. What a run leaves that was not made to its end is cleared away. Raises
        `StudioError` for what is wrong with diagram, data and recipe."""
        found = self.run()
        if found is not None:
            return found
        if self.directory.is_dir():
            shutil.rmtree(self.directory)
        diagram = self.plan.diagram(self.variant)
        return create_run(diagram, self.plan.recipe_of(self.variant, self.seed), self.directory)

    def outcome(self) -> Outcome:
        """How it stands, read anew until it has ended."""
        if self._outcome is None or self._outcome.status not in ENDED:
            self._outcome = self._read()
        return self._outcome

    def forget(self) -> None:
        """Read anew also if it has ended."""
        self._outcome = None

    def _read(self) -> Outcome:
        run = self.run()
        if run is None:
            return Outcome("queued")
        state = run.state()
        step, steps = state.step, state.steps
        if state.status in ("finished", "failed"):
            log = run.history()
            status: TrialStatus = "finished" if log.finished else "diverged" if log.diverged else "failed"
            value = value_of(self.plan.experiment.measure, log) if status != "failed" else None
            seconds = log.finished.get("seconds") if log.finished else None
            return Outcome(status, value, step, steps, state.message, seconds)
        return Outcome("queued" if state.status == "new" else state.status, None, step, steps, state.message)


def trials_of(plan: Plan, home: Path) -> list[Trial]:
    """Every trial, seed by seed: the first of each variant come first, so that a table fills evenly."""
    return [Trial(plan, variant, seed, home) for seed in plan.experiment.seeds for variant in plan.variants]
