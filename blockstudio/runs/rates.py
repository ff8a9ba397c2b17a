"""The learning rate of a network that nothing normalises.

A rule that divides by the size of the gradient moves every weight by up to the rate in each step. A layer that reads n
values then gives up to rate × n more or less, all its inputs' changes pointing one way. Normalisation takes that back;
without it one step of 0.001 on VGG's 25,088 inputs drives every ReLU behind it to nothing, and the network says the
same of every image from there on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blockstudio.graph.diagram import Diagram
from blockstudio.runs.optimizers import Rule

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis

MOST_CHANGE = 1.5
"""Rate times inputs of the widest layer, at most, for a rule that divides by the size of the gradient."""
PLAIN_SHARE = 0.2
"""Of the usual rate, for a rule that does not."""


def usual_rate(rule: Rule, diagram: Diagram, analysis: Analysis, bare: bool) -> tuple[float, int]:
    """The rate where a recipe leaves it open, and the inputs of the layer that lowered it (0: the usual one).
    ``bare``: many layers and nothing that normalises."""
    if not bare:
        return rule.lr, 0
    width = widest(diagram, analysis)
    if not rule.scales:
        return float(f"{rule.lr * PLAIN_SHARE:.2g}"), width
    rate = float(f"{MOST_CHANGE / max(1, width):.1g}")
    return (rule.lr, 0) if rate >= rule.lr else (rate, width)


def widest(diagram: Diagram, analysis: Analysis) -> int:
    """How many values a unit of the widest convolution or linear layer reads."""
    found = 0
    for report in analysis.blocks.values():
        kind = diagram.kind(report.type)
        if kind is not None and kind.weighted and report.output_shape and report.parameters:
            out = report.output_shape[0]
            found = max(found, (report.parameters - (out if report.values.get("bias") else 0)) // out)
    return found
