"""Activations: functions of each value by itself, and Softmax over the channels. They take maps and vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

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
    numel,
)
from blockstudio.blocks.parameters import Parameter, Value
from blockstudio.blocks.sources import atom
from blockstudio.text import say

INPLACE = Parameter(
    kind="bool",
    default=True,
    help=say("Write over the input to save memory. Turn it off where others read the input too."),
)


class Activation(BlockType):
    """``torch.nn`` class of the same name. Autograd keeps the input, unless the class says otherwise."""

    family = "activation"
    elementwise = True
    defaults: ClassVar[dict[str, Value]] = {}
    """PyTorch's own defaults of the parameters."""
    by_output: ClassVar[bool] = False
    """The derivative is computed from the output, so that is what autograd keeps."""
    by_output_in_place: ClassVar[bool] = False
    """The same where it works in place. Otherwise a copy of the input is kept then."""

    def overwrites(self, p: Resolved) -> bool:
        return bool(p.get("inplace", False))

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return not self.by_output and not self.overwrites(p)

    def keeps_output(self, p: Resolved) -> bool:
        return self.by_output or (self.by_output_in_place and self.overwrites(p))

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        copies = not self.by_output and not self.by_output_in_place and self.overwrites(p)
        return numel(output) if copies else 0

    def code(self, a: Arguments) -> Code:
        return Code(a.call(f"nn.{self.name}", **self.defaults), channels=a.channel())


@block_type
class ReLU(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.ReLU``: ``max(0, x)``."""

    name = "ReLU"
    calls = ("relu(input, inplace=False)",)
    help = say("Negative values become 0. The default activation: cheap, and its gradient does not fade.")
    palette = (PaletteEntry("ReLU", {}, "rectifier rectified linear unit activation nonlinearity"),)
    parameters = {"inplace": INPLACE}
    defaults = {"inplace": False}
    by_output = True


@block_type
class ReLU6(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.ReLU6``: ``min(max(0, x), 6)``."""

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        right = (given.get("min_val", 0), given.get("max_val", 6)) == (0, 6)
        return {"inplace": given["inplace"]} if right else None

    name = "ReLU6"
    calls = ("relu6(input, inplace=False)", "hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)")
    help = say("ReLU that stops at 6, for low-precision arithmetic. Used by MobileNet.")
    palette = (PaletteEntry("ReLU6", {}, "rectifier clipped mobilenet activation"),)
    parameters = {"inplace": INPLACE}
    defaults = {"inplace": False}


@block_type
class LeakyReLU(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.LeakyReLU``."""

    name = "LeakyReLU"
    calls = ("leaky_relu(input, negative_slope=0.01, inplace=False)",)
    help = say("ReLU with a small slope for negative values, so that no unit stops learning.")
    palette = (PaletteEntry("LeakyReLU", {}, "leaky rectifier darknet yolo activation"),)
    parameters = {
        "negative_slope": Parameter(
            kind="float", default=0.01, minimum=0.0, maximum=1.0, help=say("Slope for negative values.")
        ),
        "inplace": INPLACE,
    }
    defaults = {"negative_slope": 0.01, "inplace": False}
    by_output_in_place = True

    def summary(self, p: Resolved) -> str:
        return f"{p['negative_slope']:g}"


@block_type
class PReLU(Activation):
    """``(N, C, ...) -> (N, C, ...)``; ``torch.nn.PReLU``."""

    name = "PReLU"
    calls = ("prelu(input, weight)",)
    help = say("ReLU whose slope for negative values is learned (He et al., 2015).")
    palette = (PaletteEntry("PReLU", {}, "parametric rectifier learned slope activation"),)
    parameters = {
        "per_channel": Parameter(
            kind="bool", default=False, help=say("Learn one slope for each channel; otherwise one for all.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weight = given["weight"]
        return {"per_channel": weight.size[0] > 1} if isinstance(weight, Weight) else None

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return inputs[0][0] if p["per_channel"] else 1

    def code(self, a: Arguments) -> Code:
        if "per_channel" in a.texts:
            slopes = f"{a.channel()} if {atom(a.texts['per_channel'])} else 1"
        else:
            slopes = a.channel() if a.values["per_channel"] else ""
        return Code(f"nn.PReLU({slopes})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return "per channel" if p["per_channel"] else ""

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        count = self.count(p, inputs)
        return [(say("slopes"), f"1·{count}", f"{count:,}")]


@block_type
class ELU(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.ELU``: ``alpha * (exp(x) - 1)`` below 0."""

    name = "ELU"
    calls = ("elu(input, alpha=1.0, inplace=False)",)
    help = say("Like ReLU, but bends smoothly towards -alpha for negative values.")
    palette = (PaletteEntry("ELU", {}, "exponential linear unit activation"),)
    parameters = {
        "alpha": Parameter(
            kind="float", default=1.0, minimum=0.0, maximum=100.0, help=say("Depth of the negative side.")
        ),
        "inplace": INPLACE,
    }
    defaults = {"alpha": 1.0, "inplace": False}
    by_output_in_place = True

    def summary(self, p: Resolved) -> str:
        return f"α {p['alpha']:g}"


@block_type
class SiLU(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.SiLU``: ``x * sigmoid(x)``."""

    name = "SiLU"
    calls = ("silu(input, inplace=False)",)
    help = say("x · sigmoid(x), also called Swish: smooth, a little below 0 for small negative values. EfficientNet.")
    palette = (PaletteEntry("SiLU", {}, "swish efficientnet activation"),)
    parameters = {"inplace": INPLACE}
    defaults = {"inplace": False}


@block_type
class GELU(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.GELU``: ``x * P(X <= x)`` for a standard normal X."""

    name = "GELU"
    calls = ("gelu(input, approximate='none')",)
    help = say("Weighs a value by how likely a standard normal one is below it. Used by ConvNeXt and transformers.")
    palette = (PaletteEntry("GELU", {}, "gaussian error linear unit convnext transformer activation"),)
    parameters = {
        "approximate": Parameter(
            kind="choice", default="none", choices=("none", "tanh"), help=say("Exact, or the faster tanh formula.")
        ),
        "channels_last": Parameter(
            kind="bool", default=False,
            help=say("Compute it with the channels last, as ConvNeXt does. The same function; the last "
"bit may differ."),
        ),
    }  # fmt: skip
    defaults = {"approximate": "none"}

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {"approximate": given["approximate"], "channels_last": given["last"]}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if p["channels_last"]:
            need_map(inputs, "GELU with its channels last")
        return inputs[0]

    def code(self, a: Arguments) -> Code:
        if not a.values["channels_last"]:
            return super().code(a)
        return Code(a.call("PixelGELU", **self.defaults), channels=a.channel(), helper="PixelGELU")


@block_type
class Sigmoid(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Sigmoid``: ``1 / (1 + exp(-x))``."""

    name = "Sigmoid"
    calls = ("sigmoid(input)",)
    help = say("Squeezes values into 0 to 1: for gates and yes/no outputs.")
    palette = (PaletteEntry("Sigmoid", {}, "logistic gate attention activation"),)
    by_output = True


@block_type
class Tanh(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Tanh``."""

    name = "Tanh"
    calls = ("tanh(input)",)
    help = say("Squeezes values into -1 to 1. The activation of LeNet.")
    palette = (PaletteEntry("Tanh", {}, "hyperbolic tangent lenet activation"),)
    by_output = True


@block_type
class Hardswish(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Hardswish``: ``x * relu6(x + 3) / 6``."""

    name = "Hardswish"
    calls = ("hardswish(input, inplace=False)",)
    help = say("SiLU made of straight lines, cheap on phones. Used by MobileNetV3.")
    palette = (PaletteEntry("Hardswish", {}, "hard swish mobilenetv3 activation"),)
    parameters = {"inplace": INPLACE}
    defaults = {"inplace": False}


@block_type
class Hardsigmoid(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Hardsigmoid``: ``relu6(x + 3) / 6``."""

    name = "Hardsigmoid"
    calls = ("hardsigmoid(input, inplace=False)",)
    help = say("Sigmoid made of straight lines: the gate of MobileNetV3's squeeze and excitation.")
    palette = (PaletteEntry("Hardsigmoid", {}, "hard sigmoid gate mobilenetv3 activation"),)
    parameters = {"inplace": INPLACE}
    defaults = {"inplace": False}


@block_type
class Mish(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Mish``: ``x * tanh(softplus(x))``."""

    name = "Mish"
    calls = ("mish(input, inplace=False)",)
    help = say("A smooth ReLU that lets small negative values through. Used by YOLOv4 and CSPDarknet.")
    palette = (PaletteEntry("Mish", {}, "smooth yolo darknet activation"),)
    parameters = {"inplace": INPLACE}
    defaults = {"inplace": False}


@block_type
class Softmax(Activation):
    """``(N, C, ...) -> (N, C, ...)``; ``torch.nn.Softmax(dim=1)``: over the channels or features."""

    name = "Softmax"
    gives_probabilities = True
    calls = ("softmax(input, dim=None, dtype=None)",)
    elementwise = False
    help = say(
        "Turns the channels (or features) into probabilities that sum to 1. Leave it out "
        "before the loss: cross-entropy takes the raw scores."
    )
    palette = (PaletteEntry("Softmax", {}, "probabilities classes output head activation"),)
    by_output = True

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if given["dim"] in (None, 1, -len(output)) else None

    def code(self, a: Arguments) -> Code:
        return Code("nn.Softmax(dim=1)", channels=a.channel())

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"exp(x) / Σ exp(x), Σ over {inputs[0][0]:,} channels", "0 to 1")]
