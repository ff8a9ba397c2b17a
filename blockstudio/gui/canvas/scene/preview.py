"""The drawing as it would be after an act, beside what it is: looked at before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF

from blockstudio.analysis import Fix
from blockstudio.gui.canvas.scene.card_texts import Content
from blockstudio.gui.canvas.scene.stage import Stage


@dataclass(frozen=True, slots=True)
class Old:
    """A block that goes, where it stands aside."""

    rect: QRectF
    content: Content
    family: int


@dataclass(frozen=True, slots=True)
class Swap:
    """Blocks that go, and the cards of those that come in their place."""

    olds: tuple[Old, ...]
    came: tuple[QRectF, ...]


@dataclass(frozen=True, slots=True)
class NumberChange:
    """One of the network's figures before and after."""

    title: str
    before: str
    after: str
    change: str = ""
    good: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """See the module's text. Coordinates are the stage's own."""

    stage: Stage
    fix: Fix
    title: str
    """Over the arrow from the old to the new, the first if there are several."""
    change: str
    """Under it: ``−28 %``."""
    added: tuple[str, ...]
    swaps: tuple[Swap, ...]
    figures: tuple[NumberChange, ...]

    @property
    def olds(self) -> tuple[Old, ...]:
        """The cards that go."""
        return tuple(old for swap in self.swaps for old in swap.olds)

    def came(self) -> list[QRectF]:
        """The cards to come."""
        drawing = self.stage.drawing
        return [drawing.rect(name) for name in self.added if name in drawing.rows]
