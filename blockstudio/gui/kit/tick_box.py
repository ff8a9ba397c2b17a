"""A check box in the studio's look."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from blockstudio.gui.kit.theme import theme


class TickBox(QCheckBox):
    """The style sheet has no picture of a tick: it is painted."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        rect = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        if self.checkState() is Qt.CheckState.Unchecked:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme().on_accent if self.isEnabled() else theme().secondary, 1.7)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        x, y = rect.center().x() + 0.5, rect.center().y() + 0.5
        if self.checkState() is Qt.CheckState.PartiallyChecked:
            painter.drawLine(round(x - 3), round(y), round(x + 3), round(y))
        else:
            painter.drawPolyline([QPointF(x - 3.2, y + 0.2), QPointF(x - 0.8, y + 2.8), QPointF(x + 3.4, y - 2.6)])
