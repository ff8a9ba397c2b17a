"""Pooling: the largest or the mean value of a window, or of the whole map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Resolved,
    Shape,
    Window,
    block_type,
    need_map,
    numel,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import atom
from blockstudio.blocks.windows import (
    DILATION,
    NONE,
    ONE,
    padding_source,
    padding_text,
    pads,
    pool_size,
    size_rows,
    size_text,
    sliding,
    uneven,
    window_text,
)
from blockstudio.text import say

_KERNEL = Parameter(kind="pair", default=2, minimum=1, maximum=1024, help=say("Window size: k or [height, width]."))
_STRIDE = Parameter(kind="pair", default=2, minimum=1, maximum=1024, help=say("Step of the window: 2 halves the map."))
_PADDING = Parameter(
    kind="padding", default=0, minimum=0, maximum=1024,
    help=say("Rows and columns around the map, at most half the window: p, [vertical, "
"horizontal], [top, bottom, left, right], 'same' (stride 1) or 'same_tf' "
"(TensorFlow: output = ceil(input / stride))."),
)  # fmt: skip
_CEIL = Parameter(
    kind="bool", default=False,
    help=say("Round the output size up: a last window may hang over the edge if it starts on the "
"map."),
)  # fmt: skip


class _Pool(BlockType):
    family = "pooling"
    helper: str
    """Stem of the helper classes for padding that PyTorch's pooling does not take."""

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        found = {key: given[key] for key in self.parameters}
        found["stride"] = found["stride"] or found["kernel_size"]
        if "divisor_override" in found:
            found["divisor_override"] = found["divisor_override"] or 0
        return found

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, self.name)
        rows, columns = pool_size(p, (height, width))
        return channels, rows, columns

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        if code == "shape.same_stride":
            return "PyTorch's pooling knows no 'same': here it means what it does in a convolution"
        apart = code == "shape.padding" and not isinstance(p["padding"], str) and uneven(p["padding"])
        return "padded beforehand, a window of padding alone has nothing to pool" if apart else ""

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return not self.padded_copy(p, inputs)

    def padded_copy(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        """Scalars of the padded map, if padding is put on first and there is any."""
        if _plain_padding(p) is not None:
            return 0
        channels, height, width = inputs[0]
        top, bottom, left, right = pads(p, (height, width))
        return channels * (height + top + bottom) * (width + left + right) if top or bottom or left or right else 0

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window:
        return sliding(p, inputs[0])

    def call_pool(self, a: Arguments, **options: bool | int | tuple[int, int]) -> Code:
        """``options``: PyTorch's defaults of the keyword arguments after the padding."""
        p = a.values
        start = a.keywords("kernel_size", "stride")[2:]
        if not isinstance(p["padding"], str):
            name, text = padding_source(a)
        else:
            plain = _plain_padding(p)
            if plain is None:
                options.pop("ceil_mode")  # a map padded to measure has no last window that hangs over
                return self._helper(f"{self.helper}Same", f"{start}{self.options(a, options)}", a)
            name, text = ("", "") if plain == NONE else ("padding", padding_text(plain))
        given = f", {name}={text}" if name else ""
        arguments = f"{start}{given}{self.options(a, options)}"
        if name == "pads":
            return self._helper(f"{self.helper}Padded", arguments, a)
        return Code(f"nn.{self.name}({arguments})", channels=a.channel())

    def options(self, a: Arguments, options: dict[str, bool | int | tuple[int, int]]) -> str:
        return a.keywords(**options)

    def _helper(self, helper: str, arguments: str, a: Arguments) -> Code:
        return Code(f"{helper}({arguments})", channels=a.channel(), helper=helper)

    def summary(self, p: Resolved) -> str:
        ceil = ["ceil"] if p["ceil_mode"] else []
        return " ".join([size_text(p["kernel_size"]), *window_text(p), *ceil])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return size_rows(p, inputs, output)


def _plain_padding(p: Resolved) -> tuple[int, int, int, int] | None:
    """Padding that PyTorch's own pooling can be given: the same on both sides."""
    padding: str | tuple[int, int, int, int] = p["padding"]
    if not isinstance(padding, str):
        return None if uneven(padding) else padding
    if padding == "same_tf":
        return None
    found = pads(p, ONE)
    kh, kw = p["kernel_size"]
    # A window spread out needs more than the half of it that PyTorch allows.
    return None if uneven(found) or found[0] > kh // 2 or found[2] > kw // 2 else found


@block_type
class MaxPool2d(_Pool):
    """``(N, C, H, W) -> (N, C, H', W')``; ``torch.nn.MaxPool2d``. Padding counts as minus infinity."""

    name = "MaxPool2d"
    calls = (
        "max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)",
    )
    helper = "MaxPool2d"
    help = say("Keeps the largest value of each window, channel by channel. With a stride of 2 it halves the map.")
    palette = (
        PaletteEntry("MaxPool2d", {"kernel_size": 3, "stride": 2}, "max pooling subsample downsample"),
        PaletteEntry(
            "MaxPool2d, same size",
            {"kernel_size": 3, "stride": 1, "padding": 1},
            "max pooling inception branch 3x3 stride 1",
        ),
    )
    parameters = {
        "kernel_size": _KERNEL,
        "stride": _STRIDE,
        "padding": _PADDING,
        "dilation": DILATION,
        "ceil_mode": _CEIL,
    }

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        # Where each maximum stood: one int64 an output value.
        return 2 * numel(output) + self.padded_copy(p, inputs)

    def code(self, a: Arguments) -> Code:
        return self.call_pool(a, dilation=ONE, ceil_mode=False)


@block_type
class AvgPool2d(_Pool):
    """``(N, C, H, W) -> (N, C, H', W')``; ``torch.nn.AvgPool2d``.

    ``count_include_pad`` counts the zeros of the padding in the mean, whatever padding it is; without it the mean
    is over the pixels of the map alone, as in TensorFlow.
    """

    name = "AvgPool2d"
    calls = (
        "avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, "
        "divisor_override=None)",
    )
    helper = "AvgPool2d"
    help = say("Takes the mean of each window, channel by channel.")
    palette = (PaletteEntry("AvgPool2d", {"kernel_size": 2, "stride": 2}, "average mean pooling downsample"),)
    parameters = {
        "kernel_size": _KERNEL,
        "stride": _STRIDE,
        "padding": _PADDING,
        "ceil_mode": _CEIL,
        "count_include_pad": Parameter(
            kind="bool", default=True,
            help=say("Count the zeros of the padding in the mean, as PyTorch does unless told not to. "
"TensorFlow does not."),
        ),
        "divisor_override": Parameter(
            kind="int", default=0, minimum=0, maximum=1_000_000,
            help=say("Divide the window's sum by this number instead of its size; 0 for none."),
        ),
    }  # fmt: skip

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        copy = self.padded_copy(p, inputs)
        if copy and not p["count_include_pad"] and not p["divisor_override"]:
            copy += output[1] * output[2]  # the share of real pixels in each window
        return copy

    def code(self, a: Arguments) -> Code:
        return self.call_pool(a, ceil_mode=False, count_include_pad=True)

    def options(self, a: Arguments, options: dict[str, bool | int | tuple[int, int]]) -> str:
        divisor = a.text("divisor_override")
        if not divisor.isdecimal():
            divisor = f"{atom(divisor)} or None"
        given = "" if divisor == "0" else f", divisor_override={divisor}"
        return a.keywords(**options) + given


@block_type
class GlobalAvgPool(BlockType):
    """``(N, C, H, W) -> (N, C, 1, 1)``; ``torch.nn.AdaptiveAvgPool2d(1)``."""

    name = "GlobalAvgPool"
    calls = ("adaptive_avg_pool2d(input, output_size)",)
    family = "pooling"
    any_map = True
    help = say(
        "The mean of each whole channel: one number a channel, for any size of map. It took "
        "the place of the big fully connected layers (Network in Network, GoogLeNet, ResNet)."
    )
    palette = (PaletteEntry("GlobalAvgPool", {}, "global average pooling gap squeeze head adaptive"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if output[1:] == ONE else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        return need_map(inputs, "GlobalAvgPool")[0], 1, 1

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would take the mean over the batch" if code == "shape.rank" else ""

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window:
        return _WHOLE

    def code(self, a: Arguments) -> Code:
        return Code("nn.AdaptiveAvgPool2d(1)", channels=a.channel())

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        _, height, width = inputs[0]
        return [(say("mean over"), say("{height}·{width} pixels", height=height, width=width), f"{height * width:,}")]


@block_type
class AdaptiveAvgPool2d(BlockType):
    """``(N, C, H, W) -> (N, C, *output_size)``; ``torch.nn.AdaptiveAvgPool2d``."""

    name = "AdaptiveAvgPool2d"
    calls = ("adaptive_avg_pool2d(input, output_size)",)
    family = "pooling"
    any_map = True
    help = say("Averages over windows chosen so that the output has the size you ask for, whatever comes in.")
    palette = (PaletteEntry("AdaptiveAvgPool2d", {"output_size": 7}, "adaptive average pooling any size gap"),)
    parameters = {
        "output_size": Parameter(
            kind="pair", default=1, minimum=1, maximum=4096, help=say("Size that comes out: s or [height, width].")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {"output_size": output[1:]}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        rows, columns = p["output_size"]
        return need_map(inputs, "AdaptiveAvgPool2d")[0], rows, columns

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would take the mean over the batch" if code == "shape.rank" else ""

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return bool(p["output_size"] != ONE)  # the mean over everything needs only the size

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window:
        """Where the sizes divide, the window that every output pixel has; else one at least as large as any."""
        if p["output_size"] == ONE:
            return _WHOLE
        kernel, stride = [], []
        for size, count in zip(inputs[0][1:], p["output_size"], strict=True):
            kernel.append(max(-(-(i + 1) * size // count) - i * size // count for i in range(count)))
            stride.append(-(-size // count))
        apart = any(size % count for size, count in zip(inputs[0][1:], p["output_size"], strict=True))
        return Window((kernel[0], kernel[1]), (stride[0], stride[1]), largest=apart)

    def code(self, a: Arguments) -> Code:
        return Code(f"nn.AdaptiveAvgPool2d({a.text('output_size')})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return "to " + size_text(p["output_size"])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [
            (label, say("about {size} / {count}", size=size, count=count), f"{size / count:.3g}")
            for label, size, count in (
                (say("height of a window"), inputs[0][1], output[1]),
                (say("width of a window"), inputs[0][2], output[2]),
            )
        ]


_WHOLE = Window(whole=True)
