"""Presets at sizes that are quick to run."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from blockstudio.analysis import analyze
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset

SIZES = (32, 48, 64, 75, 96)
SHORTER = {"cifar_resnet": {"n": 1}}
"""Depth says nothing here, and costs."""


def small(name: str) -> Diagram:
    """The preset with the least of some sizes of image that it takes; without auxiliary heads if they fix the size."""
    drawn = load_preset(name, **SHORTER.get(name, {}))
    if analyze(drawn).blocks["input"].output_shape[1] <= SIZES[0]:
        return drawn
    for values in ({}, {"aux": False}) if "aux" in drawn.parameters else ({},):
        for size in SIZES:
            try:
                diagram = load_preset(name, size=size, **values)
            except StudioError:  # Less than the preset says it takes.
                continue
            if not analyze(diagram).problems:
                return diagram
    raise AssertionError(f"{name} takes none of {SIZES}")


def input_shape(diagram: Diagram) -> tuple[int, ...]:
    shape: Any = analyze(diagram).blocks["input"].output_shape
    return tuple(shape)


def shaken(model: nn.Module) -> nn.Module:
    """``model`` in eval mode with weights and running statistics that let the image through to the output: as many
    networks start, their last map hardly depends on it."""
    generator = torch.Generator().manual_seed(0)
    normalised = any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for name in ("running_var", "weight"):
                    tensor = getattr(module, name)
                    if tensor is not None:
                        tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
                for name in ("running_mean", "bias"):
                    tensor = getattr(module, name)
                    if tensor is not None:
                        tensor.copy_(0.2 * torch.randn(tensor.shape, generator=generator))
            elif isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    # As drawn by PyTorch they would differ from one run to the next, and with them the rounding.
                    nn.init.uniform_(module.bias, -0.05, 0.05, generator=generator)
                if normalised and isinstance(module, nn.Conv2d) and module.bias is not None:
                    # A gate (squeeze and excitation): saturated ones multiply the rounding of both sides.
                    module.weight.mul_(0.02)
    return model.eval()


def images(diagram: Diagram, count: int) -> torch.Tensor:
    """``(count, C, H, W)``, different each."""
    return torch.randn(count, *input_shape(diagram), generator=torch.Generator().manual_seed(count))
