"""The insides of modules that are open in place, kept as long as no edit concerns them, and the frames around them.

Where a network has a module a hundred times, and all are open, most look alike: these share one drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from PySide6.QtCore import QRectF

from blockstudio.graph.diagram import Block
from blockstudio.graph.edits import (
    AddBlock,
    AddWire,
    Edit,
    MoveBlocks,
    RemoveBlock,
    RemoveWire,
    RenameBlock,
    SetBlock,
    SetFrame,
    SetNote,
    SetParameter,
    SetRoute,
)
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.geometry import Geometry, Size
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, FRAME_DOWN, FRAME_RIGHT, STUB
from blockstudio.gui.canvas.scene.placing import Place
from blockstudio.gui.canvas.scene.ports import port_offset
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.layout.flow import turned

WITHIN = (
    AddBlock, AddWire, MoveBlocks, RemoveBlock, RemoveWire, RenameBlock, SetBlock, SetFrame, SetNote, SetParameter,
    SetRoute,
)  # fmt: skip
"""Edits that concern the drawing of their own definition, and of what it is open in."""
Inside = tuple[Stage, Size]
Frames = dict[str, tuple[Drawing, Size]]
"""By instance, what is drawn in its frame, and the frame's size."""
BESIDE_TITLE = 240
"""What a frame's title needs beside its words."""
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Inset:
    """A frame's size, and how far what is in it is shifted to stand in its middle."""

    size: Size
    shift: Place


@dataclass(frozen=True, slots=True)
class Room:
    """How much room the inside of a module takes, with its blocks where a first drawing had them."""

    centres: dict[str, Place]
    roomy: dict[str, Place] | None
    ends: tuple[tuple[str, ...], tuple[str, ...]]
    """Its Inputs and its Outputs, which become points on the frame's border."""
    box: QRectF
    right: bool

    @classmethod
    def of(
        cls, draft: Drawing, centres: dict[str, Place], roomy: dict[str, Place] | None,
        ends: tuple[Iterable[str], Iterable[str]],
    ) -> Room:  # fmt: skip
        """What a drawing with its lanes needs, but for its ``ends``."""
        ends = tuple(ends[0]), tuple(ends[1])
        hidden = {*ends[0], *ends[1]}
        boxes = [draft.rect(each) for each in centres if each not in hidden] + draft.annotation_rects()
        # What runs beside the blocks stays inside the frame.
        for at in draft.lanes.values() if boxes else ():
            beside = QRectF(boxes[0].left(), at, 0, 0) if draft.right else QRectF(at, boxes[0].top(), 0, 0)
            boxes.append(beside)
        left, top = min((box.left() for box in boxes), default=0.0), min((box.top() for box in boxes), default=0.0)
        right = max((box.right() for box in boxes), default=0.0)
        bottom = max((box.bottom() for box in boxes), default=float(CARD_HEIGHT))
        return cls(centres, roomy, ends, QRectF(left, top, right - left, bottom - top), draft.right)

    def inset(self, title: float) -> Inset:
        """The frame around it with a title of so many pixels."""
        before, above, after, below = FRAME_RIGHT if self.right else FRAME_DOWN
        needed = self.box.width() + before + after
        width, height = max(needed, title), self.box.height() + above + below
        return Inset((width, height), ((width - needed) / 2 + before - self.box.left(), above - self.box.top()))

    def places(self, inset: Inset) -> tuple[dict[str, Place], dict[str, Place] | None]:
        """Where blocks stand in the frame, and where they do with room for what is open."""
        dx, dy = inset.shift
        places = shifted(self.centres, dx, dy)
        roomy = None if self.roomy is None else shifted(self.roomy, dx, dy)
        across, along = turned(inset.size) if self.right else inset.size
        for names, at in zip(self.ends, (float(STUB), along), strict=True):
            for index, each in enumerate(names):
                end = across / 2 + port_offset(index, len(names), across, self.right), at
                places[each] = turned(end) if self.right else end
                if roomy is not None:
                    roomy[each] = places[each]
        return places, roomy


def shifted(places: Mapping[str, Place], dx: float, dy: float) -> dict[str, Place]:
    """The same places elsewhere."""
    return {name: (x + dx, y + dy) for name, (x, y) in places.items()}


class Insides:
    """Stages by the path of their instance, with the sizes of their frames: sizes are asked for before it is drawn."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[str, bool], Inside]] = {}
        self._fresh: set[str] = set()
        self._alike: dict[Hashable, tuple[set[str], object]] = {}
        """What instances that look alike share, and the definitions that show in it."""

    def begin(self, edits: Iterable[Edit] | None) -> None:
        """A level is drawn anew: after ``edits``, else because of whatever it may be."""
        self._fresh.clear()
        edits = None if edits is None else tuple(edits)
        if edits is None or not all(isinstance(edit, WITHIN) for edit in edits):
            self._known.clear()
            self._alike.clear()
            return
        touched = {getattr(edit, "scope", None) for edit in edits}
        self._known = {path: kept for path, kept in self._known.items() if not touched & _scopes(kept[1][0].drawing)}
        self._alike = {like: kept for like, kept in self._alike.items() if not touched & kept[0]}

    def of(self, path: str, block: Block, draw: Callable[[], Inside], refresh: Callable[[Stage], None]) -> Inside:
        """The inside of an instance: as it was, with new facts, or drawn."""
        like = (block.type, block.repeat is None)
        known = self._known.get(path)
        if known is None or known[0] != like:
            found = draw()
            self._known[path] = like, found
        else:
            found = known[1]
            if path not in self._fresh:
                refresh(found[0])
        self._fresh.add(path)
        return found

    def alike(self, look: Hashable, scope: str, frames: Frames, make: Callable[[], Made]) -> Made:
        """What is the same for all insides of a ``look``, which show ``scope`` with these frames in it."""
        if look not in self._alike:
            scopes = {scope}.union(*(_scopes(drawing) for drawing, _ in frames.values()))
            self._alike[look] = scopes, make()
        return cast("Made", self._alike[look][1])


def _scopes(drawing: Geometry) -> set[str]:
    """The definitions that show in a drawing."""
    return {drawing.scope}.union(*(_scopes(frame.inner) for frame in drawing.frames.values()))
