"""A chain of residual units written out: y₃ = y₂ + f₃(y₂), until only the input is left. Each doubles the paths."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.analysis.trunk import Unit
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import FAMILY_COLOURS, font, notifier, theme

MOST = 3
"""Units that are written out."""
ROW, TOP, EDGE, CARD_WIDTH, CARD_HEIGHT, PITCH = 36, 34, 20, 152, 44, 82
BOX, SUM, SQUARE = QSize(54, 26), 7, 11
BITS_AT, TREE_AT, STEP = 250, 372, 160
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"


def chain_of(units: Sequence[Unit]) -> list[Unit]:
    """The last units in a row that are residual and leave the shape as it is, three at most; where there are no two,
    the last residual ones of any shape."""
    best: list[Unit] = []
    run: list[Unit] = []
    for unit in units:
        run = [*run, unit] if unit.residual and unit.source_shape == unit.result_shape else []
        if len(run) >= len(best) or len(run) >= MOST:
            best = run[-MOST:]
    return best if best[1:] else [unit for unit in units if unit.residual][-MOST:]


class TreeView(QWidget):
    """At the left the chain as it is drawn, at the right every path through it. A path under the pointer, or chosen
    with the arrow keys, is lit; so is what it runs through."""

    chosen = Signal(int)
    """A path: bit k is set if it runs through unit k + 1; −1 for none."""

    def __init__(self) -> None:
        super().__init__()
        self.units: list[Unit] = []
        self.lit = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("The paths through three blocks"))
        notifier.changed.connect(self.update)

    def show_units(self, units: Sequence[Unit]) -> None:
        """Another network; without a residual unit there is nothing to be written out."""
        self.units, self.lit = chain_of(units), -1
        high = max(2 ** len(self.units) * ROW, len(self.units) * PITCH + 50)
        self.setFixedHeight(TOP + high + 30 if self.units else 60)
        self.setMinimumWidth(TREE_AT + len(self.units) * STEP + 90)
        self.update()

    def light(self, path: int) -> None:
        """Put a path in front."""
        if path != self.lit:
            self.lit = path
            self.chosen.emit(path)
            self.update()

    def row_at(self, path: int) -> QRectF:
        """Where a path's squares stand."""
        return QRectF(BITS_AT - 8, TOP + path * ROW, TREE_AT - BITS_AT - 8, ROW)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colours.canvas)
        painter.setFont(font(12))
        if not self.units:
            painter.setPen(colours.secondary)
            text = tr("There is no sum with a shortcut, so there is one path and no other.")
            painter.drawText(QRectF(EDGE, 0, self.width() - 2 * EDGE, 60), Qt.AlignmentFlag.AlignVCenter, text)
            return
        self._chain(painter)
        self._rows(painter)
        self._tree(painter)
        painter.setPen(colours.secondary)
        painter.setFont(font(11))
        below = QRectF(BITS_AT, self.height() - 28, self.width() - BITS_AT - 8, 20)
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, self.said())

    def said(self) -> str:
        """How many paths there are of each length, or what the lit one runs through."""
        count = len(self.units)
        if self.lit < 0:
            return tr_many("{count} path, of 0 to {most} blocks.", "{count} paths, of 0 to {most} blocks.", 2**count,
                           most=count)  # fmt: skip
        through = ", ".join(_f(place) for place in range(count) if self.lit >> place & 1)
        past = ", ".join(_f(place) for place in range(count) if not self.lit >> place & 1)
        if not through:
            return tr("Past all of them: {names}.", names=past)
        return tr("Through {names}, past {others}.", names=through, others=past) if past else tr(
            "Through all of them: {names}.", names=through)  # fmt: skip

    def _chain(self, painter: QPainter) -> None:
        """The units as cards with their bypasses, from the top down."""
        colours, middle = theme(), EDGE + CARD_WIDTH / 2
        painter.setFont(font(12))
        painter.setPen(colours.text)
        painter.drawText(QRectF(EDGE, 2, CARD_WIDTH, 18), Qt.AlignmentFlag.AlignCenter, _y(0))
        for place, unit in enumerate(self.units):
            top = TOP + place * PITCH
            on = self.lit >= 0 and bool(self.lit >> place & 1)
            past = self.lit >= 0 and not on
            joint = QPointF(middle, top + CARD_HEIGHT + 22)
            begin = QPointF(middle, top - 12)
            bypass = QPainterPath(begin)
            right = EDGE + CARD_WIDTH + 16
            for x, y in ((right, begin.y()), (right, joint.y()), (middle + SUM, joint.y())):
                bypass.lineTo(x, y)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(_pen(past))
            painter.drawPath(bypass)
            painter.setPen(_pen(on))
            painter.drawLine(begin, QPointF(middle, joint.y() - SUM))
            painter.setPen(_pen(self.lit >= 0))
            painter.drawLine(QPointF(middle, joint.y() + SUM), QPointF(middle, joint.y() + SUM + 6))
            _sum(painter, joint, self.lit >= 0)
            card = QRectF(EDGE, top, CARD_WIDTH, CARD_HEIGHT)
            painter.setBrush(colours.card)
            painter.setPen(QPen(colours.accent, 2) if on else QPen(colours.card_border, 1))
            painter.drawRoundedRect(card, 5, 5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(FAMILY_COLOURS["module"])
            painter.drawRect(QRectF(card.left(), card.top() + 1, 5, card.height() - 2))
            painter.setPen(colours.text)
            painter.setFont(font(13, bold=True))
            name = painter.fontMetrics().elidedText(unit.name, Qt.TextElideMode.ElideLeft, CARD_WIDTH - 24)
            painter.drawText(QRectF(EDGE + 13, top + 4, CARD_WIDTH - 20, 18), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setFont(font(11))
            painter.setPen(colours.secondary)
            line = f"{_f(place)} · {'×'.join(map(str, unit.result_shape))}"
            painter.drawText(QRectF(EDGE + 13, top + 23, CARD_WIDTH - 20, 16), Qt.AlignmentFlag.AlignVCenter, line)
        painter.setPen(colours.text)
        painter.setFont(font(12))
        end = TOP + len(self.units) * PITCH - 4
        painter.drawText(QRectF(EDGE, end, CARD_WIDTH, 18), Qt.AlignmentFlag.AlignCenter, _y(len(self.units)))

    def _rows(self, painter: QPainter) -> None:
        """A square for each unit of each path, filled where it runs through, and its length."""
        colours, count = theme(), len(self.units)
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        for place in range(count):
            at = QRectF(BITS_AT + place * 18 - 4, 6, 20, 18)
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, _f(place))
        painter.drawText(QRectF(BITS_AT + count * 18 + 2, 6, 60, 18), Qt.AlignmentFlag.AlignVCenter, tr("length"))
        for path in range(2**count):
            row = self.row_at(path)
            if path == self.lit:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.selected)
                painter.drawRoundedRect(row.adjusted(0, 5, 0, -5), 4, 4)
            for place in range(count):
                square = QRectF(BITS_AT + place * 18, row.center().y() - SQUARE / 2, SQUARE, SQUARE)
                on = bool(path >> place & 1)
                colour = colours.accent if path == self.lit else colours.secondary
                painter.setPen(QPen(colour, 1.2))
                painter.setBrush(colour if on else Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(square, 2, 2)
            painter.setPen(colours.text)
            at = QRectF(BITS_AT + count * 18 + 8, row.top(), 24, row.height())
            painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, str(path.bit_count()))

    def _tree(self, painter: QPainter) -> None:
        colours, count = theme(), len(self.units)
        heights = [self.row_at(path).center().y() for path in range(2**count)]
        for layer in range(count):
            left, joint = TREE_AT + layer * STEP, TREE_AT + layer * STEP + STEP - 44
            painter.setFont(font(11))
            painter.setPen(colours.secondary)
            head = QRectF(left + 20, 6, BOX.width() + 40, 18)
            painter.drawText(head, Qt.AlignmentFlag.AlignCenter, f"{len(heights) // 2} × {_f(layer)}")
            joined = list[float]()
            for pair in range(len(heights) // 2):
                upper, lower = heights[2 * pair], heights[2 * pair + 1]
                middle = (upper + lower) / 2
                lit = self.lit >= 0 and self.lit >> (layer + 1) == pair
                through = bool(self.lit >> layer & 1)
                ways = [(upper, lit and not through), (lower, lit and through)]
                for y, on in sorted(ways, key=lambda way: way[1]):  # the lit one last, over the other
                    painter.setPen(_pen(on))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawPath(_bent(left, y, joint, middle))
                box = QRectF(left + 40, lower - BOX.height() / 2, BOX.width(), BOX.height())
                painter.setBrush(colours.card)
                painter.setPen(QPen(colours.accent, 2) if ways[1][1] else QPen(colours.card_border, 1))
                painter.drawRoundedRect(box, 4, 4)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(FAMILY_COLOURS["module"])
                painter.drawRect(QRectF(box.left(), box.top() + 1, 4, box.height() - 2))
                painter.setPen(colours.text)
                painter.setFont(font(11, bold=True))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _f(layer))
                painter.setPen(_pen(lit))
                painter.drawLine(QPointF(joint + SUM, middle), QPointF(TREE_AT + (layer + 1) * STEP, middle))
                _sum(painter, QPointF(joint, middle), lit)
                joined.append(middle)
            heights = joined
        painter.setPen(colours.text)
        painter.setFont(font(12))
        at = QRectF(TREE_AT + count * STEP + 6, heights[0] - 10, 40, 20)
        painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, _y(count))

    # The hand

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        path = int((at.y() - TOP) // ROW)
        inside = bool(self.units) and at.x() >= BITS_AT - 8 and 0 <= path < 2 ** len(self.units)
        self.light(path if inside else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self.light(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is None or not self.units:
            super().keyPressEvent(event)
            return
        self.light(max(0, min(self.lit + step, 2 ** len(self.units) - 1)))


def _f(place: int) -> str:
    return f"f{SUBSCRIPTS[place + 1]}"


def _y(place: int) -> str:
    return f"y{SUBSCRIPTS[place]}"


def _pen(lit: bool) -> QPen:
    return QPen(theme().accent, 2) if lit else QPen(theme().wire, 1.5)


def _sum(painter: QPainter, at: QPointF, lit: bool) -> None:
    painter.setBrush(theme().canvas)
    painter.setPen(_pen(lit))
    painter.drawEllipse(at, SUM, SUM)
    painter.drawLine(at - QPointF(SUM - 3, 0), at + QPointF(SUM - 3, 0))
    painter.drawLine(at - QPointF(0, SUM - 3), at + QPointF(0, SUM - 3))


def _bent(left: float, y: float, joint: float, middle: float) -> QPainterPath:
    """From the left along ``y``, then to the joint's height with rounded corners."""
    path, turn, radius = QPainterPath(QPointF(left, y)), joint - 26, 8.0
    way = radius if middle > y else -radius
    path.lineTo(turn - radius, y)
    path.quadTo(turn, y, turn, y + way)
    path.lineTo(turn, middle - way)
    path.quadTo(turn, middle, turn + radius, middle)
    path.lineTo(joint - SUM, middle)
    return path
