"""The convolution that makes maps larger."""

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
    shape_text,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.windows import DILATION, ONE, STRIDE, size_text
from blockstudio.text import say


@block_type
class ConvTranspose2d(BlockType):
    """``(N, C, H, W) -> (N, out_channels, H', W')`` with
    ``H' = (H - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``;
    ``torch.nn.ConvTranspose2d``."""

    name = "ConvTranspose2d"
    family = "convolution"
    weighted = True
    moves_pixels = True
    help = say(
        "A convolution the other way round: each pixel is spread over a window of the "
        "output, so that with a stride of 2 the map becomes twice as large. Decoders, "
        "segmentation."
    )
    palette = (
        PaletteEntry(
            "ConvTranspose2d", {"kernel_size": 2, "stride": 2}, "transposed deconvolution upsample enlarge decoder unet"
        ),
    )
    calls = ("conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)",)
    parameters = {
        "out_channels": Parameter(
            kind="int", default=64, minimum=1, maximum=1_000_000, help=say("Filters: the channels that come out.")
        ),
        "kernel_size": Parameter(kind="pair", default=2, minimum=1, maximum=1024,
            help=say("Window size: k or [h, w].")),
        "stride": STRIDE,
        "padding": Parameter(kind="pair", default=0, minimum=0, maximum=1024, help=say("Taken off each side.")),
        "output_padding": Parameter(
            kind="pair", default=0, minimum=0, maximum=1023,
                help=say("Added below and at the right; less than the stride.")
        ),
        "dilation": DILATION,
        "groups": Parameter(kind="int", default=1, minimum=1, maximum=65536, help=say("Groups of channels apart.")),
        "bias": Parameter(kind="bool", default=True, help=say("Add a learnable bias to each output channel.")),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weight = given["weight"]
        if not isinstance(weight, Weight) or len(inputs) != 1:
            return None
        found = {key: given[key] for key in ("stride", "padding", "output_padding", "dilation", "groups")}
        return found | {"out_channels": output[0], "kernel_size": weight.size[2:], "bias": given["bias"] is not None}

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return {
            "shape.output_padding": "PyTorch checks it on some devices only",
            "shape.kernel": "PyTorch gives an empty map where nothing is left",
        }.get(code, "")

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, *size = need_map(inputs, "ConvTranspose2d")
        groups = p["groups"]
        if channels % groups or p["out_channels"] % groups:
            raise Refusal(
                "shape.groups",
                say("groups={groups} does not divide its channels.", groups=groups),
                hint=say("Choose groups that divide both the input and the output channels."),
            )
        out = []
        for axis in (0, 1):
            stride, dilation, more = p["stride"][axis], p["dilation"][axis], p["output_padding"][axis]
            if more >= max(stride, dilation):
                raise Refusal(
                    "shape.output_padding",
                    say("its output_padding of {more} is no less than its stride or dilation.", more=more),
                    hint=say("Use at most {max}.", max=max(stride, dilation) - 1),
                )
            length = (size[axis] - 1) * stride - 2 * p["padding"][axis] + dilation * (p["kernel_size"][axis] - 1)
            out.append(length + more + 1)
        if min(out) < 1:
            raise Refusal(
                "shape.kernel",
                say("nothing is left: {out}.", out=shape_text(tuple(out))),
                hint=say("Use less padding or a larger window."),
            )
        return p["out_channels"], out[0], out[1]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        kh, kw = p["kernel_size"]
        weights: int = kh * kw * inputs[0][0] * (p["out_channels"] // p["groups"])
        return weights + p["out_channels"] if p["bias"] else weights

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        kh, kw = p["kernel_size"]
        channels, height, width = inputs[0]
        macs: int = kh * kw * channels * (p["out_channels"] // p["groups"]) * height * width
        return macs

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        out = a.text("out_channels")
        none = (0, 0)
        rest = a.keywords(
            "kernel_size", stride=ONE, padding=none, output_padding=none, groups=1, bias=True, dilation=ONE
        )
        return Code(f"nn.ConvTranspose2d({a.channel()}, {out}{rest})", channels=out)

    def summary(self, p: Resolved) -> str:
        stride = "" if p["stride"] == ONE else ", ×" + size_text(p["stride"], same=True)
        return f"{size_text(p['kernel_size'])}, {p['out_channels']}{stride}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        kh, kw = p["kernel_size"]
        count = self.count(p, inputs)
        bias = f" + {output[0]}" if p["bias"] else ""
        inner = p["out_channels"] // p["groups"]
        return [
            (say("weights"), f"{kh}·{kw}·{inputs[0][0]}·{inner}{bias}", f"{count:,}"),
            (say("MACs"), f"{count - output[0] if p['bias'] else count:,} · {inputs[0][1]}·{inputs[0][2]}",
             f"{self.macs(p, inputs, output):,}"),
        ]  # fmt: skip
