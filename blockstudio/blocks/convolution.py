"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    Window,
    block_type,
    need_map,
    shape_text,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.windows import KERNEL, conv_size, pads, size_text

_GROUPS = Parameter(kind="int", default=1, minimum=1, maximum=65536, help="Groups of channels convolved apart.")
_BIAS = Parameter(kind="bool", default=True, help="Add a learnable bias to each output channel.")


@block_type
class Conv2d(BlockType):
    """``(N, C, H, W) -> (N, out_channels, H', W')``; ``torch.nn.Conv2d``."""

    name = "Conv2d"
    family = "convolution"
    help = "Slides learnable filters over the map. 1×1 mixes channels only; a stride halves the map."
    weighted = True
    palette = (
        PaletteEntry("Conv2d", {"kernel_size": 3, "padding": 1}, "convolution 3x3"),
        PaletteEntry("1×1 Conv", {"kernel_size": 1}, "pointwise projection reduce cccp 1x1"),
    )
    parameters = {
        "out_channels": Parameter(kind="int", default=64, minimum=1, maximum=1_000_000, help="Filters."),
        "kernel_size": KERNEL,
        "stride": Parameter(kind="pair", default=1, minimum=1, maximum=1024, help="Step of the window."),
        "padding": Parameter(
            kind="padding", default=0, minimum=0, maximum=1024,
            help="Zeros around the map: p, [vertical, horizontal], [top, bottom, left, right], "
            "'same' (PyTorch, stride 1) or 'same_tf' (TensorFlow: output = ceil(input / stride)).",
        ),
        "dilation": Parameter(kind="pair", default=1, minimum=1, maximum=1024, help="Spread of the window."),
        "groups": _GROUPS,
        "bias": _BIAS,
    }  # fmt: skip

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, height, width = need_map(inputs, "Conv2d")
        groups, out = p["groups"], p["out_channels"]
        for count, what in ((channels, "input"), (out, "output")):
            if count % groups:  # type: ignore[operator]
                raise Refusal(
                    "shape.groups",
                    f"groups={groups} does not divide its {count} {what} channels.",
                    hint="Choose groups that divide both the input and the output channels.",
                )
        return (out, *conv_size(p, (height, width)))  # type: ignore[return-value]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        (kh, kw), out = p["kernel_size"], p["out_channels"]  # type: ignore[misc]
        return kh * kw * (inputs[0][0] // p["groups"]) * out + (out if p["bias"] else 0)  # type: ignore[operator, no-any-return]

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        kh, kw = p["kernel_size"]  # type: ignore[misc]
        return kh * kw * (inputs[0][0] // p["groups"]) * output[0] * output[1] * output[2]  # type: ignore[operator, no-any-return]

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window:
        top, _, left, _ = pads(p, inputs[0][1:])
        return Window(p["kernel_size"], p["stride"], (top, left), p["dilation"])  # type: ignore[arg-type]

    def code(self, a: Arguments) -> Code:
        p = a.values
        first = f"{a.channel()}, {a.text('out_channels')}, {a.text('kernel_size')}"
        rest = a.keywords(dilation=(1, 1), groups=1, bias=True)
        padding = p["padding"]
        stride = a.keywords(stride=(1, 1))
        if padding == "same_tf" or (padding == "same" and "padding" not in a.texts):
            helper = "Conv2dSame" if padding == "same_tf" else None
            prefix = helper or "nn.Conv2d"
            words = "" if helper else ", padding='same'"
            init = f"{prefix}({first}{stride}{words}{rest})"
            return Code(init, channels=a.text("out_channels"), helper=helper)
        top, bottom, left, right = padding  # type: ignore[misc]
        if (top, left) != (bottom, right):
            init = f"Conv2dPadded({first}{stride}, pads={padding}{rest})"
            return Code(init, channels=a.text("out_channels"), helper="Conv2dPadded")
        pad = a.texts.get("padding") or repr(top if top == left else (top, left))
        given = f", padding={pad}" if top or left or "padding" in a.texts else ""
        return Code(f"nn.Conv2d({first}{stride}{given}{rest})", channels=a.text("out_channels"))

    def summary(self, p: Resolved) -> str:
        parts = [size_text(p["kernel_size"]), str(p["out_channels"])]
        if p["stride"] != (1, 1):
            parts.append("/" + size_text(p["stride"], same=True))
        if p["dilation"] != (1, 1):
            parts.append("dilation " + size_text(p["dilation"], same=True))
        if p["groups"] != 1:
            parts.append(f"{p['groups']} groups")
        return ", ".join(parts)

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        (kh, kw), groups = p["kernel_size"], p["groups"]  # type: ignore[misc]
        channels, height, width = inputs[0]
        top, bottom, left, right = pads(p, (height, width))
        sides = (("height", height, top + bottom, kh, 0), ("width", width, left + right, kw, 1))
        rows = []
        for label, size, pad, kernel, axis in sides[: 1 if height == width and kh == kw else 2]:
            step, spread = p["stride"][axis], p["dilation"][axis]  # type: ignore[index]
            reach = f"{spread}·({kernel} − 1) − 1" if spread != 1 else f"{kernel}"
            rows.append((label, f"⌊({size} + {pad} − {reach}) / {step}⌋ + 1", str(output[1 + axis])))
        inner = channels // groups  # type: ignore[operator]
        bias = f" + {output[0]}" if p["bias"] else ""
        weights = self.count(p, inputs) - (output[0] if p["bias"] else 0)
        rows.append(("weights", f"{kh}·{kw}·{inner}·{output[0]}{bias}", f"{self.count(p, inputs):,}"))
        area = shape_text(output[1:]).replace("×", "·")
        rows.append(("MACs", f"{weights:,} · {area}", f"{self.macs(p, inputs, output):,}"))
        return rows
