"""From a call to a block: the declarations of the block types say which calls they stand for."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from blockstudio.blocks import CATALOGUE, BlockType, Refusal, Shape, Weight
from blockstudio.blocks import Value as ParameterValue
from blockstudio.errors import StudioError
from blockstudio.imports.trace import Call, Frame, Value


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a tensor on the way."""

    source: Any
    """Who made it."""
    shape: Shape
    """As the diagram has it: without the batch, channels first."""
    last: bool = False
    """The network holds it with its channels last."""
    row: bool = False
    """A vector that the network holds as a sequence, ``(N, 1, C)``."""
    stack: int = 1
    """So many maps that the network holds along an axis of their own, ``(N, stack, C / stack, H, W)``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A call as a block."""

    kind: BlockType
    values: dict[str, ParameterValue]
    inputs: tuple[Held, ...]
    path: str
    """Where its weights are; ``""`` for a block without any."""
    last: bool
    """What comes out has its channels last."""
    row: bool = False
    """What comes out is a sequence."""


@cache
def _readers() -> dict[str, list[tuple[BlockType, inspect.Signature]]]:
    """By the name of a function or class: the types that may stand for it."""
    found: dict[str, list[tuple[BlockType, inspect.Signature]]] = {}
    for kind in CATALOGUE.values():
        for text in kind.calls:
            name, signature = _signature(text)
            found.setdefault(name, []).append((kind, signature))
    return found


def _signature(text: str) -> tuple[str, inspect.Signature]:
    """``"add(input, other, alpha=1)"`` as name and signature."""
    definition = ast.parse(f"def {text}: pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    arguments = definition.args
    defaults = [inspect.Parameter.empty] * (len(arguments.args) - len(arguments.defaults))
    defaults += [ast.literal_eval(value) for value in arguments.defaults]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = [inspect.Parameter(a.arg, kind, default=d) for a, d in zip(arguments.args, defaults, strict=True)]
    if arguments.vararg:
        found.append(inspect.Parameter(arguments.vararg.arg, inspect.Parameter.VAR_POSITIONAL))
    return definition.name, inspect.Signature(found)


def stands_for_class(frame: Frame) -> bool:
    """Whether a block type stands for the frame's module as a whole."""
    return type(frame.module).__name__ in _readers() and len(frame.outputs) == 1


def takes_weights(call: Call) -> bool:
    """Whether a block type that keeps weights in itself may stand for a call."""
    return any("weight" in signature.parameters for _, signature in _readers().get(call.name, ()))


def read_frame(frame: Frame, held: Callable[[Value], Held | None], weight: Callable[[Value], Weight]) -> Reading | None:
    """A module as one block, by its class and attributes."""
    module = frame.module
    attributes = {
        name: getattr(module, name)
        for _, signature in _readers()[type(module).__name__]
        for name in list(signature.parameters)[len(frame.inputs) :]
        if hasattr(module, name)
    }
    weights = {name: Value(tuple(tensor.shape), f"{frame.path}.{name}") for name, tensor in _own(module)}
    call = Call(type(module).__name__, frame.inputs, attributes | weights, frame.outputs)
    return read(call, held, weight)


def _own(module: Any) -> list[tuple[str, Any]]:
    tables = [*module._parameters.items(), *module._buffers.items()]
    return [(name, tensor) for name, tensor in tables if tensor is not None]


def read(call: Call, held: Callable[[Value], Held | None], weight: Callable[[Value], Weight]) -> Reading | None:
    """The block that a call is, if there is one. ``held`` tells what is known of a tensor, ``weight`` what is
    known of a parameter."""
    for kind, signature in _readers().get(call.name, ()):
        try:
            bound = signature.bind(*call.args, **{k: v for k, v in call.kwargs.items() if k in signature.parameters})
        except TypeError:
            continue
        bound.apply_defaults()
        found = _as_block(kind, bound.arguments, call, held, weight)
        if found is not None:
            return found
    return None


def _as_block(
    kind: BlockType,
    arguments: Mapping[str, Any],
    call: Call,
    held: Callable[[Value], Held | None],
    weight: Callable[[Value], Weight],
) -> Reading | None:
    given: dict[str, Any] = {}
    inputs: list[Held] = []
    paths: list[tuple[str, str]] = []
    for name, value in arguments.items():
        given[name] = value
        for item in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(item, Value):
                continue
            if item.weight or item.constant is not None:
                if kind.weighted and not item.weight:
                    return None  # The block would learn what the network holds fixed.
                given[name] = weight(item)
                paths += [(name, item.weight)] if item.weight else []
                continue
            known = held(item)
            if known is None:
                return None
            inputs.append(known)
    if not inputs:
        return None
    last = _axes(kind, inputs)
    path = _path(kind, paths)
    if last is None or path is None:
        return None
    given["last"] = last
    row = any(item.row for item in inputs)
    if kind.along_channels != row and not (kind.elementwise and all(item.row for item in inputs)):
        return None
    output = call.outputs[0]
    shape = output.shape[-1:] if row else canonical(output.shape, last)
    shapes = tuple(item.shape for item in inputs)
    raw = kind.from_call(given, shapes, shape)
    if raw is None:
        return None
    try:
        values = {key: parameter.check(raw.get(key, parameter.default)) for key, parameter in kind.parameters.items()}
        if kind.shape(values, shapes) != shape:
            return None
    except (Refusal, StudioError):
        return None
    return Reading(kind, values, tuple(inputs), path, last, row)


def canonical(shape: Sequence[int], last: bool) -> Shape:
    """Without the batch, channels first."""
    rest = tuple(shape[1:])
    return (rest[-1], *rest[:-1]) if last else rest


def _axes(kind: BlockType, inputs: Sequence[Held]) -> bool | None:
    """Whether what comes out has its channels last; ``None`` if the type does not go with what comes in."""
    maps = {item.last for item in inputs if len(item.shape) > 1}
    if kind.channels_last:
        return True if maps == {True} else False if not maps else None
    if len(maps) > 1 or (maps == {True} and not kind.elementwise):
        return None
    return maps == {True}


def _path(kind: BlockType, paths: Sequence[tuple[str, str]]) -> str | None:
    """The attribute path at which a block has these weights under the names that they have."""
    if kind.is_parameter:
        return paths[0][1] if len(paths) == 1 else None if paths else ""
    found = {path.removesuffix(name).removesuffix(".") if path.endswith(name) else None for name, path in paths}
    return found.pop() if len(found) == 1 else None if found else ""
