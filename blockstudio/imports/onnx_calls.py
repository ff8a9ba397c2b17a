"""ONNX operators as the calls of torch that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from blockstudio.imports.trace import Call, Value

Attributes: TypeAlias = dict[str, Any]
Maker: TypeAlias = "Callable[[Sequence[Value | None], Attributes, tuple[Value, ...], Constants], Call | None]"
Constants: TypeAlias = "dict[Value, list[Any]]"
"""Numbers of tensors that are known: shapes, bounds, axes."""

WEIGHTS = {
    "conv": ("", "weight", "bias"),
    "convtranspose": ("", "weight", "bias"),
    "gemm": ("", "weight", "bias"),
    "batchnormalization": ("", "weight", "bias", "running_mean", "running_var"),
    "prelu": ("", "weight"),
}
"""What the inputs of an operator (in small letters) are called in a torch module; ``""`` is no weight."""


def call_of(
    kind: str, inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], constants: Constants
) -> Call | None:
    """The call, or ``None`` for an operator or arguments that have none."""
    maker = _MAKERS.get(kind.lower())
    return None if maker is None else maker(inputs, given, outputs, constants)


def _sides(given: Attributes, size: int = 2) -> Any:
    """Padding as torch writes it, or (top, bottom, left, right) where the sides differ."""
    if given.get("auto_pad", "NOTSET") in ("SAME_UPPER",):
        return "same_tf"
    pads = given.get("pads", [0] * (2 * size))
    before, after = pads[:size], pads[size:]
    return tuple(before) if before == after else (before[0], after[0], before[1], after[1])


def _conv(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    bias = inputs[2] if len(inputs) > 2 else None
    arguments = {
        "stride": tuple(given.get("strides", (1, 1))),
        "padding": _sides(given),
        "dilation": tuple(given.get("dilations", (1, 1))),
        "groups": given.get("group", 1),
    }
    return Call("conv2d", (inputs[0], inputs[1], bias), arguments, outputs)


def _norm(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    x, weight, bias, mean, variance = inputs
    arguments = {"momentum": round(1 - given.get("momentum", 0.9), 7), "eps": _short(given.get("epsilon", 1e-5))}
    return Call("batch_norm", (x, mean, variance, weight, bias), arguments, outputs[:1])


def _short(number: float) -> float:
    """A 32-bit number as it was written."""
    return float(f"{number:.7g}")


def _gemm(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call | None:
    if given.get("transA", 0) or not given.get("transB", 0) or given.get("alpha", 1.0) != 1.0 != given.get("beta", 1.0):
        return None
    return Call("linear", (inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None), {}, outputs)


def _pool(name: str) -> Maker:
    def make(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
        arguments = {
            "kernel_size": tuple(given["kernel_shape"]),
            "stride": tuple(given.get("strides", (1, 1))),
            "padding": _sides(given),
            "ceil_mode": bool(given.get("ceil_mode", 0)),
        }
        if name == "max_pool2d":
            arguments["dilation"] = tuple(given.get("dilations", (1, 1)))
        else:
            arguments["count_include_pad"] = bool(given.get("count_include_pad", 0))
        return Call(name, (inputs[0],), arguments, outputs[:1])

    return make


def _plain(name: str, **fixed: Any) -> Maker:
    def make(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
        return Call(name, tuple(inputs), fixed, outputs[:1])

    return make


def _first(name: str, **names: str) -> Maker:
    """A call of one tensor; ``names``: torch's name of each argument and ONNX's."""

    def make(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
        arguments = {key: given[other] for key, other in names.items() if other in given}
        return Call(name, (inputs[0],), arguments, outputs[:1])

    return make


def _clip(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    bounds = [known.get(value) for value in inputs[1:3] if value is not None]
    if len(bounds) != 2 or None in bounds:
        return None
    low, high = (bound[0] for bound in bounds if bound)
    return Call("hardtanh", (inputs[0],), {"min_val": low, "max_val": high}, outputs)


def _reshape(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    return Call("reshape", (inputs[0], *outputs[0].shape), {}, outputs)


def _mean(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    axes = given.get("axes") or (known.get(inputs[1]) if len(inputs) > 1 and inputs[1] is not None else None)
    if axes is None:
        return None
    return Call("mean", (inputs[0],), {"dim": list(axes), "keepdim": bool(given.get("keepdims", 1))}, outputs)


def _cat(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    return Call("cat", (list(inputs),), {"dim": given["axis"]}, outputs)


_MAKERS: dict[str, Maker] = {
    "add": _plain("add"),
    "averagepool": _pool("avg_pool2d"),
    "batchnormalization": _norm,
    "clip": _clip,
    "concat": _cat,
    "conv": _conv,
    "dropout": _first("dropout", p="ratio"),
    "elu": _first("elu", alpha="alpha"),
    "flatten": _first("flatten", start_dim="axis"),
    "gelu": _first("gelu", approximate="approximate"),
    "gemm": _gemm,
    "globalaveragepool": _plain("adaptive_avg_pool2d", output_size=1),
    "hardsigmoid": _first("hardsigmoid"),
    "hardswish": _first("hardswish"),
    "leakyrelu": _first("leaky_relu", negative_slope="alpha"),
    "maxpool": _pool("max_pool2d"),
    "mish": _first("mish"),
    "mul": _plain("mul"),
    "prelu": _plain("prelu"),
    "reducemean": _mean,
    "relu": _first("relu"),
    "reshape": _reshape,
    "sigmoid": _first("sigmoid"),
    "softmax": _first("softmax", dim="axis"),
    "tanh": _first("tanh"),
}
