"""Trials: a variant with a seed, and the run that it is."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.experiments.answers import answer_of, start_asking, unanswered
from blockstudio.experiments.definition import ExperimentPlan, Variant
from blockstudio.experiments.measures import Measure, asked, counted, value_of, watched
from blockstudio.graph.files import inside
from blockstudio.graph.format import loads
from blockstudio.runs.events import Event, RunLog, read_events
from blockstudio.runs.recipe_files import dumps_recipe
from blockstudio.runs.run import EVENTS, Run, create_run
from blockstudio.text import Text, join, say, say_many

TrialStatus: TypeAlias = Literal[
    "queued", "running", "paused", "stopped", "asked", "finished", "diverged", "failed", "lost"
]
"""``asked``: trained, and the laboratory has yet to answer about it."""

ENDED = ("finished", "diverged", "failed")
"""What is not started again by itself. A loss that grew without bound is an outcome: the trial never got there."""


@dataclass(slots=True)
class Outcome:
    """How a trial stands."""

    status: TrialStatus
    value: float | None = None
    """The measure, once it ended; ``None`` if it never got there."""
    also: dict[str, float | None] = field(default_factory=dict)
    """The further measures, by name."""
    refused: str = ""
    """What the laboratory refused, and why."""
    step: int = 0
    steps: int | None = None
    message: str = ""
    seconds: float | None = None
    machine: Text = field(default_factory=lambda: Text(""))
    """What trained it; empty where nothing is noted."""


@dataclass
class Trial:
    """One run of an experiment, made or yet to be made."""

    plan: ExperimentPlan
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
        text = self.plan.text_of(self.variant) + recipe
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        # Another experiment that looks at the same runs may call the variant otherwise.
        known = inside(self.home, f"*-seed{self.seed}-{digest}") if self.plan.experiment.runs else []
        if known:
            return known[0]
        stem = re.sub(r"[^a-z0-9.=]+", "-", self.plan.name_of(self.variant).lower()).strip("-.")[:60]
        return self.home / f"{stem}-seed{self.seed}-{digest}"

    @property
    def name(self) -> str:
        return f"{self.plan.name_of(self.variant)}, seed {self.seed}"

    def run(self) -> Run | None:
        """Its run; ``None`` before it was made."""
        if not os.path.isdir(self.home):  # No trial was made yet: its name, which is dear, is not needed.
            return None
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
        if os.path.isdir(self.directory):
            try:
                shutil.rmtree(self.directory)
            except OSError as error:
                raise StudioError(
                    "file.write", say("what is left of a run cannot be cleared away: {reason}.",
                                      reason=error.strerror or error),
                    where=str(self.directory), hint=say("Delete it by hand."),
                ) from error  # fmt: skip
        diagram = loads(self.plan.text_of(self.variant))
        return create_run(diagram, self.plan.recipe_of(self.variant, self.seed), self.directory)

    def outcome(self) -> Outcome:
        """How it stands, read anew until it has ended."""
        if self._outcome is None or self._outcome.status not in ENDED:
            self._outcome = self._read()
        return self._outcome

    def forget(self) -> None:
        """Read anew also if it has ended."""
        self._outcome = None

    def ask(self) -> subprocess.Popen[bytes]:
        """Ask the laboratory what the measures want to know, in a process of its own."""
        return start_asking(self.directory, unanswered(self.directory, self.plan.experiment.measures.values()))

    def _read(self) -> Outcome:
        if not self.plan.experiment.trained:
            return self._measured(Outcome("finished"), None)
        run = self.run()
        if run is None:
            return Outcome("queued")
        state = run.state()
        step, steps = state.step, state.steps
        if state.status not in ("finished", "failed"):
            return Outcome("queued" if state.status == "new" else state.status, None, step=step, steps=steps,
                           message=state.message)  # fmt: skip
        log = run.history()
        status: TrialStatus = "finished" if log.finished else "diverged" if log.diverged else "failed"
        seconds = log.finished.get("seconds") if log.finished else None
        found = Outcome(status, step=step, steps=steps, message=state.message, seconds=seconds,
                        machine=machine_of(run))  # fmt: skip
        if status == "failed":
            return found
        if status == "finished" and unanswered(run.directory, self.plan.experiment.measures.values()):
            found.status = "asked"
            return found
        return self._measured(found, log)

    def _measured(self, found: Outcome, log: RunLog | None) -> Outcome:
        """The outcome with its numbers."""
        events = list[Event]()
        if any(measure.kind == "watch" for measure in self.plan.experiment.measures.values()):
            events, _ = read_events(self.directory / EVENTS)
        values: dict[str, float | None] = {}

        def value(measure: Measure) -> float | None:
            match measure.kind:
                case "count":
                    return counted(measure, self.plan.analysis(self.variant))
                case "watch":
                    return watched(measure, events)
                case "ask":
                    answer = answer_of(self.directory, measure)
                    if "refused" in answer and not found.refused:
                        found.refused = str(answer["refused"])
                    return asked(measure, answer)
                case "less":
                    one, other = (values.get(name) for name in measure.less)
                    return None if one is None or other is None else one - other
            return value_of(measure, log) if log is not None else None

        measures = self.plan.experiment.measures
        # Differences last, of what is there by then.
        for name, measure in sorted(measures.items(), key=lambda item: item[1].kind == "less"):
            values[name] = value(measure)
        found.value = values[""]
        found.also = {name: values[name] for name in measures if name}
        return found


def machine_of(run: Run) -> Text:
    """Cores, system and release of PyTorch that a run notes; empty where it notes no cores."""
    noted = run.environment()
    cores, system, torch = (noted.get(key) for key in ("cores", "platform", "torch"))
    if not isinstance(cores, int):
        return Text("")
    return join([
        say_many("{count} core", "{count} cores", cores),
        str(system or "").partition("-")[0],
        f"PyTorch {torch}" if torch else "",
    ], ", ")  # fmt: skip


def trials_of(plan: ExperimentPlan, home: Path) -> list[Trial]:
    """Every trial, seed by seed: the first of each variant come first, so that a table fills evenly."""
    return [Trial(plan, variant, seed, home) for seed in plan.experiment.seeds for variant in plan.variants]
