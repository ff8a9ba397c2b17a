"""Identities of a course, checked on the spot with real tensors: what is left is rounding, or the claim is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blockstudio.errors import StudioError
from blockstudio.graph.names import suggestion
from blockstudio.text import say

Pair = tuple[Tensor, Tensor]
PRECISIONS = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Proven:
    """What came out, in one precision."""

    precision: str
    values: int
    """So many were compared."""
    largest: float
    """The largest magnitude among them."""
    difference: float
    """The largest difference."""


def prove(name: str, seed: int = 0) -> list[Proven]:
    """Compute both sides of an identity with random weights and compare them.

    Args:
        name: ``dense``, ``kernels``, ``fold``, ``shortcut``, ``maps``, or ``relu``, which is none.
        seed: Of weights and images.

    Returns:
        One row a precision. Where the identity holds, the difference in float64 is some 10⁹ times smaller.

    Raises:
        StudioError: ``proof.unknown``.
    """
    if name not in PROOFS:
        raise StudioError("proof.unknown", say("there is no proof '{name}'.", name=name[:40]),
                          hint=suggestion(name, list(PROOFS)))  # fmt: skip
    found = []
    for precision, dtype in PRECISIONS.items():
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            one, other = PROOFS[name](dtype)
        difference, largest = (one - other).abs().max().item(), one.abs().max().item()
        found.append(Proven(precision, one.numel(), largest, difference))
    return found


def _dense(dtype: torch.dtype) -> Pair:
    """A 1×1 convolution, and a dense layer over the channels of each pixel with the same weights."""
    dense, conv = nn.Linear(192, 160, dtype=dtype), nn.Conv2d(192, 160, 1, dtype=dtype)
    conv.weight.copy_(dense.weight[:, :, None, None])
    assert conv.bias is not None
    conv.bias.copy_(dense.bias)
    x = torch.randn(2, 192, 32, 32, dtype=dtype)
    return conv(x), dense(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _two_kernels(dtype: torch.dtype, relu: bool) -> Pair:
    first = torch.randn(64, 32, 3, 3, dtype=dtype) * (2 / (9 * 32)) ** 0.5
    second = torch.randn(48, 64, 3, 3, dtype=dtype) * (2 / (9 * 64)) ** 0.5
    x = torch.randn(1, 32, 28, 28, dtype=dtype)
    between = F.conv2d(x, first)
    two = F.conv2d(between.relu() if relu else between, second)
    # The kernels as one: each of the second's taps shifts the first.
    whole = torch.zeros(48, 32, 5, 5, dtype=dtype)
    for row in range(3):
        for column in range(3):
            tap = torch.einsum("om,mikl->oikl", second[:, :, row, column], first)
            whole[:, :, row : row + 3, column : column + 3] += tap
    return two, F.conv2d(x, whole)


def _fold(dtype: torch.dtype) -> Pair:
    """A convolution with batch normalisation in evaluation, and one convolution with their weights."""
    conv, bn = nn.Conv2d(32, 64, 3, padding=1, bias=False, dtype=dtype), nn.BatchNorm2d(64, dtype=dtype)
    for values, low, high in ((bn.weight, 0.5, 1.5), (bn.bias, -1.0, 1.0)):
        values.uniform_(low, high)
    assert bn.running_mean is not None and bn.running_var is not None
    bn.running_mean.uniform_(-1, 1)
    bn.running_var.uniform_(0.2, 2)
    bn.eval()
    scale = bn.weight / (bn.running_var + bn.eps).sqrt()
    x = torch.randn(2, 32, 28, 28, dtype=dtype)
    folded = F.conv2d(x, conv.weight * scale[:, None, None, None], bn.bias - bn.running_mean * scale, padding=1)
    return bn(conv(x)), folded


def _shortcut(dtype: torch.dtype) -> Pair:
    """Option A, every second pixel and channels of zeros, and a projection 1×1 with stride 2 and fixed weights."""
    x = torch.randn(2, 16, 32, 32, dtype=dtype)
    padded = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8))
    weight = torch.zeros(32, 16, 1, 1, dtype=dtype)
    for channel in range(16):
        weight[8 + channel, channel] = 1
    return padded, F.conv2d(x, weight, stride=2)


def _maps(dtype: torch.dtype) -> Pair:
    """Scores of a head with global average pooling, and the means of the classes' activation maps with the biases."""
    dense = nn.Linear(512, 10, dtype=dtype)
    x = torch.randn(4, 512, 7, 7, dtype=dtype).relu()
    maps = torch.einsum("nchw,kc->nkhw", x, dense.weight)
    return dense(x.mean((2, 3))), maps.mean((2, 3)) + dense.bias


PROOFS: dict[str, Callable[[torch.dtype], Pair]] = {
    "dense": _dense,
    "kernels": lambda dtype: _two_kernels(dtype, relu=False),
    "relu": lambda dtype: _two_kernels(dtype, relu=True),
    "fold": _fold,
    "shortcut": _shortcut,
    "maps": _maps,
}
