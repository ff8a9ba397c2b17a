"""Painting a level at any zoom: batches of rectangles and lines from far, full cards from near.

From far nothing is done block by block: Qt is handed whole lists. From near only the blocks in view are painted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from blockstudio.graph.diagram import Wire
from blockstudio.gui.canvas import cards
from blockstudio.gui.canvas.drawing import Drawing
from blockstudio.gui.canvas.facts import Facts
from blockstudio.gui.canvas.metrics import (
    CHEVRON,
    DOTS,
    FAR,
    FAR_FEW,
    FEW,
    INSET,
    LINE_PX,
    LINES,
    NAME_PX,
    NAMES,
    NEAR,
    RADIUS,
    STRIPE,
    STUB,
    elided,
    lone_name,
    lone_sizes,
    text_width,
)
from blockstudio.gui.canvas.style import Style
from blockstudio.gui.text import tr

SMOOTH = 2500
"""So many lines at most are smoothed when seen from far."""
DOT, MIN_STEP = 2, 15


@dataclass
class Stage:
    """A level ready to be painted: where things are, what is known of them, and the same for modules open in
    place, by instance."""

    drawing: Drawing
    facts: Facts
    path: str = ""
    """The level's place in the network."""
    inside: dict[str, Stage] = field(default_factory=dict)


@dataclass
class Marks:
    """What the mouse and the keyboard single out. Names and wires of the level in view."""

    selected: frozenset[str] = frozenset()
    wires: frozenset[Wire] = frozenset()
    hovered: str | None = None
    hovered_wire: Wire | None = None
    chevron: str | None = None
    """The instance whose sign of opening is under the mouse."""
    drop_wire: Wire | None = None
    """The wire that what is dragged would be put into."""
    taken: Wire | None = None
    """The wire that the mouse has pulled off its port: it is drawn by the gesture."""
    ports_of: str | None = None
    """The block whose free input shows."""


NO_MARKS = Marks()


@dataclass
class Painted:
    """What one frame cost: tests count on it."""

    cards: int = 0
    outlines: int = 0
    names: int = 0
    curves: int = 0
    pills: int = 0
    ports: int = 0
    notes: int = 0


def paint_background(painter: QPainter, view: QRectF, scale: float, x: float, y: float, style: Style) -> None:
    """The canvas with its dotted grid. Viewport coordinates."""
    painter.fillRect(view, style.canvas)
    step = DOTS * scale
    if step < MIN_STEP / 2:
        return
    while step < MIN_STEP:
        step *= 2
    columns = int(view.width() / step) + 3
    left = view.left() - step + (x - view.left()) % step
    top = view.top() - step + (y - view.top()) % step
    ratio = painter.device().devicePixelRatioF()
    # One row of dots is made once for a zoom, and laid down for every row.
    row = _dots(round(step, 4), columns, style.theme.dots.rgb(), ratio)
    start = round(left * ratio) / ratio - DOT / 2
    for index in range(int(view.height() / step) + 3):
        painter.drawPixmap(QPointF(start, round((top + index * step) * ratio) / ratio - DOT / 2), row)


@lru_cache(maxsize=8)
def _dots(step: float, columns: int, colour: int, ratio: float) -> QPixmap:
    size = round(DOT * ratio)
    row = QPixmap(round(columns * step * ratio) + size, size)
    row.fill(Qt.GlobalColor.transparent)
    painter = QPainter(row)
    for column in range(columns):
        painter.fillRect(QRect(round(column * step * ratio), 0, size, size), QColor(colour))
    painter.end()
    row.setDevicePixelRatio(ratio)
    return row


def paint_stage(
    painter: QPainter,
    stage: Stage,
    area: QRectF,
    scale: float,
    style: Style,
    marked: Mapping[str, Marks],
    painted: Painted,
) -> None:
    """Frames, wires, pills and cards of a level that touch ``area`` (the stage's coordinates). The painter is already
    scaled to them. ``marked``: marks by the path of their stage."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    marks = marked.get(stage.path, NO_MARKS)
    _frames(painter, stage, area, scale, style, marked, painted)
    rows = stage.drawing.rows_in(area, 8)
    if scale < FAR and (scale < FAR_FEW or len(rows) > FEW):
        _far(painter, stage, style, marks)
        return
    _wires(painter, stage, area, scale, style, marks, painted)
    rows = [row for row in rows if stage.drawing.names[row] not in stage.drawing.frames]
    if stage.drawing.framed:
        rows = [row for row in rows if not stage.drawing.is_hidden(stage.drawing.names[row])]
    if scale < NEAR:
        _outlines(painter, stage, rows, scale, style, painted)
        _selection(painter, stage, style, marks, scale)
    else:
        frames = [stage.drawing.rows[name] for name in stage.drawing.frames]
        _cards(painter, stage, rows, style, marks, painted)
        _selection(painter, stage, style, marks, scale)
        _ports(painter, stage, rows + frames, style, marks, painted)


def _far(painter: QPainter, stage: Stage, style: Style, marks: Marks) -> None:
    lines = stage.drawing.far_lines()
    # Smooth lines cost twice as much, and thousands of them cover each other anyway.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(lines) < SMOOTH)
    painter.setPen(style.wire_far)
    painter.drawLines(lines)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    for brush, rectangles in zip(style.families, stage.drawing.far_rectangles(), strict=True):
        if rectangles:
            painter.setBrush(brush)
            painter.drawRects(rectangles)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    wrong = [name for name in stage.facts.problems if stage.facts.severity(name) == "error"]
    for pen, names in ((style.problem_far, wrong), (style.selected_far, marks.selected)):
        rectangles = [stage.drawing.rectangles[row] for row in map(stage.drawing.rows.get, names) if row is not None]
        if rectangles:
            painter.setPen(pen)
            painter.drawRects(rectangles)


def _frames(
    painter: QPainter,
    stage: Stage,
    area: QRectF,
    scale: float,
    style: Style,
    marked: Mapping[str, Marks],
    painted: Painted,
) -> None:
    """Modules open in place: a tinted frame with a title, and their inside."""
    for name, frame in stage.drawing.frames.items():
        rect = stage.drawing.rect(name)
        if not rect.intersects(area):
            continue
        painter.setPen(style.frame_border)
        painter.setBrush(style.frame)
        painter.drawRoundedRect(rect, 2 * RADIUS, 2 * RADIUS)
        inner = stage.inside[name]
        painter.setPen(style.wire if scale >= NAMES else style.wire_far)
        painter.drawLines(
            [
                QLineF(port.point, port.point + QPointF(0, STUB))
                for port in stage.drawing.ports(name)
                if port.side == "in"
            ]
        )
        painter.translate(frame.dx, frame.dy)
        paint_stage(painter, inner, area.translated(-frame.dx, -frame.dy), scale, style, marked, painted)
        painter.translate(-frame.dx, -frame.dy)
        if scale >= NAMES:
            _frame_title(painter, stage, name, rect, style, marked.get(stage.path, NO_MARKS))


def _frame_title(painter: QPainter, stage: Stage, name: str, rect: QRectF, style: Style, marks: Marks) -> None:
    # What it is stands left of the wire that comes in, what it costs right of it; as much as there is room for.
    content = stage.facts.content(name)
    report = stage.facts.report(name)
    left = 16 + CHEVRON
    middle, half = rect.y() + 18, rect.width() / 2 - left - 12
    title = elided(f"{name} {content.badge}".rstrip(), NAME_PX, True, half)
    cards.draw_chevron(painter, stage.drawing.chevron(name), True, style, name == marks.chevron)
    painter.setPen(style.text)
    painter.setFont(style.name_font)
    cards.draw_text(painter, rect.x() + left, middle, title, style, bold=True)
    painter.setPen(style.secondary)
    painter.setFont(style.line_font)
    used = text_width(title, NAME_PX, True) + 10
    line = _fitting([content.line, stage.drawing.block(name).type], half - used)
    cards.draw_text(painter, rect.x() + left + used, middle + 0.5, line, style)
    if report is not None:
        macs = tr("{0} MACs", short_number(report.macs or 0))
        line = _fitting([tr("{0} parameters", f"{report.parameters or 0:,}") + " · " + macs, macs], half)
        cards.draw_text(painter, rect.right() - 16 - text_width(line, LINE_PX), middle + 0.5, line, style)


def _fitting(texts: list[str], width: float) -> str:
    """The first of the texts that fits, or nothing."""
    return next((text for text in texts if text_width(text, LINE_PX) <= width), "")


def short_number(value: float) -> str:
    """``86.7 M``, ``1.58 G``: three or four figures and a unit."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.2f} {unit}" if scaled < 10 else f"{scaled:.1f} {unit}"
    return f"{value:g}"


def _wires(
    painter: QPainter, stage: Stage, area: QRectF, scale: float, style: Style, marks: Marks, painted: Painted
) -> None:
    drawing = stage.drawing
    rows = drawing.wires_in(area, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if scale < NAMES and len(rows) > 2 * FEW:
        painter.setPen(style.wire_far)
        painter.drawLines(drawing.far_lines())
    else:
        painter.setPen(style.wire)
        for row in rows:
            if drawing.wires[row] != marks.taken:
                painter.drawPath(drawing.path(drawing.wires[row]))
        painted.curves += len(rows)
    painter.setPen(style.wire_active)
    for wire in {*marks.wires, marks.hovered_wire, marks.drop_wire}:
        if wire is not None and wire in drawing.wire_rows and wire != marks.taken:
            painter.drawPath(drawing.path(wire))
    if scale >= LINES:
        _pills(painter, stage, rows, area, style, painted)


def pills_of(stage: Stage, rows: Iterable[int]) -> list[tuple[QRectF, str, Wire]]:
    """The pills of these wires: one on a wire that runs alone, one below the port where several leave it."""
    drawing, found = stage.drawing, []
    for row in rows:
        wire = drawing.wires[row]
        together = drawing.leaders(wire)
        if together[0] != wire:
            continue
        if drawing.framed and (drawing.is_hidden(wire.source) or all(map(drawing.is_hidden, _targets(together)))):
            continue  # the wires outside the frame tell it
        text = stage.facts.pill(wire)
        width = cards.pill_width(text)
        centre = drawing.pill_place(wire, width, shared=len(together) > 1)
        found.append((cards.pill_rect(centre, width), text, wire))
    return found


def _targets(wires: Iterable[Wire]) -> Iterable[str]:
    return (wire.target for wire in wires)


def _pills(painter: QPainter, stage: Stage, rows: list[int], area: QRectF, style: Style, painted: Painted) -> None:
    painter.setFont(style.line_font)
    for rect, text, _ in pills_of(stage, rows):
        if rect.intersects(area):
            cards.draw_pill(painter, rect, text, style, problem=text == "?")
            painted.pills += 1


def _outlines(painter: QPainter, stage: Stage, rows: list[int], scale: float, style: Style, painted: Painted) -> None:
    """Plain cards in batches: boxes, then stripes family by family, then names, then summaries."""
    drawing, facts = stage.drawing, stage.facts
    rectangles = [drawing.rectangles[row] for row in rows]
    painter.setPen(style.border_far)
    painter.setBrush(style.card)
    painter.drawRects(rectangles)
    painter.setPen(Qt.PenStyle.NoPen)
    families = drawing.families[rows].tolist()
    stripe = max(STRIPE, 3.2 / scale)
    for family in set(families):
        painter.setBrush(style.families[family])
        painter.drawRects(
            [
                QRectF(box.x(), box.y(), stripe, box.height())
                for box, own in zip(rectangles, families, strict=True)
                if own == family
            ]
        )
    painted.outlines += len(rows)
    if scale < NAMES and len(rows) > FEW:
        return
    painter.setPen(style.text)
    painted.names += len(rows)
    if scale < LINES:
        wanted, least = lone_sizes(scale)
        inset = max(INSET, stripe + 3 / scale)
        for row, box in zip(rows, rectangles, strict=True):
            text, size = lone_name(drawing.names[row], box.width() - inset - 4, wanted, least)
            painter.setFont(style.name_fonts[size])
            cards.draw_text(painter, box.x() + inset, box.center().y(), text, style, bold=True)
        return
    painter.setFont(style.name_font)
    for row, box in zip(rows, rectangles, strict=True):
        text = elided(drawing.names[row], NAME_PX, True, box.width() - INSET - 4)
        cards.draw_text(painter, box.x() + INSET, box.y() + 13.5, text, style, bold=True)
    painter.setPen(style.secondary)
    painter.setFont(style.line_font)
    for row, box in zip(rows, rectangles, strict=True):
        text = cards.line_of(facts.content(drawing.names[row]), box.width() - INSET - 4)
        cards.draw_text(painter, box.x() + INSET, box.y() + 30, text, style)


def _cards(painter: QPainter, stage: Stage, rows: list[int], style: Style, marks: Marks, painted: Painted) -> None:
    drawing = stage.drawing
    for row in rows:
        name = drawing.names[row]
        family = style.families[int(drawing.families[row])]
        hovered = name == marks.hovered
        opens = drawing.is_module(name)
        content = stage.facts.content(name)
        cards.draw_card(painter, drawing.rectangles[row], content, family, style, hovered=hovered, opens=opens)
        if opens:
            cards.draw_chevron(painter, drawing.chevron(name), False, style, name == marks.chevron)
    painted.cards += len(rows)


def _ports(painter: QPainter, stage: Stage, rows: list[int], style: Style, marks: Marks, painted: Painted) -> None:
    points: list[QPointF] = []
    waiting: list[QPointF] = []
    for row in rows:
        name = stage.drawing.names[row]
        open_inputs = stage.facts.open_inputs(name)
        for port in stage.drawing.ports(name, free=name == marks.ports_of):
            is_open = port.side == "in" and port.port in open_inputs
            (waiting if is_open else points).append(port.point)
    cards.draw_ports(painter, points, style.port, style)
    cards.draw_ports(painter, waiting, style.port_open, style)
    painted.ports += len(points) + len(waiting)


def _selection(painter: QPainter, stage: Stage, style: Style, marks: Marks, scale: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    drawing = stage.drawing
    if scale < NEAR:
        painter.setPen(style.problem_far)
        for name in stage.facts.problems:
            if stage.facts.severity(name) == "error" and name in drawing.rows:
                painter.drawRect(drawing.rectangles[drawing.rows[name]])
    painter.setPen(style.selected if scale >= NEAR else style.selected_far)
    for name in marks.selected:
        row = drawing.rows.get(name)
        if row is not None:
            radius = 2 * RADIUS if name in drawing.frames else RADIUS
            painter.drawRoundedRect(drawing.rectangles[row], radius, radius)
