"""From file to input: the chosen tile at every step."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.gui.data.grid import paint_picture
from blockstudio.gui.data.survey import SurveyControl
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme

PICTURE = 80
LEAST = 48
"""Side of a picture, and what it becomes before words are cut."""
HEIGHT, BELOW = 84, 116
"""Of the strip with words beside the pictures, and below them."""
WORDS = (150, 116, 92, 74)
"""Widths at which what was done is wrapped, where the pictures leave less."""
BESIDE, ARROW = 9, 30
"""Between a picture and its words, and from these to the next picture."""
FLAGS = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop


class StageStrip(QWidget):
    """Pictures with arrows between them, each with what was done."""

    def __init__(self, control: SurveyControl) -> None:
        super().__init__()
        self._control = control
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("From file to input"))
        control.stages_changed.connect(self._show)
        notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(6 * 150, HEIGHT if self._beside() is not None else BELOW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _show(self) -> None:
        stages = self._control.known.stages
        self.updateGeometry()
        self.setAccessibleDescription("; ".join(f"{tr(stage.title)}: {tr(stage.text)}" for stage in stages))
        self.update()

    def places(self) -> list[tuple[QRect, QRect]]:
        """Of each stage its picture and its words: beside it, each as wide as its words are and the pictures smaller
        where it has to be; below it where even that is too wide."""
        stages = self._control.known.stages
        beside = self._beside()
        if beside is not None:
            widths, side = beside
            found, left = [], 0
            for width in widths:
                picture = QRect(left, (HEIGHT - side) // 2, side, side)
                found.append((picture, QRect(picture.right() + BESIDE, 4, width, HEIGHT - 4)))
                left += side + BESIDE + width + ARROW
            return found
        pitch = self.width() // len(stages)
        below = QRect(0, LEAST, pitch - 6, BELOW - LEAST)
        return [(QRect(at * pitch, 0, LEAST, LEAST), below.translated(at * pitch, 0)) for at in range(len(stages))]

    def _beside(self) -> tuple[list[int], int] | None:
        """Widths of the words and side of a picture, if all stages fit into one row so."""
        stages = self._control.known.stages
        for most in WORDS:
            widths = [_words_width(tr(stage.title), tr(stage.text), most) for stage in stages]
            left_over = self.width() - sum(widths) - len(stages) * (BESIDE + ARROW) + ARROW
            if left_over >= len(stages) * LEAST:
                return widths, min(PICTURE, left_over // max(1, len(stages)))
        return None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        stages, colours = self._control.known.stages, theme()
        if not stages:
            return
        for place, (rect, text) in enumerate(self.places()):
            stage, left = stages[place], rect.left()
            painter.setOpacity(0.35 if stage.off else 1.0)
            paint_picture(painter, stage.image, rect)
            painter.setOpacity(1.0)
            if stage.frame is not None:
                self._paint_frame(painter, rect, stage.frame, stage.whole)
            painter.setFont(font(12, bold=not stage.off))
            painter.setPen(colours.secondary if stage.off else colours.text)
            painter.drawText(
                QRect(text.left(), text.top(), text.width(), 18), Qt.AlignmentFlag.AlignVCenter, tr(stage.title)
            )
            painter.setFont(font(11))
            painter.setPen(colours.secondary)
            painter.drawText(text.adjusted(0, 20, 0, 0), FLAGS, tr(stage.text))
            if place and text.top() < rect.bottom():
                painter.setPen(QPen(colours.secondary, 1))
                middle = rect.center().y()
                painter.drawLine(left - 18, middle, left - 7, middle)
                painter.drawLine(left - 10, middle - 3, left - 7, middle)
                painter.drawLine(left - 10, middle + 3, left - 7, middle)

    def _paint_frame(self, painter: QPainter, rect: QRect, frame: list[int], whole: tuple[int, int]) -> None:
        """What is cut out of the picture."""
        longest, side = max(whole), rect.width()
        factor = side // longest if longest <= side else side / longest
        left = rect.center().x() + 0.5 - whole[0] * factor / 2
        top = rect.center().y() + 0.5 - whole[1] * factor / 2
        painter.setPen(QPen(theme().accent, 2))
        painter.drawRect(
            QRectF(left + frame[0] * factor, top + frame[1] * factor, frame[2] * factor, frame[3] * factor)
        )


def _words_width(title: str, text: str, most: int) -> int:
    """What the words of a stage take, wrapped at ``most``."""
    lines: Sequence[str] = text.split("\n")
    small = QFontMetrics(font(11))
    natural = max(small.horizontalAdvance(line) for line in lines) + 2
    longest_word = max((small.horizontalAdvance(word) for word in text.split()), default=0) + 2
    return max(QFontMetrics(font(12, bold=True)).horizontalAdvance(title) + 2, longest_word, min(natural, most))
