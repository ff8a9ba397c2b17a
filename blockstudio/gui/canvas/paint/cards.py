"""One full card, one pill, one port, as they look when they are near enough to be read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen

from blockstudio.gui.canvas.paint.style import Style, card_path, stripe_path
from blockstudio.gui.canvas.scene.card_texts import Content
from blockstudio.gui.canvas.scene.metrics import (
    BADGE_PX,
    CHEVRON,
    INSET,
    LINE_PX,
    MARGIN,
    NAME_PX,
    PILL_HEIGHT,
    PORT,
    RADIUS,
    chevron_rect,
    elided,
    text_width,
)

FLAKE = 5.0
"""From the middle of a snow crystal to its tips."""
PIN = 4.0
"""Half the width of the sign of a pinned block."""
BADGE, BADGES = 13.0, ("error", "warning", "hint")
"""The size of the badge that tells what is wrong with a block, and what has one."""
OFF = 0.5
"""Opacity of what is switched off; its texts stay readable."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that decides how a card looks, but for its size and the theme."""

    content: Content
    family: int
    """Index into `Style.families`."""
    hovered: bool = False
    sign: str = ""
    """The sign that opens a module in place: ``"quiet"``, ``"active"`` under the mouse, or none."""


def draw_card(painter: QPainter, width: float, height: float, look: Look, style: Style) -> None:
    """A card with its upper left corner at the origin: stripe, name, summary, badge, cost bar; without its
    selection and ports."""
    content, family = look.content, style.families[look.family]
    if content.badge:
        # A second card peeps out behind the first: this block stands for several.
        painter.setPen(style.border)
        painter.setBrush(style.card)
        painter.translate(4, 4)
        painter.drawPath(card_path(width, height))
        painter.translate(-4, -4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.heat(content.heat, content.two_sided) if content.heat >= 0 else style.card)
    painter.drawPath(card_path(width, height))
    if content.off:
        painter.setOpacity(OFF)
    painter.setBrush(family)
    painter.drawPath(stripe_path(height))
    painter.setOpacity(1.0)
    draw_texts(painter, width, content, style, CHEVRON if look.sign else 0)
    painter.setOpacity(OFF if content.off else 1.0)
    if content.heat >= 0:
        draw_track(painter, QRectF(INSET, height - 6, width - INSET - MARGIN, 2.5), content.heat, style)
    elif content.part >= 0:
        bar = QRectF(INSET, height - 6, width - INSET - MARGIN, 2.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.track)
        painter.drawRoundedRect(bar, 1.25, 1.25)
        bar.setWidth(max(2.5, bar.width() * content.part))
        painter.setBrush(family)
        painter.drawRoundedRect(bar, 1.25, 1.25)
    if content.frozen:
        draw_flake(painter, QPointF(width - MARGIN - FLAKE, 30.0), content.frozen, style)
    if content.pinned:
        draw_pin(painter, QPointF(width - MARGIN - PIN - (2 * FLAKE + 4 if content.frozen else 0), 30.0), style)
    if look.sign:
        draw_chevron(painter, chevron_rect(width), False, style, look.sign == "active")
    painter.setOpacity(1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(style.hovered if look.hovered else style.border_off if content.off else style.border)
    painter.drawPath(card_path(width, height))
    if content.severity == "error":
        painter.setPen(style.problem)
        painter.drawPath(card_path(width, height))
    if content.severity in BADGES:
        draw_badge(painter, badge_centre(width, content, CHEVRON if look.sign else 0), content.severity, style)


def badge_centre(width: float, content: Content, right: float = 0) -> QPointF:
    """Where on a card the badge of what is wrong with it stands; ``right`` is taken at the name's right."""
    chip = text_width(content.badge, BADGE_PX, True) + 10 if content.badge else 0
    return QPointF(width - MARGIN + 2 - right - chip - BADGE / 2, 14.0)


def draw_badge(painter: QPainter, centre: QPointF, severity: str, style: Style) -> None:
    """A disc for an error, a triangle for a warning, a ring for a hint: told apart without their colours."""
    theme, x, y, half = style.theme, centre.x(), centre.y(), BADGE / 2
    painter.setPen(Qt.PenStyle.NoPen)
    if severity == "error":
        painter.setBrush(theme.problem)
        painter.drawEllipse(centre, half, half)
    elif severity == "warning":
        painter.setBrush(theme.warning_fill)
        painter.drawPolygon(
            [QPointF(x, y - half), QPointF(x + half + 0.5, y + half), QPointF(x - half - 0.5, y + half)]
        )
    else:
        painter.setPen(QPen(theme.secondary, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, half - 0.6, half - 0.6)
    mark = QPen(theme.secondary if severity == "hint" else theme.card, 1.6)
    mark.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(mark)
    down = 1.0 if severity == "warning" else 0.0
    if severity == "hint":
        painter.drawLines([QLineF(x, y - 3, x, y - 2.99)])  # A dot, by its round ends.
        painter.drawLines([QLineF(x, y - 0.4, x, y + 3)])
    else:
        painter.drawLines([QLineF(x, y - 3 + down, x, y + 0.4 + down)])
        painter.drawLines([QLineF(x, y + 3 + down, x, y + 3.01 + down)])


def draw_texts(painter: QPainter, width: float, content: Content, style: Style, right: float = 0) -> None:
    """Name, summary and badge of a card whose upper left corner is the origin; ``right`` is taken at the name's
    right."""
    room = width - INSET - MARGIN
    name_room = room - right
    if content.badge:
        badge = text_width(content.badge, BADGE_PX, True) + 8
        name_room -= badge + 2
        chip = QRectF(width - MARGIN - badge + 3 - right, 7, badge, 15)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.track)
        painter.drawRoundedRect(chip, 4, 4)
        painter.setPen(style.text)
        painter.setFont(style.badge_font)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, content.badge)
    if content.severity in BADGES:
        name_room -= BADGE + 3
    painter.setPen(style.secondary if content.off else style.text)
    painter.setFont(style.name_font)
    draw_text(painter, INSET, 13.5, elided(content.name, NAME_PX, True, name_room), style, bold=True)
    room -= (2 * FLAKE + 4 if content.frozen else 0) + (2 * PIN + 4 if content.pinned else 0)
    if content.value:
        wide = text_width(content.value, LINE_PX, True)
        painter.setFont(style.line_bold)
        draw_text(painter, INSET + room - wide, 30.0, content.value, style, bold=True)
        room -= wide + 6
    # On a painted card quiet text would be hard to read.
    painter.setPen(style.text if content.heat >= 0 and not content.off else style.secondary)
    painter.setFont(style.line_font)
    draw_text(painter, INSET, 30.0, line_of(content, room), style)


def draw_track(painter: QPainter, bar: QRectF, at: float, style: Style) -> None:
    """A scale with a dot on it: the colour is not the only thing that tells the value."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.heat_track)
    painter.drawRoundedRect(bar, 1.25, 1.25)
    painter.setBrush(QBrush(style.theme.text))
    painter.drawEllipse(QPointF(bar.left() + bar.width() * at, bar.center().y()), 2.6, 2.6)


def draw_chevron(painter: QPainter, rect: QRectF, is_open: bool, style: Style, hovered: bool = False) -> None:
    """The sign that opens a module in place, or shuts it."""
    x, y = rect.center().x(), rect.center().y()
    painter.setPen(style.chevron_hovered if hovered else style.chevron)
    if is_open:
        points = [QPointF(x - 3.5, y - 1.8), QPointF(x, y + 1.8), QPointF(x + 3.5, y - 1.8)]
    else:
        points = [QPointF(x - 1.8, y - 3.5), QPointF(x + 1.8, y), QPointF(x - 1.8, y + 3.5)]
    painter.drawPolyline(points)


def draw_flake(painter: QPainter, centre: QPointF, frozen: str, style: Style) -> None:
    """The sign of a block that is not trained: a snow crystal, quiet where only a part of it is frozen."""
    painter.setPen(style.frozen[frozen])
    arms = [QPointF(math.cos(math.radians(angle)), math.sin(math.radians(angle))) for angle in range(30, 390, 60)]
    lines = [QLineF(centre, centre + arm * FLAKE) for arm in arms]
    for index, arm in enumerate(arms):
        fork = centre + arm * (0.5 * FLAKE)
        lines += [QLineF(fork, fork + arms[(index + turn) % 6] * (0.4 * FLAKE)) for turn in (-1, 1)]
    painter.drawLines(lines)


def draw_pin(painter: QPainter, centre: QPointF, style: Style) -> None:
    """The sign of a block that keeps its place."""
    painter.setPen(QPen(style.theme.secondary, 1.2))
    painter.setBrush(style.theme.secondary)
    x, y = centre.x(), centre.y()
    painter.drawEllipse(QPointF(x, y - 2.4), 2.4, 2.4)
    painter.drawLines([QLineF(x, y, x, y + PIN + 1)])


def line_of(content: Content, room: float) -> str:
    """The line under the name, as much of it as there is room for."""
    if text_width(content.line, LINE_PX) <= room or text_width(content.short, LINE_PX) > room:
        return elided(content.line, LINE_PX, False, room)
    # Of a list of numbers some say little; of a type with its first parameter they say enough.
    return content.short if "·" in content.short else elided(content.line, LINE_PX, False, room)


def draw_text(painter: QPainter, x: float, middle: float, text: str, style: Style, bold: bool = False) -> None:
    """One line with its middle at height ``middle``; the painter has the font."""
    laid = style.text_of(text, painter.font(), bold)
    painter.drawStaticText(QPointF(x, middle - laid.size().height() / 2), laid)


def draw_handle(painter: QPainter, rect: QRectF, text: str, style: Style) -> None:
    """The handle by which a card is repeated."""
    painter.setPen(style.selected)
    painter.setBrush(style.card)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    painter.setPen(style.text)
    painter.setFont(style.badge_font)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def draw_pill(painter: QPainter, rect: QRectF, text: str, style: Style) -> None:
    """A shape on a wire; ``?`` in the colour of problems."""
    problem = text == "?"
    painter.setFont(style.line_font)
    painter.setPen(style.problem if problem else style.pill_border)
    painter.setBrush(style.pill)
    painter.drawRoundedRect(rect, PILL_HEIGHT / 2, PILL_HEIGHT / 2)
    painter.setPen(style.problem if problem else style.secondary)
    laid = style.text_of(text, style.line_font)
    painter.drawStaticText(QPointF(rect.x() + 6, rect.center().y() - laid.size().height() / 2), laid)


def draw_ports(painter: QPainter, points: list[QPointF], ring: QPen, style: Style, size: float = PORT) -> None:
    """Small rings where wires begin and end."""
    painter.setPen(ring)
    painter.setBrush(style.card)
    for point in points:
        painter.drawEllipse(point, size, size)


def draw_label(
    painter: QPainter, x: float, y: float, width: float, height: float, text: str, pen: QPen, style: Style
) -> None:
    """A small text with an outline in the colour of what it says."""
    rect = QRectF(x, y, width, height)
    painter.setPen(pen)
    painter.setBrush(style.card)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    painter.setFont(style.line_font)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
