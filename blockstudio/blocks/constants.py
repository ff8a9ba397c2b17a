"""Fixed numbers that meet the channels: the mean and deviation by which a network itself normalises its images."""

from __future__ import annotations

import math
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
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.shortcut import FORMS, SINGLE, filled, form_of, turned
from blockstudio.text import say

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
MOST = 256
"""Numbers that stand in a drawing."""


@block_type
class ChannelConstant(BlockType):
    """``(N, C, ...) -> (N, C, ...)``: fixed numbers, one a channel or one for all, are added, taken away, multiplied by
    or divided by. The block is a buffer, so its path is the buffer's key."""

    name = "ChannelConstant"
    family = "merge"
    seldom = True
    is_parameter = True
    is_buffer = True
    elementwise = True
    help = say(
        "Fixed numbers meet the channels, one each or one for all: they are added, taken away, multiplied by or "
        "divided by. A network that normalises its images itself takes the mean of red, green and blue away and "
        "divides by their deviation. The numbers are not learned; they are kept with the weights unless that is "
        "switched off."
    )
    palette = (
        PaletteEntry("ChannelConstant", {}, "mean deviation std normalise normalize buffer fixed numbers subtract"),
    )
    calls = (
        "add(input, other, alpha=1, operation='add')",
        "sub(input, other, alpha=1, operation='subtract')",
        "mul(input, other, operation='multiply')",
        "div(input, other, rounding_mode=None, operation='divide')",
    )
    parameters = {
        "operation": Parameter(
            kind="choice", default="subtract", choices=tuple(_SIGNS), help=say("What is done with the numbers.")
        ),
        "numbers": Parameter(
            kind="text", default="0.5", help=say("One number, or one a channel: 0.485, 0.456, 0.406.")
        ),
        "form": Parameter(
            kind="choice", default="C×1×1", choices=FORMS, help=say("The shape in which the numbers are stored.")
        ),
        "saved": Parameter(
            kind="bool", default=True, help=say("Keep the numbers with the weights, in the state dict.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        first, second = given["input"], given["other"]
        swapped = isinstance(first, Weight)
        weight = first if swapped else second
        if not isinstance(weight, Weight) or weight.learned or len(inputs) != 1:
            return None
        if (swapped and given["operation"] in ("subtract", "divide")) or given.get("alpha", 1) != 1:
            return None
        if given.get("rounding_mode") is not None or not (weight.saved or weight.numbers):
            return None
        form = form_of(weight, inputs[0], given["last"])
        numbers = weight.numbers or (1.0,)  # they come with the weights
        if form is None and not weight.saved:
            form = "C×1×1" if weight.size[-3:] == (inputs[0][0], 1, 1) else None
        if form is None:
            return None
        numbers = numbers[:1] if len(set(numbers)) == 1 else numbers
        return {
            "operation": given["operation"], "numbers": ", ".join(map(_text, numbers)), "form": form,
            "saved": weight.saved,
        }  # fmt: skip

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would stretch the numbers or the input, or give what is infinite"

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        numbers, channels = _numbers(p["numbers"]), inputs[0][0]
        if not numbers or (p["operation"] == "divide" and 0.0 in numbers):
            raise Refusal(
                "shape.numbers",
                say("'{numbers}' are no numbers to compute with here.", numbers=p["numbers"][:80]),
                hint=say("Write one number, or one a channel with commas between them: 0.485, 0.456, 0.406."),
            )
        if len(numbers) > 1 and (len(numbers) != channels or p["form"] in SINGLE):
            raise Refusal(
                "shape.numbers",
                say("it has {count} numbers for {channels} channels.", count=len(numbers), channels=channels),
                hint=say("Give one number a channel, or one for all of them."),
            )
        if "×" in p["form"]:
            need_map(inputs, "ChannelConstant of this form")
        return inputs[0]

    def code(self, a: Arguments) -> Code:
        numbers, form = _numbers(a.values["numbers"]), a.values["form"]
        if len(numbers) > 1:
            laid = {"C×1×1": ".view(-1, 1, 1)", "1×C×1×1": ".view(1, -1, 1, 1)"}.get(form, "")
            made = f"torch.tensor([{', '.join(map(repr, numbers))}]){laid}"
        elif form == "number":
            made = f"torch.tensor({numbers[0]!r})"
        else:
            made = filled(a, repr(numbers[0]))
        kept = "" if a.values["saved"] else ", persistent=False"
        sign = _SIGNS[a.values["operation"]]
        return Code(f"nn.Buffer({made}{kept})", f"{{0}} {sign} {{self}}{turned(a)}", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        numbers = _numbers(p["numbers"])
        sign = {"subtract": "−", "multiply": "×", "divide": "÷"}.get(p["operation"], "+")
        return f"{sign} {', '.join(f'{each:.3g}' for each in numbers[:3])}{', …' if len(numbers) > 3 else ''}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("fixed numbers"), f"1·{len(_numbers(p['numbers']))}", str(len(_numbers(p["numbers"]))))]


def _text(number: float) -> str:
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)


def _numbers(text: str) -> tuple[float, ...]:
    """The numbers of a text; none where it is not only numbers."""
    parts = text.split(",")
    try:
        found = tuple(map(float, parts)) if len(parts) <= MOST else ()
    except ValueError:
        return ()
    return found if all(map(math.isfinite, found)) else ()
