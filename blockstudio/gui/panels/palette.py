"""The palette: every block type and the diagram's own modules, to search, drag onto the canvas or add by key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPixmap
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
    QVBoxLayout,
    QWidget,
)

from blockstudio.blocks import CATALOGUE, FAMILIES, RawValue
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.dragging import Drag
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme

MIME = "application/x-blockstudio-block"
_ENTRY = Qt.ItemDataRole.UserRole
_FAMILY = Qt.ItemDataRole.UserRole + 1
_WORDS = Qt.ItemDataRole.UserRole + 2


class Entry:
    """What a line of the palette adds."""

    __slots__ = ("help", "parameters", "title", "type")

    def __init__(self, title: str, type: str, parameters: Mapping[str, RawValue], help: str) -> None:
        self.title, self.type, self.parameters, self.help = title, type, dict(parameters), help

    def mime(self) -> QMimeData:
        data = QMimeData()
        data.setData(MIME, json.dumps({"type": self.type, "parameters": self.parameters}).encode())
        return data


class _Delegate(QStyledItemDelegate):
    """Headings in small type, entries with the stripe of their family."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        if index.data(_ENTRY) is None:
            return QSize(120, 26 if index.row() == 0 else 34)
        return QSize(120, 26)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours, rect = theme(), QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(_ENTRY) is None:
            painter.setFont(font(11, bold=True))
            painter.setPen(colours.secondary)
            painter.drawText(rect.adjusted(12, 0, -8, -5), Qt.AlignmentFlag.AlignBottom, index.data())
            painter.restore()
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.hover if selected else colours.field)
            painter.drawRoundedRect(rect.adjusted(8, 1, -8, -1), 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.family(index.data(_FAMILY)))
        painter.drawRoundedRect(QRectF(rect.left() + 18, rect.center().y() - 7, 4, 14), 1.5, 1.5)
        painter.setFont(font(12))
        painter.setPen(colours.text)
        room = rect.adjusted(30, 0, -10, 0)
        text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class _List(QListWidget):
    """The lines. Drags carry the entry; Enter and a double click add it."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("palette")
        self.setAccessibleName(tr("Blocks"))
        self.setItemDelegate(_Delegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self._pressed: QPoint | None = None
        self._drag: Drag | None = None
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)

    def entry(self, item: QListWidgetItem | None) -> Entry | None:
        return None if item is None else item.data(_ENTRY)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        at = event.position().toPoint()
        pressed = event.button() == Qt.MouseButton.LeftButton and self.entry(self.itemAt(at)) is not None
        self._pressed = at if pressed else None

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
        else:
            super().mouseReleaseEvent(event)

    def _start_drag(self) -> None:
        entry, item = self.entry(self.currentItem()), self.currentItem()
        if entry is not None:
            picture = _ghost(entry.title, item.data(_FAMILY), self.devicePixelRatioF())
            self._drag = Drag(self, entry.mime(), picture, QPoint(66, 23))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self.entry(self.itemAt(event.position().toPoint()))
        if entry is not None:
            self.chosen.emit(entry)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            entry = self.entry(self.currentItem())
            if entry is not None:
                self.chosen.emit(entry)
            return
        super().keyPressEvent(event)


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


class _Search(QLineEdit):
    """Down goes into the list, Enter adds the first hit, Escape clears."""

    down = Signal()
    escaped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.down.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class Palette(QWidget):
    """Search box and list. `chosen` carries the `Entry` that is to be added."""

    chosen = Signal(object)
    left = Signal()
    """Escape in the empty search box: back to the canvas."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(6)
        self.search = _Search()
        self.search.setPlaceholderText(tr("Search blocks   (Tab)"))
        self.search.setAccessibleName(tr("Search blocks"))
        self.search.setClearButtonEnabled(True)
        self.list = _List()
        box = QVBoxLayout()
        box.setContentsMargins(12, 0, 12, 0)
        box.addWidget(self.search)
        column.addLayout(box)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._add_current)
        self.search.down.connect(self._into_list)
        self.search.escaped.connect(self._escape)
        self.list.chosen.connect(self.chosen)
        session.opened.connect(self.rebuild)
        session.edited.connect(self._on_edit)
        notifier.changed.connect(self.list.viewport().update)
        self._modules: list[str] = []
        self.rebuild()

    def rebuild(self) -> None:
        """Fill the list from the catalogue and the diagram's modules."""
        scroll, current = self.list.verticalScrollBar().value(), self.list.currentRow()
        self.list.clear()
        for family, heading in FAMILIES.items():
            entries = list(_entries(family))
            if family == "module":
                self._modules = self._module_names()
                entries += [self._module_entry(name) for name in self._modules]
            if not entries:
                continue
            item = QListWidgetItem(tr(heading))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setData(_FAMILY, family)
            self.list.addItem(item)
            for entry, words in entries:
                item = QListWidgetItem(entry.title)
                item.setData(_ENTRY, entry)
                item.setData(_FAMILY, family)
                item.setData(_WORDS, words.lower())
                item.setToolTip(entry.help)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
                self.list.addItem(item)
        self._filter(self.search.text())
        self.list.setCurrentRow(current)
        self.list.verticalScrollBar().setValue(scroll)

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def item(self, title: str) -> QListWidgetItem | None:
        """The visible line with this title."""
        for item in self.visible_items():
            if item.text() == title:
                return item
        return None

    def _module_names(self) -> list[str]:
        return list(self._session.diagram.modules)

    def _module_entry(self, name: str) -> tuple[Entry, str]:
        help = self._session.diagram.modules[name].description
        return Entry(name, name, {}, help), f"{name} module"

    def _on_edit(self, edits: object) -> None:
        if self._module_names() != self._modules:
            self.rebuild()

    def _filter(self, text: str) -> None:
        wanted = text.lower().split()
        heading: QListWidgetItem | None = None
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(_ENTRY) is None:
                heading = item
                heading.setHidden(True)
                continue
            hit = all(word in item.data(_WORDS) for word in wanted)
            item.setHidden(not hit)
            if hit and heading is not None:
                heading.setHidden(False)
        if wanted:
            best = min(self.visible_items(), key=lambda item: _rank(item, wanted[0]), default=None)
            if best is None:
                self.list.setCurrentRow(-1)
            else:
                self.list.setCurrentItem(best)
                self.list.scrollToItem(best)

    def visible_items(self) -> Iterable[QListWidgetItem]:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(_ENTRY) is not None and not item.isHidden():
                yield item

    def _add_current(self) -> None:
        entry = self.list.entry(self.list.currentItem())
        if entry is not None and not self.list.currentItem().isHidden():
            self.chosen.emit(entry)

    def _into_list(self) -> None:
        self.list.setFocus(Qt.FocusReason.TabFocusReason)
        item = self.list.currentItem()
        if item is None or item.isHidden():
            first = next(iter(self.visible_items()), None)
            self.list.setCurrentRow(self.list.row(first) if first is not None else -1)

    def _escape(self) -> None:
        if self.search.text():
            self.search.clear()
        else:
            self.left.emit()


def _entries(family: str) -> Iterable[tuple[Entry, str]]:
    for type in CATALOGUE.values():
        if type.family != family:
            continue
        if not type.palette:
            yield Entry(type.name, type.name, {}, tr(type.help)), f"{type.name} {type.family}"
        for entry in type.palette:
            words = f"{entry.title} {type.name} {type.family} {entry.keywords}"
            yield Entry(entry.title, type.name, entry.parameters, tr(type.help)), words


def _rank(item: QListWidgetItem, word: str) -> tuple[bool, bool]:
    title = item.text().lower()
    return not title.startswith(word), word not in title
