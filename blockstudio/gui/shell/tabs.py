"""The open documents as tabs: each with a name that can be read; those for which there is no room stand in a menu."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionTab, QTabBar

from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import theme

CROSS = 16
"""Pixels of the × and of what takes a click around it."""
WIDEST = 220
NARROWEST = 96
"""Pixels of a tab: no name is shortened below that."""


class Title(NamedTuple):
    """What stands on a tab."""

    text: str
    dirty: bool
    tip: str


class Tabs(QTabBar):
    """A dot marks unsaved changes. The active tab and the one under the mouse have a ×; a middle click closes too."""

    close_wanted = Signal(int)
    hid = Signal(int)
    """So many tabs have no room now."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("documents")
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setUsesScrollButtons(False)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Open diagrams"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._room = 10_000
        self._over = -1
        self._pressed = -1

    def show_titles(self, titles: list[Title], current: int) -> None:
        """One tab for each title."""
        self.blockSignals(True)
        while self.count() > len(titles):
            self.removeTab(self.count() - 1)
        for index, title in enumerate(titles):
            text = (f"{title.text} ●" if title.dirty else title.text).replace("&", "&&")
            if index >= self.count():
                self.addTab(text)
            elif self.tabText(index) != text:
                self.setTabText(index, text)
            self.setTabToolTip(index, plain(title.tip))
        for index in range(self.count()):
            self.setTabVisible(index, True)
        self.setCurrentIndex(current)
        self.blockSignals(False)
        self.fit(self._room)

    def fit(self, room: int) -> None:
        """Show as many tabs as fit into so many pixels: the active one, and the others in their order."""
        self._room = room
        widths = [self.tabSizeHint(index).width() for index in range(self.count())]
        current = max(0, self.currentIndex())
        left = room - (widths[current] if widths else 0)
        kept = {current}
        for index, width in enumerate(widths):
            if index == current:
                continue
            if width > left:
                break
            kept.add(index)
            left -= width
        self.blockSignals(True)
        for index in range(self.count()):
            self.setTabVisible(index, index in kept)
        self.blockSignals(False)
        self.updateGeometry()
        self.resize(self.sizeHint().width(), self.height())  # where a tab is may be asked before the layout
        self.hid.emit(len(widths) - len(kept))

    def hidden(self) -> list[int]:
        """The tabs that have no room."""
        return [index for index in range(self.count()) if not self.isTabVisible(index)]

    def initStyleOption(self, option: QStyleOptionTab, index: int) -> None:
        """Qt shortens a name by the letters of a tab that is not active; those of the active one are wider."""
        super().initStyleOption(option, index)
        if index == self.currentIndex():
            font = self.font()
            font.setWeight(font.Weight.DemiBold)
            room = self.style().subElementRect(QStyle.SubElement.SE_TabBarTabText, option, self).width()
            full, mnemonic = self.tabText(index), int(Qt.TextFlag.TextShowMnemonic)
            option.text = QFontMetrics(font).elidedText(full, Qt.TextElideMode.ElideRight, room, mnemonic)

    def tabSizeHint(self, index: int) -> QSize:
        font = self.font()
        font.setWeight(font.Weight.DemiBold)  # wide enough for when it is the active one
        text = self.tabText(index).replace("&&", "&")
        wanted = self.fontMetrics().horizontalAdvance(text) * 1.06 + 12 + CROSS + 16
        return QSize(min(WIDEST, max(NARROWEST - 24, round(wanted))), super().tabSizeHint(index).height())

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def minimumSizeHint(self) -> QSize:
        """Room for the active one."""
        width = self.tabSizeHint(self.currentIndex()).width() if self.count() else NARROWEST
        return QSize(width, super().minimumSizeHint().height())

    # The ×

    def cross_rect(self, index: int) -> QRectF:
        """Where the × of a tab stands."""
        tab = QRectF(self.tabRect(index))
        return QRectF(tab.right() - CROSS - 7, tab.center().y() - CROSS / 2 + 0.5, CROSS, CROSS)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        at = QPointF(self.mapFromGlobal(self.cursor().pos()))
        for index in {self.currentIndex(), self._over}:
            if index < 0 or not self.isTabVisible(index):
                continue
            rect = self.cross_rect(index)
            if self._over == index and rect.contains(at):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().hover)
                painter.drawRoundedRect(rect, 3, 3)
            middle, arm = rect.center(), 3.5
            painter.setPen(QPen(theme().secondary, 1.3))
            painter.drawLine(middle - QPointF(arm, arm), middle + QPointF(arm, arm))
            painter.drawLine(middle - QPointF(arm, -arm), middle + QPointF(arm, -arm))

    def _cross_at(self, at: QPoint) -> int:
        """The tab whose × is at a point; -1 if none is."""
        index = self.tabAt(at)
        shown = index >= 0 and index in (self.currentIndex(), self._over)
        return index if shown and self.cross_rect(index).contains(QPointF(at)) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._over = self.tabAt(event.position().toPoint())
        self.update()
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._over = -1
        self.update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self._over = self.tabAt(at)
        self._pressed = self._cross_at(at) if event.button() == Qt.MouseButton.LeftButton else -1
        if self._pressed < 0:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        pressed, self._pressed = self._pressed, -1
        if pressed >= 0:
            if self._cross_at(at) == pressed:
                self.close_wanted.emit(pressed)
            return
        index = self.tabAt(at)
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.close_wanted.emit(index)
            return
        super().mouseReleaseEvent(event)
