"""Taking instances apart changes how a network is written, never what it is."""

from __future__ import annotations

import pytest

from blockstudio.blocks import Parameter
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.ungrouping import ungroup as apart
from blockstudio.graph.presets import load_preset
from tests.support.graph_samples import sample


def ungroup(d: Diagram, name: str, scope: str = "") -> None:
    edits = apart(d, scope, name)
    with d.history.gesture(f"Take {name} apart"):
        for edit in edits:
            d.history.do(edit)


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "resnet50",
        "cifar_resnet",
        "googlenet",
        "nin_cifar10",
        pytest.param("inception_v3", marks=pytest.mark.slow),
    ],
)
def test_a_network_taken_apart_step_by_step_is_the_same(name):
    d = load_preset(name)
    for found in [n for n, b in d.main.blocks() if b.type in d.modules]:
        d.bypass(found, False)
    d.history.clear()
    before, flat = dumps(d), dumps(flatten(d))
    steps = 0
    while found := next((n for n, b in d.main.blocks() if b.repeat is not None or b.type in d.modules), None):
        ungroup(d, found)
        steps += 1
        if steps in (1, 2, 5):
            assert dumps(flatten(d)) == flat
            assert dumps(loads(dumps(d))) == dumps(d)
    assert steps >= 3
    assert dumps(flatten(d)) == flat
    while d.undo():
        pass
    assert dumps(d) == before


def test_modules_within_modules_are_taken_apart_for_all_instances():
    d = load_preset("googlenet")
    flat = dumps(flatten(d))
    for scope in ("Inception", "AuxiliaryHead"):
        for name in d.definition(scope).of_type("Conv"):
            ungroup(d, name, scope)
    assert dumps(flatten(d)) == flat
    assert d.definition("Inception").of_type("Conv") == []


def test_expressions_keep_what_they_depend_on():
    d = sample()
    ungroup(d, "layer")
    assert d.main.block("layer.0").parameters == {"planes": "2 * width", "stride": 2}
    assert d.main.block("layer.1").parameters == {"planes": "2 * width", "stride": 1}
    ungroup(d, "layer.1")
    assert d.main.block("layer.1.conv1").parameters["out_channels"] == "2 * width"
    assert d.main.block("layer.1.downsample.0").bypass == "32 == 2 * width and 1 == 1"
    before = flatten(d)
    d.set("", width=8)
    assert flatten(d).main.block("layer.1.conv1").parameters["out_channels"] == 16
    assert before.main.block("layer.1.conv1").parameters["out_channels"] == 32


def test_values_that_are_no_numbers_are_passed_on():
    d = Diagram()
    d.declare("size", [3, 1])
    d.module(
        "Inner", {"kernel": [1, 1], "words": Parameter(kind="choice", default="a", choices=("a", "b")), "on": True}
    )
    d.add("Input", "input", scope="Inner")
    d.add("Conv2d", "c", scope="Inner", kernel_size="kernel", padding="'same' if words == 'b' else 0", bias="on")
    d.add("Output", "output", scope="Inner")
    d.connect("input", "c", scope="Inner")
    d.connect("c", "output", scope="Inner")
    d.module("Outer", {"way": Parameter(kind="choice", default="b", choices=("a", "b"))})
    d.add("Inner", "inner", scope="Outer", words="way")
    d.add("Input", "input")
    d.add("Inner", "x", kernel="size", words="b")
    d.add("Outer", "y")
    flat = dumps(flatten(d))
    ungroup(d, "x")
    assert d.main.block("x.c").parameters == {"kernel_size": "size", "padding": "same", "bias": True}
    ungroup(d, "y")
    assert d.main.block("y.inner").parameters == {"words": "b"}
    ungroup(d, "y.inner")
    assert d.main.block("y.inner.c").parameters == {"kernel_size": [1, 1], "padding": "same", "bias": True}
    assert dumps(flatten(d)) == flat


def test_positions_move_to_where_the_instance_stood():
    d = sample()
    for index, name in enumerate(("left_conv", "right_conv")):
        d.move(name, 100.0 * index, 40, scope="Split")
    d.move("split", 1000, 500)
    ungroup(d, "split")
    assert d.main.block("split.left_conv").at == (950.0, 500.0)
    assert d.main.block("split.right_conv").at == (1050.0, 500.0)


def test_loose_ports_stay_loose():
    d = sample()
    d.disconnect("layer", "split")
    d.set("right_conv", scope="Split", out_channels=3)
    flat = dumps(flatten(d))
    ungroup(d, "split")
    assert dumps(flatten(d)) == flat


@pytest.mark.parametrize(
    ("change", "name", "code"),
    [
        (lambda d: None, "fc", "ungroup.block"),
        (lambda d: None, "nope", "diagram.block"),
        (lambda d: d.bypass("split", "n > 1"), "split", "ungroup.bypass"),
        (lambda d: d.repeat("layer", "nowhere"), "layer", "ungroup.repeat"),
        (lambda d: d.disconnect("layer", "split"), "split", "ungroup.channels"),
    ],
)
def test_what_cannot_be_taken_apart_says_why(change, name, code):
    d = sample()
    change(d)
    before = dumps(d)
    with pytest.raises(StudioError) as caught:
        apart(d, "", name)
    assert caught.value.code == code
    assert dumps(d) == before


def test_channels_that_only_an_instance_knows():
    d = sample()
    d.module("Outer", {"n": 3})
    d.add("Input", "input", scope="Outer")
    d.add("ReLU", "r", scope="Outer")
    d.add("Split", "direct", scope="Outer")
    d.add("Split", "behind", scope="Outer")
    for wire in ("input r", "input direct", "r behind"):
        d.connect(*wire.split(), scope="Outer")
    with pytest.raises(StudioError, match="differs from one instance of the surrounding module to the next"):
        apart(d, "Outer", "behind")
    ungroup(d, "direct", "Outer")
    assert d.definition("Outer").block("direct.right_conv").parameters["out_channels"] == "in_channels - 4"
    d.add("Unit", "many", scope="Outer", repeat="n")
    with pytest.raises(StudioError, match="how often it repeats"):
        apart(d, "Outer", "many")
