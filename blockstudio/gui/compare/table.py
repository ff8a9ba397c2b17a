"""The table of a comparison: a row a network, the columns that the command line prints, sorted by a click."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from blockstudio.gui.compare.networks import ComparedNetwork, ComparedNetworks
from blockstudio.gui.kit.table_view import ToneDelegate
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.report.compare import COLUMNS
from blockstudio.report.profile import Profile

MARK, NAME, FIRST = 0, 1, 2
CROSS = FIRST + len(COLUMNS)
ROW, SHOWN = 29, 12
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CompareModel(QAbstractTableModel):
    """Rows in the order of the comparison or sorted by a column; the texts are those of `COLUMNS`."""

    def __init__(self, comparison: ComparedNetworks) -> None:
        super().__init__(comparison)
        self._comparison = comparison
        self._sorting: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)
        self.entries: list[ComparedNetwork] = []
        self._profiles: list[Profile | None] = []
        self._reference: Profile | None = None
        comparison.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take over what the comparison says now."""
        entries = list(self._comparison.entries)
        found: dict[ComparedNetwork, Profile | None] = {}
        for entry in entries:
            profiles, self._reference = self._comparison.figures([entry])
            found[entry] = profiles[0] if profiles else None
        # Each call names the profiles anew; the reference is told by its entry.
        reference = self._comparison.reference
        self._reference = found.get(reference) if reference is not None else None
        column, order = self._sorting
        if column == NAME:
            entries.sort(key=lambda entry: entry.name.lower(), reverse=order is Qt.SortOrder.DescendingOrder)
        elif FIRST <= column < CROSS and self._reference is not None:
            # What is unknown stays below, whichever way round.
            figure, measure = COLUMNS[column - FIRST].figure, self._reference
            values = {entry: figure(one, measure) or 0 for entry, one in found.items() if one is not None}
            known = sorted(values, key=values.__getitem__, reverse=order is Qt.SortOrder.DescendingOrder)
            entries = known + [entry for entry in entries if entry not in values]
        same = entries == self.entries
        if not same:
            self.beginResetModel()
        self.entries, self._profiles = entries, [found[entry] for entry in entries]
        if not same:
            self.endResetModel()
        elif entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(entries) - 1, CROSS))

    def is_reference(self, row: int) -> bool:
        return self.entries[row] is self._comparison.reference

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own way to say "none"
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else CROSS + 1

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorting = (column, order)
        self.refresh()

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        row, column = index.row(), index.column()
        if role == Role.DisplayRole:
            return self._text(row, column)
        if role == Role.TextAlignmentRole:
            return int(RIGHT if FIRST <= column < CROSS else Qt.AlignmentFlag.AlignVCenter)
        if role == Role.FontRole:
            return font(12, bold=column == NAME)
        if role == Role.ForegroundRole:
            return self._colour(row, column)
        if role == Role.ToolTipRole:
            return plain(self._tip(row, column))
        if role == Role.AccessibleTextRole:
            return self._spoken(row, column)
        return None

    def _text(self, row: int, column: int) -> str:
        if column == MARK:
            return "●" if self.is_reference(row) else "○"
        if column == NAME:
            return self.entries[row].name
        if column == CROSS:
            return "×"
        one = self._profiles[row]
        if one is None:
            return "" if column > FIRST else tr("not known") if self.entries[row].error else "…"
        if self._reference is None:
            return ""
        declared = COLUMNS[column - FIRST]
        return declared.write(declared.figure(one, self._reference))

    def _colour(self, row: int, column: int) -> object:
        colours = theme()
        if column == MARK:
            return colours.accent if self.is_reference(row) else colours.faint
        if column == CROSS:
            return colours.secondary
        one = self._profiles[row]
        if one is not None and not one.sound and column >= FIRST:
            return colours.warning
        quiet = FIRST <= column < CROSS and COLUMNS[column - FIRST].key.endswith("_more")
        return colours.secondary if quiet else colours.text

    def _tip(self, row: int, column: int) -> str:
        entry, one = self.entries[row], self._profiles[row]
        if column == MARK:
            reference = tr("Differences are to this network")
            return reference if self.is_reference(row) else tr("Show differences to this network")
        if column == CROSS:
            return tr("Take {name} out of the comparison").format(name=entry.name)
        if entry.error:
            return entry.error
        if one is not None and not one.sound:
            return tr("This network has errors; the figures are of what is known.")
        return ""

    def _spoken(self, row: int, column: int) -> str:
        if column in (MARK, CROSS):
            return self._tip(row, column)
        return self._text(row, column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        declared = COLUMNS[section - FIRST] if FIRST <= section < CROSS else None
        if role == Role.DisplayRole:
            return tr("network") if section == NAME else tr(declared.title) if declared else ""
        if role == Role.ToolTipRole and declared:
            return tr(declared.help)
        if role == Role.TextAlignmentRole:
            return int(RIGHT if declared else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None


SIGN, LEAST = 29, 96
"""Pixels of the columns of signs, and of names where there is little room."""


class CompareView(QTableView):
    """See the module's text. Space or Enter makes a row the reference, Delete takes it out."""

    open_wanted = Signal(object)
    """An `ComparedNetwork` that was double-clicked."""

    def __init__(self, comparison: ComparedNetworks) -> None:
        super().__init__()
        self._comparison = comparison
        self.table = CompareModel(comparison)
        self.setModel(self.table)
        self.setItemDelegate(ToneDelegate(self))
        self.setAccessibleName(tr("Networks compared"))
        self.setObjectName("figures")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setResizeContentsPrecision(-1)
        header.setMinimumSectionSize(28)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        for signal in (self.table.modelReset, self.table.dataChanged, self.table.layoutChanged):
            signal.connect(self._spread)
        self.table.modelReset.connect(self._fit)
        notifier.changed.connect(self.viewport().update)
        self._fit()

    def _fit(self) -> None:
        """As high as its rows, up to a limit."""
        rows = min(SHOWN, max(1, self.table.rowCount()))
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * ROW + 2)

    def _spread(self, *_: object) -> None:
        """Every figure has the room it needs; what is left goes to all columns alike. Names give way first."""
        header = self.horizontalHeader()
        columns = range(NAME, CROSS)
        needed = {each: max(self.sizeHintForColumn(each), header.sectionSizeHint(each)) + 4 for each in columns}
        left = self.viewport().width() - SIGN * 2 - sum(needed.values())
        needed[NAME] += min(0, max(left, LEAST - needed[NAME]))
        for column in columns:
            self.setColumnWidth(column, needed[column] + max(0, left) // len(needed))
        for column in (MARK, CROSS):
            self.setColumnWidth(column, SIGN)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._spread()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid():
            return
        if index.column() == MARK:
            self._comparison.set_reference(self.table.entries[index.row()])
        elif index.column() == CROSS:
            self._comparison.remove(self.table.entries[index.row()])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and NAME <= index.column() < CROSS:
            self.open_wanted.emit(self.table.entries[index.row()])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._point(event.position().toPoint())

    def _point(self, at: QPoint) -> None:
        acts = self.indexAt(at).column() in (MARK, CROSS)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if acts else Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        # Before the window's own shortcuts: Delete would take a block away that nobody sees.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.key() in _KEYS and 0 <= row < len(self.table.entries):
            entry = self.table.entries[row]
            if event.key() == Qt.Key.Key_Delete:
                self._comparison.remove(entry)
                if self.table.entries:
                    self.setCurrentIndex(self.table.index(min(row, len(self.table.entries) - 1), NAME))
            else:
                self._comparison.set_reference(entry)
            return
        super().keyPressEvent(event)


_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Delete)
