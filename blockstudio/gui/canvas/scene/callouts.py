"""Problems and hints as notes beside their blocks, with their fixes as links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from blockstudio.analysis import Fix, Problem
from blockstudio.analysis.hints import Hint
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.metrics import LINE_PX, NOTE_WIDTH, PORT
from blockstudio.gui.canvas.scene.routes import Array
from blockstudio.gui.canvas.scene.stage import Stage, pills_of
from blockstudio.gui.document.hint_finder import HELPS
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.kit.theme import font
from blockstudio.text import render

MOST = 3
"""Problems of one block that its note tells in full."""
FIXES = 4
"""Ways out that a note offers for one problem, the best first; the list of problems has them all."""
PAD = 10
LINK = 18
GAP, BEAK = 14.0, 7.0
"""From the card to its note, and how far the note points there, in pixels."""
EDGE = 6.0
"""Between a note and the edge of the view."""


@dataclass(frozen=True, slots=True)
class Link:
    """A fix offered in a note, where it is written."""

    rect: QRectF
    text: str
    fix: Fix | None
    asks: Problem | None = None
    """Without a fix: the problem whose fixes are to be worked out first."""
    command: tuple[str, object] | None = None
    """Of a hint: the command that the link runs, with what it is given."""


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
    unit: float = 1.0
    """How large a pixel of the note is: it looks the same at every zoom."""
    beak: tuple[QPointF, QPointF, QPointF] | None = None
    """What points at the card: one side on the note's border, the tip last."""
    between: QRectF = field(default_factory=QRectF)
    """The gap to the card: the mouse may cross it."""


@dataclass(frozen=True, slots=True)
class View:
    """What of the scene is seen, and the cards there that a note must not cover."""

    area: QRectF
    scale: float
    boxes: Array

    @classmethod
    def of(cls, stages: Iterable[tuple[Stage, QPointF]], area: QRectF, scale: float) -> View:
        """What is seen of these stages; an empty area is all of it."""
        found = [np.zeros((0, 4))]
        for stage, offset in stages:
            drawing, here = stage.drawing, area.translated(-offset)
            rows = drawing.rows_in(here) if not area.isEmpty() else range(len(drawing.names))
            names = drawing.names
            rows = [row for row in rows if names[row] not in drawing.frames and not drawing.is_hidden(names[row])]
            found.append(drawing.boxes[rows] + (offset.x(), offset.y(), offset.x(), offset.y()))
        return cls(area, scale, np.vstack(found))


def noted(stage: Stage, singled: Iterable[str]) -> str | None:
    """The block whose note opens: the first of those singled out that has problems or hints."""
    facts, rows = stage.facts, stage.drawing.rows
    return next((name for name in singled if (name in facts.problems or name in facts.hints) and name in rows), None)


def make_note(stage: Stage, name: str, offset: QPointF, view: View, session: Session) -> Callout | None:
    """The note of a block beside it, in view and over no card, with the fixes that ``session`` knows or looks for now;
    none for a block that is not in view."""
    card = stage.drawing.rect(name).translated(offset)
    if not (view.area.isEmpty() or view.area.intersects(card)):
        return None
    facts = stage.facts
    lines, height = _measure(facts, name, session)
    unit = 1 / view.scale
    size = QSizeF(NOTE_WIDTH * unit, height * unit)
    at, side = _spot(card, size, view)
    note = _note(stage, name, lines, QRectF(0, 0, NOTE_WIDTH, height))
    rect = QRectF(at, size)

    def placed(local: QRectF) -> QRectF:
        return QRectF(at + local.topLeft() * unit, local.size() * unit)

    return replace(
        note,
        rect=rect,
        paragraphs=tuple(replace(each, rect=placed(each.rect)) for each in note.paragraphs),
        links=tuple(replace(each, rect=placed(each.rect)) for each in note.links),
        unit=unit,
        beak=_beak(rect, card, side, unit),
        between=_between(rect, card, side),
    )


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    height: float
    bold: bool = False
    fix: Fix | None = None
    asks: Problem | None = None
    command: tuple[str, object] | None = None


def _of_hint(hint: Hint) -> list[_Line]:
    """Title, two sentences, what helps, the paper, and the way to see no more of the kind."""
    plain, bold = font(LINE_PX), font(LINE_PX, bold=True)
    links: list[tuple[str, tuple[str, object]]]
    links = [(tr(HELPS[kind]), ("hint.fix", (hint, kind))) for kind in hint.refactorings]
    links += [(hint.paper.text, ("hint.paper", hint)), (tr("Don’t show this kind"), ("hint.off", hint.kind))]
    title, text = render(hint.title), render(hint.text)
    return [
        _Line(title, _height(title, bold), True),
        _Line(text, _height(text, plain)),
        *(_Line(label, max(LINK, _height(label, plain) + 4), command=command) for label, command in links),
    ]


def _measure(facts: CardTexts, name: str, session: Session) -> tuple[list[_Line], float]:
    problems, hints = facts.problems.get(name, []), facts.hints.get(name, [])
    plain, bold, large = font(LINE_PX), font(LINE_PX, bold=True), facts.is_large
    lines: list[_Line] = []
    for problem in problems[:MOST]:
        for text, is_bold in split(problem, name):
            lines.append(_Line(text, _height(text, bold if is_bold else plain), is_bold))
        fixes = session.fix_finder.known(problem) if large else session.fixes(problem)
        if large and fixes is None:
            lines.append(_Line(tr("Look for fixes"), LINK, asks=problem))
        elif large and not fixes:
            lines.append(_Line(tr("No fix of this is known"), LINK))
        lines += [
            _Line(label, max(LINK, _height(label, plain) + 4), fix=fix)
            for fix in (fixes or ())[:FIXES]
            for label in (render(fix.label),)
        ]
    if len(problems) > MOST:
        lines.append(_Line(tr("and {0} more", len(problems) - MOST), _height("x", plain)))
    for hint in hints[: max(1, MOST - len(problems))]:
        lines += _of_hint(hint)
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
        if line.fix is not None or line.asks is not None or line.command is not None:
            links.append(Link(place, line.text, line.fix, line.asks, line.command))
        else:
            paragraphs.append(Paragraph(place, line.text, line.bold))
        y += line.height + 2
    problems = stage.facts.problems.get(name, [])
    severity = problems[0].severity if problems else "hint"
    return Callout(name, rect, severity, tuple(paragraphs), tuple(links), stage.path)


def _spot(card: QRectF, size: QSizeF, view: View) -> tuple[QPointF, str]:
    """Right of the card, left, below or above it, as far along it as the view asks: the first that is free, else the
    nearest place in view that is, else the one that covers least. With it the side, nothing where it is none."""
    wide, tall, unit = size.width(), size.height(), 1 / view.scale
    gap = GAP * unit
    along_x = (card.left(), card.center().x() - wide / 2, card.right() - wide)
    along_y = (card.top(), card.center().y() - tall / 2, card.bottom() - tall)
    tries: list[tuple[float, float, str]] = []
    for side, x in (("right", card.right() + gap), ("left", card.left() - gap - wide)):
        tries += [(x, y, side) for y in along_y]
    for side, y in (("below", card.bottom() + gap), ("above", card.top() - gap - tall)):
        tries += [(x, y, side) for x in along_x]
    held = [_held(x, y, side, size, view) for x, y, side in tries]
    inside = [each for each in held if each is not None] or tries
    costs = [_covered(QRectF(x, y, wide, tall), view.boxes) for x, y, _ in inside]
    best = int(np.argmin(costs))
    if costs[best] > 0 and not view.area.isEmpty():
        free = _anywhere(card, size, view)
        if free is not None:
            return free, ""
    x, y, side = inside[best]
    return QPointF(x, y), side


def _held(x: float, y: float, side: str, size: QSizeF, view: View) -> tuple[float, float, str] | None:
    """A place kept in view along the card; ``None`` where it would leave the view across it."""
    if view.area.isEmpty():
        return x, y, side
    edge = EDGE / view.scale
    left, right = view.area.left() + edge, view.area.right() - edge - size.width()
    top, bottom = view.area.top() + edge, view.area.bottom() - edge - size.height()
    kept_x, kept_y = max(left, min(x, right)), max(top, min(y, bottom))
    if (kept_x != x) if side in ("right", "left") else (kept_y != y):
        return None
    return kept_x, kept_y, side


def _anywhere(card: QRectF, size: QSizeF, view: View) -> QPointF | None:
    """The place nearest to a card, in view, where a note covers nothing."""
    edge, step = EDGE / view.scale, 16 / view.scale
    xs = np.arange(view.area.left() + edge, view.area.right() - edge - size.width(), step)
    ys = np.arange(view.area.top() + edge, view.area.bottom() - edge - size.height(), step)
    if not len(xs) or not len(ys):
        return None
    x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
    free = np.ones(len(x), dtype=bool)
    for left, top, right, bottom in view.boxes.tolist():
        free &= (x + size.width() < left) | (x > right) | (y + size.height() < top) | (y > bottom)
    if not free.any():
        return None
    aside = np.abs(x + size.width() / 2 - card.center().x()) + np.abs(y + size.height() / 2 - card.center().y())
    best = int(np.argmin(np.where(free, aside, np.inf)))
    return QPointF(float(x[best]), float(y[best]))


def _covered(rect: QRectF, boxes: Array) -> float:
    wide = np.minimum(boxes[:, 2], rect.right()) - np.maximum(boxes[:, 0], rect.left())
    tall = np.minimum(boxes[:, 3], rect.bottom()) - np.maximum(boxes[:, 1], rect.top())
    return float((wide.clip(min=0) * tall.clip(min=0)).sum())


def _beak(rect: QRectF, card: QRectF, side: str, unit: float) -> tuple[QPointF, QPointF, QPointF] | None:
    half, long = BEAK * unit, BEAK * unit
    if side in ("right", "left"):
        y = max(rect.top() + 2 * half, min(card.center().y(), rect.bottom() - 2 * half))
        x, out = (rect.left(), -long) if side == "right" else (rect.right(), long)
        return QPointF(x, y - half), QPointF(x, y + half), QPointF(x + out, y)
    if side in ("below", "above"):
        x = max(rect.left() + 2 * half, min(card.center().x(), rect.right() - 2 * half))
        y, out = (rect.top(), -long) if side == "below" else (rect.bottom(), long)
        return QPointF(x - half, y), QPointF(x + half, y), QPointF(x, y + out)
    return None


def _between(rect: QRectF, card: QRectF, side: str) -> QRectF:
    """What lies between a card and its note beside it."""
    if side in ("right", "left"):
        left, right = (card.right(), rect.left()) if side == "right" else (rect.right(), card.left())
        top, bottom = min(card.top(), rect.top()), max(card.bottom(), rect.bottom())
        return QRectF(QPointF(left, top), QPointF(right, bottom))
    if side in ("below", "above"):
        top, bottom = (card.bottom(), rect.top()) if side == "below" else (rect.bottom(), card.top())
        left, right = min(card.left(), rect.left()), max(card.right(), rect.right())
        return QRectF(QPointF(left, top), QPointF(right, bottom))
    return QRectF()


def link_at(notes: Iterable[Callout], point: QPointF) -> Link | None:
    """The link under a point of the scene."""
    return next((link for note in notes for link in note.links if link.rect.contains(point)), None)


def note_at(notes: Iterable[Callout], point: QPointF) -> Callout | None:
    """The note under a point of the scene."""
    return next((note for note in notes if note.rect.contains(point)), None)


def bounds_of(stage: Stage) -> QRectF:
    """Everything that is drawn: blocks with what stands out of them, wires and pills."""
    drawing = stage.drawing
    if drawing.bounds.isEmpty():
        return QRectF()
    bounds = drawing.bounds.adjusted(-PORT - 1, -PORT - 1, PORT + 2, PORT + 2)
    for rect, _, _ in pills_of(stage, range(len(drawing.wires))):
        bounds = bounds.united(rect)
    for name, inner in stage.inside.items():
        frame = drawing.frames[name]
        bounds = bounds.united(bounds_of(inner).translated(frame.dx, frame.dy))
    return bounds
