"""Networks of torchvision and of one's own become diagrams that are the same network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models import get_model

import blockstudio as bs
from blockstudio.imports import from_module

torch.set_num_threads(1)

COUNTS = {"resnet18": (20, 1), "densenet121": (142, 6), "googlenet": (40, 3), "squeezenet1_0": (25, 1)}
"""Blocks and definitions at most."""


@pytest.mark.parametrize("name", COUNTS)
def test_a_library_s_network_is_drawn_and_proven(name: str) -> None:
    torch.manual_seed(0)
    network = get_model(name, weights=None, **({"init_weights": False} if name == "googlenet" else {}))
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    diagram, report = from_module(network, input=(3, 64, 64), name=name)
    assert report.proven, report.notes
    assert report.notes == []
    blocks, definitions = COUNTS[name]
    assert report.blocks <= blocks and report.definitions <= definitions
    assert bs.analyze(diagram).parameters_with_auxiliary == sum(p.numel() for p in network.parameters())
    # The original is as it was: weights, buffers, mode.
    assert network.training and before.keys() == network.state_dict().keys()
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())


def test_a_stage_is_one_block_with_a_count() -> None:
    diagram, _ = from_module(get_model("resnet34", weights=None), prove=False)
    layer = diagram.main.block("layer2")
    assert layer.repeat == 4 and layer.parameters == {"out_channels": 128, "stride": "2 if i == 0 else 1"}
    block = diagram.modules["BasicBlock"]
    assert block.block("downsample.0").bypass == "in_channels == out_channels and stride == 1"
    assert block.block("downsample.0").parameters["stride"] == "stride"


class Stage(nn.Sequential):
    """A sequence with a class of its own."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels))


class Gate(nn.Module):
    """Operators, a bare parameter, channels last, halves."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.mix = nn.Linear(channels, channels)
        self.act = nn.GELU()
        self.gamma = nn.Parameter(torch.full((channels, 1, 1), 0.5))
        self.add_module("block1-0", nn.Conv2d(channels // 2, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.act(self.mix(self.norm(x.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)
        half, _ = x.chunk(2, dim=1)
        return x + self.gamma * y + getattr(self, "block1-0")(half)


def test_a_network_of_one_s_own() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        Stage(3, 8), nn.ReLU(), Stage(8, 16), Gate(16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)
    )
    diagram, report = bs.from_module(network, input=(3, 12, 12))
    assert report.proven, report.notes
    assert set(diagram.modules) == {"Stage", "Gate"}
    assert bs.compile(diagram).state_dict().keys() == network.state_dict().keys()
    assert "self.gamma = nn.Parameter(torch.full((16, 1, 1), 0.5))" in bs.source(diagram)


class Looks(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.mean() > 0 else -x


class Two(nn.Module):
    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return left + right


def test_what_cannot_be_drawn_is_said_by_name() -> None:
    for network, shape, code, words in (
        (nn.Sequential(nn.Conv2d(3, 4, 1), Looks()), (3, 8, 8), "import.data", "1: what it does depends on the values"),
        (Two(), (3, 8, 8), "import.inputs", "Two: it takes 2 inputs (left, right), not one image"),
        (nn.LSTM(16, 8), (7, 16), "import.inputs", "LSTM: an input of 7×16 is a sequence"),
        (nn.Sequential(nn.Conv2d(5, 4, 1)), (3, 8, 8), "import.forward", "does not take this input"),
    ):
        with pytest.raises(bs.StudioError) as caught:
            from_module(network, shape)
        assert caught.value.code == code and words in str(caught.value)


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 0.17 * self.conv(x)


def test_a_constant_factor_is_a_scale() -> None:
    diagram, report = from_module(nn.Sequential(Scaled(), nn.Conv2d(3, 2, 1)), (3, 8, 8))
    assert report.proven, report.notes
    assert [block.parameters["factor"] for _, block in diagram.modules["Scaled"].blocks() if block.type == "Scale"] == [
        0.17
    ]


class Odd(nn.Module):
    """A convolution, something that no block type says, and a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 1)
        self.factor = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        return self.last(torch.special.erfcx(x * torch.log(self.factor)))


class PreActivation(nn.Module):
    """Adds the bare input, or the activated one projected."""

    def __init__(self, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(width), nn.Conv2d(width, out, 3, stride, padding=1)
        self.shortcut = nn.Conv2d(width, out, 1, stride) if stride != 1 or width != out else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        active = torch.relu(self.norm(x))
        short = x if self.shortcut is None else self.shortcut(active)
        return self.conv(active) + short


def test_a_shortcut_from_two_places_is_one_definition() -> None:
    torch.manual_seed(0)
    plan = ((8, 8, 1), (8, 16, 2), (16, 16, 1), (16, 24, 1), (24, 24, 1))
    diagram, report = from_module(nn.Sequential(*(PreActivation(*each) for each in plan)), input=(8, 12, 12))
    assert report.proven, report.notes
    (module,) = diagram.modules.values()
    bypass = {name: block.bypass for name, block in module.blocks() if block.bypass}
    same = "in_channels == out_channels and stride == 1"
    assert bypass == {
        "shortcut": same, "add_projected": same, "add": "in_channels != out_channels or stride != 1"
    }  # fmt: skip


def test_what_has_no_block_type_becomes_a_foreign_block() -> None:
    diagram, report = from_module(Odd(), (3, 12, 12))
    assert report.foreign == ["torch.mul → special_erfcx"] and report.parameters and report.macs
    assert not report.proven and report.keys is None
    block = diagram.main.block("mul")
    assert block.parameters["weights"] == "factor 8×1×1" and block.parameters["place"].endswith(": Odd.forward")
    with pytest.raises(bs.StudioError, match="no block type and no source"):
        bs.source(diagram)


def test_networks_of_tokens_open_with_their_true_shapes_and_counts() -> None:
    from torchvision.models import MaxVit, SwinTransformer, VisionTransformer

    vit = VisionTransformer(image_size=32, patch_size=8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32)
    swin = SwinTransformer([4, 4], 16, [1, 1], [2, 4], [4, 4])
    maxvit = MaxVit((32, 32), 8, 4, [8, 16], [1, 1], 4, 0.1)
    for network, most, named in (
        (vit, 30, "torch.nn.MultiheadAttention"),
        (swin, 40, "ShiftedWindowAttention"),
        (maxvit, 90, "RelativePositionalMultiHeadAttention"),
    ):
        diagram, report = from_module(network, (3, 32, 32))
        assert report.parameters is True and bs.analyze(diagram).blocks["output"].input_shapes == ((1000,),)
        assert report.parameters and report.macs, report.notes
        assert any(named in what for what in report.foreign) and report.blocks <= most
        assert all(problem.severity == "warning" for problem in bs.analyze(diagram).problems)
    encoder = from_module(vit, (3, 32, 32))[0].modules["EncoderBlock"]
    assert encoder.block("self_attention").parameters["weights"].startswith("in_proj_weight 48×16, in_proj_bias 48")


class Attention(nn.Module):
    """Efficient channel attention, and a slice of the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x.mean((2, 3)).view(x.shape[0], 1, -1)).sigmoid().view(x.shape[0], -1, 1, 1)
        x = x * y.expand_as(x)
        first, rest = torch.split(x, [2, x.shape[1] - 2], dim=1)
        return torch.cat([rest, first], dim=1)


def test_channels_as_a_sequence_and_in_parts() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), Attention(), nn.Conv2d(8, 4, 1))
    diagram, report = bs.from_module(network, input=(3, 10, 10))
    assert report.proven, report.notes
    assert "ChannelConv1d(1, 1, 3, padding=1, bias=False)" in bs.source(diagram)


class Select(nn.Module):
    """Weighs its branches channel by channel, stacked along an axis of their own (selective kernels)."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.ways = nn.ModuleList(nn.Conv2d(width, width, 3, padding=d, dilation=d) for d in range(1, count + 1))
        self.squeeze, self.weigh = nn.Conv2d(width, 4, 1), nn.Conv2d(4, count * width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ways = torch.stack([way(x) for way in self.ways], dim=1)
        found = self.weigh(torch.relu(self.squeeze(ways.sum(1).mean((2, 3), keepdim=True))))
        n, c, h, w = found.shape
        shares = torch.softmax(found.view(n, self.count, c // self.count, h, w), dim=1)
        return torch.sum(torch.relu(ways) * shares, dim=1)


class Affine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale, self.bias = nn.Parameter(torch.tensor([1.5])), nn.Parameter(torch.tensor([0.25]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * x + self.bias


class Split(nn.Module):
    """Split attention as ResNeSt has it: a map of ``groups`` parts, their sum, and a softmax over the parts of each
    channel."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.conv = nn.Conv2d(channels, channels * groups, 3, padding=1, groups=groups if channels % groups == 0 else 1)
        self.fc = nn.Conv2d(channels, channels * groups, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        batch, channels, *sides = x.shape
        parts = x.reshape(batch, self.groups, channels // self.groups, *sides)
        shares = self.fc(parts.sum(dim=1).mean((2, 3), keepdim=True))
        shares = shares.view(batch, 1, self.groups, -1).transpose(1, 2).softmax(dim=1).reshape(batch, -1)
        shares = shares.view(batch, -1, 1, 1)
        if self.groups == 3:  # two forms in a row are one call, two with something between them are two
            shares = shares + 0
        return (parts * shares.reshape(batch, self.groups, channels // self.groups, 1, 1)).sum(dim=1)


def selective() -> nn.Module:
    torch.manual_seed(0)
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Select(8, 2), Affine(), nn.ReLU(), Select(8, 3), *head)


def test_stacked_maps_are_one_map_of_all_channels() -> None:
    network = selective()
    diagram, report = from_module(network, (3, 12, 12))
    assert report.proven and not report.foreign, report.notes
    types = [block.type for module in diagram.modules.values() for _, block in module.blocks()]
    assert types.count("GroupSum") == 2 * types.count("GroupSoftmax") == 2 * types.count("Concat") == 4
    assert {"2.scale", "2.bias"} <= network.state_dict().keys() == bs.compile(diagram).state_dict().keys()

    for groups in (2, 3):
        network = nn.Sequential(nn.Conv2d(3, 8, 1), Split(8, groups), nn.Conv2d(8, 4, 1))
        diagram, report = from_module(network, (3, 9, 9))
        assert report.proven and not report.foreign, report.notes
        types = [block.type for module in diagram.modules.values() for _, block in module.blocks()]
        assert (types.count("GroupSum"), types.count("GroupSoftmax")) == (2, 1)

    # Another axis is no stack of maps: it stays what it is, said by name.
    class Time(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([x, x], dim=2).sum(2)

    _, report = from_module(nn.Sequential(nn.Conv2d(3, 4, 1), Time()), (3, 4, 4))
    assert len(report.foreign) == 1


class Does(nn.Module):
    """What a function does, with the parts that it needs."""

    def __init__(self, work: Callable[[Any, torch.Tensor], torch.Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.work = work
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.work(self, x)


IDIOMS: dict[str, tuple[Callable[[Any, torch.Tensor], torch.Tensor], dict[str, nn.Module], str]] = {
    "clamp": (lambda _, x: x.clamp(0, 6), {}, "ReLU6"),
    "clamp below": (lambda _, x: torch.clamp(x, min=0), {}, "ReLU"),
    "hard sigmoid": (lambda m, x: m.r(x + 3) / 6, {"r": nn.ReLU6()}, "Hardsigmoid"),
    "hard swish": (lambda _, x: x * nn.functional.relu6(x + 3) / 6, {}, "Hardswish"),
    "whole maximum": (lambda _, x: x.amax((2, 3)), {}, "MaxPool2d Flatten"),
    "a maximum of four": (lambda _, x: nn.functional.adaptive_max_pool2d(x, 4), {}, "MaxPool2d"),
    "mean of rows": (lambda _, x: x.flatten(2).mean(-1), {}, "Mean"),
    "squeezed twice": (
        lambda _, x: nn.functional.avg_pool2d(x, x.shape[2:]).squeeze(-1).squeeze(-1), {}, "AvgPool2d Flatten"
    ),
    "the only pixel": (lambda _, x: nn.functional.adaptive_avg_pool2d(x, 1)[:, :, 0, 0], {}, "GlobalAvgPool Flatten"),
    "Python's sum": (lambda m, x: sum([x, m.c(x)]), {"c": nn.Conv2d(8, 8, 1)}, "Conv2d Add"),
    "mirrored border": (
        lambda m, x: m.c(x), {"c": nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect")}, "BorderPad2d Conv2d"
    ),
    "edge again": (
        lambda m, x: m.c(x), {"c": nn.Conv2d(8, 8, 3, padding=(0, 1), padding_mode="replicate")}, "BorderPad2d Conv2d"
    ),
    "round the torus": (
        lambda m, x: m.c(x), {"c": nn.Conv2d(8, 8, 5, padding="same", padding_mode="circular")}, "BorderPad2d Conv2d"
    ),
    "borders as modules": (
        lambda m, x: m.b(m.a(x)), {"a": nn.ReflectionPad2d((1, 2, 0, 3)), "b": nn.CircularPad2d(1)},
        "BorderPad2d BorderPad2d",
    ),
    "pixels dealt out": (lambda m, x: m.p(x), {"p": nn.PixelShuffle(2)}, "PixelShuffle"),
    "pixels gathered": (lambda m, x: m.p(x), {"p": nn.PixelUnshuffle(2)}, "PixelUnshuffle"),
    "instance norm": (lambda m, x: m.n(x), {"n": nn.InstanceNorm2d(8)}, "InstanceNorm2d"),
    "instance norm that remembers": (
        lambda m, x: m.n(x), {"n": nn.InstanceNorm2d(8, affine=True, track_running_stats=True)}, "InstanceNorm2d"
    ),
    "a head with its norm": (
        lambda m, x: m.n(m.f(x.mean((2, 3)))), {"f": nn.Linear(8, 5, bias=False), "n": nn.BatchNorm1d(5)},
        "Mean Linear BatchNorm1d",
    ),
    "log of probabilities": (
        lambda _, x: nn.functional.log_softmax(x.view(-1, 8 * 64), dim=1), {}, "Flatten LogSoftmax"
    ),
    "whole channels dropped": (lambda m, x: m.d(x), {"d": nn.Dropout2d(0.3)}, "Dropout2d"),
    "the largest channel": (lambda _, x: torch.max(x, dim=1, keepdim=True)[0], {}, "ChannelMax"),
    "CBAM's two maps": (
        lambda _, x: torch.cat((torch.max(x, 1)[0].unsqueeze(1), torch.mean(x, 1).unsqueeze(1)), dim=1), {},
        "ChannelMax Mean Concat",
    ),
    "the larger of two": (lambda m, x: torch.max(m.c(x), x), {"c": nn.Conv2d(8, 8, 1)}, "Conv2d Maximum"),
    "every second pixel": (lambda _, x: x[:, :, ::2, ::2], {}, "MaxPool2d"),
    "option A": (lambda _, x: nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 4, 4), "constant", 0), {}, "ShortcutA"),
    "option A, more after": (lambda _, x: nn.functional.pad(x, (0, 0, 0, 0, 0, 8)), {}, "ShortcutA"),
    "a difference": (lambda m, x: x - m.c(x), {"c": nn.Conv2d(8, 8, 1)}, "Conv2d Scale Add"),
    "another range": (lambda _, x: (x - 0.5) / 0.5, {}, "Offset Scale"),
    "one less": (lambda _, x: 1 - torch.sigmoid(x), {}, "Sigmoid Scale Offset"),
    "negative": (lambda _, x: -x, {}, "Scale"),
    "bounds": (lambda _, x: torch.clip(x, -1, 1), {}, "Hardtanh"),
    "half the size": (
        lambda _, x: nn.functional.interpolate(x, scale_factor=0.5, mode="bilinear"), {}, "Interpolate"
    ),
    "the size of another": (lambda _, x: nn.functional.interpolate(x, size=(11, 5)), {}, "Interpolate"),
    "pixels of 255": (lambda _, x: x / 255, {}, "Divide"),
    "a constant by it": (lambda _, x: 2 / (x.abs() + 1), {}, "Function Offset Function Scale"),
    "powers and roots": (
        lambda _, x: (x**2 + torch.tensor(1e-6)).sqrt() + torch.rsqrt(x.exp()) * x.pow(3), {},
        "Pow Offset Function Function Function Pow Multiply Add",
    ),
    "cropped": (lambda _, x: x[:, :, 1:-1, 2:], {}, "Crop2d"),
    "cropped by steps, and channels": (lambda _, x: x[..., 1:, :][:, :6, :-2, 1:-1], {}, "ChannelSlice Crop2d"),
    "cropped by a border": (lambda _, x: nn.functional.pad(x, (-1, -2, 0, -1)), {}, "Crop2d"),
    "narrowed": (lambda _, x: x.narrow(2, 1, 4), {}, "Crop2d"),
    "below each other": (lambda m, x: torch.cat([x, m.c(x)], 2), {"c": nn.Conv2d(8, 8, 1)}, "Conv2d SpatialConcat"),
    "side by side": (lambda _, x: torch.cat([x, -x, x], dim=-1), {}, "Scale SpatialConcat"),
    "gated": (lambda m, x: m.g(x) * nn.functional.glu(x, 1), {"g": nn.GLU(1)}, "GLU GLU Multiply"),
    "root mean square": (
        lambda m, x: m.n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), {"n": nn.RMSNorm(8)}, "RMSNorm"
    ),
    "root mean square of a vector": (
        lambda m, x: m.n(x.mean((2, 3))), {"n": nn.RMSNorm(8, eps=1e-3, elementwise_affine=False)}, "Mean RMSNorm"
    ),
    "unit length": (lambda _, x: nn.functional.normalize(x.mean((2, 3))), {}, "Mean UnitLength"),
    "dropout for SELU": (
        lambda m, x: m.d(m.c(x)), {"c": nn.AlphaDropout(0.3), "d": nn.FeatureAlphaDropout(0.2)},
        "AlphaDropout AlphaDropout",
    ),
    "dropout that is off": (
        lambda _, x: nn.functional.relu(nn.functional.dropout(x, training=False)), {}, "ReLU"
    ),
    "dropout as it should be": (
        lambda m, x: nn.functional.dropout(x, 0.3, m.training), {}, "Dropout"
    ),
    "1.4 times as large": (lambda _, x: nn.functional.interpolate(x, scale_factor=1.4), {}, "Rescale"),
    "0.7 times, bilinear": (
        lambda _, x: nn.functional.interpolate(x, scale_factor=0.7, mode="bilinear", align_corners=False), {}, "Rescale"
    ),
    "1.4 times, by size": (
        lambda _, x: nn.functional.interpolate(x, scale_factor=1.4, recompute_scale_factor=True), {}, "Interpolate"
    ),
    "activations of their own": (
        lambda m, x: m.b(m.a(x)), {"a": nn.Softsign(), "b": nn.LogSigmoid()}, "Function Function"
    ),
    "fixed numbers of its code": (
        lambda _, x: (x - torch.arange(8.0).view(1, 8, 1, 1)) / torch.tensor([0.3], device=x.device), {},
        "ChannelConstant Divide",
    ),
    "curves": (
        lambda m, x: nn.functional.softplus(m.c(torch.selu(x))), {"c": nn.CELU(0.5)}, "SELU CELU Softplus"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IDIOMS)
def test_idioms_are_the_blocks_that_they_mean(name: str) -> None:
    torch.manual_seed(0)
    work, parts, blocks = IDIOMS[name]
    diagram, report = from_module(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Does(work, **parts)), (3, 8, 8))
    assert report.proven, report.notes
    levels = [diagram.main, *(diagram.modules[module] for module in diagram.modules)]
    drawn = [str(block.type) for level in levels for _, block in level.blocks()]
    assert [kind for kind in drawn if kind not in ("Input", "Output", "Does")] == ["Conv2d", *blocks.split()]


def test_other_numbers_and_wrappers() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        _, report = from_module(network.to(kind), (3, 8, 8))
        assert report.proven, (kind, report.notes)
    _, report = from_module(network.float().to("meta"), (3, 8, 8))
    assert report.keys and report.eval_bitwise is None and "meta device" in report.notes[0]
    for module, code in (
        (nn.Sequential(nn.LazyConv2d(8, 3)), "import.lazy"),
        (Does(lambda _, x: None), "import.outputs"),  # type: ignore[arg-type, return-value]
    ):
        with pytest.raises(bs.StudioError) as caught:
            from_module(module, (3, 8, 8))
        assert caught.value.code == code


class Normal(nn.Module):
    """Mean and deviation as buffers, of which one is not saved, and a plain tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]), persistent=False)
        self.register_buffer("gain", torch.tensor(2.5))
        self.shift = torch.tensor([0.1, -0.2, 0.3])[:, None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = (x / 255 - self.mean) / self.std.view(-1, 1, 1)
        return x * self.gain + self.shift.to(x.device)


def test_a_network_that_normalises_its_images() -> None:
    from torchvision.transforms import Normalize

    for first in (Normal(), Normalize([0.5, 0.4, 0.3], [0.2, 0.1, 0.3])):
        network = nn.Sequential(first, nn.Conv2d(3, 4, 3), nn.ReLU())
        diagram, report = from_module(network, (3, 8, 8))
        assert report.proven and not report.foreign, report
        assert bs.compile(diagram).state_dict().keys() == network.state_dict().keys()
        assert bs.analyze(diagram).parameters == 112
    module = from_module(nn.Sequential(Normal(), nn.Conv2d(3, 4, 3)), (3, 8, 8))[0].modules["Normal"]
    assert module.block("mean").parameters["numbers"] == "0.485, 0.456, 0.406"
    assert [module.block(name).parameters.get("saved") for name in ("mean", "std", "gain")] == [None, False, None]

    # What drops values in evaluation too has no block.
    always = Does(lambda m, x: m.c(nn.functional.dropout(x)), c=nn.Conv2d(3, 4, 3))
    _, report = from_module(always, (3, 8, 8))
    assert report.foreign == ["torch.dropout in evaluation too"]


@pytest.mark.slow
def test_stacked_maps_in_files(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Select(8, 2), Select(8, 3)).eval()
    torch.onnx.export(network, (torch.zeros(1, 3, 12, 12),), str(tmp_path / "a.onnx"), dynamo=True, verbose=False)
    torch.export.save(torch.export.export(network, (torch.zeros(2, 3, 12, 12),)), tmp_path / "a.pt2")
    for _, report in (bs.from_onnx(tmp_path / "a.onnx"), bs.from_pt2(tmp_path / "a.pt2")):
        assert report.proven and not report.foreign, report.notes
