"""DenseNet-121 in fifteen lines: blocks are wired as they come, names are made up.

    python examples/densenet121.py [network.blocks.json]

Needs neither torch nor Qt. With a file name the network is saved there: `blockstudio network.blocks.json` opens it.
"""

from __future__ import annotations

import sys

import blockstudio as bs


def conv(channels: int | str, size: int, stride: int = 1) -> tuple[str, dict[str, int | str | bool]]:
    """A convolution that keeps the map, without bias: normalisation follows it."""
    given = {"out_channels": channels, "kernel_size": size, "stride": stride, "padding": size // 2, "bias": False}
    return "Conv2d", given


def draw() -> bs.Diagram:
    """Each layer sees all before it: its 32 channels are put behind those that came in."""
    net = bs.Builder("DenseNet-121")
    with net.module("DenseLayer") as layer:
        layer.chain("BatchNorm2d", "ReLU", conv(128, 1), "BatchNorm2d", "ReLU", conv(32, 3))
        layer.add("Concat", after=[layer.input, layer.here])
    with net.module("Transition") as step:
        step.chain("BatchNorm2d", "ReLU", conv("in_channels // 2", 1), ("AvgPool2d", {"kernel_size": 2, "stride": 2}))
    net.chain(conv(64, 7, 2), "BatchNorm2d", "ReLU", ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}))
    for number, layers in enumerate((6, 12, 24, 16), 1):
        if number > 1:
            net.add("Transition", f"transition{number - 1}")
        net.add("DenseLayer", f"denseblock{number}", repeat=layers)
    net.chain("BatchNorm2d", "ReLU", "GlobalAvgPool", "Flatten", ("Linear", {"out_features": 1000}))
    return net.finish()


def main(file: str | None = None) -> None:
    net = draw()
    report = bs.analyze(net)
    print(f"{net.name}: {report.parameters:,} parameters, {report.macs:,} multiply-accumulates, depth {report.depth}")
    if file is not None:
        bs.save(net, file)
        print(f"saved: {file}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
