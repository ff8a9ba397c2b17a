"""Which way the signal runs over the paper: down it, or from left to right. What lays out and leads wires thinks
downwards; a drawing to the right is the same with its axes exchanged, and with more room along the wires, on which the
shapes lie lengthwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blockstudio.graph.contents import Contents
from blockstudio.graph.edits import AddBlock, Edit, MoveBlocks, SetTexts
from blockstudio.layout.box import Size

Place = tuple[float, float]

FLOW, DOWN, RIGHT = "flow", "down", "right"
"""The fact of a document that says which way it is drawn, and what it says."""
ALONG = 72.0
"""So much more room than downwards lies between two blocks of a chain."""


def flow_wanted(diagram: Contents) -> bool | None:
    """Whether a document wants to be drawn from left to right; ``None``: as reads better."""
    return {DOWN: False, RIGHT: True}.get(diagram.about.get(FLOW, ""))


def turned(pair: tuple[float, float]) -> tuple[float, float]:
    """A place or a size with its axes exchanged."""
    return pair[1], pair[0]


def turned_places(places: Mapping[str, Place], right: bool = True) -> dict[str, Place]:
    """Places of a drawing to the right as those of one that runs down, or back; else as they are."""
    return {name: (y, x) for name, (x, y) in places.items()} if right else dict(places)


def turned_cards(sizes: Iterable[Size], right: bool = True) -> list[Size]:
    """Sizes of cards for the layout: to the right each takes the room with it that its wire needs more."""
    return [(height, width + ALONG) for width, height in sizes] if right else list(sizes)


def direction_edits(diagram: Contents, edits: Iterable[Edit], right: bool) -> list[Edit]:
    """What writes down, beside edits that write down places of a drawing to the ``right``, that it goes there."""
    placed, told = False, FLOW in diagram.about or not right
    for edit in () if told else edits:
        placed |= edit.block.at is not None if isinstance(edit, AddBlock) else isinstance(edit, MoveBlocks)
        told |= isinstance(edit, SetTexts) and edit.about is not None
    return [] if told or not placed else [SetTexts(about={**diagram.about, FLOW: RIGHT})]
