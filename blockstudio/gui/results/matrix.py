"""The confusion matrix: the diagonal by share of the class, mistakes crimson; arrows move the chosen cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import FAMILY_COLOURS, font, mix, notifier, theme
from blockstudio.runs.predictions import MATRIX

LEFT, TOP = 96, 24
WIDE, HIGH, LEAST = 52, 48, 8
"""Pixels of a cell, and of the smallest."""


class Matrix(QWidget):
    """Rows are what a picture is, columns what it was taken for."""

    chosen = Signal(int, int)
    """The cell (true, answer) that the user went to."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Confusion matrix"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.classes: Sequence[str] = ()
        self.counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.kind = "counts"
        self.cell: tuple[int, int] | None = None
        notifier.changed.connect(self.update)

    def show_matrix(self, classes: Sequence[str], counts: NDArray[np.int64], room: int) -> None:
        """Show another one, in a width of ``room`` pixels if cells can be that small."""
        self.classes, self.counts, self.cell = classes, counts, None
        if not len(counts):
            self.setFixedSize(room, 2 * TOP)
            self.update()
            return
        width = max(LEAST, min(WIDE, (room - LEFT) // max(1, len(classes))))
        self._size = width, max(LEAST, round(width * HIGH / WIDE))
        self.setFixedSize(LEFT + width * len(classes) + 2, TOP + self._size[1] * len(classes) + 2)
        self.update()

    def sizeHint(self) -> QSize:
        return self.size()

    def show_kind(self, kind: str) -> None:
        """``"counts"``, or the share of the ``"class"`` or of the ``"answers"``."""
        self.kind = kind
        self.update()

    def text_of(self, true: int, said: int) -> str:
        """What stands in a cell."""
        count = int(self.counts[true, said])
        if not count or self.kind == "counts":
            return f"{count:,}" if count else ""
        whole = self.counts[true].sum() if self.kind == "class" else self.counts[:, said].sum()
        return f"{100 * count / whole:.1f}"

    def choose(self, true: int, said: int) -> None:
        """Go to a cell."""
        count = len(self.classes)
        if count and (true, said) != self.cell:
            self.cell = max(0, min(count - 1, true)), max(0, min(count - 1, said))
            names = self.classes[self.cell[0]], self.classes[self.cell[1]]
            self.setAccessibleDescription(
                tr(
                    "{count} of {true} taken for {said}",
                    count=int(self.counts[self.cell]),
                    true=names[0],
                    said=names[1],
                )
                if len(self.counts)
                else ""
            )
            self.update()
            self.chosen.emit(*self.cell)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        if not len(self.counts):
            painter.setFont(font(12))
            painter.setPen(colours.secondary)
            told = tr("No matrix is shown of more than {most:,} classes.", most=MATRIX) if len(self.classes) else ""
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, told)
            return
        wide, high = self._size
        painter.setFont(font(11))
        sums = np.maximum(1, self.counts.sum(1))
        wrong = self.counts.copy()
        np.fill_diagonal(wrong, 0)
        most = max(1, int(wrong.max()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, last = max(0, (event.rect().top() - TOP) // high), (event.rect().bottom() - TOP) // high
        left, right = max(0, (event.rect().left() - LEFT) // wide), (event.rect().right() - LEFT) // wide
        for true in range(first, min(len(self.classes) - 1, last) + 1):
            for said in range(left, min(len(self.classes) - 1, right) + 1):
                box = QRectF(LEFT + wide * said, TOP + high * true, wide - 1, high - 1)
                count = int(self.counts[true, said])
                if not count:
                    painter.setPen(QPen(colours.secondary, 1.4))
                    painter.drawPoint(box.center())
                    continue
                fill = self._fill(true == said, count, int(sums[true]), most)
                painter.fillRect(box, fill)
                if wide >= 26:
                    painter.setPen(_readable(fill))
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text_of(true, said))
        self._labels(painter, wide, high)
        if self.cell is not None:
            painter.setPen(QPen(colours.accent, 2))
            true, said = self.cell
            painter.drawRect(QRectF(LEFT + wide * said, TOP + high * true, wide - 1, high - 1))

    def _fill(self, right: bool, count: int, whole: int, most: int) -> QColor:
        colours = theme()
        if right:
            return mix(colours.panel, colours.primary, 0.15 + 0.75 * count / whole)
        return mix(colours.panel, FAMILY_COLOURS["merge"], 0.12 + 0.78 * (count / most) ** 0.6)

    def _labels(self, painter: QPainter, wide: int, high: int) -> None:
        colours = theme()
        for index, name in enumerate(self.classes):
            for across in (True, False):
                lit = self.cell is not None and self.cell[1 if across else 0] == index
                painter.setFont(font(11, bold=lit))
                painter.setPen(colours.text if lit else colours.secondary)
                if across and wide >= 26:
                    place = QRectF(LEFT + wide * index - 2, 0, wide + 3, TOP - 4)
                    side = Qt.AlignmentFlag.AlignCenter
                elif not across and high >= 12:
                    place = QRectF(0, TOP + high * index, LEFT - 10, high)
                    side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                else:
                    continue
                text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(place.width()))
                painter.drawText(place, side, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not len(self.counts):
            return
        wide, high = self._size
        at: QPointF = event.position()
        true, said = int((at.y() - TOP) // high), int((at.x() - LEFT) // wide)
        if 0 <= true < len(self.classes) and 0 <= said < len(self.classes):
            self.choose(true, said)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move = moves.get(Qt.Key(event.key()))
        if move is None or not len(self.counts):
            super().keyPressEvent(event)
            return
        true, said = self.cell or (0, 0)
        self.choose(true + move[0], said + move[1])


def _readable(ground: QColor) -> QColor:
    """Text on a coloured ground."""
    white, dark = QColor("#ffffff"), QColor("#1b2128")
    return white if ground.lightnessF() < 0.55 else dark
