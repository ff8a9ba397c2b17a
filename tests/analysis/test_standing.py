"""A mistake in one place leaves every number standing that does not depend on it."""

from __future__ import annotations

from blockstudio.analysis import analyze
from tests.support.nets import block_module, conv, head, line, merge, net


def test_a_window_too_large_hides_sizes_but_not_channels() -> None:
    d = net([3, 4, 4])
    good = head(d, line(d, "input", conv("a", 8), conv("b", 16, 3), conv("c", 32)))
    right = analyze(good)
    d.set("b", kernel_size=9, padding=0)
    wrong = analyze(d)
    assert wrong.blocks["a"].macs == right.blocks["a"].macs
    assert wrong.blocks["b"].output_shape is None and wrong.blocks["b"].parameters == 8 * 81 * 16 + 16
    assert wrong.blocks["c"].parameters == right.blocks["c"].parameters and wrong.blocks["c"].macs is None
    # Pooling to 1×1 makes everything known again.
    assert wrong.blocks["avgpool"].output_shape == (32, 1, 1)
    assert wrong.blocks["fc"].parameters == 330 and wrong.output_shape == (10,)
    assert [problem.block for problem in wrong.problems] == ["b"]
    assert not wrong.complete and right.complete


def test_an_addition_of_other_channels_keeps_the_size() -> None:
    d = net()
    line(d, "input", conv("stem", 16), conv("a", 64))
    merge(d, "Add", "add", "a", "stem")
    head(d, line(d, "add", conv("b", 32)))
    analysis = analyze(d)
    assert analysis.blocks["b"].output_shape == (32, 32, 32) and analysis.blocks["b"].parameters is None
    assert analysis.blocks["fc"].parameters == 330
    assert [problem.code for problem in analysis.problems] == ["shape.differ"]


def test_an_addition_with_one_unknown_input_is_what_the_other_says() -> None:
    d = net()
    line(d, "input", conv("stem", 16))
    d.add("Conv2d", "open", out_channels=16)
    head(d, merge(d, "Add", "add", "stem", "open"))
    analysis = analyze(d)
    assert analysis.blocks["add"].output_shape == (16, 32, 32)
    assert analysis.output_shape == (10,) and analysis.blocks["fc"].parameters == 170
    assert [problem.code for problem in analysis.problems] == ["port.unconnected"]


def test_a_concatenation_with_an_unknown_input_keeps_the_size() -> None:
    d = net()
    line(d, "input", conv("stem", 16))
    d.add("ReLU", "open")
    head(d, merge(d, "Concat", "cat", "stem", "open"))
    analysis = analyze(d)
    assert analysis.blocks["cat"].output_shape is None
    assert analysis.blocks["fc"].parameters is None and analysis.blocks["fc"].output_shape == (10,)


def test_an_open_convolution_knows_its_channels() -> None:
    d = net()
    d.add("Conv2d", "open", out_channels=24)
    head(d, line(d, "open", ("BatchNorm2d", "bn", {}), ("ReLU", "relu", {})))
    analysis = analyze(d)
    assert analysis.blocks["open"].parameters is None and analysis.blocks["bn"].parameters == 48
    assert analysis.blocks["fc"].parameters == 250


def test_a_linear_on_a_map_still_gives_its_features() -> None:
    d = net()
    line(d, "input", ("Linear", "fc1", {"out_features": 50}), ("Linear", "fc2", {"out_features": 10}))
    line(d, "fc2", ("Output", "output", {}))
    analysis = analyze(d)
    assert analysis.blocks["fc1"].parameters is None and analysis.blocks["fc2"].parameters == 510
    assert analysis.depth == 2 and analysis.parameters == 510


def test_a_bad_expression_hides_only_what_uses_it() -> None:
    d = net()
    line(d, "input", conv("a", 16), conv("b", "nowhere"), conv("c", 8))
    head(d, "c")
    analysis = analyze(d)
    assert analysis.blocks["a"].parameters == 448 and analysis.blocks["b"].parameters is None
    assert analysis.blocks["b"].values["kernel_size"] == (3, 3) and analysis.blocks["b"].values["out_channels"] is None
    assert analysis.blocks["c"].parameters is None and analysis.blocks["fc"].parameters == 90
    assert len(analysis.problems) == 1


def test_a_hidden_argument_is_no_second_mistake() -> None:
    d = net()
    scope = block_module(d, "Stage", planes=8)
    line(d, "input", conv("conv1", "planes"), conv("conv2", "in_channels * 2"), conv("conv3", 5), "output", scope=scope)
    d.add("ReLU", "open")
    d.add("Stage", "stage", planes="nowhere")
    head(d, line(d, "open", "stage"))
    analysis = analyze(d)
    found = {problem.block: problem.code for problem in analysis.problems}
    assert found == {"stage": "expression.name", "open": "port.unconnected", "input": "block.dead"}
    assert analysis.blocks["stage.conv3"].values["out_channels"] == 5
    assert analysis.blocks["fc"].parameters == 60


def test_a_circle_hides_only_what_hangs_on_it() -> None:
    d = net()
    line(d, "input", conv("stem", 16))
    merge(d, "Add", "add", "stem")
    line(d, "add", conv("a", 16), "add")
    head(d, "a")
    analysis = analyze(d)
    assert [problem.code for problem in analysis.problems] == ["graph.cycle"]
    assert analysis.parameters == 448 + 16 * 144 + 16 + 170
    assert analysis.output_shape == (10,)


def test_without_an_output_everything_counts() -> None:
    d = net()
    line(d, "input", conv("a", 16), conv("b", 8))
    line(d, "a", conv("c", 4))
    analysis = analyze(d)
    assert analysis.parameters == 448 + 16 * 72 + 8 + 16 * 36 + 4
    assert analysis.depth == 2 and analysis.receptive_field == (5, 5)
    # An Output that is not wired yet changes nothing.
    d.add("Output", "output")
    assert analyze(d).parameters == analysis.parameters


def test_all_problems_are_collected() -> None:
    d = net([3, 8, 8])
    line(d, "input", conv("a", "x"), conv("b", "y"))
    line(d, "input", conv("c", 4, 20, padding=0))
    line(d, "input", conv("e", 4, groups=2))
    head(d, merge(d, "Add", "add", "b", "c", "e"))
    d.add("Conv2d", "open")
    found = [(problem.block, problem.code, problem.severity) for problem in analyze(d).problems]
    assert found == [
        ("a", "expression.name", "error"),
        ("b", "expression.name", "error"),
        ("c", "shape.kernel", "error"),
        ("e", "shape.groups", "error"),
        ("open", "port.unconnected", "warning"),
    ]


def test_what_is_left_out_only_warns() -> None:
    d = net([3, 8, 8])
    head(d, line(d, "input", conv("a", 4)))
    line(d, "a", conv("big", 4, 20, padding=0))
    found = {problem.code: problem.severity for problem in analyze(d).problems}
    assert found == {"shape.kernel": "warning", "block.dead": "warning"}


def test_a_mistake_in_a_module_is_one_problem() -> None:
    d = net([3, 8, 8])
    scope = block_module(d, "Stage", planes=8)
    line(d, "input", conv("conv1", "plane"), "output", scope=scope)
    d.add("Stage", "layer1", repeat=3)
    d.add("Stage", "layer2")
    head(d, line(d, "input", "layer1", "layer2"))
    (problem,) = analyze(d).problems
    assert (problem.scope, problem.block, problem.path) == ("Stage", "conv1", "layer1.0.conv1")
    assert problem.instances == 4
    assert problem.text == (
        "layer1.0.conv1.out_channels: 'plane' uses plane, which is not a parameter here. "
        "The same in 3 more instances of Stage."
    )


def test_a_module_without_instances_is_looked_at_too() -> None:
    d = head(net(), "input")
    scope = block_module(d, "Spare")
    d.set("input", scope=scope, shape=[4, 8, 8])
    line(d, "input", conv("conv1", 6, groups=3), "output", scope=scope)
    unused, groups = analyze(d).problems
    assert (unused.code, unused.text) == ("module.unused", "Spare: no block is a Spare: the module is used nowhere.")
    assert (groups.severity, groups.scope, groups.block, groups.path) == ("warning", "Spare", "conv1", "")
    assert groups.text == "Spare.conv1: groups=3 does not divide its 4 input channels."
    assert [fix.label for fix in groups.fixes] == ["Set groups=2"]
    assert analyze(d).complete


def test_repeats_in_repeats_that_all_differ_come_to_an_end() -> None:
    d = net([3, 8, 8])
    scope = block_module(d, "Inner", k=1)
    line(d, "input", conv("conv1", "3 + 0 * (k + i)", repeat=10_000), "output", scope=scope)
    d.add("Inner", "outer", repeat=10_000, k="i")
    head(d, line(d, "input", "outer"))
    (problem,) = analyze(d).problems
    assert problem.code == "analysis.size" and "100,000 blocks" in problem.text
