"""Initial weights as a recipe wants them.

torch's own initial weights halve the signal from layer to layer; normalisation mends that, a deep network without it
gives the same answer to every image and stays at chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import torch
from torch import Tensor, nn

from blockstudio.graph.diagram import Diagram
from blockstudio.runs.beginning import Start
from blockstudio.runs.frozen import classifiers, residual_ends

HEAD_SCALE = 0.1
"""The classifier begins with weights so much smaller: the first answers are nearly even."""
HEAD_BIAS = 0.5
"""And a bias the same for every class: a ReLU behind it, as in NIN, lets all classes pass and learn."""


def begin_with(model: nn.Module, diagram: Diagram, wanted: Start) -> None:
    """Draw the weights of every convolution and linear layer as the recipe says, from torch's generator, so that the
    seed decides."""
    if wanted.initial == "he":
        he(model, classifiers(diagram))
    elif wanted.initial == "xavier":
        _draw(model, _xavier)
    elif wanted.initial == "gaussian":
        _draw(model, lambda name, weight: weight.normal_(0, wanted.deviation))
    if wanted.zero_gamma:
        for path in residual_ends(diagram):
            scale = getattr(model.get_submodule(path), "weight", None)
            if isinstance(scale, nn.Parameter):
                nn.init.zeros_(scale)


def he(model: nn.Module, heads: Collection[str]) -> None:
    """Weights of every convolution and linear layer after He et al. (2015): normal, of deviation √(2 / fan in), biases
    0; those at the paths ``heads`` as said above."""

    def draw(name: str, weight: Tensor) -> None:
        weight.normal_(0, math.sqrt(2 / _fan_in(weight)) * (HEAD_SCALE if name in heads else 1))

    _draw(model, draw, lambda name: HEAD_BIAS if name in heads else 0.0)


def _xavier(name: str, weight: Tensor) -> None:
    """As Caffe's filler: uniform, of variance 1 / fan in."""
    edge = math.sqrt(3 / _fan_in(weight))
    weight.uniform_(-edge, edge)


def _draw(
    model: nn.Module, draw: Callable[[str, Tensor], object], bias: Callable[[str], float] = lambda name: 0.0
) -> None:
    with torch.no_grad():
        for name, module in model.named_modules():
            weight, shift = getattr(module, "weight", None), getattr(module, "bias", None)
            if not isinstance(weight, nn.Parameter) or weight.ndim < 2:
                continue
            draw(name, weight)
            if isinstance(shift, nn.Parameter):
                shift.fill_(bias(name))


def _fan_in(weight: Tensor) -> int:
    return weight[0].numel()
