"""What experiments of the course tell: measures of every kind, expectations as data, verdicts, pages, the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.experiments import experiment_names, experiment_path, load_experiment, rows_of, trials_of
from blockstudio.experiments.answers import answer_file
from blockstudio.experiments.definition import ExperimentPlan, loads_experiment
from blockstudio.experiments.pages import page_of
from blockstudio.experiments.picking import picked
from blockstudio.experiments.verdicts import came_out, figure_of, verdicts
from blockstudio.runs.events import EventWriter
from blockstudio.runs.run import EVENTS

MINUTES = 60
"""All small ones together, on two idle cores."""


def told(**course: Any) -> dict[str, Any]:
    prediction = {"question": "Which?", "choices": ["one", "other"], "right": 0}
    published = {"say": "It was so.", "source": "A paper"}
    return {"title": "T", "place": 1, "prediction": prediction, "published": published, "expect": [], **course}


def planned(folder: Path, **fields: Any) -> ExperimentPlan:
    base: dict[str, Any] = {
        "question": "Is it so?",
        "networks": [{"network": "cifar_plain", "name": "plain"}, {"network": "cifar_resnet", "name": "residual"}],
        "recipe": {"data": "digits", "steps": 4},
        "compare": "network",
        "seeds": [0, 1, 2],
    }
    return loads_experiment(json.dumps(base | fields), folder)


def test_numbers_are_picked_out_of_answers() -> None:
    answer = {
        "without": {"a.0": {"x": 1}, "b": {"x": 3}, "c": {"x": 8}},
        "list": [[1, 2], [5, float("-inf")]],
        "holes": [None, 1, 3],
    }
    for way, leave, over, number in (
        ("without/*/x", ["c"], "median", 2), ("without/a.0/x", [], "", 1), ("without/*/x", [], "most", 8),
        ("list/-1/*", [], "", 5),
        ("list/0", [], "peak", 1), ("holes", [], "peak", 2), ("list/0/*", [], "peak", 1), ("list/9/*", [], "", None),
        ("nothing", [], "", None), ("without/*/x", [], "least", 1), ("without/*/x", [], "", 4),
    ):  # fmt: skip
        assert picked(answer, way, leave, over) == number, (way, over)


def finish(trial: Any, accuracy: float | None) -> None:
    run = trial.create()
    noted = {"cores": 2, "platform": "Linux-6.1-x86_64", "torch": "2.9.0"}
    (run.directory / "environment.json").write_text(json.dumps(noted), encoding="utf-8")
    events = EventWriter(run.directory / EVENTS)
    events.write("started", step=0, steps=4)
    events.write("watched", step=0, every=1, paths=["conv1"])
    events.write("blocks", step=3, gradient=[2.0 + trial.seed])
    if accuracy is None:
        events.write("diverged", step=3, loss="nan")
    else:
        events.write("finished", step=4, seconds=2.0, test_accuracy=accuracy)
    events.close()


def test_expectations_are_held_seed_by_seed(tmp_path: Path) -> None:
    """Of every kind: orderings with factors, against a number, another measure, and what never got there."""
    measures = {
        "first": {"watch": "gradient", "block": "conv1"}, "weights": {"count": "parameters"},
        "wide": {"count": "channels", "block": "layer3"}, "sure": {"ask": "evaluate", "pick": "confidence"},
        "gap": {"less": ["sure", "first"]},
    }  # fmt: skip
    plain, residual = {"network": "plain"}, {"network": "residual"}
    expect = [
        {"say": "a", "of": residual, "relation": ">", "than": plain, "but": 1},
        {"say": "b", "of": residual, "relation": ">", "than": plain},
        {"say": "c", "relation": "=", "measure": "wide", "than": 64},
        {"say": "d", "of": residual, "measure": "weights", "relation": "=", "than": plain},
        {"say": "e", "measure": "first", "relation": ">=", "than": 2.0},
        {"say": "f", "of": residual, "relation": "reached"},
        {"say": "g", "of": plain, "relation": "never", "but": 2},
        {"say": "h", "of": residual, "measure": "sure", "than_measure": "", "relation": ">", "plus": 0.05},
        {"say": "i", "of": plain, "measure": "sure", "relation": "never"},
        {"say": "j", "of": residual, "measure": "gap", "relation": "<", "than": 0},
    ]
    plan = planned(tmp_path, also=measures, course=told(expect=expect))
    trials = trials_of(plan, tmp_path / "runs")
    for trial in trials:
        one = trial.variant.network.title == "plain"
        finish(trial, (None if trial.seed == 0 else 0.5) if one else (0.8 if trial.seed < 2 else 0.4))
        if trial.seed or not one:
            assert trial.outcome().status == "asked"
            file = answer_file(trial.directory, plan.experiment.also["sure"])
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps({"refused": "no"} if one else {"confidence": 0.9}), encoding="utf-8")
            trial.forget()
    rows = rows_of(plan, trials)
    found = verdicts(plan, rows)
    assert "".join({"yes": "y", "no": "n", "open": "?"}[each.came] for each in found) == "ynyyyyyyyy"
    assert found[0].seeds == {0: True, 1: True, 2: False} and found[0].sentence == "2 of 3 seeds"
    assert came_out(found) == "no" and came_out(found[2:]) == "yes"
    page = page_of("mine", plan, rows, "mine.svg")
    assert "- ✓ a (2 of 3 seeds)" in page and "- ✗ b (2 of 3 seeds)" in page and "run mine --small" in page
    assert "machine: 2 cores, Linux, PyTorch 2.9.0." in page
    assert "residual" in figure_of(plan, rows).svg()
    # One trial is open: what is not settled says so.
    more = planned(tmp_path, seeds=[0, 1, 2, 3], also=measures, course=told(expect=expect))
    found = verdicts(more, rows_of(more, trials_of(more, tmp_path / "runs")))
    assert [each.came for each in found[:3]] == ["open", "no", "open"]


def test_what_is_wrong_with_it_is_said_with_its_place(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"expect": [{"say": "", "relation": "<", "of": {"network": "none"}, "than": 1}]}, "expect.0"),
        ({"expect": [{"say": "", "relation": "<", "than": {"diagram.n": 7}}]}, "expect.0"),
        ({"expect": [{"say": "", "relation": "<", "measure": "none", "than": 1}]}, "expect.0"),
        ({"expect": [{"say": "", "relation": "<"}]}, "expect.0"),
        ({"look": [{"say": "", "network": "none", "blocks": ["conv1"]}]}, "look.0"),
        ({"prediction": {"question": "", "choices": ["one"], "right": 0}}, "prediction"),
        ({"figure": {"measures": ["none"]}}, "figure"),
    ]
    for course, place in cases:
        with pytest.raises(StudioError) as caught:
            planned(tmp_path, course=told(**course))
        assert caught.value.where == f"experiment: course: {place}" and caught.value.code == "experiment.course", course
    for measure in (
        {"count": "parameter"}, {"count": "channels"}, {"watch": "gradient"}, {"ask": "lesion"},
        {"ask": "lesions", "pick": "x"}, {"ask": "lesion", "pick": "x", "over": "sum"}, {"less": ["a", "b"]},
        {"ask": "evaluate", "pick": "x", "options": {"input-size": 0}},
    ):  # fmt: skip
        with pytest.raises(StudioError) as caught:
            planned(tmp_path, measure=measure)
        assert caught.value.code == "experiment.measure", measure
    with pytest.raises(StudioError) as caught:
        loads_experiment('{"networks": ["resnet18"]}', tmp_path, size="full")
    assert caught.value.code == "experiment.size"


def test_the_courses_experiments_are_whole() -> None:
    """Every one has both sides of its page, its blocks are in its drawings, its full size loads, and all small ones
    together take no more than an hour as planned."""
    plans = {name: load_experiment(experiment_path(name)) for name in experiment_names()}
    assert len(plans) >= 15 and sum(plan.experiment.minutes or 0 for plan in plans.values()) <= MINUTES
    for name, plan in plans.items():
        course = plan.experiment.course
        assert course is not None and course.expect and course.look and course.published.source, name
        assert plan.experiment.minutes is not None and not any("{" in text for text in plan.experiment.texts()), name
        for look in course.look:
            variant = next(each for each in plan.variants if each.network.title == look.network)
            for block in look.blocks:
                assert block in plan.analysis(variant).blocks, (name, block)
        if plan.experiment.trained:
            assert len(plan.experiment.seeds) >= 3
            assert all(each.but <= len(plan.experiment.seeds) - 2 for each in course.expect)
        if plan.experiment.full:
            full = load_experiment(experiment_path(name), "full").experiment
            # An experiment says its own time at full scale, not the small one's.
            assert full.minutes is not None and full.minutes > plan.experiment.minutes, name
        if not plan.experiment.trained:
            found = verdicts(plan, rows_of(plan, trials_of(plan, Path("none"))))
            assert came_out(found) == "yes", name


def test_the_command_line_lists_checks_and_writes_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path / "data"))
    assert main(["experiment", "list"]) == 0
    said = capsys.readouterr().out
    assert "not begun" in said and "CIFAR-10 is not here" in said and "came out as expected" in said
    assert main(["experiment", "check", "family_counted"]) == 0
    assert "25,557,032" in capsys.readouterr().out
    assert main(["experiment", "check", "shortcuts", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["experiments"][0]["came"] == "open"
    assert main(["experiment", "page", "bottleneck_counted", "-o", str(tmp_path / "pages")]) == 0
    assert (tmp_path / "pages" / "bottleneck_counted.svg").stat().st_size > 1000
    written = (tmp_path / "pages" / "bottleneck_counted.md").read_text(encoding="utf-8")
    assert "1,179,648" in written and "[bottleneck_counted.csv](bottleneck_counted.csv)" in written
    trials = (tmp_path / "pages" / "bottleneck_counted.csv").read_text(encoding="utf-8").splitlines()
    assert trials[0].startswith("network,seed,status,parameters") and len(trials) == 4
    assert trials[1].startswith("basic,0,finished,1179648,") and ",1179648," in trials[1]
    assert main(["experiment", "run", "plain_against_residual", "--full"]) != 0
    assert "CIFAR-10 is not here" in capsys.readouterr().err
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["experiment", "run", "shortcuts", "--full"]) != 0
    assert "~/imagenet: there is no such folder. Put the data there" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", experiment_names())
def test_the_expected_orderings_come_out(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiments as they come along, run whole. With BLOCKSTUDIO_RUNS set, runs that are there count."""
    code = main(["experiment", "run", name, "--small"])
    assert code == 0
    assert main(["experiment", "check", name]) == 0
