"""The notes that show on a scene."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF

from blockstudio.gui.canvas.scene.callouts import Callout, Link, View, link_at, make_note, note_at, noted
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.document.session import Session


class Notebook:
    """What is wrong with the block that is singled out, with the fixes that its session has found."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.notes: list[Callout] = []
        """In scene coordinates."""
        self.link: Link | None = None
        """The link that is under the mouse."""

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
        self.notes = []
        name = noted(standing, singled)
        if name is not None:
            drawn = list(stages)
            offset = next((offset for stage, offset in drawn if stage is standing), QPointF())
            note = make_note(standing, name, offset, View.of(drawn, area, scale), self._session)
            if note is not None:
                self.notes = [note]
        self.link = None

    def link_at(self, point: QPointF) -> Link | None:
        """The link under a point of the scene."""
        return link_at(self.notes, point)

    def keeps(self, point: QPointF) -> bool:
        """Whether a note stays open with the mouse at a point: on it, or on the way to it."""
        return any(note.rect.contains(point) or note.between.contains(point) for note in self.notes)

    def note_at(self, point: QPointF) -> Callout | None:
        """The note under a point of the scene."""
        return note_at(self.notes, point)
