"""torchvision's state dicts load strictly into the presets, and the outputs are equal to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision.models
from torch import nn

from tests.support.foreign_weights import images, ours, shaken

HEAVY = pytest.mark.slow
CASES = [
    ("resnet18", "resnet18", 64, {}),
    ("resnet34", "resnet34", 64, {}),
    ("resnet50", "resnet50", 64, {}),
    pytest.param("resnet101", "resnet101", 64, {}, marks=HEAVY),
    pytest.param("resnet152", "resnet152", 64, {}, marks=HEAVY),
    ("resnext50", "resnext50_32x4d", 64, {}),
    pytest.param("wide_resnet50_2", "wide_resnet50_2", 64, {}, marks=HEAVY),
    ("googlenet_torchvision", "googlenet", 96, {}),
    ("alexnet_torchvision", "alexnet", 64, {}),
    pytest.param("vgg16", "vgg16", 32, {}, marks=HEAVY),
    pytest.param("vgg19", "vgg19", 32, {}, marks=HEAVY),
    ("inception_v3", "inception_v3", 96, {"aux": False}),
]
QUICK = {"googlenet": {"init_weights": False}, "inception_v3": {"init_weights": False}}
NO_WEIGHTS: dict[str, Any] = {"weights": None}


def theirs(name: str, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    if name.startswith("vgg"):
        options["init_weights"] = False
    return shaken(getattr(torchvision.models, name)(**NO_WEIGHTS, **QUICK.get(name, {}), **options))


@pytest.mark.parametrize(("preset", "name", "size", "values"), CASES)
def test_eval_outputs_are_equal(preset: str, name: str, size: int, values: dict[str, Any]) -> None:
    options = {"aux_logits": False} if values.get("aux") is False else {}
    original = theirs(name, **options).eval()
    model = ours(preset, original.state_dict(), size=size, **values).eval()
    assert set(model.state_dict()) == set(original.state_dict())
    x = images(size)
    with torch.no_grad():
        expected = original(x)
        assert torch.equal(model(x), expected)
    assert expected.std() > 0


@pytest.mark.parametrize(
    ("preset", "name"), [("resnet18", "resnet18"), pytest.param("resnext50", "resnext50_32x4d", marks=HEAVY)]
)
def test_gradients_are_equal(preset: str, name: str) -> None:
    original = theirs(name).train()
    model = ours(preset, original.state_dict(), size=64).train()
    x, target = images(64), torch.tensor([3, 8])
    losses = []
    for network in (original, model):
        loss = nn.functional.cross_entropy(network(x), target)
        loss.backward()
        losses.append(loss)
    assert torch.equal(losses[0], losses[1])
    expected = {key: value.grad for key, value in original.named_parameters()}
    for key, value in model.named_parameters():
        grad, other = value.grad, expected[key]
        assert grad is not None and other is not None
        assert torch.equal(grad, other), key
    buffers = dict(original.named_buffers())
    for key, value in model.named_buffers():
        assert torch.equal(value, buffers[key]), key


def test_googlenet_auxiliary_outputs_are_equal() -> None:
    original = theirs("googlenet").train()
    model = ours("googlenet_torchvision", original.state_dict(), size=96).train()
    x = images(96, batch=3)
    expected, found = original(x), model(x)
    assert torch.equal(found[0], expected.logits)
    assert torch.equal(found.aux1, expected.aux_logits1)
    assert torch.equal(found.aux2, expected.aux_logits2)


@pytest.mark.slow
def test_inception_v3_auxiliary_output_is_equal() -> None:
    original = theirs("inception_v3").train()
    model = ours("inception_v3", original.state_dict()).train()
    assert set(model.state_dict()) == set(original.state_dict())
    x = images(299)
    with torch.no_grad():
        expected, found = original(x), model(x)
    assert torch.equal(found[0], expected.logits)
    assert torch.equal(found[1], expected.aux_logits)
