"""Means over axes, and maps made larger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Resolved,
    Shape,
    Window,
    block_type,
    need_map,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say


@block_type
class Mean(BlockType):
    """``(N, C, H, W) -> (N, C)`` or ``(N, C, 1, 1)`` over the pixels, ``(N, 1, H, W)`` over the channels;
    ``x.mean(axes, keepdim)``."""

    name = "Mean"
    family = "pooling"
    help = say(
        "The mean over the pixels of each channel, as a vector (or, with keepdim, a map of "
        "one pixel), or over the channels at each pixel."
    )
    palette = (PaletteEntry("Mean", {}, "average global pooling axes reduce squeeze torch.mean"),)
    calls = ("mean(input, dim=None, keepdim=False, dtype=None)",)
    parameters = {
        "over": Parameter(
            kind="choice", default="pixels", choices=("pixels", "channels"), help=say("What is averaged.")
        ),
        "keepdim": Parameter(
            kind="bool",
            default=False,
            help=say("Keep the map's form: C×1×1 instead of a vector. Means of channels always do."),
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        axes = given["dim"] if isinstance(given["dim"], list | tuple) else [given["dim"]]
        if len(inputs[0]) != 3 or None in axes:
            return None
        found = sorted(axis % 4 for axis in axes)
        over = {(2, 3): "pixels", (1,): "channels"}.get(tuple(found))
        return {"over": over, "keepdim": bool(given["keepdim"])} if over else None

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would take the mean over the features of a vector" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Mean")
        if p["over"] == "channels":
            return 1, height, width
        return (channels, 1, 1) if p["keepdim"] else (channels,)

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        return Window(whole=True) if p["over"] == "pixels" else None

    def code(self, a: Arguments) -> Code:
        if a.values["over"] == "channels":
            return Code(None, "{0}.mean(1, keepdim=True)", channels="1")
        keep = ", keepdim=True" if a.values["keepdim"] else ""
        return Code(None, f"{{0}}.mean((2, 3){keep})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"over {p['over']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        channels, height, width = inputs[0]
        if p["over"] == "channels":
            return [(say("mean over"), str(channels), f"{channels:,}")]
        return [(say("mean over"), f"{height}·{width} pixels", f"{height * width:,}")]


@block_type
class Upsample(BlockType):
    """``(N, C, H, W) -> (N, C, scale * H, scale * W)``; ``torch.nn.Upsample``."""

    name = "Upsample"
    moves_pixels = True
    family = "pooling"
    help = say("Makes the map larger: each pixel several times (nearest), or values in between (bilinear, bicubic).")
    palette = (PaletteEntry("Upsample", {}, "interpolate resize enlarge nearest bilinear bicubic decoder"),)
    calls = (
        "interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=None, "
        "recompute_scale_factor=None, antialias=False)",
    )
    parameters = {
        "scale": Parameter(kind="int", default=2, minimum=1, maximum=1024,
            help=say("How many times as high and wide.")),
        "mode": Parameter(
            kind="choice", default="nearest", choices=("nearest", "nearest-exact", "bilinear", "bicubic"),
            help=say("Where the new pixels' values come from."),
        ),
        "align_corners": Parameter(
            kind="bool", default=False, help=say("Bilinear and bicubic: corner pixels keep their place.")
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs[0]) != 3 or given["antialias"] or output[1] % inputs[0][1]:
            return None
        scale = output[1] // inputs[0][1]
        return {"scale": scale, "mode": given["mode"], "align_corners": bool(given["align_corners"])}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Upsample")
        return channels, p["scale"] * height, p["scale"] * width

    def code(self, a: Arguments) -> Code:
        corners = ""
        if a.values["mode"] in ("bilinear", "bicubic"):
            corners = a.keywords(align_corners=False)
        arguments = f"scale_factor={a.text('scale')}, mode={a.values['mode']!r}{corners}"
        return Code(f"nn.Upsample({arguments})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"×{p['scale']} {p['mode']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [
            (label, f"{p['scale']} · {inputs[0][axis]}", str(output[axis]))
            for axis, label in ((1, "height"), (2, "width"))
        ]
