"""Small networks and steps that the analysis tests share."""

from __future__ import annotations

from typing import Any

from blockstudio.graph.diagram import Diagram


def net(shape: list[int] | None = None) -> Diagram:
    """A diagram with an Input called ``input``."""
    diagram = Diagram("net")
    diagram.add("Input", "input", shape=shape or [3, 32, 32])
    return diagram


def line(diagram: Diagram, start: str, *blocks: tuple[str, str, dict[str, Any]] | str, scope: str = "") -> str:
    """Blocks one behind the other: (type, name, parameters), or the name of one that is there; returns the last."""
    last = start
    for block in blocks:
        if isinstance(block, str):
            name = block
        else:
            kind, name, parameters = block
            diagram.add(kind, name, scope=scope, **parameters)
        diagram.connect(last, name, scope=scope)
        last = name.partition(":")[0]
    return last


def conv(name: str, channels: Any = 16, kernel: Any = 3, **more: Any) -> tuple[str, str, dict[str, Any]]:
    """A convolution that keeps the size unless told otherwise."""
    more.setdefault("padding", kernel // 2 if isinstance(kernel, int) else 0)
    return "Conv2d", name, {"out_channels": channels, "kernel_size": kernel, **more}


def head(diagram: Diagram, last: str, classes: Any = 10) -> Diagram:
    """Pool, classify, put out."""
    line(
        diagram, last, ("GlobalAvgPool", "avgpool", {}), ("Flatten", "flatten", {}),
        ("Linear", "fc", {"out_features": classes}), ("Output", "output", {}),
    )  # fmt: skip
    return diagram


def merge(diagram: Diagram, kind: str, name: str, *sources: str, scope: str = "") -> str:
    """A merge of these."""
    diagram.add(kind, name, scope=scope)
    for source in sources:
        diagram.connect(source, name, scope=scope)
    return name


def block_module(diagram: Diagram, name: str = "Residual", **parameters: Any) -> str:
    """A module with Input and Output, nothing between them yet."""
    scope = diagram.module(name, parameters)
    diagram.add("Input", "input", scope=scope)
    diagram.add("Output", "output", scope=scope)
    return scope
