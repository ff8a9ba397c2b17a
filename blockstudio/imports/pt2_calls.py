"""PyTorch's core operators (``torch.ops.aten``) as the calls of torch's functions that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from blockstudio.imports.trace import Call, Value

Arguments: TypeAlias = dict[str, Any]
Maker: TypeAlias = Callable[[Arguments, tuple[Value, ...]], Call]

SAME = frozenset({"contiguous", "clone", "detach", "alias", "lift_fresh_copy", "to", "_to_copy", "lift_fresh"})
"""Operators that give the value that they are given."""


def call_of(name: str, given: Arguments, outputs: tuple[Value, ...]) -> Call:
    """The call of operator ``name`` (``conv2d``, ``relu_``) with its arguments by name."""
    name = name.removesuffix("_") if not name.startswith("__") else name
    maker = _MAKERS.get(name)
    if maker is not None:
        return maker(given, outputs)
    first = next(iter(given), None)
    args = () if first is None else (given[first],)
    return Call(_NAMES.get(name, name), args, {key: value for key, value in given.items() if key != first}, outputs)


def _shaped(given: Arguments, outputs: tuple[Value, ...]) -> Call:
    return Call("view", (given["self"], *outputs[0].shape), {}, outputs)


def _permute(given: Arguments, outputs: tuple[Value, ...]) -> Call:
    return Call("permute", (given["self"], *given["dims"]), {}, outputs)


def _transpose(given: Arguments, outputs: tuple[Value, ...]) -> Call:
    return Call("transpose", (given["self"], given["dim0"], given["dim1"]), {}, outputs)


def _pool(name: str) -> Maker:
    def make(given: Arguments, outputs: tuple[Value, ...]) -> Call:
        rest = {key: value for key, value in given.items() if key != "self"}
        rest["stride"] = rest.get("stride") or None
        return Call(name, (given["self"],), rest, outputs)

    return make


def _split(given: Arguments, outputs: tuple[Value, ...]) -> Call:
    sizes = given.get("split_size", given.get("split_sizes"))
    return Call("split", (given["self"], sizes), {"dim": given.get("dim", 0)}, outputs)


def _slice(given: Arguments, outputs: tuple[Value, ...]) -> Call:
    source = given["self"]
    axis = given.get("dim", 0) % len(source.shape)
    end = given.get("end")
    end = None if end is None or end >= source.shape[axis] else end
    part = slice(given.get("start"), end, None if given.get("step", 1) == 1 else given["step"])
    index = (*[slice(None)] * axis, part)
    return Call("getitem", (source, index if len(index) > 1 else (*index, slice(None))), {}, outputs)


def _dropout(name: str) -> Maker:
    def make(given: Arguments, outputs: tuple[Value, ...]) -> Call:
        # Of a program exported in evaluation mode: the drawing is trained too.
        return Call(name, (given.get("input", given.get("self")),), {"p": given["p"], "training": True}, outputs)

    return make


def _norm(given: Arguments, outputs: tuple[Value, ...]) -> Call:
    names = ("running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
    return Call("batch_norm", (given["input"],), {key: given[key] for key in names if key in given}, outputs)


def _clamp(given: Arguments, outputs: tuple[Value, ...]) -> Call:
    bounds = {"min_val": given.get("min"), "max_val": given.get("max")}
    return Call("hardtanh", (given["self"],), bounds, outputs)


def _upsample(mode: str) -> Maker:
    def make(given: Arguments, outputs: tuple[Value, ...]) -> Call:
        source: Any = given.get("input", given.get("self"))
        scales = given.get("scale_factors")
        how: Arguments = {"scale_factor": tuple(scales)} if scales else {"size": outputs[0].shape[2:]}
        align = {"align_corners": given["align_corners"]} if "align_corners" in given else {}
        return Call("interpolate", (source,), {**how, "mode": mode, **align}, outputs)

    return make


_NAMES = {"constant_pad_nd": "pad", "_softmax": "softmax", "_log_softmax": "log_softmax", "swish": "silu"}
"""Operators that torch's functions call otherwise."""
_MAKERS: dict[str, Maker] = {
    "_reshape_alias": _shaped,
    "_unsafe_view": _shaped,
    "alpha_dropout": _dropout("alpha_dropout"),
    "avg_pool2d": _pool("avg_pool2d"),
    "batch_norm": _norm,
    "clamp": _clamp,
    "dropout": _dropout("dropout"),
    "feature_alpha_dropout": _dropout("feature_alpha_dropout"),
    "feature_dropout": _dropout("dropout2d"),
    "max_pool2d": _pool("max_pool2d"),
    "permute": _permute,
    "reshape": _shaped,
    "slice": _slice,
    "split": _split,
    "split_with_sizes": _split,
    "transpose": _transpose,
    "upsample_bicubic2d": _upsample("bicubic"),
    "upsample_bilinear2d": _upsample("bilinear"),
    "upsample_nearest2d": _upsample("nearest"),
    "view": _shaped,
}
