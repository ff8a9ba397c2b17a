"""Faults planted in small networks: what the analysis has to say of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from blockstudio.blocks import Parameter
from blockstudio.graph.diagram import Diagram
from tests.support.nets import block_module, conv, head, line, merge, net


class Fault(NamedTuple):
    """A network with one mistake in it."""

    make: Callable[[], Diagram]
    path: str
    """Full path of the block on which the problem stands; with a colon, the field."""
    code: str
    words: tuple[str, ...]
    """What the sentence has to say."""
    labels: tuple[str, ...] = ()
    """Fixes that have to be offered among others."""
    alone: bool = True
    """The fault is the only one, so every fix leads to a network that runs."""


FAULTS: dict[str, Fault] = {}


def plant(
    path: str, code: str, *words: str, labels: tuple[str, ...] = (), alone: bool = True
) -> Callable[[Callable[[], Diagram]], Callable[[], Diagram]]:
    def note(make: Callable[[], Diagram]) -> Callable[[], Diagram]:
        name = make.__name__
        if name in FAULTS:
            raise ValueError(f"two faults are called {name}")
        FAULTS[name] = Fault(make, path, code, words, labels, alone)
        return make

    return note


# Branches that do not meet


@plant(
    "add", "shape.differ", "inputs differ", "16×32×32", "32×16×16",
    labels=("Insert 1×1 projection, 32, /2", "Subsample and zero-pad (option A)"),
)  # fmt: skip
def add_without_projection() -> Diagram:
    d = net()
    line(d, "input", conv("stem"), conv("conv1", 32, stride=2), conv("conv2", 32))
    return head(d, merge(d, "Add", "add", "conv2", "stem"))


@plant("add", "shape.differ", "64×32×32", "16×32×32", labels=("Insert 1×1 projection, 64",))
def add_of_other_channels() -> Diagram:
    d = net()
    line(d, "input", conv("stem"), conv("conv1", 64))
    return head(d, merge(d, "Add", "add", "conv1", "stem"))


@plant("add", "shape.differ", "16×16×16", "16×32×32", labels=("Set stride=1 on conv1", "Insert 1×1 projection, 16, /2"))
def add_behind_a_stride() -> Diagram:
    d = net()
    line(d, "input", conv("stem"), conv("conv1", 16, stride=2))
    return head(d, merge(d, "Add", "add", "conv1", "stem"))


@plant("add", "shape.differ", "16×30×30", "16×32×32", labels=("Set padding=1 on conv1",))
def add_behind_lost_padding() -> Diagram:
    d = net()
    line(d, "input", conv("stem"), conv("conv1", 16, padding=0))
    return head(d, merge(d, "Add", "add", "conv1", "stem"))


@plant("add", "shape.differ", "32×30×30", labels=("Set padding=1 on conv1 and insert 1×1 projection, 32",))
def add_behind_lost_padding_and_channels() -> Diagram:
    d = net()
    line(d, "input", conv("stem"), conv("conv1", 32, padding=0))
    return head(d, merge(d, "Add", "add", "conv1", "stem"))


@plant("add", "shape.differ", "16×32×32", "24×32×32", labels=("Insert 1×1 projection, 24", "Remove the wire from b"))
def add_of_three_with_one_odd() -> Diagram:
    d = net()
    line(d, "input", conv("a", 16))
    line(d, "input", conv("b", 24))
    line(d, "input", conv("c", 16))
    return head(d, merge(d, "Add", "add", "a", "b", "c"))


@plant("add", "shape.differ", "20", "30", labels=("Insert Linear, 30",))
def add_of_vectors() -> Diagram:
    d = net([8, 4, 4])
    line(d, "input", ("Flatten", "flatten", {}), ("Linear", "a", {"out_features": 20}))
    line(d, "flatten", ("Linear", "b", {"out_features": 30}))
    line(d, merge(d, "Add", "add", "a", "b"), ("Output", "output", {}))
    return d


@plant("add", "shape.differ", "16×8×8", "16", labels=("Insert GlobalAvgPool and Flatten",))
def add_of_a_map_and_a_vector() -> Diagram:
    d = net([3, 8, 8])
    line(d, "input", conv("conv1", 16))
    line(d, "conv1", ("GlobalAvgPool", "pool", {}), ("Flatten", "flatten", {}))
    line(d, merge(d, "Add", "add", "flatten", "conv1"), ("Output", "output", {}))
    return d


@plant("add", "shape.differ", "16×32×32", "8×32×32", labels=("Insert 1×1 projection, 16",))
def add_after_fewer_channels() -> Diagram:
    d = net()
    line(d, "input", conv("stem", 16), conv("squeeze", 8, 1))
    return head(d, merge(d, "Add", "add", "squeeze", "stem"))


@plant(
    "layer2.0.add", "shape.differ", "32×16×16", "16×32×32",
    labels=("Insert 1×1 projection, planes, /stride", "Subsample and zero-pad (option A)"),
)  # fmt: skip
def residual_module_without_projection() -> Diagram:
    d = net()
    scope = block_module(d, "Residual", planes=16, stride=1)
    line(d, "input", conv("conv1", "planes", stride="stride", padding=1), ("ReLU", "relu", {}), scope=scope)
    line(d, "relu", conv("conv2", "planes"), scope=scope)
    line(d, merge(d, "Add", "add", "conv2", "input", scope=scope), "output", scope=scope)
    line(d, "input", conv("stem"))
    d.add("Residual", "layer1", repeat=2)
    d.add("Residual", "layer2", repeat=2, planes=32, stride="2 if i == 0 else 1")
    d.add("Residual", "layer3", repeat=2, planes=64, stride="2 if i == 0 else 1")
    return head(d, line(d, "stem", "layer1", "layer2", "layer3"))


@plant("cat", "shape.concat", "height and width", "input 1 is 8×26×26", labels=("Set padding=1 on b2",))
def inception_branch_without_padding() -> Diagram:
    d = net([3, 28, 28])
    line(d, "input", conv("b1", 8, 1))
    line(d, "input", conv("b2_reduce", 4, 1), conv("b2", 8, 3, padding=0), ("ReLU", "relu", {}))
    line(d, "input", conv("b3", 8, 5))
    return head(d, merge(d, "Concat", "cat", "b1", "relu", "b3"))


@plant("cat", "shape.concat", "3×13×13", labels=("Set stride=1, padding=1 on pool",))
def inception_pool_with_stride() -> Diagram:
    d = net([3, 28, 28])
    line(d, "input", conv("b1", 8, 1))
    line(d, "input", conv("b2", 8, 3))
    line(d, "input", ("MaxPool2d", "pool", {"kernel_size": 3, "stride": 2}))
    return head(d, merge(d, "Concat", "cat", "b1", "b2", "pool"))


@plant("cat", "shape.concat", "8×14×14", labels=("Insert MaxPool2d, 3×3, /2",))
def concat_of_two_scales() -> Diagram:
    d = net([3, 28, 28])
    line(d, "input", conv("a", 8, 3, padding="same"))
    line(d, "input", conv("b", 8, 3, stride=2))
    return head(d, merge(d, "Concat", "cat", "a", "b"))


@plant("cat", "shape.concat", "vector of 8", labels=("Insert Flatten",))
def concat_of_a_map_and_a_vector() -> Diagram:
    d = net([3, 28, 28])
    line(d, "input", conv("a", 8, 3))
    line(d, "a", ("Flatten", "flatten", {}), ("Linear", "b", {"out_features": 8}))
    merge(d, "Concat", "cat", "a", "b")
    line(d, "cat", ("Linear", "fc", {"out_features": 10}), ("Output", "output", {}))
    return d


@plant("gate", "shape.broadcast", "do not fit", "4×1×1", labels=("Insert 1×1 Conv, 16",))
def gate_of_too_few_channels() -> Diagram:
    d = net()
    line(d, "input", conv("stem"), ("GlobalAvgPool", "squeeze", {}), conv("reduce", 4, 1), ("Sigmoid", "sigmoid", {}))
    return head(d, merge(d, "Multiply", "gate", "stem", "sigmoid"))


@plant("gate", "shape.broadcast", "16×16×16", labels=("Insert GlobalAvgPool on the gate",))
def gate_of_another_size() -> Diagram:
    d = net()
    line(d, "input", conv("stem"), conv("small", 16, stride=2), ("Sigmoid", "sigmoid", {}))
    return head(d, merge(d, "Multiply", "gate", "stem", "sigmoid"))


# Maps and vectors


@plant(
    "fc", "shape.linear", "needs a vector", "16×8×8",
    labels=("Insert Flatten (1,024 features)", "Insert GlobalAvgPool and Flatten (16 features)"),
)  # fmt: skip
def linear_behind_a_map() -> Diagram:
    d = net([3, 8, 8])
    line(d, "input", conv("conv1"), ("Linear", "fc", {"out_features": 10}), ("Output", "output", {}))
    return d


@plant("classifier.fc", "shape.linear", "needs a vector", labels=("Insert Flatten (1,024 features)",))
def linear_behind_a_map_in_a_module() -> Diagram:
    d = net([3, 8, 8])
    scope = block_module(d, "Classifier", classes=10)
    line(d, "input", ("Linear", "fc", {"out_features": "classes"}), "output", scope=scope)
    line(d, "input", conv("conv1"), ("Classifier", "classifier", {}), ("Output", "output", {}))
    return d


@plant("conv2", "shape.rank", "feature map", "vector", labels=("Remove flatten",))
def convolution_behind_flatten() -> Diagram:
    d = net([3, 8, 8])
    last = line(d, "input", conv("conv1"), ("Flatten", "flatten", {}), conv("conv2", 8, 1), ("Flatten", "flat", {}))
    line(d, last, ("Linear", "fc", {"out_features": 10}), ("Output", "output", {}))
    return d


@plant("pool", "shape.rank", "feature map", labels=("Remove pool",))
def pool_behind_flatten() -> Diagram:
    d = net([3, 8, 8])
    line(
        d, "input", conv("conv1"), ("Flatten", "flatten", {}), ("MaxPool2d", "pool", {}),
        ("Linear", "fc", {"out_features": 10}), ("Output", "output", {}),
    )  # fmt: skip
    return d


@plant("bn", "shape.rank", "feature map", labels=("Remove bn",))
def normalisation_of_a_vector() -> Diagram:
    d = net([3, 8, 8])
    line(
        d, "input", ("Flatten", "flatten", {}), ("Linear", "fc", {"out_features": 10}), ("BatchNorm2d", "bn", {}),
        ("Output", "output", {}),
    )  # fmt: skip
    return d


# Windows


@plant("conv2", "shape.kernel", "7×7 window", "larger than its input", "4×4", labels=("Shrink the window to 4×4",))
def kernel_larger_than_the_map() -> Diagram:
    d = net([3, 8, 8])
    return head(d, line(d, "input", conv("conv1", 16, stride=2), conv("conv2", 16, 7, padding=0)))


@plant("conv1", "shape.kernel", "dilation 8", labels=("Set dilation=3", "Set padding=5"))
def dilation_larger_than_the_map() -> Diagram:
    d = net([3, 8, 8])
    return head(d, line(d, "input", conv("conv1", 16, 3, padding=0, dilation=8)))


@plant("pool3", "shape.kernel", "2×2 window", "1×1", labels=("Remove pool3",))
def one_pool_too_many() -> Diagram:
    d = net([3, 4, 4])
    pools = [("MaxPool2d", f"pool{index}", {}) for index in (1, 2, 3)]
    return head(d, line(d, "input", conv("conv1"), *pools))


@plant("pool", "shape.kernel", "8×8 window", "7×7", labels=("Shrink the window to 7×7",))
def average_pool_of_another_input_size() -> Diagram:
    d = net([3, 28, 28])
    last = line(d, "input", conv("conv1", 16, stride=4), ("AvgPool2d", "pool", {"kernel_size": 8, "stride": 8}))
    line(d, last, ("Flatten", "flatten", {}), ("Linear", "fc", {"out_features": 10}), ("Output", "output", {}))
    return d


@plant("conv1", "shape.kernel", "1×9", labels=("Shrink the window to 1×8",))
def wide_kernel() -> Diagram:
    d = net([3, 8, 8])
    return head(d, line(d, "input", conv("conv1", 16, [1, 9], padding=0)))


@plant("pool", "shape.padding", "more than half", labels=("Set padding=1",))
def pool_padding_beyond_half() -> Diagram:
    d = net()
    return head(d, line(d, "input", ("MaxPool2d", "pool", {"kernel_size": 3, "stride": 2, "padding": 2})))


@plant("conv1", "shape.same_stride", "stride 1", "stride 2", labels=("Set padding='same_tf'", "Set padding=1"))
def same_padding_with_a_stride() -> Diagram:
    d = net()
    return head(d, line(d, "input", conv("conv1", 16, 3, padding="same", stride=2)))


@plant("conv1", "shape.groups", "groups=4", "3 input channels", labels=("Set groups=3",))
def groups_that_do_not_divide_the_input() -> Diagram:
    d = net()
    return head(d, line(d, "input", conv("conv1", 12, groups=4)))


@plant("conv2", "shape.groups", "groups=3", "16 output channels", labels=("Set groups=2", "Set out_channels=15"))
def groups_that_do_not_divide_the_output() -> Diagram:
    d = net()
    return head(d, line(d, "input", conv("conv1", 12), conv("conv2", 16, groups=3)))


@plant("shortcut", "shape.shortcut", "add channels", "32", labels=("Set out_channels=32", "Make it a 1×1 Conv"))
def shortcut_to_fewer_channels() -> Diagram:
    d = net()
    return head(d, line(d, "input", conv("conv1", 32), ("ShortcutA", "shortcut", {"out_channels": 16, "stride": 2})))


# Wires


@plant("conv2", "port.unconnected", "not connected", labels=("Connect to conv1",))
def wire_missing_in_a_chain() -> Diagram:
    d = net()
    line(d, "input", conv("conv1"))
    d.add(*conv("conv2")[:2], out_channels=8)
    return head(d, "conv2")


@plant("output", "port.unconnected", "not connected", labels=("Connect to fc",))
def output_without_wire() -> Diagram:
    d = head(net(), "input")
    d.disconnect("fc", "output")
    return d


@plant("join:left", "port.unconnected", "'left'", labels=("Connect to conv2",))
def instance_with_an_open_input() -> Diagram:
    d = net()
    scope = d.module("Join")
    d.add("Input", "left", scope=scope)
    d.add("Input", "right", scope=scope)
    d.add("Output", "output", scope=scope)
    line(d, merge(d, "Add", "add", "left", "right", scope=scope), "output", scope=scope)
    line(d, "input", conv("conv1"), conv("conv2"))
    d.add("Join", "join")
    d.connect("conv1", "join:right")
    return head(d, "join")


@plant("add", "port.unconnected", "none of its inputs", labels=("Connect to conv1",))
def merge_without_inputs() -> Diagram:
    d = net()
    line(d, "input", conv("conv1"))
    return head(d, merge(d, "Add", "add"))


@plant("conv2", "port.unconnected", "not connected", labels=("Connect to conv1", "Delete conv2"))
def block_left_lying_about() -> Diagram:
    d = net()
    head(d, line(d, "input", conv("conv1")))
    d.add("Conv2d", "conv2", out_channels=8)
    return d


@plant("add", "merge.single", "only one wire", "Add", labels=("Remove add",))
def addition_of_one() -> Diagram:
    d = net()
    line(d, "input", conv("conv1"))
    return head(d, merge(d, "Add", "add", "conv1"))


@plant("cat", "merge.single", "only one wire", "Concat", labels=("Remove cat",))
def concatenation_of_one() -> Diagram:
    d = net()
    line(d, "input", conv("conv1"))
    return head(d, merge(d, "Concat", "cat", "conv1"))


@plant(
    "add", "graph.cycle", "add → conv1 → relu → add",
    labels=("Remove add, keep input", "Remove the wire relu → add"),
)  # fmt: skip
def circle_through_an_add() -> Diagram:
    d = net()
    merge(d, "Add", "add", "input")
    line(d, "add", conv("conv1", 3), ("ReLU", "relu", {}))
    d.connect("relu", "add")
    return head(d, "relu")


@plant("cat", "graph.cycle", "cat → conv1 → conv2 → cat", labels=("Remove the wire conv2 → cat",))
def circle_through_a_concat_of_three() -> Diagram:
    d = net()
    line(d, "input", conv("a"))
    line(d, "input", conv("b"))
    merge(d, "Concat", "cat", "a", "b")
    line(d, "cat", conv("conv1"), conv("conv2"), "cat")
    return head(d, "conv2")


@plant("loops.add", "graph.cycle", "add → relu → add", labels=("Remove add, keep input",))
def circle_in_a_module() -> Diagram:
    d = net()
    scope = block_module(d, "Loop")
    merge(d, "Add", "add", "input", scope=scope)
    line(d, "add", ("ReLU", "relu", {}), "output", scope=scope)
    d.connect("relu", "add", scope=scope)
    return head(d, line(d, "input", ("Loop", "loops", {})))


@plant("conv2", "block.dead", "reaches no Output", labels=("Delete conv2",))
def block_that_leads_nowhere() -> Diagram:
    d = net()
    head(d, line(d, "input", conv("conv1")))
    line(d, "conv1", conv("conv2"))
    return d


@plant("relu", "block.dead", "reaches no Output", "2 blocks before it", labels=("Delete relu and 2 more",))
def branch_that_leads_nowhere() -> Diagram:
    d = net()
    head(d, line(d, "input", conv("conv1")))
    line(d, "conv1", conv("conv2"), ("BatchNorm2d", "bn", {}), ("ReLU", "relu", {}))
    return d


@plant("cat_me", "block.dead", "reaches no Output", labels=("Connect to cat",))
def branch_left_out_of_a_concat() -> Diagram:
    d = net()
    line(d, "input", conv("a"))
    line(d, "input", conv("b"))
    line(d, "input", conv("cat_me"))
    return head(d, merge(d, "Concat", "cat", "a", "b"))


@plant("extra", "block.dead", "nothing reads this Input", labels=("Delete extra",))
def input_that_nobody_reads() -> Diagram:
    d = head(net(), "input")
    d.add("Input", "extra", shape=[1, 8, 8])
    return d


@plant("", "input.missing", "no Input", labels=("Add an Input before conv1",))
def diagram_without_input() -> Diagram:
    d = Diagram("net")
    d.add("Conv2d", "conv1")
    return head(d, "conv1")


@plant("", "output.missing", "no Output", labels=("Add an Output behind fc",))
def diagram_without_output() -> Diagram:
    d = head(net(), "input")
    d.remove("output")
    return d


@plant("part", "output.missing", "module has no Output", labels=("Add an Output behind conv1",), alone=False)
def module_without_output() -> Diagram:
    d = net()
    scope = d.module("Half")
    d.add("Input", "input", scope=scope)
    line(d, "input", conv("conv1"), scope=scope)
    line(d, "input", ("Half", "part", {}))
    return d


@plant("part", "input.missing", "module has no Input", labels=("Add an Input before conv1",), alone=False)
def module_without_input() -> Diagram:
    d = net()
    scope = d.module("Half")
    d.add("Conv2d", "conv1", scope=scope)
    line(d, "conv1", ("Output", "output", {}), scope=scope)
    d.add("Half", "part")
    return head(d, "part")


@plant("Spare", "module.unused", "no block is a Spare", labels=("Delete the module Spare",))
def module_used_nowhere() -> Diagram:
    d = head(net(), "input")
    scope = block_module(d, "Spare")
    line(d, "input", conv("conv1"), "output", scope=scope)
    return d


@plant("fork:right", "output.unused", "nothing reads", "'right'", labels=("Delete the Output 'right' of Fork",))
def output_that_nobody_reads() -> Diagram:
    d = net()
    scope = d.module("Fork")
    d.add("Input", "input", scope=scope)
    d.add("Output", "left", scope=scope)
    d.add("Output", "right", scope=scope)
    line(d, "input", conv("a"), "left", scope=scope)
    line(d, "a", ("ReLU", "relu", {}), "right", scope=scope)
    d.add("Fork", "fork")
    d.connect("input", "fork")
    return head(d, "fork:left")


@plant("softmax", "output.softmax", "logits", "cross-entropy", labels=("Switch softmax off", "Remove softmax"))
def softmax_before_the_output() -> Diagram:
    d = head(net(), "input")
    d.disconnect("fc", "output")
    line(d, "fc", ("Softmax", "softmax", {}), "output")
    return d


@plant("classifier.softmax", "output.softmax", "logits", labels=("Switch softmax off",))
def softmax_inside_the_head() -> Diagram:
    d = net()
    scope = block_module(d, "Classifier")
    line(
        d, "input", ("GlobalAvgPool", "pool", {}), ("Flatten", "flatten", {}), ("Linear", "fc", {"out_features": 10}),
        ("Softmax", "softmax", {}), "output", scope=scope,
    )  # fmt: skip
    line(d, "input", ("Classifier", "classifier", {}), ("Output", "output", {}))
    return d


# Values


def _with_width() -> Diagram:
    d = net()
    d.declare("width", Parameter(kind="int", default=24, minimum=1))
    return d


@plant(
    "conv1:out_channels", "expression.name", "uses widht", labels=("Use width for widht", "Add parameter widht = 64")
)
def misspelt_name() -> Diagram:
    d = _with_width()
    return head(d, line(d, "input", conv("conv1", "2 * widht")))


@plant("bn:bypass", "expression.name", "'not bm'", labels=("Use bn for bm", "Switch bn on"))
def misspelt_name_in_a_bypass() -> Diagram:
    d = net()
    d.declare("bn", True)
    last = line(d, "input", conv("conv1"), ("BatchNorm2d", "bn", {}))
    d.bypass("bn", "not bm")
    return head(d, last)


@plant("conv1:repeat", "expression.name", "uses depht", labels=("Use depth for depht", "Take the repeat off"))
def misspelt_name_in_a_repeat() -> Diagram:
    d = net()
    d.declare("depth", 2)
    last = line(d, "input", conv("conv1", 3))
    d.repeat("conv1", "depht")
    return head(d, last)


@plant("layer1:planes", "expression.name", "uses wdth", labels=("Use width for wdth",))
def misspelt_name_in_an_argument() -> Diagram:
    d = _with_width()
    scope = block_module(d, "Stage", planes=8)
    line(d, "input", conv("conv1", "planes"), "output", scope=scope)
    return head(d, line(d, "input", ("Stage", "layer1", {"planes": "wdth"})))


@plant("layer1.conv1:out_channels", "expression.name", "uses plane,", "1 more", labels=("Use planes for plane",))
def misspelt_name_in_a_module() -> Diagram:
    d = net()
    scope = block_module(d, "Stage", planes=8)
    line(d, "input", conv("conv1", "plane"), "output", scope=scope)
    return head(d, line(d, "input", ("Stage", "layer1", {}), ("Stage", "layer2", {"planes": 16})))


@plant("input:shape", "expression.name", "uses sise", labels=("Use size for sise",))
def misspelt_name_in_the_image_size() -> Diagram:
    d = Diagram("net")
    d.declare("size", 32)
    d.add("Input", "input", shape=[3, "size", "sise"])
    return head(d, "input")


@plant(
    "conv1:out_channels", "expression.name", "i, which is not a parameter", labels=("Set out_channels to its default",)
)
def place_without_a_repeat() -> Diagram:
    d = net()
    return head(d, line(d, "input", conv("conv1", "16 * (i + 1)")))


@plant("conv1:out_channels", "expression.bound", "divides by zero", labels=("Set out_channels to its default (64)",))
def division_by_zero() -> Diagram:
    d = _with_width()
    return head(d, line(d, "input", conv("conv1", "width // (width - 24)")))


@plant("conv1:out_channels", "parameter.limit", "from 1 to 1,000,000", "-6", labels=("Set out_channels=1",))
def channels_below_one() -> Diagram:
    d = _with_width()
    return head(d, line(d, "input", conv("conv1", "width - 30")))


@plant("conv1:out_channels", "parameter.value", "whole number", "4.8", labels=("Set out_channels to 'width // 5'",))
def channels_with_a_fraction() -> Diagram:
    d = _with_width()
    return head(d, line(d, "input", conv("conv1", "width / 5")))


@plant("drop:p", "parameter.limit", "to 1", "found 24", labels=("Set p=1.0",))
def probability_above_one() -> Diagram:
    d = _with_width()
    return head(d, line(d, "input", conv("conv1"), ("Dropout", "drop", {"p": "width"})))


@plant("conv1:bias", "parameter.value", "true or false", "24", labels=("Set bias to its default",))
def number_for_a_switch() -> Diagram:
    d = _with_width()
    return head(d, line(d, "input", conv("conv1", bias="width")))


@plant("conv1:stride", "expression.type", "do not go together", labels=("Set stride to its default (1)",))
def text_in_arithmetic() -> Diagram:
    d = net()
    d.declare("version", Parameter(kind="choice", default="a", choices=("a", "b")))
    return head(d, line(d, "input", conv("conv1", stride="version + 1")))


@plant("conv1:out_channels", "expression.bound", "beyond", labels=("Set out_channels to its default (64)",))
def power_out_of_bounds() -> Diagram:
    d = _with_width()
    return head(d, line(d, "input", conv("conv1", "width ** 40")))


@plant("conv1:repeat", "parameter.limit", "-1", labels=("Set repeat=0", "Take the repeat off"))
def repeat_below_zero() -> Diagram:
    d = net()
    d.declare("n", 1)
    last = line(d, "input", conv("conv1", 3))
    d.repeat("conv1", "n - 2")
    return head(d, last)


@plant(
    "conv1:repeat", "repeat.chain", "copy 4 of 5", "copy 3", "larger than its input",
    labels=("Set stride=1, padding=2", "Repeat it 3×"),
)  # fmt: skip
def repeat_that_shrinks_the_map_away() -> Diagram:
    d = net([3, 16, 16])
    last = line(d, "input", conv("conv1", 16, 5, padding=0))
    d.repeat("conv1", 5)
    return head(d, last)


@plant("stage.0.pool", "shape.kernel", "larger than its input", labels=("Remove pool",))
def pool_in_a_module_on_a_small_map() -> Diagram:
    d = net([3, 2, 2])
    scope = block_module(d, "Stage")
    line(d, "input", conv("conv1"), ("MaxPool2d", "pool", {"kernel_size": 3}), "output", scope=scope)
    last = line(d, "input", ("Stage", "stage", {}))
    d.repeat("stage", 2)
    return head(d, last)
