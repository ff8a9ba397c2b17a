"""Networks side by side, and what factorising a convolution saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blockstudio.analysis import Analysis, analyze
from blockstudio.analysis.units import bytes_text
from blockstudio.graph.diagram import Diagram
from blockstudio.report.table import Table


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the network at one map size, with what it costs."""

    size: str
    """``56×56``, or ``1×1`` for vectors too."""
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The figures of one network that a comparison is about."""

    name: str
    parameters: int
    macs: int
    depth: int | None
    training_bytes: int | None
    dense_parameters: int
    """Of fully connected layers."""
    stages: tuple[Stage, ...]

    @property
    def dense_share(self) -> float:
        """Share of the parameters that stand in fully connected layers, 0 to 1."""
        return self.dense_parameters / self.parameters if self.parameters else 0.0


def profile(diagram: Diagram, name: str = "") -> Profile:
    """The figures of ``diagram``, of the network as it is used (no auxiliary heads)."""
    analysis = analyze(diagram)
    dense = 0
    sizes: dict[str, list[int]] = {}
    for path, report in analysis.blocks.items():
        if not _is_leaf(path, diagram, analysis) or not report.live or report.bypassed:
            continue
        if report.type == "Linear":
            dense += report.parameters or 0
        shape = report.output_shape
        if shape:
            size = "×".join(map(str, shape[1:])) if len(shape) == 3 else "1×1"
            entry = sizes.setdefault(size, [0, 0])
            entry[0] += report.parameters or 0
            entry[1] += report.macs or 0
    stages = tuple(Stage(size, *cost) for size, cost in sizes.items() if any(cost))
    return Profile(
        name or diagram.name,
        analysis.parameters,
        analysis.macs,
        analysis.depth,
        analysis.training_bytes,
        dense,
        stages,
    )


def _is_leaf(path: str, diagram: Diagram, analysis: Analysis) -> bool:
    report = analysis.blocks[path]
    return report.type not in diagram.modules and f"{path}.0" not in analysis.blocks


def compare_table(profiles: Sequence[Profile]) -> Table:
    """A row a network; differences are to the first."""
    first = profiles[0]
    rows = []
    for item in profiles:
        parameters, macs = f"{item.parameters:,}", f"{item.macs:,}"
        rows.append(
            (
                item.name,
                parameters,
                "" if item is first else f"{item.parameters - first.parameters:+,}",
                macs,
                "" if item is first else f"{item.macs - first.macs:+,}",
                str(item.depth),
                bytes_text(item.training_bytes),
                f"{item.dense_share:.2%}",
            )
        )
    headings = ("network", "parameters", "difference", "MACs", "difference", "depth", "training memory", "dense share")
    return Table(headings, rows, " rrrrrrr")


def stage_table(profiles: Sequence[Profile], width: int = 24) -> Table:
    """Cost by map size, with a bar for the share of the network's MACs."""
    rows = []
    for item in profiles:
        for stage in item.stages:
            share = stage.macs / item.macs if item.macs else 0.0
            bar = "█" * round(share * width)
            rows.append((item.name, stage.size, f"{stage.parameters:,}", f"{stage.macs:,}", f"{share:.1%}", bar))
    return Table(("network", "map", "parameters", "MACs", "share", ""), rows, " rrrr")


FACTORISATIONS: tuple[tuple[str, tuple[int, int], str, tuple[tuple[int, int], ...]], ...] = (
    ("5×5", (5, 5), "two 3×3", ((3, 3), (3, 3))),
    ("7×7", (7, 7), "three 3×3", ((3, 3), (3, 3), (3, 3))),
    ("3×3", (3, 3), "two 2×2", ((2, 2), (2, 2))),
    ("3×3", (3, 3), "1×3 and 3×1", ((1, 3), (3, 1))),
    ("7×7", (7, 7), "1×7 and 7×1", ((1, 7), (7, 1))),
)
"""Factorisations of "Rethinking the Inception Architecture" (arXiv 1512.00567), sections 3.1 and 3.2."""


def factorisation_table(channels: int = 64) -> Table:
    """What each factorisation saves in weights (and, at stride 1, in MACs) when all layers have ``channels`` in and
    out. Counted by the block types themselves."""
    rows = []
    for name, kernel, parts_name, kernels in FACTORISATIONS:
        whole, parts = _weights(kernel, channels), sum(_weights(part, channels) for part in kernels)
        rows.append((name, f"{whole:,}", parts_name, f"{parts:,}", f"{parts / whole - 1:+.0%}".replace("-", "−")))
    basic = 2 * _weights((3, 3), 256)
    bottleneck = _weights((1, 1), 256, 64) + _weights((3, 3), 64) + _weights((1, 1), 64, 256)
    saving = f"{bottleneck / basic - 1:+.0%}".replace("-", "−")
    rows.append(("basic block on 256", f"{basic:,}", "bottleneck on 256", f"{bottleneck:,}", saving))
    return Table(("layer", "weights", "in its place", "weights", "change"), rows, " r rr")


def _weights(kernel: tuple[int, int], channels: int, out: int | None = None) -> int:
    from blockstudio.blocks import CATALOGUE

    values = {"kernel_size": kernel, "groups": 1, "out_channels": out or channels, "bias": False}
    return CATALOGUE["Conv2d"].count(values, [(channels, 1, 1)])
