"""One way to write a block: its title, what it saves, and what else changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.analysis.refactorings import Refactoring
from blockstudio.gui.kit.parts import change_text, count_text
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, mix, theme
from blockstudio.text import render

TALL, LOW = 90, 26
BAR = 5
WITH_BARS = ("stack_3x3", "stack_2x2", "asymmetric", "separable", "global_pool", "reduction", "narrow")
"""Kinds that are shown with both bars; the others take a line."""


class Option(QWidget):
    """To be looked at (hover, focus: `wanted`), chosen (click) and done (Enter, double click)."""

    wanted = Signal(object)
    """Shown: the mouse or the keyboard is on it. ``None``: no longer."""
    chosen = Signal(object)
    done = Signal(object)

    def __init__(self, found: Refactoring) -> None:
        super().__init__()
        self.found = found
        self.tall = self.is_tall(found)
        self.selected = False
        self._hovered = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(TALL if self.tall else LOW)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{render(found.title)}, {change_text(found.change)}")
        self.setAccessibleDescription(render(found.note))
        self.setToolTip(self._tip())

    @staticmethod
    def is_tall(found: Refactoring) -> bool:
        """Whether it is shown with bars."""
        return found.kind in WITH_BARS

    def sizeHint(self) -> QSize:
        return QSize(240, TALL if self.tall else LOW)

    def _tip(self) -> str:
        found = self.found
        before, after = found.whole, found.whole_after
        lines = [
            render(found.note),
            tr("parameters {a} → {b}", a=f"{before.parameters:,}", b=f"{after.parameters:,}"),
            tr("MACs {a} → {b}", a=count_text(before.macs), b=count_text(after.macs)),
            tr("depth {a} → {b}", a=before.depth, b=after.depth),
        ]
        if found.places > 1:
            lines.append(tr("in all {count} places of {module}", count=found.places, module=found.scope))
        return "\n".join(lines)

    def select(self, selected: bool) -> None:
        """Mark it as the one that *Convert* does."""
        if selected != self.selected:
            self.selected = selected
            self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        if self.selected or self._hovered:
            painter.setBrush(mix(colours.panel, colours.accent, 0.13 if self.selected else 0.05))
            painter.drawRoundedRect(rect, 4, 4)
        if self.selected:
            painter.setBrush(colours.accent)
            painter.drawRect(QRectF(0, 2, 3, rect.height() - 4))
        if self.hasFocus():
            painter.setPen(colours.accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        head = QRectF(10, 4 if self.tall else 0, rect.width() - 20, 20 if self.tall else rect.height())
        self._head(painter, head)
        if self.tall:
            self._bars(painter, rect)
        painter.end()

    def _head(self, painter: QPainter, rect: QRectF) -> None:
        colours, change = theme(), self.found.change
        figure = change_text(change)
        painter.setFont(font(12, bold=True))
        width = painter.fontMetrics().horizontalAdvance(figure) + 8
        painter.setPen(colours.good if round(100 * change) < 0 else colours.secondary)
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
        painter.setFont(font(12, bold=self.tall))
        painter.setPen(colours.text)
        room = rect.adjusted(0, 0, -width, 0)
        title = painter.fontMetrics().elidedText(
            render(self.found.title), Qt.TextElideMode.ElideRight, int(room.width())
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)

    def _bars(self, painter: QPainter, rect: QRectF) -> None:
        colours, found = theme(), self.found
        painter.setFont(font(11))
        rows = (
            (tr("parameters"), found.part.parameters, found.part_after.parameters, "{:,}".format),
            (tr("MACs"), found.part.macs, found.part_after.macs, count_text),
        )
        for index, (title, before, after, shown) in enumerate(rows):
            y = 26 + 19 * index
            painter.setPen(colours.secondary)
            painter.drawText(QRectF(10, y, 70, 18), Qt.AlignmentFlag.AlignVCenter, title)
            painter.setPen(colours.text)
            figure = QRectF(rect.width() - 90, y, 80, 18)
            painter.drawText(figure, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown(after))
            track = QRectF(80, y + 9 - BAR / 2, max(20.0, min(150.0, rect.width() - 176)), BAR)
            most = max(before, after, 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.track)
            whole = QRectF(track)
            whole.setWidth(track.width() * before / most)
            painter.drawRoundedRect(whole, 2.5, 2.5)
            painter.setBrush(colours.accent if after <= before else colours.warning)
            fill = QRectF(track)
            fill.setWidth(max(2.5, track.width() * after / most))
            if after <= before:
                painter.drawRoundedRect(fill, 2.5, 2.5)
            else:
                fill.setHeight(2)
                painter.drawRoundedRect(fill.translated(0, BAR), 1, 1)
        painter.setPen(colours.secondary)
        note = QRectF(10, 66, rect.width() - 20, 18)
        text = painter.fontMetrics().elidedText(render(found.note), Qt.TextElideMode.ElideRight, int(note.width()))
        painter.drawText(note, Qt.AlignmentFlag.AlignVCenter, text)

    # Mouse and keys

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()
        self.wanted.emit(self.found)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self.update()
        if not self.hasFocus():
            self.wanted.emit(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.chosen.emit(self.found)
        self.wanted.emit(self.found)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.wanted.emit(None)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.found)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.done.emit(self.found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.done.emit(self.found)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        elif event.key() == Qt.Key.Key_Escape:
            self.wanted.emit(None)
            super().keyPressEvent(event)
        else:
            super().keyPressEvent(event)
