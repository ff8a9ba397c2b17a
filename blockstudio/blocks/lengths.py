"""Normalisation of the channels of each pixel, or of a vector, by their length alone."""

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
    block_type,
    numel,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say

_OWN = 2.0**-23
"""The smallest step of a 32-bit number from 1 on: what PyTorch adds where nothing is said."""


@block_type
class RMSNorm(BlockType):
    """``(N, C, H, W) -> (N, C, H, W)``, over the channels of each pixel, or ``(N, F) -> (N, F)``;
    ``torch.nn.RMSNorm`` with the channels last."""

    name = "RMSNorm"
    family = "normalisation"
    seldom = True
    channels_last = True
    help = say(
        "Divides the channels of each pixel (or the features of a vector) by the root of the mean of their squares, "
        "then scales them by learned numbers: LayerNorm without taking the mean away (Zhang and Sennrich, 2019)."
    )
    palette = (PaletteEntry("RMSNorm", {}, "root mean square normalization normalisation channels transformer"),)
    calls = ("rms_norm(input, normalized_shape, weight=None, eps=None)",)
    helpers = {
        "RMSNorm2d": '''\
class RMSNorm2d(nn.RMSNorm):
    """Division by the root mean square of the channels of each pixel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
'''
    }
    parameters = {
        "eps": Parameter(
            kind="float", default=_OWN, minimum=1e-12, maximum=1.0,
            help=say("Added to the mean of the squares: no division by zero."),
        ),
        "affine": Parameter(kind="bool", default=True, help=say("Learn a scale for each channel.")),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs) != 1 or tuple(given["normalized_shape"]) != inputs[0][:1]:
            return None
        return {"eps": _OWN if given["eps"] is None else given["eps"], "affine": given["weight"] is not None}

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return inputs[0][0] if p["affine"] else 0

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        # What each pixel was multiplied by, and the values before they are scaled.
        return numel(inputs[0][1:]) + (numel(output) if p["affine"] else 0)

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        affine = "" if a.text("affine") == "True" else f", elementwise_affine={a.text('affine')}"
        helper = "RMSNorm2d" if len(a.inputs[0]) == 3 else None
        arguments = f"{a.channel()}{a.keywords(eps=_OWN)}{affine}"
        return Code(f"{helper or 'nn.RMSNorm'}({arguments})", channels=a.channel(), helper=helper)

    def summary(self, p: Resolved) -> str:
        return "" if p["affine"] else "not affine"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        channels, count = inputs[0][0], self.count(p, inputs)
        return [(say("scales"), f"1·{channels}", f"{count:,}")] if count else []


@block_type
class UnitLength(BlockType):
    """``(N, C, ...) -> (N, C, ...)``; ``torch.nn.functional.normalize(x, dim=1)``."""

    name = "UnitLength"
    family = "normalisation"
    seldom = True
    help = say(
        "Divides the channels of each pixel (or the features of a vector) by their length, so that only their "
        "direction is left: for embeddings that are compared by their angle."
    )
    palette = (PaletteEntry("UnitLength", {}, "l2 normalize normalise embedding cosine face metric norm"),)
    calls = ("normalize(input, p=2.0, dim=1, eps=1e-12, out=None)",)
    helpers = {
        "UnitLength": '''\
class UnitLength(nn.Module):
    """Divides the channels by their length."""

    def __init__(self, eps=1e-12):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        return F.normalize(x, dim=1, eps=self.eps)
'''
    }
    parameters = {
        "eps": Parameter(
            kind="float", default=1e-12, minimum=1e-30, maximum=1.0, help=say("The least length that is divided by.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        right = given["p"] == 2 and given["dim"] in (1, -len(output)) and given["out"] is None
        return {"eps": given["eps"]} if right else None

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * numel(inputs[0][1:])  # the length of each pixel, and what is divided by

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        return Code(a.call("UnitLength", eps=1e-12), channels=a.channel(), helper="UnitLength")

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), "x / √(Σ x²)", say("Σ over {count:,} channels", count=inputs[0][0]))]
