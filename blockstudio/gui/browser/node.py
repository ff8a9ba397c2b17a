"""One preset in the browser: a card of the tree, a chip on another's card, or a row of the list."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from blockstudio.graph.lineage import Kin
from blockstudio.gui.browser.arrangement import CARD, CHIP_PX, NAME_PX, PAD, Spot
from blockstudio.gui.browser.preset_facts import PresetNumbers
from blockstudio.gui.canvas.scene.metrics import elided, text_width
from blockstudio.gui.kit.parts import count_text
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import FAMILY_COLOURS, Theme, font, mix, theme

FAMILIES = {
    "AlexNet": "head", "NIN": "activation", "VGG": "normalisation", "Inception": "convolution",
    "Inception-ResNet": "pooling", "ResNet": "module",
}  # fmt: skip
"""Which of the stripes' colours a family of networks has."""


def family_colour(family: str) -> QColor:
    """The colour of a family of networks."""
    return FAMILY_COLOURS[FAMILIES.get(family, "head")]


def columns_of(width: int) -> dict[str, tuple[int, int]]:
    """Left edge and width of the columns of a row; figures stand at their right edges."""
    figures = 96
    right = width - 14
    name = right - 3 * figures - 60 - 118 - PAD - 10
    preset = 220 if name > 400 else 0
    return {
        "name": (PAD + 2, name - preset),
        "preset": (PAD + 2 + name - preset, preset),
        "family": (right - 3 * figures - 60 - 118, 112),
        "year": (right - 3 * figures - 60, 50),
        "parameters": (right - 3 * figures, figures),
        "macs": (right - 2 * figures, figures),
        "depth": (right - figures, figures),
    }


class Node(QAbstractButton):
    """A preset; a click or the keyboard makes it the current one, a double click or Enter opens it."""

    entered = Signal(str)
    """It has the keyboard or was clicked."""
    opened = Signal(str)

    def __init__(self, kin: Kin, parent: QWidget) -> None:
        super().__init__(parent)
        self.kin = kin
        self.preset = kin.preset
        self.kind = "card"
        self.figures: PresetNumbers | None = None
        self.is_current = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._describe()

    def place(self, spot: Spot) -> None:
        self.kind = spot.kind
        self.setGeometry(spot.rect)
        self.show()

    def set_current(self, current: bool) -> None:
        """Tab leads to the current one of all."""
        if current != self.is_current:
            self.is_current = current
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if current else Qt.FocusPolicy.ClickFocus)
            self.update()

    def set_figures(self, figures: PresetNumbers) -> None:
        self.figures = figures
        self._describe()
        self.update()

    def _describe(self) -> None:
        parts = [self.kin.title, self.kin.about.get("year", ""), *([self.family] if self.family else [])]
        if self.figures is not None:
            parts += [
                tr("{0} parameters", count_text(self.figures.parameters)),
                tr("{0} MACs", count_text(self.figures.macs)),
                tr("depth {0}", self.figures.depth),
            ]
        self.setAccessibleName(", ".join(filter(None, parts)))
        self.setToolTip(self.kin.title if self.kin.label != self.kin.title else "")

    @property
    def family(self) -> str:
        return self.kin.family

    # Mouse and keyboard

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit(self.preset)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.entered.emit(self.preset)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(self.preset)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.preset)
        else:
            event.ignore()  # arrows and letters are the tree's

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme()
        {"card": self._paint_card, "chip": self._paint_chip, "row": self._paint_row}[self.kind](painter, colours)

    def _pen(self, colours: Theme, quiet: QColor) -> QPen:
        if self.is_current:
            return QPen(colours.accent if self.hasFocus() else mix(colours.card_border, colours.accent, 0.75), 2)
        return QPen(mix(quiet, colours.accent, 0.6) if self.underMouse() else quiet, 1)

    def _box(self, painter: QPainter, fill: QColor, pen: QPen, radius: float) -> QRectF:
        inset = pen.widthF() / 2
        rect = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(rect, radius, radius)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        return rect

    def _paint_card(self, painter: QPainter, colours: Theme) -> None:
        pen = self._pen(colours, colours.card_border)
        rect = self._box(painter, colours.card, pen, 5)
        painter.save()
        painter.setClipRect(QRectF(0, 0, 5, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(family_colour(self.family))
        painter.drawRoundedRect(rect, 5, 5)
        painter.restore()
        painter.drawRoundedRect(rect, 5, 5)
        width = self.width() - PAD - 4 - 8
        name = tr(self.kin.label)
        size = NAME_PX if text_width(name, NAME_PX, True) <= width else NAME_PX - 1
        painter.setFont(font(size, bold=True))
        painter.setPen(colours.text)
        text = QRectF(PAD + 4, 3, width, 19)
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(text, middle, elided(name, size, True, width))
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        painter.drawText(QRectF(PAD + 4, 21, width, CARD - 24), middle, elided(self._line(), 11, False, width))

    def _line(self) -> str:
        if self.figures is None:
            return "…"
        return " · ".join((count_text(self.figures.parameters), count_text(self.figures.macs), str(self.figures.depth)))

    def _paint_chip(self, painter: QPainter, colours: Theme) -> None:
        fill = mix(colours.panel, colours.accent, 0.16) if self.is_current else colours.field
        pen = self._pen(colours, fill)
        rect = self._box(painter, fill, pen, 4)
        painter.drawRoundedRect(rect, 4, 4)
        painter.setFont(font(CHIP_PX))
        painter.setPen(colours.text if self.is_current or self.underMouse() else colours.secondary)
        text = elided(tr(self.kin.label), CHIP_PX, False, self.width() - 8)
        painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_row(self, painter: QPainter, colours: Theme) -> None:
        fill = mix(colours.panel, colours.accent, 0.12) if self.is_current else colours.panel
        if not self.is_current and self.underMouse():
            fill = colours.field
        pen = QPen(colours.accent, 1) if self.is_current and self.hasFocus() else QPen(fill, 1)
        rect = self._box(painter, fill, pen, 4)
        painter.drawRoundedRect(rect, 4, 4)
        painter.fillRect(QRectF(3, 7, 3, self.height() - 14), family_colour(self.family))
        columns = columns_of(self.width())
        figures = self.figures
        cells = {
            "name": self.kin.title,
            "preset": self.preset,
            "family": self.family,
            "year": self.kin.about.get("year", ""),
            "parameters": count_text(figures.parameters) if figures else "",
            "macs": count_text(figures.macs) if figures else "",
            "depth": str(figures.depth) if figures else "",
        }
        for key, text in cells.items():
            left, width = columns[key]
            if not width:
                continue
            name = key == "name"
            side = Qt.AlignmentFlag.AlignRight if key in ("parameters", "macs", "depth") else Qt.AlignmentFlag.AlignLeft
            painter.setFont(font(NAME_PX if name else 12, bold=name))
            painter.setPen(colours.text if name or side == Qt.AlignmentFlag.AlignRight else colours.secondary)
            shown = elided(text, NAME_PX if name else 12, name, width - 6)
            painter.drawText(QRectF(left, 0, width, self.height()), side | Qt.AlignmentFlag.AlignVCenter, shown)
