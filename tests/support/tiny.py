"""A small network with everything whose state must survive a checkpoint."""

from __future__ import annotations

from itertools import pairwise

from blockstudio.graph.diagram import Diagram


def tiny_network(size: int = 8, channels: int = 1, width: int = 8, auxiliary: bool = False) -> Diagram:
    """Convolution, normalisation, dropout, and on request an auxiliary output."""
    diagram = Diagram("tiny")
    chain = [
        diagram.add("Input", "input", shape=[channels, size, size]),
        diagram.add("Conv2d", "conv1", out_channels=width, kernel_size=3, padding=1, stride=2),
        diagram.add("BatchNorm2d", "bn1"),
        diagram.add("ReLU", "relu1"),
        diagram.add("Flatten", "flatten"),
        diagram.add("Dropout", "drop", p=0.2),
        diagram.add("Linear", "fc", out_features=10),
        diagram.add("Output", "output"),
    ]
    for source, target in pairwise(chain):
        diagram.connect(source, target)
    if auxiliary:
        diagram.add("GlobalAvgPool", "aux_pool")
        diagram.add("Flatten", "aux_flatten")
        diagram.add("Linear", "aux_fc", out_features=10)
        diagram.add("AuxOutput", "aux", weight=0.3)
        for source, target in (("relu1", "aux_pool"), ("aux_pool", "aux_flatten"), ("aux_flatten", "aux_fc")):
            diagram.connect(source, target)
        diagram.connect("aux_fc", "aux")
    return diagram
