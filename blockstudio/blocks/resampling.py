"""Means and maxima over axes, and maps made larger or smaller."""

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
    Window,
    block_type,
    need_map,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import atom, times
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
class ChannelMax(BlockType):
    """``(N, C, H, W) -> (N, 1, H, W)``: the largest channel at each pixel; ``x.amax(1, keepdim=True)``."""

    name = "ChannelMax"
    family = "merge"
    help = say(
        "The largest value of all channels at each pixel. With a Mean over the channels beside it, the spatial "
        "attention of CBAM."
    )
    palette = (PaletteEntry("ChannelMax", {}, "maximum channels attention cbam reduce torch.max amax"),)
    calls = ("amax(input, dim=(), keepdim=False)",)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        axes = given["dim"] if isinstance(given["dim"], list | tuple) else [given["dim"]]
        return {} if len(inputs[0]) == 3 and list(axes) in ([1], [-3]) and given["keepdim"] else None

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would take the largest feature of a vector" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        _, height, width = need_map(inputs, "ChannelMax")
        return 1, height, width

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def keeps_output(self, p: Resolved) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        return Code(None, "{0}.amax(1, keepdim=True)", channels="1")

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("largest of"), str(inputs[0][0]), f"{inputs[0][0]:,}")]


_MODE = Parameter(
    kind="choice", default="nearest", choices=("nearest", "nearest-exact", "bilinear", "bicubic"),
    help=say("Where the new pixels' values come from."),
)  # fmt: skip
_INTERPOLATE = (
    "interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=None, "
    "recompute_scale_factor=None, antialias=False)"
)
_CORNERS = Parameter(kind="bool", default=False, help=say("Bilinear and bicubic: corner pixels keep their place."))


@block_type
class Upsample(BlockType):
    """``(N, C, H, W) -> (N, C, scale * H, scale * W)``; ``torch.nn.Upsample``."""

    name = "Upsample"
    moves_pixels = True
    family = "pooling"
    help = say("Makes the map larger: each pixel several times (nearest), or values in between (bilinear, bicubic).")
    palette = (PaletteEntry("Upsample", {}, "interpolate resize enlarge nearest bilinear bicubic decoder"),)
    calls = (_INTERPOLATE,)
    parameters = {
        "scale": Parameter(kind="int", default=2, minimum=1, maximum=1024,
            help=say("How many times as high and wide.")),
        "mode": _MODE,
        "align_corners": _CORNERS,
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs[0]) != 3 or not _says_size(given, inputs[0], output) or output[1] % inputs[0][1]:
            return None
        scale = output[1] // inputs[0][1]
        return {"scale": scale, "mode": given["mode"], "align_corners": bool(given["align_corners"])}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Upsample")
        return channels, p["scale"] * height, p["scale"] * width

    def code(self, a: Arguments) -> Code:
        return _upsample(a, f"scale_factor={a.text('scale')}")

    def summary(self, p: Resolved) -> str:
        return f"×{p['scale']} {p['mode']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return _sides(p["scale"], inputs[0], output)


@block_type
class Interpolate(BlockType):
    """``(N, C, H, W) -> (N, C, *size)``; ``torch.nn.Upsample(size=...)``."""

    name = "Interpolate"
    moves_pixels = True
    any_map = True
    family = "pooling"
    help = say("Brings the map to a size, larger or smaller: to that of another map that it is to be joined with.")
    palette = (PaletteEntry("Interpolate", {}, "resize upsample downsample size nearest bilinear bicubic decoder"),)
    calls = (_INTERPOLATE,)
    parameters = {
        "size": Parameter(
            kind="pair", default=14, minimum=1, maximum=65536,
            help=say("What comes out: s or [height, width]."),
        ),
        "mode": _MODE,
        "align_corners": _CORNERS,
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs[0]) != 3 or len(output) != 3 or not _says_size(given, inputs[0], output):
            return None
        return {"size": output[1:], "mode": given["mode"], "align_corners": bool(given["align_corners"])}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, _, _ = need_map(inputs, "Interpolate")
        return channels, *p["size"]

    def code(self, a: Arguments) -> Code:
        return _upsample(a, f"size={a.text('size')}")

    def summary(self, p: Resolved) -> str:
        height, width = p["size"]
        return f"to {height}×{width}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("height"), str(p["size"][0]), str(output[1])), (say("width"), str(p["size"][1]), str(output[2]))]


@block_type
class Rescale(BlockType):
    """``(N, C, H, W) -> (N, C, floor(factor * H), floor(factor * W))``; ``torch.nn.Upsample(scale_factor=...)``."""

    name = "Rescale"
    moves_pixels = True
    family = "pooling"
    help = say(
        "Makes the map larger or smaller by any factor, 1.5 or 0.7. The factor itself, not the size that comes out, "
        "says where the pixels' values come from."
    )
    palette = (PaletteEntry("Rescale", {}, "interpolate resize factor fraction upsample downsample bilinear bicubic"),)
    calls = (_INTERPOLATE,)
    parameters = {
        "factor": Parameter(kind="float", default=1.5, minimum=0.01, maximum=64.0,
            help=say("How many times as high and wide.")),
        "mode": _MODE,
        "align_corners": _CORNERS,
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        factors = given["scale_factor"]
        factors = list(factors) if isinstance(factors, list | tuple) else [factors, factors]
        if len(inputs[0]) != 3 or given["antialias"] or given["recompute_scale_factor"] or len(factors) != 2:
            return None
        if factors[0] != factors[1] or type(factors[0]) not in (int, float):
            return None
        return {"factor": float(factors[0]), "mode": given["mode"], "align_corners": bool(given["align_corners"])}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Rescale")
        rows, columns = int(p["factor"] * height), int(p["factor"] * width)
        if rows < 1 or columns < 1:
            raise Refusal(
                "shape.rescale",
                say("a map of {height}×{width} would have no pixels left.", height=height, width=width),
                hint=say("Choose a larger factor."),
            )
        return channels, rows, columns

    def code(self, a: Arguments) -> Code:
        return _upsample(a, f"scale_factor={a.text('factor')}")

    def summary(self, p: Resolved) -> str:
        return f"×{p['factor']:g} {p['mode']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        factor, (_, height, width) = p["factor"], inputs[0]
        return [
            (say("height"), f"⌊{factor!r} · {height}⌋", str(output[1])),
            (say("width"), f"⌊{factor!r} · {width}⌋", str(output[2])),
        ]


_FACTOR = Parameter(kind="int", default=2, minimum=1, maximum=1024, help=say("How many times as high and wide."))


@block_type
class PixelShuffle(BlockType):
    """``(N, C, H, W) -> (N, C / r², r * H, r * W)``; ``torch.nn.PixelShuffle``."""

    name = "PixelShuffle"
    moves_pixels = True
    family = "pooling"
    help = say(
        "Makes the map larger by laying r·r channels side by side as the pixels of one. After a convolution it is how "
        "super-resolution networks enlarge (Shi et al., 2016)."
    )
    palette = (PaletteEntry("PixelShuffle", {}, "depth to space sub-pixel super-resolution upscale enlarge"),)
    calls = ("pixel_shuffle(input, upscale_factor)",)
    parameters = {"upscale_factor": _FACTOR}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        (channels, height, width), factor = need_map(inputs, "PixelShuffle"), p["upscale_factor"]
        if channels % factor**2:
            raise Refusal(
                "shape.shuffle",
                say("its {channels} channels are no multiple of {factor}·{factor}.", channels=channels, factor=factor),
                hint=say("Give the layer before it a multiple of so many channels."),
            )
        return channels // factor**2, factor * height, factor * width

    def code(self, a: Arguments) -> Code:
        factor, channel = a.text("upscale_factor"), a.channel()
        plain = channel.isdecimal() and factor.isdecimal()
        channels = str(int(channel) // int(factor) ** 2) if plain else f"{atom(channel)} // {atom(factor)} ** 2"
        return Code(f"nn.PixelShuffle({factor})", channels=channels)

    def summary(self, p: Resolved) -> str:
        return f"×{p['upscale_factor']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        factor = p["upscale_factor"]
        return [
            (say("channels"), f"{inputs[0][0]} / ({factor}·{factor})", str(output[0])),
            *_sides(factor, inputs[0], output),
        ]


@block_type
class PixelUnshuffle(BlockType):
    """``(N, C, H, W) -> (N, C * r², H / r, W / r)``; ``torch.nn.PixelUnshuffle``."""

    name = "PixelUnshuffle"
    moves_pixels = True
    family = "pooling"
    help = say("Makes the map smaller without losing anything: each r·r pixels become channels. Space to depth.")
    palette = (PaletteEntry("PixelUnshuffle", {}, "space to depth downscale subsample focus yolo"),)
    calls = ("pixel_unshuffle(input, downscale_factor)",)
    parameters = {
        "downscale_factor": Parameter(
            kind="int", default=2, minimum=1, maximum=1024, help=say("By how much height and width are divided.")
        )
    }

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        (channels, height, width), factor = need_map(inputs, "PixelUnshuffle"), p["downscale_factor"]
        if height % factor or width % factor:
            raise Refusal(
                "shape.shuffle",
                say("height and width, {height} and {width}, are not multiples of {factor}.",
                    height=height, width=width, factor=factor),
                hint=say("Pad the map before it, or choose another factor."),
            )  # fmt: skip
        return channels * factor**2, height // factor, width // factor

    def code(self, a: Arguments) -> Code:
        factor, channel = a.text("downscale_factor"), a.channel()
        plain = channel.isdecimal() and factor.isdecimal()
        channels = str(int(channel) * int(factor) ** 2) if plain else times(channel, factor, factor)
        return Code(f"nn.PixelUnshuffle({factor})", channels=channels)

    def summary(self, p: Resolved) -> str:
        return f"/{p['downscale_factor']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        (channels, height, width), factor = inputs[0], p["downscale_factor"]
        return [
            (say("channels"), f"{channels}·{factor}·{factor}", str(output[0])),
            (say("height"), f"{height} / {factor}", str(output[1])),
            (say("width"), f"{width} / {factor}", str(output[2])),
        ]


def _upsample(a: Arguments, size: str) -> Code:
    """The layer that gives this size."""
    corners = a.keywords(align_corners=False) if a.values["mode"] in ("bilinear", "bicubic") else ""
    return Code(f"nn.Upsample({size}, mode={a.values['mode']!r}{corners})", channels=a.channel())


def _sides(factor: int, shape: Shape, output: Shape) -> list[tuple[str, str, str]]:
    """Where height and width of a map ``factor`` times as large come from."""
    return [
        (label, f"{factor} · {shape[axis]}", str(output[axis]))
        for axis, label in ((1, say("height")), (2, say("width")))
    ]


def _says_size(given: Mapping[str, Any], shape: Shape, output: Shape) -> bool:
    """Whether the sizes alone say where the pixels of a map made larger or smaller come from."""
    if given["antialias"]:
        return False
    if given["size"] is not None or given["recompute_scale_factor"]:
        return True
    factors = given["scale_factor"]
    factors = factors if isinstance(factors, list | tuple) else (factors, factors)
    return all(size * factor == out for size, factor, out in zip(shape[1:], factors, output[1:], strict=True))
