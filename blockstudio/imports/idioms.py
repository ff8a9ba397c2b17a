"""Ways of writing what torch has a function for: bounds for ReLU6, hard sigmoids by hand, forms changed in several
steps, means of flattened maps. What comes in their place gives the same bits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from blockstudio.imports.trace import Call, Frame, Value

Item: TypeAlias = "Call | Frame"
_FORMS = frozenset({"view", "reshape", "flatten", "squeeze", "unsqueeze", "unflatten"})
"""What gives the same values in another form."""


def plainly(items: Sequence[Item], uses: Counter[Value]) -> list[Item]:
    """``items`` with idioms as one call. ``uses``: how often each value is read."""
    found: list[Item] = []
    place = 0
    while place < len(items):
        rest = items[place : place + 4]
        made, count = _hard(rest, uses) or _mean(rest, uses) or _form(items, place, uses) or (None, 1)
        item = made or items[place]
        found.append(_bounds(item) if isinstance(item, Call) else item)
        place += count
    return found


def _hard(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call, int] | None:
    """``relu6(x + 3) / 6``, and ``x * relu6(x + 3) / 6``."""
    calls = [_one(item) for item in items]
    if len(calls) < 3:
        return None
    add, bound, third = calls[:3]
    if add is None or bound is None or third is None or add.name != "add" or len(_operands(add)) != 2:
        return None
    (x, three), inside, bounded = _operands(add), add.outputs[0], bound.outputs[0]
    if three != 3 or uses[inside] != 1 or uses[bounded] != 1 or _bounds(bound).name != "relu6":
        return None
    if not isinstance(x, Value) or bound.args[:1] != (inside,):
        return None
    if third.name == "div" and _operands(third) == (bounded, 6):
        return Call("hardsigmoid", (x,), {}, third.outputs, place=third.place), 3
    last = calls[3] if len(calls) > 3 else None
    if third.name == "mul" and _operands(third) in ((x, bounded), (bounded, x)) and last is not None:
        product = third.outputs[0]
        if last.name == "div" and _operands(last) == (product, 6) and uses[product] == 1:
            return Call("hardswish", (x,), {}, last.outputs, place=last.place), 4
    return None


def _operands(call: Call) -> tuple[Any, ...]:
    """The two operands of a sum or product, whether given by place or by name; none for a weighted sum."""
    if call.kwargs.get("alpha", 1) != 1:
        return ()
    return (*call.args, *(value for name, value in call.kwargs.items() if name == "other"))


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


def _form(items: Sequence[Item], place: int, uses: Counter[Value]) -> tuple[Call, int] | None:
    """Several changes of form, one after the other, or one that picks all there is."""
    calls: list[Call] = []
    for item in items[place:]:
        call = _one(item)
        if call is None or not _is_form(call):
            break
        if calls and (call.args[0] is not calls[-1].outputs[0] or uses[calls[-1].outputs[0]] != 1):
            break
        calls.append(call)
    if not calls or (len(calls) == 1 and calls[0].name not in ("getitem", "unflatten")):
        return None
    first, last = calls[0], calls[-1]
    image, output = first.args[0], last.outputs[0]
    if image.shape == output.shape:
        return None
    return Call("reshape", (image, *output.shape), {}, (output,), place=last.place), len(calls)


def _is_form(call: Call) -> bool:
    if not call.args or not isinstance(call.args[0], Value) or len(call.outputs) != 1 or call.args[0].weight:
        return False
    if call.name in _FORMS:
        return True
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
    return replace(call, name="relu", args=call.args[:1], kwargs={}) if low == 0 and high is None else call


def _one(item: Item) -> Call | None:
    """A call, or the one that is all that a module does."""
    if isinstance(item, Call):
        return item
    calls = [_one(each) for each in item.items]
    return calls[0] if len(calls) == 1 else None
