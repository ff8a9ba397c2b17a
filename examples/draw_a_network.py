"""Draw a network in Python, see its costs, and let the program put a mistake right.

    python examples/draw_a_network.py [network.blocks.json]

Needs neither torch nor Qt. With a file name the network is saved there: `blockstudio network.blocks.json` opens it.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import blockstudio as bs
from blockstudio.analysis import apply_fix


def draw() -> bs.Diagram:
    """A stem, two residual blocks, a classifier. The second block halves the map, and nobody told its shortcut."""
    net = bs.Diagram("two blocks")

    net.module("Residual", {"width": 16, "stride": 1})
    net.add("Input", "input", scope="Residual")
    net.add("Conv2d", "conv1", scope="Residual", out_channels="width", kernel_size=3, stride="stride", padding=1)
    net.add("ReLU", "relu1", scope="Residual")
    net.add("Conv2d", "conv2", scope="Residual", out_channels="width", kernel_size=3, padding=1)
    net.add("Add", "add", scope="Residual")
    net.add("ReLU", "relu2", scope="Residual")
    net.add("Output", "output", scope="Residual")
    chain = ["input", "conv1", "relu1", "conv2", "add", "relu2", "output"]
    for source, target in pairwise(chain):
        net.connect(source, target, scope="Residual")
    net.connect("input", "add", scope="Residual")

    net.add("Input", "input", shape=[3, 32, 32])
    net.add("Conv2d", "stem", out_channels=16, kernel_size=3, padding=1)
    net.add("Residual", "block1")
    net.add("Residual", "block2", width=32, stride=2)
    net.add("GlobalAvgPool", "pool")
    net.add("Flatten", "flatten")
    net.add("Linear", "fc", out_features=10)
    net.add("Output", "output")
    chain = ["input", "stem", "block1", "block2", "pool", "flatten", "fc", "output"]
    for source, target in pairwise(chain):
        net.connect(source, target)
    return net


def main(file: str | None = None) -> None:
    net = draw()
    while problems := [problem for problem in bs.analyze(net).problems if problem.severity == "error"]:
        problem = problems[0]
        print(f"Problem: {problem.text}")
        print(f"  Fix:   {problem.fixes[0].label}")
        apply_fix(net, problem.fixes[0])

    report = bs.analyze(net)
    print(f"\n{'block':<14}{'output':>12}{'parameters':>12}{'MACs':>12}")
    for name in report.live():
        block = report.blocks[name]
        shape = "×".join(map(str, block.output_shape or ()))
        print(f"{name:<14}{shape:>12}{block.parameters:>12,}{block.macs:>12,}")
    print(f"{'all':<26}{report.parameters:>12,}{report.macs:>12,}")
    if file is not None:
        bs.save(net, file)


if __name__ == "__main__":
    main(*sys.argv[1:2])
