"""Formulas that exporters write out operator by operator, as the one operator that they are: GELU by ``erf``, Swish,
Mish, the hard ones by bounds, layer normalisation by means. The file itself stays as it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

DEPTH = 6
"""Products within products."""
CLOSE = 1e-5
"""By how much of it a constant may be off, written with 32 bits."""


def written_short(graph: Any) -> list[Any]:
    """The operators of ``graph`` in order, formulas as one operator each."""
    formulas = _Formulas(graph)
    nodes = [formulas.short(node) for node in graph.node]
    wanted = {item.name for item in graph.output}
    kept: list[Any] = []
    for node in reversed(nodes):
        if any(name in wanted for name in node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


class _Formulas:
    def __init__(self, graph: Any) -> None:
        self.maker = {name: node for node in graph.node for name in node.output}
        self.uses = Counter(name for node in graph.node for name in node.input)
        self.uses.update(item.name for item in graph.output)
        self.tensors = {tensor.name: tensor for tensor in graph.initializer if math.prod(tensor.dims) <= 4}
        for node in graph.node:
            value = next((item.t for item in node.attribute if item.name == "value"), None)
            if node.op_type.lower() == "constant" and value is not None and node.output and math.prod(value.dims) <= 4:
                self.tensors[node.output[0]] = value

    def short(self, node: Any) -> Any:
        """``node``, or the operator that the formula is of which it is the last step."""
        found: tuple[str, Sequence[str], dict[str, Any]] | None = None
        if node.op_type.lower() in ("mul", "div") and len(node.input) == 2:
            found = self._product(node)
        elif node.op_type.lower() == "add" and len(node.input) == 2:
            found = self._layer_norm(node)
        if found is None:
            return node
        from onnx import helper

        kind, inputs, attributes = found
        made = helper.make_node(kind, list(inputs), [node.output[0]], name=node.name, **attributes)
        made.metadata_props.extend(node.metadata_props)
        return made

    # Products

    def _product(self, node: Any) -> tuple[str, Sequence[str], dict[str, Any]] | None:
        names, factor = self._factors(node.output[0], True)
        if len(names) == 1 and _near(factor, 1 / 6):
            inside = self._six(names[0])
            return ("hardsigmoid", [inside], {"alpha": 1 / 6, "beta": 0.5}) if inside else None
        if len(names) != 2:
            return None
        for x, other in (names, names[::-1]):
            if _near(factor, 0.5) and self._erf(other) == x:
                return "gelu", [x], {}
            if _near(factor, 1 / 6) and self._six(other) == x:
                return "hardswish", [x], {}
            if _near(factor, 1.0):
                gate = self._once(other, "hardsigmoid")
                if gate is not None and gate.input[0] == x and _hard(gate):
                    return "hardswish", [x], {}
                gate = self._once(other, "sigmoid")
                if gate is not None and gate.input[0] == x:
                    return "silu", [x], {}
                bent = self._once(other, "tanh")
                soft = self._once(bent.input[0], "softplus") if bent is not None else None
                if soft is not None and soft.input[0] == x:
                    return "mish", [x], {}
        return None

    def _factors(self, name: str, first: bool = False, depth: int = 0) -> tuple[list[str], float]:
        """What a product is of: tensors, and a number for all constants."""
        number = self._number(name)
        if number is not None:
            return [], number
        node = self.maker.get(name)
        if node is not None and len(node.input) == 2 and depth < DEPTH and (first or self.uses[name] == 1):
            if node.op_type.lower() == "mul":
                (one, a), (other, b) = (self._factors(each, depth=depth + 1) for each in node.input)
                return one + other, a * b
            below = self._number(node.input[1]) if node.op_type.lower() == "div" else None
            if below:
                names, above = self._factors(node.input[0], depth=depth + 1)
                return names, above / below
        return [name], 1.0

    def _erf(self, name: str) -> str:
        """``x`` of ``1 + erf(x / √2)``."""
        inside = self._plus(name, 1.0)
        curve = self._once(inside, "erf")
        names, factor = self._factors(curve.input[0]) if curve is not None else ([], 0.0)
        return names[0] if len(names) == 1 and _near(factor, math.sqrt(0.5)) else ""

    def _six(self, name: str) -> str:
        """``x`` of ``clip(x + 3, 0, 6)``."""
        clip = self._once(name, "clip")
        if clip is None:
            return ""
        given = {item.name: item.f for item in clip.attribute}
        ends = [self._number(each) for each in clip.input[1:3]] or [given.get("min"), given.get("max")]
        return self._plus(clip.input[0], 3.0) if ends == [0.0, 6.0] else ""

    def _plus(self, name: str, number: float) -> str:
        """``x`` of ``x + number``."""
        node = self._once(name, "add")
        if node is None or len(node.input) != 2:
            return ""
        for one, other in (node.input, node.input[::-1]):
            if self._number(other) == number:
                return str(one)
        return ""

    # Normalisation over the last axis

    def _layer_norm(self, node: Any) -> tuple[str, Sequence[str], dict[str, Any]] | None:
        for scaled, bias in _orders(node):
            product = self._once(scaled, "mul")
            for ratio, weight in _orders(product):
                divided = self._once(ratio, "div")
                if divided is None or self.maker.get(weight) is not None or self.maker.get(bias) is not None:
                    continue
                apart, spread = divided.input
                root = self._once(spread, "sqrt")
                added = self._once(root.input[0], "add") if root is not None else None
                for variance, eps in _orders(added):
                    number = self._number(eps)
                    square = self._mean(variance)
                    x = self._deviation(apart)
                    if number is not None and x and self._square(square) == apart:
                        return "layernormalization", [x, weight, bias], {"epsilon": number, "axis": -1}
        return None

    def _mean(self, name: str) -> str:
        """What the mean over the last axis is of."""
        node = self.maker.get(name)
        if node is None or node.op_type.lower() != "reducemean":
            return ""
        given = {item.name: item for item in node.attribute}
        axes = list(given["axes"].ints) if "axes" in given else []
        if len(node.input) > 1:
            axes = self._numbers(node.input[1])
        kept = given["keepdims"].i if "keepdims" in given else 1
        return str(node.input[0]) if axes == [-1] and kept else ""

    def _deviation(self, name: str) -> str:
        """``x`` of ``x - mean(x)``."""
        node = self.maker.get(name)
        if node is None or node.op_type.lower() != "sub":
            return ""
        return str(node.input[0]) if self._mean(node.input[1]) == node.input[0] else ""

    def _square(self, name: str) -> str:
        node = self.maker.get(name)
        if node is None or len(node.input) != 2:
            return ""
        twice = node.op_type.lower() == "mul" and node.input[0] == node.input[1]
        power = node.op_type.lower() == "pow" and self._number(node.input[1]) == 2.0
        return str(node.input[0]) if twice or power else ""

    # Constants

    def _once(self, name: str, kind: str) -> Any:
        node = self.maker.get(name)
        return node if node is not None and node.op_type.lower() == kind and self.uses[name] == 1 else None

    def _numbers(self, name: str) -> list[float]:
        from onnx import numpy_helper

        if name not in self.tensors:
            return []
        try:
            return [float(value) for value in numpy_helper.to_array(self.tensors[name]).flatten()]
        except (ValueError, TypeError):
            return []

    def _number(self, name: str) -> float | None:
        found = self._numbers(name)
        return found[0] if len(found) == 1 else None


def _orders(node: Any) -> Iterator[tuple[str, str]]:
    """Both inputs of an operator in either order; none for what is no operator of two."""
    if node is not None and len(node.input) == 2:
        yield node.input[0], node.input[1]
        yield node.input[1], node.input[0]


def _near(number: float, wanted: float) -> bool:
    return abs(number - wanted) <= CLOSE * wanted


def _hard(node: Any) -> bool:
    """Whether a hard sigmoid is that of torch, which rises by a sixth."""
    given = {item.name: item.f for item in node.attribute}
    return _near(given.get("alpha", 0.2), 1 / 6) and _near(given.get("beta", 0.5), 0.5)
