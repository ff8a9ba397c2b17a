"""A read-only table of a network: cells with a tone and a reason, rows that stand for blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from blockstudio.gui.kit.text import plain
from blockstudio.gui.kit.theme import font, notifier, theme

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
ROW, PAD, WIDEST = 24, 17, 430
BAR, BAR_WIDE, TICK = 5.0, 64, 12.0


class Meter(NamedTuple):
    """A bar in place of text."""

    share: float
    """Of the cell that is filled, from 0 to 1."""
    mark: float
    """Where a tick stands."""
    bad: bool = False


class Cell(NamedTuple):
    """What stands in one place."""

    text: str
    tone: str = ""
    """``misprint``, ``differs``, ``quiet`` or ``total``."""
    tip: str = ""
    meter: Meter | None = None


class Line(NamedTuple):
    """A row and the paths of the blocks that it is about."""

    cells: Sequence[Cell]
    blocks: tuple[str, ...] = ()


class LinesModel(QAbstractTableModel):
    """Shows what it is given; computed columns are tinted."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: Sequence[str] = ()
        self.lines: list[Line] = []
        self.right = ""
        self.computed = 0

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own way to say "none"
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.headings)

    def is_right(self, column: int) -> bool:
        return self.right[column : column + 1] == "r"

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        cell, colours = self.lines[index.row()].cells[index.column()], theme()
        if role == Role.DisplayRole:
            return cell.text
        if role == Role.ToolTipRole:
            return plain(cell.tip) or None
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.is_right(index.column()) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Role.FontRole:
            return font(12, bold=cell.tone in ("misprint", "total"))
        if role == Role.ForegroundRole:
            return _tone(cell.tone)
        if role == Role.BackgroundRole and index.column() >= self.computed:
            return QBrush(colours.field)
        if role == Role.AccessibleDescriptionRole:
            return cell.tip
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return _broken(self.headings[section])
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.is_right(section) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignBottom)
        return None


def _tone(tone: str) -> QColor:
    colours = theme()
    known = {"misprint": colours.warning, "differs": colours.link, "quiet": colours.secondary}
    return known.get(tone, colours.text)


def _broken(heading: str) -> str:
    """A long heading in two lines, broken where they come out most alike."""
    words = heading.split(" ")
    if len(heading) < 9 or len(words) < 2:
        return heading
    ways = [(" ".join(words[:count]), " ".join(words[count:])) for count in range(1, len(words))]
    return "\n".join(min(ways, key=lambda lines: max(map(len, lines))))


class ToneDelegate(QStyledItemDelegate):
    """A selected cell keeps the colour of its text, a tinted one its ground."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        ink = index.data(Role.ForegroundRole)
        if isinstance(ink, QColor):
            option.palette.setColor(QPalette.ColorRole.HighlightedText, ink)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        ground = index.data(Role.BackgroundRole)
        if isinstance(ground, QBrush):
            painter.fillRect(option.rect, ground)
        super().paint(painter, option, index)
        model = index.model()
        meter = model.lines[index.row()].cells[index.column()].meter if isinstance(model, LinesModel) else None
        if meter is not None:
            _paint_meter(painter, QRectF(option.rect).adjusted(PAD / 2, 0, -PAD / 2, 0), meter)


def _paint_meter(painter: QPainter, room: QRectF, meter: Meter) -> None:
    colours, middle = theme(), room.center().y()
    track = QRectF(room.left(), middle - BAR / 2, room.width(), BAR)
    painter.fillRect(track, colours.track)
    track.setWidth(room.width() * min(1.0, max(0.0, meter.share)))
    painter.fillRect(track, colours.problem if meter.bad else colours.accent)
    tick = QRectF(room.left() + room.width() * meter.mark - 0.5, middle - TICK / 2, 1, TICK)
    painter.fillRect(tick, colours.text)


class LinesView(QTableView):
    """Moving to a row, by mouse or keys, tells its blocks."""

    chosen = Signal(object)
    """The `Line` that the user went to."""

    heading_room = 0
    """Pixels that a heading has besides, where there is width enough for all columns."""

    def __init__(self) -> None:
        super().__init__()
        self.table = LinesModel()
        self.setModel(self.table)
        self.setItemDelegate(ToneDelegate(self))
        self.setObjectName("figures")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(ROW)
        self.verticalHeader().setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(36)
        header.viewport().installEventFilter(self)
        self._quiet = False
        self.selectionModel().currentRowChanged.connect(self._on_row)
        notifier.changed.connect(self.viewport().update)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Pressing a heading makes a row the current one: that tells nothing.
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
            self._quiet = event.type() == QEvent.Type.MouseButtonPress
        return False

    def show_lines(self, headings: Sequence[str], lines: list[Line], right: str, computed: int) -> None:
        """Show other rows; ``right`` has an ``r`` for each column set flush right, ``computed`` is the first one that
        is tinted. The current row stays where it was, and nothing is told."""
        table, row, at = self.table, self.currentIndex().row(), self.verticalScrollBar().value()
        same = tuple(headings) == tuple(table.headings)
        self._quiet = True
        table.beginResetModel()
        table.headings, table.lines, table.right, table.computed = headings, lines, right, computed
        table.endResetModel()
        self._fit()
        if same and 0 <= row < len(lines):
            self.setCurrentIndex(table.index(row, 0))
            self.verticalScrollBar().setValue(at)
        self._quiet = False

    def _fit(self) -> None:
        """Columns as wide as what stands in them."""
        metrics, head = QFontMetrics(font(12, bold=True)), QFontMetrics(font(11))
        for column, heading in enumerate(self.table.headings):
            texts = {line.cells[column].text for line in self.table.lines}
            widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            if any(line.cells[column].meter is not None for line in self.table.lines):
                widest = max(widest, BAR_WIDE)
            words = max(head.horizontalAdvance(part) for part in _broken(heading).split("\n"))
            self.setColumnWidth(column, min(WIDEST, max(widest, words + self.heading_room) + PAD))

    @property
    def wanted(self) -> int:
        """The width in which all columns can be seen."""
        return self.horizontalHeader().length() + self.verticalScrollBar().sizeHint().width() + 2

    def mark(self, block: str) -> None:
        """Make the row of a block the current one, without telling."""
        lines = self.table.lines
        row = next((row for row, line in enumerate(lines) if block in line.blocks), None)
        self._quiet = True
        if row is None:
            self.clearSelection()
        elif row != self.currentIndex().row() or not self.selectionModel().hasSelection():
            self.selectRow(row)
        self._quiet = False

    def _on_row(self, current: QModelIndex, before: QModelIndex) -> None:
        if not self._quiet and current.isValid():
            self.chosen.emit(self.table.lines[current.row()])
