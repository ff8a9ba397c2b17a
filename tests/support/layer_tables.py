"""Layer multisets: of a reference table and of an analysed diagram, in one notation.

Each layer is a tuple that holds everything which makes two layers the same: kind, channels, window, output size,
and whatever the kind has besides. Names and order do not enter.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from blockstudio.analysis import Analysis, BlockReport
from blockstudio.blocks import CATALOGUE
from blockstudio.blocks.windows import pads

REFERENCE = Path(__file__).parents[1] / "presets" / "reference" / "architectures.json"
Layer = tuple[Any, ...]


@lru_cache(maxsize=1)
def reference_models() -> dict[str, dict[str, Any]]:
    """The published networks by id."""
    return {model["id"]: model for model in json.loads(REFERENCE.read_text("utf-8"))["models"]}


def squeeze(shape: Any) -> tuple[int, ...]:
    """``(C,)`` for ``(C, 1, 1)``: a table's vector may be a diagram's 1×1 map."""
    shape = tuple(shape)
    return shape[:1] if shape[1:] == (1, 1) else shape


def reference_layers(model: dict[str, Any]) -> Counter[Layer]:
    """The multiset of a reference table, auxiliary heads included. A concatenation that only feeds another is left
    out: the presets join all branches at once."""
    layers = {layer["name"]: layer for layer in model["layers"]}
    readers: dict[str, set[str]] = {name: set() for name in layers}
    for layer in model["layers"]:
        for name in layer["input"]:
            readers.get(name, set()).add(layer["type"])
    return Counter(
        item
        for name, layer in layers.items()
        if layer["type"] != "concat" or readers[name] != {"concat"}
        for item in _reference_items(layer)
    )


def _reference_items(layer: dict[str, Any]) -> Iterator[Layer]:
    kind, out = layer["type"], squeeze(layer["out_shape"])
    match kind:
        case "conv":
            yield (
                "conv", layer["cin"] // layer["groups"], layer["cout"], tuple(layer["kernel"]),
                tuple(layer["stride"]), tuple(layer["pad"]), layer["bias"], out,
            )  # fmt: skip
        case "fc":
            yield "fc", layer["cin"], layer["cout"], layer["bias"]
        case "maxpool" | "avgpool":
            if tuple(layer["kernel"]) == tuple(layer["in_shape"][1:]):
                yield "gap", out
            else:
                padding = tuple(layer["pad"])
                counted = bool(layer.get("count_include_pad")) if kind == "avgpool" and any(padding) else None
                yield (
                    kind, tuple(layer["kernel"]), tuple(layer["stride"]), padding,
                    bool(layer.get("ceil")), counted, out,
                )  # fmt: skip
        case "gap" | "adaptiveavgpool":
            yield ("gap", out) if len(out) == 1 else ("adaptive", out)
        case "lrn":
            values = layer["lrn"]
            yield "lrn", values["size"], values["alpha"], values["beta"], values["k"], out
        case "dropout":
            yield "dropout", layer["p"], out
        case "add":
            yield "add", out
            if layer.get("scale") not in (None, 1.0):
                yield "scale", layer["scale"], out
        case "concat":
            yield "concat", out
        case "pad_shortcut":
            yield "pad", layer["cin"], layer["cout"], layer["stride"][0] if isinstance(layer["stride"], list) else 2
        case "bn" | "softmax":
            pass
        case _:
            raise AssertionError(kind)
    if layer.get("bn"):
        constants = layer["bn"]
        yield "bn", out[0], constants["eps"], constants["momentum"], constants.get("gamma", True)
    if layer.get("act"):
        yield layer["act"], out


def diagram_layers(analysis: Analysis) -> Counter[Layer]:
    """The multiset of a diagram's leaf blocks, auxiliary heads included."""
    return Counter(
        item
        for report in analysis.blocks.values()
        if report.type in CATALOGUE and not report.bypassed
        for item in _diagram_items(report)
    )


def _diagram_items(report: BlockReport) -> Iterator[Layer]:
    v: Any = report.values
    out = squeeze(report.output_shape or ())
    given = [shape for shape in report.input_shapes if shape is not None]
    first = given[0] if given else ()
    match report.type:
        case "Conv2d":
            yield (
                "conv", first[0] // v["groups"], v["out_channels"], v["kernel_size"], v["stride"],
                pads(v, first[1:]), v["bias"], out,
            )  # fmt: skip
        case "DepthwiseConv2d":
            yield (
                "conv", 1, first[0] * v["depth_multiplier"], v["kernel_size"], v["stride"],
                pads(v, first[1:]), v["bias"], out,
            )  # fmt: skip
        case "Linear":
            yield "fc", first[0], v["out_features"], v["bias"]
        case "BatchNorm2d":
            yield "bn", out[0], v["eps"], v["momentum"], v["affine"] == "full"
        case "MaxPool2d" | "AvgPool2d":
            if v["kernel_size"] == first[1:]:
                yield "gap", out
            else:
                kind = "maxpool" if report.type == "MaxPool2d" else "avgpool"
                padding = pads(v, first[1:])
                counted = v["count_include_pad"] if kind == "avgpool" and any(padding) else None
                yield kind, v["kernel_size"], v["stride"], padding, v["ceil_mode"], counted, out
        case "GlobalAvgPool" | "AdaptiveAvgPool2d" if out == squeeze(first):
            pass  # changes nothing at this size
        case "GlobalAvgPool" | "AdaptiveAvgPool2d":
            yield ("gap", out) if len(out) == 1 else ("adaptive", out)
        case "LocalResponseNorm":
            yield "lrn", v["size"], v["alpha"], v["beta"], v["k"], out
        case "Dropout":
            yield "dropout", v["p"], out
        case "Scale" if v["factor"] == 1.0:
            pass
        case "Scale":
            yield "scale", v["factor"], out
        case "ShortcutA":
            yield "pad", first[0], v["out_channels"], v["stride"][0] if isinstance(v["stride"], tuple) else v["stride"]
        case "ReLU":
            yield "relu", out
        case "Add" | "Concat":
            yield report.type.lower(), out
        case "Input" | "Output" | "AuxOutput" | "Flatten" | "Identity":
            pass
        case _:
            raise AssertionError(report.type)


def difference(found: Counter[Layer], expected: Counter[Layer]) -> str:
    """What one multiset has and the other has not, a line each; empty if they are equal."""
    lines = [f"not in the reference, {count}×: {layer}" for layer, count in sorted((found - expected).items(), key=str)]
    lines += [f"missing, {count}×: {layer}" for layer, count in sorted((expected - found).items(), key=str)]
    return "\n".join(lines)
