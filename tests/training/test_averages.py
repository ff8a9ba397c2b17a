"""Averaged weights, and BatchNorm's statistics while the moving ones are young."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import blockstudio as bs
from blockstudio.runs import Recipe, Run
from blockstudio.training import train_run
from blockstudio.training.averages import AveragedWeights, exact_statistics, grown_after
from blockstudio.training.device import Precision

MakeRun = Callable[..., Run]


def of(run: Run) -> dict[str, Any]:
    results = run.results()
    assert results is not None
    return results


def test_the_average_is_torchs_own() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    mine, theirs = (
        AveragedWeights(model, 0.9),
        torch.optim.swa_utils.AveragedModel(
            model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9), use_buffers=True
        ),
    )
    theirs.update_parameters(model)
    for _ in range(3):
        for parameter in model.parameters():
            parameter.data.add_(torch.randn_like(parameter))
        model(torch.randn(8, 3))
        mine.update()
        theirs.update_parameters(model)
    for ours, other in zip(mine.model.state_dict().values(), theirs.module.state_dict().values(), strict=True):
        assert torch.equal(ours, other) or not ours.is_floating_point()


def test_exact_statistics_are_the_means_over_all_batches() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5), nn.BatchNorm2d(3)).train()
    frozen = nn.BatchNorm2d(3).eval()
    model.append(frozen)
    images = torch.randn(4, 16, 3, 5, 5) * 3 + 7
    assert grown_after(model) == 50
    before = torch.get_rng_state()
    assert exact_statistics(model, images.unbind(), lambda x: x, Precision(Recipe(), torch.device("cpu")), lambda: True)
    torch.testing.assert_close(model[0].running_mean, images.mean((0, 1, 3, 4)), rtol=1e-5, atol=1e-5)
    assert (model[0].momentum, int(model[0].num_batches_tracked), model[0].training) == (0.1, 0, True)
    assert float(frozen.running_mean.abs().max()) == 0.0 and torch.equal(before, torch.get_rng_state())
    kept = model[0].running_mean.clone()
    assert not exact_statistics(
        model, (images * 2).unbind(), lambda x: x, Precision(Recipe(), torch.device("cpu")), lambda: False
    )
    assert torch.equal(model[0].running_mean, kept)


def test_a_young_network_is_measured_with_exact_statistics_and_says_so(make_run: MakeRun) -> None:
    fields: dict[str, Any] = {"epochs": 1, "data": {"input_size": 8}, "diagram": bs.load("cifar_resnet", n=1)}
    young, moving = make_run("young", **fields), make_run("moving", averages={"statistics": "moving"}, **fields)
    for run in (young, moving):
        train_run(run)
    assert of(young)["test_accuracy"] > of(moving)["test_accuracy"] + 0.05
    assert sum("young" in note for note in young.history().notes) == 1
    assert not any("young" in note for note in moving.history().notes)
    old = make_run("old", epochs=4)
    train_run(old)
    assert sum("young" in note for note in old.history().notes) == 1  # the first two epochs of 23 steps


def test_averaged_weights_are_what_is_measured_and_kept(make_run: MakeRun) -> None:
    fields: dict[str, Any] = {"epochs": 2, "optimizer": "sgd"}
    plain, averaged = make_run("plain", **fields), make_run("averaged", averages={"ema": 0.9}, **fields)
    for run in (plain, averaged):
        train_run(run)
    assert [event["train_loss"] for event in plain.history().epochs] == [
        event["train_loss"] for event in averaged.history().epochs
    ]
    assert of(plain)["test_loss"] != of(averaged)["test_loss"]
