"""Notes and frames as they are painted: below wires and cards."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from blockstudio.graph.annotations import Annotation
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene.annotated import FAR_PX, LARGEST, PAD, TALLEST, Sheet, title_chip
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import LINE_PX, NAMES, RADIUS, elided
from blockstudio.gui.canvas.scene.stage import Marks
from blockstudio.gui.kit.text import tr

HANDLE = 7.0


def draw_annotations(
    painter: QPainter, drawing: Drawing, area: QRectF, scale: float, style: Style, marks: Marks
) -> None:
    """The frames, without their titles, and notes that touch ``area``; ``scale`` decides what of texts shows."""
    for each in drawing.areas():
        if each.rect.intersects(area):
            veil, edge = style.areas[each.colour]
            edge = edge if scale >= NAMES else style.far_edges[each.colour]
            painter.setPen(style.selected if each.name in marks.into else edge)
            painter.setBrush(veil)
            painter.drawRoundedRect(each.rect, 2 * RADIUS, 2 * RADIUS)
    for sheet in drawing.sheets():
        if sheet.rect.intersects(area):
            _draw_sheet(painter, sheet, scale, style)
    for mark in (*marks.noted, marks.hovered_note):
        if mark is not None:
            _draw_mark(painter, drawing, mark, scale, style, mark in marks.noted)


def draw_titles(painter: QPainter, drawing: Drawing, area: QRectF, scale: float, style: Style) -> None:
    """The titles of frames, over the wires: inside from near, above the frame and larger from far."""
    for each in drawing.areas():
        if not each.title or not each.rect.adjusted(0, -2 * LARGEST, 0, 0).intersects(area):
            continue
        place, text, size = title_chip(each, scale)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.papers[each.colour][0])
        painter.drawRoundedRect(place.adjusted(-4, 0, 4, 0), 3, 3)
        painter.setPen(style.note_text[each.colour])
        painter.setFont(style.lone_font(size))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def _draw_line(painter: QPainter, place: QRectF, text: str) -> None:
    """A line of text at the left of ``place``."""
    # Centred in a box of its width, as pictures as text know no other way to write into a rectangle.
    box = QRectF(place.left(), place.top(), QFontMetricsF(painter.font()).horizontalAdvance(text), place.height())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _draw_sheet(painter: QPainter, sheet: Sheet, scale: float, style: Style) -> None:
    paper, edge = style.papers[sheet.colour]
    rect = sheet.rect
    painter.setPen(edge if scale >= NAMES else style.far_edges[sheet.colour])
    painter.setBrush(paper)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    if scale < NAMES:
        size = max(LINE_PX, min(LARGEST, round(FAR_PX / scale), round(rect.height() - PAD)))
        first = sheet.page.plain.lstrip().split("\n", 1)[0]
        painter.setFont(style.lone_font(size))
        painter.setPen(style.text)
        _draw_line(painter, rect.adjusted(PAD, 0, 0, 0), elided(first, size, True, rect.width() - 2 * PAD))
        return
    left, top = rect.left() + PAD, rect.top() + PAD
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.track)
    for ground in sheet.page.grounds:
        painter.drawRoundedRect(ground.translated(left, top), 3, 3)
    painter.setBrush(style.heat_track)
    for rule in sheet.page.rules:
        painter.drawRect(rule.translated(left, top))
    if not sheet.page.runs:
        painter.setFont(style.line_font)
        painter.setPen(style.secondary)
        _draw_line(painter, QRectF(left, rect.top(), rect.width(), rect.height()), tr("Empty note"))
    for run in sheet.page.runs:
        if run.rect.bottom() > TALLEST - 2 * PAD:
            break
        painter.setFont(run.font)
        painter.setPen(QPen(style.theme.link) if run.link else style.text)
        painter.drawText(run.rect.translated(left, top), Qt.AlignmentFlag.AlignCenter, run.text)


def _draw_mark(
    painter: QPainter, drawing: Drawing, mark: Annotation, scale: float, style: Style, selected: bool
) -> None:
    try:
        rect = drawing.rect_of(mark)
    except KeyError:
        return
    radius = RADIUS if mark.kind == "note" else 2 * RADIUS
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(style.hovered if not selected else style.selected if scale >= NAMES else style.selected_far)
    painter.drawRoundedRect(rect, radius, radius)
    if selected and scale >= NAMES:
        painter.setBrush(style.card)
        painter.setPen(style.selected)
        half = HANDLE / 2 / scale
        for point in handles(mark, rect):
            painter.drawRect(QRectF(point.x() - half, point.y() - half, 2 * half, 2 * half))


def handles(mark: Annotation, rect: QRectF) -> list[QPointF]:
    """Where the handles of a selected note or frame stand: a note is as tall as its text."""
    middle = rect.center()
    if mark.kind == "note":
        return [QPointF(rect.left(), middle.y()), QPointF(rect.right(), middle.y())]
    return [
        *(QPointF(x, y) for x in (rect.left(), rect.right()) for y in (rect.top(), middle.y(), rect.bottom())),
        QPointF(middle.x(), rect.top()), QPointF(middle.x(), rect.bottom()),
    ]  # fmt: skip
