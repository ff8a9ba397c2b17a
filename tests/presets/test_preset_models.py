"""Every preset as a PyTorch module at its published size: shapes, parameters and cost as PyTorch itself counts them.

The modules live on the meta device, which runs shapes without data: the largest takes a fraction of a second."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from blockstudio.analysis import analyze
from blockstudio.compiler import compile as build
from blockstudio.graph.presets import load_preset, preset_names

torch.set_num_threads(1)
SHORT = ["resnet18", "cifar_resnet", "cifar_plain", "nin_cifar10", "module_inception", "module_residual_bottleneck"]


def flops(model: torch.nn.Module, x: torch.Tensor) -> tuple[int, object]:
    """Floating point operations of convolutions and linear layers by PyTorch's own counter, and the output."""
    with FlopCounterMode(display=False) as counter:
        found = model(x)
    return counter.get_total_flops(), found


LARGE = ("inception_resnet", "inception_v3", "inception_v4", "resnet101", "resnet152", "googlenet_torchvision")
"""Presets, by their beginnings, that take a second and more at their own size."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name.startswith(LARGE) else name for name in preset_names()],
)
def test_compiled_at_its_own_size(name: str) -> None:
    diagram = load_preset(name)
    found = analyze(diagram)
    inputs = diagram.main.of_type("Input")
    shape = found.blocks[inputs[0]].output_shape
    assert shape is not None
    with torch.device("meta"):
        model = build(diagram)
        x = torch.empty(2, *shape)
    assert sum(value.numel() for value in model.parameters()) == found.parameters_with_auxiliary
    cost, logits = flops(model.eval(), x)
    assert isinstance(logits, torch.Tensor)
    assert tuple(logits.shape) == (2, *(found.output_shape or ()))
    # Two operations for each multiply-accumulate, two images.
    assert cost == 2 * 2 * found.macs
    heads = diagram.main.of_type("AuxOutput")
    if heads:
        cost, outputs = flops(model.train(), x)
        assert cost == 2 * 2 * found.macs_with_auxiliary
        assert isinstance(outputs, tuple) and len(outputs) == 1 + len(heads)


@pytest.mark.parametrize("name", SHORT)
def test_runs_and_learns(name: str) -> None:
    torch.manual_seed(0)
    diagram = load_preset(name, **({"size": 32} if name == "resnet18" else {}))
    model = build(diagram).train()
    size = 28 if name.startswith("module_inception") else 14 if name.startswith("module") else 32
    channels = {"module_inception": 192, "module_residual_bottleneck": 256}.get(name, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x = torch.randn(8, channels, size, size)
    target = torch.randn_like(model(x))
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = (model(x) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def switches(name: str) -> list[dict[str, Any]]:
    """Each switch and choice of a preset turned away from its default, one at a time, and other sizes of its ends."""
    turned: list[dict[str, Any]] = []
    for key, parameter in load_preset(name).parameters.items():
        if parameter.kind == "bool":
            turned.append({key: not parameter.default})
        elif parameter.kind == "choice":
            turned += [{key: word} for word in parameter.choices if word != parameter.default]
        elif key == "num_classes":
            turned.append({key: 7})
        elif key == "in_channels":
            turned.append({key: 64 if name.startswith("module") else 1})
        elif key == "width":
            turned.append({key: 24})
    return turned


@pytest.mark.slow
@pytest.mark.parametrize("name", preset_names())
def test_every_switch_gives_a_working_network(name: str) -> None:
    for values in switches(name):
        diagram = load_preset(name, **values)
        found = analyze(diagram)
        assert [problem.text for problem in found.problems] == [], values
        shape = found.blocks["input"].output_shape
        assert shape is not None
        with torch.device("meta"):
            model = build(diagram).eval()
            logits = model(torch.empty(1, *shape))
        assert sum(value.numel() for value in model.parameters()) == found.parameters_with_auxiliary, values
        assert tuple(logits.shape[1:]) == found.output_shape, values
