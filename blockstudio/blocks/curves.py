"""Activations that are met less often, and the logarithm of Softmax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.activation import INPLACE, Activation
from blockstudio.blocks.base import Arguments, Code, PaletteEntry, Refusal, Resolved, Shape, block_type
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say


@block_type
class Hardtanh(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Hardtanh``: ``min(max(low, x), high)``."""

    name = "Hardtanh"
    calls = ("hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)",)
    help = say("Cuts values off at a lower and an upper bound; in between they stay as they are.")
    palette = (PaletteEntry("Hardtanh", {}, "clip clamp bounds hard tanh activation"),)
    parameters = {
        "min_val": Parameter(
            kind="float", default=-1.0, minimum=-1e6, maximum=1e6, help=say("The least that comes out.")
        ),
        "max_val": Parameter(
            kind="float", default=1.0, minimum=-1e6, maximum=1e6, help=say("The most that comes out.")
        ),
        "inplace": INPLACE,
    }
    defaults = {"min_val": -1.0, "max_val": 1.0, "inplace": False}

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        low, high = given["min_val"], given["max_val"]
        if not all(isinstance(end, int | float) for end in (low, high)):
            return None
        return {"min_val": float(low), "max_val": float(high), "inplace": given["inplace"]}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if p["min_val"] >= p["max_val"]:
            raise Refusal(
                "shape.bounds",
                say("its lower bound {low:g} is not below its upper bound {high:g}.",
                    low=p["min_val"], high=p["max_val"]),
                hint=say("Choose min_val < max_val."),
            )  # fmt: skip
        return inputs[0]

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch takes equal bounds, which leave one value" if code == "shape.bounds" else ""

    def summary(self, p: Resolved) -> str:
        return f"{p['min_val']:g} to {p['max_val']:g}"


@block_type
class Clamp(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.clamp(x, min=bound)`` or ``max=bound``: cut off on one side."""

    name = "Clamp"
    seldom = True
    calls = ("clamp(input, min=None, max=None)",)
    help = say(
        "Cuts values off on one side: none below the bound, or none above it. A ReLU is a Clamp at 0; before a power "
        "or a logarithm it keeps values above 0."
    )
    palette = (PaletteEntry("Clamp", {}, "clip bound least most minimum maximum gem activation"),)
    parameters = {
        "side": Parameter(
            kind="choice", default="min", choices=("min", "max"), help=say("Whether it is the least or the most.")
        ),
        "bound": Parameter(
            kind="float", default=1e-6, minimum=-1e6, maximum=1e6, help=say("Where values are cut off.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        ends = [(side, given[side]) for side in ("min", "max") if given[side] is not None]
        if len(ends) != 1 or type(ends[0][1]) not in (int, float):
            return None
        return {"side": ends[0][0], "bound": float(ends[0][1])}

    def code(self, a: Arguments) -> Code:
        return Code(None, f"torch.clamp({{0}}, {a.values['side']}={a.text('bound')})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"{'≥' if p['side'] == 'min' else '≤'} {p['bound']:g}"


@block_type
class SELU(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.SELU``: ELU with the constants that keep mean and variance."""

    name = "SELU"
    calls = ("selu(input, inplace=False)",)
    help = say("ELU with fixed constants that keep mean and variance from layer to layer (Klambauer et al., 2017).")
    palette = (PaletteEntry("SELU", {}, "scaled exponential linear self normalizing activation"),)
    parameters = {"inplace": INPLACE}
    defaults = {"inplace": False}
    by_output_in_place = True


@block_type
class CELU(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.CELU``: ``alpha * (exp(x / alpha) - 1)`` below 0."""

    name = "CELU"
    calls = ("celu(input, alpha=1.0, inplace=False)",)
    help = say("ELU whose slope is 1 at 0 whatever its alpha is.")
    palette = (PaletteEntry("CELU", {}, "continuously differentiable exponential activation"),)
    parameters = {
        "alpha": Parameter(
            kind="float", default=1.0, minimum=1e-3, maximum=100.0, help=say("Depth of the negative side.")
        ),
        "inplace": INPLACE,
    }
    defaults = {"alpha": 1.0, "inplace": False}
    by_output_in_place = True

    def summary(self, p: Resolved) -> str:
        return f"α {p['alpha']:g}"


@block_type
class Softplus(Activation):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Softplus``: ``log(1 + exp(x))``."""

    name = "Softplus"
    calls = ("softplus(input, beta=1, threshold=20)",)
    help = say("A ReLU without a corner: always above 0. For outputs that have to be positive.")
    palette = (PaletteEntry("Softplus", {}, "smooth rectifier positive activation"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if given["beta"] == 1 and given["threshold"] == 20 else None


@block_type
class LogSoftmax(Activation):
    """``(N, C, ...) -> (N, C, ...)``; ``torch.nn.LogSoftmax(dim=1)``: over the channels or features."""

    name = "LogSoftmax"
    calls = ("log_softmax(input, dim=None, dtype=None)",)
    elementwise = False
    help = say(
        "The logarithms of the probabilities of the channels (or features). Cross-entropy takes them as it takes raw "
        "scores: it gives the same loss with or without this block."
    )
    palette = (PaletteEntry("LogSoftmax", {}, "log probabilities classes output head nll activation"),)
    by_output = True

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if given["dim"] in (None, 1, -len(output)) and given["dtype"] is None else None

    def code(self, a: Arguments) -> Code:
        return Code("nn.LogSoftmax(dim=1)", channels=a.channel())

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"x − log Σ exp(x), Σ over {inputs[0][0]:,} channels", "≤ 0")]
