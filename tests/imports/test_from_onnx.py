"""ONNX files as diagrams; hostile ones as one sentence."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

import blockstudio as bs

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)


def _small(path: Path) -> onnx.ModelProto:
    """A residual network, written by hand: no module is told."""
    drawn = np.random.default_rng(0)

    def weight(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(np.abs(drawn.normal(size=shape)).astype(np.float32), name)

    weights = [
        weight("conv1.weight", 8, 3, 3, 3), weight("conv1.bias", 8), weight("bn1.weight", 8), weight("bn1.bias", 8),
        weight("bn1.running_mean", 8), weight("bn1.running_var", 8), weight("conv2.weight", 8, 8, 3, 3),
        weight("fc.weight", 5, 8), weight("fc.bias", 5),
    ]  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["x", "conv1.weight", "conv1.bias"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node(
            "BatchNormalization", ["a", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"], ["b"]
        ),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Conv", ["c", "conv2.weight"], ["d"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["d", "c"], ["e"]),
        helper.make_node("GlobalAveragePool", ["e"], ["f"]),
        helper.make_node("Flatten", ["f"], ["g"]),
        helper.make_node("Gemm", ["g", "fc.weight", "fc.bias"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return model


def test_a_file_becomes_a_diagram_with_its_weights_names(tmp_path: Path) -> None:
    _small(tmp_path / "small.onnx")
    diagram, report = bs.from_onnx(tmp_path / "small.onnx")
    assert report.proven and report.close, report.notes
    assert {"conv1", "bn1", "conv2", "fc"} <= set(diagram.main.graph)
    assert bs.compile(diagram).state_dict()["conv2.weight"].shape == (8, 8, 3, 3)


def test_what_no_block_stands_for_is_one_foreign_block(tmp_path: Path) -> None:
    model = _small(tmp_path / "small.onnx")
    model.graph.node[2].op_type = "Asinh"
    onnx.save(model, str(tmp_path / "odd.onnx"))
    diagram, report = bs.from_onnx(tmp_path / "odd.onnx")
    assert report.foreign == ["onnx.Asinh"] and not report.proven and report.parameters
    assert bs.analyze(diagram).blocks["fc"].output_shape == (5,)


def test_operators_in_any_order(tmp_path: Path) -> None:
    model = _small(tmp_path / "small.onnx")
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes[3:], *nodes[:3]])
    onnx.save(model, str(tmp_path / "mixed.onnx"))
    diagram, report = bs.from_onnx(tmp_path / "mixed.onnx")
    assert report.proven and not report.foreign, report.notes
    assert list(diagram.main.graph) == list(bs.from_onnx(tmp_path / "small.onnx")[0].main.graph)


@pytest.mark.parametrize("operator", ["DequantizeLinear", "QLinearConv", "DynamicQuantizeLinear", "ConvInteger"])
def test_a_quantised_network_is_told_as_that(operator: str, tmp_path: Path) -> None:
    model = _small(tmp_path / "small.onnx")
    model.graph.node[3].op_type = operator
    onnx.save(model, str(tmp_path / "int8.onnx"))
    with pytest.raises(bs.StudioError) as caught:
        bs.from_onnx(tmp_path / "int8.onnx")
    assert caught.value.code == "import.quantised" and operator in str(caught.value)


def test_damaged_files_end_in_one_sentence(tmp_path: Path) -> None:
    _small(tmp_path / "small.onnx")
    whole = (tmp_path / "small.onnx").read_bytes()
    drawn = random.Random(0)
    refused = 0
    for index in range(60):
        data = bytearray(whole)
        if index % 3 == 0:
            data = data[: drawn.randrange(len(data))]
        else:
            for _ in range(1 + index):
                data[drawn.randrange(len(data) if index % 3 == 1 else 600)] = drawn.randrange(256)
        target = tmp_path / f"{index}.onnx"
        target.write_bytes(bytes(data))
        try:
            bs.from_onnx(target, prove=False)
        except bs.StudioError as error:
            assert error.code.startswith(("import.", "compile.", "diagram.", "parameter.", "file."))
            refused += 1
    assert refused >= 20


class Part(nn.Module):
    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, units, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(units)
        for values in (self.norm.weight, self.norm.bias, self.norm.running_mean, self.norm.running_var):
            nn.init.uniform_(values, 0.5, 1.5)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x)))


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = Part(3, 8)
        self.left = Part(8, 8)
        self.right = nn.Conv2d(8, 8, 1)
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.head(torch.cat([self.left(x), self.right(x) + x], 1).mean((2, 3)))


@pytest.mark.slow
def test_what_torch_s_exporter_writes_comes_back_with_its_modules(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Branches().eval()
    image = torch.randn(2, 3, 16, 16)
    file = tmp_path / "branches.onnx"
    torch.onnx.export(network, (image[:1],), str(file), dynamo=True, external_data=False)
    diagram, report = bs.from_onnx(file)
    assert report.proven and report.close and report.foreign == [], report.notes
    assert {"stem", "left", "right", "head"} <= set(diagram.main.graph)
    assert list(diagram.modules) == ["Part"]
    model = bs.compile(diagram).eval()
    # The exporter folds the norm into the convolution before it, which gets a bias.
    keys = {f"{part}.{key}" for part in ("right", "head", "stem.conv", "left.conv") for key in ("weight", "bias")}
    assert set(model.state_dict()) == keys
    given = {
        each.name.replace("weight_bias", "bias"): torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in onnx.load(str(file)).graph.initializer
    }
    model.load_state_dict({key: given[key] for key in keys})
    wanted = network(image)
    assert (model(image) - wanted).abs().max() <= 1e-5 * wanted.abs().max()
