"""Notes and frames of a level: where they stand, derived from the document and from where its blocks are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF

from blockstudio.graph.annotations import Annotation, Frame
from blockstudio.gui.canvas.scene.geometry import Geometry
from blockstudio.gui.canvas.scene.metrics import INSET, LINE_PX, NAMES, elided, text_width
from blockstudio.gui.canvas.scene.routes import Array
from blockstudio.gui.kit.markdown import Page, laid_out

PAD = 10.0
"""From a note's edge to its text."""
TITLE = 24.0
"""The line of a frame's title, above what it holds."""
ASIDE, BETWEEN = 48.0, 16.0
"""From the drawing to notes that have no place, and from one such to the next."""
FAR_PX, LARGEST = 11.0, 64
"""Pixels on the screen of a title seen from far, and the largest letters for that on the drawing."""
TALLEST = 2_000.0
NESTED = 60
"""Of more frames it is not looked which stand in one another."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A note as it is drawn."""

    name: str
    rect: QRectF
    page: Page
    colour: str


@dataclass(frozen=True, slots=True)
class Area:
    """A frame as it is drawn, its title's line included."""

    name: str
    rect: QRectF
    title: str
    colour: str


class Annotated(Geometry):
    """Boxes and curves with what is written beside them."""

    def _touched(self) -> None:
        super()._touched()
        self._areas: list[Area] | None = None
        self._sheets: list[Sheet] | None = None
        self._whole: QRectF | None = None

    def rebuild(self) -> None:
        self.held: dict[str, QRectF] = {}
        """Frames that keep their edges while some of their blocks are dragged."""
        self.moved_notes: dict[str, tuple[float, float]] = {}
        """How far notes are shown from where they are while they are dragged."""
        super().rebuild()

    @property
    def bounds(self) -> QRectF:
        """The rectangle around all that is drawn; empty for an empty level."""
        if self._whole is None:
            found = super().bounds
            for rect in self.annotation_rects():
                found = found.united(rect)
            self._whole = found
        return self._whole

    def annotation_rects(self) -> list[QRectF]:
        """Where notes and frames stand."""
        return [*(area.rect for area in self.areas()), *(sheet.rect for sheet in self.sheets())]

    def annotations(self) -> list[Annotation]:
        """The notes and frames that are drawn."""
        notes = [Annotation("note", sheet.name) for sheet in self.sheets()]
        return notes + [Annotation("frame", area.name) for area in self.areas()]

    def rect_of(self, annotation: Annotation) -> QRectF:
        """Where a note or frame stands. Raises `KeyError`."""
        drawn: Iterable[Area | Sheet] = self.areas() if annotation.kind == "frame" else self.sheets()
        for each in drawn:
            if each.name == annotation.name:
                return each.rect
        raise KeyError(annotation)

    def areas(self) -> list[Area]:
        """The frames, larger ones first."""
        if self._areas is None:
            self._areas = self._find_areas()
        return self._areas

    def _find_areas(self) -> list[Area]:
        frames = sorted(self.definition.frames.items(), key=lambda each: (len(each[1].blocks), each[0]))
        found: list[tuple[frozenset[str], Area]] = []
        for name, frame in frames:
            rows = [self.rows[block] for block in frame.blocks if block in self.rows]
            if not rows or (self.only is not None and len(rows) < len(frame.blocks)):
                continue
            boxes = self.boxes[rows]
            (left, top), (right, bottom) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
            inner = QRectF(left, top, right - left, bottom - top)
            held = frozenset(frame.blocks)
            for smaller, area in found if len(frames) <= NESTED else ():
                if smaller <= held:
                    inner = inner.united(area.rect)
            rect = self.held.get(name) or around(inner, frame)
            found.append((held, Area(name, rect, frame.title, frame.colour)))
        return [area for _, area in reversed(found)]

    def titles(self) -> Array:
        """The boxes in which the titles of frames are written from near, one a row."""
        rects = [title_chip(area, 1.0)[0] for area in self.areas() if area.title]
        found: Array = np.array([(each.left(), each.top(), each.right(), each.bottom()) for each in rects])
        return found.reshape(len(rects), 4)

    def sheets(self) -> list[Sheet]:
        """The notes."""
        if self._sheets is None:
            self._sheets = list(self._find_sheets())
        return self._sheets

    def _find_sheets(self) -> Iterable[Sheet]:
        if self.only is not None:
            return
        notes = self.definition.notes
        beside: QRectF | None = None
        for name, note in notes.items():
            page = laid_out(note.text, note.width - 2 * PAD)
            size = (note.width, min(TALLEST, max(24.0, page.height) + 2 * PAD - 4))
            if note.at is None:
                beside = Geometry.bounds.fget(self) if beside is None else beside  # type: ignore[attr-defined]
                at = (beside.right() + ASIDE, beside.top())
                beside = QRectF(beside.left(), beside.top() + size[1] + BETWEEN, beside.width(), beside.height())
            else:
                at = self._note_place(note.at, note.width)
            dx, dy = self.moved_notes.get(name, (0.0, 0.0))
            rect = self.held.get(f"note {name}") or QRectF(at[0] + dx, at[1] + dy, *size)
            yield Sheet(name, rect, page, note.colour)

    def _note_place(self, at: tuple[float, float], width: float) -> tuple[float, float]:
        """Where a place of the document lies here: where blocks make room for modules that are open, a note goes along
        with the nearest."""
        x, y = at[0] + self.origin[0], at[1] + self.origin[1]
        if not self.names or not (self.roomy is not None or self.wants_frames):
            return x, y
        own = np.array([self._own_place(name) for name in self.names])
        centres = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        row = int(np.argmin(np.abs(own - (x + width / 2, y + PAD)).sum(axis=1)))
        dx, dy = (centres[row] - own[row]).tolist()
        return x + dx, y + dy

    def annotate(self) -> None:
        """Notes or frames are others."""
        self._touched()

    def hold(self, names: Iterable[str]) -> None:
        """Let these frames keep their edges whatever their blocks do; none: let all go."""
        kept = {each.name: each.rect for each in self.areas()}
        self.held = {name: kept[name] for name in names if name in kept}
        self._touched()

    def show_rect(self, annotation: Annotation, rect: QRectF) -> None:
        """Show a note or frame with other edges than it has."""
        self.held[annotation.name if annotation.kind == "frame" else f"note {annotation.name}"] = rect
        self._touched()

    def shift_notes(self, names: Iterable[str], dx: float, dy: float) -> None:
        """Show notes further aside from where they are."""
        for name in names:
            x, y = self.moved_notes.get(name, (0.0, 0.0))
            self.moved_notes[name] = (x + dx, y + dy)
        self._touched()

    def put_notes_back(self) -> None:
        """Show notes where the document has them."""
        if self.moved_notes or self.held:
            self.moved_notes, self.held = {}, {}
            self._touched()


def around(inner: QRectF, frame: Frame) -> QRectF:
    """A frame's rectangle about what it holds."""
    left, top, right, bottom = frame.margins
    return inner.adjusted(-left, -top - TITLE, right, bottom)


def title_rect(area: Area) -> QRectF:
    """The line in which a frame's title stands."""
    return QRectF(area.rect.left(), area.rect.top(), area.rect.width(), TITLE)


def title_chip(area: Area, scale: float) -> tuple[QRectF, str, int]:
    """Where a frame's title is written, as much of it as fits, and the size of its letters: inside from near, above
    the frame and larger from far."""
    rect, far = area.rect, scale < NAMES
    size = min(LARGEST, round(FAR_PX / scale)) if far else LINE_PX
    text = elided(area.title, size, True, rect.width() - (0 if far else 2 * INSET))
    top, height = (rect.top() - 1.35 * size, 1.25 * size) if far else (rect.top() + 4, TITLE - 8)
    return QRectF(rect.left() + (0 if far else INSET), top, text_width(text, size, True), height), text, size


def margins_for(inner: QRectF, outer: QRectF) -> tuple[float, float, float, float]:
    """The margins that make a rectangle the frame about what it holds."""
    sides = (
        inner.left() - outer.left(),
        inner.top() - outer.top() - TITLE,
        outer.right() - inner.right(),
        outer.bottom() - inner.bottom(),
    )
    left, top, right, bottom = (round(max(0.0, min(10_000.0, side)), 2) for side in sides)
    return left, top, right, bottom
