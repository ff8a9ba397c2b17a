"""What tests of several processes that train one run have in common."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path

from blockstudio.graph.diagram import Diagram
from blockstudio.runs import Run

CLOSE = 2e-4
"""Largest difference of two losses that were summed in another order."""


def network() -> Diagram:
    """Convolution, normalisation and a classifier, without chance."""
    diagram = Diagram("even")
    chain = [
        diagram.add("Input", "input", shape=[1, 8, 8]),
        diagram.add("Conv2d", "conv1", out_channels=8, kernel_size=3, padding=1),
        diagram.add("BatchNorm2d", "bn1"),
        diagram.add("ReLU", "relu1"),
        diagram.add("Flatten", "flatten"),
        diagram.add("Linear", "fc", out_features=10),
        diagram.add("Output", "output"),
    ]
    for source, target in pairwise(chain):
        diagram.connect(source, target)
    return diagram


def losses(run: Run) -> list[float]:
    """One a report, those that a restart superseded left out."""
    history = run.history()
    return [event["loss"] for event in history.steps]


def members(launcher: int) -> list[int]:
    """The launcher's processes by their rank."""
    found: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == launcher:
                held = dict(item.partition("=")[::2] for item in (folder / "environ").read_text().split("\0"))
                if "RANK" in held:
                    found[int(held["RANK"])] = int(folder.name)
    return [found[rank] for rank in sorted(found)]
