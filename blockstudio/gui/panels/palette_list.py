"""The palette's lines: groups that fold, entries with the sign of their type, to drag or to choose."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from blockstudio.blocks import RawValue
from blockstudio.graph.library import Kept
from blockstudio.gui.kit.dragging import Drag
from blockstudio.gui.kit.glyphs import SIZE, draw_type_glyph
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, theme

RESTING = 250
"""Milliseconds that the mouse rests on an entry before its tip is made."""
_OWN_KEYS = (Qt.Key.Key_F2, Qt.Key.Key_Delete)
MIME = "application/x-blockstudio-block"
ENTRY = Qt.ItemDataRole.UserRole
FAMILY = Qt.ItemDataRole.UserRole + 1
WORDS = Qt.ItemDataRole.UserRole + 2
GROUP = Qt.ItemDataRole.UserRole + 3
"""Of a heading: the key of its group."""
FOLDED = Qt.ItemDataRole.UserRole + 4
"""Of a heading: how many entries it hides; 0 if it is open."""
NOTE = Qt.ItemDataRole.UserRole + 5
"""What stands at an entry's right."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line of the palette adds."""

    title: str
    type: str
    parameters: Mapping[str, RawValue]
    help: str = ""
    kept: Kept | None = None
    """A module that the diagram may not have yet: where it is."""

    @property
    def is_own(self) -> bool:
        """Whether it is a module of the user's library."""
        return self.kept is not None and not self.kept.network

    def mime(self) -> QMimeData:
        data = QMimeData()
        told: dict[str, object] = {"type": self.type, "parameters": dict(self.parameters)}
        if self.kept is not None:
            told["kept"] = [self.kept.network, self.kept.module]
        data.setData(MIME, json.dumps(told).encode())
        return data


class _Delegate(QStyledItemDelegate):
    """Headings with a chevron and, folded, their count; entries with the sign of their type."""

    written = Signal(object, str)
    """An entry, and the name that was written in its place."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, 26 if index.data(ENTRY) is not None or index.row() == 0 else 34)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours, rect = theme(), QRectF(option.rect)
        entry: Entry | None = index.data(ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry is None:
            rect.setTop(rect.bottom() - 26)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.selected if selected else colours.field)
            painter.drawRoundedRect(rect.adjusted(8, 1, -8, -1), 5, 5)
        if entry is None:
            self._heading(painter, rect, index)
        else:
            self._entry(painter, rect, index, entry)
        painter.restore()

    def _heading(self, painter: QPainter, rect: QRectF, index: QModelIndex | QPersistentModelIndex) -> None:
        colours, folded = theme(), index.data(FOLDED) or 0
        middle = QPointF(rect.left() + 17, rect.center().y())
        across, down = QPointF(3, 0), QPointF(0, 3)
        painter.setPen(colours.secondary)
        if folded:
            painter.drawPolyline([middle - down - across / 2, middle + across / 2, middle + down - across / 2])
        else:
            painter.drawPolyline([middle - across - down / 2, middle + down / 2, middle + across - down / 2])
        painter.setFont(font(11, bold=True))
        painter.drawText(rect.adjusted(26, 0, -14, 0), Qt.AlignmentFlag.AlignVCenter, index.data())
        if folded:
            painter.setFont(font(11))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(rect.adjusted(26, 0, -16, 0), right, str(folded))

    def _entry(self, painter: QPainter, rect: QRectF, index: QModelIndex | QPersistentModelIndex, entry: Entry) -> None:
        colours, family = theme(), index.data(FAMILY)
        at = QPointF(rect.left() + 18, rect.center().y() - SIZE / 2)
        draw_type_glyph(painter, at, entry.type, family, colours.family(family), entry.title)
        note = index.data(NOTE) or ""
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(rect.adjusted(0, 0, -16, 0), right, note)
        taken = painter.fontMetrics().horizontalAdvance(note) + 8 if note else 0
        painter.setFont(font(12))
        painter.setPen(colours.text)
        room = rect.adjusted(44, 0, -12 - taken, 0)
        text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        line = QLineEdit(parent)
        line.setAccessibleName(tr("Name"))
        return line

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect = option.rect
        editor.setGeometry(rect.adjusted(38, 0, -8, 0))

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        assert isinstance(editor, QLineEdit)
        entry, text = index.data(ENTRY), editor.text().strip()
        # Not now: the list may be filled anew then, and the line is still in it.
        QTimer.singleShot(0, self, lambda: self.written.emit(entry, text))


class EntryList(QListWidget):
    """The lines. Drags carry the entry; Enter and a double click add it; a heading folds its group by a click, Enter,
    Space, Left and Right. Modules of the user's library are renamed by F2 and removed by Delete."""

    chosen = Signal(object)
    folded = Signal(str, bool)
    """A group is to be folded, or opened."""
    dropped = Signal()
    """An entry was dragged somewhere."""
    removed = Signal(object)
    """A module is to be taken out of the user's library."""
    renamed = Signal(object, str)
    """It is to have another name."""
    menu_wanted = Signal(object, QPoint)
    """What can be done with an entry, at a place of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("palette")
        self.setAccessibleName(tr("Blocks"))
        delegate = _Delegate(self)
        delegate.written.connect(self.renamed)
        self.setItemDelegate(delegate)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self._pressed: QPoint | None = None
        self._drag: Drag | None = None
        self.tip: Callable[[Entry], str] | None = None
        """What an entry's tool tip says, where that takes a moment to make."""
        self._hovered: QListWidgetItem | None = None
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(RESTING)
        self._resting.timeout.connect(self._make_tip)
        self.itemEntered.connect(self._on_entered)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)

    def entry(self, item: QListWidgetItem | None) -> Entry | None:
        return None if item is None else item.data(ENTRY)

    def _on_entered(self, item: QListWidgetItem) -> None:
        self._hovered = item
        self._resting.start()

    def _make_tip(self) -> None:
        """The mouse rests on an entry: what its tip says is made before it is shown."""
        item = self._hovered
        if self.tip is None or item is None or self.row(item) < 0:
            return
        entry = self.entry(item)
        text = self.tip(entry) if entry is not None else ""
        if text:
            item.setToolTip(text)

    def rest(self) -> None:
        """Make no tip."""
        self._hovered = None
        self._resting.stop()

    def clear(self) -> None:
        self.rest()
        super().clear()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        at = event.position().toPoint()
        item = self.itemAt(at)
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = at if left and self.entry(item) is not None else None
        if left and item is not None and self._pressed is None:
            self._turn(item)

    def _turn(self, item: QListWidgetItem, fold: bool | None = None) -> None:
        """Fold a heading's group, or open it."""
        is_folded = bool(item.data(FOLDED))
        if fold is None or fold != is_folded:
            self.folded.emit(item.data(GROUP), not is_folded)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, modifiers = event.position().toPoint(), event.modifiers()
        if self._drag is None and self._pressed is not None:
            if (at - self._pressed).manhattanLength() < QApplication.startDragDistance():
                return
            self._start_drag()
        if self._drag is not None:
            self._drag.move(self.viewport().mapTo(self.window(), at), modifiers)
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, self._drag, self._pressed = self._drag, None, None
        if drag is not None:
            drag.drop(self.viewport().mapTo(self.window(), event.position().toPoint()), event.modifiers())
            self.dropped.emit()
        else:
            super().mouseReleaseEvent(event)

    def _start_drag(self) -> None:
        entry, item = self.entry(self.currentItem()), self.currentItem()
        if entry is not None:
            picture = _ghost(entry.title, item.data(FAMILY), self.devicePixelRatioF())
            self._drag = Drag(self, entry.mime(), picture, QPoint(66, 23))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self.entry(self.itemAt(event.position().toPoint()))
        if entry is not None:
            self.chosen.emit(entry)

    def _own(self, event: QKeyEvent) -> Entry | None:
        """The module of the user's library that a key is about."""
        entry = self.entry(self.currentItem())
        return entry if entry is not None and entry.is_own and event.key() in _OWN_KEYS else None

    def event(self, event: QEvent) -> bool:
        # Before the window's own shortcuts: Delete would take a block away.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() == QAbstractItemView.State.EditingState:
            return  # Enter in the line of a name comes here too
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            entry, item = self.entry(self.currentItem()), self.currentItem()
            if entry is not None:
                self.chosen.emit(entry)
            elif item is not None:
                self._turn(item)
            return
        own = self._own(event)
        if own is not None:
            if event.key() == Qt.Key.Key_F2:
                self.editItem(self.currentItem())
            else:
                self.removed.emit(own)
            return
        heading = self.currentItem() if self.entry(self.currentItem()) is None else None
        keys = {Qt.Key.Key_Left: True, Qt.Key.Key_Right: False, Qt.Key.Key_Space: None}
        if heading is not None and event.key() in keys:
            self._turn(heading, keys[Qt.Key(event.key())])
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.currentItem() if event.reason() == QContextMenuEvent.Reason.Keyboard else self.itemAt(event.pos())
        entry = self.entry(item)
        if item is not None and entry is not None:
            self.setCurrentItem(item)
            by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
            at = self.visualItemRect(item).center() if by_key else event.pos()
            self.menu_wanted.emit(entry, self.viewport().mapToGlobal(at))


def _ghost(title: str, family: str, ratio: float) -> QPixmap:
    """The card that hangs on the pointer while dragging."""
    colours = theme()
    pixmap = QPixmap(int(132 * ratio), int(46 * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(colours.accent)
    painter.setBrush(colours.card)
    painter.drawRoundedRect(QRectF(0.5, 0.5, 131, 45), 6, 6)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.family(family))
    painter.drawRoundedRect(QRectF(1, 1, 5, 44), 2, 2)
    painter.setFont(font(12, bold=True))
    painter.setPen(colours.text)
    painter.drawText(QRectF(14, 0, 112, 46), Qt.AlignmentFlag.AlignVCenter, title)
    painter.end()
    return pixmap
