"""Blocks that cut maps and lay them side by side: no value changes."""

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
from blockstudio.blocks.merge import listing
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import items
from blockstudio.text import say


@block_type
class Crop2d(BlockType):
    """``(N, C, H, W) -> (N, C, H - top - bottom, W - left - right)``; ``x[:, :, top:-bottom, left:-right]``."""

    name = "Crop2d"
    family = "head"
    help = say(
        "Cuts rows and columns off the map. A U-Net whose convolutions have no padding crops what it hands across, so "
        "that it fits the smaller map."
    )
    palette = (PaletteEntry("Crop2d", {}, "crop cut slice border trim centre unet"),)
    calls = ("getitem(input, index)",)
    helpers = {
        "Crop2d": '''\
class Crop2d(nn.Module):
    """Cuts (top, bottom, left, right) off a map."""

    def __init__(self, sides):
        super().__init__()
        sides = (sides,) * 4 if isinstance(sides, int) else sides
        self.sides = sides if len(sides) == 4 else (sides[0], sides[0], sides[1], sides[1])

    def forward(self, x):
        top, bottom, left, right = self.sides
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]
'''
    }
    parameters = {
        "sides": Parameter(
            kind="padding", default=1, minimum=0, maximum=65536, numbers_only=True,
            help=say("What is cut off: n, [vertical, horizontal] or [top, bottom, left, right]."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        index = given["index"]
        if len(inputs[0]) != 3 or not isinstance(index, tuple) or not all(isinstance(part, slice) for part in index):
            return None
        parts = [*index, *[slice(None)] * 4][:4]
        if len(index) > 4 or any(part.step not in (None, 1) for part in parts):
            return None
        ends = [part.indices(size)[:2] for part, size in zip(parts[1:], inputs[0], strict=True)]
        if parts[0] != slice(None) or ends[0] != (0, inputs[0][0]):
            return None
        (top, low), (left, right) = ends[1:]
        return {"sides": [top, inputs[0][1] - low, left, inputs[0][2] - right]}

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return not any(p["sides"])

    def shares_input(self, p: Resolved) -> bool:
        return True

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would leave a map without pixels" if code == "shape.crop" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Crop2d")
        top, bottom, left, right = p["sides"]
        rows, columns = height - top - bottom, width - left - right
        if rows < 1 or columns < 1:
            raise Refusal(
                "shape.crop",
                say("of a map of {size} nothing would be left.", size=shape_text((height, width))),
                hint=say("Cut off less."),
            )
        return channels, rows, columns

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        top, _, left, _ = p["sides"]
        return Window(before=(-top, -left))

    def code(self, a: Arguments) -> Code:
        text = a.texts.get("sides")
        sides = a.values["sides"] if text is None else items(text)
        if text is not None and len(sides) in (1, 2, 4):
            made = text
        else:
            made = repr(sides[0] if len(set(sides)) == 1 else tuple(sides))
        return Code(f"Crop2d({made})", channels=a.channel(), helper="Crop2d")

    def summary(self, p: Resolved) -> str:
        top, bottom, left, right = p["sides"]
        return str(top) if top == bottom == left == right else f"{top}, {bottom}, {left}, {right}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        (_, height, width), (top, bottom, left, right) = inputs[0], p["sides"]
        return [
            (say("height"), f"{height} − {top} − {bottom}", str(output[1])),
            (say("width"), f"{width} − {left} − {right}", str(output[2])),
        ]


_AXES = {"height": 1, "width": 2}


@block_type
class SpatialConcat(BlockType):
    """``(N, C, H1, W), (N, C, H2, W), ... -> (N, C, H1 + H2 + ..., W)``, or the same along the width;
    ``torch.cat(..., dim=2)``."""

    name = "SpatialConcat"
    family = "merge"
    inputs = ()
    variadic = True
    moves_pixels = True
    help = say("Lays maps of the same channels below each other or side by side, in the order of its ports.")
    palette = (PaletteEntry("SpatialConcat", {}, "concatenate stack below beside height width tile join torch.cat"),)
    calls = ("cat(tensors, dim=0)",)
    parameters = {
        "along": Parameter(
            kind="choice", default="height", choices=tuple(_AXES), help=say("Below each other, or side by side.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        along = {2: "height", -2: "height", 3: "width", -1: "width"}.get(given["dim"])
        right = along is not None and len(output) == 3 and len(inputs) == len(given["tensors"])
        return {"along": along} if right else None

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would count the axes of something that is no map" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if not inputs:
            raise Refusal(
                "shape.inputs", say("nothing is wired into it."), hint=say("Wire at least two outputs into it.")
            )
        need_map([min(inputs, key=len)], "SpatialConcat")
        axis = _AXES[p["along"]]
        rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in inputs}
        if len(rest) > 1:
            raise Refusal(
                "shape.sides",
                say("its inputs differ in more than the axis along which it joins them: {inputs}.",
                    inputs=listing(inputs)),
                hint=say("Give them the same channels and the same other side."),
            )  # fmt: skip
        found = list(inputs[0])
        found[axis] = sum(shape[axis] for shape in inputs)
        return tuple(found)

    def code(self, a: Arguments) -> Code:
        if len(a.inputs) == 1:
            return Code(None, "{0}", channels=a.channel())
        axis = 1 + _AXES[a.values["along"]]
        return Code(None, f"torch.cat(({{inputs}}), dim={axis})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"along {p['along']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        axis = _AXES[p["along"]]
        label = say("height") if axis == 1 else say("width")
        return [(label, " + ".join(str(shape[axis]) for shape in inputs), str(output[axis]))]
