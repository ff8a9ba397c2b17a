"""Half of the channels decide how much of the other half passes."""

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
    block_type,
)
from blockstudio.blocks.sources import atom
from blockstudio.text import say


@block_type
class GLU(BlockType):
    """``(N, 2 C, ...) -> (N, C, ...)``; ``torch.nn.GLU(dim=1)``: ``a * sigmoid(b)`` for the halves of the channels."""

    name = "GLU"
    family = "activation"
    help = say(
        "The first half of the channels times the sigmoid of the second: a gate for each value (Dauphin et al., 2017)."
    )
    palette = (PaletteEntry("GLU", {}, "gated linear unit gate half sigmoid activation"),)
    calls = ("glu(input, dim=-1)",)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if given["dim"] in (1, -len(inputs[0])) else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels = inputs[0][0]
        if channels % 2:
            raise Refusal(
                "shape.halves",
                say("its {channels} channels have no two halves.", channels=channels),
                hint=say("Give the layer before it an even number of channels."),
            )
        return (channels // 2, *inputs[0][1:])

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        channel = a.channel()
        channels = str(int(channel) // 2) if channel.isdecimal() else f"{atom(channel)} // 2"
        return Code("nn.GLU(dim=1)", channels=channels)

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("channels"), f"{inputs[0][0]} / 2", str(output[0]))]
