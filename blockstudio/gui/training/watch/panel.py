"""*Watch*: what the cards can show of the run, with its range over the network, and how measuring goes."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis.costs import COSTS
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.parts import link_button, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.gui.training.run_control import RunControl
from blockstudio.gui.training.watch.trained import Trained
from blockstudio.gui.training.watch.watchable import WATCHABLE, number, rough

ROW = 26
NAME, RANGE, HEAD = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
RATES = (0, 1, 10, 50, 200)
"""Steps between two measurements that can be chosen; 0: as often as costs little."""


class _Rows(QStyledItemDelegate):
    """A title at the left, the range of values at the right."""

    def __init__(self, of: _List) -> None:
        super().__init__(of)
        self._list = of

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, ROW + 6 if index.data(HEAD) else ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours, rect = theme(), option.rect
        title, values = str(index.data(Qt.ItemDataRole.DisplayRole)), str(index.data(RANGE) or "")
        if index.data(HEAD):
            painter.setFont(font(11, bold=True))
            painter.setPen(colours.secondary)
            painter.drawText(rect.adjusted(12, 8, -8, 0), Qt.AlignmentFlag.AlignVCenter, title)
            return
        of = self._list
        chosen = index.data(NAME) == of.chosen
        if chosen or (of.currentIndex() == index and of.hasFocus()):
            painter.fillRect(rect.adjusted(6, 0, -6, 0), colours.selected if chosen else colours.field)
        painter.setFont(font(11))
        painter.setPen(colours.text if chosen else colours.secondary)
        wide = painter.fontMetrics().horizontalAdvance(values)
        room = rect.width() - 28 - wide - 6
        painter.drawText(rect.adjusted(14, 0, -14, 0),
                         Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, values)  # fmt: skip
        painter.setFont(font(12, bold=chosen))
        painter.setPen(colours.text)
        title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(rect.adjusted(14, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, title)


class _List(QListWidget):
    def __init__(self) -> None:
        super().__init__()
        self.chosen = ""
        self.setAccessibleName(tr("Cards show"))
        self.setItemDelegate(_Rows(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class WatchPanel(QWidget):
    """The list, and below it the rate."""

    def __init__(self, desk: Desk, trainer: RunControl, trained: Trained) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._desk, self._session, self._trainer, self._trained = desk, desk.session, trainer, trained
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(4)
        self.list = _List()
        column.addWidget(self.list, 1)
        self.rate = Chip(tr("How often blocks are measured"), self._fill_rates)
        self.cost = QLabel()
        self.cost.setFont(font(12, bold=True))
        title = QLabel(tr("Measuring"))
        title.setProperty("role", "heading")
        self.about = quiet()
        self.open = link_button(tr("Open its network"))
        desk.commands.bind(self.open, "run.diagram")
        self._measuring = QWidget()
        below = QVBoxLayout(self._measuring)
        below.setContentsMargins(14, 0, 14, 0)
        below.setSpacing(4)
        below.addWidget(title)
        for name, widget in ((tr("every"), self.rate), (tr("costs"), self.cost)):
            line = QHBoxLayout()
            label = QLabel(name)
            label.setProperty("role", "label")
            line.addWidget(label)
            line.addStretch(1)
            line.addWidget(widget)
            below.addLayout(line)
        below.addWidget(self.about)
        below.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._measuring)
        self._items: dict[str, QListWidgetItem] = {}
        self._fill()
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self._session.metric_changed.connect(self.refresh)
        notifier.changed.connect(self.refresh)
        self.refresh()

    def _fill(self) -> None:
        self._add("", tr("Cards show"), head=True)
        for each in WATCHABLE:
            self._add(each.name, tr(each.title)).setToolTip(tr(each.about))
        self._add("", tr("Cost"), head=True)
        for name in COSTS:
            self._add(name, self._session.measures[name].title)
        self._add("none", tr("none"))

    def _add(self, name: str, title: str, head: bool = False) -> QListWidgetItem:
        item = QListWidgetItem(title)
        item.setData(NAME, name)
        item.setData(HEAD, head)
        if head:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.addItem(item)
        self._items[name or title] = item
        return item

    def _choose(self, item: QListWidgetItem) -> None:
        name = str(item.data(NAME))
        if name:
            self._session.heat = "" if name == "none" else name

    def refresh(self) -> None:
        """Show what is known now."""
        self.list.chosen = self._session.heat or "none"
        history = self._trained.blocks
        for each in WATCHABLE:
            values = history.latest(each.figure) if history is not None else {}
            known = [values[path] for path in history.order(each.figure)] if history is not None else []
            known = [value for value in known if value or not each.log]
            text = rough if each.text is number else each.text
            low, high = (text(min(known)), text(max(known))) if known else ("", "")
            self._items[each.name].setData(RANGE, low if low == high else f"{low} … {high}")
        self.list.viewport().update()
        watched = self._desk.watched
        self._measuring.setVisible(watched.run is not None)
        measured = watched.blocks
        every = measured.every if measured is not None else -1
        self.rate.set_text(rate_text(every))
        self.rate.setEnabled(self._trainer.state in ("running", "paused"))
        self.cost.setText(f"{100 * measured.cost:.1f} %" if measured is not None and len(measured) else "–")
        strange = watched.run is not None and self._trained.diagram is not None and not self._trained.fits
        self.about.setText(tr("The drawing in view is not the network of this run.") if strange else "")
        for widget in (self.about, self.open):
            widget.setVisible(strange)

    def _fill_rates(self, menu: QMenu) -> None:
        for every in (-1, *RATES):
            self._desk.commands.offer(menu, "watch.rate", every, rate_text(every))


def rate_text(every: int) -> str:
    """``10 steps``; as often as costs little; never."""
    if every < 0:
        return tr("never")
    return tr("by its cost") if every == 0 else tr("{count} steps", count=every) if every > 1 else tr("each step")
