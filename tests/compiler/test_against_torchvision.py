"""Compiled residual networks against torchvision's, to the last bit."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import torchvision

from blockstudio.compiler import compile, load_weights
from blockstudio.graph.presets import load_preset

torch.set_num_threads(1)
SIZE = 64
DEEP = [pytest.param(name, marks=pytest.mark.slow) for name in ("resnet101", "resnet152")]
NAMES = ["resnet18", "resnet34", "resnet50", *DEEP]


def pair(name: str, **values: int) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Ours and theirs with the same weights, none of which is a round number."""
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(num_classes=values.get("num_classes", 1000))
    for key, tensor in theirs.state_dict().items():
        if key.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif key.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
    ours = compile(load_preset(name, size=SIZE, **values))
    report = load_weights(ours, theirs.state_dict())
    assert list(report.matched) == list(theirs.state_dict()) == list(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_bitwise_equal(name: str) -> None:
    ours, theirs = pair(name)
    x = torch.randn(2, 3, SIZE, SIZE)
    with torch.no_grad():
        found, wanted = ours.eval()(x), theirs.eval()(x)
    assert found.abs().max() > 0 and torch.equal(found, wanted)


@pytest.mark.parametrize("name", NAMES)
def test_loss_and_gradients_are_equal(name: str) -> None:
    ours, theirs = pair(name, num_classes=10)
    x = torch.randn(4, 3, SIZE, SIZE)
    y = torch.tensor([0, 3, 9, 3])
    losses = []
    for model in (ours, theirs):
        loss = F.cross_entropy(model.train()(x), y)
        loss.backward()
        losses.append(loss.detach())
    assert torch.equal(*losses)
    wanted = dict(theirs.named_parameters())
    for key, parameter in ours.named_parameters():
        assert parameter.grad is not None and torch.equal(parameter.grad, wanted[key].grad), key
    buffers = dict(theirs.named_buffers())
    assert all(torch.equal(buffer, buffers[key]) for key, buffer in ours.named_buffers())


def test_first_version_and_other_shortcuts_are_other_networks() -> None:
    _, theirs = pair("resnet50")
    x = torch.randn(1, 3, SIZE, SIZE)
    other = compile(load_preset("resnet50", size=SIZE, version="v1")).eval()
    load_weights(other, theirs.state_dict())
    with torch.no_grad():
        assert not torch.equal(other(x), theirs.eval()(x))
