"""What factorising a convolution saves, counted by the block types themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from blockstudio.blocks.convolution import Conv2d
from blockstudio.report.table import Table
from blockstudio.text import say

_Layer: TypeAlias = tuple[tuple[int, int], int, int]
"""Kernel, channels in and out."""


@dataclass(frozen=True, slots=True)
class Factorisation:
    """A stack of layers that stands for another one, with the weights of both (without biases; at stride 1 the MACs
    are in the same proportion)."""

    layer: str
    weights: int
    parts: str
    parts_weights: int

    @property
    def change(self) -> float:
        """−0.28 for 28 % fewer."""
        return self.parts_weights / self.weights - 1

    @property
    def change_text(self) -> str:
        return f"{100 * self.change:+.0f} %".replace("-", "−")


def factorisations(channels: int = 64) -> tuple[Factorisation, ...]:
    """Those of "Rethinking the Inception Architecture" (arXiv 1512.00567, sections 3.1 and 3.2) with ``channels`` in
    and out of each layer, on which the proportion does not depend; then the two residual blocks on 256 channels of
    "Deep Residual Learning" (arXiv 1512.03385, figure 5)."""

    def one(layer: str, kernel: tuple[int, int], parts: str, *kernels: tuple[int, int]) -> Factorisation:
        whole = _weights((kernel, channels, channels))
        return Factorisation(layer, whole, parts, _weights(*((part, channels, channels) for part in kernels)))

    three = ((3, 3), 256, 256)
    return (
        one("5×5", (5, 5), say("two 3×3"), (3, 3), (3, 3)),
        one("7×7", (7, 7), say("three 3×3"), (3, 3), (3, 3), (3, 3)),
        one("3×3", (3, 3), say("two 2×2"), (2, 2), (2, 2)),
        one("3×3", (3, 3), say("1×3 and 3×1"), (1, 3), (3, 1)),
        one("7×7", (7, 7), say("1×7 and 7×1"), (1, 7), (7, 1)),
        Factorisation(
            say("basic block on 256"),
            _weights(three, three),
            say("bottleneck on 256"),
            _weights(((1, 1), 256, 64), ((3, 3), 64, 64), ((1, 1), 64, 256)),
        ),
    )


def factorisation_table(channels: int = 64) -> Table:
    """A row for each of `factorisations`."""
    rows = [
        (each.layer, f"{each.weights:,}", each.parts, f"{each.parts_weights:,}", each.change_text)
        for each in factorisations(channels)
    ]
    return Table((say("layer"), say("weights"), say("in its place"), say("weights"), say("change")), rows, " r rr")


def _weights(*layers: _Layer) -> int:
    conv = Conv2d()
    return sum(
        conv.count({"kernel_size": kernel, "groups": 1, "out_channels": out, "bias": False}, [(channels, 1, 1)])
        for kernel, channels, out in layers
    )
