"""Measure and choose: what is tried, what is kept and why; the search for a batch that survives a full memory."""

from __future__ import annotations

import json
import math
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from blockstudio.cli.tuning import choose
from blockstudio.errors import StudioError
from blockstudio.runs import Run, with_fields
from blockstudio.training import train_run, tune
from blockstudio.training.step import Step

MakeRun = Callable[..., Run]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "SECONDS", 0.0)


def test_every_way_is_timed_and_the_recipe_has_what_was_kept(make_run: MakeRun) -> None:
    run = make_run(steps=20)
    heard: list[tune.Trial] = []
    planned: list[int] = []
    recipe, trials = tune.tune(run, heard.append, planned.append)
    assert planned == [3]
    assert heard == trials and [trial.name for trial in trials[1:]] == ["channels_last off", "bf16"]
    for trial in trials:
        assert trial.milliseconds > 0 and trial.images_per_second > 0 and trial.loss > 0
        assert trial.kept is (not trial.why)
    for path, value in {"channels_last": True, "precision": "fp32"}.items():
        kept = [trial.fields[path] for trial in trials if trial.kept and path in trial.fields]
        assert getattr(recipe, path) == (kept[0] if kept else value)
    # One that is hopeless is given up after a few steps.
    slow = tune.Stand(run).time(trials[0], run.recipe(), most=1e-6)
    assert slow.why == "not faster" and slow.milliseconds > 0 and slow.loss > 0
    # Nothing of the trials is left in the run.
    assert run.state().status == "new"


def test_why_a_way_is_not_taken() -> None:
    usual = tune.Trial("usual", {}, milliseconds=10.0, images_per_second=1.0, first_seconds=0.1, loss=2.0)
    refusal = tune._refusal
    assert not refusal(replace(usual, milliseconds=5.0), usual, usual, 1000)
    assert "loss" in refusal(replace(usual, milliseconds=5.0, loss=2.2), usual, usual, 1000)
    assert "loss" in refusal(replace(usual, milliseconds=5.0, loss=math.nan), usual, usual, 1000)
    assert "faster" in refusal(replace(usual, milliseconds=9.9), usual, usual, 1000)
    slow_start = replace(usual, milliseconds=5.0, first_seconds=60.0)
    assert "begin" in refusal(slow_start, usual, usual, 1000)
    assert not refusal(slow_start, usual, usual, 100_000)


def test_a_full_memory_ends_the_search_for_a_batch(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    learn = Step.__call__

    def full_at_64(self: Step, batch: Any, before_update: Any = None) -> None:
        if len(batch.labels) >= 64:
            raise torch.OutOfMemoryError("out of memory: tried to allocate 80 GiB")
        learn(self, batch, before_update)

    monkeypatch.setattr(Step, "__call__", full_at_64)
    monkeypatch.setattr(tune, "SLOWER", 0.0)
    planned: list[int] = []
    size, trials = tune.find_batch_size(make_run(steps=20), plan=planned.append)
    assert size in (8, 16, 32) and trials[-1].why == "does not fit into memory" and planned[0] > len(trials)
    # Main memory that is overdrawn ends the process: that is foretold from what is free.
    stand = tune.Stand(make_run("foretold", steps=20))
    room = tune.memory(stand._diagram, stand._analysis, with_fields(stand.recipe, {"batch_size": 16}))
    monkeypatch.setattr(tune, "free_memory", lambda: room.total - room.process - room.images)
    size, trials = tune.find_batch_size(make_run("narrow", steps=20))
    assert size in (8, 16) and [trial.why for trial in trials] == ["", "", "would not fit into memory"]
    monkeypatch.setattr(tune, "free_memory", lambda: 0)
    with pytest.raises(StudioError, match="would not fit into memory"):
        tune.find_batch_size(make_run("none", steps=20))
    run = make_run("after", steps=3, batch_size=16)
    train_run(run)
    assert run.state().status == "finished"


def test_a_range_test_ends_where_the_loss_rises(make_run: MakeRun) -> None:
    curve, rate = tune.rate_range(make_run(steps=20, optimizer="sgd"), low=1e-4, high=100.0)
    rates = [pair[0] for pair in curve]
    assert rates == sorted(rates) and rates[0] == pytest.approx(1e-4)
    assert 1e-5 <= rate <= 10.0 and all(math.isfinite(loss) for _, loss in curve)


def test_the_command_chooses_and_writes_down_what_it_tried(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(steps=3)
    choose(run, Namespace(tune=True, find_batch_size=False, find_lr=True, json=False, quiet=False))
    said = capsys.readouterr().out
    assert "Chosen:" in said and "Learning rate chosen" in said
    tried = json.loads((run.directory / "tune.json").read_text())
    assert [way["name"] for way in tried["ways"]] == ["as the recipe says", "channels_last off", "bf16"]
    assert run.recipe().optimizer.lr == pytest.approx(tried["learning_rate"]["chosen"])
