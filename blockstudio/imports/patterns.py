"""Several calls that are one block: padding before a window, channels shuffled by three reshapes."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

from blockstudio.imports.idioms import plainly
from blockstudio.imports.trace import Call, Frame, Value

_WINDOWS = ("conv2d", "max_pool2d", "avg_pool2d")


def simplified(frame: Frame) -> list[Call | Frame]:
    """The items of a frame with what is one block as one call."""
    uses = _uses(frame)
    found: list[Call | Frame] = []
    waiting = plainly(frame.items, uses)
    while waiting:
        shuffle = _shuffle(waiting, uses)
        if shuffle is not None:
            found.append(shuffle)
            del waiting[:3]
            continue
        padded = _padded(waiting, uses, frame)
        if padded is not None:
            found.append(padded)
            del waiting[:2]
            continue
        item = waiting.pop(0)
        if isinstance(item, Call):
            found += _largest(item, uses) or [_same(item, frame)]
        else:
            found.append(item)
    return found


def _largest(call: Call, uses: Counter[Value]) -> list[Call]:
    """The largest values of whole maps, or of parts that a window goes over one by one, as pooling."""
    image = call.args[0] if call.args else call.kwargs.get("input")
    if not isinstance(image, Value) or len(image.shape) != 4 or any(uses[place] for place in call.outputs[1:]):
        return []
    output = call.outputs[0]
    if call.name == "adaptive_max_pool2d":
        sizes = output.shape[2:]
    elif call.name in ("amax", "max"):
        axes = call.args[1] if len(call.args) > 1 else call.kwargs.get("dim")
        if call.name == "max" and isinstance(axes, Value):
            return [replace(call, name="maximum")]
        if call.name == "max" and type(axes) is int:
            kept = call.args[2] if len(call.args) > 2 else call.kwargs.get("keepdim", False)
            return [replace(call, name="amax", args=(image,), kwargs={"dim": [axes], "keepdim": kept})]
        if not isinstance(axes, list | tuple) or sorted(axis % 4 for axis in axes) != [2, 3]:
            return []
        sizes = (1, 1)
    else:
        return []
    if any(side % size for side, size in zip(image.shape[2:], sizes, strict=True)):
        return []
    window = tuple(side // size for side, size in zip(image.shape[2:], sizes, strict=True))
    whole = output if len(output.shape) == 4 else Value((*image.shape[:2], 1, 1), dtype=output.dtype)
    pool = Call("max_pool2d", (image,), {"kernel_size": window, "stride": window}, (whole,), place=call.place)
    return [pool] if whole is output else [pool, Call("flatten", (whole, 1), {}, (output,), place=call.place)]


def _uses(frame: Frame) -> Counter[Value]:
    found: Counter[Value] = Counter(frame.outputs)
    for call in frame.calls():
        found.update(item for item in [*call.args, *call.kwargs.values()] if isinstance(item, Value))
        for item in call.args:
            if isinstance(item, list | tuple):
                found.update(value for value in item if isinstance(value, Value))
    return found


def _next(items: list[Call | Frame], count: int, uses: Counter[Value]) -> list[Call]:
    """The first ``count`` items, if they are calls each of which alone reads what the one before gives."""
    calls = [item for item in items[:count] if isinstance(item, Call)]
    if len(calls) < count:
        return []
    for one, other in pairwise(calls):
        if not other.args or other.args[0] is not one.outputs[0] or uses[one.outputs[0]] != 1:
            return []
    return calls


def _shuffle(items: list[Call | Frame], uses: Counter[Value]) -> Call | None:
    """Groups of channels dealt out: ``view(n, g, c, h, w).transpose(1, 2).view(n, -1, h, w)``."""
    calls = _next(items, 3, uses)
    if [call.name for call in calls] not in _SHUFFLES:
        return None
    first, turn, last = calls
    image, apart = first.args[0], first.outputs[0].shape
    if len(image.shape) != 4 or len(apart) != 5 or last.outputs[0].shape != image.shape:
        return None
    turned = [0, 2, 1, 3, 4] if turn.name == "permute" else [1, 2]
    axes = list(turn.args[1:]) if turn.name == "permute" else sorted(turn.args[1:])
    if apart[0] != image.shape[0] or apart[3:] != image.shape[2:] or axes != turned:
        return None
    return Call("channel_shuffle", (image, apart[1]), {}, last.outputs)


_SHUFFLES = [[view, turn, view] for view in ("view", "reshape") for turn in ("transpose", "permute")]


def _padded(items: list[Call | Frame], uses: Counter[Value], frame: Frame) -> Call | None:
    """Padding of another width on each side, with the window that reads it."""
    calls = _next(items, 2, uses)
    if not calls or calls[0].name != "pad" or calls[1].name not in _WINDOWS:
        return None
    pad, window = calls
    given = dict(zip(("input", "pad", "mode", "value"), pad.args, strict=False)) | pad.kwargs
    sides, filled = given["pad"], given.get("value") or 0
    wanted = -math.inf if window.name == "max_pool2d" else 0
    if given.get("mode", "constant") != "constant" or len(sides) != 4 or filled != wanted:
        return None
    if any(_numbers(_argument(window, "padding"))):
        return None
    left, right, top, bottom = sides
    if not _is_same(frame) and left == right and top == bottom:
        return None  # PyTorch's own padding may add up in another order
    padding: Any = "same_tf" if _is_same(frame) else (top, bottom, left, right)
    return _with_padding(replace(window, args=(given["input"], *window.args[1:])), padding)


def _same(call: Call, frame: Frame) -> Call:
    """A window of TensorFlow's padding on a map that needs none."""
    if not _is_same(frame) or call.name not in _WINDOWS or any(_numbers(_argument(call, "padding"))):
        return call
    return _with_padding(call, "same_tf")


def _is_same(frame: Frame) -> bool:
    return type(frame.module).__name__ in ("Conv2dSame", "MaxPool2dSame", "AvgPool2dSame")


_PLACES = {"conv2d": 4, "max_pool2d": 3, "avg_pool2d": 3}


def _argument(call: Call, name: str) -> Any:
    place = _PLACES[call.name]
    return call.kwargs.get(name, call.args[place] if len(call.args) > place else 0)


def _numbers(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _with_padding(call: Call, padding: Any) -> Call:
    place = _PLACES[call.name]
    more = {"count_include_pad": True} if call.name == "avg_pool2d" else {}
    args = call.args
    if call.name == "avg_pool2d" and len(args) > 5:
        args = (*args[:5], True, *args[6:])
        more = {}
    if len(args) > place:
        return replace(call, args=(*args[:place], padding, *args[place + 1 :]), kwargs=call.kwargs | more)
    return replace(call, args=args, kwargs=call.kwargs | {"padding": padding} | more)
