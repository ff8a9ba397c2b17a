"""Products with matrices in an ONNX file that are linear layers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Lines:
    """Products with matrices of numbers: what torch calls linear layers."""

    whole: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """By what comes out: what goes in, the matrix, the bias or ``""``."""
    inner: set[str] = field(default_factory=set)
    """Products that a sum with a bias reads."""


def linear_nodes(nodes: Sequence[Any], numbers: Mapping[str, Any], wanted: Collection[str]) -> Lines:
    """The linear layers that operators write as products and sums. ``wanted``: what the network gives."""
    found = Lines()
    uses = Counter(name for node in nodes for name in node.input)
    uses.update(wanted)
    for node in nodes:
        if node.op_type == "MatMul" and len(node.input) == 2 and len(node.output) == 1:
            source, matrix = node.input
            if matrix in numbers and len(numbers[matrix].dims) == 2 and source not in numbers:
                found.whole[node.output[0]] = (source, matrix, "")
        elif node.op_type.lower() == "add" and len(node.input) == 2 and len(node.output) == 1:
            for product, bias in (node.input, reversed(node.input)):
                known = found.whole.get(product)
                if known is None or known[2] or bias not in numbers or uses[product] != 1:
                    continue
                dims, width = list(numbers[bias].dims), numbers[known[1]].dims[1]
                if dims and dims[-1] == math.prod(dims) == width:
                    found.whole[node.output[0]] = (known[0], known[1], bias)
                    del found.whole[product]
                    found.inner.add(product)
                    break
    return found
