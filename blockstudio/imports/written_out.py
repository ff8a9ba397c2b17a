"""Functions that people write out in several calls: leaky ReLUs by ``where``, sums of a stack, generalised means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from blockstudio.imports.items import Item, one, operands
from blockstudio.imports.trace import Call, Value


def written_out(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call | list[Call], int] | None:
    """The calls that stand for the first of ``items``, and for how many of them."""
    return _leaky(items, uses) or _stacked(items, uses) or _generalised(items, uses)


def _leaky(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call, int] | None:
    """``torch.where(x > 0, x, 0.1 * x)``."""
    if len(items) < 3 or not all(isinstance(item, Call) for item in items[:3]):
        return None
    calls = {item.name: item for item in items[:3] if isinstance(item, Call)}
    above, less, chosen = (
        next((calls[name] for name in ("gt", "ge") if name in calls), None),
        calls.get("mul"),
        items[2],
    )
    if above is None or less is None or not isinstance(chosen, Call) or chosen.name != "where" or chosen.kwargs:
        return None
    x = above.args[0] if len(operands(above)) == 2 and operands(above)[1] == 0 else None
    slope = next((value for value in operands(less) if type(value) in (int, float)), None)
    if not isinstance(x, Value) or slope is None or x not in operands(less):
        return None
    if chosen.args != (above.outputs[0], x, less.outputs[0]) or uses[above.outputs[0]] != 1:
        return None
    return Call("leaky_relu", (x,), {"negative_slope": slope}, chosen.outputs, place=chosen.place), 3


def _stacked(items: Sequence[Item], uses: Counter[Value]) -> tuple[list[Call], int] | None:
    """Maps that are stacked only to be added, averaged or compared: ``torch.stack(maps).sum(0)``."""
    stack, joined = (items[0], items[1]) if len(items) > 1 else (None, None)
    if not isinstance(stack, Call) or not isinstance(joined, Call) or stack.name != "stack":
        return None
    name = {"sum": "add", "mean": "add", "amax": "maximum", "max": "maximum"}.get(joined.name)
    whole = stack.outputs[0] if stack.outputs else None
    axes = [call.args[1] if len(call.args) > 1 else call.kwargs.get("dim", default)
            for call, default in ((stack, 0), (joined, None))]  # fmt: skip
    maps = stack.args[0] if stack.args else None
    if (
        name is None
        or whole is None
        or joined.args[:1] != (whole,)
        or uses[whole] != 1
        or any(uses[each] for each in joined.outputs[1:])
    ):
        return None
    if axes[0] != 0 or axes[1] not in (0, [0], (0,)) or len(joined.args) > 2 or set(joined.kwargs) - {"dim"}:
        return None
    if not isinstance(maps, list | tuple) or len(maps) < 2 or not all(isinstance(each, Value) for each in maps):
        return None
    made: list[Call] = []
    total = maps[0]
    for index, each in enumerate(maps[1:], 2):
        last = index == len(maps) and joined.name != "mean"
        result = joined.outputs[0] if last else Value(each.shape, dtype=each.dtype)
        made.append(Call(name, (total, each), {}, (result,), place=joined.place))
        total = result
    if joined.name == "mean":
        made.append(Call("div", (total, len(maps)), {}, joined.outputs[:1], place=joined.place))
    return made, 2


def _generalised(items: Sequence[Item], uses: Counter[Value]) -> tuple[Call, int] | None:
    """A generalised mean with a learned exponent: bounded, raised to it, averaged, and its root."""
    calls = [one(item) for item in items]
    if len(calls) < 5 or any(call is None or not call.outputs for call in calls):
        return None
    bound, power, mean, inverse, root = (call for call in calls if call is not None)
    exponent = operands(power)[1] if power.name == "pow" and len(operands(power)) == 2 else None
    given = dict(zip(("input", "min", "max"), bound.args, strict=False)) | bound.kwargs
    if bound.name not in ("clamp", "clip", "clamp_min") or given.get("max") is not None or root.name != "pow":
        return None
    if not isinstance(exponent, Value) or not exponent.weight or type(given.get("min")) not in (int, float):
        return None
    chain = (power.args[0], mean.args[0], root.args[0])
    if chain != (bound.outputs[0], power.outputs[0], mean.outputs[0]) or any(uses[value] != 1 for value in chain):
        return None
    size = mean.args[1:2] or tuple(v for k, v in mean.kwargs.items() if k in ("dim", "kernel_size", "output_size"))
    sides = mean.args[0].shape[2:]
    whole = {"avg_pool2d": sides, "adaptive_avg_pool2d": (1, 1), "mean": (2, 3)}.get(mean.name)
    found = size[0] if size else None
    found = (found, found) if type(found) is int else tuple(found or ())
    found = tuple(axis % 4 for axis in found) if mean.name == "mean" else found
    if whole is None or found != tuple(whole) or mean.outputs[0].shape[2:] != (1, 1):
        return None
    ones = [value for value in operands(inverse) if type(value) in (int, float)]
    over = inverse.name in ("div", "rdiv", "true_divide", "reciprocal") and exponent in inverse.args
    if not over or ones not in ([1], []) or operands(root) != (mean.outputs[0], inverse.outputs[0]):
        return None
    by = "avg_pool2d" if mean.name == "avg_pool2d" else "mean"
    x = bound.args[0]
    return Call("gem", (x, exponent), {"eps": given["min"], "by": by}, root.outputs, place=root.place), 5
