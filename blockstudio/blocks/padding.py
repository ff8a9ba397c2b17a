"""Borders around a map: of zeros, or made of the map itself."""

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
    shape_text,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import items
from blockstudio.text import say

_CLASSES = {"reflect": "nn.ReflectionPad2d", "replicate": "nn.ReplicationPad2d", "circular": "nn.CircularPad2d"}


class _Border(BlockType):
    """Rows and columns around a map."""

    calls = ("pad(input, pad, mode='constant', value=None)",)
    family = "head"

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would pad the batch of vectors as if it were a map" if code == "shape.rank" else ""

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        top, _, left, _ = p["padding"]
        return Window(before=(top, left))

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        (_, height, width), (top, bottom, left, right) = inputs[0], p["padding"]
        return [
            (say("height"), f"{top} + {height} + {bottom}", str(output[1])),
            (say("width"), f"{left} + {width} + {right}", str(output[2])),
        ]


@block_type
class ZeroPad2d(_Border):
    """``(N, C, H, W) -> (N, C, H + top + bottom, W + left + right)``; ``torch.nn.ZeroPad2d``."""

    name = "ZeroPad2d"
    may_share_input = True  # without padding
    help = say("Puts rows and columns of zeros around the map.")
    palette = (PaletteEntry("ZeroPad2d", {"padding": 1}, "zero padding border"),)
    parameters = {
        "padding": Parameter(
            kind="padding", default=1, minimum=0, maximum=1024, numbers_only=True,
            help=say("Zeros around the map: p, [vertical, horizontal] or [top, bottom, left, right]."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        sides = list(given["pad"])
        if given["mode"] != "constant" or given["value"] or len(sides) != 4:
            return None
        return {"padding": [*sides[2:], *sides[:2]]}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "ZeroPad2d")
        top, bottom, left, right = p["padding"]
        return channels, height + top + bottom, width + left + right

    def code(self, a: Arguments) -> Code:
        return Code(f"nn.ZeroPad2d({_sides(a)})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return _short(p)


@block_type
class ConstantPad2d(ZeroPad2d):
    """``(N, C, H, W) -> (N, C, H + top + bottom, W + left + right)``; ``torch.nn.ConstantPad2d``."""

    name = "ConstantPad2d"
    seldom = True
    may_share_input = False
    help = say("Puts rows and columns of one number around the map.")
    palette = (PaletteEntry("ConstantPad2d", {}, "constant value number padding border"),)
    parameters = {
        **ZeroPad2d.parameters,
        "value": Parameter(kind="float", default=1.0, minimum=-1e9, maximum=1e9, help=say("The number.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        value, zeros = given["value"], super().from_call({**given, "value": None}, inputs, output)
        return {**zeros, "value": float(value)} if zeros and type(value) in (int, float) else None

    def code(self, a: Arguments) -> Code:
        return Code(f"nn.ConstantPad2d({_sides(a)}, {a.text('value')})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"{_short(p)} of {p['value']:g}"


@block_type
class BorderPad2d(_Border):
    """``(N, C, H, W) -> (N, C, H + top + bottom, W + left + right)``; ``torch.nn.ReflectionPad2d``,
    ``ReplicationPad2d`` or ``CircularPad2d``."""

    name = "BorderPad2d"
    moves_pixels = True  # in the border; the pixels of the map itself lie as `window` says
    help = say(
        "Puts rows and columns around the map that are taken from it: mirrored at its edge (reflect), its edge again "
        "and again (replicate), or its other side (circular). A convolution after it needs no padding of its own."
    )
    palette = (PaletteEntry("BorderPad2d", {}, "reflection replication circular mirror wrap edge padding border"),)
    parameters = {
        "mode": Parameter(
            kind="choice", default="reflect", choices=tuple(_CLASSES), help=say("What the border is made of.")
        ),
        "padding": Parameter(
            kind="padding", default=1, minimum=0, maximum=1024, numbers_only=True,
            help=say("Rows and columns around the map: p, [vertical, horizontal] or [top, bottom, left, right]."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        sides = list(given["pad"])
        if given["mode"] not in _CLASSES or len(sides) != 4:
            return None
        return {"mode": given["mode"], "padding": [*sides[2:], *sides[:2]]}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "BorderPad2d")
        top, bottom, left, right = p["padding"]
        spare = 1 if p["mode"] == "reflect" else 0  # a mirror does not show the edge itself
        if p["mode"] != "replicate" and (max(top, bottom) > height - spare or max(left, right) > width - spare):
            raise Refusal(
                "shape.border",
                say("a map of {size} has too few pixels for this border.", size=shape_text((height, width))),
                hint=say("Use less padding, or replicate, which repeats the edge."),
            )
        return channels, height + top + bottom, width + left + right

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return bool(p["mode"] != "circular")

    def code(self, a: Arguments) -> Code:
        return Code(f"{_CLASSES[a.values['mode']]}({_sides(a)})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"{p['mode']} {_short(p)}"


def _sides(a: Arguments) -> str:
    """The sides of a border as PyTorch's layers of padding take them: one number, or left, right, top, bottom."""
    if "padding" in a.texts:
        parts = items(a.texts["padding"])
        if len(parts) == 2:
            parts = [parts[0], parts[0], parts[1], parts[1]]
    else:
        parts = [str(side) for side in a.values["padding"]]
        if len(set(parts)) == 1:
            parts = parts[:1]
    # PyTorch names the sides the other way round: left, right, top, bottom.
    return parts[0] if len(parts) == 1 else f"({', '.join(parts[2:] + parts[:2])})"


def _short(p: Resolved) -> str:
    """A border on a card: one number, or those of top, bottom, left, right."""
    sides = p["padding"]
    return str(sides[0]) if len(set(sides)) == 1 else ", ".join(map(str, sides))
