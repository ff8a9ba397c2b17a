"""Operations that ONNX's exporter gets wrong or cannot say, put in terms of such as it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.export import ExportedProgram

aten = torch.ops.aten
NOTHING, HARDLY = 1.1e-8, 1.1e-5
"""How far from 0, and from 1, the exporter's clean-up takes a number for it (1e-8, 1e-5), and a little more."""
AVERAGE, TRANSPOSED = aten.avg_pool2d.default, aten.conv_transpose2d.input


def sayable(program: ExportedProgram) -> ExportedProgram:
    """``program`` without averages by a divisor of their own, which the exporter would leave out, and transposed
    convolutions that add more pixels than they stride, which ONNX's runtime refuses."""
    table = {
        kind: rewritten
        for kind, (rewritten, wanted) in _REWRITTEN.items()
        if any(node.target is kind and wanted(node) for node in program.graph.nodes)
    }
    rewritten_program: ExportedProgram = program.run_decompositions(table) if table else program
    return rewritten_program


def mistakable(program: ExportedProgram) -> bool:
    """Whether a number in it is so close to 0 or 1, and neither, that the exporter's clean-up, which leaves out
    ``x + 0`` and ``x * 1``, takes it for that: ``log(x + 1e-9)`` would be that of zero."""
    written = [number for node in program.graph.nodes for number in (*node.args, *node.kwargs.values())]
    kept = [*program.state_dict.values(), *program.constants.values()]
    held = [each.item() for each in kept if isinstance(each, Tensor) and each.numel() == 1]
    return any(
        0 < abs(number) <= NOTHING or 0 < abs(number - 1) <= HARDLY
        for number in (*written, *held)
        if isinstance(number, float)
    )


def _divided(node: Any) -> bool:
    return bool(_argument(node, 6, "divisor_override"))


def _overfull(node: Any) -> bool:
    added, stride = _argument(node, 5, "output_padding"), _argument(node, 3, "stride")
    return added is not None and max(_pair(added)) >= min(_pair(stride or [1]))


def _argument(node: Any, place: int, name: str) -> Any:
    return node.args[place] if len(node.args) > place else node.kwargs.get(name)


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
    mean = AVERAGE(padded, kernel, stride, [0, 0], False, True)
    return aten.mul.Tensor(mean, kernel[0] * kernel[1] / divisor)


def _transposed(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    added: Sequence[int] = (0,),
    groups: int = 1,
    dilation: Sequence[int] = (1,),
) -> Any:
    """``conv_transpose2d``: the whole result, cut and extended to what padding and added pixels leave of it."""
    if all(more < step for more, step in zip(_pair(added), _pair(stride), strict=True)):
        return NotImplemented
    whole = TRANSPOSED(x, weight, None, stride, [0, 0], [0, 0], groups, dilation)
    pads: list[int] = []
    for margin, more in reversed(list(zip(_pair(padding), _pair(added), strict=True))):
        pads += [-margin, more - margin]
    cut = aten.constant_pad_nd.default(whole, pads)
    return cut if bias is None else aten.add.Tensor(cut, aten.view.default(bias, [1, -1, 1, 1]))


def _overhang(side: int, window: int, step: int, margin: int) -> int:
    """Pixels by which the last window of `ceil_mode` hangs over; PyTorch drops one that begins outside the map."""
    count = -(-(side + 2 * margin - window) // step) + 1
    if (count - 1) * step >= side + margin:
        count -= 1
    return max(0, (count - 1) * step + window - side - 2 * margin)


def _pair(values: Sequence[int]) -> list[int]:
    return [int(values[0]), int(values[-1])]


_REWRITTEN: dict[Any, tuple[Callable[..., Any], Callable[[Any], bool]]] = {
    AVERAGE: (_average, _divided),
    TRANSPOSED: (_transposed, _overfull),
}
"""By operation: what stands in its place, and for which of its nodes."""
