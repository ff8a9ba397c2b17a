"""Batch normalisation that would have one value a channel to take mean and deviation of: it cannot train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blockstudio.errors import StudioError
from blockstudio.graph.expand import flatten
from blockstudio.runs.frozen import covers
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.graph.diagram import Diagram


def narrow_problems(diagram: Diagram, batch_size: int, frozen: Sequence[str]) -> list[StudioError]:
    """An error for every batch normalisation on a 1×1 map where a batch is one image, but for frozen ones, which use
    their running statistics. The diagram has no errors."""
    if batch_size != 1:
        return []
    from blockstudio.analysis import analyze

    flat = flatten(diagram)
    reports = analyze(flat).blocks
    found = []
    for name, block in flat.main.blocks():
        kind = flat.kind(block.type)
        shapes = reports[name].input_shapes
        if kind is None or not kind.normalises or covers(frozen, name) or not shapes or shapes[0] is None:
            continue
        if all(side == 1 for side in shapes[0][1:]):
            found.append(
                StudioError(
                    "run.narrow",
                    say("batch normalisation on a 1×1 map has one value a channel in a batch of one image.")
                    if len(shapes[0]) > 1
                    else say("batch normalisation of a vector has one value a feature in a batch of one image."),
                    where=name,
                    hint=say("Set batch_size to 2 or more, train at a larger data.input_size, or freeze the block.")
                    if len(shapes[0]) > 1
                    else say("Set batch_size to 2 or more, or freeze the block."),
                )
            )
    return found
