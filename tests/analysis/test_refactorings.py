"""Refactorings: what they promise, what they save, and that they can be taken back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from blockstudio.analysis import Analyzer, analyze, apply_fix
from blockstudio.analysis.refactorings import Bench, Refactoring, places, proposals
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.presets import load_preset


def chain(*blocks: tuple[str, str, dict[str, object]], shape: tuple[int, int, int] = (3, 32, 32)) -> Diagram:
    """A network of blocks in a row."""
    d = Diagram("net")
    d.add("Input", "input", shape=list(shape))
    for kind, name, parameters in blocks:
        d.add(kind, name, **parameters)
    d.add("Output", "output")
    for source, target in pairwise([name for name, _ in d.main.blocks()]):
        d.connect(source, target)
    d.history.clear()
    return d


def five_by_five() -> Diagram:
    """The network of the picture: two 5×5, a pooling layer that shrinks too much, a wide 3×3, a small head."""
    conv = {"out_channels": 64, "kernel_size": 5, "padding": 2}
    return chain(
        ("Conv2d", "conv1", conv), ("BatchNorm2d", "bn1", {}), ("ReLU", "relu1", {}),
        ("Conv2d", "conv2", conv), ("BatchNorm2d", "bn2", {}), ("ReLU", "relu2", {}),
        ("MaxPool2d", "pool1", {"kernel_size": 4, "stride": 4}),
        ("Conv2d", "conv3", {"out_channels": 256, "kernel_size": 3, "padding": 1}),
        ("BatchNorm2d", "bn3", {}), ("ReLU", "relu3", {}), ("GlobalAvgPool", "pool2", {}), ("Flatten", "flatten", {}),
        ("Linear", "fc", {"out_features": 10}),
    )  # fmt: skip


def offered(d: Diagram, *names: str, scope: str = MAIN, path: str = "", relu: bool = True) -> dict[str, Refactoring]:
    level = Analyzer(d).analysis.level(path)
    found = Bench(d).all_measured(proposals(d, scope, level, names, relu), path)
    return {each.kind: each for each in found}


def check(d: Diagram, found: Refactoring) -> None:
    """One step that gives what was shown, reads back, and undoes to the same bytes."""
    before, first = dumps(d), analyze(d)
    apply_fix(d, found)
    after = analyze(d)
    assert [p.text for p in after.problems if p.severity == "error"] == [], found.title
    assert after.output_shape == first.output_shape, found.title
    assert (after.parameters, after.macs, after.depth) == tuple(found.whole_after), found.title
    assert (first.parameters, first.macs, first.depth) == tuple(found.whole), found.title
    assert dumps(loads(dumps(d))) == dumps(d)
    assert d.undo() == str(found.label)
    assert dumps(d) == before


def test_the_figures_of_the_picture():
    d = five_by_five()
    found = offered(d, "conv2")
    two, asymmetric, separable = found["stack_3x3"], found["asymmetric"], found["separable"]
    assert (two.part, two.part_after) == ((102_464, 104_857_600, 0), (73_856, 75_497_472, 0))
    assert (two.whole, two.whole_after) == ((258_378, 119_212_544, 4), (229_770, 89_852_416, 5))
    assert two.added == ("conv2a", "relu2a", "conv2b")
    assert round(100 * two.change) == -28
    assert asymmetric.part_after[:2] == (41_088, 41_943_040)
    assert str(asymmetric.note) == "meant for maps 12 to 20 wide, this one is 32"
    assert separable.part_after.parameters == 5_824
    assert round(100 * found["bottleneck"].change) == -74
    assert found["residual"].change == 0
    apply_fix(d, two)
    assert [name for name, _ in d.main.blocks()][4:7] == ["conv2a", "relu2a", "conv2b"]
    assert d.main.block("conv2a").parameters == d.main.block("conv2b").parameters


@pytest.mark.parametrize(
    ("size", "padding", "stride", "kinds"),
    [
        (5, 2, 1, {"stack_3x3": 2, "asymmetric": 2}),
        (5, 0, 2, {"stack_3x3": 2, "asymmetric": 2}),
        (5, "same", 1, {"stack_3x3": 2, "asymmetric": 2}),
        (7, 3, 2, {"stack_3x3": 3, "asymmetric": 2}),
        (7, 1, 3, {"stack_3x3": 3, "asymmetric": 2}),
        (7, [2, 3], [1, 2], {"stack_3x3": 3, "asymmetric": 2}),
        (3, 1, 1, {"stack_2x2": 2, "asymmetric": 2}),
        (3, [1, 1, 2, 2], 2, {"stack_2x2": 2, "asymmetric": 2}),
        (4, 1, 2, {"asymmetric": 2}),
        (1, 0, 1, {}),
        ([1, 5], [0, 2], 1, {}),
    ],
)
def test_smaller_kernels_see_as_much(size, padding, stride, kinds):
    conv = {"out_channels": 8, "kernel_size": size, "padding": padding, "stride": stride, "bias": False}
    d = chain(("Conv2d", "conv", conv), shape=(4, 19, 23))
    seen = analyze(d).blocks["conv"].receptive_field
    found = offered(d, "conv", relu=False)
    assert {
        kind: len(each.added) for kind, each in found.items() if kind in ("stack_3x3", "stack_2x2", "asymmetric")
    } == kinds
    for kind in kinds:
        each = found[kind]
        apply_fix(d, each)
        report = analyze(d)
        assert report.blocks[each.added[-1]].receptive_field == seen
        assert report.output_shape == analyze(d).output_shape
        d.undo()
        check(d, each)


def test_a_convolution_with_a_hole_or_an_expression_for_a_kernel_stays():
    d = chain(("Conv2d", "conv", {"kernel_size": 5, "dilation": 2, "padding": 4}))
    assert not {"stack_3x3", "asymmetric", "separable"} & set(offered(d, "conv"))
    d = chain(("Conv2d", "conv", {"kernel_size": 5, "padding": 2, "out_channels": 3}))
    d.repeat("conv", 3)
    assert not {"stack_3x3", "asymmetric", "separable", "bottleneck"} & set(offered(d, "conv"))


def test_the_parallel_reduction_gives_the_same_map():
    d = five_by_five()
    for start in ("pool1", "conv3"):
        found = offered(d, start)["reduction"]
        check(d, found)
    apply_fix(d, found)
    report = analyze(d)
    assert report.blocks["pool1_concat"].input_shapes == ((192, 8, 8), (64, 8, 8))
    assert d.main.wires_from("pool1_concat")[0].target == "pool2"
    odd = chain(
        ("MaxPool2d", "pool", {"kernel_size": 2, "stride": 2}),
        ("Conv2d", "conv", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
        shape=(8, 33, 33),
    )
    check(odd, offered(odd, "pool")["reduction"])
    narrow = chain(
        ("MaxPool2d", "pool", {"kernel_size": 2, "stride": 2}),
        ("Conv2d", "conv", {"out_channels": 8, "kernel_size": 1}),
        shape=(8, 32, 32),
    )
    assert "reduction" not in offered(narrow, "pool")


def test_batch_normalisation_after_every_convolution():
    d = load_preset("vgg16")
    found = offered(d)["batch_norm"]
    check(d, found)
    apply_fix(d, found)
    assert len(d.main.of_type("BatchNorm2d")) == 13
    assert all(d.main.block(name).parameters["bias"] is False for name in d.main.of_type("Conv2d"))
    assert offered(d) == {}
    scores = chain(
        ("Conv2d", "conv1", {}), ("Conv2d", "conv2", {}), ("ReLU", "relu", {}), ("GlobalAvgPool", "pool", {})
    )
    apply_fix(scores, offered(scores)["batch_norm"])
    assert scores.main.of_type("BatchNorm2d") == ["bn1"]  # the second gives the scores
    for normalised in ("resnet18", "preact_resnet50", "cifar_preact", "inception_v3", "bn_inception"):
        assert offered(load_preset(normalised)) == {}, normalised


def test_a_shortcut_goes_past_what_is_selected():
    d = five_by_five()
    for names in (("conv2",), ("conv2", "bn2"), ("bn2", "conv2"), ("conv2", "bn2", "relu2", "pool1", "conv3")):
        check(d, offered(d, *names)["residual"])
    apply_fix(d, offered(d, "conv2", "bn2")["residual"])
    assert [wire.source for wire in d.main.wires_into("bn2_add")] == ["bn2", "relu1"]
    assert "residual" not in offered(d, "conv2", "bn2")
    assert "residual" not in offered(d, "relu1")
    assert "residual" not in offered(d, "fc")


def test_dense_heads_become_global_pooling():
    for preset, after in (("alexnet", 2_591_080), ("vgg16", 15_227_688)):
        d = load_preset(preset)
        dense = d.main.of_type("Linear")
        found = [offered(d, name)["global_pool"] for name in dense]
        assert all(each.edits == found[0].edits for each in found)
        assert found[0].whole_after.parameters == after
        check(d, found[0])
    resnet = load_preset("resnet18")
    assert "global_pool" not in offered(resnet, "fc")


def test_basic_blocks_become_bottlenecks_in_all_their_places():
    d = load_preset("resnet34")
    found = offered(d, "layer2")["narrow"]
    assert found.places == 16
    check(d, found)
    apply_fix(d, found)
    inside = d.definition("BasicBlock")
    kernels = [inside.block(name).parameters["kernel_size"] for name in ("conv1", "conv2", "conv3")]
    assert kernels == [1, 3, 1]
    assert inside.block("conv2").parameters["stride"] == "stride"
    assert "stride" not in inside.block("conv1").parameters
    d.undo()
    assert offered(d, "conv2", scope="BasicBlock", path="layer2.0")["narrow"].edits == found.edits
    flat = load_preset("module_residual_basic")
    check(flat, offered(flat, "add")["narrow"])
    assert "narrow" not in offered(load_preset("resnet50"), "layer1")


@pytest.mark.parametrize("preset", ["alexnet", "nin_cifar10", "module_inception", "se_resnet50"])
def test_whatever_is_offered_holds(preset):
    d = load_preset(preset)
    analyzer, bench = Analyzer(d), Bench(d)
    level, seen = analyzer.analysis.level(), 0
    names = [(name,) for name, block in d.main.blocks()]
    for chosen in [*names, ()]:
        for found in bench.all_measured(proposals(d, MAIN, level, chosen)):
            check(d, found)
            seen += 1
    assert seen


def test_a_module_that_wraps_a_convolution_is_one():
    d = load_preset("googlenet")
    names = [name for name, block in d.definition("Inception").blocks() if block.parameters.get("kernel_size") == 5]
    found = offered(d, names[0], scope="Inception", path="inception_3a")
    assert found["stack_3x3"].places == 9
    assert found["stack_3x3"].added == (f"{names[0]}a", f"{names[0]}b")
    for kind in ("stack_3x3", "separable", "bottleneck", "asymmetric"):
        check(d, found[kind])  # its module takes one number for a kernel, and two for the last of them
    assert found["stack_3x3"].change < 0
    apply_fix(d, found["stack_3x3"])
    blocks = [d.definition("Inception").block(name) for name in found["stack_3x3"].added]
    assert [block.type for block in blocks] == ["Conv", "Conv"]
    assert [block.parameters["kernel_size"] for block in blocks] == [3, 3]
    assert [block.parameters["out_channels"] for block in blocks] == ["ch5x5red", "ch5x5"]


def test_places_are_counted_through_repeats_and_modules():
    for preset, module, count in (
        ("resnet34", "BasicBlock", 16),
        ("resnet152", "Bottleneck", 50),
        ("googlenet", "Inception", 9),
    ):
        d = load_preset(preset)
        assert places(Analyzer(d).main)[module] == count, preset
    d = load_preset("googlenet")
    inner = next(name for name in d.modules if name not in ("Inception", "AuxiliaryHead"))
    assert places(Analyzer(d).main)[inner] == 9 * len(d.definition("Inception").of_type(inner)) + len(
        d.main.of_type(inner)
    ) + 2 * len(d.definition("AuxiliaryHead").of_type(inner))


def wrapping(**inner: object) -> Diagram:
    """input → a convolution with its BatchNorm as a module whose window is single numbers → pooling → the same."""
    d = Diagram("wrapped")
    d.module("ConvBN", {"out_channels": 16, "kernel_size": 3, "stride": 1, "padding": 0})
    given = {key: key for key in ("out_channels", "kernel_size", "stride", "padding")} | inner
    for kind, name, parameters in (
        ("Input", "input", {}), ("Conv2d", "conv", given), ("BatchNorm2d", "bn", {}), ("Output", "output", {}),
    ):  # fmt: skip
        d.add(kind, name, scope="ConvBN", parameters=parameters)
    for source, target in (("input", "conv"), ("conv", "bn"), ("bn", "output")):
        d.connect(source, target, scope="ConvBN")
    d.add("Input", "input", shape=[32, 16, 16])
    d.add("ConvBN", "five", out_channels=32, kernel_size=5, padding=2)
    d.add("MaxPool2d", "pool", kernel_size=2, stride=2)
    d.add("ConvBN", "wide", out_channels=64, kernel_size=3, padding=1)
    d.add("Output", "output")
    for source, target in (("input", "five"), ("five", "pool"), ("pool", "wide"), ("wide", "output")):
        d.connect(source, target)
    d.history.clear()
    return d


def test_a_module_that_takes_one_number_is_converted_too() -> None:
    d = wrapping()
    before, report = dumps(d), analyze(d)
    assert not [each for each in report.problems if each.severity == "error"]
    found = offered(d, "five")["asymmetric"]
    apply_fix(d, found)
    after = analyze(d)
    assert d.main.block("fivea").parameters["kernel_size"] == [1, 5] and after.output_shape == report.output_shape
    assert after.blocks["fiveb"].receptive_field == report.blocks["five"].receptive_field
    assert not [each for each in after.problems if each.severity == "error"]
    d.undo()
    assert dumps(d) == before
    # More of the module hangs on that number: nothing is offered.
    assert "asymmetric" not in offered(wrapping(padding="kernel_size // 2"), "five")
    found = offered(d, "pool")["reduction"]
    assert offered(d, "wide")["reduction"].added == found.added
    apply_fix(d, found)
    after = analyze(d)
    assert after.output_shape == report.output_shape and d.main.block("wide").parameters["out_channels"] == 32
    assert d.main.block("wide").parameters["stride"] == 2
    assert not [each for each in after.problems if each.severity == "error"]


def test_several_kernels_are_converted_at_once() -> None:
    d = five_by_five()
    found = offered(d, "conv1", "conv2", "conv3", "relu1")
    assert set(found) >= {"stack_3x3", "asymmetric", "separable", "bottleneck"}
    stacks = found["stack_3x3"]
    assert (str(stacks.title), str(stacks.label)) == ("two 3×3, 2 blocks", "Convert 2 blocks to two 3×3")
    assert (stacks.removed, stacks.added) == (
        ("conv1", "conv2"), ("conv1a", "relu1a", "conv1b", "conv2a", "relu2a", "conv2b"),
    )  # fmt: skip
    assert len(stacks.parts) == 2 and "stack_2x2" not in found  # one alone could become those
    # Together they save what they save one after the other.
    alone = [offered(d, name)["stack_3x3"] for name in ("conv1", "conv2")]
    saved = sum(each.whole_after.parameters - each.whole.parameters for each in alone)
    assert stacks.whole_after.parameters - stacks.whole.parameters == saved
    for kind in ("stack_3x3", "asymmetric", "separable", "bottleneck"):
        check(d, found[kind])
    # What differs is called by what it has in common.
    d = chain(
        ("Conv2d", "a", {"out_channels": 16, "kernel_size": 5, "padding": 2}),
        ("Conv2d", "b", {"out_channels": 16, "kernel_size": 7, "padding": 3}),
        ("Conv2d", "c", {"out_channels": 16, "kernel_size": 5, "padding": 2, "stride": 2}),
    )
    stacks = offered(d, "c", "b", "a", relu=False)["stack_3x3"]
    assert str(stacks.title) == "stacks of 3×3, 3 blocks" and stacks.note == ""
    check(d, stacks)
    apply_fix(d, stacks)
    assert [name for name, _ in d.main.blocks()] == [
        "input", "aa", "ab", "ba", "bb", "bc", "ca", "cb", "output",
    ]  # fmt: skip
    # Instances of one module that has to take two numbers for it.
    d = wrapping()
    check(d, offered(d, "five", "wide")["asymmetric"])
    assert "asymmetric" not in offered(wrapping(padding="kernel_size // 2"), "five", "wide")


@pytest.mark.parametrize("preset", ["alexnet", "module_inception_naive"])
def test_whatever_is_offered_for_all_blocks_holds(preset) -> None:
    d = load_preset(preset)
    found = offered(d, *(name for name, _ in d.main.blocks()))
    assert "separable" in found
    for each in found.values():
        check(d, each)
