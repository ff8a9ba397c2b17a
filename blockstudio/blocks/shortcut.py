"""Parts of residual connections that have no weights."""

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
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.windows import ONE, size_text
from blockstudio.text import say


@block_type
class ShortcutA(BlockType):
    """``(N, C, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))``.

    The parameter-free shortcut of ResNet's option A (He et al., 2015): every ``stride``-th pixel, and channels of
    zeros ``after`` the others or half of them on ``both`` sides (the odd one after).
    """

    name = "ShortcutA"
    calls = ("shortcut_a(input, out_channels, stride, zeros)",)
    family = "merge"
    seldom = True
    help = say(
        "ResNet's option A, a shortcut without weights: takes every second pixel and adds "
        "channels of zeros, so that the input of a block can be added to its smaller and "
        "deeper output."
    )
    palette = (PaletteEntry("ShortcutA", {}, "option a identity shortcut subsample pad channels zeros resnet cifar"),)
    parameters = {
        "out_channels": Parameter(
            kind="int",
            default=64,
            minimum=1,
            maximum=1_000_000,
            help=say("Channels that come out, no fewer than come in."),
        ),
        "stride": Parameter(kind="pair", default=2, minimum=1, maximum=1024, help=say("Takes each stride-th pixel.")),
        "zeros": Parameter(
            kind="choice", default="after", choices=("after", "both"),
            help=say("Where the channels of zeros go: after the others, or half before and half after."),
        ),
    }  # fmt: skip

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "ShortcutA")
        out = p["out_channels"]
        if out < channels:
            raise Refusal(
                "shape.shortcut",
                say("it can only add channels: {channels} come in, out_channels is {out}.", channels=channels, out=out),
                hint=say("Use a 1×1 Conv to have fewer channels."),
            )
        down, right = p["stride"]
        return out, -(-height // down), -(-width // right)

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "padding by less than nothing crops the channels" if code == "shape.shortcut" else ""

    def shares_input(self, p: Resolved) -> bool:
        return False

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        return None if p["stride"] == ONE else Window(stride=p["stride"])

    def code(self, a: Arguments) -> Code:
        out = a.text("out_channels")
        zeros = ", zeros='both'" if a.values["zeros"] == "both" else ""
        init = f"ShortcutA({a.channel()}, {out}{a.keywords('stride')}{zeros})"
        return Code(init, channels=out, helper="ShortcutA")

    def summary(self, p: Resolved) -> str:
        stride = "" if p["stride"] == ONE else ", /" + size_text(p["stride"], same=True)
        return f"{p['out_channels']}{stride}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        (channels, height, width), (down, right) = inputs[0], p["stride"]
        zeros = output[0] - channels
        parts = f"{zeros // 2} zeros + {channels} + {zeros - zeros // 2} zeros"
        return [
            (say("height"), f"⌈{height} / {down}⌉", str(output[1])),
            (say("width"), f"⌈{width} / {right}⌉", str(output[2])),
            (say("channels"), parts if p["zeros"] == "both" else f"{channels} + {zeros} zeros", str(output[0])),
        ]


_SIZES = {"C": "({c},)", "C×1×1": "({c}, 1, 1)", "1×C×1×1": "(1, {c}, 1, 1)", "1": "(1,)", "number": "()"}
FORMS = tuple(_SIZES)
"""How numbers that meet the channels are stored: one a channel in one of three shapes, or a single one, with an axis
or without."""
SINGLE = ("1", "number")
"""Forms of a single number."""


def form_of(weight: Weight, shape: Shape, last: bool) -> str | None:
    """The form in which a network keeps a weight that meets a tensor of ``shape``, channels ``last`` or not."""
    channels, rest = shape[0], (1,) * (len(shape) - 1)
    if weight.size == weight.kept == ():
        return "number"
    if weight.size == weight.kept == (1,) and channels > 1:
        return "1"
    right = [(channels,)] if last else [(channels, *rest), (1, channels, *rest)]
    form = {(channels,): "C", (channels, 1, 1): "C×1×1", (1, channels, 1, 1): "1×C×1×1"}.get(weight.kept)
    return form if weight.size in right else None


def filled(a: Arguments, number: str) -> str:
    """A tensor of the block's ``form`` with one number everywhere."""
    return f"torch.full({_SIZES[a.values['form']].format(c=a.channel())}, {number})"


def turned(a: Arguments) -> str:
    """How what is stored in the block's ``form`` is turned to meet the input."""
    return ".view(-1, 1, 1)" if a.values["form"] == "C" and len(a.inputs[0]) == 3 else ""


def stored(a: Arguments) -> tuple[str, str]:
    """The parameter of a block that is one, by its ``init`` and ``form``, and how it is turned to meet the input."""
    return f"nn.Parameter({filled(a, a.text('init'))})", turned(a)


@block_type
class LayerScale(BlockType):
    """``(N, C, ...) -> (N, C, ...)``: every channel times a learned factor. The block is the parameter itself, so its
    path is the parameter's key."""

    name = "LayerScale"
    family = "merge"
    seldom = True
    is_parameter = True
    elementwise = True
    help = say(
        "Multiplies each channel by a factor of its own that is learned and begins small, so "
        "that a deep network starts out as almost nothing but its shortcuts (Touvron et al., "
        "2021). ConvNeXt."
    )
    palette = (PaletteEntry("LayerScale", {}, "layer scale gamma channel factor learned residual convnext"),)
    calls = ("mul(input, other)",)
    parameters = {
        "init": Parameter(
            kind="float", default=1e-6, minimum=-1000.0, maximum=1000.0, help=say("What each factor begins as.")
        ),
        "form": Parameter(
            kind="choice", default="C", choices=FORMS, help=say("The shape in which the factors are stored.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weights = [value for value in given.values() if isinstance(value, Weight)]
        if len(weights) != 1 or not weights[0].learned or len(inputs) != 1:
            return None
        form = form_of(weights[0], inputs[0], given["last"])
        value = weights[0].value
        return None if form is None else {"init": 1.0 if value is None else float(f"{value:.7g}"), "form": form}

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would stretch a vector into a map" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if "×" in p["form"]:
            need_map(inputs, "LayerScale of this form")
        return inputs[0]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return 1 if p["form"] in SINGLE else inputs[0][0]

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        init, turned = stored(a)
        return Code(init, f"{{0}} * {{self}}{turned}", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"from {p['init']:g}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        count = self.count(p, inputs)
        return [(say("factors"), f"1·{count}", f"{count:,}")]


@block_type
class Scale(BlockType):
    """``(N, ...) -> (N, ...)``: every value times the constant ``factor``."""

    name = "Scale"
    calls = ("mul(input, other)",)
    elementwise = True
    family = "merge"
    seldom = True
    help = say(
        "Multiplies by a constant that is not learned. Inception-ResNet scales its residuals "
        "by 0.1 to 0.3 before they are added, which keeps deep ones stable."
    )
    palette = (PaletteEntry("Scale", {}, "residual scaling constant factor inception-resnet"),)
    parameters = {
        "factor": Parameter(kind="float", default=0.1, minimum=-1000.0, maximum=1000.0, help=say("The constant.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        factors = [value for key, value in given.items() if key != "last" and isinstance(value, int | float)]
        return {"factor": factors[0]} if len(inputs) == len(factors) == 1 else None

    def code(self, a: Arguments) -> Code:
        return Code(f"Scale({a.text('factor')})", channels=a.channel(), helper="Scale")

    def summary(self, p: Resolved) -> str:
        return f"×{p['factor']:g}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"{p['factor']:g} · x", say("no weights"))]
