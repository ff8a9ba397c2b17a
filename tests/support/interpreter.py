"""A second opinion: the network computed block by block from the graph itself, without any emitted source.

Nothing here is shared with the compiler or the analysis but the document and its expressions. Blocks are torch's
functions called with the block's parameters; weights are looked up by block path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blockstudio.blocks import CATALOGUE, Value
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Block, Diagram, port_order
from blockstudio.graph.expressions import parse
from blockstudio.graph.resolve import resolve

Values: TypeAlias = Mapping[str, Any]


@dataclass(slots=True)
class Result:
    """What a network gives by this reading of it."""

    outputs: dict[str, Tensor]
    """By the name of the Output block."""
    auxiliary: dict[str, Tensor]
    keys: set[str] = field(default_factory=set)
    """State-dict keys that were read."""


def interpret(
    diagram: Diagram, weights: Mapping[str, Tensor], inputs: Sequence[Tensor], *, training: bool = False
) -> Result:
    """Run ``inputs`` ``(N, C, H, W)``, one for each Input block of the main graph, through the graph.

    With ``training``, batch normalisation uses the batch's own statistics, dropout must be 0, and auxiliary outputs
    are computed too.
    """
    return _Interpreter(diagram, weights, training).main(inputs)


def verify(diagram: Diagram, model: nn.Module, inputs: Sequence[Tensor], tolerance: float = 0.0) -> None:
    """Compare ``model`` in evaluation mode with the interpretation of ``diagram`` on ``inputs``.

    Raises `StudioError` ``compile.verify`` if keys or outputs differ by more than ``tolerance``, relative to the
    largest value.
    """
    was_training = model.training
    model.eval()
    weights = model.state_dict()
    try:
        with torch.no_grad():
            found = model(*inputs)
            wanted = interpret(diagram, weights, inputs).outputs
    finally:
        model.train(was_training)
    tensors = [found] if isinstance(found, Tensor) else list(found)
    for (name, other), tensor in zip(wanted.items(), tensors, strict=True):
        if tensor.shape != other.shape:
            raise StudioError(
                "compile.verify", f"expected {tuple(other.shape)}, found {tuple(tensor.shape)}.", where=name
            )
        error = float((tensor - other).abs().max()) if other.numel() else 0.0
        if error > tolerance * max(1.0, float(other.abs().max())):
            raise StudioError("compile.verify", f"differs from the graph's own reading by {error:.3g}.", where=name)


class _Interpreter:
    def __init__(self, diagram: Diagram, weights: Mapping[str, Tensor], training: bool) -> None:
        self.diagram = diagram
        self.weights = weights
        self.training = training
        self.keys: set[str] = set()

    def main(self, inputs: Sequence[Tensor]) -> Result:
        definition = self.diagram.main
        values = resolve(definition.parameters, {}, {})
        given = dict(zip(definition.of_type("Input"), inputs, strict=True))
        seen: dict[tuple[str, str], Tensor] = {}
        outputs = {name: self._read(MAIN, values, "", given, seen, name, 0) for name in definition.of_type("Output")}
        auxiliary: dict[str, Tensor] = {}
        for name in definition.of_type("AuxOutput"):
            if self.training and not self._off(definition.block(name), values):
                auxiliary[name] = self._read(MAIN, values, "", given, seen, name, 0)
        return Result(outputs, auxiliary, self.keys)

    def _ports(self, scope: str, name: str) -> list[tuple[str, str]]:
        """Who is wired into each input of a block, in order."""
        definition = self.diagram.definition(scope)
        kind = definition.block(name).type
        found = {port: (source, out) for source, _, (out, port) in definition.graph.in_edges(name, keys=True)}
        if kind in self.diagram.modules:
            return [found[port] for port in self.diagram.modules[kind].of_type("Input")]
        return [found[port] for port in sorted(found, key=port_order)]

    def _read(
        self,
        scope: str,
        values: Values,
        path: str,
        given: Mapping[str, Tensor],
        seen: dict[tuple[str, str], Tensor],
        name: str,
        index: int,
    ) -> Tensor:
        """The tensor at an input of a block, computed when it is asked for; the wires are walked with a stack, since
        graphs may be deeper than Python's calls."""
        start = self._ports(scope, name)[index]
        waiting = [start]
        definition = self.diagram.definition(scope)
        while waiting:
            source, port = waiting[-1]
            if (source, port) in seen:
                waiting.pop()
                continue
            block = definition.block(source)
            if block.type == "Input":
                seen[source, port] = given[source]
                continue
            sources = self._ports(scope, source)
            off = block.repeat is None and self._off(block, values)
            needed = sources[:1] if off else sources
            missing = [item for item in needed if item not in seen]
            if missing:
                waiting += reversed(missing)
                continue
            tensors = [seen[item] for item in needed]
            outputs = self._ports_of(block)
            made = [tensors[0]] * len(outputs) if off else self._run(values, f"{path}{source}", block, tensors)
            seen |= {(source, out): tensor for out, tensor in zip(outputs, made, strict=True)}
        return seen[start]

    def _ports_of(self, block: Block) -> Sequence[str]:
        if block.type in CATALOGUE:
            return CATALOGUE[block.type].outputs
        return self.diagram.modules[block.type].of_type("Output")

    def _off(self, block: Block, values: Values) -> bool:
        return bool(parse(block.bypass).evaluate(values)) if isinstance(block.bypass, str) else block.bypass

    def _run(self, values: Values, path: str, block: Block, tensors: list[Tensor]) -> list[Tensor]:
        if block.repeat is None:
            return self._once(values, path, block, tensors)
        count = parse(block.repeat).evaluate(values) if isinstance(block.repeat, str) else block.repeat
        assert isinstance(count, int)
        for index in range(count):
            scope = {**values, "i": index}
            if not self._off(block, scope):
                tensors = self._once(scope, f"{path}.{index}", block, tensors)
        return tensors

    def _once(self, values: Values, path: str, block: Block, tensors: list[Tensor]) -> list[Tensor]:
        resolved = resolve(self.diagram.declared(block.type), block.parameters, values)
        if block.type in CATALOGUE:
            return [self._leaf(path, block.type, resolved, tensors)]
        definition = self.diagram.modules[block.type]
        ports = definition.of_type("Input")
        inner: dict[str, Value] = dict(resolved)
        for index, (port, tensor) in enumerate(zip(ports, tensors, strict=True)):
            inner["in_channels" if index == 0 else f"in_channels_{port}"] = tensor.shape[1]
        given = dict(zip(ports, tensors, strict=True))
        seen: dict[tuple[str, str], Tensor] = {}
        ends = definition.of_type("Output")
        return [self._read(block.type, inner, f"{path}.", given, seen, end, 0) for end in ends]

    def _weight(self, path: str, name: str) -> Tensor:
        key = f"{path}.{name}"
        self.keys.add(key)
        return self.weights[key]

    def _leaf(self, path: str, kind: str, p: Values, tensors: list[Tensor]) -> Tensor:
        x = tensors[0]
        if len(tensors) == 1 and CATALOGUE[kind].variadic:
            return x
        if kind in _PLAIN:
            return _PLAIN[kind](p, tensors)
        match kind:
            case "Conv2d" | "DepthwiseConv2d":
                kernel = self._weight(path, "weight")
                shift = self._weight(path, "bias") if p["bias"] else None
                groups = p["groups"] if kind == "Conv2d" else x.shape[1]
                padded = F.pad(x, _sides(p, x))
                return F.conv2d(padded, kernel, shift, p["stride"], 0, p["dilation"], groups)
            case "Linear":
                return F.linear(x, self._weight(path, "weight"), self._weight(path, "bias") if p["bias"] else None)
            case "PReLU":
                return F.prelu(x, self._weight(path, "weight"))
            case "BatchNorm2d":
                weight = self._weight(path, "weight") if p["affine"] == "full" else None
                bias = self._weight(path, "bias") if p["affine"] != "none" else None
                self._weight(path, "num_batches_tracked")
                mean, variance = self._weight(path, "running_mean"), self._weight(path, "running_var")
                if self.training:
                    return F.batch_norm(x, None, None, weight, bias, True, p["momentum"], p["eps"])
                return F.batch_norm(x, mean, variance, weight, bias, False, p["momentum"], p["eps"])
            case "Dropout":
                if self.training and p["p"]:
                    raise StudioError("compile.verify", "dropout is random while training.", where=path)
                return x
        raise StudioError("compile.verify", f"there is no second reading of {kind}.", where=path)


def _sides(p: Values, x: Tensor) -> list[int]:
    """Padding (left, right, top, bottom)."""
    padding = p["padding"]
    if not isinstance(padding, str):
        top, bottom, left, right = padding
        return [left, right, top, bottom]
    sides: list[int] = []
    dilation = p.get("dilation", (1, 1))
    for axis in (1, 0):
        size, kernel, stride = x.shape[2 + axis], p["kernel_size"][axis], p["stride"][axis]
        reach = dilation[axis] * (kernel - 1)
        if padding == "same_tf":
            outputs = (size + stride - 1) // stride
            reach = max((outputs - 1) * stride + reach + 1 - size, 0)
        sides += [reach // 2, reach - reach // 2]
    return sides


def _max_pool(p: Values, tensors: list[Tensor]) -> Tensor:
    x = tensors[0]
    kernel, stride, ceil = p["kernel_size"], p["stride"], p["ceil_mode"]
    left, right, top, bottom = _sides(p, x)
    if top == bottom <= kernel[0] // 2 and left == right <= kernel[1] // 2:
        return F.max_pool2d(x, kernel, stride, (top, left), p["dilation"], ceil)
    padded = F.pad(x, (left, right, top, bottom), value=float("-inf"))
    return F.max_pool2d(padded, kernel, stride, 0, p["dilation"], ceil and not isinstance(p["padding"], str))


def _avg_pool(p: Values, tensors: list[Tensor]) -> Tensor:
    x = tensors[0]
    kernel, stride, ceil = p["kernel_size"], p["stride"], p["ceil_mode"]
    left, right, top, bottom = _sides(p, x)
    counted, divisor = p["count_include_pad"], p["divisor_override"] or None
    if top == bottom <= kernel[0] // 2 and left == right <= kernel[1] // 2 and p["padding"] != "same_tf":
        return F.avg_pool2d(x, kernel, stride, (top, left), ceil, counted, divisor)
    ceil = ceil and not isinstance(p["padding"], str)
    pads = (left, right, top, bottom)
    mean = F.avg_pool2d(F.pad(x, pads), kernel, stride, 0, ceil, True, divisor)
    if counted or divisor:
        return mean
    return mean / F.avg_pool2d(F.pad(torch.ones_like(x), pads), kernel, stride, 0, ceil, True)


def _shortcut(p: Values, tensors: list[Tensor]) -> Tensor:
    x = tensors[0]
    down, right = p["stride"]
    picked = x[:, :, ::down, ::right]
    more = p["out_channels"] - x.shape[1]
    before = more // 2 if p["zeros"] == "both" else 0
    zeros = [picked.new_zeros(picked.shape[0], count, *picked.shape[2:]) for count in (before, more - before)]
    return torch.cat([zeros[0], picked, zeros[1]], dim=1)


def _sum(tensors: list[Tensor]) -> Tensor:
    result = tensors[0]
    for tensor in tensors[1:]:
        result = result + tensor
    return result


def _product(tensors: list[Tensor]) -> Tensor:
    result = tensors[0]
    for tensor in tensors[1:]:
        result = result * tensor
    return result


_PLAIN: dict[str, Callable[[Values, list[Tensor]], Tensor]] = {
    "Add": lambda p, t: _sum(t),
    "AdaptiveAvgPool2d": lambda p, t: F.adaptive_avg_pool2d(t[0], p["output_size"]),
    "AvgPool2d": _avg_pool,
    "Concat": lambda p, t: torch.cat(t, dim=1),
    "ELU": lambda p, t: F.elu(t[0], p["alpha"]),
    "Flatten": lambda p, t: t[0].flatten(1),
    "GELU": lambda p, t: F.gelu(t[0], approximate=p.get("approximate", "none")),
    "GlobalAvgPool": lambda p, t: F.adaptive_avg_pool2d(t[0], 1),
    "Hardsigmoid": lambda p, t: F.hardsigmoid(t[0]),
    "Hardswish": lambda p, t: F.hardswish(t[0]),
    "Identity": lambda p, t: t[0],
    "LeakyReLU": lambda p, t: F.leaky_relu(t[0], p["negative_slope"]),
    "LocalResponseNorm": lambda p, t: F.local_response_norm(t[0], p["size"], p["alpha"], p["beta"], p["k"]),
    "MaxPool2d": _max_pool,
    "Multiply": lambda p, t: _product(t),
    "ReLU": lambda p, t: F.relu(t[0]),
    "ReLU6": lambda p, t: F.relu6(t[0]),
    "Scale": lambda p, t: t[0] * p["factor"],
    "ShortcutA": _shortcut,
    "SiLU": lambda p, t: F.silu(t[0]),
    "Sigmoid": lambda p, t: torch.sigmoid(t[0]),
    "Softmax": lambda p, t: torch.softmax(t[0], dim=1),
    "Tanh": lambda p, t: torch.tanh(t[0]),
    "ZeroPad2d": lambda p, t: F.pad(t[0], _sides(p, t[0])),
}
"""Blocks without weights, by type: parameters and input tensors to output tensor."""
