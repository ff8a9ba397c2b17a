"""The PyTorch calls as an expert would write them."""

from __future__ import annotations

import pytest

from blockstudio.blocks import CATALOGUE, Arguments, Code, Shape

MAP = (64, 56, 56)


def code(
    name: str,
    given: dict[str, object],
    inputs: tuple[Shape, ...] = (MAP,),
    channels: tuple[str, ...] = (),
    texts: dict[str, str] | None = None,
) -> Code:
    kind = CATALOGUE[name]
    values = {key: parameter.check(given.get(key, parameter.default)) for key, parameter in kind.parameters.items()}
    return kind.code(Arguments(values, inputs, channels, texts or {}))


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        (
            "Conv2d",
            {"out_channels": 128, "stride": 2, "padding": 1, "bias": False},
            "nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1, bias=False)",
        ),
        ("Conv2d", {"kernel_size": 1}, "nn.Conv2d(64, 64, kernel_size=1)"),
        (
            "Conv2d",
            {"kernel_size": [1, 7], "padding": [0, 3]},
            "nn.Conv2d(64, 64, kernel_size=(1, 7), padding=(0, 3))",
        ),
        ("Conv2d", {"padding": "same"}, "nn.Conv2d(64, 64, kernel_size=3, padding='same')"),
        ("Conv2d", {"padding": "same_tf", "stride": 2}, "Conv2dSame(64, 64, kernel_size=3, stride=2)"),
        ("Conv2d", {"padding": [0, 1, 0, 1]}, "Conv2dPadded(64, 64, kernel_size=3, pads=(0, 1, 0, 1))"),
        (
            "Conv2d",
            {"groups": 32, "dilation": 2, "padding": 2},
            "nn.Conv2d(64, 64, kernel_size=3, padding=2, dilation=2, groups=32)",
        ),
        (
            "DepthwiseConv2d",
            {"padding": 1, "bias": False, "depth_multiplier": 2},
            "nn.Conv2d(64, 128, kernel_size=3, padding=1, groups=64, bias=False)",
        ),
        ("MaxPool2d", {"kernel_size": 3, "padding": 1}, "nn.MaxPool2d(kernel_size=3, stride=2, padding=1)"),
        (
            "MaxPool2d",
            {"kernel_size": 3, "stride": 1, "padding": "same"},
            "nn.MaxPool2d(kernel_size=3, stride=1, padding=1)",
        ),
        ("MaxPool2d", {"kernel_size": 2, "stride": 1, "padding": "same"}, "MaxPool2dSame(kernel_size=2, stride=1)"),
        ("MaxPool2d", {"kernel_size": 3, "ceil_mode": True}, "nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)"),
        (
            "AvgPool2d",
            {"kernel_size": 3, "padding": "same_tf", "count_include_pad": False},
            "AvgPool2dSame(kernel_size=3, stride=2, count_include_pad=False)",
        ),
        ("AvgPool2d", {"padding": [0, 1, 0, 1]}, "AvgPool2dPadded(kernel_size=2, stride=2, pads=(0, 1, 0, 1))"),
        ("AvgPool2d", {"divisor_override": 9}, "nn.AvgPool2d(kernel_size=2, stride=2, divisor_override=9)"),
        ("GlobalAvgPool", {}, "nn.AdaptiveAvgPool2d(1)"),
        ("AdaptiveAvgPool2d", {"output_size": [7, 6]}, "nn.AdaptiveAvgPool2d((7, 6))"),
        ("BatchNorm2d", {}, "nn.BatchNorm2d(64)"),
        ("BatchNorm2d", {"eps": 0.001, "momentum": 0.01}, "nn.BatchNorm2d(64, eps=0.001, momentum=0.01)"),
        ("BatchNorm2d", {"affine": "none"}, "nn.BatchNorm2d(64, affine=False)"),
        ("BatchNorm2d", {"affine": "shift", "eps": 0.001}, "ShiftBatchNorm2d(64, eps=0.001)"),
        ("LocalResponseNorm", {"k": 2.0}, "nn.LocalResponseNorm(5, k=2.0)"),
        ("ReLU", {}, "nn.ReLU(inplace=True)"),
        ("ReLU", {"inplace": False}, "nn.ReLU()"),
        ("LeakyReLU", {"negative_slope": 0.1}, "nn.LeakyReLU(negative_slope=0.1, inplace=True)"),
        ("PReLU", {"per_channel": True}, "nn.PReLU(64)"),
        ("Softmax", {}, "nn.Softmax(dim=1)"),
        ("Dropout", {}, "nn.Dropout(0.5)"),
        ("ShortcutA", {"out_channels": 128, "zeros": "both"}, "ShortcutA(64, 128, stride=2, zeros='both')"),
        ("Scale", {"factor": 0.17}, "Scale(0.17)"),
        ("ZeroPad2d", {"padding": 3}, "nn.ZeroPad2d(3)"),
        ("ZeroPad2d", {"padding": [0, 1, 2, 3]}, "nn.ZeroPad2d((2, 3, 0, 1))"),
        ("Identity", {}, "nn.Identity()"),
    ],
)
def test_a_constructor_call(name: str, given: dict[str, object], expected: str) -> None:
    found = code(name, given)
    assert (found.init, found.forward) == (expected, "{self}({0})")
    assert found.helper == (None if expected.startswith("nn.") else expected.partition("(")[0])


@pytest.mark.parametrize(
    ("name", "given", "texts", "expected"),
    [
        (
            "Conv2d",
            {"out_channels": 128, "padding": 1},
            {"out_channels": "planes * 4", "stride": "stride", "padding": "k // 2"},
            "nn.Conv2d(in_channels, planes * 4, kernel_size=3, stride=stride, padding=k // 2)",
        ),
        (
            "Conv2d",
            {"kernel_size": [1, 7], "padding": [0, 3]},
            {"kernel_size": "(1, k)", "padding": "(0, k // 2)"},
            "nn.Conv2d(in_channels, 64, kernel_size=(1, k), padding=(0, k // 2))",
        ),
        (
            "Conv2d",
            {"padding": [1, 1, 1, 1]},
            {"padding": "(p, p, 1, 1)"},
            "Conv2dPadded(in_channels, 64, kernel_size=3, pads=(p, p, 1, 1))",
        ),
        ("DepthwiseConv2d", {}, {}, "nn.Conv2d(in_channels, in_channels, kernel_size=3, groups=in_channels)"),
        (
            "DepthwiseConv2d",
            {},
            {"depth_multiplier": "m"},
            "nn.Conv2d(in_channels, in_channels * m, kernel_size=3, groups=in_channels)",
        ),
        (
            "AvgPool2d",
            {"padding": 1},
            {"padding": "p", "divisor_override": "d"},
            "nn.AvgPool2d(kernel_size=2, stride=2, padding=p, divisor_override=d or None)",
        ),
        ("BatchNorm2d", {}, {"eps": "eps"}, "nn.BatchNorm2d(in_channels, eps=eps)"),
        ("PReLU", {}, {"per_channel": "each"}, "nn.PReLU(in_channels if each else 1)"),
        ("Dropout", {}, {"p": "rate"}, "nn.Dropout(rate)"),
        ("ZeroPad2d", {"padding": [1, 2]}, {"padding": "(a, b + 1)"}, "nn.ZeroPad2d((b + 1, b + 1, a, a))"),
    ],
)
def test_a_constructor_call_over_names(
    name: str, given: dict[str, object], texts: dict[str, str], expected: str
) -> None:
    assert code(name, given, channels=("in_channels",), texts=texts).init == expected


def test_functional_blocks() -> None:
    three = ((64, 7, 7), (128, 7, 7), (32, 7, 7))
    cat = code("Concat", {}, three, ("in_channels", "planes * 2", "32"))
    assert (cat.init, cat.forward, cat.channels) == (
        None,
        "torch.cat(({inputs}), dim=1)",
        "in_channels + planes * 2 + 32",
    )
    assert code("Add", {}, (MAP,) * 3).forward == "{0} + {1} + {2}"
    gate = code("Multiply", {}, ((1, 56, 56), MAP), ("1", "planes"))
    assert (gate.forward, gate.channels) == ("{0} * {1}", "planes")
    flat = code("Flatten", {}, ((512, 7, 7),))
    assert (flat.forward, flat.channels, flat.module) == ("torch.flatten({0}, 1)", "512 * 7 * 7", "nn.Flatten()")
    assert code("Flatten", {}, ((2048, 1, 1),), ("planes * 4",)).channels == "planes * 4"


@pytest.mark.parametrize("name", ["Concat", "Add", "Multiply"])
def test_a_merge_of_one_passes_it_on(name: str) -> None:
    assert CATALOGUE[name].shape({}, (MAP,)) == MAP
    assert code(name, {}).forward == "{0}"
    assert CATALOGUE[name].keeps_input({}, (MAP,)) is False
