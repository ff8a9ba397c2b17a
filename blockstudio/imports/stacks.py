"""Maps that a network stacks along an axis of their own, ``(N, G, C, H, W)``: the diagram joins their channels,
``(N, G * C, H, W)``, and the calls that work on such a stack become blocks of that one map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blockstudio.imports.nodes import values_in
from blockstudio.imports.reading import Held
from blockstudio.imports.trace import Call, Value


@dataclass(frozen=True, slots=True)
class Step:
    """What a call is to a diagram that has no stacks."""

    held: Held
    """What comes out; of a call that is a block, only how large its stack is."""
    call: Call | None = None
    """The same on one map; ``None`` where nothing but the view changes."""
    known: Mapping[Value, Held] = field(default_factory=dict)
    """What its tensors are, none of them a stack."""
    alike: bool = False
    """It has to work value by value."""


def step(call: Call, known: Mapping[Value, Held]) -> Step | None:
    """What ``call`` is, if a stack goes into it or comes out of it; ``None`` for any other."""
    tensors = [value for value in values_in((call.args, call.kwargs)) if value in known]
    if not tensors or any(known[value].last or known[value].row for value in tensors):
        return None
    given = call.kwargs | dict(zip(_ARGUMENTS.get(call.name, ("input",)), call.args, strict=False))
    groups = {known[value].stack for value in tensors}
    output = call.outputs[0]
    if call.name == "stack" and groups == {1}:
        return _stack(call, known, tensors, given, len(tensors))
    if call.name == "cat" and all(len(value.shape) == 5 for value in tensors):
        return _stack(call, known, tensors, given, output.shape[1])
    if call.name in ("view", "reshape", "unflatten", "flatten", "unsqueeze", "squeeze") and len(tensors) == 1:
        return _view(known[tensors[0]], tensors[0], output)
    if groups == {1}:
        return None
    held = known[tensors[0]]
    if call.name == "transpose" and _is_split(tensors[0].shape, held):
        turned = set(call.args[1:3]) == {1, 2} and output.shape[1] == held.stack
        return Step(Held(held.source, held.shape, stack=held.stack)) if turned else None
    flat = {value: Held(known[value].source, known[value].shape) for value in tensors}
    if call.name in ("sum", "softmax") and len(tensors) == 1:
        axis = given.get("dim")
        axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
        if tensors[0].shape[1] != held.stack:
            return None
        if axis not in (1, 1 - len(tensors[0].shape)) or given.get("keepdim") or given.get("dtype"):
            return None
        size = held.shape[0] // held.stack if call.name == "sum" else held.shape[0]
        merged = Value((output.shape[0], size, *held.shape[1:]))
        name = "group_sum" if call.name == "sum" else "group_softmax"
        left = 1 if call.name == "sum" else held.stack
        return Step(Held(None, (), stack=left), Call(name, (tensors[0], held.stack), {}, (merged,)), flat)
    if len(groups) == 1 and len(call.outputs) == 1 and len(output.shape) == 5 and output.shape[1] == held.stack:
        merged = _merged(output)
        same = Call(call.name, call.args, call.kwargs, (merged,), call.macs, call.place)
        return Step(Held(None, (), stack=held.stack), same, flat, alike=True)
    return None


_ARGUMENTS = {
    "sum": ("input", "dim", "keepdim"), "softmax": ("input", "dim"), "stack": ("tensors", "dim"),
    "cat": ("tensors", "dim"),
}  # fmt: skip


def _stack(
    call: Call, known: Mapping[Value, Held], tensors: list[Value], given: Mapping[str, Any], count: int
) -> Step | None:
    output = call.outputs[0]
    if given.get("dim", 0) not in (1, 1 - len(output.shape)) or len(output.shape) != 5:
        return None
    if sum(known[value].shape[0] for value in tensors) != output.shape[1] * output.shape[2]:
        return None
    flat = {value: Held(known[value].source, known[value].shape) for value in tensors}
    joined = Call("cat", (list(given["tensors"]), 1), {}, (_merged(output),))
    return Step(Held(None, (), stack=count), joined, flat)


def _view(held: Held, value: Value, output: Value) -> Step | None:
    """A map seen as a stack, or a stack as a map again."""
    before, after = value.shape, output.shape
    if len(held.shape) != 3 or before[0] != after[0]:
        return None
    if before == after and held.stack == 1:
        return Step(held)
    if held.shape[1:] == (1, 1):  # Split attention: one value a channel, (N, 1, G, C) on the way to (N, G, 1, C).
        channels = held.shape[0]
        if len(before) == len(after) == 4 and held.stack == 1 and after[1] == 1 and after[2:] != (1, 1):
            return Step(Held(held.source, held.shape, stack=after[2])) if after[2] * after[3] == channels else None
        flat = (before[0], channels)
        if len(before) == 4 and held.stack > 1 and before[1] == held.stack and after in (flat, (*flat, 1, 1)):
            return Step(Held(held.source, held.shape))
        if before == (before[0], channels) and after == (before[0], channels, 1, 1):
            return Step(Held(held.source, held.shape))
        if before == (before[0], channels) and len(after) == 5 and after[1] * after[2] == channels:
            return Step(Held(held.source, held.shape, stack=after[1])) if after[3:] == (1, 1) else None
    groups = after[1] if len(after) == 5 else 1
    whole = (after[1] * after[2], *after[3:]) if len(after) == 5 else tuple(after[1:])
    if {len(before), len(after)} not in ({4, 5}, {5}) or whole != held.shape:
        return None
    return Step(Held(held.source, held.shape, stack=groups))


def _is_split(shape: tuple[int, ...], held: Held) -> bool:
    """Whether a value is ``(N, 1, G, C)`` of a stack of G."""
    return len(shape) == 4 and shape[1:3] == (1, held.stack)


def _merged(output: Value) -> Value:
    batch, groups, channels, *sides = output.shape
    return Value((batch, groups * channels, *sides))
