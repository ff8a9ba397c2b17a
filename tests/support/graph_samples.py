"""Diagrams that tests of the document start from."""

from __future__ import annotations

from blockstudio.blocks import Parameter
from blockstudio.graph.diagram import Diagram


def sample() -> Diagram:
    """A small network with one of everything: parameters of several kinds, modules within modules, a repeat, a
    bypass, named ports, an auxiliary output, positions, notes."""
    d = Diagram("Sample – größer", "One of everything.")
    d.about = {"paper": 'Ünïcode, "quotes" and \\', "year": "2015"}
    d.declare("width", Parameter(kind="int", default=16, minimum=1, maximum=512, help="Base width."))
    d.declare("n", 2)
    d.declare("bn", True)
    d.declare("act", Parameter(kind="choice", default="relu", choices=("relu", "gelu")))
    d.declare("kernel", Parameter(kind="pair", default=[3, 1]))
    d.module("Unit", {"planes": 8, "stride": Parameter(kind="int", default=1, minimum=1)})
    d.module("Split", {"half": 4})
    s = "Split"
    d.add("Input", "input", scope=s)
    d.add("Conv2d", "left_conv", scope=s, out_channels="half", kernel_size=1)
    d.add("Conv2d", "right_conv", scope=s, out_channels="in_channels - half", kernel_size=1)
    d.add("Output", "left", scope=s)
    d.add("Output", "right", scope=s)
    for wire in ("input left_conv", "input right_conv", "left_conv left", "right_conv right"):
        d.connect(*wire.split(), scope=s)
    u = "Unit"
    d.add("Input", "input", scope=u)
    d.add("Conv2d", "conv1", scope=u, out_channels="planes", kernel_size=3, stride="stride", padding=1, bias=False)
    d.add("BatchNorm2d", "bn1", scope=u)
    d.add("Conv2d", "downsample.0", scope=u, out_channels="planes", kernel_size=1, stride="stride",
          bypass="in_channels == planes and stride == 1")  # fmt: skip
    d.add("Add", "add", scope=u)
    d.add("Output", "output", scope=u)
    for wire in ("input conv1", "conv1 bn1", "bn1 add:0", "input downsample.0", "downsample.0 add:1", "add output"):
        d.connect(*wire.split(), scope=u)
    d.add("Input", "input", shape=[3, 32, 32], at=(0, 0))
    d.add(
        "Conv2d", "conv", out_channels="width", kernel_size="kernel", padding="same", at=(0, 120.5), note="The stem\n☺"
    )
    d.add("BatchNorm2d", "bn", bypass="not bn", eps=1e-3)
    d.add("Unit", "layer", planes="2 * width", stride="2 if i == 0 else 1", repeat="n")
    d.add("Split", "split", half="width")
    d.add("Concat", "cat")
    d.add("GlobalAvgPool", "pool")
    d.add("Flatten", "flatten")
    d.add("Linear", "fc", out_features=10)
    d.add("Output", "output")
    d.add("Linear", "aux_fc", out_features=10)
    d.add("AuxOutput", "aux", weight=0.5)
    wires = (
        "input conv", "conv bn", "bn layer", "layer split", "split:left cat:3", "split:right cat:1", "cat pool",
        "pool flatten", "flatten fc", "fc output", "flatten aux_fc", "aux_fc aux",
    )  # fmt: skip
    for wire in wires:
        d.connect(*wire.split())
    d.frame("Stem – ☺", ["input", "conv", "bn"], colour="blue")
    d.frame("Shortcut", ["add", "downsample.0"], scope=u)
    d.note("# Why\n\n- *wide* at `2 * width`", at=(200, 40.5), width=300, colour="green")
    d.note("as in the paper", scope=u)
    d.history.clear()
    return d
