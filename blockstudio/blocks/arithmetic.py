"""Arithmetic on each value: a function of it, a power, a quotient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    block_type,
    numel,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say

_BY_OUTPUT = frozenset({"exp", "expm1", "reciprocal", "rsqrt", "sqrt"})
"""Functions whose derivative is computed from what they give."""
_LAYERS = {"log_sigmoid": "nn.LogSigmoid", "softsign": "nn.Softsign", "tanhshrink": "nn.Tanhshrink"}
"""Those that are activations of `torch.nn`."""
_NAMES = (
    "abs", "cos", "erf", "exp", "expm1", "log", "log1p", "reciprocal", "rsqrt", "sign", "sin", "sqrt", "square",
    *_LAYERS,
)  # fmt: skip


class _Arithmetic(BlockType):
    family = "activation"
    seldom = True
    elementwise = True


@block_type
class Function(_Arithmetic):
    """``(N, ...) -> (N, ...)``; ``torch.exp`` or another ``function`` of each value."""

    name = "Function"
    help = say(
        "A function of each value: its size without the sign (abs), its square or root, exponential, logarithm, sine "
        "and others. What has no real result, as the root of a negative value, is NaN: bound the values before it."
    )
    palette = (
        PaletteEntry("Function", {}, "abs exp log sqrt rsqrt square sin cos erf reciprocal sign softsign elementwise"),
    )
    calls: ClassVar[tuple[str, ...]] = tuple(f"{name}(input, function='{name}')" for name in _NAMES)
    parameters = {
        "function": Parameter(kind="choice", default="abs", choices=_NAMES, help=say("What is computed.")),
    }

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        # A part of the formula that autograd keeps beside the values themselves.
        return numel(output) if p["function"] in ("log_sigmoid", "softsign", "tanhshrink") else 0

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return p["function"] not in (*_BY_OUTPUT, "sign", "tanhshrink")

    def keeps_output(self, p: Resolved) -> bool:
        return p["function"] in _BY_OUTPUT

    def code(self, a: Arguments) -> Code:
        name = str(a.values["function"])
        if name in _LAYERS:
            return Code(f"{_LAYERS[name]}()", channels=a.channel())
        return Code(None, f"torch.{name}({{0}})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return str(p["function"])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"{p['function']}(x)", say("no weights"))]


@block_type
class Pow(_Arithmetic):
    """``(N, ...) -> (N, ...)``; ``x ** exponent``."""

    name = "Pow"
    help = say(
        "Raises each value to a power: 2 squares it, 0.5 is its root, −1 its reciprocal. A negative value has only "
        "whole powers; others are NaN."
    )
    palette = (PaletteEntry("Pow", {}, "power square root exponent generalised mean gem"),)
    calls = ("pow(input, exponent)",)
    helpers = {
        "Pow": '''\
class Pow(nn.Module):
    """Raises to a power."""

    def __init__(self, exponent):
        super().__init__()
        self.exponent = exponent

    def forward(self, x):
        return x**self.exponent
'''
    }
    parameters = {
        "exponent": Parameter(kind="float", default=2.0, minimum=-100.0, maximum=100.0, help=say("The power.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        exponent = given["exponent"]
        return {"exponent": float(exponent)} if type(exponent) in (int, float) else None

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return bool(p["exponent"] == 1.0)

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        return Code(f"Pow({a.text('exponent')})", channels=a.channel(), helper="Pow")

    def summary(self, p: Resolved) -> str:
        return f"^{p['exponent']:g}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"x^{p['exponent']:g}", say("no weights"))]


@block_type
class Divide(_Arithmetic):
    """``(N, ...) -> (N, ...)``: every value divided by the constant ``divisor``."""

    name = "Divide"
    family = "merge"
    help = say(
        "Divides by a constant that is not learned: pixels from 0 to 255 by 255 are from 0 to 1. A Scale by the "
        "reciprocal is the same but for the last bit."
    )
    palette = (PaletteEntry("Divide", {}, "quotient constant divisor 255 pixels range normalise"),)
    calls = ("div(input, other, rounding_mode=None)", "true_divide(input, other)", "divide(input, other)")
    helpers = {
        "Divide": '''\
class Divide(nn.Module):
    """Divides by a constant."""

    def __init__(self, divisor):
        super().__init__()
        self.divisor = divisor

    def forward(self, x):
        return x / self.divisor
'''
    }
    parameters = {
        "divisor": Parameter(kind="float", default=255.0, minimum=-1e9, maximum=1e9, help=say("The constant, not 0.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        divisor = given["other"]
        right = type(divisor) in (int, float) and given.get("rounding_mode") is None
        return {"divisor": float(divisor)} if right else None

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return bool(p["divisor"] == 1.0)

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch divides by 0 and gives what is infinite or no number" if code == "shape.divisor" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if p["divisor"] == 0.0:
            raise Refusal("shape.divisor", say("it divides by 0."), hint=say("Choose another divisor, such as 255."))
        return inputs[0]

    def code(self, a: Arguments) -> Code:
        return Code(f"Divide({a.text('divisor')})", channels=a.channel(), helper="Divide")

    def summary(self, p: Resolved) -> str:
        return f"÷{p['divisor']:g}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"x / {p['divisor']:g}", say("no weights"))]
