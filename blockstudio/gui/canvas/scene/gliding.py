"""Blocks on their way from where they were to where they are. The drawing knows only where they are: a glide is what is
painted for a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QObject, QPointF, QVariantAnimation, Signal

from blockstudio.gui.canvas.scene.routes import Array
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.kit import motion

DURATION_MS = 140
MOST = 1500
"""So many blocks may be on their way; more go at once."""

Stood = dict[str, tuple[list[str], Array]]
"""Where blocks stood, by the path of their stage: their names and the upper left corners of their cards."""


def standing(stages: Iterable[Stage]) -> Stood:
    """Where blocks stand now."""
    found: Stood = {}
    for stage in stages:
        drawing = stage.drawing
        found[stage.path] = list(drawing.names), drawing.boxes[:, :2].copy()
    return found


class Gliding(QObject):
    """At most one glide. ``changed``: it is a step further."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._asides: dict[str, dict[str, tuple[float, float]]] = {}
        self._part = 0.0
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(DURATION_MS)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(self._step)

    @property
    def going(self) -> bool:
        """Whether blocks are on their way."""
        return self._animation.state() == QAbstractAnimation.State.Running

    def follow(self, before: Stood, stages: Iterable[Stage]) -> None:
        """Let blocks glide that stand elsewhere than ``before``, unless the system asks for stillness."""
        self.stop()
        if not before or motion.reduced():
            return
        asides = {}
        for path, (names, now) in standing(stages).items():
            known, was = before.get(path, ([], now[:0]))
            if names != known:  # blocks came or went: those that stay, in the order of now
                rows = {name: row for row, name in enumerate(known)}
                there = [row for row, name in enumerate(names) if name in rows]
                names = [names[row] for row in there]
                now, was = now[there], was[[rows[name] for name in names]]
            aside = was - now
            moved = np.flatnonzero(np.abs(aside).sum(axis=1) > 0.5).tolist()
            asides[path] = {names[row]: (float(aside[row, 0]), float(aside[row, 1])) for row in moved}
        count = sum(map(len, asides.values()))
        if 0 < count <= MOST:
            self._asides, self._part = asides, 0.0
            self._animation.start()

    def stop(self) -> None:
        """All stand where they are."""
        self._animation.stop()
        self._asides = {}

    def asides(self) -> Mapping[str, Mapping[str, QPointF]]:
        """How far blocks are shown from where they are, by the path of their stage."""
        left = 1.0 - self._part
        if not self.going or not left:
            return {}
        return {
            path: {name: QPointF(dx * left, dy * left) for name, (dx, dy) in names.items()}
            for path, names in self._asides.items()
            if names
        }

    def _step(self, part: float) -> None:
        self._part = float(part)
        self.changed.emit()
