"""Convolution layers."""

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
    Window,
    block_type,
    need_map,
    shape_text,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import times
from blockstudio.blocks.windows import (
    DILATION,
    KERNEL,
    ONE,
    STRIDE,
    conv_size,
    padding_source,
    pads,
    size_rows,
    size_text,
    sliding,
    uneven,
    window_text,
)
from blockstudio.text import say

_PADDING = Parameter(
    kind="padding", default=0, minimum=0, maximum=1024,
    help=say("Zeros around the map: p, [vertical, horizontal], [top, bottom, left, right], 'same' "
"(PyTorch, stride 1) or 'same_tf' (TensorFlow: output = ceil(input / stride))."),
)  # fmt: skip
_BIAS = Parameter(
    kind="bool", default=True, help=say("Add a learnable bias to each output channel; off before BatchNorm.")
)


class _Convolution(BlockType):
    """What `Conv2d` and `DepthwiseConv2d` share: they differ in output channels and groups."""

    family = "convolution"
    weighted = True
    calls = ("conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)",)
    depthwise = False

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weight, channels, groups = given["weight"], inputs[0][0], given["groups"]
        if not isinstance(weight, Weight) or (groups == channels > 1) != self.depthwise:
            return None
        found = {key: given[key] for key in ("stride", "padding", "dilation")}
        if found["padding"] == "valid":
            found["padding"] = 0
        found |= {"kernel_size": weight.size[2:], "bias": given["bias"] is not None}
        if self.depthwise:
            return found | {"depth_multiplier": weight.size[0] // channels}
        return found | {"out_channels": weight.size[0], "groups": groups}

    def out_channels(self, p: Resolved, channels: int) -> int:
        raise NotImplementedError

    def groups(self, p: Resolved, channels: int) -> int:
        raise NotImplementedError

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        kh, kw = p["kernel_size"]
        channels = inputs[0][0]
        out = self.out_channels(p, channels)
        weights: int = kh * kw * (channels // self.groups(p, channels)) * out
        return weights + out if p["bias"] else weights

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        kh, kw = p["kernel_size"]
        channels = inputs[0][0]
        macs: int = kh * kw * (channels // self.groups(p, channels)) * output[0] * output[1] * output[2]
        return macs

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        added = _added_first(p, inputs[0])
        return inputs[0][0] * (inputs[0][1] + added[0]) * (inputs[0][2] + added[1]) if added else 0

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return not _added_first(p, inputs[0])

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window:
        return sliding(p, inputs[0])

    def call(self, a: Arguments, out: str, *, groups: str | None) -> Code:
        """The constructor call for ``out`` output channels; ``groups`` as source unless they are 1."""
        padding = a.values["padding"]
        start = f"{a.channel()}, {out}{a.keywords('kernel_size', stride=ONE)}"
        rest = a.keywords(dilation=ONE)
        rest += f", groups={groups}" if groups else ""
        rest += a.keywords(bias=True)
        if padding == "same_tf":
            return Code(f"Conv2dSame({start}{rest})", channels=out, helper="Conv2dSame")
        if padding == "same":
            return Code(f"nn.Conv2d({start}, padding='same'{rest})", channels=out)
        name, text = padding_source(a)
        helper = "Conv2dPadded" if name == "pads" else None
        given = f", {name}={text}" if name else ""
        return Code(f"{helper or 'nn.Conv2d'}({start}{given}{rest})", channels=out, helper=helper)

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        kh, kw = p["kernel_size"]
        channels, out = inputs[0][0], output[0]
        inner = channels // self.groups(p, channels)
        count = self.count(p, inputs)
        bias = f" + {out}" if p["bias"] else ""
        weights = count - out if p["bias"] else count
        area = shape_text(output[1:]).replace("×", "·")
        return [
            *size_rows(p, inputs, output),
            (say("weights"), f"{kh}·{kw}·{inner}·{out}{bias}", f"{count:,}"),
            (say("MACs"), f"{weights:,} · {area}", f"{self.macs(p, inputs, output):,}"),
        ]


def _added_first(p: Resolved, shape: Shape) -> tuple[int, int] | None:
    """Rows and columns by which the map is padded into a copy first, because PyTorch's convolution itself only
    takes padding that is the same on both sides; ``None`` if there is no copy. Autograd keeps the copy."""
    padding = p["padding"]
    if not isinstance(padding, str) and not uneven(padding):
        return None
    top, bottom, left, right = pads(p, shape[1:])
    # Of its own 'same' PyTorch pads only the odd pixels so, and leaves the rest to the convolution.
    added = (bottom - top, right - left) if padding == "same" else (top + bottom, left + right)
    return added if added != (0, 0) else None


@block_type
class Conv2d(_Convolution):
    """``(N, C, H, W) -> (N, out_channels, H', W')``; ``torch.nn.Conv2d``."""

    name = "Conv2d"
    titled = False
    help = say(
        "Slides learnable filters over the map: each output channel is a weighted sum of a "
        "window over all input channels. 1×1 mixes channels only; a stride of 2 halves the "
        "map."
    )
    palette = (
        PaletteEntry("Conv2d", {"kernel_size": 3, "padding": 1}, "convolution convolutional layer filter 3x3"),
        PaletteEntry("1×1 Conv", {"kernel_size": 1}, "pointwise projection reduce bottleneck mlpconv cccp 1x1 conv2d"),
    )
    parameters = {
        "out_channels": Parameter(
            kind="int", default=64, minimum=1, maximum=1_000_000, help=say("Filters: the channels that come out.")
        ),
        "kernel_size": KERNEL,
        "stride": STRIDE,
        "padding": _PADDING,
        "dilation": DILATION,
        "groups": Parameter(
            kind="int", default=1, minimum=1, maximum=65536,
            help=say("Groups of channels convolved apart; must divide the input and the output channels."),
        ),
        "bias": _BIAS,
    }  # fmt: skip

    def out_channels(self, p: Resolved, channels: int) -> int:
        out: int = p["out_channels"]
        return out

    def groups(self, p: Resolved, channels: int) -> int:
        groups: int = p["groups"]
        return groups

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Conv2d")
        groups, out = p["groups"], p["out_channels"]
        if channels % groups or out % groups:
            count, what = (channels, "input") if channels % groups else (out, "output")
            raise Refusal(
                "shape.groups",
                say(
                    "groups={groups} does not divide its {count} {what} channels.",
                    groups=groups,
                    count=count,
                    what=what,
                ),
                hint=say("Choose groups that divide both the input and the output channels."),
            )
        rows, columns = conv_size(p, (height, width))
        return out, rows, columns

    def code(self, a: Arguments) -> Code:
        groups = a.text("groups") if "groups" in a.texts or a.values["groups"] != 1 else None
        return self.call(a, a.text("out_channels"), groups=groups)

    def summary(self, p: Resolved) -> str:
        parts = [size_text(p["kernel_size"]), str(p["out_channels"]), *window_text(p)]
        if p["groups"] != 1:
            parts.append(f"{p['groups']} groups")
        return ", ".join(parts)


@block_type
class DepthwiseConv2d(_Convolution):
    """``(N, C, H, W) -> (N, C * depth_multiplier, H', W')``; ``torch.nn.Conv2d`` with ``groups=C``."""

    name = "DepthwiseConv2d"
    depthwise = True
    help = say(
        "Filters each channel on its own, without mixing channels: a 1×1 Conv after it does "
        "that. Together they are the separable convolution of MobileNet and Xception."
    )
    palette = (
        PaletteEntry(
            "DepthwiseConv2d", {"kernel_size": 3, "padding": 1}, "separable convolution groups mobilenet xception 3x3"
        ),
    )
    parameters = {
        "depth_multiplier": Parameter(
            kind="int", default=1, minimum=1, maximum=1024, help=say("Output channels made from each input channel.")
        ),
        "kernel_size": KERNEL,
        "stride": STRIDE,
        "padding": _PADDING,
        "dilation": DILATION,
        "bias": _BIAS,
    }

    def out_channels(self, p: Resolved, channels: int) -> int:
        out: int = channels * p["depth_multiplier"]
        return out

    def groups(self, p: Resolved, channels: int) -> int:
        return channels

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "DepthwiseConv2d")
        rows, columns = conv_size(p, (height, width))
        return channels * p["depth_multiplier"], rows, columns

    def code(self, a: Arguments) -> Code:
        channels = a.channel()
        multiplier = a.text("depth_multiplier")
        if channels.isdecimal() and multiplier.isdecimal():
            out = str(int(channels) * int(multiplier))
        else:
            out = times(channels, multiplier)
        return self.call(a, out, groups=channels)

    def summary(self, p: Resolved) -> str:
        multiplier = [] if p["depth_multiplier"] == 1 else [f"×{p['depth_multiplier']}"]
        return ", ".join([size_text(p["kernel_size"]), *multiplier, *window_text(p)])
