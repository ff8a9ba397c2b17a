"""An argument of the emitted class stands for every value that its declaration allows, or it is none."""

from __future__ import annotations

import inspect
from itertools import pairwise

import torch

from blockstudio.analysis import analyze
from blockstudio.blocks import Parameter
from blockstudio.compiler.emit import source_and_class
from blockstudio.compiler.load import execute
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset
from tests.support.interpreter import verify

torch.set_num_threads(1)


def network(*blocks: tuple[str, dict], shape: tuple = (4, 9, 9), **parameters: object) -> Diagram:
    """A chain of blocks. Parameters that are whole numbers are at least 0."""
    diagram = Diagram("Net")
    for key, default in parameters.items():
        kind = {int: "int", float: "float", list: "padding", tuple: "pair"}[type(default)]
        raw = list(default) if isinstance(default, tuple) else default
        diagram.main.parameters[key] = Parameter(kind=kind, default=raw, minimum=None if kind == "float" else 0)
    diagram.add("Input", "input", shape=list(shape))
    wired(diagram, "input", blocks)
    return diagram


def wired(diagram: Diagram, before: str, blocks: tuple[tuple[str, dict], ...], scope: str = "") -> None:
    names = [before]
    for index, (kind, given) in enumerate(blocks):
        names.append(f"{kind.lower()}{index}")
        diagram.add(kind, names[-1], scope=scope, **given)
    diagram.add("Output", "output", scope=scope)
    for one, other in pairwise([*names, "output"]):
        diagram.connect(one, other, scope=scope)


def module(diagram: Diagram, name: str, parameters: dict, *blocks: tuple[str, dict]) -> Diagram:
    diagram.module(name, parameters)
    diagram.add("Input", "input", scope=name)
    wired(diagram, "input", blocks, scope=name)
    return diagram


def arguments(diagram: Diagram, **values: list) -> list[str]:
    """The arguments of the emitted class, each of which has been right for ``values``, one by one and together."""
    text, name = source_and_class(diagram)
    emitted = execute(text, diagram.name)[name]
    taken = [key for key in inspect.signature(emitted).parameters if key != "self"]
    own = {key: diagram.parameters[key].default for key in values}
    some = [{key: value} for key in taken if key in values for value in values[key]]
    some.append({key: values[key][0] for key in taken if key in values})
    for given in [{}, *some]:
        diagram.set("", **{**own, **given})
        analysis = analyze(diagram)
        if any(problem.severity == "error" for problem in analysis.problems):
            continue
        model = emitted(**given).double()
        shape = analysis.blocks["input"].output_shape
        verify(diagram, model, [torch.randn(2, *shape, dtype=torch.float64)], tolerance=1e-9)
        assert sum(p.numel() for p in model.parameters()) == analysis.parameters_with_auxiliary
    diagram.set("", **own)
    for key in values:
        assert key in taken or f"{key}=" in (emitted.__doc__ or ""), "it is told what the class holds for only"
    return taken


THREE = [1, 3, 5]
POINT = {"kernel_size": 1}


def test_copies_that_multiply_channels() -> None:
    diagram = network(("DepthwiseConv2d", {"depth_multiplier": 3, **POINT, "repeat": "n"}), n=2)
    assert arguments(diagram, n=[0, *THREE]) == ["n"]
    assert "nn.Conv2d(4 * 3**i, 4 * 3**i * 3" in source_and_class(diagram)[0]


def test_a_multiplier_that_is_an_argument() -> None:
    grow = ("DepthwiseConv2d", {"depth_multiplier": "m", **POINT, "repeat": "n"})
    assert arguments(network(grow, ("BatchNorm2d", {}), n=2, m=1), n=[0, *THREE], m=[2, 3]) == ["n", "m"]
    fixed = ("DepthwiseConv2d", {"depth_multiplier": "m", **POINT, "repeat": 3})
    assert arguments(network(fixed, ("BatchNorm2d", {}), m=1), m=[2, 3]) == ["m"]


def test_a_stage_that_doubles_its_channels() -> None:
    diagram = network(("BatchNorm2d", {}), n=2)
    diagram.remove("batchnorm2d0")
    module(diagram, "Stage", {}, ("Conv2d", {"out_channels": "2 * in_channels", **POINT}))
    diagram.add("Stage", "stage", repeat="n")
    diagram.connect("input", "stage")
    diagram.connect("stage", "output")
    assert arguments(diagram, n=[0, *THREE]) == ["n"]


def test_a_stage_whose_copies_are_counted_inside() -> None:
    diagram = Diagram("Net")
    diagram.main.parameters["n"] = Parameter(kind="int", default=4, minimum=1)
    stage = ("Conv2d", {"out_channels": "2 * in_channels", **POINT, "repeat": "n"})
    module(diagram, "Stage", {"n": 2}, stage, ("Conv2d", {"out_channels": 3, **POINT}))
    diagram.add("Input", "input", shape=[4, 9, 9])
    wired(diagram, "input", (("Stage", {"n": "n"}), ("Stage", {})))
    assert arguments(diagram, n=THREE) == ["n"]


def test_copies_that_add_channels_as_in_a_dense_block() -> None:
    diagram = Diagram("Net")
    diagram.main.parameters["growth"] = Parameter(kind="int", default=3, minimum=1)
    diagram.main.parameters["layers"] = Parameter(kind="int", default=3, minimum=0)
    diagram.module("Layer", {"growth": 2})
    for kind, name, given in (
        ("Input", "input", {}), ("Conv2d", "conv", {"out_channels": "growth", **POINT}), ("Concat", "cat", {}),
        ("Output", "output", {}),
    ):  # fmt: skip
        diagram.add(kind, name, scope="Layer", **given)
    for one, other in (("input", "conv"), ("input", "cat"), ("conv", "cat"), ("cat", "output")):
        diagram.connect(one, other, scope="Layer")
    diagram.add("Input", "input", shape=[4, 9, 9])
    last = ("Conv2d", {"out_channels": 2, **POINT})
    wired(diagram, "input", (("Layer", {"growth": "growth", "repeat": "layers"}), last))
    assert arguments(diagram, growth=THREE, layers=[0, *THREE]) == ["growth", "layers"]
    text, _ = source_and_class(diagram)
    text, _ = source_and_class(diagram)
    assert "*(Layer(growth * i + 4, growth) for i in range(layers))" in text
    assert "nn.Conv2d(growth * layers + 4, 2, kernel_size=1)" in text


def test_a_rule_that_only_looks_like_one() -> None:
    """The first two copies double; nothing says what the third does."""
    grow = ("Conv2d", {"out_channels": "8 if i == 0 else 16 if i == 1 else 5", **POINT, "repeat": "n"})
    assert arguments(network(grow, n=2), n=[0, *THREE]) == ["n"]
    diagram = network(("BatchNorm2d", {}), n=2)
    diagram.remove("batchnorm2d0")
    module(diagram, "Stage", {}, ("Conv2d", {"out_channels": "in_channels * in_channels - 8", **POINT}))
    diagram.add("Stage", "stage", repeat="n")
    diagram.connect("input", "stage")
    diagram.connect("stage", "output")
    assert arguments(diagram, n=[0, *THREE]) == []
    assert "Written for n=2" in source_and_class(diagram)[0]


def test_copies_that_are_off_one_by_one() -> None:
    conv = ("Conv2d", {"out_channels": "4 + i", **POINT, "repeat": "n", "bypass": "i % 2 == 0"})
    assert arguments(network(conv, ("BatchNorm2d", {}), n=3), n=[0, *THREE]) == []
    norm = ("BatchNorm2d", {"repeat": "n", "bypass": "i % 2 == 0"})
    assert arguments(network(norm, n=3), n=[0, *THREE]) == ["n"]


def test_none_of_the_copies_is_there_now() -> None:
    conv = ("Conv2d", {"out_channels": "m + i", **POINT, "repeat": "n", "bypass": "i == 1"})
    assert arguments(network(conv, ("BatchNorm2d", {}), n=0, m=3), n=[0, *THREE], m=THREE) == []


def test_features_of_a_flattened_map() -> None:
    head = (("Flatten", {}), ("Linear", {"out_features": 3}))
    conv = {"out_channels": "width", "kernel_size": 3, "padding": 1}
    assert arguments(network(("Conv2d", conv), *head, width=4), width=THREE) == ["width"]
    assert arguments(network(("Conv2d", {**conv, "repeat": "n"}), *head, width=4, n=2), n=THREE, width=THREE) == [
        "width", "n",
    ]  # fmt: skip
    shrinking = {"out_channels": 4, "kernel_size": 3, "repeat": "n"}
    assert arguments(network(("Conv2d", shrinking), *head, n=2), n=THREE) == []
    assert arguments(network(("Conv2d", {"stride": "s", "out_channels": 4}), *head, s=1), s=[2, 3]) == []
    assert arguments(network(("MaxPool2d", {"padding": "p"}), *head, p=0), p=[1]) == []
    pooled = (("Conv2d", shrinking), ("GlobalAvgPool", {}), *head)
    assert arguments(network(*pooled, n=2), n=THREE) == ["n"]


def test_padding_that_may_be_a_word_or_uneven() -> None:
    conv = {"out_channels": 4, "padding": "p", "kernel_size": 3}
    assert arguments(network(("Conv2d", conv), p=[1, 1]), p=["same", "same_tf", [0, 1, 0, 2]]) == []
    by_number = {**conv, "padding": ["1 if w > 3 else 0", 1, 1, 1]}
    assert arguments(network(("Conv2d", by_number), w=4), w=THREE) == []
    whole = {**conv, "padding": ["k // 2", 0], "kernel_size": ["k", 1]}
    assert arguments(network(("Conv2d", whole), k=3), k=THREE) == ["k"]
    assert arguments(network(("ZeroPad2d", {"padding": "k"}), k=(1, 1)), k=[[1, 2], [0, 3]]) == []
    assert arguments(network(("ZeroPad2d", {"padding": ["k", 1]}), k=3), k=THREE) == ["k"]
    assert arguments(network(("Conv2d", {**conv, "padding": 0, "kernel_size": "k"}), k=(3, 3)), k=[[1, 2], 3]) == ["k"]


def test_a_choice_by_a_number() -> None:
    norm = {"affine": "'full' if w > 3 else 'none'"}
    assert arguments(network(("BatchNorm2d", norm), w=4), w=THREE) == []
    module(diagram := network(("BatchNorm2d", {}), w=4), "Norm", {"deep": True}, ("PReLU", {"bypass": "not deep"}))
    diagram.remove("batchnorm2d0")
    diagram.add("Norm", "norm", deep="w > 3")
    diagram.connect("input", "norm")
    diagram.connect("norm", "output")
    assert arguments(diagram, w=THREE) == []
    diagram.remove("norm")
    diagram.add("Norm", "norm", deep="i == 0", repeat="w")
    diagram.connect("input", "norm")
    diagram.connect("norm", "output")
    assert arguments(diagram, w=THREE) == ["w"]
    diagram.set("", w=1)
    assert arguments(diagram, w=THREE) == []  # the only copy there is says nothing of others


def test_an_auxiliary_output_by_a_number() -> None:
    diagram = network(("Conv2d", {"out_channels": 3, **POINT}), w=4)
    diagram.add("Conv2d", "side", out_channels=2, kernel_size=1)
    diagram.add("AuxOutput", "aux", bypass="w > 3")
    diagram.connect("input", "side")
    diagram.connect("side", "aux")
    text, _ = source_and_class(diagram)
    assert "w: int" not in text and "side" not in text
    assert arguments(diagram, w=THREE) == []


def test_a_gate_whose_widest_input_changes() -> None:
    diagram = network(("Conv2d", {"out_channels": "w", **POINT}), w=4)
    diagram.disconnect("conv2d0", "output")
    diagram.add("Conv2d", "one", out_channels="v", kernel_size=1)
    diagram.add("Multiply", "gate")
    diagram.add("BatchNorm2d", "norm")
    for one, other in (("input", "one"), ("conv2d0", "gate"), ("one", "gate"), ("gate", "norm"), ("norm", "output")):
        diagram.connect(one, other)
    diagram.main.parameters["v"] = Parameter(kind="int", default=1, minimum=1)
    assert arguments(diagram, w=THREE, v=[4]) == []


def test_what_could_not_be_worked_out_now() -> None:
    large = {"out_channels": 4, "kernel_size": 30, "bypass": "w < 5"}
    assert arguments(network(("Conv2d", large), ("PReLU", {}), w=4), w=THREE) == []


def test_presets_keep_their_arguments() -> None:
    for preset, taken in (
        ("cifar_resnet", ["n", "num_classes", "in_channels", "width"]),
        ("resnet50", ["num_classes", "in_channels", "width"]),
        ("se_resnet50", ["num_classes", "in_channels", "width", "reduction"]),
        ("module_asymmetric", ["in_channels", "n", "width"]),
        ("wide_resnet", ["depth", "widen_factor", "drop_rate", "num_classes", "in_channels"]),
        ("vgg16", ["num_classes", "in_channels"]),
    ):
        text, name = source_and_class(load_preset(preset))
        assert list(inspect.signature(execute(text, preset)[name]).parameters) == taken


def test_the_whole_shape_as_an_argument() -> None:
    diagram = network(("Conv2d", {"out_channels": 3, **POINT}))
    diagram.main.parameters["image"] = Parameter(kind="shape", default=[4, 9, 9])
    diagram.set("input", shape="image")
    assert arguments(diagram, image=[[1, 9, 9], [3, 5, 5]]) == []
