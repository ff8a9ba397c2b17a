"""Problems as notes beside their blocks, with their fixes as links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from blockstudio.analysis import Fix, Problem
from blockstudio.gui.canvas.scene.metrics import GRID, LINE_PX, NOTE_WIDTH, PORT
from blockstudio.gui.canvas.scene.routes import Array
from blockstudio.gui.canvas.scene.stage import Stage, pills_of
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.kit.theme import font
from blockstudio.text import render

FEW = 4
"""Up to this many blocks with errors show their notes all the time."""
MOST = 3
"""Problems of one block that its note tells in full."""
FIXES = 4
"""Ways out that a note offers for one problem, the best first; the list of problems has them all."""
PAD = 10
LINK = 18


@dataclass(frozen=True, slots=True)
class Link:
    """A fix offered in a note, where it is written."""

    rect: QRectF
    text: str
    fix: Fix | None
    asks: Problem | None = None
    """Without a fix: the problem whose fixes are to be worked out first."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence in a note, where it is written."""

    rect: QRectF
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Callout:
    """What is wrong with a block. Rectangles are in scene coordinates."""

    block: str
    rect: QRectF
    severity: str
    paragraphs: tuple[Paragraph, ...]
    links: tuple[Link, ...]
    path: str = ""
    """The level on which the block stands."""


def noted(stage: Stage, singled: Iterable[str]) -> list[str]:
    """Blocks whose notes show: those singled out, and all with errors while these are few."""
    problems = stage.facts.problems
    wrong = [name for name in problems if stage.facts.severity(name) == "error"]
    chosen = dict.fromkeys(name for name in singled if name in problems)
    if len(wrong) <= FEW:
        chosen |= dict.fromkeys(wrong)
    return [name for name in chosen if name in stage.drawing.rows]


def make_notes(stage: Stage, names: list[str]) -> list[Callout]:
    """The notes of these blocks, each where it covers least."""
    made: list[Callout] = []
    for name in names:
        lines, height = _measure(stage.facts.problems[name], name, stage.facts.is_large)
        at = _spot(stage, name, height, [note.rect for note in made])
        rect = QRectF(at.x(), at.y(), NOTE_WIDTH, height)
        made.append(_note(stage, name, lines, rect))
    return made


def is_solved(problem: Problem) -> bool:
    """Whether its fixes have been worked out. Each is tried on a copy of the diagram, which takes some
    milliseconds: that is done between events, in large diagrams only when asked for."""
    return "fixes" in vars(problem)


def unsolved(stage: Stage, names: Iterable[str]) -> list[Problem]:
    """Problems told in the notes of these blocks whose fixes are still to be worked out."""
    if stage.facts.is_large:
        return []
    told = (problem for name in names for problem in stage.facts.problems[name][:MOST])
    return [problem for problem in told if not is_solved(problem)]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    height: float
    bold: bool = False
    fix: Fix | None = None
    asks: Problem | None = None


def _measure(problems: list[Problem], name: str, large: bool) -> tuple[list[_Line], float]:
    plain, bold = font(LINE_PX), font(LINE_PX, bold=True)
    lines: list[_Line] = []
    for problem in problems[:MOST]:
        for text, is_bold in split(problem, name):
            lines.append(_Line(text, _height(text, bold if is_bold else plain), is_bold))
        if not is_solved(problem):
            if large:
                lines.append(_Line(tr("Look for fixes"), LINK, asks=problem))
            continue
        fixes = problem.fixes[:FIXES]
        lines += [
            _Line(label, max(LINK, _height(label, plain) + 4), fix=fix)
            for fix in fixes
            for label in (render(fix.label),)
        ]
    if len(problems) > MOST:
        lines.append(_Line(tr("and {0} more", len(problems) - MOST), _height("x", plain)))
    return lines, sum(line.height for line in lines) + 2 * PAD + 2 * (len(lines) - 1)


def split(problem: Problem, name: str) -> list[tuple[str, bool]]:
    """The sentence of a problem as a bold beginning and the rest: *its inputs differ*, *64×56×56 and 128×28×28*."""
    if problem.block != name:
        # It stands inside this module: say where.
        return [(problem.path or problem.block, True), (sentence(problem.message), False)]
    head, colon, rest = render(problem.message).partition(": ")
    if colon and len(head) <= 44 and rest:
        return [(sentence(head), True), (rest, False)]
    return [(sentence(problem.message), False)] if problem.message else []


def _height(text: str, used: QFont) -> float:
    wide = QRectF(0, 0, NOTE_WIDTH - 2 * PAD, 10_000)
    return QFontMetricsF(used).boundingRect(wide, int(Qt.TextFlag.TextWordWrap), text).height()


def _note(stage: Stage, name: str, lines: list[_Line], rect: QRectF) -> Callout:
    paragraphs: list[Paragraph] = []
    links: list[Link] = []
    y = rect.y() + PAD
    for line in lines:
        place = QRectF(rect.x() + PAD, y, rect.width() - 2 * PAD, line.height)
        if line.fix is not None or line.asks is not None:
            links.append(Link(place, line.text, line.fix, line.asks))
        else:
            paragraphs.append(Paragraph(place, line.text, line.bold))
        y += line.height + 2
    severity = stage.facts.problems[name][0].severity
    return Callout(name, rect, severity, tuple(paragraphs), tuple(links), stage.path)


def _spot(stage: Stage, name: str, height: float, others: list[QRectF]) -> QPointF:
    """Right of the block, left, below or above it: the first that is free, else the one that covers least."""
    block, gap = stage.drawing.rect(name), 1.5 * GRID
    tries = [
        QPointF(block.right() + gap, block.top()),
        QPointF(block.left() - gap - NOTE_WIDTH, block.top()),
        QPointF(block.left(), block.bottom() + gap),
        QPointF(block.right() + gap, block.bottom() - height),
        QPointF(block.left(), block.top() - gap - height),
    ]
    boxes = stage.drawing.boxes
    costs = [_covered(QRectF(at.x(), at.y(), NOTE_WIDTH, height), boxes, others) for at in tries]
    return tries[int(np.argmin(costs))]


def _covered(rect: QRectF, boxes: Array, others: list[QRectF]) -> float:
    wide = np.minimum(boxes[:, 2], rect.right()) - np.maximum(boxes[:, 0], rect.left())
    tall = np.minimum(boxes[:, 3], rect.bottom()) - np.maximum(boxes[:, 1], rect.top())
    area = float((wide.clip(min=0) * tall.clip(min=0)).sum())
    for other in others:
        shared = rect.intersected(other)
        area += shared.width() * shared.height()
    return area


def moved_note(note: Callout, by: QPointF) -> Callout:
    """The same note elsewhere."""
    if by.isNull():
        return note
    return Callout(
        note.block,
        note.rect.translated(by),
        note.severity,
        tuple(replace(paragraph, rect=paragraph.rect.translated(by)) for paragraph in note.paragraphs),
        tuple(replace(link, rect=link.rect.translated(by)) for link in note.links),
        note.path,
    )


def link_at(notes: Iterable[Callout], point: QPointF) -> Link | None:
    """The link under a point of the scene."""
    return next((link for note in notes for link in note.links if link.rect.contains(point)), None)


def note_at(notes: Iterable[Callout], point: QPointF) -> Callout | None:
    """The note under a point of the scene."""
    return next((note for note in notes if note.rect.contains(point)), None)


def bounds_of(stage: Stage, notes: bool = True) -> QRectF:
    """Everything that is drawn: blocks with what stands out of them, wires, pills, and notes if they are."""
    drawing = stage.drawing
    if not drawing.names:
        return QRectF()
    bounds = drawing.bounds.adjusted(-PORT - 1, -PORT - 1, PORT + 2, PORT + 2)
    for rect, _, _ in pills_of(stage, range(len(drawing.wires))):
        bounds = bounds.united(rect)
    for name, inner in stage.inside.items():
        frame = drawing.frames[name]
        bounds = bounds.united(bounds_of(inner, False).translated(frame.dx, frame.dy))
    for note in make_notes(stage, noted(stage, ())) if notes else ():
        bounds = bounds.united(note.rect)
    return bounds
