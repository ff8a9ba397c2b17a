"""Arithmetic of sliding windows, shared by convolution and pooling.

Output size along one axis, as in PyTorch's `Conv2d` and `MaxPool2d`:
``floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1``.
"""

from __future__ import annotations

from collections.abc import Sequence

from blockstudio.blocks.base import Refusal, Resolved, shape_text
from blockstudio.blocks.parameters import Parameter, Value

KERNEL = Parameter(kind="pair", default=3, minimum=1, maximum=1024, help="Window size: k or [height, width].")


def size_text(pair: Value, same: bool = False) -> str:
    """``3×3``; with ``same``, ``2`` for ``(2, 2)``."""
    height, width = pair  # type: ignore[misc]
    return str(height) if same and height == width else f"{height}×{width}"


def pads(p: Resolved, size: Sequence[int]) -> tuple[int, int, int, int]:
    """Padding (top, bottom, left, right) in pixels, with the words worked out for a map of ``size``."""
    padding = p["padding"]
    if not isinstance(padding, str):
        return padding  # type: ignore[return-value]
    sides: list[int] = []
    for axis in (0, 1):
        kernel, stride, dilation = p["kernel_size"][axis], p["stride"][axis], p["dilation"][axis]  # type: ignore[index]
        reach = dilation * (kernel - 1) + 1
        if padding == "same":
            total = reach - 1
        else:
            steps = -(-size[axis] // stride)
            total = max(0, (steps - 1) * stride + reach - size[axis])
        sides += [total // 2, total - total // 2]
    return sides[0], sides[1], sides[2], sides[3]


def conv_size(p: Resolved, size: tuple[int, int]) -> tuple[int, int]:
    """Output (H, W) of a convolution over a map of ``size``. Raises `Refusal` ``shape.kernel`` where the window
    is larger than the padded map, ``shape.same_stride`` for PyTorch's 'same' with a stride."""
    if p["padding"] == "same" and p["stride"] != (1, 1):
        raise Refusal(
            "shape.same_stride",
            f"padding 'same' needs stride 1, found stride {size_text(p['stride'], same=True)}.",
            hint="Use 'same_tf', or give the padding in pixels.",
        )
    top, bottom, left, right = pads(p, size)
    out = []
    for axis, total in ((0, top + bottom), (1, left + right)):
        kernel, stride, dilation = p["kernel_size"][axis], p["stride"][axis], p["dilation"][axis]  # type: ignore[index]
        reach = dilation * (kernel - 1) + 1
        if size[axis] + total < reach:
            raise kernel_refusal(p, size, (top + bottom, left + right))
        out.append((size[axis] + total - reach) // stride + 1)
    return out[0], out[1]


def kernel_refusal(p: Resolved, size: tuple[int, int], total: tuple[int, int]) -> Refusal:
    """The window is larger than the padded map."""
    padded = (size[0] + total[0], size[1] + total[1])
    dilation = p.get("dilation", (1, 1))
    spread = f" with dilation {size_text(dilation, same=True)}" if dilation != (1, 1) else ""
    return Refusal(
        "shape.kernel",
        f"its {size_text(p['kernel_size'])} window{spread} is larger than its input, "
        f"{shape_text(size)} ({shape_text(padded)} with padding).",
        hint="Use a smaller window, more padding, or place it before a reduction.",
    )
