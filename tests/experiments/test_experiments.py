"""Experiments: the file, its variants and trials, what is measured, the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blockstudio.errors import StudioError
from blockstudio.experiments import (
    ExperimentPlan,
    Measure,
    answer_of,
    experiment_names,
    experiment_path,
    front,
    load_experiment,
    loads_experiment,
    rows_of,
    table_of,
    trials_of,
)
from blockstudio.experiments.measures import value_of
from blockstudio.experiments.of_runs import experiment_of
from blockstudio.runs.events import EventWriter, RunLog
from blockstudio.runs.rows import read_rows
from blockstudio.runs.run import EVENTS
from tests.support.made_runs import made_run


def experiment(folder: Path, **fields: Any) -> ExperimentPlan:
    base: dict[str, Any] = {"networks": ["cifar_plain", "cifar_resnet"], "recipe": {"data": "digits", "steps": 4}}
    return loads_experiment(json.dumps(base | fields), folder)


def problems(folder: Path, **fields: Any) -> dict[str, str]:
    with pytest.raises(StudioError) as caught:
        experiment(folder, **fields)
    return {problem.where: problem.code for problem in getattr(caught.value, "problems", (caught.value,))}


def test_variants_are_all_combinations(tmp_path: Path) -> None:
    rows = [{"optimizer": "adam"}, {"lr": 0.1, "optimizer": "sgd"}]
    plan = experiment(tmp_path, grid={"diagram.n": [1, 2, 3], "label_smoothing": [0, 0.1]}, rows=rows, seeds=[4, 5])
    assert len(plan.variants) == 2 * 3 * 2 * 2
    last = plan.variants[-1]
    assert last.values() == {
        "network": "cifar_resnet", "diagram.n": 3, "label_smoothing": 0.1, "optimizer.lr": 0.1, "optimizer.name": "sgd",
    }  # fmt: skip
    assert plan.name_of(last) == "cifar_resnet, n=3, label_smoothing=0.1, optimizer=sgd, lr=0.1"
    assert plan.diagram(last).parameters["n"].default == 3
    recipe = plan.recipe_of(last, 5)
    assert (recipe.optimizer.lr, recipe.optimizer.name, recipe.seed, recipe.steps) == (0.1, "sgd", 5, 4)
    trials = trials_of(plan, tmp_path)
    assert len(trials) == 48 and [trial.seed for trial in trials[:24]] == [4] * 24
    assert len({trial.directory for trial in trials}) == 48


def test_everything_that_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    assert problems(tmp_path, networks=[]) == {"experiment: networks": "experiment.value"}
    assert problems(tmp_path, networks=["resnet3"]) == {"experiment: resnet3": "preset.unknown"}
    assert problems(tmp_path, seeds=[1, 1]) == {"experiment: seeds": "experiment.value"}
    assert problems(tmp_path, grid={"diagram.n": []}) == {"experiment: grid.diagram.n": "experiment.value"}
    assert problems(tmp_path, grid={"learning_rate": [1]}) == {"experiment: learning_rate": "recipe.field"}
    assert problems(tmp_path, grid={"seed": [1, 2]}) == {"experiment: seed": "experiment.value"}
    assert set(problems(tmp_path, grid={"lr": [-1, 0.1]}).values()) == {"recipe.value"}
    assert set(problems(tmp_path, grid={"diagram.m": [1]}).values()) == {"parameter.unknown"}
    assert problems(tmp_path, recipe={"lr": -1}) == {"experiment: recipe: optimizer.lr": "recipe.value"}
    assert problems(tmp_path, compare="diagram.n") == {"experiment: compare": "experiment.compare"}
    assert set(problems(tmp_path, seeds=list(range(6000))).values()) == {"experiment.value"}
    for measure in ({"curve": "acc"}, {"take": "steps_to"}, {"target": 1.0}, {"take": "steps_to", "target": 1}):
        assert problems(tmp_path, measure=measure) == {"experiment: measure": "experiment.measure"}
    for text in ("", "[]", '{"networks": 3}', '{"networks": ["resnet18"], "seed": 3}', "[" * 100_000):
        with pytest.raises(StudioError, match="experiment") as caught:
            loads_experiment(text, tmp_path)
        assert caught.value.code == "experiment.file"
    with pytest.raises(StudioError) as caught:
        experiment(tmp_path, version=99)
    assert caught.value.code == "experiment.version"


def test_more_seeds_keep_the_trials_there_are_and_another_recipe_does_not(tmp_path: Path) -> None:
    def directories(**fields: Any) -> set[Path]:
        return {trial.directory for trial in trials_of(experiment(tmp_path, **fields), tmp_path)}

    first = directories(seeds=[0, 1])
    assert first < directories(seeds=[0, 1, 2])
    assert not first & directories(seeds=[0, 1], recipe={"data": "digits", "steps": 5})


def log_of(*events: dict[str, Any]) -> RunLog:
    log = RunLog()
    log.feed(events)
    return log


def test_what_is_measured() -> None:
    steps = [{"type": "step", "step": step, "time": 100.0 + step, "accuracy": step / 10, "loss": 1 / step}
             for step in range(1, 9)]  # fmt: skip
    epochs = [
        {"type": "epoch", "step": 4, "validation_accuracy": 0.7},
        {"type": "epoch", "step": 8, "validation_accuracy": 0.6},
    ]
    begun = {"type": "started", "step": 0, "time": 100.0}
    log = log_of(begun, *steps, *epochs, {"type": "finished", "step": 8, "test_accuracy": 0.65, "seconds": 9.0})
    for measure, value in (
        (Measure(), 0.65), (Measure(curve="validation_accuracy"), 0.6),
        (Measure(curve="validation_accuracy", take="best"), 0.7), (Measure(curve="loss", take="best"), 1 / 8),
        (Measure(curve="accuracy", take="steps_to", target=0.45), 5.0),
        (Measure(curve="loss", take="steps_to", target=0.5), 2.0),
        (Measure(curve="accuracy", take="seconds_to", target=0.45), 5.0),
        (Measure(curve="accuracy", take="steps_to", target=0.9), None), (Measure(curve="test_loss"), None),
    ):  # fmt: skip
        assert value_of(measure, log) == value, measure
    # A run that was killed at step 6 and began again at 4, an hour later.
    again = {"type": "started", "step": 4, "time": 3700.0}
    late = [{**step, "time": step["time"] + 3596.0} for step in steps[4:]]
    log = log_of(begun, *steps[:6], again, *late)
    assert value_of(Measure(curve="accuracy", take="seconds_to", target=0.79), log) == 8.0
    assert value_of(Measure(curve="accuracy"), log) is None
    log.feed([{"type": "diverged", "step": 8, "loss": "nan"}])
    assert value_of(Measure(curve="accuracy", take="steps_to", target=0.3), log) == 3.0
    assert log.diverged is not None


def finish(trial: Any, **fields: Any) -> None:
    run = trial.create()
    events = EventWriter(run.directory / EVENTS)
    events.write("started", step=0, steps=4)
    if fields:
        events.write("finished", step=4, seconds=2.0, **fields)
    else:
        events.write("diverged", step=3, loss="nan")
    events.close()


def test_the_table_says_what_the_seeds_support(tmp_path: Path) -> None:
    plan = experiment(tmp_path, seeds=[0, 1, 2, 3], grid={"lr": [0.1, 9.0]}, compare="network")
    trials = trials_of(plan, tmp_path / "runs")
    for trial in trials:
        name, lr = trial.variant.network.title, trial.variant.fields["optimizer.lr"]
        if lr == 0.1:
            base = 0.5 if name == "cifar_plain" else 0.8
            finish(trial, test_accuracy=base + 0.01 * trial.seed + 0.002 * (trial.seed == 1))
        elif name == "cifar_plain":
            finish(trial)
        elif trial.seed:
            finish(trial, test_accuracy=0.4)
    rows = rows_of(plan, trials)
    assert [row.supported for row in rows] == [False, False, True, True]
    assert [len(row.ended()) for row in rows] == [4, 4, 4, 3]
    # Three of three against none of four: one in 35.
    assert rows[3].p == pytest.approx(1 / 35) and rows[2].p == pytest.approx(0.0, abs=1e-6)
    table = table_of(plan, rows)
    assert table.headings == ("network", "lr", "seeds", "test_accuracy", "difference", "parameters", "MACs", "seconds")
    assert table.rows[1][2:5] == ("4/4", "4 ▸ never", "")
    assert table.rows[2][2:5] == ("4/4", "0.8155 ± 0.01269", "+0.3 ●")
    assert "Differences are to cifar_plain" in table.notes[1]
    answer = answer_of(plan, rows)
    assert answer.startswith("Best: cifar_resnet, lr=0.1, test_accuracy: 0.8155. The seeds support 2 of 2 differences.")
    assert answer.endswith("So far: 1 trial is open.")
    assert [row.name for row in front(plan, rows)] == ["cifar_resnet, lr=0.1"]  # Its shortcuts cost nothing.


def test_the_experiments_that_come_along_are_sound() -> None:
    assert "plain_against_residual" in experiment_names()
    for name in experiment_names():
        plan = load_experiment(experiment_path(name))
        assert plan.experiment.question.endswith("?")
        assert len(plan.experiment.seeds) >= 3 or not plan.experiment.trained
    with pytest.raises(StudioError, match="plain_against_residual"):
        experiment_path("plain_against_residuals")


def test_an_experiment_of_runs_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    runs, folder = tmp_path / "runs", tmp_path / "experiments"
    for number, rate in enumerate((0.1, 0.3)):
        made_run(runs / f"run-{number}", recipe={"optimizer.lr": rate})
    rows = read_rows(runs)
    assert experiment_of(rows, folder).is_file() and len(list(folder.iterdir())) == 1
    (rows[0].directory / "diagram.blocks.json").write_text("[]")
    with pytest.raises(StudioError):
        experiment_of(rows, folder)
    assert len(list(folder.iterdir())) == 1
