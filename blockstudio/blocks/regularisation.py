"""What is random while training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import Arguments, BlockType, Code, PaletteEntry, Resolved, Shape, block_type
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say


@block_type
class StochasticDepth(BlockType):
    """``(N, ...) -> (N, ...)``; ``torchvision.ops.StochasticDepth``: while training, a whole residual is 0 with
    probability ``p``, the others are divided by ``1 - p``."""

    name = "StochasticDepth"
    family = "head"
    transparent = True
    may_share_input = True  # when it is not training
    elementwise = True
    help = say(
        "While training, leaves out a whole residual with probability p and scales up the "
        "others, so that the network learns to do without any one block (Huang et al., "
        "2016). EfficientNet, ConvNeXt."
    )
    palette = (PaletteEntry("StochasticDepth", {}, "drop path droppath survival residual regularisation"),)
    calls = ("StochasticDepth(input, p, mode)", "DropPath(input, drop_prob, scale_by_keep)")
    parameters = {
        "p": Parameter(kind="float", default=0.1, minimum=0.0, maximum=1.0, help=say("Probability of being left out.")),
        "mode": Parameter(
            kind="choice",
            default="row",
            choices=("row", "batch"),
            help=say("Drawn for each image (row) or for the batch."),
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if "drop_prob" in given:
            return {"p": float(given["drop_prob"] or 0.0)} if given["scale_by_keep"] else None
        return {"p": float(given["p"]), "mode": given["mode"]}

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return 1 if p["p"] else 0  # what an image was multiplied by

    def shares_input(self, p: Resolved) -> bool:
        return bool(p["p"] == 0.0)

    def code(self, a: Arguments) -> Code:
        mode = "" if a.values["mode"] == "row" else ", mode='batch'"
        return Code(f"StochasticDepth({a.text('p')}{mode})", channels=a.channel(), helper="StochasticDepth")

    def summary(self, p: Resolved) -> str:
        return f"p {p['p']:.3g}"
