"""The flat diagram: the same network without modules, repeats, expressions and switched-off blocks."""

from __future__ import annotations

from itertools import pairwise

import pytest

from blockstudio.analysis import analyze
from blockstudio.blocks import CATALOGUE, Parameter
from blockstudio.errors import StudioError
from blockstudio.graph import expand
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.graph.resolve import is_expression, resolve
from tests.support.graph_samples import sample

TOTALS = {
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet34": (21_797_672, 3_663_761_408),
    "resnet50": (25_557_032, 4_089_184_256),
    "resnet152": (60_192_808, 11_513_626_624),
    "cifar_resnet": (269_722, 40_551_040),
    "nin_cifar10": (966_986, 222_486_528),
    "googlenet": (13_378_280, None),
    "inception_v3": (27_161_264, None),
}


def wires(d: Diagram) -> list[str]:
    return [f"{w.source}:{w.source_port} > {w.target}:{w.target_port}" for w in d.main.wires()]


def totals(flat: Diagram) -> tuple[int, int]:
    """Parameters and MACs of a flat diagram, block by block."""
    shapes: dict[str, tuple[int, ...]] = {}
    parameters = macs = 0
    left = list(flat.graph)
    while left:
        ready = [name for name in left if all(wire.source in shapes for wire in flat.main.wires_into(name))]
        assert ready, "a cycle"
        for name in ready:
            left.remove(name)
            block = flat.main.block(name)
            kind = CATALOGUE[block.type]
            values = resolve(kind.parameters, block.parameters, {})
            inputs = [shapes[wire.source] for wire in flat.main.wires_into(name)]
            shapes[name] = kind.shape(values, inputs)
            parameters += kind.count(values, inputs)
            macs += kind.macs(values, inputs, shapes[name])
    return parameters, macs


@pytest.mark.parametrize("name", TOTALS)
def test_flat_networks_have_the_published_totals(name):
    parameters, macs = totals(flatten(load_preset(name)))
    assert parameters == TOTALS[name][0]
    assert TOTALS[name][1] in (None, macs)


@pytest.mark.parametrize("name", preset_names())
def test_nothing_is_left_to_unfold(name):
    flat = flatten(load_preset(name))
    assert flat.modules == {}
    assert flat.parameters == {}
    for path, block in flat.main.blocks():
        assert block.repeat is None, path
        assert block.bypass is False, path
        declared = CATALOGUE[block.type].parameters
        assert not any(is_expression(declared[key], raw) for key, raw in block.parameters.items()), path
        assert all(key in declared for key in block.parameters)
    text = dumps(flat)
    assert dumps(loads(text)) == text
    assert dumps(flatten(flat)) == text


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "inception_v3", "cifar_preact", "se_resnet50"])
def test_every_block_costs_what_it_costs_inside_its_modules(name):
    d = load_preset(name)
    whole, flat = analyze(d), analyze(flatten(d))
    assert flat.parameters == whole.parameters
    assert flat.parameters_with_auxiliary == whole.parameters_with_auxiliary
    assert flat.macs == whole.macs
    assert flat.depth == whole.depth
    assert flat.output_shape == whole.output_shape
    for path, report in flat.blocks.items():
        assert whole.blocks[path].output_shapes == report.output_shapes, path
        assert whole.blocks[path].parameters == report.parameters, path


def test_names_are_full_paths_in_document_order():
    flat = flatten(sample())
    assert list(flat.graph) == [
        "input", "conv", "bn",
        "layer.0.conv1", "layer.0.bn1", "layer.0.downsample.0", "layer.0.add",
        "layer.1.conv1", "layer.1.bn1", "layer.1.add",
        "split.left_conv", "split.right_conv", "cat", "pool", "flatten", "fc", "output", "aux_fc", "aux",
    ]  # fmt: skip
    assert wires(flat) == [
        "input:out > conv:in", "conv:out > bn:in",
        "bn:out > layer.0.conv1:in", "bn:out > layer.0.downsample.0:in",
        "layer.0.conv1:out > layer.0.bn1:in", "layer.0.bn1:out > layer.0.add:0",
        "layer.0.downsample.0:out > layer.0.add:1",
        "layer.0.add:out > layer.1.conv1:in", "layer.0.add:out > layer.1.add:1",
        "layer.1.conv1:out > layer.1.bn1:in", "layer.1.bn1:out > layer.1.add:0",
        "layer.1.add:out > split.left_conv:in", "layer.1.add:out > split.right_conv:in",
        "split.left_conv:out > cat:3", "split.right_conv:out > cat:1",
        "cat:out > pool:in", "pool:out > flatten:in", "flatten:out > fc:in", "flatten:out > aux_fc:in",
        "fc:out > output:in", "aux_fc:out > aux:in",
    ]  # fmt: skip


def test_expressions_become_numbers():
    flat = flatten(sample())
    values = {path: block.parameters for path, block in flat.main.blocks()}
    assert values["conv"] == {"out_channels": 16, "kernel_size": [3, 1], "padding": "same"}
    assert values["layer.0.conv1"] == {"out_channels": 32, "stride": 2, "padding": 1, "bias": False}
    assert values["layer.1.conv1"] == {"out_channels": 32, "padding": 1, "bias": False}
    assert values["layer.0.downsample.0"] == {"out_channels": 32, "kernel_size": 1, "stride": 2}
    assert values["split.right_conv"] == {"out_channels": 16, "kernel_size": 1}
    assert values["bn"] == {"eps": 0.001}
    assert flat.main.block("conv").note == "The stem\n☺"
    assert flat.main.block("conv").at is None
    assert (flat.name, flat.description, flat.about) == (sample().name, sample().description, sample().about)


def chain(*blocks: tuple[str, str, dict]) -> Diagram:
    """Blocks in a row."""
    d = Diagram("chain")
    last = None
    for kind, name, options in blocks:
        d.add(kind, name, **options)
        if last:
            d.connect(last, name)
        last = name
    return d


def test_a_block_switched_off_passes_its_first_input_on():
    d = chain(
        ("Input", "input", {}), ("ReLU", "a", {"bypass": True}), ("ReLU", "b", {"bypass": "3 < 2"}), ("Output", "o", {})
    )
    assert wires(flatten(d)) == ["input:out > b:in", "b:out > o:in"]


def test_a_merge_switched_off_keeps_its_lowest_input_and_the_rest_leads_nowhere():
    d = chain(("Input", "input", {}), ("ReLU", "a", {}), ("Concat", "cat", {"bypass": True}), ("Output", "o", {}))
    d.disconnect("a", "cat")
    d.connect("a", "cat:10")
    d.connect("input", "cat:9")
    flat = flatten(d)
    assert wires(flat) == ["input:out > a:in", "input:out > o:in"]
    assert list(flat.graph) == ["input", "a", "o"]


def test_a_bypassed_block_is_not_looked_into():
    d = chain(
        ("Input", "input", {}), ("Conv2d", "a", {"bypass": True, "out_channels": "nonsense"}), ("Output", "o", {})
    )
    assert wires(flatten(d)) == ["input:out > o:in"]


def test_an_auxiliary_output_switched_off_is_gone():
    d = chain(("Input", "input", {}), ("AuxOutput", "aux", {"bypass": True}))
    assert list(flatten(d).graph) == ["input"]


@pytest.mark.parametrize("times", [0, 1, 3])
def test_repeats_of_plain_blocks(times):
    d = chain(("Input", "input", {}), ("Conv2d", "c", {"repeat": times, "out_channels": "8 + i"}), ("Output", "o", {}))
    flat = flatten(d)
    names = [f"c.{index}" for index in range(times)]
    assert list(flat.graph) == ["input", *names, "o"]
    assert [flat.main.block(name).parameters["out_channels"] for name in names] == [8 + i for i in range(times)]
    path = ["input", *names, "o"]
    assert [(w.source, w.target) for w in flat.main.wires()] == list(pairwise(path))


def test_single_copies_may_be_switched_off():
    d = chain(("Input", "input", {}), ("ReLU", "r", {"repeat": 4, "bypass": "i % 2 == 0"}), ("Output", "o", {}))
    assert list(flatten(d).graph) == ["input", "r.1", "r.3", "o"]
    assert wires(flatten(d)) == ["input:out > r.1:in", "r.1:out > r.3:in", "r.3:out > o:in"]


def passing() -> Diagram:
    """A module that hands its two inputs on crosswise and one of them through a block."""
    d = Diagram("passing")
    d.module("Cross")
    for name in ("a", "b"):
        d.add("Input", name, scope="Cross")
    for name in ("first", "second", "third", "nothing"):
        d.add("Output", name, scope="Cross")
    d.add("Conv2d", "c", scope="Cross", out_channels="in_channels + 10 * in_channels_b")
    for wire in ("a second", "b first", "a c", "c third"):
        d.connect(*wire.split(), scope="Cross")
    d.add("Input", "x", shape=[2, 8, 8])
    d.add("Input", "y", shape=[3, 8, 8])
    d.add("Cross", "m")
    for index, port in enumerate(("first", "second", "third", "nothing")):
        d.add("Output", f"o{index}")
        d.connect(f"m:{port}", f"o{index}")
    d.connect("x", "m:a")
    d.connect("y", "m:b")
    return d


def test_modules_of_several_ports():
    flat = flatten(passing())
    assert wires(flat) == ["x:out > m.c:in", "x:out > o1:in", "y:out > o0:in", "m.c:out > o2:in"]
    assert flat.main.block("m.c").parameters["out_channels"] == 2 + 30


def test_an_instance_switched_off_passes_its_first_port_to_all_outputs():
    d = passing()
    d.bypass("m")
    assert wires(flatten(d)) == [f"x:out > o{index}:in" for index in range(4)]
    d.disconnect("x", "m")
    assert wires(flatten(d)) == [], "the first port is the first, wired or not"


def test_cycles_stay():
    d = chain(("Add", "a", {}), ("ReLU", "b", {}), ("ReLU", "off", {"bypass": True}))
    d.connect("off", "a:0")
    assert wires(flatten(d)) == ["a:out > b:in", "b:out > a:0"]


def test_a_cycle_of_nothing_is_nothing():
    d = chain(("ReLU", "a", {"bypass": True}), ("ReLU", "b", {"bypass": True}))
    d.connect("b", "a")
    d.add("Output", "o")
    d.connect("b", "o")
    flat = flatten(d)
    assert list(flat.graph) == ["o"]
    assert wires(flat) == []


def test_loose_ends_stay_loose():
    d = sample()
    d.disconnect("bn", "layer")
    for name in ("layer", "split"):
        d.set(name, **{key: 4 for key in d.main.block(name).parameters})
    d.set("right_conv", scope="Split", out_channels=4)
    d.bypass("downsample.0", False, scope="Unit")
    flat = flatten(d)
    assert flat.main.wires_into("layer.0.conv1") == []
    assert flat.main.wires_from("bn") == []
    assert "layer.1.add" in flat.graph


def test_what_depends_on_an_unknown_shape_is_named():
    d = sample()
    d.set("conv", stride=2)
    with pytest.raises(StudioError) as caught:
        flatten(d)  # padding 'same' takes no stride, so nothing behind it has a shape
    assert caught.value.code == "expand.channels"
    assert caught.value.where == "layer.0.downsample.0.bypass"


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        (lambda d: d.set("fc", out_features="nowhere"), "fc.out_features", "expression.name"),
        (lambda d: d.set("layer", planes="0 * width"), "layer.0.conv1.out_channels", "parameter.limit"),
        (lambda d: d.set("layer", stride="0 - i"), "layer.0.stride", "parameter.limit"),
        (lambda d: d.repeat("layer", "n - 3"), "layer.repeat", "parameter.limit"),
        (lambda d: d.repeat("layer", "nowhere"), "layer.repeat", "expression.name"),
        (lambda d: d.bypass("bn", "1 / 0"), "bn.bypass", "expression.bound"),
        (lambda d: d.set("fc", out_features="i"), "fc.out_features", "expression.name"),
    ],
)
def test_errors_stand_at_full_paths(change, where, code):
    d = sample()
    change(d)
    with pytest.raises(StudioError) as caught:
        flatten(d)
    assert (caught.value.where, caught.value.code) == (where, code)


def test_growth_is_bounded(monkeypatch):
    d = Diagram()
    d.module("M0")
    for kind, name in (("Input", "input"), ("Output", "output")):
        d.add(kind, name, scope="M0")
    d.connect("input", "output", scope="M0")
    for depth in range(1, 6):
        d.module(f"M{depth}")
        d.add("Input", "input", scope=f"M{depth}")
        d.add(f"M{depth - 1}", "inner", scope=f"M{depth}", repeat=10)
        d.add("Output", "output", scope=f"M{depth}")
        d.connect("input", "inner", scope=f"M{depth}")
        d.connect("inner", "output", scope=f"M{depth}")
    d.add("M5", "all", repeat=10)
    monkeypatch.setattr(expand, "MAX_VISITS", 3_000)
    with pytest.raises(StudioError) as caught:
        flatten(d)
    assert caught.value.code == "expand.size", "a million instances that hold no block"


def test_long_repeats_are_refused_before_they_are_unrolled(monkeypatch):
    monkeypatch.setattr(expand, "MAX_BLOCKS", 500)
    d = chain(("Input", "input", {}), ("ReLU", "a", {"repeat": 200}), ("ReLU", "b", {"repeat": 200}))
    assert len(flatten(d).main) == 401
    d.add("ReLU", "c", repeat=10_000)
    walk = expand.Expansion(d)
    with pytest.raises(StudioError, match="c: the diagram unrolls to more than 500 blocks"):
        walk.expand_main()
    assert walk.leaves <= 401


def test_defaults_are_left_out_and_pairs_are_short():
    d = Diagram()
    d.declare("k", Parameter(kind="int", default=3))
    d.add("Conv2d", "a", kernel_size=["k", "k"], padding=["k - 2", 1], stride=[1, "k"], out_channels="64")
    d.add("ZeroPad2d", "z", padding=["k", 1, 2, 2])
    flat = flatten(d)
    assert flat.main.block("a").parameters == {"padding": 1, "stride": [1, 3]}
    assert flat.main.block("z").parameters == {"padding": [3, 1, 2, 2]}


@pytest.mark.parametrize("circle", [("x x",), ("x y", "y x")])
def test_what_is_switched_off_and_feeds_itself_feeds_nobody(circle):
    d = Diagram()
    d.add("Input", "input", shape=[3, 8, 8])
    for name, bypass in (("x", True), ("y", True), ("z", False)):
        d.add("ReLU", name, bypass=bypass)
    for wire in (*circle, "x z"):
        d.connect(*wire.split())
    assert wires(flatten(d)) == [] and list(flatten(d).graph) == ["input", "z"]
