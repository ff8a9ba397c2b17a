"""Networks as people write them: gradients cut off, weights used twice or not at all, code that fails its own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blockstudio.analysis import analyze
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.imports import from_module
from blockstudio.imports.proving import Report


class Net(nn.Module):
    """A convolution, what ``work`` does with it, and a classifier."""

    def __init__(self, work: Callable[[Any, Tensor], Tensor], **parts: Any) -> None:
        super().__init__()
        self.work = work
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        for name, part in parts.items():
            setattr(self, name, part)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.work(self, x).mean((2, 3)))


def imported(work: Callable[[Any, Tensor], Tensor], **parts: Any) -> tuple[Diagram, Report]:
    torch.manual_seed(0)
    return from_module(Net(work, **parts), (3, 8, 8))


def second() -> nn.Conv2d:
    return nn.Conv2d(8, 8, 1)


class Through(torch.autograd.Function):
    """A sign whose gradient is that of the identity."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.sign()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


def without_gradient(net: Any, x: Tensor) -> Tensor:
    with torch.no_grad():
        x = net.conv(x)
    return net.more(x)


@pytest.mark.parametrize(
    ("work", "place"),
    [
        (lambda net, x: net.more(net.conv(x).detach()), "at Net "),
        (without_gradient, "at conv "),
        (lambda net, x: net.more(Through.apply(net.conv(x))), "at Net "),
    ],
    ids=["detach", "no_grad", "own"],
)
def test_where_the_gradient_is_cut_off_is_said(work: Callable[[Any, Tensor], Tensor], place: str) -> None:
    _, report = imported(work, more=second())
    assert report.proven
    assert len(report.notes) == 1
    assert place in report.notes[0] and "cuts the gradient off" in report.notes[0]


def test_gradients_that_are_worked_out_again_are_no_cut() -> None:
    from torch.utils.checkpoint import checkpoint

    for again in (True, False):
        _, report = imported(lambda net, x, again=again: checkpoint(net.conv, x, use_reentrant=again))
        assert (report.proven, report.notes) == (True, [])
    # The images may be prepared without gradients: nothing before them is trained.
    _, report = imported(lambda net, x: net.conv(x.detach() / 2))
    assert (report.proven, report.notes) == (True, [])


def test_frozen_weights_are_named() -> None:
    _, report = imported(lambda net, x: net.more(net.conv(x)), more=second().requires_grad_(False))
    assert report.proven
    assert len(report.notes) == 1 and "2 weights are frozen in the network (more.weight, more.bias)" in report.notes[0]
    net = Net(lambda net, x: net.conv(x)).requires_grad_(False)
    assert from_module(net, (3, 8, 8))[1].notes == []


class Both(nn.Module):
    """CBAM's attention over channels: mean and maximum through the same layers."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 8, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.mlp(F.adaptive_avg_pool2d(x, 1)) + self.mlp(F.adaptive_max_pool2d(x, 1)))


def test_a_module_that_uses_weights_twice_is_one_foreign_block() -> None:
    diagram, report = imported(lambda net, x: net.conv(x) * net.both(net.conv_2(x)), both=Both(),
                               conv_2=nn.Conv2d(3, 8, 1))  # fmt: skip
    assert len(report.foreign) == 1 and report.foreign[0].endswith("Both")
    assert (report.parameters, report.macs) == (True, True)
    assert diagram.main.block("both").type == "Foreign"
    with pytest.raises(StudioError) as caught:
        imported(lambda net, x: net.conv(x) + net.conv(x.flip(3)))
    assert (caught.value.code, caught.value.where) == ("import.shared", "conv")


def test_weights_that_several_foreign_calls_read_count_once() -> None:
    def fused(net: Any, x: Tensor) -> Tensor:
        weights = torch.relu(net.weights) / (torch.relu(net.weights).sum() + 1e-4)
        return weights[0] * net.conv(x) + weights[1] * net.more(x)

    diagram, report = imported(fused, weights=nn.Parameter(torch.ones(2)), more=nn.Conv2d(3, 8, 1))
    assert report.foreign == ["torch.mul ×2"]
    assert report.parameters and analyze(diagram).parameters == 3 * 8 * 9 + 8 + 3 * 8 + 8 + 2 + 8 * 4 + 4


def test_weights_that_nothing_uses_are_named_and_the_rest_is_compared() -> None:
    _, report = imported(lambda net, x: net.conv(x), spare=second())
    assert (report.keys, report.parameters, report.eval_bitwise, report.train_bitwise) == (False, False, True, True)
    assert not report.proven
    assert any("spare.bias" in note for note in report.notes)


def test_an_average_over_all_batches_is_foreign() -> None:
    # What its first batch does is what a momentum of 1 does, and nothing after it.
    _, report = imported(lambda net, x: net.norm(net.conv(x)), norm=nn.BatchNorm2d(8, momentum=None))
    assert report.foreign == ["torch.nn.BatchNorm2d"]
    assert (report.parameters, report.macs) == (True, True)


def test_channels_as_a_sequence_by_transposing() -> None:
    def attended(net: Any, x: Tensor) -> Tensor:
        x = net.conv(x)
        y = net.along(net.pool(x).squeeze(-1).transpose(-1, -2)).transpose(-1, -2).unsqueeze(-1)
        return x * torch.sigmoid(y).expand_as(x)

    diagram, report = imported(attended, pool=nn.AdaptiveAvgPool2d(1), along=nn.Conv1d(1, 1, 3, padding=1, bias=False))
    assert report.proven, report.notes
    assert diagram.main.block("along").type == "ChannelConv1d"


@pytest.mark.parametrize("error", [AssertionError("too small"), KeyError("stage"), IndexError("no such layer.")])
def test_a_network_that_fails_in_its_own_way_is_said(error: Exception) -> None:
    def fails(net: Any, x: Tensor) -> Tensor:
        raise error

    with pytest.raises(StudioError) as caught:
        imported(fails)
    assert caught.value.code == "import.forward"
    told = str(caught.value).splitlines()[0]
    assert str(error.args[0]).rstrip(".") in told and ".." not in told
