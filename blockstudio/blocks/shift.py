"""A learned number added to all, or one a channel."""

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
    Weight,
    block_type,
    need_map,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.shortcut import FORMS, SINGLE, form_of, stored
from blockstudio.text import say


@block_type
class LearnedShift(BlockType):
    """``(N, C, ...) -> (N, C, ...)``: a learned number is added, one a channel or one for all. The block is the
    parameter itself, so its path is the parameter's key."""

    name = "LearnedShift"
    family = "merge"
    seldom = True
    is_parameter = True
    elementwise = True
    help = say(
        "Adds a number that is learned, one a channel or one for all of them. With a LayerScale before it, an affine "
        "map of its own (PP-HGNetV2)."
    )
    palette = (PaletteEntry("LearnedShift", {}, "bias beta offset learned affine add hgnet"),)
    calls = ("add(input, other, alpha=1)",)
    parameters = {
        "init": Parameter(
            kind="float", default=0.0, minimum=-1000.0, maximum=1000.0, help=say("What each number begins as.")
        ),
        "form": Parameter(
            kind="choice", default="C", choices=FORMS, help=say("The shape in which the numbers are stored.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weights = [value for value in given.values() if isinstance(value, Weight)]
        if len(weights) != 1 or not weights[0].learned or len(inputs) != 1 or given["alpha"] != 1:
            return None
        form = form_of(weights[0], inputs[0], given["last"])
        value = weights[0].value
        return None if form is None else {"init": 0.0 if value is None else float(f"{value:.7g}"), "form": form}

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would stretch a vector into a map" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if "×" in p["form"]:
            need_map(inputs, "LearnedShift of this form")
        return inputs[0]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return 1 if p["form"] in SINGLE else inputs[0][0]

    def code(self, a: Arguments) -> Code:
        init, view = stored(a)
        return Code(init, f"{{0}} + {{self}}{view}", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"from {p['init']:g}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        count = self.count(p, inputs)
        return [(say("numbers"), f"1·{count}", f"{count:,}")]


@block_type
class Offset(BlockType):
    """``(N, ...) -> (N, ...)``: the constant ``value`` added to every value."""

    name = "Offset"
    calls = ("add(input, other, alpha=1)",)
    elementwise = True
    family = "merge"
    seldom = True
    help = say("Adds a constant that is not learned. With a Scale before it, it brings pixels into another range.")
    palette = (PaletteEntry("Offset", {}, "constant add number bias subtract normalise range"),)
    parameters = {
        "value": Parameter(kind="float", default=1.0, minimum=-1e6, maximum=1e6, help=say("The constant.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        numbers = [value for key, value in given.items() if key in ("input", "other") and type(value) in (int, float)]
        return {"value": float(numbers[0])} if len(inputs) == len(numbers) == 1 and given["alpha"] == 1 else None

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return bool(p["value"] == 0.0)

    def code(self, a: Arguments) -> Code:
        return Code(f"Offset({a.text('value')})", channels=a.channel(), helper="Offset")

    def summary(self, p: Resolved) -> str:
        return f"{p['value']:+g}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"x + {p['value']:g}", say("no weights"))]
