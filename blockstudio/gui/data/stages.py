"""From file to input: the chosen tile at every step."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.gui.data.grid import paint_picture
from blockstudio.gui.data.survey import SurveyControl
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme

PICTURE = 80
HEIGHT = 84


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
        return QSize(6 * 150, HEIGHT)

    def _show(self) -> None:
        stages = self._control.known.stages
        self.setAccessibleDescription("; ".join(f"{tr(stage.title)}: {tr(stage.text)}" for stage in stages))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        stages, colours = self._control.known.stages, theme()
        if not stages:
            return
        pitch = min(230, self.width() // len(stages))
        for place, stage in enumerate(stages):
            left = place * pitch
            rect = QRect(left, (HEIGHT - PICTURE) // 2, PICTURE, PICTURE)
            painter.setOpacity(0.35 if stage.off else 1.0)
            paint_picture(painter, stage.image, rect)
            painter.setOpacity(1.0)
            if stage.frame is not None:
                self._paint_frame(painter, rect, stage.frame, stage.whole)
            room = pitch - PICTURE - 30
            painter.setFont(font(12, bold=not stage.off))
            painter.setPen(colours.secondary if stage.off else colours.text)
            text = QRect(rect.right() + 9, rect.top() + 8, room, 18)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, tr(stage.title))
            painter.setFont(font(11))
            painter.setPen(colours.secondary)
            flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
            painter.drawText(text.adjusted(0, 20, 0, 46), flags, tr(stage.text))
            if place:
                painter.setPen(QPen(colours.secondary, 1))
                middle = rect.center().y()
                painter.drawLine(left - 18, middle, left - 7, middle)
                painter.drawLine(left - 10, middle - 3, left - 7, middle)
                painter.drawLine(left - 10, middle + 3, left - 7, middle)

    def _paint_frame(self, painter: QPainter, rect: QRect, frame: list[int], whole: tuple[int, int]) -> None:
        """What is cut out of the picture."""
        longest = max(whole)
        factor = PICTURE // longest if longest <= PICTURE else PICTURE / longest
        left = rect.center().x() + 0.5 - whole[0] * factor / 2
        top = rect.center().y() + 0.5 - whole[1] * factor / 2
        painter.setPen(QPen(theme().accent, 2))
        painter.drawRect(
            QRectF(left + frame[0] * factor, top + frame[1] * factor, frame[2] * factor, frame[3] * factor)
        )
