"""Notes and frames: what is said on the drawing beside the blocks. Neither analysis nor compiler looks at them."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import msgspec

Colour = Literal["grey", "yellow", "blue", "green", "red", "violet"]
COLOURS: tuple[Colour, ...] = get_args(Colour)
MARGIN = 10.0

Margins = tuple[float, float, float, float]


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A card of text on the drawing."""

    text: str
    """Markdown."""
    at: tuple[float, float] | None = None
    """Upper left corner, in the coordinates of `Block.at`; ``None``: beside the drawing."""
    width: float = 240.0
    """In pixels; as tall as the text."""
    colour: Colour = "yellow"


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A titled rectangle around blocks, wherever these are drawn; one block at least."""

    blocks: tuple[str, ...]
    """By name; of several that hold the same block the larger one lies around the smaller."""
    title: str = ""
    colour: Colour = "grey"
    margins: Margins = (MARGIN, MARGIN, MARGIN, MARGIN)
    """From the blocks to the left, upper, right and lower edge, in pixels; the title's line comes on top."""


class Annotation(NamedTuple):
    """A note or a frame by its name."""

    kind: Literal["note", "frame"]
    name: str
