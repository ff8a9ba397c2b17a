"""The insides of modules that are open in place, kept as long as no edit concerns them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
from blockstudio.gui.canvas.scene.geometry import Size
from blockstudio.gui.canvas.scene.stage import Stage

WITHIN = (
    AddBlock, AddWire, MoveBlocks, RemoveBlock, RemoveWire, RenameBlock, SetBlock, SetFrame, SetNote, SetParameter,
    SetRoute,
)  # fmt: skip
"""Edits that concern the drawing of their own definition, and of what it is open in."""
Inside = tuple[Stage, Size]


class Insides:
    """Stages by the path of their instance, with the sizes of their frames: sizes are asked for before it is drawn."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[str, bool], Inside]] = {}
        self._fresh: set[str] = set()

    def begin(self, edits: Iterable[Edit] | None) -> None:
        """A level is drawn anew: after ``edits``, else because of whatever it may be."""
        self._fresh.clear()
        edits = None if edits is None else tuple(edits)
        if edits is None or not all(isinstance(edit, WITHIN) for edit in edits):
            self._known.clear()
            return
        touched = {getattr(edit, "scope", None) for edit in edits}
        self._known = {path: kept for path, kept in self._known.items() if not touched & _scopes(kept[1][0])}

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


def _scopes(stage: Stage) -> set[str]:
    """The definitions that are drawn in a stage."""
    return {stage.drawing.scope}.union(*map(_scopes, stage.inside.values()))
