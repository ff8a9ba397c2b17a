"""Blocks of the whole diagram by name, type, shape and parameters: type, choose, press Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from blockstudio.analysis.finding import Found, find
from blockstudio.blocks import CATALOGUE
from blockstudio.graph.operations.noting import Noted
from blockstudio.graph.operations.noting import find as find_noted
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.sheet import SearchSheet
from blockstudio.gui.kit.text import plain, tr, tr_many
from blockstudio.gui.kit.theme import font, theme

_FOUND = Qt.ItemDataRole.UserRole
_NOTED = Qt.ItemDataRole.UserRole + 1
MOST = 200
"""Lines at most: whoever sees so many types another letter."""


class _Line(QStyledItemDelegate):
    """The family's stripe, the path, its type and what else fits, the shape on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, 27)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours, rect = theme(), QRectF(option.rect)
        found: Found = index.data(_FOUND)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(colours.selected)
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 5, 5)
        painter.setBrush(colours.family(CATALOGUE[found.type].family if found.type in CATALOGUE else "module"))
        painter.drawRoundedRect(QRectF(rect.left() + 8, rect.center().y() - 7, 4, 14), 1.5, 1.5)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font(12))
        painter.setPen(colours.secondary)
        shape_width = painter.fontMetrics().horizontalAdvance(found.shape)
        painter.drawText(rect.adjusted(0, 0, -10, 0), middle | Qt.AlignmentFlag.AlignRight, found.shape)
        room = rect.width() - 40 - shape_width
        painter.setFont(font(12, bold=True))
        name = painter.fontMetrics().elidedText(found.path, Qt.TextElideMode.ElideLeft, int(room * 0.6))
        width = painter.fontMetrics().horizontalAdvance(name)
        painter.setPen(colours.text)
        painter.drawText(rect.adjusted(20, 0, 0, 0), middle, name)
        painter.setFont(font(12))
        painter.setPen(colours.secondary)
        about = " · ".join(part for part in (found.type, found.matched) if part)
        about = painter.fontMetrics().elidedText(about, Qt.TextElideMode.ElideRight, int(room - width))
        painter.drawText(rect.adjusted(20 + width + 8, 0, 0, 0), middle, about)
        painter.restore()


class FindSheet(SearchSheet):
    """Enter goes to a block, into its module too; Shift+Enter selects all that were found on the level in view."""

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(
            window, tr("Find a block: name, type, 64×56×56, stride=2"), tr("Find blocks"), tr("Blocks found"), 620
        )
        self._desk = desk
        self.found: list[Found] = []
        self.noted: list[Noted] = []
        self.set_delegate(_Line(self.list))
        self.picked.connect(self._go)

    def _go(self, item: QListWidgetItem) -> None:
        noted: Noted | None = item.data(_NOTED)
        if noted is not None:
            self._desk.commands.run("find.note", noted)
        else:
            self._desk.commands.run("find.show", item.data(_FOUND).path)

    def missing(self, text: str) -> str:
        if not text.strip():
            return ""
        return tr("No block, type, shape, parameter or note like “{words}”.", words=text.strip())

    def fill(self, text: str) -> None:
        session = self._desk.session
        self.found = find(session.analysis, text, session.path)
        for each in self.found[:MOST]:
            item = QListWidgetItem(each.path)
            item.setData(_FOUND, each)
            item.setToolTip(" · ".join(part for part in (each.path, each.type, each.matched, each.shape) if part))
            self.list.addItem(item)
        self.noted = find_noted(session.diagram, text)
        for noted in self.noted[:MOST]:
            kind = tr("note") if noted.mark.kind == "note" else tr("frame")
            item = QListWidgetItem(noted.line)
            item.setData(_FOUND, Found(noted.line or kind, kind, "", noted.scope, 0))
            item.setData(_NOTED, noted)
            item.setToolTip(plain(noted.line))
            self.list.addItem(item)
        here = len(list(self.here()))
        self.foot.setText(self._count(len(self.found), here))
        self.foot.setVisible(bool(self.found or self.noted))

    def _count(self, count: int, here: int) -> str:
        found = tr_many("{count} block", "{count:,} blocks", count)
        if self.noted:
            found += f" · {tr_many('{count} note or frame', '{count} notes and frames', len(self.noted))}"
        go = tr("Enter: go there")
        return f"{found} · {go}" + (
            f" · {tr('Shift+Enter: select the {count} on this level', count=here)}" * bool(here)
        )

    def here(self) -> Iterable[str]:
        """Names of what was found on the level in view."""
        session = self._desk.session
        prefix = f"{session.path}." if session.path else ""
        for each in self.found:
            name = each.path.removeprefix(prefix)
            if each.path.startswith(prefix) and name in session.definition.graph:
                yield name

    def key(self, event: QKeyEvent) -> bool:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            names = tuple(self.here())
            self.put_away()
            self._desk.commands.run("select.blocks", names)
            return True
        return super().key(event)
