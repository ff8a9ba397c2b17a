"""Arithmetic of sliding windows, shared by convolution and pooling.

Output size along one axis, as in PyTorch's `Conv2d` and `MaxPool2d`:
``floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1``.
"""

from __future__ import annotations

from collections.abc import Sequence

from blockstudio.blocks.base import Arguments, Refusal, Resolved, Shape, Window, shape_text
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import items
from blockstudio.text import say

ONE = (1, 1)
NONE = (0, 0, 0, 0)
KERNEL = Parameter(kind="pair", default=3, minimum=1, maximum=1024, help=say("Window size: k or [height, width]."))
STRIDE = Parameter(kind="pair", default=1, minimum=1, maximum=1024, help=say("Step of the window: 2 halves the map."))
DILATION = Parameter(
    kind="pair", default=1, minimum=1, maximum=1024, help=say("Distance between the pixels that the window reads.")
)


def size_text(pair: tuple[int, int], same: bool = False) -> str:
    """``3×3``; with ``same``, ``2`` for ``(2, 2)``."""
    height, width = pair
    return str(height) if same and height == width else f"{height}×{width}"


def window_text(p: Resolved) -> list[str]:
    """The parts of a summary that say how a window moves: ``["/2", "dilation 2", "same"]``."""
    parts = []
    if p["stride"] != ONE:
        parts.append("/" + size_text(p["stride"], same=True))
    if p.get("dilation", ONE) != ONE:
        parts.append("dilation " + size_text(p["dilation"], same=True))
    return parts


def uneven(padding: tuple[int, int, int, int]) -> bool:
    """Whether the sides differ, which PyTorch's own layers do not take."""
    return padding[0] != padding[1] or padding[2] != padding[3]


def padding_text(padding: tuple[int, int, int, int]) -> str:
    """In as few numbers as say it: ``1``, ``(1, 0)``, ``(0, 1, 0, 1)``."""
    top, _, left, _ = padding
    return repr(padding if uneven(padding) else top if top == left else (top, left))


def padding_source(a: Arguments) -> tuple[str, str]:
    """Padding in pixels as keyword argument: its name and its text, ``("", "")`` where it is none. The name is
    ``pads``, of the helper classes with a padding for each side, if it is written so or has to be."""
    value = a.values["padding"]
    written = a.texts.get("padding")
    if written is None and value == NONE:
        return "", ""
    text = written or padding_text(value)
    return "pads" if uneven(value) or len(items(text)) == 4 else "padding", text


def pads(p: Resolved, size: Sequence[int]) -> tuple[int, int, int, int]:
    """Padding (top, bottom, left, right) in pixels, with the words worked out for a map of ``size``."""
    padding: str | tuple[int, int, int, int] = p["padding"]
    if not isinstance(padding, str):
        return padding
    dilations = p.get("dilation", ONE)
    sides: list[int] = []
    for axis in (0, 1):
        reach: int = dilations[axis] * (p["kernel_size"][axis] - 1) + 1
        if padding == "same":
            total = reach - 1
        else:
            stride: int = p["stride"][axis]
            steps = -(-size[axis] // stride)
            total = max(0, (steps - 1) * stride + reach - size[axis])
        sides += [total // 2, total - total // 2]
    return sides[0], sides[1], sides[2], sides[3]


def same_size(p: Resolved, size: tuple[int, int]) -> tuple[int, int]:
    """Output (H, W) where the padding is a word. Raises `Refusal` ``shape.same_stride`` for 'same' with a stride."""
    down, right = p["stride"]
    if p["padding"] == "same" and (down, right) != ONE:
        raise Refusal(
            "shape.same_stride",
            say(
                "padding 'same' needs stride 1, found stride {size_text}.", size_text=size_text(p["stride"], same=True)
            ),
            hint=say("Use 'same_tf', or give the padding in pixels."),
        )
    return -(-size[0] // down), -(-size[1] // right)


def conv_size(p: Resolved, size: tuple[int, int]) -> tuple[int, int]:
    """Output (H, W) of a convolution over a map of ``size``. Raises `Refusal` ``shape.kernel`` where the window
    is larger than the padded map, ``shape.same_stride`` for PyTorch's 'same' with a stride."""
    padding = p["padding"]
    if isinstance(padding, str):
        return same_size(p, size)
    kh, kw = p["kernel_size"]
    sh, sw = p["stride"]
    dh, dw = p["dilation"]
    top, bottom, left, right = padding
    rows: int = size[0] + top + bottom - dh * (kh - 1) - 1
    columns: int = size[1] + left + right - dw * (kw - 1) - 1
    if rows < 0 or columns < 0:
        raise kernel_refusal(p, size, (top + bottom, left + right))
    return rows // sh + 1, columns // sw + 1


def pool_size(p: Resolved, size: tuple[int, int]) -> tuple[int, int]:
    """Output (H, W) of a pooling window over a map of ``size``, with PyTorch's rule for ``ceil_mode``: the last
    window must start inside the map or the padding before it.

    Raises `Refusal` ``shape.kernel``, ``shape.same_stride``, or ``shape.padding`` where a window could lie in
    padding alone: PyTorch allows at most half the window on each side.
    """
    padding = p["padding"]
    if isinstance(padding, str):
        return same_size(p, size)
    kernel, stride, dilation, ceil = p["kernel_size"], p["stride"], p.get("dilation", ONE), p["ceil_mode"]
    top, bottom, left, right = padding
    beforehand = uneven(padding)
    out = []
    for axis, before, after in ((0, top, bottom), (1, left, right)):
        half = kernel[axis] // 2
        if before > half or after > half:
            raise Refusal(
                "shape.padding",
                say(
                    "its padding of {max} is more than half its window of {kernel}.",
                    max=max(before, after),
                    kernel=kernel[axis],
                ),
                hint=say("Use at most {half}, or a ZeroPad2d before it.", half=half),
            )
        step = stride[axis]
        span = size[axis] + before + after - dilation[axis] * (kernel[axis] - 1) - 1
        count = (-(-span // step) if ceil else span // step) + 1
        if ceil and count > 1 and (count - 1) * step >= size[axis] + before:
            # Sides that differ are padded beforehand, so PyTorch would take the padding after for the map.
            if beforehand and (count - 1) * step < size[axis] + before + after:
                raise Refusal(
                    "shape.padding",
                    say("with ceil_mode its last window would lie in the padding alone."),
                    hint=say("Use less padding at the bottom and right, or switch ceil_mode off."),
                )
            count -= 1
        if count < 1:
            raise kernel_refusal(p, size, (top + bottom, left + right))
        out.append(count)
    return out[0], out[1]


def sliding(p: Resolved, shape: Shape) -> Window:
    """The window of a block with kernel, stride, padding and perhaps dilation over a map of ``shape``."""
    padding = p["padding"]
    top, _, left, _ = pads(p, shape[1:]) if isinstance(padding, str) else padding
    return Window(p["kernel_size"], p["stride"], (top, left), p.get("dilation", ONE))


def kernel_refusal(p: Resolved, size: tuple[int, int], total: tuple[int, int]) -> Refusal:
    """The window is larger than the padded map."""
    padded = (size[0] + total[0], size[1] + total[1])
    dilation = p.get("dilation", ONE)
    window: str = size_text(p["kernel_size"])
    if dilation != ONE:
        window = say("{size} window with dilation {dilation}", size=window, dilation=size_text(dilation, same=True))
    else:
        window = say("{size} window", size=window)
    available: str = shape_text(size)
    if padded != size:
        available = say("{size} ({padded} with padding)", size=available, padded=shape_text(padded))
    return Refusal(
        "shape.kernel",
        say(
            "its {window} is larger than its input, {available}.",
            window=window,
            available=available,
        ),
        hint=say("Use a smaller window, more padding, or place it before a reduction."),
    )


def size_rows(p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
    """Where height and width come from, one row if both come the same way."""
    size = inputs[0][1:]
    top, bottom, left, right = pads(p, size)
    dilation = p.get("dilation", ONE)
    ceil = p.get("ceil_mode", False) and not isinstance(p["padding"], str)
    rows: list[tuple[str, str, str]] = []
    for axis, label, total in ((0, say("height"), top + bottom), (1, say("width"), left + right)):
        kernel, step, spread = p["kernel_size"][axis], p["stride"][axis], dilation[axis]
        reach = f"{spread}·({kernel} − 1) − 1" if spread != 1 else f"{kernel}"
        padding = f" + {total}" if total else ""
        steps = f"({size[axis]}{padding} − {reach}) / {step}"
        text = f"⌈{steps}⌉ + 1" if ceil else f"⌊{steps}⌋ + 1"
        span = size[axis] + total - spread * (kernel - 1) - 1
        if ceil and -(-span // step) + 1 > output[1 + axis]:
            text += " − 1"  # of a window that would start beyond the map
        rows.append((label, text, str(output[1 + axis])))
    if rows[0][1:] == rows[1][1:]:
        return [(say("height, width"), *rows[0][1:])]
    return rows
