"""Blocks are found by all that is known of them, inside modules too, and by nothing else."""

from __future__ import annotations

import pytest

from blockstudio.analysis import analyze
from blockstudio.analysis.finding import find
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import open_diagram


@pytest.fixture(scope="module")
def resnet():
    return analyze(open_diagram("resnet34"))


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("conv1 7x7", ["conv1", "layer4.0.conv1"]),
        ("MAXPOOL2D", ["maxpool"]),
        ("fc", ["fc"]),
        ("1000", ["fc", "output"]),
        ("layer1.0.bn2", ["layer1.0.bn2"]),
        ("64×112×112 relu", ["relu"]),
        ("112x112 relu", ["relu"]),
        ("(64, 112, 112) relu", ["relu"]),
        ("64,112,112 relu", ["relu"]),
        ("kernel_size=7", ["conv1"]),
        ("repeat=6", ["layer3"]),
        ("", []),
        ("nothing of that kind", []),
    ],
)
def test_words_fit_what_is_known(resnet, text: str, paths: list[str]) -> None:
    assert [found.path for found in find(resnet, text)] == paths


def test_inside_modules_once_a_definition_place(resnet) -> None:
    found = [each.path for each in find(resnet, "conv2d stride=2")]
    assert "conv1" in found and "layer2.0.conv1" in found
    assert "layer2.1.conv1" not in found, "copies of a repeated block show as their first"


def test_numbers_are_whole_numbers() -> None:
    diagram = Diagram("tiny")
    diagram.add("Input", "input")
    diagram.add("Conv2d", "conv64", out_channels=640, kernel_size=3)
    diagram.add("Conv2d", "other", out_channels="4 * 16", kernel_size=3, note="stem of the paper")
    diagram.connect("input", "conv64")
    diagram.connect("input", "other")
    analysis = analyze(diagram)
    assert [each.path for each in find(analysis, "64")] == ["other"], "the value of an expression, no part of a name"
    assert [each.path for each in find(analysis, "640")] == ["conv64"]
    assert [each.path for each in find(analysis, "stem")] == ["other"]
    assert [each.path for each in find(analysis, "out_channels=")] == ["conv64", "other"]
    assert find(analysis, "3x3")[0].matched == "kernel_size=3x3"


def test_the_level_in_view_comes_first(resnet) -> None:
    assert find(resnet, "conv1", "layer1.0")[0].path == "layer1.0.conv1"
    assert find(resnet, "conv1")[0].path == "conv1"
