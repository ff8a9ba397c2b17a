"""Numbers that a file works out of shapes: where a slice begins, what a reshape is to. They are worked out here, a few
operators on a few whole numbers, so that everything behind them has a shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 64
"""Numbers in one of them."""
ROUNDS = 24
"""Shapes are worked out anew while that lets more numbers be known."""

KEEPS = frozenset({"groupnormalization", "layernormalization", "instancenormalization", "mish", "gelu", "hardswish"})
"""Operators, in small letters, that keep the shape of their input, for those that ``onnx`` works out no shape of."""

Array = NDArray[Any]
Worker = Callable[[Sequence[Array], dict[str, Any]], Any]


def constants_as_tensors(graph: Any) -> None:
    """Operators that give a constant become tensors of the graph, as which others write them."""
    from onnx import numpy_helper

    kept = []
    for node in graph.node:
        tensor = _constant(node) if node.op_type.lower() == "constant" and len(node.output) == 1 else None
        if tensor is None:
            kept.append(node)
            continue
        made = graph.initializer.add()
        made.CopyFrom(tensor if not isinstance(tensor, np.ndarray) else numpy_helper.from_array(tensor))
        made.name = node.output[0]
    _keep(graph, kept)


def _constant(node: Any) -> Any:
    for item in node.attribute:
        if item.name == "value":
            return item.t
        if item.name in ("value_int", "value_ints"):
            return np.array(item.i if item.name == "value_int" else list(item.ints), dtype=np.int64)
        if item.name in ("value_float", "value_floats"):
            return np.array(item.f if item.name == "value_float" else list(item.floats), dtype=np.float32)
    return None


def worked_out(file: Any) -> Any:
    """``file`` with shapes, and with what follows from them as tensors. Raises what ``onnx`` raises for a file that
    makes no sense."""
    import onnx
    from onnx import numpy_helper

    for _ in range(ROUNDS):
        file = onnx.shape_inference.infer_shapes(file, data_prop=True)
        graph = file.graph
        shapes: dict[str, Any] = {item.name: _shape(item) for item in (*graph.input, *graph.output)}
        shapes |= {item.name: shape for item in graph.value_info if (shape := _shape(item))}
        shapes |= {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
        known: dict[str, Array] = {}
        for tensor in graph.initializer:
            if math.prod(tensor.dims) <= MOST and all(side >= 0 for side in tensor.dims):
                known[tensor.name] = numpy_helper.to_array(tensor)
        kept, found = [], False
        for node in graph.node:
            if node.op_type.lower() in KEEPS and shapes.get(node.input[0]) and not shapes.get(node.output[0]):
                shape = shapes[node.output[0]] = shapes[node.input[0]]
                graph.value_info.append(onnx.helper.make_tensor_value_info(node.output[0], 1, shape))
                found = True
            value = _value(node, known, shapes)
            if value is None:
                kept.append(node)
                continue
            known[node.output[0]] = value
            made = graph.initializer.add()
            made.CopyFrom(numpy_helper.from_array(value, node.output[0]))
            found = True
        if not found:
            return file
        _keep(graph, kept)
    return file


def _keep(graph: Any, nodes: list[Any]) -> None:
    if len(nodes) < len(graph.node):
        copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)


def _shape(item: Any) -> tuple[int, ...] | None:
    kind = item.type.tensor_type
    if not kind.HasField("shape"):
        return None
    sides = tuple(side.dim_value if side.HasField("dim_value") else -1 for side in kind.shape.dim)
    return sides if all(side >= 0 for side in sides) else None


def _value(node: Any, known: dict[str, Array], shapes: dict[str, Any]) -> Array | None:
    """What an operator gives, if that follows from shapes and known numbers."""
    import onnx

    if len(node.output) != 1 or node.domain not in ("", "ai.onnx") or not node.input:
        return None
    given = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute if item.name != "value"}
    if node.op_type == "Shape":
        shape = shapes.get(node.input[0])
        return None if shape is None else np.array(shape[given.get("start", 0) : given.get("end")], dtype=np.int64)
    if node.op_type == "Size":
        shape = shapes.get(node.input[0])
        return None if shape is None else np.array(math.prod(shape), dtype=np.int64)
    work = _WORKERS.get(node.op_type.lower())
    if work is None or any(name and name not in known for name in node.input):
        return None
    try:
        result = np.asarray(work([known[name] for name in node.input if name], given))
    except (ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError, KeyError):
        return None
    return result if result.size <= MOST and result.dtype.kind in "fiub" else None


def _divided(given: Sequence[Array], _: dict[str, Any]) -> Any:
    one, other = given
    return one / other if one.dtype.kind == "f" else np.trunc(one / other).astype(one.dtype)


def _sliced(given: Sequence[Array], attributes: dict[str, Any]) -> Any:
    data, *bounds = given
    starts, ends = bounds[:2] if len(bounds) > 1 else (attributes["starts"], attributes["ends"])
    axes = bounds[2] if len(bounds) > 2 else attributes.get("axes", range(len(starts)))
    steps = bounds[3] if len(bounds) > 3 else [1] * len(starts)
    index = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        index[int(axis)] = slice(int(start), int(end), int(step))
    return data[tuple(index)]


def _unsqueezed(given: Sequence[Array], attributes: dict[str, Any]) -> Any:
    axes = given[1].tolist() if len(given) > 1 else attributes["axes"]
    return np.expand_dims(given[0], tuple(int(axis) for axis in axes))


def _squeezed(given: Sequence[Array], attributes: dict[str, Any]) -> Any:
    axes = given[1].tolist() if len(given) > 1 else attributes.get("axes")
    return np.squeeze(given[0], None if axes is None else tuple(int(axis) for axis in axes))


def _cast(given: Sequence[Array], attributes: dict[str, Any]) -> Any:
    from onnx.helper import tensor_dtype_to_np_dtype

    return given[0].astype(tensor_dtype_to_np_dtype(attributes["to"]))


_WORKERS: dict[str, Worker] = {
    "add": lambda given, _: given[0] + given[1],
    "cast": _cast,
    "ceil": lambda given, _: np.ceil(given[0]),
    "concat": lambda given, a: np.concatenate([np.atleast_1d(each) for each in given], a["axis"]),
    "div": _divided,
    "equal": lambda given, _: given[0] == given[1],
    "floor": lambda given, _: np.floor(given[0]),
    "gather": lambda given, a: np.take(given[0], given[1].astype(np.int64), axis=a.get("axis", 0)),
    "greater": lambda given, _: given[0] > given[1],
    "identity": lambda given, _: given[0],
    "less": lambda given, _: given[0] < given[1],
    "max": lambda given, _: np.max(np.stack(np.broadcast_arrays(*given)), axis=0),
    "min": lambda given, _: np.min(np.stack(np.broadcast_arrays(*given)), axis=0),
    "mod": lambda given, _: np.mod(given[0], given[1]),
    "mul": lambda given, _: given[0] * given[1],
    "neg": lambda given, _: -given[0],
    "reduceprod": lambda given, a: np.prod(given[0], keepdims=bool(a.get("keepdims", 1))),
    "reshape": lambda given, _: given[0].reshape([int(side) for side in given[1]]),
    "slice": _sliced,
    "squeeze": _squeezed,
    "sub": lambda given, _: given[0] - given[1],
    "unsqueeze": _unsqueezed,
    "where": lambda given, _: np.where(given[0], given[1], given[2]),
}
"""Operators on a few numbers, in small letters."""
