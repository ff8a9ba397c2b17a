"""What a run is said to take before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.adapt import adapt
from blockstudio.runs.forecast import memory, read_forecast, seconds, time, write_forecast

MEGA = 1_000_000


def expected(name: str, **fields: object) -> tuple[int, ...]:
    wanted = with_fields(Recipe(), {"data": "digits", "batch_size": 32, "optimizer": "sgd", "device": "cpu", **fields})
    fitted, recipe, _ = adapt(bs.load(name), wanted)
    found = memory(fitted, bs.analyze(fitted), recipe)
    return found.weights, found.gradients, found.optimizer, found.averages, found.activations, found.images


def test_memory_is_that_of_weights_optimiser_activations_and_images() -> None:
    weights, gradients, momentum, averages, activations, images = expected("resnet18")
    assert weights == gradients == momentum == 4 * 11_175_370 and averages == 0
    assert images == 1800 * 4 * 32 * 32
    for fields, place, value in (
        ({"optimizer": "adamw"}, 2, 2 * weights), ({"optimizer.momentum": 0}, 2, 0),
        ({"optimizer": "rmsprop"}, 2, 2 * weights), ({"averages.ema": 0.99}, 3, weights),
        ({"batch_size": 64}, 4, 2 * activations), ({"accumulate": 4}, 4, activations / 4),
        ({"precision": "bf16"}, 4, activations / 2 + weights / 2), ({"data.storage": "disk"}, 5, 0),
        ({"start.freeze": ["layer4"]}, 1, gradients - 4 * 8_393_728),
    ):  # fmt: skip
        assert expected("resnet18", **fields)[place] == pytest.approx(value, rel=1e-6), fields


def test_time_is_by_work_and_the_speed_of_an_earlier_run() -> None:
    recipe = with_fields(Recipe(), {"batch_size": 100, "steps": 50, "data.validation": 0.0, "data.test": 0.01})
    assert seconds(2e6, 1e9, recipe, 1000) == pytest.approx((5000 + 0.3 * 10) * 2e6 / 1e9)
    assert time(bs.analyze(bs.load("resnet18")), recipe, []) is None


def test_a_forecast_stands_in_the_run_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    run = create_run(bs.load("cifar_resnet"), with_fields(Recipe(), {"device": "cpu"}), tmp_path / "run")
    found = write_forecast(run, [])
    assert found.time is None and read_forecast(run.directory) == found
    (run.directory / "forecast.json").write_text("{")
    assert read_forecast(run.directory) is None and read_forecast(tmp_path) is None


@pytest.mark.slow
def test_what_is_measured_is_about_what_was_expected(tmp_path: Path) -> None:
    from blockstudio.runs import start_run

    fields = {"batch_size": 64, "steps": 12, "device": "cpu", "data.validation": 0.0, "threads": 1}
    earlier: list[Run] = []
    for name in ("first", "second"):
        run = create_run(bs.load("resnet18"), with_fields(Recipe(), fields), tmp_path / name)
        said = write_forecast(run, earlier)
        start_run(run).wait()
        used = run.history().steps[-1]["memory"]
        assert used == pytest.approx(said.memory.total, rel=0.3)
        earlier = [run]
    assert said.time is not None and said.time.by == "first"
