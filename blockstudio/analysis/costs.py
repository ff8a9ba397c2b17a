"""The costs of a block by which a drawing is coloured and networks are compared: one row each.

Cards, figures, the chip in the top bar, the comparison and the command line read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from blockstudio.analysis.level import BlockReport, Level, Size, activation_bytes
from blockstudio.text import say


def _side(size: Size | None) -> float | None:
    """The longer side."""
    return max(size) if size is not None else None


def _sides(level: Level) -> dict[str, float | None]:
    return {name: _side(size) for name, size in level.field_sizes().items()}


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
    """Whether it can be told for each size of map: `blockstudio.report.profile.SizeCosts` has a field of this name."""
    read: Callable[[Level], Mapping[str, float | None]] | None = None
    """The same as ``of`` for all blocks of a level, if there is a quicker way than by their reports."""

    def on(self, level: Level) -> Mapping[str, float | None]:
        """Of each block of a level."""
        return self.read(level) if self.read else {name: self.of(report) for name, report in level.blocks.items()}


COSTS: dict[str, Cost] = {
    cost.name: cost
    for cost in (
        Cost("macs", "MACs", lambda report: report.macs, say("multiply-accumulates for one image"), by_size=True,
             read=lambda level: level.each(lambda result: result.macs)),
        Cost("parameters", "parameters", lambda report: report.parameters, say("learnable numbers"), by_size=True,
             read=lambda level: level.each(lambda result: result.parameters)),
        Cost("memory", "memory", lambda report: report.activation_bytes, say("activations of one image"), "bytes",
             read=lambda level: level.each(activation_bytes)),
        Cost("field", "receptive field", lambda report: _side(report.receptive_field),
             say("pixels of the input that an output sees, a side"), read=_sides),
    )
}  # fmt: skip
"""By name; the first is what is shown unless another is chosen."""
DEFAULT = next(iter(COSTS))


def by_size() -> tuple[Cost, ...]:
    """The costs that can be told for each size of map."""
    return tuple(cost for cost in COSTS.values() if cost.by_size)
