"""What two runs do not have in common: the blocks as a chain of small cards, and rows of fields and figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QMenu, QScrollArea, QToolButton, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import section_title
from blockstudio.gui.kit.parts import Flush, clear, quiet
from blockstudio.gui.kit.text import plain, tr, tr_many
from blockstudio.gui.kit.theme import font, mix, notifier, theme
from blockstudio.gui.work.worker import Work
from blockstudio.runs.differences import GROUPS, Card, Difference, Row, difference
from blockstudio.runs.rows import Listed

CARD_H, ROW = 20, 25
MOST_CARDS = 120

OF_RUNS = "experiment.of_runs"


class CardChain(QWidget):
    """Small cards: added ones are green with a +, removed crimson with a −, changed ones blue."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[Card] = []
        self.setAccessibleName(tr("Blocks of both networks"))
        notifier.changed.connect(self.update)

    def show_cards(self, cards: Sequence[Card]) -> None:
        self.cards = list(cards[:MOST_CARDS])
        told = [f"{card.name} {card.status}" for card in self.cards if card.status != "same"]
        self.setAccessibleDescription(", ".join(told))
        self.setFixedSize(self._width(), 44)
        self.update()

    def _sizes(self) -> list[int]:
        metrics = self.fontMetrics()
        return [metrics.horizontalAdvance(card.name) + 16 for card in self.cards]

    def _width(self) -> int:
        return sum(self._sizes()) + 7 * len(self.cards) + 4

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        x = 1.0
        signs = {"added": ("+", colours.good), "removed": ("−", colours.problem), "changed": ("", colours.accent)}
        for index, (card, width) in enumerate(zip(self.cards, self._sizes(), strict=True)):
            box = QRectF(x, 20, width, CARD_H)
            sign, colour = signs.get(card.status, ("", colours.hairline))
            fill = colours.panel if card.status == "same" else mix(colours.panel, colour, 0.1)
            painter.setPen(QPen(colour, 1))
            painter.setBrush(fill)
            painter.drawRoundedRect(box, 4, 4)
            painter.fillRect(QRectF(x + 0.5, 22, 3, CARD_H - 4), colours.family(card.family))
            painter.setPen(colours.text)
            text = QRectF(x + 5, 20, width - 6, CARD_H)
            painter.drawText(text, Qt.AlignmentFlag.AlignCenter, card.name)
            if card.status == "removed":
                painter.setPen(QPen(colours.problem, 1))
                painter.drawLine(QPointF(x + 7, 30), QPointF(x + width - 3, 30))
            if sign:
                painter.setPen(colour)
                painter.setFont(font(12, bold=True))
                painter.drawText(QRectF(x, 0, width, 18), Qt.AlignmentFlag.AlignCenter, sign)
                painter.setFont(font(11))
            if index + 1 < len(self.cards):
                painter.setPen(QPen(colours.wire, 1))
                painter.drawLine(QPointF(x + width, 30), QPointF(x + width + 7, 30))
            x += width + 7


class _Rows(QWidget):
    """Rows in groups: title, value of the first, value of the second in bold, and the change."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str, str, str, str, bool]] = []
        """(title, first, second, change, kind, worse); kind is "head" for a group's heading."""
        notifier.changed.connect(self.update)

    def show_lines(self, lines: Sequence[tuple[str, str, str, str, str, bool]]) -> None:
        self.lines = list(lines)
        self.setFixedHeight(ROW * len(self.lines) + 2)
        self.setAccessibleDescription("\n".join(" ".join(filter(None, line[:4])) for line in self.lines))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, ROW * len(self.lines) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours, width = QPainter(self), theme(), self.width()
        edges = (0.0, 0.30 * width, 0.54 * width, 0.76 * width, float(width))
        for row, (title, first, second, change, kind, worse) in enumerate(self.lines):
            top = row * ROW
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(0, top + ROW - 0.5), QPointF(width, top + ROW - 0.5))
            flags = Qt.AlignmentFlag.AlignVCenter
            right = flags | Qt.AlignmentFlag.AlignRight
            painter.setFont(font(11 if kind == "head" else 12))
            painter.setPen(colours.secondary if kind == "head" else colours.text)
            self._text(painter, QRectF(0, top, (edges[4] if kind == "head" else edges[1]) - 4, ROW), flags, title)
            if kind == "head":
                self._text(
                    painter, QRectF(edges[1], top, width - edges[1], ROW), flags | Qt.AlignmentFlag.AlignRight, change
                )
                continue
            right = flags | Qt.AlignmentFlag.AlignRight
            painter.setPen(colours.secondary)
            self._text(painter, QRectF(edges[1], top, edges[2] - edges[1] - 8, ROW), right, first or "–")
            painter.setPen(colours.text)
            painter.setFont(font(12, bold=True))
            self._text(painter, QRectF(edges[2], top, edges[3] - edges[2] - 8, ROW), right, second or "–")
            painter.setFont(font(12))
            painter.setPen(colours.problem if worse else colours.text)
            self._text(painter, QRectF(edges[3], top, edges[4] - edges[3], ROW), right, change)

    def _text(self, painter: QPainter, rect: QRectF, flags: Qt.AlignmentFlag, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(rect.width()))
        painter.drawText(rect, flags, shown)


def _dot(colour: QColor) -> QIcon:
    pixmap = QPixmap(20, 20)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QRectF(1, 1, 8, 8))
    painter.end()
    return QIcon(pixmap)


class DifferencePanel(QWidget):
    """Two of the marked runs, and what is not the same in them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._work = Work(self)
        self._rows: list[Listed] = []
        self._names: list[str] = []
        self._colours: list[QColor] = []
        self.pair: tuple[Listed, Listed] | None = None
        self.found: Difference | None = None
        self._key: object = None
        self.all_fields = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.pickers = [
            Chip(tr("First run"), lambda m: self._fill(m, 0)),
            Chip(tr("Second run"), lambda m: self._fill(m, 1)),
        ]
        self.turn = QToolButton()
        self.turn.setText("⇄")
        self.turn.setToolTip(tr("The other way round"))
        self.turn.setAccessibleName(self.turn.toolTip())
        self.turn.clicked.connect(self._turn)
        column.addWidget(section_title(tr("What differs")))
        for widget in (self.pickers[0], self.turn, self.pickers[1]):
            head.addWidget(widget)
        head.addStretch(1)
        column.addLayout(head)
        self.sentence = quiet()
        column.addWidget(self.sentence)
        area, holder = QScrollArea(), QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.setSpacing(4)
        self.chain, self.table = CardChain(), _Rows()
        chain = QScrollArea()
        chain.setWidget(self.chain)
        chain.setFrameShape(QScrollArea.Shape.NoFrame)
        chain.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        chain.setFixedHeight(58)
        self._chain_area = chain
        inner.addWidget(chain)
        inner.addWidget(self.table)
        self.links = QVBoxLayout()
        self.links.setSpacing(0)
        inner.addLayout(self.links)
        inner.addStretch(1)
        area.setWidget(holder)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area = area
        column.addWidget(area, 1000)
        column.addStretch(1)  # without a pair the sentence stays under its title
        self._show()

    def show_rows(self, rows: Sequence[Listed], names: Sequence[str], colours: Sequence[QColor]) -> None:
        """The runs that are marked now; two of them are compared."""
        before = self.pair
        self._rows, self._names, self._colours = list(rows), list(names), list(colours)
        if before is None or any(row not in self._rows for row in before):
            self.pair = (self._rows[0], self._rows[1]) if len(self._rows) > 1 else None
        self._compare()

    def _compare(self) -> None:
        pair = self.pair
        key = None if pair is None else tuple((row.directory, row.version) for row in pair)
        if key == self._key:
            self._show()
            return
        self._key = key
        if pair is None:
            self._work.cancel()
            self.found = None
        else:
            self._work.run(lambda: difference(*pair), self._took, self._failed)
        self._show()

    def _took(self, found: Difference) -> None:
        self.found = found
        self._show()

    def _failed(self, error: StudioError | OSError) -> None:
        self.found = None
        self._area.hide()
        self.sentence.setText(str(error))
        self.sentence.show()

    def _turn(self) -> None:
        if self.pair is not None:
            self.pair = (self.pair[1], self.pair[0])
            self._compare()

    def _fill(self, menu: QMenu, place: int) -> None:
        if self.pair is None:
            return
        for row, name in zip(self._rows, self._names, strict=True):
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(self.pair[place] is row)
            action.triggered.connect(lambda _=False, row=row: self._pick(row, place))

    def _pick(self, row: Listed, place: int) -> None:
        if self.pair is None:
            return
        other = self.pair[1 - place]
        if row is other:
            self._turn()
            return
        self.pair = (row, other) if place == 0 else (other, row)
        self._compare()

    def _show(self) -> None:
        pair = self.pair
        for widget in (*self.pickers, self.turn, self._area):
            widget.setVisible(pair is not None)
        self.sentence.setVisible(pair is None or bool(self.found and self.found.trouble))
        if pair is None:
            self.sentence.setText(tr("Mark two runs to see what differs in recipe and diagram."))
            return
        for chip, row in zip(self.pickers, pair, strict=True):
            name = self._names[self._rows.index(row)]
            chip.set_text(chip.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 150))
            chip.setToolTip(plain(name))
            chip.setIcon(_dot(self._colours[self._rows.index(row)]))
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if self.found is None:
            return
        found = self.found
        self.sentence.setText(found.trouble)
        self.chain.show_cards(found.cards)
        self._chain_area.setVisible(bool(found.cards))
        self.table.show_lines(self._lines(found))
        clear(self.links)
        commands = self._desk.commands
        equal = tr("Hide equal fields") if self.all_fields else tr("Show equal fields")
        links = [
            commands.link(tr("Open both diagrams"), "runs.diagrams", list(pair)),
            commands.link(tr("Take the second recipe"), "runs.take_recipe", pair[1]),
            commands.link(equal, "runs.equal_fields", self),
        ]
        if OF_RUNS in commands.declared:  # experiments are another feature's
            links.append(commands.link(tr("Make an experiment of them…"), OF_RUNS, list(self._rows)))
        for first in range(0, len(links), 2):  # in one row they are wider than the panel in a small window
            line = Flush()
            for each in links[first : first + 2]:
                line.addWidget(each)
            line.addStretch(1)
            self.links.addLayout(line)

    def show_equal(self) -> None:
        """Show what both have alike, or hide it again."""
        self.all_fields = not self.all_fields
        self._show()

    def _lines(self, found: Difference) -> list[tuple[str, str, str, str, str, bool]]:
        lines: list[tuple[str, str, str, str, str, bool]] = []
        for group, title in enumerate(GROUPS):
            rows = [row for row in found.rows if row.group == group]
            equal = [row for row in found.equal if row.group == group]
            if not rows and not equal:
                continue
            lines.append((tr(title), "", "", self._count(group, found, len(rows), len(equal)), "head", False))
            shown: list[Row] = rows + (equal if self.all_fields else [])
            lines += [(row.title, row.first, row.second, row.change, "", row.worse) for row in shown]
        return lines

    def _count(self, group: int, found: Difference, different: int, equal: int) -> str:
        if group == 1 and found.cards:
            added, removed, changed, same = found.blocks
            parts = [
                tr("{count} more", count=added) if added else "",
                tr("{count} fewer", count=removed) if removed else "",
                tr("{count} changed", count=changed) if changed else "",
                tr_many("{count} block the same", "{count} blocks the same", same),
            ]
            return ", ".join(filter(None, parts))
        if group == 3 and not different:
            return tr("the same")
        if group == 2:
            return ""
        return tr_many("{count} other field is equal", "{count} other fields are equal", equal) if equal else ""

    def stop(self) -> None:
        """The window closes."""
        self._work.cancel()
