"""The table: a row a run, marks for those whose curves are shown, tags, and fields that can be written into."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.gui.runs.store import RunStore
from blockstudio.runs.columns import NEVER, STATUS, Column, differing, names_of, value_text
from blockstudio.runs.label import tags_of
from blockstudio.runs.rows import Listed

Index: TypeAlias = QModelIndex | QPersistentModelIndex
HEAD, ROW, MARK = 26, 28, 28
MOST = 6
"""Runs whose curves are shown at once."""
DIFFERS = "differs"
WIDTHS = {
    "run": 236, "network": 130, DIFFERS: 208, "data": 118, "best": 70, "test": 96, "steps to 80 %": 96, "images/s": 84,
    "seconds": 76, "tags": 150, "note": 220,
}  # fmt: skip
GIVES = {"note": 90, "run": 170, DIFFERS: 130, "tags": 100, "data": 96, "network": 110}
"""Columns that become narrower where the window is, to this at least, in this order."""
CUT = ("network", DIFFERS, "data")
"""Columns whose text may be cut: the tip has all of it."""


class RunsModel(QAbstractTableModel):
    """Rows as they are filtered and sorted, columns as they are chosen. The first column is the mark."""

    def __init__(self, store: RunStore) -> None:
        super().__init__(store)
        self._store = store
        self.rows: list[Listed] = []
        self.columns: list[Column] = []
        self.marked: list[Path] = []
        self._naming: list[Column] = []
        self._versions: list[int] = []
        self._named: tuple[frozenset[str], frozenset[Path]] = (frozenset(), frozenset())
        self._apart: dict[Path, str] = {}
        """What differs, of each run; emptied when one of them has changed."""
        self._texts: dict[tuple[Path, int, str], str] = {}

    def show_rows(self, rows: Sequence[Listed], columns: Sequence[Column]) -> None:
        """Show other rows; where only figures changed nothing moves."""
        if [row.directory for row in rows] == [row.directory for row in self.rows] and list(columns) == self.columns:
            self.rows = list(rows)
            versions = [row.version for row in rows]
            if versions != self._versions:
                self._versions = versions
                self._apart.clear()
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(columns)))
            return
        self.beginResetModel()
        self.rows, self.columns, self._versions = list(rows), list(columns), [row.version for row in rows]
        self._apart.clear()
        beside, listed = frozenset(column.key for column in columns), frozenset(row.directory for row in rows)
        if (beside, listed) != self._named:
            self._named = beside, listed
            self._naming = differing(self.rows, beside)
        self.endResetModel()

    def colour_of(self, row: Listed) -> QColor | None:
        """The colour of a run's curves; ``None`` if they are not shown."""
        if row.directory not in self.marked:
            return None
        return theme().series[self.marked.index(row.directory) % len(theme().series)]

    def text(self, row: Listed, column: Column) -> str:
        """What stands in a cell."""
        if column.key == DIFFERS:
            if not self._apart:
                names = names_of(self.rows, self._naming)
                self._apart = {row.directory: name for row, name in zip(self.rows, names, strict=True)}
            return self._apart.get(row.directory, "")
        key = (row.directory, row.version, column.key)
        if key not in self._texts:
            value = column.value(row)
            never = isinstance(value, float) and value == float("inf")
            self._texts[key] = tr(NEVER) if never else value_text(value, column.kind)
        return self._texts[key]

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            why = row.trouble or (tr(row.state.message) if row.state.status in ("failed", "lost") else "")
            column = self.columns[index.column() - 1] if index.column() else None
            cut = self.text(row, column) if column is not None and column.key in CUT else ""
            return plain("\n".join(filter(None, [cut, str(row.directory), why, row.label.note])))
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0:
            return None
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return tr("curves shown") if row.directory in self.marked else tr("curves not shown")
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) and index.column():
            column = self.columns[index.column() - 1]
            if role == Qt.ItemDataRole.EditRole and column.key == "tags":
                return ", ".join(row.label.tags)
            if role == Qt.ItemDataRole.EditRole and column.key == "run":
                return row.label.name or row.run.name
            return self.text(row, column)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section == 0:
            return None
        column = self.columns[section - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(column.title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() and self.columns[index.column() - 1].key in ("run", "tags", "note"):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, key = self.rows[index.row()], self.columns[index.column() - 1].key
        text = str(value).strip()
        if key == "tags":
            label = msgspec.structs.replace(row.label, tags=tags_of(text))
        elif key == "note":
            label = msgspec.structs.replace(row.label, note=text)
        else:
            label = msgspec.structs.replace(row.label, name="" if text == row.run.name else text)
        return label == row.label or self._store.write(row, label)


class _Cells(QStyledItemDelegate):
    """Paints a cell by what its column holds."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model, view = index.model(), option.widget
        assert isinstance(model, RunsModel) and isinstance(view, RunsView)
        row, colours, rect = model.rows[index.row()], theme(), QRectF(option.rect)
        painter.save()
        marked = row.directory in model.marked
        if marked:
            painter.fillRect(rect, colours.selected)
        elif view.hovered == index.row():
            painter.fillRect(rect, colours.field)
        elif option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, colours.panel)  # the row with the keyboard has lines; blue are those that are marked
        if option.state & QStyle.StateFlag.State_Selected and view.hasFocus():
            painter.setPen(QPen(colours.accent, 1))
            painter.drawLine(rect.topLeft() + QPointF(0, 0.5), rect.topRight() + QPointF(1, 0.5))
            painter.drawLine(rect.bottomLeft() + QPointF(0, -0.5), rect.bottomRight() + QPointF(1, -0.5))
        if index.column() == 0:
            self._mark(painter, rect, model.colour_of(row))
        else:
            self._cell(painter, rect.adjusted(8, 0, -8, 0), model, row, model.columns[index.column() - 1], marked)
        painter.restore()

    def _mark(self, painter: QPainter, rect: QRectF, colour: QColor | None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour or theme().secondary, 1.2))
        painter.setBrush(colour or Qt.GlobalColor.transparent)
        painter.drawEllipse(rect.center() + QPointF(0.5, 0.5), 4.5, 4.5)

    def _cell(
        self, painter: QPainter, rect: QRectF, model: RunsModel, row: Listed, column: Column, marked: bool
    ) -> None:
        colours, text = theme(), model.text(row, column)
        painter.setPen(colours.text)
        painter.setFont(font(12))
        if column.key == "run":
            self._name(painter, rect, row)
            return
        if column.key == "tags":
            self._tags(painter, rect, row.label.tags, marked)
            return
        if column.key == "test":
            status = row.state.status
            if status in ("running", "paused") and row.test is None:
                self._progress(painter, rect, row)
                return
            if row.test is None:
                text = tr("diverged") if row.diverged else tr(STATUS[status])
                painter.setPen(colours.problem if status in ("failed", "lost") else colours.secondary)
            else:
                painter.setFont(font(12, bold=True))
                painter.setPen(colours.secondary if row.at_chance else colours.good)
        elif column.key == "note" or text == tr(NEVER):
            painter.setPen(colours.secondary)
        if text:
            painter.drawText(rect, _SIDES[column.right], _fitted(text, painter.font().bold(), int(rect.width())))

    def _name(self, painter: QPainter, rect: QRectF, row: Listed) -> None:
        name, made = name_and_time(row.run.name)
        if row.label.name:
            name = row.label.name
        painter.setFont(font(12, bold=True))
        metrics = painter.fontMetrics()
        shown = _fitted(name, True, int(rect.width()))
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, shown)
        room = rect.adjusted(metrics.horizontalAdvance(shown) + 8, 0, 0, 0)
        painter.setFont(font(11))
        if made and painter.fontMetrics().horizontalAdvance(made) <= room.width():
            painter.setPen(theme().secondary)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, made)

    def _tags(self, painter: QPainter, rect: QRectF, tags: Sequence[str], marked: bool) -> None:
        if not tags:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        metrics, x = painter.fontMetrics(), rect.left()
        for tag in tags:
            width = metrics.horizontalAdvance(tag) + 12
            if x + width > rect.right():
                painter.setPen(theme().secondary)
                painter.drawText(
                    QRectF(x, rect.top(), rect.right() - x, rect.height()), Qt.AlignmentFlag.AlignVCenter, "…"
                )
                return
            box = QRectF(x, rect.center().y() - 9, width, 18)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().panel if marked else theme().field)
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(theme().text)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tag)
            x += width + 4

    def _progress(self, painter: QPainter, rect: QRectF, row: Listed) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, text = theme(), f"{100 * row.share:.0f} %"
        painter.setFont(font(12))
        painter.setPen(colours.link)
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        bar = QRectF(rect.left(), rect.center().y() - 3, max(0.0, rect.width() - 42), 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.track)
        painter.drawRoundedRect(bar, 3, 3)
        painter.setBrush(colours.accent)
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * row.share, 6), 3, 3)


_SIDES = {
    right: Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
    for right in (True, False)
}


@lru_cache(8192)
def _fitted(text: str, bold: bool, width: int) -> str:
    """A text of 12 pixels with an end that fits; fitting takes longer than painting."""
    return QFontMetrics(font(12, bold=bold)).elidedText(text, Qt.TextElideMode.ElideRight, width)


class RunsView(QTableView):
    """Space or the circle marks a run, Enter or a double click opens its results, F2, tags and notes write."""

    marked = Signal(object)
    """The `Listed` whose mark was pressed."""
    opened = Signal(object)
    deleted = Signal(object)
    sorted_by = Signal(str)
    """A heading was clicked: the column's key."""
    left = Signal()

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self.runs = model
        self.hovered = -1
        self._fitted_to = 0
        self.setModel(model)
        self.setItemDelegate(_Cells(self))
        self.setAccessibleName(tr("Runs"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(ROW)
        rows.setDefaultSectionSize(ROW)
        head = self.horizontalHeader()
        head.setFixedHeight(HEAD)
        head.setHighlightSections(False)
        head.setSectionsClickable(True)
        head.setMinimumSectionSize(MARK)
        head.setStretchLastSection(True)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.sectionClicked.connect(
            lambda section: self.sorted_by.emit(model.columns[section - 1].key) if section else None
        )
        model.modelReset.connect(self._fit)
        notifier.changed.connect(self.viewport().update)

    def _fit(self) -> None:
        """All columns in view, where some can give what is too much."""
        self._fitted_to = self.viewport().width()
        self.setColumnWidth(0, MARK)
        columns = self.runs.columns
        titles = [self.fontMetrics().horizontalAdvance(tr(column.title)) + 24 for column in columns]
        widths = [max(WIDTHS.get(column.key, 90), title) for column, title in zip(columns, titles, strict=True)]
        excess = MARK + sum(widths) - self._fitted_to
        for key, least in GIVES.items():
            for place, column in enumerate(columns):
                if column.key == key and excess > 0:
                    given = min(excess, max(0, widths[place] - max(least, titles[place])))
                    widths[place] -= given
                    excess -= given
        for section, width in enumerate(widths, start=1):
            self.setColumnWidth(section, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.viewport().width() != self._fitted_to:
            self._fit()

    @property
    def current(self) -> Listed | None:
        """The row with the keyboard."""
        at = self.currentIndex().row()
        return self.runs.rows[at] if 0 <= at < len(self.runs.rows) else None

    def go_to(self, row: Listed | None) -> None:
        """Make a row the current one, if it is there."""
        if row in self.runs.rows:
            self.setCurrentIndex(self.runs.index(self.runs.rows.index(row), 1))

    def write(self, key: str) -> None:
        """Write into a cell of the current row."""
        keys = [column.key for column in self.runs.columns]
        if self.current is not None and key in keys:
            self.edit(self.runs.index(self.currentIndex().row(), keys.index(key) + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setPen(QPen(theme().hairline, 1))
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        for row in range(max(first, 0), (last if last >= 0 else len(self.runs.rows) - 1) + 1):
            y = self.rowViewportPosition(row) + ROW - 1
            painter.drawLine(0, y, self.viewport().width(), y)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        super().mousePressEvent(event)
        if index.isValid() and index.column() == 0 and event.button() == Qt.MouseButton.LeftButton:
            self.marked.emit(self.runs.rows[index.row()])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or index.column() == 0:
            return
        if self.runs.columns[index.column() - 1].key in ("tags", "note"):
            self.edit(index)
        else:
            self.opened.emit(self.runs.rows[index.row()])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self.hovered:
            self.hovered = row
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.current
        writing = self.state() is QAbstractItemView.State.EditingState  # a key that the field has done with comes here
        if event.key() == Qt.Key.Key_Escape and not writing:
            self.left.emit()
        elif row is None or writing:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Space:
            self.marked.emit(row)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(row)
        elif event.key() == Qt.Key.Key_F2:
            self.write("run")
        elif event.key() == Qt.Key.Key_Delete:
            self.deleted.emit(row)
        else:
            super().keyPressEvent(event)


def differs_column() -> Column:
    """What is not the same in all rows that are listed, in words."""
    return Column(DIFFERS, tr("what differs"), "text", lambda row: row.run.name)
