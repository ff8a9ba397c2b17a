"""Sums whose second input comes from one place in some uses of a class and from another in the rest.

The shortcut of a pre-activation residual block is projected from the activated signal where the shape changes, and is
the bare input elsewhere. Drawn as one definition that is two sums in a row, of which one is always switched off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from blockstudio.blocks import CATALOGUE
from blockstudio.imports.chains import Item


def parted(row: Sequence[Item], whole: Sequence[Item]) -> Iterator[tuple[Item, Item, list[Item]]]:
    """Each sum of ``whole`` that has another second input in ``row``: the sum, what it becomes for the uses that had
    it so far, and the blocks with both sums."""
    there = {item.name: item for item in row}
    names = {item.name for item in whole}
    for place, item in enumerate(whole):
        other = there.get(item.name)
        if other is None or other.type != item.type or not _is_sum(item) or len(other.sources) != 2:
            continue
        first = replace(item, name=f"{item.name}_projected")
        placed = {known.name for known in whole[:place]}
        if other.sources[1] != item.sources[1] and other.sources[1][0] in placed and first.name not in names:
            second = replace(item, sources=[(first.name, CATALOGUE[str(item.type)].outputs[0]), other.sources[1]])
            yield item, first, [*whole[:place], first, second, *whole[place + 1 :]]


def _is_sum(item: Item) -> bool:
    """Whether a block joins two signals of one shape, so that without it the first passes."""
    return isinstance(item.type, str) and CATALOGUE[item.type].merges == "sum"
