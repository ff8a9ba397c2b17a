"""Learning rates over a run, groups of parameters, devices and precisions."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from blockstudio.errors import StudioError
from blockstudio.runs import Recipe, with_fields
from blockstudio.runs.structure import Schedule
from blockstudio.training import device as devices
from blockstudio.training.device import Precision, check_precision, choose_device
from blockstudio.training.evaluate import evaluate
from blockstudio.training.optimizers import Rates, build_optimizer, rate_factor
from blockstudio.training.saving import is_finite

CPU = torch.device("cpu")


def curve(total: int = 100, per_epoch: int = 10, **fields: Any) -> list[float]:
    return [rate_factor(Schedule(**fields), step, total, per_epoch) for step in range(total)]


def test_constant_after_a_linear_rise() -> None:
    found = curve(name="constant", warmup=0.1)
    assert found[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert found[10:] == [1.0] * 90


def test_steps_fall_at_the_milestones() -> None:
    found = curve(name="step", warmup=0.0, milestones=(0.5, 0.75), gamma=0.1)
    assert found[49] == 1.0
    assert found[50] == pytest.approx(0.1)
    assert found[75] == pytest.approx(0.01)


def test_cosine_falls_from_the_peak_to_the_final_share() -> None:
    found = curve(name="cosine", warmup=0.0, final=0.1)
    assert found[0] == 1.0
    assert found[50] == pytest.approx(0.55)
    assert found[-1] == pytest.approx(0.1, abs=1e-3)
    assert found == sorted(found, reverse=True)


def test_exponential_falls_every_epoch() -> None:
    found = curve(name="exponential", warmup=0.0, gamma=0.5)
    assert found[:10] == [1.0] * 10
    assert found[35] == 0.125


def test_one_cycle_rises_and_falls() -> None:
    found = curve(name="one_cycle", warmup=0.3)
    assert found[0] < 0.1
    peak = found.index(max(found))
    assert 28 <= peak <= 31
    assert found[-1] < 0.01
    assert found[: peak + 1] == sorted(found[: peak + 1])


def test_rates_reach_every_group_even_after_a_restore() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    recipe = with_fields(Recipe(), {"lr": 0.2, "weight_decay": 0.1, "schedule": {"name": "constant", "warmup": 0}})
    optimizer = build_optimizer(model, recipe, CPU)
    rates = Rates(optimizer, recipe, 10, 5)
    optimizer.load_state_dict(optimizer.state_dict())
    rates.set(3)
    assert [group["lr"] for group in optimizer.param_groups] == [0.2, 0.2]


@pytest.mark.parametrize(("spare", "decays"), [(True, [0.1, 0.0]), (False, [0.1])])
def test_normalisation_and_biases_may_be_spared(spare: bool, decays: list[float]) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
    recipe = with_fields(Recipe(), {"lr": 0.1, "weight_decay": 0.1, "spare_norm_and_bias": spare})
    optimizer = build_optimizer(model, recipe, CPU)
    assert [group["weight_decay"] for group in optimizer.param_groups] == decays
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 6
    assert all(p.ndim > 1 for p in optimizer.param_groups[0]["params"]) == spare


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sgd", torch.optim.SGD),
        ("adam", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
        ("rmsprop", torch.optim.RMSprop),
    ],
)
def test_each_rule_is_pytorchs(name: str, kind: type) -> None:
    recipe = with_fields(Recipe(), {"optimizer": name, "lr": 0.1, "weight_decay": 0})
    assert type(build_optimizer(nn.Linear(2, 2), recipe, CPU)) is kind


@pytest.mark.parametrize(("here", "chosen"), [(("cuda", "mps"), "cuda"), (("mps",), "mps"), ((), "cpu")])
def test_auto_takes_the_best_device(monkeypatch: pytest.MonkeyPatch, here: tuple[str, ...], chosen: str) -> None:
    monkeypatch.setattr(devices, "available", lambda name: name in here or name == "cpu")
    assert choose_device("auto").type == chosen


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_an_absent_device_is_a_clear_error(name: str) -> None:
    if devices.available(name):
        pytest.skip(f"there is a {name} device")
    with pytest.raises(StudioError) as caught:
        choose_device(name)
    assert caught.value.code == "device.absent"
    assert "cpu" in caught.value.hint


def test_a_precision_the_device_has_not_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    with pytest.raises(StudioError) as caught:
        check_precision("bf16", torch.device("cuda"))
    assert caught.value.where == "precision"
    check_precision("fp32", torch.device("cuda"))
    check_precision("bf16", CPU)


def test_only_fp16_scales_the_loss() -> None:
    for precision, scaled in (("fp32", False), ("bf16", False), ("fp16", True)):
        assert (Precision(with_fields(Recipe(), {"precision": precision}), CPU).scaler is not None) == scaled
    assert Precision(with_fields(Recipe(), {"precision": "fp16"}), torch.device("mps")).scaler is None


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_weights_and_statistics_must_be_numbers(bad: float) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    assert is_finite(model)
    for key in ("0.weight", "1.running_var"):
        state = model.state_dict()
        before = state[key].clone()
        state[key].view(-1)[0] = bad
        assert not is_finite(model)
        state[key].copy_(before)
    assert is_finite(model)


def test_measuring_counts_every_class_and_leaves_the_mode() -> None:
    class Fixed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    model = Fixed().train()
    logits = torch.eye(3)[[0, 1, 1, 2]] * 5
    batches = [(logits[:3], torch.tensor([0, 1, 2])), (logits[3:], torch.tensor([2]))]
    found = evaluate(model, batches, 3, Precision(Recipe(), CPU), lambda x: x, lambda: True)
    assert found is not None
    assert (found.accuracy, found.images) == (0.75, 4)
    assert found.confusion == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    expected = nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 2]))
    assert found.loss == pytest.approx(float(expected))
    assert model.training
    assert evaluate(model, batches, 3, Precision(Recipe(), CPU), lambda x: x, lambda: False) is None


def test_biases_have_a_rate_of_their_own_and_each_parameter_one_group() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))
    for spared in (True, False):
        recipe = with_fields(
            Recipe(),
            {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.01, "bias_lr": 2, "spare_norm_and_bias": spared},
        )
        optimizer = build_optimizer(model, recipe, torch.device("cpu"))
        Rates(optimizer, recipe, 10, 10).put(0.5)
        found = {
            id(p): (group["lr"], group["weight_decay"]) for group in optimizer.param_groups for p in group["params"]
        }
        assert sum(len(group["params"]) for group in optimizer.param_groups) == len(found) == 6
        for name, parameter in model.named_parameters():
            bias = name.endswith("bias")
            decay = 0.0 if spared and (bias or parameter.ndim == 1) else 0.01
            assert found[id(parameter)] == (1.0 if bias else 0.5, decay), (name, spared)


def test_a_rate_may_be_held_before_the_peak_and_drop_every_other_epoch() -> None:
    held = curve(name="step", warmup=0.1, warmup_rate=0.1, milestones=(0.5,), gamma=0.1)
    assert held[:10] == [0.1] * 10 and held[10] == 1.0
    drops = curve(name="exponential", warmup=0.0, gamma=0.94, every=2.0)
    assert drops[:20] == [1.0] * 20 and drops[20:40] == [0.94] * 20 and drops[99] == 0.94**4
