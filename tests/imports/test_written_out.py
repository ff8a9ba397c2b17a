"""What people write out in single calls is drawn: normalisations by hand, slices of YOLO, pooling of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import blockstudio as bs
from blockstudio.imports import from_module

torch.set_num_threads(1)
P = nn.Parameter


class Does(nn.Module):
    """What a function does, with the parts that it needs."""

    def __init__(self, work: Callable[[Any, Tensor], Tensor], parts: dict[str, Any]) -> None:
        super().__init__()
        self.work = work
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.work(self, x)


def norm(m: Any, x: Tensor) -> Tensor:
    """ConvNeXt's LayerNorm with the channels first."""
    u = x.mean(1, keepdim=True)
    s = (x - u).pow(2).mean(1, keepdim=True)
    x = (x - u) / torch.sqrt(s + 1e-6)
    return m.weight[:, None, None] * x + m.bias[:, None, None]


def response(m: Any, x: Tensor) -> Tensor:
    """ConvNeXt V2's global response normalisation with the channels first."""
    length = torch.norm(x, p=2, dim=(2, 3), keepdim=True)
    return m.gamma * (x * (length / (length.mean(dim=1, keepdim=True) + 1e-6))) + m.beta + x


def focus(_: Any, x: Tensor) -> Tensor:
    return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)


def gem(m: Any, x: Tensor) -> Tensor:
    return F.avg_pool2d(x.clamp(min=1e-6).pow(m.p), (x.size(-2), x.size(-1))).pow(1.0 / m.p)


def conv() -> dict[str, Any]:
    return {"c": nn.Conv2d(8, 8, 1)}


WRITTEN: dict[str, tuple[Callable[[Any, Tensor], Tensor], Callable[[], dict[str, Any]], str]] = {
    "LayerNorm of the channels": (
        norm, lambda: {"weight": P(torch.randn(8)), "bias": P(torch.randn(8))},
        "Mean Scale BroadcastAdd Pow Mean Scale BroadcastAdd Offset Function Quotient LayerScale LearnedShift",
    ),
    "variance": (
        lambda _, x: (x - x.mean(1, keepdim=True)) / (x.var(dim=1, keepdim=True, unbiased=False) + 1e-5).sqrt(), dict,
        "Mean Scale BroadcastAdd Statistic Offset Function Quotient",
    ),
    "global response": (
        response, lambda: {"gamma": P(torch.randn(1, 8, 1, 1)), "beta": P(torch.randn(1, 8, 1, 1))},
        "Statistic Mean Offset Quotient Multiply LayerScale LearnedShift Add",
    ),
    "unit length": (lambda _, x: x / x.norm(dim=1, keepdim=True), dict, "Statistic Quotient"),
    "style": (lambda _, x: torch.cat([x.mean((2, 3)), x.std((2, 3))], 1), dict, "Mean Statistic Concat"),
    "a quotient": (lambda m, x: x / (1 + m.c(x).abs()), conv, "Conv2d Function Offset Quotient"),
    "global context": (
        lambda m, x: x + m.c(F.adaptive_avg_pool2d(x, 1)), conv, "GlobalAvgPool Conv2d BroadcastAdd"
    ),
    "the smaller of two": (lambda m, x: torch.minimum(x, m.c(x)), conv, "Conv2d Minimum"),
    "focus": (focus, dict, "MaxPool2d Crop2d MaxPool2d Crop2d MaxPool2d Crop2d MaxPool2d Concat"),
    "from the third row on": (lambda _, x: x[:, :, 2::3, 1:], dict, "Crop2d MaxPool2d"),
    "twice": (lambda _, x: x[:, :, 1::2, ::2][..., 1::2, :], dict, "Crop2d MaxPool2d"),
    "a border of halves": (lambda _, x: F.pad(x, (1, 2, 0, 1), value=0.5), dict, "ConstantPad2d"),
    "a border as a module": (lambda m, x: m.p(x), lambda: {"p": nn.ConstantPad2d(1, -2.0)}, "ConstantPad2d"),
    "leaky by where": (lambda _, x: torch.where(x > 0, x, 0.1 * x), dict, "LeakyReLU"),
    "leaky by where, from 0 on": (lambda _, x: torch.where(x >= 0, x, x * 0.2), dict, "LeakyReLU"),
    "no more than 6": (lambda _, x: x.clamp(max=6), dict, "Clamp"),
    "a fixed generalised mean": (
        lambda _, x: F.adaptive_avg_pool2d(x.clamp(min=1e-6).pow(3), 1).pow(1.0 / 3), dict,
        "Clamp Pow GlobalAvgPool Pow",
    ),
    "a generalised mean": (gem, lambda: {"p": P(3 * torch.ones(1))}, "GeM"),
    "a generalised mean of a scalar": (
        lambda m, x: torch.mean(x.clamp(min=1e-5) ** m.p, dim=(2, 3), keepdim=True) ** (1 / m.p),
        lambda: {"p": P(torch.tensor(2.5))}, "GeM",
    ),
    "the sum of a stack": (lambda m, x: torch.stack([x, m.c(x)], 0).sum(0), conv, "Conv2d Add"),
    "the mean of a stack": (lambda m, x: torch.stack([x, m.c(x), x]).mean(dim=0), conv, "Conv2d Add Add Divide"),
    "the largest of a stack": (lambda m, x: torch.stack([x, m.c(x)]).max(0)[0], conv, "Conv2d Maximum"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_it_is_drawn_as_the_blocks_that_it_means(name: str) -> None:
    torch.manual_seed(0)
    work, parts, blocks = WRITTEN[name]
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Does(work, parts()))
    diagram, report = from_module(network, (3, 8, 8))
    assert report.proven, (report.foreign, report.notes)
    levels = [diagram.main, *(diagram.modules[module] for module in diagram.modules)]
    drawn = [str(block.type) for level in levels for _, block in level.blocks()]
    assert [kind for kind in drawn if kind not in ("Input", "Output", "Does")] == ["Conv2d", *blocks.split()]
    assert network.state_dict().keys() == bs.compile(diagram).state_dict().keys()


@pytest.mark.parametrize(
    "work",
    [
        lambda x: torch.where(x > 0.5, x, 0.1 * x),
        lambda x: torch.where(x > 0, 0.1 * x, x),
        lambda x: torch.stack([x, x], 0).sum(),
        lambda x: torch.stack([x, x], -1).sum(-1),
        lambda x: x[:, :, ::-1] if False else x.flip(2),
        # Blurred by fixed numbers: a convolution would learn them.
        lambda x: F.conv2d(x, torch.ones(8, 1, 3, 3) / 9, stride=2, padding=1, groups=8),
    ],
)
def test_what_only_looks_alike_stays_foreign(work: Callable[[Tensor], Tensor]) -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Does(lambda _, x: work(x), {}))
    try:
        _, report = from_module(network, (3, 8, 8))
    except bs.StudioError:
        return
    assert report.foreign and not report.proven
