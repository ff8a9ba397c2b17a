"""ONNX and `torch.export` files give what the network gives, for any number of images."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from blockstudio import Diagram, StudioError, load
from blockstudio.blocks import CATALOGUE
from blockstudio.compiler import compile
from blockstudio.compiler.exports import export
from blockstudio.compiler.programs import NOTES, onnx_bytes, program_bytes, traced
from blockstudio.graph.presets import preset_names
from tests.support.export_cases import images, shaken, small

pytestmark = pytest.mark.xdist_group("exports")

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

torch.set_num_threads(1)
QUICK = {"module_residual_basic"}
EVERY = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in preset_names()]


def session(data: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def reloaded(data: bytes, **options: dict[str, str]) -> torch.nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.export.load(io.BytesIO(data), **options).module()
    assert isinstance(module, torch.nn.Module)
    return module


@pytest.mark.parametrize("name", EVERY)
def test_every_preset_runs_outside(name: str) -> None:
    diagram = small(name)
    model = shaken(compile(diagram))
    program = traced(diagram, model)
    data = onnx_bytes(diagram, program)
    outside = session(data)
    again = reloaded(program_bytes(diagram, program))
    for count in (1, 3):
        x = images(diagram, count)
        with torch.no_grad():
            expected = model(x)
            assert torch.equal(again(x), expected)
        assert expected.std() > 0
        (found,) = outside.run(["output"], {"input": x.numpy()})
        assert found.shape == tuple(expected.shape)
        difference = (torch.from_numpy(found) - expected).abs().max()
        assert difference <= 1e-4 * expected.abs().max()


ODD = 'Two inputs, (one; [other> and "more"'


def two_inputs() -> Diagram:
    """Two inputs and two outputs, some with names that the exporter gives to values of its own, in a network whose
    name has what torch's file format takes for separators."""
    diagram = Diagram(ODD)
    for name in ("relu_1", "conv2d"):
        diagram.add("Input", name, shape=[3, 8, 8])
    diagram.add("Conv2d", "left.conv", out_channels=4, kernel_size=3, padding=1)
    diagram.add("Conv2d", "right.conv", out_channels=4, kernel_size=3, padding=1)
    diagram.add("ReLU", "relu")
    diagram.add("Add", "add")
    for name in ("sum", "getitem"):
        diagram.add("Output", name)
    for one, other in (
        ("relu_1", "left.conv"), ("left.conv", "relu"), ("relu", "add:0"), ("conv2d", "right.conv"),
        ("right.conv", "add:1"), ("add", "sum"), ("relu", "getitem"),
    ):  # fmt: skip
        diagram.connect(one, other)
    return diagram


def test_names_are_the_diagram_s_and_nothing_tells_of_this_machine() -> None:
    diagram = two_inputs()
    model = compile(diagram).eval()
    program = traced(diagram, model)
    data = onnx_bytes(diagram, program)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    file = onnx.load_from_string(data)
    assert [item.name for item in file.graph.input] == ["relu_1", "conv2d"]
    assert [item.name for item in file.graph.output] == ["sum", "getitem"]
    assert [node.name for node in file.graph.node] == ["left.conv/Conv", "relu/Relu", "right.conv/Conv", "Add"]
    assert {item.name for item in file.graph.initializer} == set(model.state_dict())
    assert {item.key: item.value for item in file.metadata_props}["network"] == ODD
    for item in (*file.graph.input, *file.graph.output):
        assert item.type.tensor_type.shape.dim[0].dim_param == "batch"

    left, right = torch.randn(3, 3, 8, 8), torch.randn(3, 3, 8, 8)
    found = session(data).run(["sum", "getitem"], {"relu_1": left.numpy(), "conv2d": right.numpy()})
    with torch.no_grad():
        for one, other in zip(found, model(left, right), strict=True):
            torch.testing.assert_close(torch.from_numpy(one), other)

    pt2 = program_bytes(diagram, program)
    for each in (data, pt2):
        assert b"site-packages" not in each and str(Path.cwd()).encode() not in each
    notes = {NOTES: ""}
    reloaded(pt2, extra_files=notes)
    assert json.loads(notes[NOTES])["network"] == ODD


BRANCHES: list[tuple[str, dict[str, Any]]] = [
    ("Conv2d", {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": "same_tf"}),
    ("Conv2d", {"out_channels": 4, "kernel_size": [3, 5], "padding": [0, 1, 2, 3]}),
    ("Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": "same", "dilation": 2, "groups": 4}),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": "same_tf"}),
    ("MaxPool2d", {"kernel_size": 2, "stride": 1, "padding": [0, 1, 0, 1]}),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    ("AvgPool2d", {"kernel_size": 3, "stride": 1, "padding": "same_tf"}),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
    ("AdaptiveAvgPool2d", {"output_size": [5, 7]}),
    ("BatchNorm2d", {"affine": "shift"}),
    ("BatchNorm2d", {"affine": "none"}),
    ("ShortcutA", {"out_channels": 16, "zeros": "both"}),
    ("GELU", {"approximate": "tanh"}),
]


def every_block_type() -> Diagram:
    """A branch for each type of one input, with its defaults and with the settings that are hard, side by side."""
    diagram = Diagram("Every block type")
    diagram.add("Input", "input", shape=[8, 17, 17])
    diagram.add("Concat", "concat")
    elsewhere = {"Output", "AuxOutput", "Linear", "Flatten", "BatchNorm1d", "Mean", "ChannelConv1d", "Unflatten"}
    settings: dict[str, dict[str, Any]] = {"GroupNorm": {"num_groups": 4}, "Statistic": {"keepdim": True},
                                        "PixelUnshuffle": {"downscale_factor": 17}}  # fmt: skip
    plain: list[tuple[str, dict[str, Any]]] = [
        (name, settings.get(name, {}))
        for name, kind in CATALOGUE.items()
        if kind.inputs == ("in",) and name not in elsewhere and not kind.foreign
    ]
    for index, (kind, values) in enumerate([*plain, *BRANCHES]):
        name = f"branch{index}"
        diagram.add(kind, name, **values)
        diagram.add("AdaptiveAvgPool2d", f"{name}_pool", output_size=1)
        diagram.connect("input", name)
        diagram.connect(name, f"{name}_pool")
        diagram.connect(f"{name}_pool", f"concat:{index}")
    for name, before in (("Mean", "input"), ("ChannelConv1d", "Mean"), ("Unflatten", "ChannelConv1d")):
        diagram.add(name, name)
        diagram.connect(before, name)
    diagram.connect("Unflatten", "concat")
    for kind, name in (
        ("Maximum", "most"), ("Minimum", "least"), ("BroadcastAdd", "wide"), ("Sigmoid", "share"),
        ("Quotient", "ratio"), ("SpatialConcat", "beside"), ("GlobalAvgPool", "pooled"), ("BatchNorm1d", "norm"),
    ):  # fmt: skip
        diagram.add(kind, name)
    for kind, name in (("Multiply", "gate"), ("Add", "add"), ("Flatten", "flatten"), ("Output", "output")):
        diagram.add(kind, name)
    diagram.add("Linear", "fc", out_features=3)
    for one, other in (
        ("concat", "gate:0"), ("concat", "gate:1"), ("concat", "most:0"), ("gate", "most:1"), ("concat", "least:0"),
        ("gate", "least:1"), ("most", "wide:0"), ("least", "wide:1"), ("concat", "share"), ("wide", "ratio:0"),
        ("share", "ratio:1"), ("ratio", "beside:0"), ("concat", "beside:1"), ("beside", "pooled"),
        ("gate", "add:0"), ("concat", "add:1"), ("pooled", "add:2"), ("add", "flatten"),
        ("flatten", "output"),
    ):  # fmt: skip
        diagram.connect(one, other)
    diagram.add("Output", "logits")
    diagram.connect("flatten", "norm")
    diagram.connect("norm", "fc")
    diagram.connect("fc", "logits")
    return diagram


@pytest.mark.slow
def test_every_block_type_runs_outside() -> None:
    diagram = every_block_type()
    assert {block.type for _, block in diagram.main.blocks()} == {
        name for name in CATALOGUE if name != "AuxOutput" and not CATALOGUE[name].foreign
    }
    model = shaken(compile(diagram))
    program = traced(diagram, model)
    outside = session(onnx_bytes(diagram, program))
    again = reloaded(program_bytes(diagram, program))
    for count in (1, 3):
        x = images(diagram, count)
        with torch.no_grad():
            expected = model(x)
            assert all(torch.equal(*pair) for pair in zip(again(x), expected, strict=True))
        for found, wanted in zip(outside.run(["output", "logits"], {"input": x.numpy()}), expected, strict=True):
            torch.testing.assert_close(torch.from_numpy(found), wanted, rtol=1e-4, atol=1e-5)


def test_trained_weights_go_along(tmp_path: Path) -> None:
    diagram = load("cifar_resnet", n=1, width=4)
    model = shaken(compile(diagram))
    weights = tmp_path / "weights.safetensors"
    export(diagram, weights, weights=model.state_dict())
    words = export(diagram, tmp_path / "model.pt2", weights=weights)
    assert "weights.safetensors" in words
    x = images(diagram, 2)
    with torch.no_grad():
        assert torch.equal(reloaded((tmp_path / "model.pt2").read_bytes())(x), model(x))


def test_a_refusal_names_the_block() -> None:
    """What torch cannot say is told with the path of the block it came to."""

    class Moody(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if float(x.sum()) > 0 else -x  # depends on the data

    diagram = load("cifar_resnet", n=1)
    model = compile(diagram)
    model.layer2[0].conv2 = Moody()
    with pytest.raises(StudioError) as caught:
        traced(diagram, model)
    assert (caught.value.code, caught.value.where) == ("export.failed", "layer2.0.conv2")
