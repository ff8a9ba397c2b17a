"""Initial weights of networks without normalisation.

torch's own initial weights halve the signal from layer to layer; normalisation mends that, a deep network without it
gives the same answer to every image and stays at chance.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import torch
from torch import nn

HEAD_SCALE = 0.1
"""The classifier begins with weights so much smaller: the first answers are nearly even."""
HEAD_BIAS = 0.5
"""And a bias the same for every class: a ReLU behind it, as in NIN, lets all classes pass and learn."""


def he(model: nn.Module, heads: Collection[str]) -> None:
    """Weights of every convolution and linear layer after He et al. (2015): normal, of deviation √(2 / fan in), biases
    0; those at the paths ``heads`` as said above. Drawn from torch's generator, so that the seed decides."""
    with torch.no_grad():
        for name, module in model.named_modules():
            weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
            if not isinstance(weight, nn.Parameter) or weight.ndim < 2:
                continue
            fan_in = weight[0].numel()
            weight.normal_(0, math.sqrt(2 / fan_in) * (HEAD_SCALE if name in heads else 1))
            if isinstance(bias, nn.Parameter):
                bias.fill_(HEAD_BIAS if name in heads else 0)
