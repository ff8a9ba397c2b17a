"""Sums and quotients of maps of which one may be stretched over the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from blockstudio.blocks.base import Merging, PaletteEntry, Resolved, Shape, block_type
from blockstudio.blocks.merge import Multiply
from blockstudio.text import say


@block_type
class BroadcastAdd(Multiply):
    """``(N, C, H, W), (N, C, 1, 1) -> (N, C, H, W)``; ``a + b``. A side of 1 is stretched, as in PyTorch."""

    name = "BroadcastAdd"
    seldom = True
    merges: ClassVar[Merging] = ""
    joins = "{0} + {1}"
    calls = ("add(input, other, alpha=1)",)
    help = say(
        "Adds its inputs value by value, where one may have a side of 1: C×1×1 is added to every pixel of C×H×W "
        "(global context), 1×H×W to every channel. A residual sum is an Add, which takes equal shapes alone."
    )
    palette = (PaletteEntry("BroadcastAdd", {}, "sum stretch expand broadcast global context gcnet"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if len(inputs) == 2 and given["alpha"] == 1 else None

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return 0

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return False


@block_type
class Quotient(Multiply):
    """``(N, C, H, W), (N, C, 1, 1) -> (N, C, H, W)``; ``a / b``. A side of 1 is stretched, as in PyTorch."""

    name = "Quotient"
    seldom = True
    merges: ClassVar[Merging] = ""
    joins = "{0} / {1}"
    calls: ClassVar[tuple[str, ...]] = (
        "div(input, other, rounding_mode=None)",
        "true_divide(input, other)",
        "divide(input, other)",
    )
    help = say(
        "Its first input divided by the second, value by value: a normalisation by what the network computes itself, "
        "as in LayerNorm or global response normalisation written out. What is divided by 0 is infinite or no number."
    )
    palette = (PaletteEntry("Quotient", {}, "divide ratio normalise fraction"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if len(inputs) == 2 and given.get("rounding_mode") is None else None
