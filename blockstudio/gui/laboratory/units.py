"""The units of a network as cards in columns: a click takes one away, another puts it back; one dragged onto another
changes places with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from blockstudio.analysis.trunk import Unit
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import FAMILY_COLOURS, font, notifier, theme

CARD = QSize(152, 48)
PITCH, COLUMN, EDGE, STRIPE = 76, 184, 20, 5
BAR, BAR_AT = 2.5, 40
PILL, PILL_AT = 16, 6
"""Height of what says the shape of a wire, and how far below its card it stands."""
BELOW, ABOVE, BEND = 30, 12, 8
"""Pixels of a wire to the next column below its card, above the next; the radius of its corners."""


class UnitsView(QWidget):
    """Cards from the input to the output, stage by stage; where it is known, a bar with the accuracy without the unit.

    Arrow keys move, Space takes the unit away or puts it back, Shift with an arrow key lets it change places with the
    next that has its shapes.
    """

    toggled = Signal(str)
    """A unit that is to be taken away or put back."""
    dropped = Signal(str, str)
    """Two that are to change places."""
    hovered = Signal(str)
    """The unit under the pointer, or none."""

    def __init__(self) -> None:
        super().__init__()
        self.units: Sequence[Unit] = ()
        self.off: set[str] = set()
        self.order: list[str] = []
        """The unit that stands at each place."""
        self.without: Mapping[str, float] = {}
        self.lit = ""
        """The unit that is in front: under the pointer, or the keyboard's."""
        self.target = ""
        """The unit onto which the dragged one would fall."""
        self._kinds: Mapping[str, str] = {}
        self._pressed: tuple[str, QPointF] | None = None
        self._dragged: QPointF | None = None
        self._slots: list[QRectF] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Units of the network"))
        notifier.changed.connect(self.update)

    def show_units(self, units: Sequence[Unit], kinds: Mapping[str, str] | None = None) -> None:
        """Show another network, with everything in its place; ``kinds`` says what each unit is."""
        self.units, self.off, self.without, self.lit, self.target = units, set(), {}, "", ""
        self.order, self._kinds = [unit.name for unit in units], kinds or {}
        self._pressed = self._dragged = None
        self._lay_out()

    def show_state(self, off: set[str], without: Mapping[str, float], order: Sequence[str]) -> None:
        """What is off, the accuracy without each unit as far as it is known, and which unit stands at each place."""
        self.off, self.without, self.order = off, without, list(order)
        self.update()

    def light(self, name: str) -> None:
        """Put a unit in front."""
        if name != self.lit:
            self.lit = name
            self.update()

    def fits(self, one: str, other: str) -> bool:
        """Whether two units can change places."""
        found = [unit for unit in self.units if unit.name in (one, other)]
        return len(found) == 2 and len({(unit.source_shape, unit.result_shape) for unit in found}) == 1

    # Layout

    def _lay_out(self) -> None:
        """Columns begin where the shape changes, and where one would be too long."""
        columns: list[list[Unit]] = [[]]
        fit = max(1, (self.width() - EDGE) // COLUMN)
        longest = max(5, -(-len(self.units) // fit))
        for unit in self.units:
            column = columns[-1]
            starts = bool(column) and unit.residual and unit.source_shape != unit.result_shape
            if column and (len(column) >= longest or (starts and len(columns) < fit and len(column) >= longest // 2)):
                column = []
                columns.append(column)
            column.append(unit)
        self._slots = [
            QRectF(EDGE + x * COLUMN, EDGE + y * PITCH, CARD.width(), CARD.height())
            for x, column in enumerate(columns)
            for y in range(len(column))
        ]
        rows = max(len(column) for column in columns)
        self.setMinimumSize(EDGE + len(columns) * COLUMN, EDGE + (rows - 1) * PITCH + CARD.height() + BELOW + 6)
        self.update()

    def resizeEvent(self, event: QEvent) -> None:
        if self.units:
            self._lay_out()

    def place(self, name: str) -> QRectF:
        """Where a unit's card is."""
        return self._slots[self.order.index(name)]

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colours.canvas)
        by_name = {unit.name: unit for unit in self.units}
        for start, end in zip(self._slots, self._slots[1:], strict=False):
            self._wire(painter, start, end)
        for at, unit in zip(self._slots, self.units, strict=True):
            self._pill(painter, at, "×".join(map(str, unit.result_shape)))
        for number, (at, name) in enumerate(zip(self._slots, self.order, strict=True)):
            moved = self.units[number].name if self.units[number].name != name else ""
            self._card(painter, by_name[name], at, number, moved)
        if self._dragged is not None and self._pressed is not None:
            ghost = QRectF(self._dragged - self._pressed[1], CARD.toSizeF())
            painter.setOpacity(0.85)
            painter.setPen(QPen(colours.accent, 1, Qt.PenStyle.DashLine))
            painter.setBrush(colours.card)
            painter.drawRoundedRect(ghost, 5, 5)
            painter.setPen(colours.text)
            painter.setFont(font(13, bold=True))
            painter.drawText(ghost, Qt.AlignmentFlag.AlignCenter, self._pressed[0])
            painter.setOpacity(1)

    def _wire(self, painter: QPainter, start: QRectF, end: QRectF) -> None:
        painter.setPen(QPen(theme().wire, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if start.left() == end.left():
            painter.drawLine(QPointF(start.center().x(), start.bottom()), QPointF(end.center().x(), end.top()))
            return
        gutter, low, high = start.right() + (COLUMN - CARD.width()) / 2, start.bottom() + BELOW, end.top() - ABOVE
        out, into = start.center().x(), end.center().x()
        painter.drawPath(rounded(
            [QPointF(out, start.bottom()), QPointF(out, low), QPointF(gutter, low), QPointF(gutter, high),
             QPointF(into, high), QPointF(into, end.top())]
        ))  # fmt: skip

    def _pill(self, painter: QPainter, card: QRectF, text: str) -> None:
        painter.setFont(font(11))
        wide = 2 * self._half(painter, text)
        at = QRectF(card.center().x() - wide / 2, card.bottom() + PILL_AT, wide, PILL)
        painter.setPen(QPen(theme().pill_border, 1))
        painter.setBrush(theme().pill)
        painter.drawRoundedRect(at, PILL / 2, PILL / 2)
        painter.setPen(theme().secondary)
        painter.drawText(at, Qt.AlignmentFlag.AlignCenter, text)

    def _half(self, painter: QPainter, text: str) -> float:
        """Half the width of a pill; the painter writes in its letters."""
        return painter.fontMetrics().horizontalAdvance(text) / 2 + 7

    def _card(self, painter: QPainter, unit: Unit, place: QRectF, number: int, moved: str) -> None:
        colours, off = theme(), unit.name in self.off
        if off:
            self._bypass(painter, place, number)
        painter.setBrush(colours.selected if unit.name == self.target else colours.card)
        pen = QPen(colours.problem, 1.5, Qt.PenStyle.DashLine) if off else QPen(colours.card_border, 1)
        painter.setPen(QPen(colours.accent, 2) if (unit.name == self.lit or moved) and not off else pen)
        painter.drawRoundedRect(place, 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(FAMILY_COLOURS["module" if unit.residual else "convolution"])
        painter.drawRect(QRectF(place.left(), place.top() + 1, STRIPE, place.height() - 2))
        if off:
            painter.setPen(QPen(colours.problem, 1))
            painter.setOpacity(0.45)
            painter.drawLine(place.bottomLeft() + QPointF(STRIPE, 0), place.topRight())
            painter.setOpacity(1)
        inner = place.adjusted(STRIPE + 8, 4, -8, -4)
        painter.setFont(font(13, bold=True))
        painter.setPen(colours.secondary if off else colours.text)
        name = painter.fontMetrics().elidedText(unit.name, Qt.TextElideMode.ElideLeft, int(inner.width()))
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), 18), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(font(11))
        share, room = self.without.get(unit.name), inner.width()
        below = QRectF(inner.left(), inner.top() + 18, inner.width(), 16)
        if share is not None and not moved:
            text = f"{share:.1%}".replace("%", " %")
            painter.setPen(colours.text)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            room -= painter.fontMetrics().horizontalAdvance(text) + 6
        painter.setPen(colours.link if moved else colours.secondary)
        what = tr("off: identity") if unit.shortcut in (None, unit.source) else tr("off: shortcut")
        line = what if off else tr("at {name}", name=moved) if moved else self._kinds.get(unit.name, "")
        line = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, line)
        if share is None or moved:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.track)
        painter.drawRect(QRectF(inner.left(), place.top() + BAR_AT, inner.width(), BAR))
        painter.setBrush(colours.problem if share < 0.5 else colours.accent)
        painter.drawRect(QRectF(inner.left(), place.top() + BAR_AT, inner.width() * share, BAR))

    def _bypass(self, painter: QPainter, place: QRectF, number: int) -> None:
        """The way past a card that is off: from the shape in front of it to the one behind."""
        painter.setFont(font(11))
        before, after = (
            self._half(painter, "×".join(map(str, shape)))
            for shape in (self.units[number].source_shape, self.units[number].result_shape)
        )  # fmt: skip
        first = place.top() == EDGE
        painter.setPen(QPen(theme().accent, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        middle, left = place.center().x(), place.left() - 14
        top, bottom = place.top() - (ABOVE if first else PILL_AT + PILL / 2), place.bottom() + PILL_AT + PILL / 2
        painter.drawPath(rounded([QPointF(middle - (0 if first else before), top), QPointF(left, top),
                                  QPointF(left, bottom), QPointF(middle - after, bottom)]))  # fmt: skip

    # The hand

    def _at(self, point: QPointF) -> str:
        return next((name for name, at in zip(self.order, self._slots, strict=True) if at.contains(point)), "")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is not None:
            self._drag(at)
            return
        name = self._at(at)
        if name != self.lit:
            self.light(name)
            self.hovered.emit(name)
        unit = next((unit for unit in self.units if unit.name == name), None)
        self.setCursor(Qt.CursorShape.PointingHandCursor if unit and not unit.refusal else Qt.CursorShape.ArrowCursor)
        if unit is not None and unit.refusal is not None:
            QToolTip.showText(event.globalPosition().toPoint(), tr(unit.refusal), self)

    def _drag(self, at: QPointF) -> None:
        assert self._pressed is not None
        name, grip = self._pressed
        start = self.place(name).topLeft() + grip
        if self._dragged is None and (at - start).manhattanLength() < QApplication.startDragDistance():
            return
        self._dragged, under = at, self._at(at)
        self.target = under if self.fits(name, under) else ""
        self.setCursor(Qt.CursorShape.ForbiddenCursor if under not in ("", name, self.target) else
                       Qt.CursorShape.ClosedHandCursor)  # fmt: skip
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        name = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and name:
            self.light(name)
            self._pressed = name, event.position() - self.place(name).topLeft()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        (name, _), dragged, target = self._pressed, self._dragged, self.target
        self._let_go()
        if dragged is None:
            self.toggled.emit(name)
        elif target:
            self.dropped.emit(name, target)

    def _let_go(self) -> None:
        self._pressed = self._dragged = None
        self.target = ""
        self.unsetCursor()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = self.order
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1}
        step = steps.get(Qt.Key(event.key()), 0)
        if step and self.lit in names and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            behind = names[names.index(self.lit) + 1 :] if step > 0 else names[: names.index(self.lit)][::-1]
            other = next((name for name in behind if self.fits(self.lit, name)), "")
            if other:
                self.dropped.emit(self.lit, other)
        elif step and names:
            at = names.index(self.lit) + step if self.lit in names else 0
            self.light(names[max(0, min(at, len(names) - 1))])
            self.hovered.emit(self.lit)
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return) and self.lit:
            self.toggled.emit(self.lit)
        elif event.key() == Qt.Key.Key_Escape and self._pressed is not None:
            self._let_go()
        else:
            super().keyPressEvent(event)


def rounded(points: Sequence[QPointF], radius: float = BEND) -> QPainterPath:
    """A line with straight parts and round corners; parts that are too short have smaller ones."""
    path = QPainterPath(points[0])
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        bend = min(radius, *((one - corner).manhattanLength() / 2 for one in (before, after)))
        path.lineTo(corner + _towards(corner, before) * bend)
        path.quadTo(corner, corner + _towards(corner, after) * bend)
    path.lineTo(points[-1])
    return path


def _towards(start: QPointF, end: QPointF) -> QPointF:
    away = end - start
    return away / max(1e-9, away.manhattanLength())
