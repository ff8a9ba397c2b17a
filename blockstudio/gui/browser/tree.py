"""The family tree and the list: nodes that can be walked with the arrow keys, with the lines of descent behind."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from blockstudio.graph.lineage import Lineage
from blockstudio.gui.browser.arrangement import CARD, HEAD, MARGIN, YEARS, Arrangement, Edge, Spot, list_plan, tree_plan
from blockstudio.gui.browser.node import Node, columns_of, family_colour
from blockstudio.gui.browser.preset_facts import FactsStore
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, mix, notifier, theme

FAR_OFF = 10_000
"""What is not on one line with the current node comes after all that is."""
LEAST = 560
"""Narrower than this the tree is not drawn; the page scrolls sideways."""
_STEPS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


class Tree(QWidget):
    """All presets, as a tree or as rows. One of them is current; Tab leads to that one."""

    current_changed = Signal(str)
    chosen = Signal(str)
    """Open this one."""
    typed = Signal(str)
    """A letter was typed: somebody is looking for a name."""
    left_upwards = Signal()
    moved = Signal()
    """Where things stand has changed, or what is current: it should be in view."""

    def __init__(self, family: Lineage, facts: FactsStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.family = family
        self.plan = Arrangement()
        self.current = ""
        self.rows: list[str] | None = None
        """What the list shows, in order; ``None`` shows the tree."""
        self.setMinimumWidth(LEAST)
        self.nodes = {name: Node(kin, self) for name, kin in family.kin.items()}
        for node in self.nodes.values():
            node.entered.connect(self.make_current)
            node.opened.connect(self.chosen)
        self._facts = facts
        facts.arrived.connect(lambda name: self.nodes[name].set_figures(facts.figures[name]))
        notifier.changed.connect(self.update)

    # What is shown

    def show_tree(self) -> None:
        self.rows = None
        self.lay_out()

    def show_rows(self, names: Sequence[str]) -> None:
        self.rows = list(names)
        self.lay_out()

    def lay_out(self) -> None:
        """Put every node where it belongs at this width; the others are hidden."""
        width = max(LEAST, self.width())
        self.plan = tree_plan(self.family, width) if self.rows is None else list_plan(self.family, self.rows, width)
        for name, node in self.nodes.items():
            spot = self.plan.spots.get(name)
            if spot is None:
                node.hide()
            else:
                node.place(spot)
        # Chips lie on cards, and Tab and readers of screens go from one to the next as the eye does.
        for spot_name in self.plan.spots:
            self.nodes[spot_name].raise_()
        self.setMinimumHeight(self.plan.size.height())
        self.updateGeometry()
        self.update()
        self.moved.emit()

    @property
    def shown(self) -> list[str]:
        """The presets in view, in reading order."""
        return list(self.plan.spots)

    def sizeHint(self) -> QSize:
        return self.plan.size

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.lay_out()

    # The current one

    def make_current(self, preset: str) -> None:
        """Single one out. The keyboard stays where it is."""
        if preset == self.current:
            return
        for name in (self.current, preset):
            if name in self.nodes:
                self.nodes[name].set_current(name == preset)
        near = {self.family.main(name) for name in (self.current, preset) if name in self.nodes}
        self.current = preset
        for edge in self.plan.edges:
            if near & {edge.parent, edge.child}:
                self.update(edge.path.controlPointRect().adjusted(-6, -6, 6, 6).toAlignedRect())
        self.current_changed.emit(preset)
        self.moved.emit()

    def take_keyboard(self, preset: str = "") -> None:
        """Go to a node that is shown: this one, the current one or the first."""
        shown = self.shown
        target = next((name for name in (preset, self.current) if name in shown), shown[0] if shown else "")
        if target:
            self.nodes[target].setFocus(Qt.FocusReason.OtherFocusReason)

    def current_rect(self) -> QRectF:
        """Where the current one stands, if it is shown."""
        spot = self.plan.spots.get(self.current)
        return QRectF(spot.rect) if spot is not None else QRectF()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = Qt.Key(event.key()), event.text()
        step = _STEPS.get(key)
        if step is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._walk(*step)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.shown:
            self.take_keyboard(self.shown[0 if key == Qt.Key.Key_Home else -1])
        elif text and text.isprintable() and not text.isspace() and not event.modifiers() & _COMMANDS:
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)

    def _walk(self, dx: int, dy: int) -> None:
        """The nearest node in a direction; over the top edge the keyboard goes on to what stands there."""
        here = self.plan.spots.get(self.current)
        if here is None:
            self.take_keyboard()
            return
        own = _head(here)
        best, found = float("inf"), ""
        for name, spot in self.plan.spots.items():
            other = _head(spot)
            along = (other.left() - own.left()) * dx + (other.center().y() - own.center().y()) * dy
            apart = _gap(own.left(), own.right(), other.left(), other.right())
            aslant = abs(other.left() - own.left())
            if dx:
                apart = _gap(own.top(), own.bottom(), other.top(), other.bottom())
                along += 0 if min(own.bottom(), other.bottom()) - max(own.top(), other.top()) > 2 else FAR_OFF
                aslant = abs(other.center().y() - own.center().y())
            # Side by side counts as straight on where the two overlap.
            far = along + 2.5 * (apart + aslant * 0.2)
            if name != self.current and along > 4 and far < best and (dy or apart < 40):
                best, found = far, name
        if found:
            self.take_keyboard(found)
        elif dy < 0:
            self.left_upwards.emit()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme()
        if self.rows is not None:
            self._paint_heads(painter)
            return
        for index, (label, top, bottom) in enumerate(self.plan.years):
            if index % 2 == 0:
                painter.fillRect(QRectF(0, top, self.width(), bottom - top), mix(colours.panel, colours.field, 0.55))
            painter.setPen(colours.secondary)
            painter.setFont(font(13, bold=True))
            area = QRectF(MARGIN, max(top, 0) + 12, YEARS, min(24, bottom - top))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, label)
        painter.setFont(font(11, bold=True))
        painter.setPen(colours.secondary)
        for text, rect in self.plan.headings:
            painter.setPen(QPen(colours.hairline, 1))
            painter.drawLine(QPointF(MARGIN, rect.top() - 10.5), QPointF(self.width() - MARGIN, rect.top() - 10.5))
            painter.setPen(colours.secondary)
            painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text.upper())
        if self.plan.legend.width() > 160:
            painter.setFont(font(11))
            painter.setPen(colours.secondary)
            painter.drawText(
                self.plan.legend,
                int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap),
                tr(
                    "A line leads from a network to one that builds on it.\n"
                    "Under its name: parameters · MACs · depth.\n"
                    "Enter or a double click opens it."
                ),
            )
        near = self.current and self.family.main(self.current)
        area = QRectF(event.rect()).adjusted(-4, -4, 4, 4)
        for edge in sorted(self.plan.edges, key=lambda edge: near in (edge.parent, edge.child)):
            if edge.path.controlPointRect().adjusted(-1, -1, 1, 1).intersects(area):
                self._paint_edge(painter, edge, near in (edge.parent, edge.child))

    def _paint_edge(self, painter: QPainter, edge: Edge, near: bool) -> None:
        colours = theme()
        colour = family_colour(self.family.kin[edge.parent].family)
        pen = QPen(colour if near else mix(colours.panel, colour, 0.7 if colours.dark else 0.5), 2.2 if near else 1.6)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(edge.path)
        end = edge.points[-1]
        painter.setBrush(pen.color())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon([end, end + QPointF(-4, -6), end + QPointF(4, -6)])

    def _paint_heads(self, painter: QPainter) -> None:
        painter.setFont(font(11))
        painter.setPen(theme().secondary)
        if not self.rows:
            area = QRectF(MARGIN + 12, 16, self.width() - 2 * MARGIN, 24)
            painter.drawText(area, tr("No network is called or described like that."))
            return
        columns = columns_of(self.width() - 2 * MARGIN)
        for key, text in (("parameters", tr("parameters")), ("macs", tr("MACs")), ("depth", tr("depth"))):
            left, width = columns[key]
            area = QRectF(MARGIN + left, 2, width, HEAD)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def _head(spot: Spot) -> QRectF:
    """What counts when one walks: where the name stands. The chips at a card's foot are places of their own."""
    rect = QRectF(spot.rect)
    if spot.kind == "card":
        rect.setHeight(CARD)
    return rect


def _gap(low: float, high: float, other_low: float, other_high: float) -> float:
    """How far two stretches are apart; 0 where they overlap."""
    return max(0.0, other_low - high, low - other_high)
