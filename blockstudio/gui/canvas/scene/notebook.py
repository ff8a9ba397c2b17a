"""The notes that show on a scene, and the fixes in them: worked out one problem at a time, between events."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QPointF, QRectF, QTimer

from blockstudio.analysis import Problem
from blockstudio.gui.canvas.scene.callouts import (
    Callout,
    Link,
    View,
    link_at,
    make_note,
    note_at,
    noted,
    unsolved,
)
from blockstudio.gui.canvas.scene.stage import Stage


class Notebook(QObject):
    """``rewrite`` is called when the fixes of a problem have been found."""

    def __init__(self, rewrite: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._rewrite = rewrite
        self.notes: list[Callout] = []
        """In scene coordinates."""
        self.link: Link | None = None
        """The link that is under the mouse."""
        self._unsolved: list[Problem] = []
        self._solving = False

    def write(
        self,
        stages: Iterable[tuple[Stage, QPointF]],
        standing: Stage,
        singled: Iterable[str],
        area: QRectF,
        scale: float,
    ) -> None:
        """The note of the first block singled out on the stage ``standing`` that has one: within ``area``, what is
        seen of the scene, at a zoom."""
        self.notes, self._unsolved = [], []
        name = noted(standing, singled)
        if name is not None:
            drawn = list(stages)
            offset = next((offset for stage, offset in drawn if stage is standing), QPointF())
            note = make_note(standing, name, offset, View.of(drawn, area, scale))
            if note is not None:
                self.notes = [note]
                self._unsolved = unsolved(standing, name)
        self.link = None
        if self._unsolved and not self._solving:
            self._solving = True
            QTimer.singleShot(0, self, self._solve_one)

    def _solve_one(self) -> None:
        """Work out the fixes of one problem, and show them."""
        self._solving = False
        if self._unsolved and self._unsolved[0].fixes is not None:
            self._rewrite()

    def link_at(self, point: QPointF) -> Link | None:
        """The link under a point of the scene."""
        return link_at(self.notes, point)

    def keeps(self, point: QPointF) -> bool:
        """Whether a note stays open with the mouse at a point: on it, or on the way to it."""
        return any(note.rect.contains(point) or note.between.contains(point) for note in self.notes)

    def note_at(self, point: QPointF) -> Callout | None:
        """The note under a point of the scene."""
        return note_at(self.notes, point)
