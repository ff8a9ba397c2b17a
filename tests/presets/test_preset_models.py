"""Every preset as a PyTorch module at its published size: shapes, parameters and cost as PyTorch itself counts them.

The modules live on the meta device, which runs shapes without data: the largest takes a fraction of a second."""

from __future__ import annotations

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


@pytest.mark.parametrize("name", preset_names())
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
