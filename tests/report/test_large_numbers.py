"""Numbers that multiply from block to block: refused by the block's name, or still numbers that can be written."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

import blockstudio as bs
from blockstudio.blocks import CATALOGUE, MAX_VALUES, Refusal
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.report.compare import compare_table
from blockstudio.report.profile import profile
from blockstudio.report.summary import as_json, summary_table


def chain(kind: str, count: int, shape: list[int] | None = None, **given: object) -> Diagram:
    diagram = Diagram("large")
    names = ["input", *(f"b{index}" for index in range(count)), "output"]
    diagram.add("Input", "input", shape=shape or [3, 224, 224])
    for name in names[1:-1]:
        diagram.add(kind, name, **given)
    diagram.add("Output", "output")
    for one, other in pairwise(names):
        diagram.connect(one, other)
    return diagram


def doubled(count: int) -> Diagram:
    """Each block stacks what it gets upon itself."""
    diagram = chain("Concat", count)
    for one, other in pairwise(["input", *(f"b{index}" for index in range(count))]):
        diagram.connect(one, other)
    return diagram


def nested(depth: int, kind: str, repeat: int, **given: object) -> Diagram:
    diagram = Diagram("nested")
    for level in range(depth):
        scope, inner = f"M{level}", f"M{level - 1}" if level else kind
        diagram.module(scope)
        diagram.add("Input", "input", scope=scope)
        diagram.add(inner, "x", scope=scope, repeat=repeat, **({} if level else given))
        diagram.add("Output", "output", scope=scope)
        diagram.connect("input", "x", scope=scope)
        diagram.connect("x", "output", scope=scope)
    diagram.add("Input", "input")
    diagram.add(f"M{depth - 1}", "m")
    diagram.add("Output", "output")
    diagram.connect("input", "m")
    diagram.connect("m", "output")
    return diagram


def everything(diagram: Diagram) -> bs.Analysis:
    """Whatever is said of a diagram: text, or a `StudioError` of readable length."""
    analysis = bs.analyze(diagram)
    table = summary_table(diagram, analysis)
    texts = [table.text(), table.markdown(), table.csv(), table.latex(), repr(analysis.parameters)]
    texts.append(compare_table([profile(diagram, name, analysis) for name in "ab"]).text())
    for act in (
        lambda: json.dumps(as_json(diagram, analysis)), lambda: bs.source(diagram), lambda: str(bs.compile(diagram)),
        lambda: repr(analysis.blocks[list(diagram.main.graph)[1]]),
    ):  # fmt: skip
        try:
            texts.append(act())
        except StudioError as error:
            assert len(str(error)) < 2_000
    assert all(texts) and all(problem.text for problem in analysis.problems)
    for figure in (analysis.parameters, analysis.macs, analysis.training_bytes, analysis.activation_bytes):
        float(figure)
    return analysis


@pytest.mark.parametrize("count", [110, 400])
def test_channels_that_multiply(count: int) -> None:
    analysis = everything(chain("DepthwiseConv2d", count, depth_multiplier=1024, kernel_size=1))
    (problem,) = analysis.problems
    assert (problem.path, problem.code) == ("b4", "shape.size")
    assert problem.text == ("b4: what comes out of it would be 1.69e+20 values for one image.")
    first = chain("DepthwiseConv2d", 4, depth_multiplier=1024, kernel_size=1)
    assert bs.analyze(first).output_shape == (3 * 1024**4, 224, 224)


def test_channels_that_add_up() -> None:
    analysis = everything(doubled(100))
    (problem,) = analysis.problems
    assert (problem.path, problem.code) == ("b42", "shape.size")


def test_behind_an_input_that_is_not_known() -> None:
    diagram = chain("DepthwiseConv2d", 300, depth_multiplier=1024, kernel_size=1)
    diagram.set("b0", depth_multiplier="missing")
    analysis = everything(diagram)
    assert analysis.problems[0].path == "b0"


def test_strides_that_multiply_over_a_single_pixel() -> None:
    analysis = everything(chain("MaxPool2d", 120, kernel_size=1, stride=1024))
    assert not analysis.problems
    report = analysis.blocks["b119"]
    assert max(report.field_stride) <= MAX_VALUES and report.receptive_field == (1, 1)
    assert analysis.blocks["b4"].field_stride == (1024**5, 1024**5)


def test_weights_for_which_there_is_no_room() -> None:
    diagram = chain("Linear", 3, shape=[10**6], out_features=10**7)
    everything(diagram)
    with pytest.raises(StudioError) as caught:
        bs.compile(diagram)
    assert caught.value.code == "compile.memory"
    assert f"{bs.analyze(diagram).parameters * 4:,} bytes" in str(caught.value)


@pytest.mark.parametrize("kind", ["BatchNorm2d", "Conv2d", "DepthwiseConv2d", "MaxPool2d", "ZeroPad2d"])
def test_copies_of_copies(kind: str) -> None:
    given = {
        "Conv2d": {"out_channels": 3, "kernel_size": 3, "padding": 1},
        "DepthwiseConv2d": {"depth_multiplier": 1024}, "MaxPool2d": {"kernel_size": 1, "stride": 1024},
    }  # fmt: skip
    deep = kind in ("BatchNorm2d", "Conv2d")  # with others, all copies differ
    analysis = everything(nested(5 if deep else 2, kind, 30 if deep else 9, **given.get(kind, {})))
    if kind == "Conv2d":
        assert analysis.parameters == 84 * 30**5 and analysis.depth == 30**5


def test_more_rows_than_can_be_read_and_more_modules_than_can_be_made() -> None:
    diagram = nested(3, "ReLU", 110)
    with pytest.raises(StudioError) as caught:
        as_json(diagram, bs.analyze(diagram))
    assert caught.value.code == "summary.size" and "200,000" in str(caught.value)
    fewer = nested(2, "ReLU", 70)
    assert len(as_json(fewer, bs.analyze(fewer))["blocks"]) == 3 + 3 + 70 * (1 + 3 + 70)
    with pytest.raises(StudioError) as caught:
        bs.compile(diagram)
    assert caught.value.code == "compile.size"


def test_the_largest_input_is_none_too_large() -> None:
    assert CATALOGUE["Input"].output({"shape": (10**6, 10**6, 10**6)}, []) == (10**6, 10**6, 10**6)
    with pytest.raises(Refusal) as caught:
        CATALOGUE["Flatten"].output({}, [(10**6, 10**6, 10**6 + 1)])
    assert caught.value.code == "shape.size"
