"""Networks of other libraries beside the presets: weights over, outputs compared."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from blockstudio.compiler import compile as build
from blockstudio.compiler import load_weights
from blockstudio.compiler.weight_maps import WeightMap, weight_maps
from blockstudio.graph.presets import load_preset

torch.set_num_threads(1)


def shaken(model: nn.Module, seed: int = 0) -> nn.Module:
    """``model`` with normalisation constants, running averages and biases that are neither 0 nor 1, so that one
    in the wrong place shows; its dropout does nothing, so that train mode is deterministic."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for tensor in (module.weight, module.running_var):
                    assert tensor is not None
                    tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
                for tensor in (module.bias, module.running_mean):
                    assert tensor is not None
                    tensor.copy_(0.2 * torch.randn(tensor.shape, generator=generator))
            elif isinstance(module, nn.Dropout):
                module.p = 0.0
    return model


def ours(preset: str, weights: dict[str, Tensor], **values: Any) -> nn.Module:
    """The compiled preset with ``weights`` in it, every key matched; without dropout."""
    model = build(load_preset(preset, **values))
    load_weights(model, weights)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


def weight_map(preset: str, source: str) -> WeightMap:
    """The map beside a preset: see docs/presets.md."""
    (found,) = (each for each in weight_maps(preset) if each.source == source)
    return found


def images(size: int, batch: int = 2, seed: int = 1, channels: int = 3) -> Tensor:
    """``(batch, channels, size, size)``, normally distributed."""
    return torch.randn(batch, channels, size, size, generator=torch.Generator().manual_seed(seed))
