"""Ways of writing what torch has a function for: bounds for ReLU6, hard sigmoids by hand, forms changed in several
steps, means of flattened maps, every second pixel, differences. What comes in their place gives the same bits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from blockstudio.imports.items import Item, one, operands
from blockstudio.imports.trace import Call, Value, short
from blockstudio.imports.written_out import written_out

_FORMS = frozenset({"view", "reshape", "flatten", "squeeze", "unsqueeze", "unflatten"})
"""What gives the same values in another form."""


def plainly(items: Sequence[Item], uses: Counter[Value]) -> list[Item]:
    """``items`` with idioms as one call. ``uses``: how often each value is read."""
    found: list[Item] = []
    place = 0
    while place < len(items):
        rest = items[place : place + 4]
        made, count = (
            _hard(rest, uses)
            or _mean(rest, uses)
            or _kept(rest, uses)
            or _shortcut(rest, uses)
            or _picked(rest, uses)
            or _cropped(items[place:], uses)
            or written_out(items[place : place + 5], uses)
            or _form(items, place, uses)
            or (None, 1)
        )
        for item in made if isinstance(made, list) else [made or items[place]]:
            found += _plain(_bounds(item)) if isinstance(item, Call) else [item]
        place += count
    return found


def _hard(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call, int] | None:
    """``relu6(x + 3) / 6``, and ``x * relu6(x + 3) / 6``."""
    calls = [one(item) for item in items]
    if len(calls) < 3:
        return None
    add, bound, third = calls[:3]
    if add is None or bound is None or third is None or add.name != "add" or len(operands(add)) != 2:
        return None
    (x, three), inside, bounded = operands(add), add.outputs[0], bound.outputs[0]
    if three != 3 or uses[inside] != 1 or uses[bounded] != 1 or _bounds(bound).name != "relu6":
        return None
    if not isinstance(x, Value) or bound.args[:1] != (inside,):
        return None
    if third.name == "div" and operands(third) == (bounded, 6):
        return Call("hardsigmoid", (x,), {}, third.outputs, place=third.place), 3
    last = calls[3] if len(calls) > 3 else None
    if third.name == "mul" and operands(third) in ((x, bounded), (bounded, x)) and last is not None:
        product = third.outputs[0]
        if last.name == "div" and operands(last) == (product, 6) and uses[product] == 1:
            return Call("hardswish", (x,), {}, last.outputs, place=last.place), 4
    return None


def _mean(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call, int] | None:
    """The mean of maps that were made rows."""
    if len(items) < 2 or not isinstance(items[0], Call) or not isinstance(items[1], Call):
        return None
    row, mean = items[0], items[1]
    if row.name not in _FORMS or mean.name != "mean" or mean.args[:1] != row.outputs or uses[row.outputs[0]] != 1:
        return None
    image = row.args[0]
    axes = mean.args[1] if len(mean.args) > 1 else mean.kwargs.get("dim")
    axis = axes[0] if isinstance(axes, list | tuple) and len(axes) == 1 else axes
    kept = mean.kwargs.get("keepdim", mean.args[2] if len(mean.args) > 2 else False)
    if not isinstance(image, Value) or len(image.shape) != 4 or axis not in (2, -1) or kept:
        return None
    if row.outputs[0].shape != (*image.shape[:2], math.prod(image.shape[2:])):
        return None
    return Call("mean", (image,), {"dim": [2, 3]}, mean.outputs, mean.macs, mean.place), 2


def _form(items: Sequence[Item], place: int, uses: Counter[Value]) -> tuple[Call | list[Call], int] | None:
    """Several changes of form, one after the other, or one that picks all there is."""
    calls: list[Call] = []
    for item in items[place:]:
        call = one(item)
        if call is None or not _is_form(call):
            break
        if calls and (call.args[0] is not calls[-1].outputs[0] or uses[calls[-1].outputs[0]] != 1):
            break
        calls.append(call)
    if not calls or (len(calls) == 1 and calls[0].name not in ("getitem", "unflatten", "transpose")):
        return None
    first, last = calls[0], calls[-1]
    image, output = first.args[0], last.outputs[0]
    if image.shape == output.shape:
        return None
    made = Call("reshape", (image, *output.shape), {}, (output,), place=last.place)
    if len(image.shape) == 4 and output.shape == (image.shape[0], 1, image.shape[1]):
        vector = Value(image.shape[:2], dtype=image.dtype)  # Channels as a sequence: first they are a vector.
        return [Call("flatten", (image, 1), {}, (vector,), place=last.place),
                replace(made, args=(vector, *output.shape))], len(calls)  # fmt: skip
    return made, len(calls)


def _is_form(call: Call) -> bool:
    if not call.args or not isinstance(call.args[0], Value) or len(call.outputs) != 1 or call.args[0].weight:
        return False
    if call.name in _FORMS:
        return True
    if call.name == "transpose" and len(call.args) == 3:
        shape = call.args[0].shape
        axes = [axis % len(shape) for axis in call.args[1:]]
        return len(shape) == 3 and abs(axes[0] - axes[1]) == 1 and 1 in (shape[axes[0]], shape[axes[1]])
    if call.name != "getitem" or math.prod(call.args[0].shape) != math.prod(call.outputs[0].shape):
        return False
    index = call.args[1] if len(call.args) > 1 else None
    return all(each is None or each is Ellipsis or isinstance(each, int | slice) for each in
               (index if isinstance(index, tuple) else (index,)))  # fmt: skip


def _bounds(call: Call) -> Call:
    """Bounds that are an activation."""
    if call.name not in ("clamp", "clip", "hardtanh", "relu6"):
        return call
    names = ("min_val", "max_val") if call.name == "hardtanh" else ("min", "max")
    given: dict[str, Any] = {**dict(zip(names, call.args[1:3], strict=False)), **call.kwargs}
    low, high = given.get(names[0]), given.get(names[1])
    if call.name == "relu6" or (low, high) == (0, 6):
        return replace(call, name="relu6", args=call.args[:1], kwargs={})
    if low == 0 and high is None:
        return replace(call, name="relu", args=call.args[:1], kwargs={})
    if call.name == "hardtanh" or not all(type(end) in (int, float) for end in (low, high)):
        return call
    return replace(call, name="hardtanh", args=call.args[:1], kwargs={"min_val": low, "max_val": high})


def _kept(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call, int] | None:
    """A mean or maximum of the channels whose axis is put back."""
    if len(items) < 2 or not isinstance(items[0], Call) or not isinstance(items[1], Call):
        return None
    first, back = items[0], items[1]
    if first.name not in ("mean", "max", "amax") or back.name != "unsqueeze" or back.args[:1] != first.outputs[:1]:
        return None
    image, output = first.args[0] if first.args else None, back.outputs[0]
    axis = first.args[1] if len(first.args) > 1 else first.kwargs.get("dim")
    axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if any(uses[value] for value in first.outputs[1:]) or uses[first.outputs[0]] != 1 or axis not in (1, -3):
        return None
    if not isinstance(image, Value) or len(image.shape) != 4 or output.shape != (image.shape[0], 1, *image.shape[2:]):
        return None
    name = "mean" if first.name == "mean" else "amax"
    return Call(name, (image,), {"dim": [1], "keepdim": True}, (output,), first.macs, first.place), 2


def _steps(call: Call | None) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The steps of a call that picks each n-th row and column of a map, and the first ones."""
    if call is None or call.name != "getitem" or len(call.args) < 2 or not isinstance(call.args[1], tuple):
        return None
    image, index = call.args[0], call.args[1]
    if not isinstance(image, Value) or len(image.shape) != 4 or len(index) < 3:
        return None
    if index[0] is Ellipsis and len(index) == 3:
        index = (slice(None), slice(None), *index[1:])
    index = (*index, slice(None))[:4]
    if not all(isinstance(part, slice) for part in index) or any(part.start for part in index[:2]):
        return None
    starts = tuple(part.start or 0 for part in index[2:])
    if any(not 0 <= start < size for start, size in zip(starts, image.shape[2:], strict=True)):
        return None
    if any(part.stop is not None and part.stop < size for part, size in zip(index, image.shape, strict=True)):
        return None
    rows, columns = (part.step or 1 for part in index[2:])
    whole = all(part.step in (None, 1) for part in index[:2])
    right = whole and max(rows, columns) > 1 and min(rows, columns) > 0
    return ((rows, columns), (starts[0], starts[1])) if right else None


def _picked(items: Sequence[Item], uses: Counter[Value]) -> tuple[list[Call], int] | None:
    """Each n-th pixel, perhaps rows and then columns: the largest of windows of one, of a map whose first rows and
    columns are cut off where it begins later."""
    rows = columns = 1
    top = left = 0
    picks: list[Call] = []
    for item in items:
        call = one(item)
        steps = _steps(call)
        if call is None or steps is None:
            break
        if picks and (call.args[0] is not picks[-1].outputs[0] or uses[picks[-1].outputs[0]] != 1):
            break
        picks.append(call)
        (down, across), (first, second) = steps
        top, left = top + rows * first, left + columns * second
        rows, columns = rows * down, columns * across
    if not picks:
        return None
    image, made = picks[0].args[0], []
    if top or left:
        inner = Value((*image.shape[:2], image.shape[2] - top, image.shape[3] - left), dtype=image.dtype)
        kept = (slice(None), slice(None), slice(top, image.shape[2]), slice(left, image.shape[3]))
        made.append(Call("getitem", (image, kept), {}, (inner,), place=picks[0].place))
        image = inner
    window = {"kernel_size": 1, "stride": (rows, columns)}
    made.append(Call("max_pool2d", (image,), window, picks[-1].outputs, place=picks[-1].place))
    return made, len(picks)


def _cut(call: Call | None) -> list[slice] | None:
    """What a call keeps of each axis but the batch of a map: a slice, ``narrow``, or padding by less than nothing."""
    image = call.args[0] if call is not None and call.args else None
    if call is None or not isinstance(image, Value) or len(image.shape) != 4:
        return None
    if call.name == "narrow" and not call.kwargs and len(call.args) == 4 and type(call.args[2]) is int:
        axis, start, length = call.args[1:]
        found = [slice(None)] * 4
        found[axis] = slice(start, start + length) if start >= 0 else slice(None, None, 2)
    elif call.name == "pad":
        given = dict(zip(("input", "pad", "mode", "value"), call.args, strict=False)) | call.kwargs
        sides = given.get("pad")
        if not isinstance(sides, list | tuple) or len(sides) not in (2, 4) or min(sides) >= 0 or max(sides) > 0:
            return None
        left, right, top, bottom = (-side for side in (*sides, 0, 0)[:4])
        height, width = image.shape[2:]
        found = [slice(None), slice(None), slice(top, height - bottom), slice(left, width - right)]
    elif call.name == "getitem" and len(call.args) == 2:
        index = call.args[1] if isinstance(call.args[1], tuple) else (call.args[1],)
        if index and index[0] is Ellipsis:
            index = (*[slice(None)] * (5 - len(index)), *index[1:])
        found = [*index, *[slice(None)] * 4][:4]
        if len(index) > 4 or not all(isinstance(part, slice) for part in index):
            return None
    else:
        return None
    if found[0] != slice(None) or any(part.step not in (None, 1) for part in found):
        return None
    return [slice(*part.indices(size)[:2]) for part, size in zip(found[1:], image.shape[1:], strict=True)]


def _cropped(items: Sequence[Item], uses: Counter[Value]) -> tuple[list[Call], int] | None:
    """Cuts of channels, rows and columns, perhaps one after the other: of channels first, then of the map."""
    cuts: list[Call] = []
    ends = [(0, 0)] * 3
    for item in items:
        call = one(item)
        found = _cut(call)
        if call is None or found is None:
            break
        if cuts and (call.args[0] is not cuts[-1].outputs[0] or uses[cuts[-1].outputs[0]] != 1):
            break
        cuts.append(call)
        ends = [(start + part.start, start + part.stop) for (start, _), part in zip(ends, found, strict=True)]
    if not cuts:
        return None
    image, output = cuts[0].args[0], cuts[-1].outputs[0]
    kept = tuple(slice(*end) for end in ends)
    channels = (slice(None), kept[0])
    pixels = (slice(None), slice(None), *kept[1:])
    if output.shape[2:] == image.shape[2:]:
        return [replace(cuts[-1], name="getitem", args=(image, channels), kwargs={})], len(cuts)
    made: list[Call] = []
    if output.shape[1] != image.shape[1]:
        fewer = Value((image.shape[0], output.shape[1], *image.shape[2:]), dtype=image.dtype)
        made.append(Call("getitem", (image, channels), {}, (fewer,), place=cuts[0].place))
        image = fewer
    return [*made, replace(cuts[-1], name="getitem", args=(image, pixels), kwargs={})], len(cuts)


def _shortcut(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call, int] | None:
    """Each n-th pixel with channels of zeros around the channels: ResNet's shortcut without weights."""
    picks, count = _picked(items, uses) or ([], 0)
    if len(picks) > 1:
        return None
    picked = picks[0] if picks else None
    pad = one(items[count]) if count < len(items) else None
    if pad is None or pad.name != "pad":
        return None
    given = dict(zip(("input", "pad", "mode", "value"), pad.args, strict=False)) | pad.kwargs
    sides, source = given.get("pad"), given.get("input", given.get("self"))
    if given.get("mode", "constant") != "constant" or given.get("value") or not isinstance(source, Value):
        return None
    if not isinstance(sides, list | tuple) or len(sides) != 6 or any(sides[:4]) or min(sides) < 0:
        return None
    if picked is not None and (source is not picked.outputs[0] or uses[source] != 1):
        return None
    image, steps = (source, (1, 1)) if picked is None else (picked.args[0], picked.kwargs["stride"])
    before, after = sides[4:]
    zeros = "after" if not before else "both" if before == (before + after) // 2 else ""
    if not zeros or len(image.shape) != 4:
        return None
    out = image.shape[1] + before + after
    return Call("shortcut_a", (image, out, steps, zeros), {}, pad.outputs, place=pad.place), count + 1


def _plain(call: Call) -> list[Call]:
    """Differences, negatives, and quotients by a power of two, as sums and products: the same bits."""
    if call.name == "neg" and call.args and isinstance(call.args[0], Value):
        return [replace(call, name="mul", args=(call.args[0], -1.0), kwargs={})]
    call = _numbered(call)
    both = operands(call)
    over = call.name == "rdiv" or (call.name == "div" and len(both) == 2 and type(both[0]) in (int, float))
    if over and len(both) == 2 and isinstance(below := both[call.name == "div"], Value):
        above = both[call.name == "rdiv"]
        if type(above) not in (int, float):
            return [call]
        inverse = call.outputs[0] if above == 1 else Value(below.shape, dtype=below.dtype)
        turned = Call("reciprocal", (below,), {}, (inverse,), place=call.place)
        return [turned] if above == 1 else [turned, replace(call, name="mul", args=(inverse, above), kwargs={})]
    if call.name not in ("sub", "subtract", "rsub", "div", "true_divide") or len(both) != 2:
        return [call]
    if set(call.kwargs) - {"other", "alpha"}:
        return [call]
    one, other = both[::-1] if call.name == "rsub" else both
    if "div" in call.name:
        exact = type(other) in (int, float) and isinstance(one, Value) and math.frexp(other)[0] in (0.5, -0.5)
        return [replace(call, name="mul", args=(one, 1 / other), kwargs={})] if exact else [call]
    if isinstance(one, Value) and type(other) in (int, float):
        return [replace(call, name="add", args=(one, -float(other)), kwargs={})]
    if not isinstance(other, Value) or one is other or other.weight or other.constant is not None:
        return [call]
    negative = Value(other.shape, dtype=other.dtype)
    less = Call("mul", (other, -1.0), {}, (negative,), place=call.place)
    if type(one) in (int, float):
        return [less, replace(call, name="add", args=(negative, float(one)), kwargs={})]
    return [less, replace(call, name="add", args=(one, negative), kwargs={})] if isinstance(one, Value) else [call]


def _numbered(call: Call) -> Call:
    """Constants of a single number as that number."""
    if call.name not in ("add", "sub", "rsub", "mul", "div", "pow"):
        return call
    return replace(call, args=tuple(map(_number, call.args)), kwargs={k: _number(v) for k, v in call.kwargs.items()})


def _number(value: Any) -> Any:
    single = isinstance(value, Value) and value.constant is not None and value.shape in ((), (1,))
    return short(float(value.constant.item()), value.constant.dtype) if single else value
