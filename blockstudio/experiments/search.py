"""A search that learns from its results: Optuna proposes, the queue trains, Optuna hears what came of it.

What was proposed stands in the experiment's folder, one a line, for whoever shows the experiment without Optuna; what
was learnt stands beside it in Optuna's journal. A search that was killed goes on from both.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.experiments.definition import ExperimentPlan
from blockstudio.experiments.results import Row, cost_of, rows_of
from blockstudio.experiments.space import Range, Search
from blockstudio.experiments.statistics import mean
from blockstudio.experiments.trials import ENDED, Trial, trials_of
from blockstudio.graph.files import append_whole, folder_for, read_bounded, refused
from blockstudio.text import say

PROPOSED, JOURNAL = "proposed.jsonl", "optuna.journal"
STUDY = "experiment"
LARGEST = 1 << 26
"""Bytes of what was proposed."""


def proposed(plan: ExperimentPlan, home: Path) -> ExperimentPlan:
    """The experiment with the variants that its search has come to so far; any other experiment as it is."""
    search = plan.experiment.search
    if search is None or not search.adaptive:
        return plan
    found = _read(home)
    return plan if len(found) == len(plan.proposals) else ExperimentPlan(plan.experiment, plan.folder, proposals=found)


def _read(home: Path) -> tuple[dict[str, Any], ...]:
    file = home / PROPOSED
    if not os.path.isfile(file):
        return ()
    found: dict[str, dict[str, Any]] = {}
    for line in read_bounded(file, LARGEST).decode("utf-8", "replace").splitlines():
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue  # The last line of a search that was killed while it wrote.
        if isinstance(values, dict):
            found.setdefault(_key(values), values)
    return tuple(found.values())


def _key(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)


@contextlib.contextmanager
def _whole(journal: Path) -> Iterator[None]:
    """Optuna's journal as it was before where the disk refuses what is to be added. Raises `StudioError`
    ``file.write``."""
    before = journal.stat().st_size if os.path.exists(journal) else 0
    try:
        yield
    except OSError as error:
        with contextlib.suppress(OSError):
            os.truncate(journal, before)
        raise refused(error, 0, journal) from error


class Searcher:
    """Grows an experiment's trials as its results come in.

    Args:
        plan: An experiment with an adaptive search.
        home: Its folder.

    Raises:
        StudioError: ``experiment.requires`` if Optuna is not installed.
    """

    def __init__(self, plan: ExperimentPlan, home: Path) -> None:
        search = plan.experiment.search
        assert search is not None and search.adaptive
        try:
            import optuna
        except ImportError:
            raise StudioError(
                "experiment.requires",
                say("a search of the kind '{kind}' needs Optuna, which is not installed.", kind=search.kind),
                where="search.kind",
                hint=say("Install it: pip install 'blockstudio[search]'. Random search needs nothing."),
            ) from None
        self._optuna, self._search, self._home = optuna, search, home
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.plan = proposed(plan, home)
        with folder_for(home), _whole(home / JOURNAL):
            self._study = self._open(plan)

    def _open(self, plan: ExperimentPlan) -> Any:
        optuna, search = self._optuna, self._search
        journal = optuna.storages.journal
        storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(self._home / JOURNAL)))
        best = "maximize" if plan.experiment.measure.more_is_better else "minimize"
        # A search that goes on draws other numbers than before, and the same ones each time.
        seed = search.seed + len(self.plan.proposals)
        if search.kind == "nsga2":
            sampler: Any = optuna.samplers.NSGAIISampler(seed=seed, population_size=max(2, min(20, search.trials // 2)))
        else:
            sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True, n_startup_trials=min(10, search.trials))
        directions = [best, "minimize"] if search.kind == "nsga2" else [best]
        return optuna.create_study(
            storage=storage, sampler=sampler, study_name=STUDY, directions=directions, load_if_exists=True
        )

    def trials(self) -> list[Trial]:
        """Those that are known so far."""
        return trials_of(self.plan, self._home)

    def grow(self, trials: Sequence[Trial], room: int) -> list[Trial]:
        """Tell what has ended; with room for more than the open ``trials``, propose further variants.

        Returns:
            Trials that were not there before, of the plan as it is now.
        """
        self._tell(trials)
        before = len(self.plan.proposals)
        # What was told to nobody: of a search that was killed between its two files.
        waiting = [each.params for each in self._running() if _key(each.params) not in self._known()]
        seeds = len(self.plan.experiment.seeds)
        tried = 0
        while waiting or (room > seeds * (len(self._known()) - before) and len(self._known()) < self._search.trials):
            values = waiting.pop() if waiting else self._ask()
            self._propose(values)
            tried += 1
            if tried > 4 * self._search.trials:
                break  # The space has fewer values than are to be tried.
        if len(self.plan.proposals) == before:
            return []
        return [trial for trial in self.trials() if trial.variant.index >= before]

    def _ask(self) -> dict[str, Any]:
        with _whole(self._home / JOURNAL):
            found: dict[str, Any] = self._study.ask(_distributions(self._optuna, self._search)).params
        return found

    def _known(self) -> dict[str, dict[str, Any]]:
        return {_key(values): values for values in self.plan.proposals}

    def _propose(self, values: dict[str, Any]) -> None:
        if _key(values) in self._known():
            return
        append_whole(self._home / PROPOSED, json.dumps(values).encode() + b"\n")
        self.plan = proposed(self.plan, self._home)

    def _running(self) -> list[Any]:
        return list(self._study.get_trials(deepcopy=False, states=(self._optuna.trial.TrialState.RUNNING,)))

    def _tell(self, trials: Sequence[Trial]) -> None:
        running = self._running()
        if not running:
            return
        places = {_key(values): index for index, values in enumerate(self.plan.proposals)}
        ended = {
            trial.variant.index
            for trial in trials
            if all(t.outcome().status in ENDED for t in trials if t.variant.index == trial.variant.index)
        }
        ready = [each for each in running if places.get(_key(each.params)) in ended]
        if not ready:
            return
        rows = rows_of(self.plan, trials)
        for each in ready:
            values = self._values(rows[places[_key(each.params)]])
            with _whole(self._home / JOURNAL):
                if values is None:
                    self._study.tell(each.number, state=self._optuna.trial.TrialState.FAIL)
                else:
                    self._study.tell(each.number, values)

    def _values(self, row: Row) -> list[float] | None:
        """What Optuna hears of a variant; ``None`` where no seed got there."""
        found = list(row.values().values())
        if not found:
            return None
        if self._search.kind != "nsga2":
            return [mean(found)]
        return [mean(found), cost_of(row, self._search.cost) or 0.0]


def _distributions(optuna: Any, search: Search) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, values in search.space.items():
        if not isinstance(values, Range):
            found[key] = optuna.distributions.CategoricalDistribution(values)
        elif values.whole:
            low, high = int(values.low), int(values.high)
            found[key] = optuna.distributions.IntDistribution(low, high, log=values.log, step=int(values.step or 1))
        else:
            found[key] = optuna.distributions.FloatDistribution(
                values.low, values.high, log=values.log, step=values.step
            )
    return found
