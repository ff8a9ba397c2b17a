"""Operations that ONNX's exporter gets wrong or cannot say, put in terms of such as it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.export import ExportedProgram

aten = torch.ops.aten
DIVISOR = 6
"""Which argument of ``avg_pool2d`` the divisor is."""


def sayable(program: ExportedProgram) -> ExportedProgram:
    """``program`` without averages by a divisor of their own: the exporter would leave the divisor out."""
    nodes = (node for node in program.graph.nodes if node.target is aten.avg_pool2d.default)
    if not any(_divisor(node) for node in nodes):
        return program
    return program.run_decompositions({aten.avg_pool2d.default: _average})


def _divisor(node: Any) -> Any:
    return node.args[DIVISOR] if len(node.args) > DIVISOR else node.kwargs.get("divisor_override")


def _average(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil: bool = False,
    counted: bool = True,
    divisor: int | None = None,
) -> Any:
    """``avg_pool2d`` ``(N, C, H, W) -> (N, C, H', W')``: with a divisor the mean over full windows of a padded map,
    times the window's size over the divisor."""
    if not divisor:
        return NotImplemented
    kernel, padding = _pair(kernel), _pair(padding)
    stride = _pair(stride) if stride else kernel
    pads: list[int] = []
    for side, window, step, margin in reversed(list(zip(x.shape[-2:], kernel, stride, padding, strict=True))):
        pads += [margin, margin + _overhang(int(side), window, step, margin) if ceil else margin]
    padded = aten.constant_pad_nd.default(x, pads) if any(pads) else x
    mean = aten.avg_pool2d.default(padded, kernel, stride, [0, 0], False, True)
    return aten.mul.Tensor(mean, kernel[0] * kernel[1] / divisor)


def _overhang(side: int, window: int, step: int, margin: int) -> int:
    """Pixels by which the last window of `ceil_mode` hangs over; PyTorch drops one that begins outside the map."""
    count = -(-(side + 2 * margin - window) // step) + 1
    if (count - 1) * step >= side + margin:
        count -= 1
    return max(0, (count - 1) * step + window - side - 2 * margin)


def _pair(values: Sequence[int]) -> list[int]:
    return [int(values[0]), int(values[-1])]
