"""The helper modules against plain references: what they compute, not only its shape."""

from __future__ import annotations

import ast
import copy
import inspect
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from blockstudio.blocks import HELPERS

torch.set_num_threads(1)
SIZES = [(7, 7), (8, 5), (1, 6), (4, 9)]


def helper(name: str) -> type[nn.Module]:
    """The class of this name, made from its text alone."""
    scope: dict[str, object] = {"torch": torch, "nn": nn, "F": F}
    exec(HELPERS[name], scope)  # noqa: S102
    found = scope[name]
    assert inspect.isclass(found) and issubclass(found, nn.Module)
    return found


def tensorflow_pads(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """TensorFlow's rule for padding "same" as its documentation words it, by the remainder of the size."""
    reach = (kernel - 1) * dilation + 1
    total = max(reach - stride, 0) if size % stride == 0 else max(reach - size % stride, 0)
    return total // 2, total - total // 2


def pooled(x: torch.Tensor, kernel: tuple[int, int], stride: tuple[int, int], pads: tuple[int, ...], how: str):
    """Pooling pixel by pixel; ``how``: max, mean (of the pixels on the map) or whole (zeros of the padding count)."""
    top, bottom, left, right = pads
    height, width = x.shape[2:]
    rows = (height + top + bottom - kernel[0]) // stride[0] + 1
    columns = (width + left + right - kernel[1]) // stride[1] + 1
    y = x.new_zeros(*x.shape[:2], rows, columns)
    for i, j in product(range(rows), range(columns)):
        up, start = i * stride[0] - top, j * stride[1] - left
        seen = x[:, :, max(up, 0) : up + kernel[0], max(start, 0) : start + kernel[1]]
        match how:
            case "max":
                y[:, :, i, j] = seen.amax((2, 3))
            case "mean":
                y[:, :, i, j] = seen.mean((2, 3))
            case "whole":
                y[:, :, i, j] = seen.sum((2, 3)) / (kernel[0] * kernel[1])
    return y


@pytest.mark.parametrize("name", HELPERS)
def test_a_text_is_one_documented_class_that_stands_alone(name: str) -> None:
    (node,) = ast.parse(HELPERS[name]).body
    assert isinstance(node, ast.ClassDef) and node.name == name and ast.get_docstring(node)
    assert not any(isinstance(part, ast.Import | ast.ImportFrom) for part in ast.walk(node))
    assert max(map(len, HELPERS[name].splitlines())) <= 120 and HELPERS[name].endswith("\n")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 2, 1), ((2, 5), (3, 1), 1), (3, 2, 2), (1, 2, 1)])
def test_conv_same_pads_like_tensorflow(size, kernel, stride, dilation) -> None:
    torch.manual_seed(0)
    conv = helper("Conv2dSame")(4, 6, kernel_size=kernel, stride=stride, dilation=dilation, groups=2)
    x = torch.randn(2, 4, *size)
    rows, columns = (
        tensorflow_pads(size[axis], conv.kernel_size[axis], conv.stride[axis], dilation) for axis in (0, 1)
    )
    padded = F.pad(x, (*columns, *rows))
    expected = F.conv2d(padded, conv.weight, conv.bias, stride, 0, dilation, 2)
    torch.testing.assert_close(conv(x), expected)
    assert conv(x).shape[2:] == tuple(-(-size[axis] // conv.stride[axis]) for axis in (0, 1))
    assert set(conv.state_dict()) == {"weight", "bias"}


def test_conv_padded_takes_each_side() -> None:
    torch.manual_seed(0)
    conv = helper("Conv2dPadded")(2, 3, kernel_size=3, stride=2, pads=(0, 1, 2, 3), bias=False)
    x = torch.randn(1, 2, 6, 5)
    surrounded = torch.zeros(1, 2, 7, 10)
    surrounded[:, :, :6, 2:7] = x
    torch.testing.assert_close(conv(x), F.conv2d(surrounded, conv.weight, stride=2))
    assert set(conv.state_dict()) == {"weight"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("kernel", "stride"), [((3, 3), (2, 2)), ((2, 3), (1, 2)), ((2, 2), (3, 3)), ((4, 1), (1, 1))])
def test_pools_same_pad_like_tensorflow(size, kernel, stride) -> None:
    torch.manual_seed(0)
    # Below zero, so that a zero of the padding would win the maximum.
    x = torch.randn(2, 3, *size) - 9
    pads = tuple(side for axis in (0, 1) for side in tensorflow_pads(size[axis], kernel[axis], stride[axis]))
    torch.testing.assert_close(helper("MaxPool2dSame")(kernel, stride)(x), pooled(x, kernel, stride, pads, "max"))
    for counted, how in ((False, "mean"), (True, "whole")):
        pool = helper("AvgPool2dSame")(kernel, stride, count_include_pad=counted)
        torch.testing.assert_close(pool(x), pooled(x, kernel, stride, pads, how))
    pool = helper("AvgPool2dSame")(kernel, stride, count_include_pad=False, divisor_override=5)
    torch.testing.assert_close(pool(x), pooled(x, kernel, stride, pads, "whole") * (kernel[0] * kernel[1] / 5))


@pytest.mark.parametrize("pads", [(0, 1, 1, 0), (1, 0, 1, 1)])
def test_pools_padded_take_each_side(pads) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 7, 6) - 9
    torch.testing.assert_close(helper("MaxPool2dPadded")(3, 2, pads=pads)(x), pooled(x, (3, 3), (2, 2), pads, "max"))
    for counted, how in ((False, "mean"), (True, "whole")):
        pool = helper("AvgPool2dPadded")(3, stride=2, pads=pads, count_include_pad=counted)
        torch.testing.assert_close(pool(x), pooled(x, (3, 3), (2, 2), pads, how))


def test_max_pool_same_with_dilation() -> None:
    x = torch.arange(36.0).reshape(1, 1, 6, 6)
    assert helper("MaxPool2dSame")(3, 1, dilation=2)(x)[0, 0].tolist() == [
        [min(row + 2, 4 + row % 2) * 6 + min(column + 2, 4 + column % 2) for column in range(6)] for row in range(6)
    ]


def test_shift_batch_norm_learns_a_shift_only() -> None:
    torch.manual_seed(0)
    shift = helper("ShiftBatchNorm2d")(5, eps=1e-3, momentum=0.3)
    full = nn.BatchNorm2d(5, eps=1e-3, momentum=0.3)
    assert [name for name, _ in shift.named_parameters()] == ["bias"]
    assert set(shift.state_dict()) == {"bias", "running_mean", "running_var", "num_batches_tracked"}
    with torch.no_grad():
        full.bias.copy_(torch.randn(5))
        shift.bias.copy_(full.bias)
    x = torch.randn(4, 5, 3, 3) * 3 + 1
    torch.testing.assert_close(shift(x), full(x))
    torch.testing.assert_close(shift.eval()(x), full.eval()(x))
    shift.train()(x).sum().backward()
    torch.testing.assert_close(shift.bias.grad, torch.full((5,), 36.0))
    torch.testing.assert_close(copy.deepcopy(shift).state_dict(), shift.state_dict())


@pytest.mark.parametrize(("zeros", "first"), [("after", 0), ("both", 1)])
def test_shortcut_a_takes_pixels_and_adds_channels(zeros, first) -> None:
    x = torch.randn(2, 3, 5, 4)
    y = helper("ShortcutA")(3, 6, stride=(2, 3), zeros=zeros)(x)
    assert y.shape == (2, 6, 3, 2)
    torch.testing.assert_close(y[:, first : first + 3], x[:, :, ::2, ::3])
    assert y.count_nonzero() == y[:, first : first + 3].count_nonzero()


def test_scale_multiplies() -> None:
    x = torch.randn(2, 3)
    torch.testing.assert_close(helper("Scale")(0.17)(x), x * 0.17)
