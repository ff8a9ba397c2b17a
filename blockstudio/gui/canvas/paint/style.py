"""Pens, brushes, fonts and laid-out texts of the drawing, made once for each theme."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainterPath, QPen, QStaticText

from blockstudio.gui.canvas.scene import metrics
from blockstudio.gui.canvas.scene.geometry import FAMILY_NAMES
from blockstudio.gui.kit.theme import HUES, Theme, font, mix

MAX_TEXTS = 4096
HEAT_STEPS = 24
"""Colours from the palest to the strongest."""


def _hair(colour: QColor) -> QPen:
    """One pixel at any zoom. Width 0 and flat caps: anything else costs ten times as much for thousands of lines."""
    pen = QPen(colour, 0)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _pen(colour: QColor, width: float, cosmetic: bool = False, dashes: bool = False) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(cosmetic)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    if dashes:
        pen.setDashPattern([4.0, 3.0])
    return pen


class Style:
    """Everything the painting of one theme needs ready."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.families = [QBrush(theme.family(name)) for name in FAMILY_NAMES]
        self.card = QBrush(theme.card)
        self.track = QBrush(theme.track)
        self.heat_track = QBrush(mix(theme.card, theme.secondary, 0.45))
        self._heats = [QBrush(mix(theme.card, theme.heat, step / HEAT_STEPS)) for step in range(HEAT_STEPS + 1)]
        half = HEAT_STEPS // 2
        cold, warm = ([QBrush(mix(theme.card, end, step / half)) for step in range(half + 1)]
                      for end in (theme.cold, theme.heat))  # fmt: skip
        self._sided = [*reversed(cold), *warm[1:]]
        self.pill = QBrush(theme.pill)
        # A veil, so that the grid goes on below it.
        green = theme.family("module")
        self.frame = QBrush(QColor(green.red(), green.green(), green.blue(), 16))
        self.canvas = QBrush(theme.canvas)
        self.accent_veil = QBrush(QColor(theme.accent.red(), theme.accent.green(), theme.accent.blue(), 28))
        self.border = _pen(theme.card_border, 1.0)
        self.border_off = _pen(mix(theme.card_border, theme.secondary, 0.5), 1.0, dashes=True)
        self.border_far = _hair(theme.card_border)
        self.frame_border = _pen(theme.frame_border, 1.2)
        self.pill_border = _pen(theme.pill_border, 1.0)
        self.wire = _pen(theme.wire, 1.6)
        self.wire_far = _hair(theme.wire)
        self.wire_off = _pen(theme.wire, 1.4, dashes=True)
        self.wire_active = _pen(theme.accent, 2.0)
        self.wire_problem = _pen(theme.problem, 2.0)
        self.selected = _pen(theme.accent, 2.0)
        self.selected_far = _pen(theme.accent, 2.0, cosmetic=True)
        self.hovered = _pen(mix(theme.card_border, theme.accent, 0.6), 1.4)
        self.problem = _pen(theme.problem, 1.8)
        self.problem_far = _pen(theme.problem, 2.0, cosmetic=True)
        self.warning = QBrush(theme.warning_fill)
        self.chevron = _pen(theme.secondary, 1.5)
        self.chevron_hovered = _pen(theme.accent, 1.8)
        self.frozen = {"all": _pen(theme.accent, 1.1), "part": _pen(mix(theme.card, theme.secondary, 0.6), 1.1)}
        self.port = _pen(theme.wire, 1.3)
        self.port_active = _pen(theme.accent, 1.8)
        self.port_dimmed = _pen(mix(theme.canvas, theme.wire, 0.35), 1.3)
        self.port_open = _pen(theme.problem, 1.6)
        self.text = QPen(theme.text)
        self.secondary = QPen(theme.secondary)
        self.name_font = font(metrics.NAME_PX, bold=True)
        self.name_fonts = {size: font(size, bold=True) for size in metrics.NAME_SIZES}
        self.line_font = font(metrics.LINE_PX)
        self.line_bold = font(metrics.LINE_PX, bold=True)
        self.badge_font = font(metrics.BADGE_PX, bold=True)
        self.papers: dict[str, tuple[QBrush, QPen]] = {}
        """Ground and edge of notes by their colour."""
        self.areas: dict[str, tuple[QBrush, QPen]] = {}
        """Ground and edge of frames."""
        self.far_edges: dict[str, QPen] = {}
        self.note_text: dict[str, QPen] = {}
        for name, hue in HUES.items():
            edge = theme.edge(name)
            veil = QColor(hue.red(), hue.green(), hue.blue(), 26)
            self.papers[name] = QBrush(theme.note(name)), _pen(edge, 1.0)
            self.areas[name] = QBrush(veil), _pen(edge, 1.2)
            self.far_edges[name] = _hair(edge)
            self.note_text[name] = QPen(mix(hue, theme.text, 0.55))
        self._lone_fonts: dict[int, QFont] = {}
        self._texts: dict[tuple[str, int, bool], QStaticText] = {}

    def heat(self, at: float, two_sided: bool = False) -> QBrush:
        """The fill of a card by its place on the scale, 0 to 1; of a ``two_sided`` one cold below its middle."""
        return (self._sided if two_sided else self._heats)[round(at * HEAT_STEPS)]

    def lone_font(self, px: int) -> QFont:
        """The bold face of a title that is seen from far."""
        if px not in self._lone_fonts:
            self._lone_fonts[px] = font(px, bold=True)
        return self._lone_fonts[px]

    def text_of(self, text: str, used: QFont, bold: bool = False) -> QStaticText:
        """``text`` laid out once for painting many times."""
        key = (text, used.pixelSize(), bold)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            found = QStaticText(text)
            found.setTextFormat(Qt.TextFormat.PlainText)
            found.prepare(font=used)
            self._texts[key] = found
        return found


@lru_cache(maxsize=4)
def style_of(theme: Theme) -> Style:
    """The style of a theme; `forget_styles` after another font came into use."""
    return Style(theme)


def forget_styles() -> None:
    style_of.cache_clear()
    metrics.forget_fonts()


@lru_cache(maxsize=64)
def card_path(width: float, height: float) -> QPainterPath:
    """A card's outline with its upper left corner at (0, 0)."""
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, width, height), metrics.RADIUS, metrics.RADIUS)
    return path


@lru_cache(maxsize=16)
def stripe_path(height: float) -> QPainterPath:
    """The stripe at a card's left edge, its outer corners round like the card's."""
    r, w = metrics.RADIUS, metrics.STRIPE
    path = QPainterPath(QPointF(w, 0))
    path.lineTo(r, 0)
    path.arcTo(QRectF(0, 0, 2 * r, 2 * r), 90, 90)
    path.lineTo(0, height - r)
    path.arcTo(QRectF(0, height - 2 * r, 2 * r, 2 * r), 180, 90)
    path.lineTo(w, height)
    path.closeSubpath()
    return path
