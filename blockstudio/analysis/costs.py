"""The costs of a block by which a drawing is coloured and networks are compared: one row each.

Cards, figures, the chip in the top bar, the comparison and the command line read this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blockstudio.analysis.level import BlockReport
from blockstudio.text import say


def _field(report: BlockReport) -> float | None:
    """The longer side."""
    return max(report.receptive_field) if report.receptive_field is not None else None


@dataclass(frozen=True, slots=True)
class Cost:
    """One measure of what a block costs."""

    name: str
    """As it is written in options and settings."""
    title: str
    of: Callable[[BlockReport], float | None]
    """Of a block with all of its copies; ``None`` if that is not known."""
    about: str = ""
    """What is counted, in a few words."""
    unit: str = ""
    """``"bytes"``, or nothing for counts."""
    by_size: bool = False
    """Whether it can be told for each size of map: `blockstudio.report.profile.Stage` has a field of this name."""


COSTS: dict[str, Cost] = {
    cost.name: cost
    for cost in (
        Cost("macs", "MACs", lambda report: report.macs, say("multiply-accumulates for one image"), by_size=True),
        Cost("parameters", "parameters", lambda report: report.parameters, say("learnable numbers"), by_size=True),
        Cost("memory", "memory", lambda report: report.activation_bytes, say("activations of one image"), "bytes"),
        Cost("field", "receptive field", _field, say("pixels of the input that an output sees, a side")),
    )
}
"""By name; the first is what is shown unless another is chosen."""
DEFAULT = next(iter(COSTS))


def by_size() -> tuple[Cost, ...]:
    """The costs that can be told for each size of map."""
    return tuple(cost for cost in COSTS.values() if cost.by_size)
