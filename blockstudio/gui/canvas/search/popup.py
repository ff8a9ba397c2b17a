"""The search as it opens on the drawing: 400 wide, under the ghost of what is chosen."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis.offers import Offer, Offers
from blockstudio.gui.canvas.search.rows import OFFER, ROW, Rows, height
from blockstudio.gui.kit.parts import link_button
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, theme

WIDTH, HEAD, FOOT, GAP = 400, 34, 23, 6
"""Sizes in pixels."""
MOST, LEAST = 11, 4
"""So many rows are in view at a time, and at least, where there is little room."""
FEWEST = HEAD + LEAST * ROW + FOOT + 9
RADIUS = 8


class Search(Protocol):
    """What is asked while one types."""

    def found(self, text: str) -> Offers: ...

    def target(self) -> str: ...

    def act(self) -> str: ...

    @property
    def can_branch(self) -> bool: ...

    def branch(self) -> None: ...

    def show(self, offer: Offer | None) -> None: ...


class SearchPopup(QFrame):
    """A line to type in, what was found, and the keys. `chosen`: put in what is shown; `left`: let go of it."""

    chosen = Signal()
    left = Signal()
    browse = Signal()
    """All blocks are wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("blocksearch")
        self.setAccessibleName(tr("Search blocks to add"))
        self.setFixedWidth(WIDTH)
        self._search: Search | None = None
        self._anchor = QRect()
        self._under = True
        """It stands under what is chosen, not over it."""
        self._room = QRect()
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.line = QLineEdit()
        self.line.setObjectName("blocksearchline")
        self.line.setFrame(False)
        self.line.setFixedHeight(HEAD - 1)
        self.line.setAccessibleName(tr("Name, alias or paper term"))
        self.line.setPlaceholderText(tr("Block, 1×1, bottleneck, 3 3 64 …"))
        self.line.setStyleSheet("QLineEdit { border: none; background: transparent; padding: 0 0 0 4px; }")
        self.about = QLabel()
        head = QHBoxLayout()
        head.setContentsMargins(30, 0, 12, 0)
        head.addWidget(self.line, 1)
        head.addWidget(self.about)
        column.addLayout(head)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName(tr("Blocks found"))
        self.list.setItemDelegate(Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self.list.setStyleSheet("QListWidget { background: transparent; }")
        self.list.viewport().setAutoFillBackground(False)
        column.addSpacing(5)
        column.addWidget(self.list)
        column.addWidget(self._nothing())
        column.addSpacing(4)
        self.foot = QLabel()
        self.foot.setTextFormat(Qt.TextFormat.RichText)
        self.foot.setFixedHeight(FOOT)
        self.foot.setContentsMargins(12, 0, 12, 0)
        column.addWidget(self.foot)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(20)
        shadow.setOffset(0, 6)
        shadow.setColor(QColor(27, 33, 40, 40))
        self.setGraphicsEffect(shadow)
        self.line.textChanged.connect(self._fill)
        self.line.installEventFilter(self)
        self.list.currentItemChanged.connect(lambda *_: self._show())
        self.list.itemClicked.connect(lambda _: self._choose())
        self.hide()

    def _nothing(self) -> QWidget:
        """What stands there where nothing was found."""
        self.nothing = QWidget()
        self.nothing.setFixedHeight(64)
        column = QVBoxLayout(self.nothing)
        column.setContentsMargins(14, 6, 14, 6)
        self.sorry = QLabel()
        self.sorry.setWordWrap(True)
        column.addWidget(self.sorry)
        self.ways = QHBoxLayout()
        self.ways.setSpacing(14)
        column.addLayout(self.ways)
        return self.nothing

    # Open and shut

    def open(self, search: Search, anchor: QRectF, room: QRect) -> None:
        """Open under ``anchor``, inside ``room`` (pixels of the parent)."""
        self._search, self._room = search, room
        self._anchor = anchor.toAlignedRect()
        for label in (self.about, self.foot):
            label.setStyleSheet(f"color: {theme().secondary.name()}; background: transparent;")
        self.sorry.setStyleSheet(f"color: {theme().text.name()};")
        self.sorry.setFont(font(12))
        self.about.setFont(font(11))
        self.line.setFont(font(13))
        self.foot.setFont(font(11))
        self._under = self._below >= FEWEST or self._below >= self._above
        self.line.clear()
        self._fill("")
        self._stand()
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def _stand(self) -> None:
        """Under what is chosen, or over it: that is to be seen. The line stays where it is while one types."""
        room, anchor, high = self._room, self._anchor, self.height()
        top = anchor.bottom() + 1 + GAP if self._under else anchor.top() - GAP - high
        left = min(max(anchor.center().x() - WIDTH // 2, room.left() + 8), room.right() - WIDTH - 8)
        self.move(max(left, room.left()), max(min(top, room.bottom() - high - 8), room.top() + 4))

    @property
    def _above(self) -> int:
        """Pixels of room over what is chosen."""
        return self._anchor.top() - GAP - self._room.top() - 4

    @property
    def _below(self) -> int:
        return self._room.bottom() - self._anchor.bottom() - 1 - GAP - 8

    def shut(self) -> None:
        """Close it; nobody is told."""
        self._search = None
        self.hide()

    # What is found

    def _fill(self, text: str) -> None:
        if self._search is None:
            return
        offers = self._search.found(text)
        self.list.blockSignals(True)
        self.list.clear()
        fitting = [each for each in offers.found if each.fit.fits]
        for index, offer in enumerate(fitting):
            if offers.used and index in (0, offers.used):
                self._head(tr("Used last") if index == 0 else tr("All that fits"))
            self._row(offer)
        others = [each for each in offers.found if not each.fit.fits]
        if others:
            self._head(tr("Does not fit this wire") if self._search.target() else tr("Does not fit here"))
        for offer in others:
            self._row(offer)
        self.list.blockSignals(False)
        self._say(text, offers)
        rows = [height(self.list.item(row)) for row in range(self.list.count())]
        self.list.setVisible(bool(rows))
        self.list.setFixedHeight(0)
        around = self._column.totalSizeHint().height()
        shown = min(len(rows), MOST)
        while shown > LEAST and around + sum(rows[:shown]) > (self._below if self._under else self._above):
            shown -= 1
        self.list.setFixedHeight(sum(rows[:shown]))
        self.setFixedHeight(around + sum(rows[:shown]))
        first = next((row for row in range(self.list.count()) if self._offer(row) is not None), -1)
        self.list.blockSignals(True)
        self.list.setCurrentRow(first)
        self.list.blockSignals(False)
        self._show()

    def _say(self, text: str, offers: Offers) -> None:
        """Where nothing was found: a line, and two ways on."""
        self.nothing.setVisible(not offers.found)
        while self.ways.count():
            item = self.ways.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if offers.found:
            return
        self.sorry.setText(tr("No block, module or paper term like “{0}”.", text.strip()[:60]))
        for word in offers.nearest[:1]:
            button = link_button(tr("Show {0}", word))
            button.clicked.connect(lambda _=False, word=word: self.line.setText(word))
            self.ways.addWidget(button)
        button = link_button(tr("Browse all blocks"))
        button.clicked.connect(self.browse)
        self.ways.addWidget(button)
        self.ways.addStretch(1)

    def _head(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.addItem(item)

    def _row(self, offer: Offer) -> None:
        item = QListWidgetItem(offer.title)
        item.setData(OFFER, offer)
        told = ", ".join(part for part in (offer.title, offer.note, offer.fit.text) if part)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
        item.setToolTip(offer.fit.text if not offer.fit.fits else "")
        self.list.addItem(item)

    def _offer(self, row: int) -> Offer | None:
        item = self.list.item(row)
        found: Offer | None = item.data(OFFER) if item is not None else None
        return found

    def current(self) -> Offer | None:
        """What is chosen."""
        return self._offer(self.list.currentRow())

    def _show(self) -> None:
        search = self._search
        if search is None:
            return
        search.show(self.current())
        told = search.target()
        self.about.setText(told)
        self.about.setVisible(bool(told))
        keys = [("↑ ↓", tr("choose")), ("Enter", search.act()), ("Esc", tr("let go"))]
        if search.can_branch:
            keys.insert(2, ("Shift+Enter", tr("branch off")))
        self.foot.setText(" &nbsp; ".join(f"<b>{key}</b> {what}" for key, what in keys))

    def _choose(self, branch: bool = False) -> None:
        if self._search is None or self.current() is None:
            return
        if branch and self._search.can_branch:
            self._search.branch()
        self.chosen.emit()

    def _step(self, by: int) -> None:
        row = self.list.currentRow() + by
        while 0 <= row < self.list.count():
            if self._offer(row) is not None:
                self.list.setCurrentRow(row)
                return
            row += by

    # Keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and self.isVisible() and not self.isAncestorOf(self._focus()):
            self.left.emit()
        elif event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
                event.accept()
                return True
        elif event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            key = event.key()
            if key == Qt.Key.Key_Escape:
                self.left.emit()
            elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            elif key in (Qt.Key.Key_Down, Qt.Key.Key_Tab):
                self._step(1)
            elif key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab):
                self._step(-1)
            elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
                for _ in range(MOST - 1):
                    self._step(1 if key == Qt.Key.Key_PageDown else -1)
            else:
                return False
            return True
        return False

    def _focus(self) -> QWidget:
        return self.window().focusWidget() or self.window()

    # Look

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours.hairline, 1))
        painter.setBrush(colours.panel)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.drawLine(1, HEAD, self.width() - 2, HEAD)
        painter.drawLine(1, self.height() - FOOT, self.width() - 2, self.height() - FOOT)
        painter.setPen(QPen(colours.secondary, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(13, 11, 9, 9))
        painter.drawLine(21, 19, 24, 22)
        painter.end()
