"""What is random while training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import Arguments, BlockType, Code, PaletteEntry, Resolved, Shape, block_type, numel
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


@block_type
class Dropout2d(BlockType):
    """``(N, C, ...) -> (N, C, ...)``; ``torch.nn.Dropout2d``: whole channels at a time."""

    name = "Dropout2d"
    drops = True
    calls = ("dropout2d(input, p=0.5, training=True, inplace=False)", "feature_dropout(input, p, train=True)")
    family = "head"
    transparent = True
    may_share_input = True  # when it is not training, whatever its p
    help = say(
        "While training, sets each channel of each image to 0 as a whole with probability p and scales the others up. "
        "Neighbouring pixels say much the same, so that dropping single ones leaves most of it."
    )
    palette = (PaletteEntry("Dropout2d", {}, "spatial dropout channels regularisation regularization overfitting"),)
    parameters = {
        "p": Parameter(kind="float", default=0.5, minimum=0.0, maximum=1.0, help=say("Probability of being dropped.")),
        "inplace": Parameter(
            kind="bool", default=False, help=say("Write over the input. Turn it off where others read the input too.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        trains = given.get("training", given.get("train"))
        return {"p": given["p"] if trains else 0.0, "inplace": given.get("inplace", False)}

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return bool(p["p"] == 0.0)

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return inputs[0][0] if 0.0 < p["p"] < 1.0 else 0  # what each channel was multiplied by

    def overwrites(self, p: Resolved) -> bool:
        return bool(p["inplace"])

    def shares_input(self, p: Resolved) -> bool:
        return bool(p["inplace"] or p["p"] == 0.0)

    def code(self, a: Arguments) -> Code:
        return Code(f"nn.Dropout2d({a.text('p')}{a.keywords(inplace=False)})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"p {p['p']:g}"


@block_type
class AlphaDropout(BlockType):
    """``(N, C, ...) -> (N, C, ...)``; ``torch.nn.AlphaDropout``, or ``FeatureAlphaDropout`` of whole channels."""

    name = "AlphaDropout"
    drops = True
    family = "head"
    transparent = True
    may_share_input = True  # when it is not training, whatever its p
    help = say(
        "Dropout for SELU: while training, values are set to SELU's lower bound instead of 0, and the rest is shifted "
        "so that mean and variance stay (Klambauer et al., 2017)."
    )
    palette = (PaletteEntry("AlphaDropout", {}, "selu dropout self normalizing feature regularisation overfitting"),)
    calls = (
        "alpha_dropout(input, p=0.5, training=False, inplace=False, channels=False)",
        "feature_alpha_dropout(input, p=0.5, training=False, inplace=False, channels=True)",
    )
    parameters = {
        "p": Parameter(kind="float", default=0.5, minimum=0.0, maximum=1.0, help=say("Probability of being dropped.")),
        "channels": Parameter(kind="bool", default=False, help=say("Drop whole channels instead of single values.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {"p": given["p"] if given["training"] else 0.0, "channels": given["channels"]}

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return bool(p["p"] == 0.0)

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        if not 0.0 < p["p"] < 1.0:
            return 0
        return inputs[0][0] if p["channels"] else numel(output)  # what the values were multiplied by

    def shares_input(self, p: Resolved) -> bool:
        return bool(p["p"] == 0.0)

    def code(self, a: Arguments) -> Code:
        kind = "FeatureAlphaDropout" if a.values["channels"] else "AlphaDropout"
        return Code(f"nn.{kind}({a.text('p')})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"p {p['p']:g}"
