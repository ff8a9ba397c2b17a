"""Layers with weights that see one pixel, or the channels as a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    Weight,
    block_type,
    need_map,
    numel,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say


@block_type
class PixelLinear(BlockType):
    """``(N, C, H, W) -> (N, out_features, H, W)``; ``torch.nn.Linear`` over the channels of each pixel."""

    name = "PixelLinear"
    family = "convolution"
    weighted = True
    channels_last = True
    help = say(
        "A fully connected layer over the channels of each pixel: a 1×1 convolution whose "
        "weights are kept as those of Linear. ConvNeXt."
    )
    palette = (PaletteEntry("PixelLinear", {}, "pointwise linear mlp 1x1 channels last convnext dense"),)
    calls = ("linear(input, weight, bias=None)",)
    parameters = {
        "out_features": Parameter(
            kind="int", default=64, minimum=1, maximum=1_000_000, help=say("Channels that come out.")
        ),
        "bias": Parameter(kind="bool", default=True, help=say("Add a learnable bias to each output.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weight = given["weight"]
        if not isinstance(weight, Weight) or len(inputs[0]) != 3 or len(inputs) != 1:
            return None
        return {"out_features": weight.size[0], "bias": given["bias"] is not None}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        _, height, width = need_map(inputs, "PixelLinear")
        return p["out_features"], height, width

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        count: int = (inputs[0][0] + (1 if p["bias"] else 0)) * p["out_features"]
        return count

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return inputs[0][0] * numel(output)

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        out = a.text("out_features")
        return Code(f"PixelLinear({a.channel()}, {out}{a.keywords(bias=True)})", channels=out, helper="PixelLinear")

    def summary(self, p: Resolved) -> str:
        return str(p["out_features"])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        product = f"{inputs[0][0]}·{output[0]}"
        bias = f" + {output[0]}" if p["bias"] else ""
        return [
            (say("weights"), product + bias, f"{self.count(p, inputs):,}"),
            (say("MACs"), f"{product}·{output[1]}·{output[2]}", f"{self.macs(p, inputs, output):,}"),
        ]


@block_type
class ChannelConv1d(BlockType):
    """``(N, C) -> (N, C)``; ``torch.nn.Conv1d`` with one channel along the ``C`` values. Maps of one pixel too."""

    name = "ChannelConv1d"
    along_channels = True
    family = "convolution"
    weighted = True
    help = say(
        "A convolution along the channels: each channel's gate sees a few of its neighbours "
        "only. The whole of efficient channel attention (ECA) but for k weights."
    )
    palette = (PaletteEntry("ChannelConv1d", {}, "eca efficient channel attention conv1d gate squeeze"),)
    calls = ("conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)",)
    parameters = {
        "kernel_size": Parameter(
            kind="int", default=3, minimum=1, maximum=1023, help=say("Channels in the window, odd.")
        ),
        "bias": Parameter(kind="bool", default=False, help=say("Add a learnable bias.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weight, padding = given["weight"], given["padding"]
        if not isinstance(weight, Weight) or weight.size[:2] != (1, 1) or len(inputs[0]) != 1:
            return None
        size, sides = weight.size[2], padding[0] if isinstance(padding, list | tuple) else padding
        if 2 * sides + 1 != size or given["dilation"] not in (1, (1,)) or given["stride"] not in (1, (1,)):
            return None
        return {"kernel_size": size, "bias": given["bias"] is not None}

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would run along the pixels too" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if len(inputs[0]) == 3 and inputs[0][1:] != (1, 1):
            raise Refusal(
                "shape.rank",
                say("ChannelConv1d needs a vector, but its input is a map."),
                hint=say("Put a GlobalAvgPool before it."),
            )
        if p["kernel_size"] % 2 == 0:
            raise Refusal(
                "shape.kernel",
                say("its window of {p} has no middle.", p=p["kernel_size"]),
                hint=say("Choose an odd kernel_size."),
            )
        return inputs[0]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return int(p["kernel_size"]) + (1 if p["bias"] else 0)

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return int(p["kernel_size"]) * inputs[0][0]

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        size = a.text("kernel_size")
        half = str(int(size) // 2) if size.isdecimal() else f"({size}) // 2"
        bias = "" if a.text("bias") == "True" else f", bias={a.text('bias')}"
        init = f"ChannelConv1d(1, 1, {size}, padding={half}{bias})"
        return Code(init, channels=a.channel(), helper="ChannelConv1d")

    def summary(self, p: Resolved) -> str:
        return str(p["kernel_size"])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        count, size = self.count(p, inputs), p["kernel_size"]
        return [
            (say("weights"), f"{size} + 1" if p["bias"] else str(size), f"{count:,}"),
            (say("MACs"), f"{size}·{inputs[0][0]}", f"{self.macs(p, inputs, output):,}"),
        ]
