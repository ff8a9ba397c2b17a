"""What an analysis tells by path and level, and that structure changes nothing of it."""

from __future__ import annotations

import pytest

from blockstudio.analysis import Analyzer, analyze
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.presets import load_preset, preset_names
from tests.support.nets import block_module, conv, head, line, merge, net


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_counts_the_same_flat(name: str) -> None:
    diagram = load_preset(name)
    whole, flat = analyze(diagram), analyze(flatten(diagram))
    assert whole.problems == () and whole.complete
    for number in (
        "parameters", "macs", "parameters_with_auxiliary", "macs_with_auxiliary", "depth", "receptive_field",
        "training_bytes", "output_shape", "complete",
    ):  # fmt: skip
        assert getattr(whole, number) == getattr(flat, number), number
    leaves = {path: report for path, report in flat.blocks.items() if report.type not in ("Input", "Output")}
    assert leaves
    for path, report in leaves.items():
        same = whole.blocks[path]
        for number in ("output_shapes", "parameters", "macs", "depth", "receptive_field", "training_bytes", "type"):
            assert getattr(same, number) == getattr(report, number), (path, number)


def stages() -> Diagram:
    d = net()
    scope = block_module(d, "Stage", planes=8, stride=1)
    line(d, "input", conv("conv1", "planes", stride="stride", padding=1), ("BatchNorm2d", "bn", {}), scope=scope)
    line(d, "bn", "output", scope=scope)
    d.add("Stage", "layer1", planes=16, repeat=2)
    d.add("Stage", "layer2.a", planes="16 * 2", stride=2)
    return head(d, line(d, "input", "layer1", "layer2.a"))


def test_reports_by_path() -> None:
    blocks = analyze(stages()).blocks
    assert list(blocks)[:7] == [
        "input", "layer1", "layer1.0", "layer1.0.input", "layer1.0.output", "layer1.0.conv1", "layer1.0.bn"
    ]  # fmt: skip
    assert len(blocks) == len(list(blocks))
    layer, first, second = blocks["layer1"], blocks["layer1.0"], blocks["layer1.1"]
    assert (layer.copies, first.copies) == (2, 1)
    assert layer.parameters == first.parameters + second.parameters
    assert first.parameters == 3 * 9 * 16 + 16 + 32
    assert blocks["layer1.1.conv1"].macs == 16 * 9 * 16 * 32 * 32
    assert layer.input_shapes == ((3, 32, 32),) and layer.output_shape == (16, 32, 32)
    assert blocks["layer2.a"].values == {"planes": 32, "stride": 2}
    assert blocks["layer2.a.conv1"].values["stride"] == (2, 2)
    assert blocks["layer2.a.conv1"].output_shapes == {"out": (32, 16, 16)}
    assert [blocks[path].depth for path in ("layer1", "layer1.0.conv1", "layer2.a", "fc")] == [2, 1, 3, 4]
    for wrong in ("layer3", "layer1.7", "layer1.0.conv9", "", "conv1"):
        assert wrong not in blocks


def test_levels() -> None:
    analysis = analyze(stages())
    top = analysis.level("")
    assert (top.scope, top.path) == ("", "")
    assert top.shapes["layer1", "output"] == (16, 32, 32)
    assert dict(top.blocks).keys() == {"input", "layer1", "layer2.a", "avgpool", "flatten", "fc", "output"}
    # Without an index a repeated instance shows its first copy.
    assert analysis.level("layer1").shapes == analysis.level("layer1.0").shapes
    second = analysis.level("layer1.1")
    assert (second.scope, second.path) == ("Stage", "layer1.1")
    assert second.blocks["conv1"].path == "layer1.1.conv1"
    assert second.blocks["conv1"].input_shapes == ((16, 32, 32),)
    assert second.shapes["input", "out"] == (16, 32, 32)
    assert analysis.scope_values("layer2.a") == {"planes": 32, "stride": 2, "in_channels": 16}
    assert analysis.live("layer2.a") == ("input", "conv1", "bn", "output")
    with pytest.raises(StudioError, match="not an instance"):
        analysis.level("fc")
    with pytest.raises(StudioError, match=r"no block 'layer3\.0'. Did you mean layer1"):
        analysis.level("layer3.0")


def test_a_definition_by_itself() -> None:
    d = stages()
    d.set("input", scope="Stage", shape=[5, 10, 10])
    level = Analyzer(d).level_of_definition("Stage")
    assert level.scope == "Stage"
    assert level.shapes["bn", "out"] == (8, 10, 10)
    assert level.blocks["conv1"].parameters == 5 * 9 * 8 + 8
    assert level.blocks["bn"].receptive_field == (3, 3)
    assert Analyzer(d).level_of_definition("").scope == ""
    with pytest.raises(StudioError, match="no module"):
        Analyzer(d).level_of_definition("Nowhere")


def test_a_block_switched_off_says_so() -> None:
    d = net()
    last = line(d, "input", conv("a", 8), conv("b", 8), ("BatchNorm2d", "bn", {}))
    d.bypass("b")
    d.bypass("bn", "1 > 2")
    blocks = analyze(head(d, last)).blocks
    off = blocks["b"]
    assert off.bypassed and (off.parameters, off.macs, off.training_bytes, off.activation_bytes) == (0, 0, 0, 0)
    assert off.output_shape == (8, 32, 32) and off.receptive_field == (3, 3) and off.depth == 1
    assert not blocks["bn"].bypassed


def test_a_merge_switched_off_passes_its_first_input() -> None:
    d = net()
    line(d, "input", conv("a", 8))
    line(d, "input", conv("b", 4))
    head(d, merge(d, "Concat", "cat", "a", "b"))
    both = analyze(d)
    d.bypass("cat")
    one = analyze(d)
    assert both.blocks["cat"].output_shape == (12, 32, 32) and one.blocks["cat"].output_shape == (8, 32, 32)
    assert both.parameters - one.parameters == 4 * 27 + 4 + 4 * 10
    assert "b" not in one.live() and not one.blocks["b"].live
    # Switched off on purpose: nothing to complain of.
    assert one.problems == ()


def test_repeat_of_a_plain_block_and_of_none() -> None:
    d = net()
    d.declare("n", 3)
    head(d, line(d, "input", conv("stem", 8), conv("body", 8, repeat="n")))
    three = analyze(d)
    assert three.blocks["body"].copies == 3 and three.blocks["body"].parameters == 3 * (8 * 72 + 8)
    assert three.blocks["body.2"].receptive_field == (9, 9) and three.depth == 5
    d.set("", n=0)
    none = analyze(d)
    assert none.blocks["body"].copies == 0 and none.blocks["body"].parameters == 0
    assert none.depth == 2 and none.output_shape == (10,)


def test_auxiliary_heads_count_apart() -> None:
    d = net()
    head(d, line(d, "input", conv("stem", 8)))
    line(d, "stem", ("GlobalAvgPool", "p", {}), ("Flatten", "f", {}), ("Linear", "aux_fc", {"out_features": 10}))
    line(d, "aux_fc", ("AuxOutput", "aux", {}))
    analysis = analyze(d)
    assert analysis.parameters_with_auxiliary - analysis.parameters == 90
    assert analysis.macs_with_auxiliary - analysis.macs == 80
    assert "aux_fc" in analysis.live(auxiliary=True) and "aux_fc" not in analysis.live()
    assert analysis.depth == 2 and analysis.problems == ()
    d.bypass("aux")
    assert analyze(d).parameters_with_auxiliary == analysis.parameters


def test_depth_is_of_the_longest_path_to_the_output() -> None:
    d = net()
    line(d, "input", conv("stem", 8))
    line(d, "stem", conv("long1", 8), conv("long2", 8), conv("long3", 8))
    line(d, "stem", conv("projection", 8, 1))
    line(d, "long3", conv("dead", 8))
    assert analyze(head(d, merge(d, "Add", "add", "long3", "projection"))).depth == 5


def test_several_ports() -> None:
    d = net()
    scope = d.module("Split")
    d.add("Input", "a", scope=scope)
    d.add("Input", "b", scope=scope)
    d.add("Output", "x", scope=scope)
    d.add("Output", "y", scope=scope)
    line(d, "a", conv("ca", "in_channels_b", 5), "x", scope=scope)
    line(d, "b", conv("cb", "in_channels", 3), "y", scope=scope)
    d.add("Split", "split")
    line(d, "input", conv("stem", 8))
    d.connect("input", "split:a")
    d.connect("stem", "split:b")
    analysis = analyze(head(d, merge(d, "Concat", "cat", "split:x", "split:y")))
    report = analysis.blocks["split"]
    assert report.output_shapes == {"x": (8, 32, 32), "y": (3, 32, 32)}
    assert analysis.level("").shapes["split", "y"] == (3, 32, 32)
    assert analysis.scope_values("split") == {"in_channels": 3, "in_channels_a": 3, "in_channels_b": 8}
    assert analysis.blocks["split.ca"].receptive_field == (5, 5)
    assert analysis.blocks["split.cb"].receptive_field == (5, 5)
    assert analysis.depth == 3
