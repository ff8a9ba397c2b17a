"""Searches: the values that are tried, and how what came of them leads on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from blockstudio.errors import StudioError
from blockstudio.experiments import ExperimentPlan, loads_experiment, rows_of, trials_of
from blockstudio.experiments.search import PROPOSED, Searcher, proposed
from blockstudio.experiments.space import random_values
from blockstudio.experiments.trials import Trial
from blockstudio.runs.events import EventWriter
from blockstudio.runs.run import EVENTS

SPACE = {
    "lr": {"low": 0.001, "high": 1.0, "log": True},
    "diagram.n": {"low": 1, "high": 3},
    "optimizer": ["sgd", "adam"],
}


def experiment(folder: Path, space: Any = SPACE, seeds: tuple[int, ...] = (0,), **search: Any) -> ExperimentPlan:
    data = {
        "networks": ["cifar_resnet"],
        "recipe": {"data": "digits", "steps": 4},
        "seeds": list(seeds),
        "search": {"trials": 12, "space": space} | search,
    }
    return loads_experiment(json.dumps(data), folder)


def finish(trial: Trial) -> None:
    """A log as a trainer writes it; the best rate is 0.1."""
    events = EventWriter(trial.create().directory / EVENTS)
    accuracy = 1 - abs(math.log10(trial.variant.fields["optimizer.lr"]) + 1) / 3
    events.write("started", step=0, steps=4)
    events.write("finished", step=4, steps=4, seconds=2.0, test_accuracy=accuracy, test_loss=1.0)
    events.close()


def test_random_values_are_always_the_same_and_more_of_them_keep_the_first(tmp_path: Path) -> None:
    plan = experiment(tmp_path)
    assert plan.experiment.search is not None and len(plan.variants) == 12
    values = random_values(plan.experiment.search)
    again = experiment(tmp_path, trials=20)
    assert again.experiment.search is not None and random_values(again.experiment.search)[:12] == values
    assert all(0.001 <= each["lr"] <= 1 and each["diagram.n"] in (1, 2, 3) for each in values)
    assert sum(each["lr"] < 0.03 for each in values) in range(2, 11)  # spread over orders of magnitude
    first = {trial.directory for trial in trials_of(plan, tmp_path)}
    assert first < {trial.directory for trial in trials_of(again, tmp_path)}
    # Fewer values than are to be tried: each once.
    assert len(experiment(tmp_path, space={"diagram.n": [1, 2]}).variants) == 2
    rows = rows_of(plan, trials_of(plan, tmp_path / "home"))
    assert all(row.reference is None for row in rows)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"trials": 0}, "trials"),
        ({"space": {}}, "space"),
        ({"space": {"lr": {"low": 1, "high": 0.1}}}, "space.lr"),
        ({"space": {"lr": {"low": 0, "high": 1, "log": True}}}, "space.lr"),
        ({"space": {"diagram.n": []}}, "space.diagram.n"),
        ({"kind": "nsga2", "cost": "beauty"}, "cost"),
    ],
)
def test_what_is_wrong_with_a_search_is_said_with_its_place(tmp_path: Path, fields: Any, place: str) -> None:
    with pytest.raises(StudioError) as caught:
        experiment(tmp_path, **fields)
    assert (caught.value.code, caught.value.where) == ("experiment.search", f"experiment: search: {place}")


def test_a_space_that_fits_nothing_is_said_before_anything_is_proposed(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        experiment(tmp_path, kind="tpe", space={"diagram.depth": [1, 2]})
    assert caught.value.code == "parameter.unknown"


@pytest.mark.parametrize("kind", ["tpe", "nsga2"])
def test_a_search_learns_goes_on_after_a_kill_and_ends(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("optuna")
    home = tmp_path / "home"
    plan = experiment(tmp_path, kind=kind, seeds=(0, 1), trials=6)
    assert plan.variants == ()
    trials: list[Trial] = []
    for turn in range(100):
        # Every third turn another process goes on where the last one was killed.
        if turn % 3 == 0:
            searcher = Searcher(plan, home)
            trials = searcher.trials()
        trials += searcher.grow(trials, 4)
        waiting = [trial for trial in trials if trial.outcome().status == "queued"]
        if not waiting:
            break
        for trial in waiting:
            finish(trial)
            trial.forget()
    searcher.grow(trials, 4)
    told = proposed(plan, home)
    assert len(told.variants) == len(set(trial.directory for trial in trials)) / 2 == 6
    rows = rows_of(told, trials_of(told, home))
    assert [len(row.ended()) for row in rows] == [2] * 6
    states = [each.state.name for each in searcher._study.get_trials()]
    # The same values may be proposed twice; all that were are answered.
    assert set(states) == {"COMPLETE"} and len(states) >= 6
    # A line that was cut off is not read; everything else is.
    with (home / PROPOSED).open("a", encoding="utf-8") as file:
        file.write('{"lr": 0.')
    assert len(proposed(plan, home).variants) == 6


def test_without_optuna_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(StudioError) as caught:
        Searcher(experiment(tmp_path, kind="tpe"), tmp_path)
    assert caught.value.code == "experiment.requires" and "blockstudio[search]" in caught.value.hint
