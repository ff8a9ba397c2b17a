"""Constructors of `torch.nn` and the block types that they make."""

from __future__ import annotations

import ast
from typing import Any

from blockstudio.blocks import CATALOGUE, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.operations.torch_values import Literal, Names, Unread, value_of
from blockstudio.text import Text, say

__all__ = ["CALLS", "Unread", "block_of"]
_WITHOUT = {"inplace", "device", "dtype"}
"""Arguments that change nothing of what is computed."""
_CONV = "in_channels out_channels kernel_size stride=1 padding=0 dilation=1 groups=1 bias=True padding_mode='zeros'"
CALLS: dict[str, tuple[str, str]] = {
    "Conv2d": ("Conv2d", _CONV),
    "ConvTranspose2d": (
        "ConvTranspose2d",
        "in_channels out_channels kernel_size stride=1 padding=0 output_padding=0 groups=1 bias=True dilation=1 "
        "padding_mode='zeros'",
    ),
    "MaxPool2d": ("MaxPool2d", "kernel_size stride=None padding=0 dilation=1 return_indices=False ceil_mode=False"),
    "AvgPool2d": (
        "AvgPool2d", "kernel_size stride=None padding=0 ceil_mode=False count_include_pad=True divisor_override=None"
    ),
    "AdaptiveAvgPool2d": ("AdaptiveAvgPool2d", "output_size"),
    "Upsample": ("Upsample", "size=None scale_factor=None mode='nearest' align_corners=None"),
    "UpsamplingBilinear2d": ("Upsample", "size=None scale_factor=None"),
    "UpsamplingNearest2d": ("Upsample", "size=None scale_factor=None"),
    "BatchNorm2d": ("BatchNorm2d", "num_features eps=1e-5 momentum=0.1 affine=True track_running_stats=True"),
    "BatchNorm1d": ("BatchNorm1d", "num_features eps=1e-5 momentum=0.1 affine=True track_running_stats=True"),
    "GroupNorm": ("GroupNorm", "num_groups num_channels eps=1e-5 affine=True"),
    "InstanceNorm2d": ("InstanceNorm2d", "num_features eps=1e-5 momentum=0.1 affine=False track_running_stats=False"),
    "LocalResponseNorm": ("LocalResponseNorm", "size alpha=1e-4 beta=0.75 k=1.0"),
    "RMSNorm": ("RMSNorm", "normalized_shape eps=None elementwise_affine=True"),
    "LayerNorm": ("LayerNorm", "normalized_shape eps=1e-5 elementwise_affine=True bias=True"),
    "ReLU": ("ReLU", "inplace=False"),
    "ReLU6": ("ReLU6", "inplace=False"),
    "LeakyReLU": ("LeakyReLU", "negative_slope=0.01 inplace=False"),
    "PReLU": ("PReLU", "num_parameters=1 init=0.25"),
    "ELU": ("ELU", "alpha=1.0 inplace=False"),
    "SiLU": ("SiLU", "inplace=False"),
    "GELU": ("GELU", "approximate='none'"),
    "Mish": ("Mish", "inplace=False"),
    "Sigmoid": ("Sigmoid", ""),
    "Tanh": ("Tanh", ""),
    "Hardswish": ("Hardswish", "inplace=False"),
    "Hardsigmoid": ("Hardsigmoid", "inplace=False"),
    "Softmax": ("Softmax", "dim=None"),
    "Softmax2d": ("Softmax", ""),
    "LogSoftmax": ("LogSoftmax", "dim=None"),
    "Hardtanh": ("Hardtanh", "min_val=-1.0 max_val=1.0 inplace=False"),
    "SELU": ("SELU", "inplace=False"),
    "CELU": ("CELU", "alpha=1.0 inplace=False"),
    "Softplus": ("Softplus", ""),
    "GLU": ("GLU", "dim=-1"),
    "LogSigmoid": ("Function", ""),
    "Softsign": ("Function", ""),
    "Tanhshrink": ("Function", ""),
    "Linear": ("Linear", "in_features out_features bias=True"),
    "Flatten": ("Flatten", "start_dim=1 end_dim=-1"),
    "Dropout": ("Dropout", "p=0.5 inplace=False"),
    "Dropout2d": ("Dropout2d", "p=0.5 inplace=False"),
    "AlphaDropout": ("AlphaDropout", "p=0.5 inplace=False"),
    "FeatureAlphaDropout": ("AlphaDropout", "p=0.5 inplace=False"),
    "ZeroPad2d": ("ZeroPad2d", "padding"),
    "ConstantPad2d": ("ConstantPad2d", "padding value"),
    "ReflectionPad2d": ("BorderPad2d", "padding"),
    "ReplicationPad2d": ("BorderPad2d", "padding"),
    "CircularPad2d": ("BorderPad2d", "padding"),
    "PixelShuffle": ("PixelShuffle", "upscale_factor"),
    "PixelUnshuffle": ("PixelUnshuffle", "downscale_factor"),
    "Identity": ("Identity", ""),
    "ChannelShuffle": ("ChannelShuffle", "groups"),
}  # fmt: skip
"""By the class: the block type, and the arguments in their order with their defaults."""
_LAZY = {
    "LazyConv2d": "Conv2d",
    "LazyBatchNorm2d": "BatchNorm2d",
    "LazyBatchNorm1d": "BatchNorm1d",
    "LazyLinear": "Linear",
}
"""The same without the first argument."""
for _lazy, _plain in _LAZY.items():
    CALLS[_lazy] = (CALLS[_plain][0], CALLS[_plain][1].partition(" ")[2])

_BORDERS = {"ReflectionPad2d": "reflect", "ReplicationPad2d": "replicate", "CircularPad2d": "circular"}
"""What the border is made of, by the class."""
_FIXED: dict[str, dict[str, Literal]] = {
    **{name: {"mode": mode} for name, mode in _BORDERS.items()},
    "LogSigmoid": {"function": "log_sigmoid"}, "Softsign": {"function": "softsign"},
    "Tanhshrink": {"function": "tanhshrink"}, "UpsamplingBilinear2d": {"mode": "bilinear", "align_corners": True},
    "FeatureAlphaDropout": {"channels": True},
}  # fmt: skip
"""What a class says by its name alone."""

Given = dict[str, Literal]


def block_of(name: str, source: str, call: ast.Call, names: Names) -> tuple[str, dict[str, RawValue], list[Text]]:
    """Block type and parameters for a call, and what of it is not understood. Raises `Unread` where it is no layer
    that is known."""
    if name not in CALLS:
        raise Unread(say("{source} makes no layer that is known", source=source))
    type_name, signature = CALLS[name]
    declared = dict(_declared(part) for part in signature.split())
    given, doubts = _given(name, call, list(declared), names)
    full = {key: default for key, default in declared.items() if default is not ...} | given
    kind, found = _parameters(type_name, full, given, doubts)
    found |= _FIXED.get(name, {})
    return kind, _checked(kind, found, doubts), doubts


def _declared(part: str) -> tuple[str, Any]:
    key, equals, default = part.partition("=")
    return key, ast.literal_eval(default) if equals else ...


def _given(name: str, call: ast.Call, order: list[str], names: Names) -> tuple[Given, list[Text]]:
    given: Given = {}
    doubts: list[Text] = []
    pairs = [(order[place] if place < len(order) else "", item) for place, item in enumerate(call.args)]
    pairs += [(each.arg or "", each.value) for each in call.keywords]
    for key, node in pairs:
        if isinstance(node, ast.Starred) or not key:
            doubts.append(say("{name}: {source} is not read", name=name, source=ast.unparse(node)[:60]))
        elif key in _WITHOUT:
            continue
        elif key not in order:
            doubts.append(say("{name} has no argument {key}", name=name, key=key))
        else:
            try:
                given[key] = value_of(node, names)
            except Unread as reason:
                # Channels that come in are read off the wire: no loss if they are not known.
                if key not in ("in_channels", "num_features", "in_features", "num_channels", "normalized_shape"):
                    doubts.append(say("{name}, {key}: {why}", name=name, key=key, why=reason.text))
    return given, doubts


def _parameters(kind: str, full: Given, given: Given, doubts: list[Text]) -> tuple[str, dict[str, Literal]]:
    """The type and its parameters under their own names."""
    found = {key: full[key] for key in CATALOGUE[kind].parameters if key in full and key != "inplace"}
    if kind in ("MaxPool2d", "AvgPool2d"):
        found["stride"] = full["stride"] if full["stride"] is not None else full.get("kernel_size")
        found = {key: value for key, value in found.items() if value is not None}
    incoming, groups = full.get("in_channels"), full.get("groups", 1)
    if kind == "Conv2d" and isinstance(groups, int) and groups > 1 and groups == incoming:
        out = full.get("out_channels")
        if isinstance(out, int) and not isinstance(out, bool) and out % groups == 0:
            kind = "DepthwiseConv2d"
            found = {key: value for key, value in found.items() if key in CATALOGUE[kind].parameters}
            found["depth_multiplier"] = out // groups
    if kind in ("BatchNorm1d", "BatchNorm2d"):
        found["affine"] = "full" if full["affine"] else "none"
    if kind == "LayerNorm":
        found["affine"] = "none" if not full["elementwise_affine"] else "full" if full["bias"] else "scale"
    if kind == "RMSNorm":
        found = {"affine": full["elementwise_affine"], **({"eps": full["eps"]} if full["eps"] is not None else {})}
    if kind == "PReLU":
        found = {"per_channel": full["num_parameters"] != 1}
    if kind == "Upsample":
        scale = full["scale_factor"]
        whole = not isinstance(scale, float) or scale.is_integer()
        kind = kind if whole else "Rescale"
        found = {"scale" if whole else "factor": scale, "mode": full.get("mode", "nearest")}
        if scale is None and full["size"] is not None:
            kind, found = "Interpolate", {"size": full["size"], "mode": full.get("mode", "nearest")}
        if full.get("align_corners") is not None:
            found["align_corners"] = full["align_corners"]
    pad = full.get("padding")
    if kind in ("ZeroPad2d", "ConstantPad2d", "BorderPad2d") and isinstance(pad, tuple) and len(pad) == 4:
        left, right, top, bottom = pad
        found["padding"] = (top, bottom, left, right)
    if kind == "GLU" and full["dim"] != 1:
        doubts.append(say("{type}: {key}={value} is not known here", type=kind, key="dim", value=str(full["dim"])))
    for key, usual in (("padding_mode", "zeros"), ("start_dim", 1), ("end_dim", -1), ("track_running_stats", True),
                       ("return_indices", False), ("size", None)):  # fmt: skip
        if key in given and key not in found and given[key] != usual:
            doubts.append(say("{type}: {key}={value} is not known here", type=kind, key=key, value=str(given[key])))
    return kind, found


def _checked(kind: str, found: dict[str, Literal], doubts: list[Text]) -> dict[str, RawValue]:
    """What the type takes; the rest is named and left at its default."""
    legal: dict[str, RawValue] = {}
    for key, value in found.items():
        parameter = CATALOGUE[kind].parameters[key]
        plain: Any = list(value) if isinstance(value, tuple) else value
        try:
            if parameter.check(plain) != parameter.check(parameter.default):
                legal[key] = plain
        except StudioError as error:
            doubts.append(say("{type}, {key}: {why}", type=kind, key=key, why=error.message))
    return legal
