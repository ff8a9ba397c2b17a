"""The many ways in which ONNX files say one thing: each is drawn as the block that it is, and gives what onnxruntime
gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

import blockstudio as bs
from blockstudio.cli import main

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)
RNG = np.random.default_rng(0)
Node = helper.make_node
SAME = [1, 1, 1, 1]


def weight(name: str, *shape: int) -> Any:
    return numpy_helper.from_array((RNG.normal(size=shape) * 0.3).astype(np.float32), name)


def number(name: str, *values: float) -> Any:
    return numpy_helper.from_array(np.array(values if len(values) > 1 else values[0], dtype=np.float32), name)


def whole(name: str, *values: int) -> Any:
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def model(
    nodes: Sequence[Any], weights: Sequence[Any], image: Sequence[Any] = (1, 3, 8, 8), opset: int = 17, **more: Any
) -> Any:
    """A network of ``x`` that gives ``y``."""
    given = helper.make_tensor_value_info("x", more.get("kind", TensorProto.FLOAT), image)
    outs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in more.get("outs", ["y"])]
    graph = helper.make_graph(list(nodes), "g", [given, *more.get("inputs", [])], outs, list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def conv(**attributes: Any) -> Any:
    return model([Node("Conv", ["x", "w", "b"], ["y"], **attributes)], [weight("w", 8, 3, 3, 3), weight("b", 8)])


def after(*nodes: Any, weights: Sequence[Any] = (), opset: int = 17, image: Sequence[Any] = (1, 3, 8, 8)) -> Any:
    """Operators from ``c``, 8 maps, to ``y``."""
    first = Node("Conv", ["x", "w", "b"], ["c"], pads=SAME)
    return model([first, *nodes], [weight("w", 8, 3, 3, 3), weight("b", 8), *weights], image, opset)


def one(kind: str, *inputs: Any, opset: int = 17, **attributes: Any) -> Any:
    names = [each.name if not isinstance(each, str) else each for each in inputs]
    weights = [each for each in inputs if not isinstance(each, str)]
    return after(Node(kind, ["c", *names], ["y"], **attributes), weights=weights, opset=opset)


def gelu() -> Any:
    nodes = [Node("Div", ["c", "r"], ["d"]), Node("Erf", ["d"], ["e"]), Node("Add", ["e", "one"], ["f"]),
             Node("Mul", ["c", "f"], ["g"]), Node("Mul", ["g", "half"], ["y"])]  # fmt: skip
    return after(*nodes, weights=[number("r", 2**0.5), number("one", 1), number("half", 0.5)])


def hard_swish() -> Any:
    nodes = [Node("Add", ["c", "three"], ["d"]), Node("Clip", ["d", "no", "six"], ["e"]),
             Node("Mul", ["c", "e"], ["f"]), Node("Div", ["f", "six"], ["y"])]  # fmt: skip
    return after(*nodes, weights=[number("three", 3), number("no", 0), number("six", 6)])


def layer_norm() -> Any:
    nodes = [
        Node("Transpose", ["c"], ["t"], perm=[0, 2, 3, 1]), Node("ReduceMean", ["t"], ["m"], axes=[-1]),
        Node("Sub", ["t", "m"], ["d"]), Node("Pow", ["d", "two"], ["p"]), Node("ReduceMean", ["p"], ["v"], axes=[-1]),
        Node("Add", ["v", "eps"], ["a"]), Node("Sqrt", ["a"], ["s"]), Node("Div", ["d", "s"], ["n"]),
        Node("Mul", ["n", "g"], ["k"]), Node("Add", ["k", "h"], ["l"]),
        Node("Transpose", ["l"], ["y"], perm=[0, 3, 1, 2]),
    ]  # fmt: skip
    return after(*nodes, weights=[number("two", 2), number("eps", 1e-5), weight("g", 8), weight("h", 8)], opset=13)


def stored_once() -> Any:
    """Two layers whose equal biases are one tensor, as torch's older exporter writes them."""
    nodes = [Node("Identity", ["one.bias"], ["two.bias"]), Node("Conv", ["x", "one.weight", "one.bias"], ["c"]),
             Node("Conv", ["c", "two.weight", "two.bias"], ["y"])]  # fmt: skip
    return model(nodes, [weight("one.weight", 8, 3, 3, 3), weight("one.bias", 8), weight("two.weight", 8, 8, 1, 1)])


def shaped() -> Any:
    """The size of a flattened map worked out by operators, for any number of images."""
    nodes = [Node("Shape", ["c"], ["s"]), Node("Gather", ["s", "zero"], ["n"]),
             Node("Unsqueeze", ["n", "first"], ["u"]), Node("Concat", ["u", "rest"], ["to"], axis=0),
             Node("Reshape", ["c", "to"], ["y"])]  # fmt: skip
    zero = numpy_helper.from_array(np.array(0), "zero")
    return after(*nodes, weights=[zero, whole("first", 0), whole("rest", -1)], image=("N", 3, 8, 8))


def channels_last() -> Any:
    nodes = [
        Node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), Node("Conv", ["t", "w", "b"], ["c"]),
        Node("GlobalAveragePool", ["c"], ["p"]), Node("Transpose", ["p"], ["q"], perm=[0, 2, 3, 1]),
        Node("Reshape", ["q", "s"], ["f"]), Node("MatMul", ["f", "v"], ["m"]), Node("Add", ["m", "a"], ["y"]),
    ]  # fmt: skip
    weights = [weight("w", 8, 3, 3, 3), weight("b", 8), whole("s", -1, 8), weight("v", 8, 5), weight("a", 1, 5)]
    return model(nodes, weights, ("N", 8, 8, 3))


def constants() -> Any:
    nodes = [Node("Constant", [], ["w"], value=weight("", 8, 3, 3, 3)),
             Node("Constant", [], ["b"], value=weight("", 8)), Node("Conv", ["x", "w", "b"], ["c"]),
             Node("Constant", [], ["k"], value_float=0.5),
             Node("Mul", ["c", "k"], ["y"])]  # fmt: skip
    return model(nodes, [])


def rows(*weights: Any, **attributes: Any) -> Any:
    nodes = [Node("Flatten", ["x"], ["f"]), Node("Gemm", ["f", *(each.name for each in weights)], ["y"], **attributes)]
    return model(nodes, weights)


def product(*kinds: str) -> Any:
    """``c`` by what is made of it."""
    made = [Node(kind, [f"v{place - 1}" if place else "c"], [f"v{place}"]) for place, kind in enumerate(kinds)]
    return after(*made, Node("Mul", [f"v{len(kinds) - 1}", "c"], ["y"]))


FIELDS = number("k", 1, 1, 2, 2)
PROVEN: dict[str, tuple[Callable[[], Any], str]] = {
    "Gemm, not turned": (lambda: rows(weight("w", 192, 5), weight("b", 5)), "Flatten Linear"),
    "Gemm, bias a row": (lambda: rows(weight("w", 5, 192), weight("b", 1, 5), transB=1), "Flatten Linear"),
    "SAME_UPPER": (lambda: conv(auto_pad="SAME_UPPER", strides=[2, 2]), "Conv2d"),
    "SAME_LOWER": (lambda: conv(auto_pad="SAME_LOWER", strides=[2, 2]), "Conv2d"),
    "VALID": (lambda: conv(auto_pad="VALID"), "Conv2d"),
    "sides differ": (lambda: conv(pads=[0, 1, 2, 3]), "Conv2d"),
    "pool SAME_LOWER": (
        lambda: one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER"), "Conv2d MaxPool2d"
    ),
    "whole maximum": (lambda: one("GlobalMaxPool"), "Conv2d MaxPool2d"),
    "ReLU6 as attributes": (lambda: one("Clip", opset=9, min=0.0, max=6.0), "Conv2d ReLU6"),
    "ReLU as a bound": (lambda: one("Clip", number("low", 0)), "Conv2d ReLU"),
    "hard sigmoid": (lambda: one("HardSigmoid", alpha=1 / 6), "Conv2d Hardsigmoid"),
    "hard swish by hand": (hard_swish, "Conv2d Hardswish"),
    "GELU by hand": (gelu, "Conv2d GELU"),
    "SiLU by hand": (lambda: product("Sigmoid"), "Conv2d SiLU"),
    "Mish by hand": (lambda: product("Softplus", "Tanh"), "Conv2d Mish"),
    "layer norm by hand": (layer_norm, "Conv2d LayerNorm"),
    "group norm": (
        lambda: one("GroupNormalization", weight("g", 8), weight("h", 8), opset=21, num_groups=2), "Conv2d GroupNorm"
    ),
    "PReLU of maps": (lambda: one("PRelu", weight("s", 8, 1, 1)), "Conv2d PReLU"),
    "Upsample 9": (lambda: one("Upsample", FIELDS, opset=9, mode="nearest"), "Conv2d Upsample"),
    "Resize, nothing said": (lambda: one("Resize", "", FIELDS), "Conv2d Upsample"),
    "Resize, cubic": (lambda: one("Resize", "", FIELDS, mode="cubic"), "Conv2d Upsample"),
    "Pad by axes": (
        lambda: one("Pad", whole("p", 1, 0, 2, 1), "", whole("a", 2, 3), opset=18), "Conv2d ZeroPad2d"
    ),
    "Softmax before 13": (
        lambda: model([Node("Flatten", ["x"], ["f"]), Node("Softmax", ["f"], ["y"])], [], opset=11), "Flatten Softmax"
    ),
    "Pad, mirrored": (lambda: one("Pad", whole("p", 0, 0, 2, 1, 0, 0, 1, 3), mode="reflect"), "Conv2d BorderPad2d"),
    "Pad, edge": (lambda: one("Pad", whole("p", *[0, 0, 2, 1] * 2), opset=11, mode="edge"), "Conv2d BorderPad2d"),
    "Pad, around": (lambda: one("Pad", whole("p", *[0, 0, 1, 1] * 2), opset=19, mode="wrap"), "Conv2d BorderPad2d"),
    "Pad of channels": (lambda: one("Pad", whole("p", 0, 4, 0, 0, 0, 4, 0, 0)), "Conv2d ShortcutA"),
    "DepthToSpace, CRD": (lambda: one("DepthToSpace", blocksize=2, mode="CRD"), "Conv2d PixelShuffle"),
    "instance norm": (
        lambda: one("InstanceNormalization", weight("g", 8), weight("h", 8), epsilon=1e-3), "Conv2d InstanceNorm2d"
    ),
    "LogSoftmax": (
        lambda: model([Node("Flatten", ["x"], ["f"]), Node("LogSoftmax", ["f"], ["y"])], []), "Flatten LogSoftmax"
    ),
    "a quotient": (lambda: one("Div", number("a", 255)), "Conv2d Divide"),
    "a reciprocal": (lambda: after(Node("Exp", ["c"], ["e"]), Node("Div", ["k", "e"], ["y"]), weights=[number("k", 1)]),
                     "Conv2d Function Function"),
    "a root of a power": (
        lambda: after(Node("Pow", ["c", "two"], ["p"]), Node("Sqrt", ["p"], ["s"]), Node("Abs", ["s"], ["y"]),
                      weights=[number("two", 2)]), "Conv2d Pow Function Function"
    ),
    "mean and deviation": (
        lambda: model([Node("Sub", ["x", "norm.mean"], ["d"]), Node("Div", ["d", "std"], ["n"]),
                       Node("Conv", ["n", "w"], ["y"])],
                      [weight("norm.mean", 1, 3, 1, 1), weight("std", 3, 1, 1), weight("w", 8, 3, 3, 3)]),
        "ChannelConstant ChannelConstant Conv2d",
    ),
    "cropped": (
        lambda: one("Slice", whole("s", 1, 2), whole("e", -1, 99), whole("a", 2, 3)), "Conv2d Crop2d"
    ),
    "below each other": (
        lambda: after(Node("Concat", ["c", "c"], ["y"], axis=2)), "Conv2d SpatialConcat"
    ),
    "Neg": (lambda: one("Neg"), "Conv2d Scale"),
    "Softplus": (lambda: one("Softplus"), "Conv2d Softplus"),
    "Selu": (lambda: one("Selu"), "Conv2d SELU"),
    "Celu": (lambda: one("Celu", alpha=0.5), "Conv2d CELU"),
    "bounds": (lambda: one("Clip", number("low", -1), number("high", 2)), "Conv2d Hardtanh"),
    "a constant added": (lambda: one("Add", number("a", 0.5)), "Conv2d Offset"),
    "a constant taken away": (lambda: one("Sub", number("a", 0.5)), "Conv2d Offset"),
    "Slice by steps": (
        lambda: one("Slice", whole("s", 0, 0), whole("e", 8, 8), whole("a", 2, 3), whole("t", 2, 2)), "Conv2d MaxPool2d"
    ),
    "biases stored once": (stored_once, "Conv2d Conv2d"),
    "a size worked out": (shaped, "Conv2d Flatten"),
    "channels last": (channels_last, "Conv2d GlobalAvgPool Flatten Linear"),
    "weights as constants": (constants, "Conv2d Scale"),
    "four images": (lambda: after(Node("Relu", ["c"], ["y"]), image=(4, 3, 8, 8)), "Conv2d ReLU"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROVEN)
def test_one_thing_said_in_many_ways(name: str, tmp_path: Path) -> None:
    make, blocks = PROVEN[name]
    onnx.save(make(), str(tmp_path / "net.onnx"))
    diagram, report = bs.from_onnx(tmp_path / "net.onnx")
    drawn = [block.type for _, block in diagram.main.blocks() if block.type not in ("Input", "Output")]
    assert " ".join(map(str, drawn)) == blocks
    assert report.proven and report.notes == [], report.notes


@pytest.mark.parametrize(
    ("make", "foreign"),
    [
        (lambda: one("HardSigmoid"), "onnx.HardSigmoid"),  # rises by a fifth
        (lambda: one("DepthToSpace", blocksize=2), "onnx.DepthToSpace"),  # deals them out in another order
        (lambda: one("Selu", alpha=2.0), "onnx.Selu"),
        (lambda: one("Softmax", opset=11), "onnx.Softmax"),  # over all axes from one on
        (lambda: rows(weight("w", 5, 192), weight("b", 1), transB=1), "onnx.Gemm"),
        (lambda: one("Resize", "", FIELDS, coordinate_transformation_mode="asymmetric"), "onnx.Resize"),
        (lambda: one("AveragePool", opset=19, kernel_shape=[2, 2], dilations=[2, 2]), "torch.avg_pool2d"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_block_is_none(make: Callable[[], Any], foreign: str, tmp_path: Path) -> None:
    onnx.save(make(), str(tmp_path / "net.onnx"))
    _, report = bs.from_onnx(tmp_path / "net.onnx")
    assert report.foreign == [foreign] and not report.proven


def test_several_outputs_are_all_compared(tmp_path: Path) -> None:
    nodes = [Node("Conv", ["x", "w"], ["c"]), Node("Relu", ["c"], ["y"])]
    onnx.save(model(nodes, [weight("w", 8, 3, 3, 3)], outs=["y", "c"]), str(tmp_path / "net.onnx"))
    diagram, report = bs.from_onnx(tmp_path / "net.onnx")
    assert report.proven and len(diagram.main.of_type("Output")) == 2


def test_weights_in_a_file_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    onnx.save(conv(), str(file), save_as_external_data=True, location="net.onnx.data", size_threshold=0)
    _, report = bs.from_onnx(file)
    assert report.proven
    (tmp_path / "net.onnx.data").rename(tmp_path / "elsewhere")
    with pytest.raises(bs.StudioError, match=r"weights are in the file net\.onnx\.data, which is not beside it"):
        bs.from_onnx(file)


def test_the_size_of_images_that_a_file_leaves_open_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "net.onnx"
    onnx.save(after(Node("Relu", ["c"], ["y"]), image=("N", 3, "height", "width")), str(file))
    with pytest.raises(bs.StudioError, match="3×height×width") as caught:
        bs.from_onnx(file)
    assert "--input 3 224 224" in caught.value.hint
    diagram, report = bs.from_onnx(file, input=(3, 12, 10))
    assert report.proven and bs.analyze(diagram).blocks["re_lu"].output_shape == (8, 12, 10)
    with pytest.raises(bs.StudioError, match="its images are 3×height×width, not 1×8×8"):
        bs.from_onnx(file, input=(1, 8, 8))
    arguments = ["import", str(file), "-o", str(tmp_path / "net.blocks.json"), "--input", "3", "12", "10"]
    assert main(arguments) == 0 and "equal within 1e-5" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("dynamo", [False, True], ids=["script", "dynamo"])
@pytest.mark.filterwarnings("ignore")
def test_what_both_of_torch_s_exporters_write_in_several_versions(dynamo: bool, tmp_path: Path) -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1, bias=False), torch.nn.BatchNorm2d(8))
            self.conv, self.head = torch.nn.Conv2d(8, 8, 3, padding=1, groups=2), torch.nn.Linear(16, 5)
            self.gelu, self.swish, self.hard = torch.nn.GELU(), torch.nn.Hardswish(), torch.nn.Hardsigmoid()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = torch.nn.functional.relu6(self.stem(x))
            left, right = self.conv(x).chunk(2, 1)
            x = torch.cat([self.swish(left), self.hard(right), x * self.gelu(x)], 1)
            x = torch.nn.functional.interpolate(x, scale_factor=2)
            return self.head(torch.nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))

    network, image = Net().eval(), torch.randn(1, 3, 12, 12)
    for opset in (18, 20) if dynamo else (11, 13, 17):
        for axes in (None, {"x": {0: "N"}}):
            file = tmp_path / f"{opset}.onnx"
            more: dict[str, Any] = {"dynamo": dynamo, "opset_version": opset, "input_names": ["x"]}
            if not dynamo:
                more["dynamic_axes"] = axes
            elif axes:
                more["dynamic_shapes"] = ({0: torch.export.Dim("N", min=1, max=64)},)
            torch.onnx.export(network, (image,), str(file), verbose=False, **more)
            _, report = bs.from_onnx(file)
            assert report.proven and not report.foreign and not report.notes, (opset, axes, report)
