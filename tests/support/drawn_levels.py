"""What is wrong with a drawing: things that lie over one another, wires through cards, wires that cross."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np

from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.stage import Stage, pills_of

STEP = 4.0
"""Pixels between two points at which a wire is looked at."""


@dataclass
class Faults:
    """How often each was found on a level and in all that is open in it."""

    cards: int = 0
    """Pairs of cards or frames that meet."""
    pills: int = 0
    """Pills that touch a card, a frame or another pill."""
    through: int = 0
    """Wires that run through a card or a frame."""
    crossings: int = 0
    """Pairs of wires that cross, those of one port apart."""

    def __add__(self, other: Faults) -> Faults:
        return Faults(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def points_of(drawing: Drawing, index: int) -> np.ndarray:
    """Points along a wire, (n, 2), at most `STEP` apart."""
    found = []
    for line in drawing.path(drawing.wires[index]).toSubpathPolygons():
        corners = np.array([(line.at(k).x(), line.at(k).y()) for k in range(line.count())])
        along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))))
        at = np.union1d(along, np.arange(0.0, along[-1], STEP))
        found.append(np.column_stack([np.interp(at, along, corners[:, axis]) for axis in (0, 1)]))
    return np.vstack(found)


def _pairs(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of ``boxes`` meet which of ``others`` by more than a hair: index pairs, (n, 2)."""
    wide = (boxes[:, None, 0] < others[None, :, 2] - 0.01) & (boxes[:, None, 2] > others[None, :, 0] + 0.01)
    tall = (boxes[:, None, 1] < others[None, :, 3] - 0.01) & (boxes[:, None, 3] > others[None, :, 1] + 0.01)
    return np.argwhere(wide & tall)


def _cross(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two lines of points cross."""
    p, r = one[:-1, None], (one[1:] - one[:-1])[:, None]
    q, s = other[None, :-1], (other[1:] - other[:-1])[None]
    turn = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    gap = q - p
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (gap[..., 0] * s[..., 1] - gap[..., 1] * s[..., 0]) / turn
        u = (gap[..., 0] * r[..., 1] - gap[..., 1] * r[..., 0]) / turn
    return bool(np.any((abs(turn) > 1e-9) & (t >= 0) & (t < 1) & (u >= 0) & (u < 1)))


def faults_of_level(stage: Stage) -> Faults:
    """What is wrong on one level; what is open in it counts as frames."""
    drawing, found = stage.drawing, Faults()
    while drawing.route(10_000):
        pass
    shown = [row for row, name in enumerate(drawing.names) if not drawing.is_hidden(name)]
    boxes = drawing.boxes[shown]
    found.cards = int((len(_pairs(boxes, boxes)) - len(boxes)) // 2)
    rects = [rect for rect, _, _ in pills_of(stage, range(len(drawing.wires)))]
    pills = np.array([(r.left(), r.top(), r.right(), r.bottom()) for r in rects]).reshape(-1, 4)
    found.pills = len(_pairs(pills, boxes)) + int((len(_pairs(pills, pills)) - len(pills)) // 2)
    lines = [points_of(drawing, row) for row in range(len(drawing.wires))]
    for line in lines:
        inner = boxes + np.array((1.0, 1.0, -1.0, -1.0))
        hit = (line[:, 0] > inner[:, None, 0]) & (line[:, 0] < inner[:, None, 2])
        hit &= (line[:, 1] > inner[:, None, 1]) & (line[:, 1] < inner[:, None, 3])
        if hit.any():
            found.through += 1
    reach = np.array([(*line.min(axis=0), *line.max(axis=0)) for line in lines]).reshape(-1, 4)
    for a, b in _pairs(reach - np.array((1, 1, 0, 0)), reach + np.array((0, 0, 1, 1))).tolist():
        one, other = drawing.wires[a], drawing.wires[b]
        if a >= b or one[:2] == other[:2]:
            continue
        if _cross(lines[a], lines[b]):
            found.crossings += 1
    return found


def levels(stage: Stage) -> Iterator[Stage]:
    """A level and all that is open in it."""
    yield stage
    for inner in stage.inside.values():
        yield from levels(inner)
