"""The units of a network as cards in columns: a click takes one away, another puts it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from blockstudio.analysis.trunk import Unit
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import FAMILY_COLOURS, font, notifier, theme

CARD = QSize(152, 48)
PITCH, COLUMN, EDGE, STRIPE = 76, 200, 20, 5
BAR, BAR_AT = 2.5, 40


class UnitsView(QWidget):
    """Cards from the input to the output, stage by stage; where it is known, a bar with the accuracy without the unit.

    Arrow keys move, Space takes the unit away or puts it back.
    """

    toggled = Signal(str)
    """A unit that is to be taken away or put back."""
    hovered = Signal(str)
    """The unit under the pointer, or none."""

    def __init__(self) -> None:
        super().__init__()
        self.units: Sequence[Unit] = ()
        self.off: set[str] = set()
        self.without: Mapping[str, float] = {}
        self.lit = ""
        """The unit that is in front: under the pointer, or the keyboard's."""
        self._places: dict[str, QRectF] = {}
        self._columns = 1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(tr("Units of the network"))
        notifier.changed.connect(self.update)

    def show_units(self, units: Sequence[Unit]) -> None:
        """Show another network, with everything in its place."""
        self.units, self.off, self.without, self.lit = units, set(), {}, ""
        self._lay_out()

    def show_state(self, off: set[str], without: Mapping[str, float]) -> None:
        """What is off, and the accuracy without each unit as far as it is known."""
        self.off, self.without = off, without
        self.update()

    def light(self, name: str) -> None:
        """Put a unit in front."""
        if name != self.lit:
            self.lit = name
            self.update()

    # Layout

    def _lay_out(self) -> None:
        """Columns begin where the shape changes, and where one would be too long."""
        columns: list[list[Unit]] = [[]]
        longest = max(6, -(-len(self.units) // max(1, self.width() // COLUMN)))
        for unit in self.units:
            column = columns[-1]
            starts = bool(column) and unit.residual and unit.source_shape != unit.result_shape
            if column and (len(column) >= longest or (starts and len(column) >= longest // 2)):
                column = []
                columns.append(column)
            column.append(unit)
        self._places = {
            unit.name: QRectF(EDGE + x * COLUMN, EDGE + y * PITCH, CARD.width(), CARD.height())
            for x, column in enumerate(columns)
            for y, unit in enumerate(column)
        }
        self._columns = len(columns)
        rows = max(len(column) for column in columns)
        self.setMinimumSize(EDGE + self._columns * COLUMN, 2 * EDGE + rows * PITCH - (PITCH - CARD.height()))
        self.update()

    def resizeEvent(self, event: QEvent) -> None:
        if self.units:
            self._lay_out()

    def place(self, name: str) -> QRectF:
        """Where a unit's card is."""
        return self._places[name]

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colours.canvas)
        before: QRectF | None = None
        for unit in self.units:
            place = self._places[unit.name]
            if before is not None:
                self._wire(painter, before, place)
            before = place
        for unit in self.units:
            self._card(painter, unit, self._places[unit.name])

    def _wire(self, painter: QPainter, start: QRectF, end: QRectF) -> None:
        painter.setPen(QPen(theme().wire, 1.5))
        if start.left() == end.left():
            painter.drawLine(QPointF(start.center().x(), start.bottom()), QPointF(end.center().x(), end.top()))
            return
        gutter, low, high = start.right() + (COLUMN - CARD.width()) / 2, start.bottom() + 12, end.top() - 12
        out, into = start.center().x(), end.center().x()
        points = [
            QPointF(out, start.bottom()), QPointF(out, low), QPointF(gutter, low), QPointF(gutter, high),
            QPointF(into, high), QPointF(into, end.top()),
        ]  # fmt: skip
        painter.drawPolyline(points)

    def _card(self, painter: QPainter, unit: Unit, place: QRectF) -> None:
        colours, off = theme(), unit.name in self.off
        painter.setBrush(colours.card)
        pen = QPen(colours.problem, 1.5, Qt.PenStyle.DashLine) if off else QPen(colours.card_border, 1)
        painter.setPen(QPen(colours.accent, 2) if unit.name == self.lit and not off else pen)
        painter.drawRoundedRect(place, 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(FAMILY_COLOURS["module" if unit.residual else "convolution"])
        painter.drawRect(QRectF(place.left(), place.top() + 1, STRIPE, place.height() - 2))
        if off:
            painter.setPen(QPen(colours.problem, 1))
            painter.setOpacity(0.45)
            painter.drawLine(place.bottomLeft() + QPointF(STRIPE, 0), place.topRight())
            painter.setOpacity(1)
            painter.setPen(QPen(colours.accent, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            left, middle, top, bottom = place.left() - 10, place.center().x(), place.top() - 8, place.bottom() + 8
            corners = ((middle, top), (left, top), (left, bottom), (middle, bottom))
            painter.drawPolyline([QPointF(x, y) for x, y in corners])
        inner = place.adjusted(STRIPE + 8, 4, -8, -4)
        painter.setFont(font(13, bold=True))
        painter.setPen(colours.secondary if off else colours.text)
        name = painter.fontMetrics().elidedText(unit.name, Qt.TextElideMode.ElideLeft, int(inner.width()))
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), 18), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        line = tr("off: identity") if off else "×".join(map(str, unit.result_shape))
        below = QRectF(inner.left(), inner.top() + 18, inner.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, line)
        share = self.without.get(unit.name)
        if share is None:
            return
        painter.setPen(colours.text)
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{share:.1%}")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.track)
        painter.drawRect(QRectF(inner.left(), place.top() + BAR_AT, inner.width(), BAR))
        painter.setBrush(colours.problem if share < 0.5 else colours.accent)
        painter.drawRect(QRectF(inner.left(), place.top() + BAR_AT, inner.width() * share, BAR))

    # The hand

    def _at(self, point: QPointF) -> str:
        return next((name for name, place in self._places.items() if place.contains(point)), "")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        name = self._at(event.position())
        if name != self.lit:
            self.light(name)
            self.hovered.emit(name)
        unit = next((unit for unit in self.units if unit.name == name), None)
        self.setCursor(Qt.CursorShape.PointingHandCursor if unit and not unit.refusal else Qt.CursorShape.ArrowCursor)
        if unit is not None and unit.refusal is not None:
            QToolTip.showText(event.globalPosition().toPoint(), tr(unit.refusal), self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        name = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and name:
            self.light(name)
            self.toggled.emit(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = [unit.name for unit in self.units]
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1}
        if event.key() in steps and names:
            at = names.index(self.lit) + steps[Qt.Key(event.key())] if self.lit in names else 0
            self.light(names[max(0, min(at, len(names) - 1))])
            self.hovered.emit(self.lit)
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return) and self.lit:
            self.toggled.emit(self.lit)
        else:
            super().keyPressEvent(event)
