"""ONNX operators as the calls of torch that they stand for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from blockstudio.imports.trace import Call, Value

Attributes: TypeAlias = dict[str, Any]
Maker: TypeAlias = "Callable[[Sequence[Value | None], Attributes, tuple[Value, ...], Constants], Call | None]"
OPSET = "opset"
"""Beside an operator's attributes: the version of the operators."""
Constants: TypeAlias = "dict[Value, list[Any]]"
"""Numbers of tensors that are known: shapes, bounds, axes."""

WEIGHTS = {
    "conv": ("", "weight", "bias"),
    "convtranspose": ("", "weight", "bias"),
    "gemm": ("", "weight", "bias"),
    "batchnormalization": ("", "weight", "bias", "running_mean", "running_var"),
    "prelu": ("", "weight"),
    "layernormalization": ("", "weight", "bias"),
    "groupnormalization": ("", "weight", "bias"),
    "instancenormalization": ("", "weight", "bias"),
}
"""What the inputs of an operator (in small letters) are called in a torch module; ``""`` is no weight."""


def call_of(
    kind: str, inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], constants: Constants
) -> Call | None:
    """The call, or ``None`` for an operator or arguments that have none."""
    maker = _MAKERS.get(kind.lower())
    return None if maker is None else maker(inputs, given, outputs, constants)


def _sides(given: Attributes, image: Value | None, kernel: Sequence[int]) -> Any:
    """Padding as torch writes it, or (top, bottom, left, right) where the sides differ."""
    how, size = given.get("auto_pad", "NOTSET"), len(kernel)
    if how == "SAME_UPPER":
        return "same_tf"
    if how == "SAME_LOWER" and image is not None and len(image.shape) == size + 2:
        pads = _lower(given, image.shape[2:], kernel)
        return tuple(pads[::2]) if pads[::2] == pads[1::2] else tuple(pads)
    pads = given.get("pads", [0] * (2 * size))
    before, after = pads[:size], pads[size:]
    return tuple(before) if before == after else (before[0], after[0], before[1], after[1])


def _lower(given: Attributes, sizes: Sequence[int], kernel: Sequence[int]) -> list[int]:
    """TensorFlow's padding with the odd row before the map: (top, bottom, left, right)."""
    found: list[int] = []
    ones = [1] * len(kernel)
    steps, apart = given.get("strides", ones), given.get("dilations", ones)
    for size, side, step, gap in zip(sizes, kernel, steps, apart, strict=True):
        total = max(0, (-(-size // step) - 1) * step + (side - 1) * gap + 1 - size)
        found += [total - total // 2, total // 2]
    return found


def _conv(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    bias = inputs[2] if len(inputs) > 2 else None
    arguments = {
        "stride": tuple(given.get("strides", (1, 1))),
        "padding": _sides(given, inputs[0], inputs[1].shape[2:] if inputs[1] is not None else ()),
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
    if given.get("transA", 0) or given.get("alpha", 1.0) != 1.0 or given.get("beta", 1.0) != 1.0:
        return None
    if len(inputs) > 2 and inputs[2] is not None and inputs[2].shape != outputs[0].shape[-1:]:
        return None  # one number for all
    return Call("linear", (inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None), {}, outputs)


def _pool(name: str) -> Maker:
    def make(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
        arguments = {
            "kernel_size": tuple(given["kernel_shape"]),
            "stride": tuple(given.get("strides", (1, 1))),
            "padding": _sides(given, inputs[0], given["kernel_shape"]),
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
    places = [*inputs[1:3], None, None][:2]
    ends = (given.get("min", -math.inf), given.get("max", math.inf))
    bounds = [[end] if value is None else known.get(value) for value, end in zip(places, ends, strict=True)]
    if None in bounds:
        return None
    low, high = (bound[0] for bound in bounds if bound)
    if low == 0 and high == math.inf:
        return Call("relu", (inputs[0],), {}, outputs)
    return Call("hardtanh", (inputs[0],), {"min_val": low, "max_val": high}, outputs)


def _hardsigmoid(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants
) -> Call | None:
    """torch's rises by a sixth; that of ONNX by a fifth unless it says otherwise."""
    same = abs(given.get("alpha", 0.2) - 1 / 6) < 1e-6 and given.get("beta", 0.5) == 0.5
    return Call("hardsigmoid", (inputs[0],), {}, outputs[:1]) if same else None


def _softmax(name: str) -> Maker:
    """Before version 13 it was over all axes from one on."""

    def make(
        inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants
    ) -> Call | None:
        x, old = inputs[0], given.get(OPSET, 13) < 13
        axis = given.get("axis", 1 if old else -1)
        if x is None or (old and any(size != 1 for size in x.shape[axis % len(x.shape) + 1 :])):
            return None
        return Call(name, (x,), {"dim": axis}, outputs[:1])

    return make


def _layer_norm(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants
) -> Call | None:
    x, weight, bias = [*inputs, None, None][:3]
    if x is None or given.get("axis", -1) not in (-1, len(x.shape) - 1):
        return None
    eps = _short(given.get("epsilon", 1e-5))
    return Call("layer_norm", (x, (x.shape[-1],), weight, bias), {"eps": eps}, outputs[:1])


def _group_norm(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    x, weight, bias = [*inputs, None, None][:3]
    arguments = {"eps": _short(given.get("epsilon", 1e-5))}
    return Call("group_norm", (x, given.get("num_groups", 1), weight, bias), arguments, outputs[:1])


def _instance_norm(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    x, weight, bias = [*inputs, None, None][:3]
    arguments = {"weight": weight, "bias": bias, "eps": _short(given.get("epsilon", 1e-5))}
    return Call("instance_norm", (x,), arguments, outputs[:1])


def _depth_to_space(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants
) -> Call | None:
    """torch deals the pixels out within each channel, as ``CRD`` does."""
    if given.get("mode", "DCR") != "CRD":
        return None
    return Call("pixel_shuffle", (inputs[0], given["blocksize"]), {}, outputs[:1])


def _selu(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call | None:
    """Only with the constants that torch has too."""
    usual = abs(given.get("alpha", 1.67326) - 1.67326) < 1e-4 and abs(given.get("gamma", 1.0507) - 1.0507) < 1e-4
    return Call("selu", (inputs[0],), {}, outputs[:1]) if usual else None


def _two(name: str) -> Maker:
    """A sum, product, ... of two tensors, or of one and a number."""

    def make(
        inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
    ) -> Call | None:
        found = [_number(value, known) for value in inputs]
        if isinstance(found[0], float):
            found = found[::-1] if name in ("add", "mul") else found
        return Call(name, tuple(found), {}, outputs[:1])

    return make


def _sum(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    return _two("add")(inputs, given, outputs, known) if len(inputs) == 2 else None


def _number(value: Value | None, known: Constants) -> Any:
    """The number that a tensor of one value is, or the tensor."""
    if value is not None and value in known and math.prod(value.shape) == 1:
        return float(f"{known[value][0]:.7g}")
    return value


def _transpose(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    axes = given.get("perm") or range(len(outputs[0].shape))[::-1]
    return Call("permute", (inputs[0], *axes), {}, outputs[:1])


def _split(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    axis = given.get("axis", 0)
    sizes = [output.shape[axis] if -len(output.shape) <= axis < len(output.shape) else 0 for output in outputs]
    return Call("split", (inputs[0], sizes), {"dim": axis}, outputs) if all(sizes) else None


def _slice(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    bounds = [known.get(value, []) for value in inputs[1:] if value is not None]
    starts, ends = bounds[:2] if len(bounds) >= 2 else (given.get("starts", []), given.get("ends", []))
    axes = bounds[2] if len(bounds) > 2 else given.get("axes", list(range(len(starts))))
    steps = bounds[3] if len(bounds) > 3 else [1] * len(starts)
    x = inputs[0]
    if x is None or not len(starts) == len(ends) == len(axes) == len(steps) or not starts:
        return None
    index = [slice(None)] * len(x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 1 or not -len(x.shape) <= axis < len(x.shape):
            return None
        index[axis] = slice(start, min(end, x.shape[axis]), None if step == 1 else step)
    return Call("getitem", (x, tuple(index)), {}, outputs[:1])


def _pad(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    pads = given.get("pads") or (known.get(inputs[1]) if len(inputs) > 1 and inputs[1] is not None else None)
    axes = known.get(inputs[3]) if len(inputs) > 3 and inputs[3] is not None else None
    if pads and axes and len(pads) == 2 * len(axes) and inputs[0] is not None:
        rank = len(inputs[0].shape)
        whole = [0] * (2 * rank)
        for place, axis in enumerate(axes):
            whole[axis % rank], whole[axis % rank + rank] = pads[place], pads[place + len(axes)]
        pads = whole
    value = known.get(inputs[2], [0]) if len(inputs) > 2 and inputs[2] is not None else [given.get("value", 0)]
    mode = _BORDERS.get(given.get("mode", "constant"))
    if not pads or len(pads) != 8 or pads[0] or pads[4] or mode is None:
        return None
    sides = [pads[3], pads[7], pads[2], pads[6]]
    if pads[1] or pads[5]:
        sides += [pads[1], pads[5]]
    return Call("pad", (inputs[0], sides, mode, value[0] if mode == "constant" else None), {}, outputs[:1])


_BORDERS = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
"""ONNX's words for what a border is made of, and torch's."""


def _resize(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    x, kind = inputs[0], given.get("mode", "nearest")
    how = given.get("coordinate_transformation_mode", "half_pixel")
    if x is None or len(x.shape) != 4 or len(outputs[0].shape) != 4:
        return None
    scales = [out / size for out, size in zip(outputs[0].shape[2:], x.shape[2:], strict=True)]
    near = how, given.get("nearest_mode", "round_prefer_floor")
    if kind == "nearest" and near not in _NEAREST:
        return None
    if kind == "cubic" and (
        how not in ("half_pixel", "pytorch_half_pixel", "align_corners")
        or given.get("cubic_coeff_a", -0.75) != -0.75
        or given.get("exclude_outside", 0)
    ):
        return None
    if kind == "linear" and how not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        return None
    words = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}
    if kind not in words:
        return None
    align = {"align_corners": how == "align_corners"} if kind != "nearest" else {}
    if all(scale == int(scale) for scale in scales):
        return Call("interpolate", (x,), {"scale_factor": tuple(scales), "mode": words[kind], **align}, outputs[:1])
    written = [known.get(value) or [] for value in inputs[2:3] if value is not None]
    if kind == "nearest" and near != ("asymmetric", "floor"):
        return None
    if any(len(each) == 4 and each[2:] != scales for each in written):
        return None  # the factor, not the size, says where pixels come from
    return Call("interpolate", (x,), {"size": outputs[0].shape[2:], "mode": words[kind], **align}, outputs[:1])


_NEAREST = {
    ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("half_pixel", "round_prefer_ceil"),
    ("pytorch_half_pixel", "round_prefer_floor"), ("pytorch_half_pixel", "round_prefer_ceil"),
    ("tf_half_pixel_for_nn", "floor"),
}  # fmt: skip
"""Ways to the nearest pixel that, by a whole factor, are torch's."""


def _upsample(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
) -> Call | None:
    """What ``Resize`` was called before version 10."""
    older = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return _resize(inputs, {**given, **older}, outputs, known)


def _transposed(
    inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants
) -> Call | None:
    padding = _sides(given, inputs[0], inputs[1].shape[2:] if inputs[1] is not None else ())
    if (
        given.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID")
        or not isinstance(padding, tuple)
        or len(padding) != 2
        or "output_shape" in given
    ):
        return None
    arguments = {
        "stride": tuple(given.get("strides", (1, 1))),
        "padding": padding,
        "output_padding": tuple(given.get("output_padding", (0, 0))),
        "dilation": tuple(given.get("dilations", (1, 1))),
        "groups": given.get("group", 1),
    }
    return Call("conv_transpose2d", (inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None), arguments, outputs)


def _lrn(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    arguments = {"alpha": _short(given.get("alpha", 1e-4)), "beta": _short(given.get("beta", 0.75))}
    return Call(
        "local_response_norm", (inputs[0], given["size"]), {**arguments, "k": _short(given.get("bias", 1.0))}, outputs
    )


def _reshape(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    return Call("reshape", (inputs[0], *outputs[0].shape), {}, outputs)


def _over_axes(name: str) -> Maker:
    """A mean or sum over axes."""

    def make(
        inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], known: Constants
    ) -> Call | None:
        axes = given.get("axes") or (known.get(inputs[1]) if len(inputs) > 1 and inputs[1] is not None else None)
        if axes is None:
            return None
        return Call(name, (inputs[0],), {"dim": list(axes), "keepdim": bool(given.get("keepdims", 1))}, outputs)

    return make


def _global_max(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    return Call("adaptive_max_pool2d", (inputs[0], (1, 1)), {}, outputs)


def _cat(inputs: Sequence[Value | None], given: Attributes, outputs: tuple[Value, ...], _: Constants) -> Call:
    return Call("cat", (list(inputs),), {"dim": given["axis"]}, outputs)


_FUNCTIONS = ("abs", "cos", "erf", "exp", "log", "reciprocal", "sign", "sin", "softsign", "sqrt")
"""Functions of each value that torch calls as ONNX does, in small letters."""
_MAKERS: dict[str, Maker] = {
    **{name: _first(name) for name in _FUNCTIONS},
    "pow": _two("pow"),
    "add": _two("add"),
    "averagepool": _pool("avg_pool2d"),
    "batchnormalization": _norm,
    "celu": _first("celu", alpha="alpha"),
    "clip": _clip,
    "concat": _cat,
    "conv": _conv,
    "convtranspose": _transposed,
    "depthtospace": _depth_to_space,
    "div": _two("div"),
    "elu": _first("elu", alpha="alpha"),
    "flatten": _first("flatten", start_dim="axis"),
    "gelu": _first("gelu", approximate="approximate"),
    "gemm": _gemm,
    "globalmaxpool": _global_max,
    "reducemax": _over_axes("amax"),
    "globalaveragepool": _plain("adaptive_avg_pool2d", output_size=1),
    "groupnormalization": _group_norm,
    "hardsigmoid": _hardsigmoid,
    "hardswish": _first("hardswish"),
    "instancenormalization": _instance_norm,
    "layernormalization": _layer_norm,
    "leakyrelu": _first("leaky_relu", negative_slope="alpha"),
    "logsoftmax": _softmax("log_softmax"),
    "lrn": _lrn,
    "max": _two("maximum"),
    "maxpool": _pool("max_pool2d"),
    "mish": _first("mish"),
    "mul": _two("mul"),
    "neg": _first("neg"),
    "pad": _pad,
    "prelu": _plain("prelu"),
    "reducemean": _over_axes("mean"),
    "reducesum": _over_axes("sum"),
    "relu": _first("relu"),
    "reshape": _reshape,
    "resize": _resize,
    "selu": _selu,
    "sigmoid": _first("sigmoid"),
    "silu": _first("silu"),
    "slice": _slice,
    "softmax": _softmax("softmax"),
    "softplus": _first("softplus"),
    "split": _split,
    "squeeze": _reshape,
    "sub": _two("sub"),
    "sum": _sum,
    "tanh": _first("tanh"),
    "transpose": _transpose,
    "unsqueeze": _reshape,
    "upsample": _upsample,
}
