"""How far values are spread: length, variance and standard deviation of pixels or channels."""

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
from blockstudio.text import say


@block_type
class Statistic(BlockType):
    """``(N, C, H, W) -> (N, C)`` or ``(N, C, 1, 1)`` over the pixels, ``(N, 1, H, W)`` over the channels;
    ``x.std(axes)``, ``x.var(axes)`` or ``torch.linalg.vector_norm(x, dim=axes)``."""

    name = "Statistic"
    family = "pooling"
    seldom = True
    help = say(
        "The standard deviation, the variance or the length (root of the sum of squares) of the pixels of each "
        "channel, or of the channels at each pixel: pooling of style, and parts of normalisations that are written out."
    )
    palette = (
        PaletteEntry("Statistic", {}, "std var norm l2 deviation variance length reduce style grn global response"),
    )
    calls = (
        "norm(input, p='fro', dim=None, keepdim=False, dtype=None, function='norm')",
        "var(input, dim=None, unbiased=True, keepdim=False, correction=None, function='var')",
        "std(input, dim=None, unbiased=True, keepdim=False, correction=None, function='std')",
    )
    parameters = {
        "function": Parameter(
            kind="choice", default="std", choices=("std", "var", "norm"), help=say("What is computed.")
        ),
        "over": Parameter(
            kind="choice", default="pixels", choices=("pixels", "channels"), help=say("Of what it is computed.")
        ),
        "keepdim": Parameter(
            kind="bool", default=False, help=say("Give a map C×1×1 instead of a vector. Those of channels always do.")
        ),
        "unbiased": Parameter(
            kind="bool", default=True, help=say("Divide by one less than the number of values (std, var).")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        axes = given["dim"] if isinstance(given["dim"], list | tuple) else [given["dim"]]
        if len(inputs) != 1 or len(inputs[0]) != 3 or any(type(axis) is not int for axis in axes):
            return None
        found = sorted(axis % 4 for axis in axes)
        if found not in ([2, 3], [1]) or given.get("p", 2) not in (2, "fro") or given.get("dtype") is not None:
            return None
        correction = given.get("correction")
        if correction not in (None, 0, 1) or (found == [1] and not given["keepdim"]):
            return None
        unbiased = given.get("unbiased", True) if correction is None else correction == 1
        return {"function": given["function"], "over": "channels" if found == [1] else "pixels",
                "keepdim": bool(given["keepdim"]), "unbiased": bool(unbiased)}  # fmt: skip

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        if code == "shape.single":
            return "PyTorch warns and gives what is no number"
        return "PyTorch would take it over the features of a vector" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Statistic")
        count = height * width if p["over"] == "pixels" else channels
        if count == 1 and p["function"] != "norm" and p["unbiased"]:
            raise Refusal("shape.single", say("of a single value there is no spread: it would divide by 0."),
                          hint=say("Turn unbiased off, or give it larger maps."))  # fmt: skip
        if p["over"] == "channels":
            return 1, height, width
        return (channels, 1, 1) if p["keepdim"] else (channels,)

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        return Window(whole=True) if p["over"] == "pixels" else None

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def keeps_output(self, p: Resolved) -> bool:
        return bool(p["function"] != "var")

    def code(self, a: Arguments) -> Code:
        channels, name = a.values["over"] == "channels", a.values["function"]
        axes = "1" if channels else "(2, 3)"
        keep = ", keepdim=True" if channels or a.values["keepdim"] else ""
        if name == "norm":
            text = f"torch.linalg.vector_norm({{0}}, dim={axes}{keep})"
        else:
            text = f"{{0}}.{name}({axes}{'' if a.values['unbiased'] else ', unbiased=False'}{keep})"
        return Code(None, text, channels="1" if channels else a.channel())

    def summary(self, p: Resolved) -> str:
        return f"{p['function']} over {p['over']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        channels, height, width = inputs[0]
        of = f"{height}·{width}" if p["over"] == "pixels" else str(channels)
        return [(say("values in each"), of, f"{height * width if p['over'] == 'pixels' else channels:,}")]
