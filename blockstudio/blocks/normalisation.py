"""Normalisation layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    Weight,
    block_type,
    need_map,
    numel,
    shape_text,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say


@block_type
class BatchNorm2d(BlockType):
    """``(N, C, H, W) -> (N, C, H, W)``; ``torch.nn.BatchNorm2d``.

    ``affine``: ``full`` learns scale and shift (2 C parameters), ``shift`` only the shift, with the scale fixed at
    1 as in TF-slim (C parameters, state-dict key ``bias`` alone), ``none`` nothing.
    """

    name = "BatchNorm2d"
    calls = (
        "batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)",
    )
    family = "normalisation"
    normalises = True
    help = say(
        "Brings each channel to mean 0 and variance 1 over the batch, then scales and shifts "
        "it by learned numbers. Lets deep networks train with large learning rates. A "
        "convolution before it needs no bias."
    )
    palette = (PaletteEntry("BatchNorm2d", {}, "batch normalization normalisation bn"),)
    parameters = {
        "eps": Parameter(
            kind="float",
            default=1e-5,
            minimum=1e-12,
            maximum=1.0,
            help=say("Added to the variance: no division by zero."),
        ),
        "momentum": Parameter(
            kind="float", default=0.1, minimum=0.0, maximum=1.0,
            help=say("Weight of the newest batch in the running mean and variance that evaluation uses."),
        ),
        "affine": Parameter(
            kind="choice", default="full", choices=("full", "shift", "none"),
            help=say("What is learned: full (scale and shift), shift (scale fixed at 1) or none."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        scale, shift = given["weight"], given["bias"]
        if isinstance(scale, Weight) and not scale.saved and scale.value == 1.0:
            scale = None  # CUDA takes no shift without a scale: ones stand in for none.
        if not isinstance(given["running_mean"], Weight) or (scale is not None and not isinstance(scale, Weight)):
            return None
        affine = "none" if shift is None else "shift" if scale is None else "full"
        return {"eps": given["eps"], "momentum": given["momentum"], "affine": affine}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        need_map(inputs, "BatchNorm2d")
        return inputs[0]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        affine = p["affine"]
        return inputs[0][0] * (2 if affine == "full" else 1 if affine == "shift" else 0)

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * inputs[0][0]  # the batch's mean and deviation of each channel

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        rest = a.keywords(eps=1e-5, momentum=0.1)
        if a.values["affine"] == "shift":
            return Code(f"ShiftBatchNorm2d({a.channel()}{rest})", channels=a.channel(), helper="ShiftBatchNorm2d")
        affine = ", affine=False" if a.values["affine"] == "none" else ""
        return Code(f"nn.BatchNorm2d({a.channel()}{rest}{affine})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return {"full": "", "shift": "shift only", "none": "not affine"}[p["affine"]]

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        channels = inputs[0][0]
        rows: dict[str, list[tuple[str, str, str]]] = {
            "full": [(say("scales and shifts"), f"2·{channels}", f"{2 * channels:,}")],
            "shift": [(say("shifts"), f"1·{channels}", f"{channels:,}")],
            "none": [],
        }
        return rows[p["affine"]]


@block_type
class BatchNorm1d(BatchNorm2d):
    """``(N, F) -> (N, F)``; ``torch.nn.BatchNorm1d``: `BatchNorm2d` for vectors."""

    name = "BatchNorm1d"
    help = say(
        "Brings each feature of a vector to mean 0 and variance 1 over the batch, then scales and shifts it by learned "
        "numbers. A linear layer before it needs no bias."
    )
    palette = (PaletteEntry("BatchNorm1d", {}, "batch normalization normalisation bn vector features linear"),)
    parameters = {
        **BatchNorm2d.parameters,
        "affine": Parameter(
            kind="choice", default="full", choices=("full", "none"),
            help=say("What is learned: full (scale and shift) or none."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        found = super().from_call(given, inputs, output)
        return found if found is not None and found["affine"] != "shift" else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if len(inputs[0]) != 1:
            raise Refusal(
                "shape.vector",
                say("BatchNorm1d needs a vector, but its input is a map of {shape}.", shape=shape_text(inputs[0])),
                hint=say("Use BatchNorm2d, or flatten the map first."),
            )
        return inputs[0]

    def code(self, a: Arguments) -> Code:
        affine = ", affine=False" if a.values["affine"] == "none" else ""
        rest = a.keywords(eps=1e-5, momentum=0.1)
        return Code(f"nn.BatchNorm1d({a.channel()}{rest}{affine})", channels=a.channel())


_EPS = Parameter(
    kind="float", default=1e-5, minimum=1e-12, maximum=1.0, help=say("Added to the variance: no division by zero.")
)


@block_type
class LayerNorm(BlockType):
    """``(N, C, H, W) -> (N, C, H, W)``, over the channels of each pixel, or ``(N, F) -> (N, F)``;
    ``torch.nn.LayerNorm`` with the channels last.

    ``affine``: ``full`` learns scale and shift (2 C parameters), ``scale`` the scale alone, ``none`` nothing.
    """

    name = "LayerNorm"
    family = "normalisation"
    channels_last = True
    help = say(
        "Brings the channels of each pixel (or the features of each vector) to mean 0 and "
        "variance 1, then scales and shifts them by learned numbers. It knows no batch. "
        "ConvNeXt, transformers."
    )
    palette = (PaletteEntry("LayerNorm", {}, "layer normalization normalisation ln convnext channels"),)
    calls = ("layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)",)
    parameters = {
        "eps": _EPS,
        "affine": Parameter(
            kind="choice", default="full", choices=("full", "scale", "none"),
            help=say("What is learned: full (scale and shift), scale or none."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs) != 1 or tuple(given["normalized_shape"]) != inputs[0][:1]:
            return None
        scale, shift = given["weight"], given["bias"]
        if scale is None and shift is not None:
            return None
        return {"eps": given["eps"], "affine": "none" if scale is None else "scale" if shift is None else "full"}

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return inputs[0][0] * {"full": 2, "scale": 1, "none": 0}[p["affine"]]

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * numel(inputs[0][1:])  # mean and deviation of each pixel

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        affine = {"full": "", "scale": ", bias=False", "none": ", elementwise_affine=False"}[a.values["affine"]]
        helper = "LayerNorm2d" if len(a.inputs[0]) == 3 else None
        arguments = f"{a.channel()}{a.keywords(eps=1e-5)}{affine}"
        return Code(f"{helper or 'nn.LayerNorm'}({arguments})", channels=a.channel(), helper=helper)

    def summary(self, p: Resolved) -> str:
        return {"full": "", "scale": "scale only", "none": "not affine"}[p["affine"]]

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        channels, count = inputs[0][0], self.count(p, inputs)
        return [(say("scales and shifts"), f"{count // channels}·{channels}", f"{count:,}")] if count else []


@block_type
class GroupNorm(BlockType):
    """``(N, C, ...) -> (N, C, ...)``; ``torch.nn.GroupNorm``."""

    name = "GroupNorm"
    moves_pixels = True  # the statistics of the map are not counted, as for batch normalisation
    family = "normalisation"
    help = say(
        "Brings each group of channels of each image to mean 0 and variance 1: like batch "
        "normalisation, but it knows no batch, so small batches do not hurt (Wu and He, "
        "2018)."
    )
    palette = (PaletteEntry("GroupNorm", {}, "group normalization normalisation gn"),)
    calls = ("group_norm(input, num_groups, weight=None, bias=None, eps=1e-05)",)
    parameters = {
        "num_groups": Parameter(
            kind="int", default=32, minimum=1, maximum=65536, help=say("Groups of channels; must divide them.")
        ),
        "eps": _EPS,
        "affine": Parameter(kind="bool", default=True, help=say("Learn a scale and a shift for each channel.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs) != 1 or (given["weight"] is None) != (given["bias"] is None):
            return None
        return {"num_groups": given["num_groups"], "eps": given["eps"], "affine": given["weight"] is not None}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, groups = inputs[0][0], p["num_groups"]
        if channels % groups:
            raise Refusal(
                "shape.groups",
                say("num_groups={groups} does not divide its {channels} channels.", groups=groups, channels=channels),
                hint=say("Choose groups that divide the channels."),
            )
        return inputs[0]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return 2 * inputs[0][0] if p["affine"] else 0

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        groups: int = p["num_groups"]
        return 2 * groups  # mean and deviation of each group

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        rest = a.keywords(eps=1e-5, affine=True)
        return Code(f"nn.GroupNorm({a.text('num_groups')}, {a.channel()}{rest})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"{p['num_groups']} groups"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        groups, count = p["num_groups"], self.count(p, inputs)
        rows: list[tuple[str, str, str]] = [
            (say("values of a group"), f"{numel(inputs[0])} / {groups}", f"{numel(inputs[0]) // groups:,}")
        ]
        return [*rows, (say("scales and shifts"), f"2·{inputs[0][0]}", f"{count:,}")] if count else rows


@block_type
class InstanceNorm2d(BlockType):
    """``(N, C, H, W) -> (N, C, H, W)``; ``torch.nn.InstanceNorm2d``."""

    name = "InstanceNorm2d"
    moves_pixels = True  # the statistics of the map are not counted, as for batch normalisation
    family = "normalisation"
    help = say(
        "Brings each channel of each image to mean 0 and variance 1, whatever the rest of the batch is: contrast and "
        "brightness are gone, which style transfer wants (Ulyanov et al., 2016)."
    )
    palette = (PaletteEntry("InstanceNorm2d", {}, "instance normalization normalisation style transfer in"),)
    calls = (
        "instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, "
        "momentum=0.1, eps=1e-05)",
    )
    parameters = {
        "eps": _EPS,
        "affine": Parameter(kind="bool", default=False, help=say("Learn a scale and a shift for each channel.")),
        "track_running_stats": Parameter(
            kind="bool", default=False,
            help=say("Keep running means and variances while training, and use those in evaluation."),
        ),
        "momentum": Parameter(
            kind="float", default=0.1, minimum=0.0, maximum=1.0,
            help=say("Weight of the newest batch in the running mean and variance, where they are kept."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs) != 1 or (given["weight"] is None) != (given["bias"] is None):
            return None
        tracks = isinstance(given["running_mean"], Weight)
        if not tracks and not given["use_input_stats"]:
            return None
        found = {"eps": given["eps"], "affine": given["weight"] is not None, "track_running_stats": tracks}
        return found | ({"momentum": given["momentum"]} if tracks else {})

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        _, height, width = need_map(inputs, "InstanceNorm2d")
        if height * width == 1:
            raise Refusal(
                "shape.instance",
                say("a channel of a single pixel has no variance: nothing can be normalised by it."),
                hint=say("Place it before the map is reduced to one pixel."),
            )
        return inputs[0]

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "in evaluation, with running statistics, PyTorch takes one pixel" if code == "shape.instance" else ""

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return 2 * inputs[0][0] if p["affine"] else 0

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        # Mean and deviation of each channel; scale and running statistics once more for each image.
        return inputs[0][0] * (2 + bool(p["affine"]) + 2 * bool(p["track_running_stats"]))

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        rest = a.keywords(eps=1e-5, momentum=0.1, affine=False, track_running_stats=False)
        return Code(f"nn.InstanceNorm2d({a.channel()}{rest})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return "affine" if p["affine"] else ""

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        channels, count = inputs[0][0], self.count(p, inputs)
        return [(say("scales and shifts"), f"2·{channels}", f"{count:,}")] if count else []


@block_type
class LocalResponseNorm(BlockType):
    """``(N, C, H, W) -> (N, C, H, W)``; ``torch.nn.LocalResponseNorm``:
    ``x / (k + alpha / size * sum of squares over size neighbouring channels) ** beta``."""

    name = "LocalResponseNorm"
    calls = ("local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1.0)",)
    family = "normalisation"
    help = say(
        "Divides each value by the activity of its neighbouring channels. Of AlexNet and "
        "GoogLeNet; batch normalisation has taken its place."
    )
    palette = (PaletteEntry("LocalResponseNorm", {}, "lrn local response normalization alexnet googlenet"),)
    parameters = {
        "size": Parameter(
            kind="int", default=5, minimum=1, maximum=4096, help=say("Neighbouring channels in the sum.")
        ),
        "alpha": Parameter(kind="float", default=1e-4, minimum=0.0, maximum=1000.0, help=say("Weight of the sum.")),
        "beta": Parameter(kind="float", default=0.75, minimum=0.0, maximum=100.0, help=say("Exponent of the divisor.")),
        "k": Parameter(kind="float", default=1.0, minimum=0.0, maximum=1000.0, help=say("Added to the weighted sum.")),
    }

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        need_map(inputs, "LocalResponseNorm")
        return inputs[0]

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        channels, height, width = inputs[0]
        padded: int = (channels + p["size"] - 1) * height * width
        return padded + 2 * numel(output)  # the squares with their padding, the divisor, the divisor to the power

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        rest = a.keywords(alpha=1e-4, beta=0.75, k=1.0)
        return Code(f"nn.LocalResponseNorm({a.text('size')}{rest})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"size {p['size']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        divisor = f"({p['k']:g} + {p['alpha']:g}/{p['size']} · Σ x²)^{p['beta']:g}"
        return [(say("each value"), f"x / {divisor}", f"Σ over {p['size']} channels")]
