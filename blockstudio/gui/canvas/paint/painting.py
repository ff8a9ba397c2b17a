"""Painting a level at any zoom: batches of rectangles and lines from far, full cards from near.

From far nothing is done block by block: Qt is handed whole lists. From near only the blocks in view are painted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter

from blockstudio.graph.diagram import Wire
from blockstudio.gui.canvas.paint import cards, frames
from blockstudio.gui.canvas.paint.annotations import draw_annotations, draw_titles
from blockstudio.gui.canvas.paint.sprites import Sprites
from blockstudio.gui.canvas.paint.style import HEAT_STEPS, Style
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import (
    FAR,
    FAR_FEW,
    FEW,
    INSET,
    LINES,
    NAMES,
    NEAR,
    PORT,
    RADIUS,
    STRIPE,
    STUB,
    lone_name,
    lone_sizes,
)
from blockstudio.gui.canvas.scene.repeating import handle, times
from blockstudio.gui.canvas.scene.routed import wire_path
from blockstudio.gui.canvas.scene.stage import NO_MARKS, Marks, Stage, pills_of

SMOOTH = 2500
"""So many blocks at most are smoothed when seen from far."""
PART = 3
"""Of so many only those in view are gone through, if they are less than one in this number."""
TINY, SHORT, MANY_WIRES = 0.06, 96.0, 20_000
"""Below this zoom a wire no longer than that, from one card to the next, is a pixel or two: of so many wires such are
left out."""
SMOOTH_CARDS = 100
"""So many cards at most are scaled smoothly while the zoom changes."""


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


def draw_repeating(painter: QPainter, stage: Stage, marks: Marks, style: Style) -> None:
    """The handle that repeats the selected card, if it has one. The stage's coordinates."""
    found = handle(stage, marks)
    if found is not None:
        name, rect = found
        cards.draw_handle(painter, rect, f"×{times(stage, marks, name)}", style)


def is_far(scale: float, blocks: int) -> bool:
    """Whether so many blocks in view are painted as plain boxes at a zoom."""
    return scale < FAR and (scale < FAR_FEW or blocks > FEW)


class StagePainter:
    """Paints stages with a painter that is scaled to the scene already. ``scale`` decides how much is shown;
    ``marked`` has marks by the path of their stage. Without ``sprites`` everything is drawn anew, as lines and
    texts: that is for pictures. Without ``signs`` the signs that open and shut modules are left out."""

    def __init__(
        self,
        painter: QPainter,
        scale: float,
        style: Style,
        marked: Mapping[str, Marks] | None = None,
        painted: Painted | None = None,
        sprites: Sprites | None = None,
        signs: bool = True,
        asides: Mapping[str, Mapping[str, QPointF]] | None = None,
    ) -> None:
        self.painter, self.scale, self.style = painter, scale, style
        self.marked = marked or {}
        self.painted = painted or Painted()
        self.sprites = sprites
        self.signs = signs
        self.asides = asides or {}
        """How far blocks on their way are shown from where they are, by the path of their stage."""

    def paint(self, stage: Stage, area: QRectF, seen: QRectF | None = None) -> None:
        """Frames, wires, pills and cards of a level that touch ``area`` (the stage's coordinates). How much is shown of
        each goes by how many are ``seen``, where ``area`` is only a part of that."""
        painter, drawing, scale = self.painter, stage.drawing, self.scale
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        marks = self.marked.get(stage.path, NO_MARKS)
        seen = seen if seen is not None else area
        draw_annotations(painter, drawing, area, scale, self.style, marks)
        self._frames(stage, area, marks, seen)
        crowd = drawing.count_in(seen, 8)
        if is_far(scale, crowd):
            self._far(stage, marks, area)
            draw_titles(painter, drawing, area, scale, self.style)
            return
        if asides := self.asides.get(stage.path):
            self._glide(stage, area, marks, asides)
            return
        rows = drawing.rows_in(area, 8)
        self._wires(stage, area, marks, seen)
        draw_titles(painter, drawing, area, scale, self.style)
        shut = [row for row in rows if drawing.names[row] not in drawing.frames]
        if drawing.framed:
            shut = [row for row in shut if not drawing.is_hidden(drawing.names[row])]
        front = [row for row in shut if drawing.names[row] in marks.selected]  # over the rest, as what is dragged
        if front:
            shut = [row for row in shut if drawing.names[row] not in marks.selected]
        if scale < NEAR:
            self._outlines(stage, [*shut, *front], crowd)
            self._selection(stage, marks)
            return
        self._cards(stage, shut, marks)
        if scale >= LINES:
            self._ports(stage, [*shut, *(drawing.rows[name] for name in drawing.frames)], marks)
        self._cards(stage, front, marks)
        self._selection(stage, marks)
        if scale >= LINES:
            self._ports(stage, front, marks)

    # On the way

    def _glide(self, stage: Stage, area: QRectF, marks: Marks, asides: Mapping[str, QPointF]) -> None:
        """Wires and cards while some are shown aside from where they are, without pills and ports."""
        painter, drawing, style, still = self.painter, stage.drawing, self.style, QPointF()
        wide = max(abs(aside.x()) + abs(aside.y()) for aside in asides.values())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(style.wire)
        for row in drawing.wires_in(area, wide):
            wire = drawing.wires[row]
            start, end = asides.get(wire.source, still), asides.get(wire.target, still)
            if start == end:
                painter.drawPath(drawing.path(wire).translated(start))
            elif drawing.route_of(wire) is not None:
                painter.drawPath(drawing.path(wire))  # its way is the new one already
            else:
                x0, y0, *_, x1, y1 = drawing.curves[row].tolist()
                painter.drawPath(wire_path(QPointF(x0, y0) + start, QPointF(x1, y1) + end, drawing.right))
        groups: dict[tuple[float, float], list[int]] = {}
        for row in drawing.rows_in(area, wide):
            name = drawing.names[row]
            if name not in drawing.frames and not drawing.is_hidden(name):
                aside = asides.get(name, still)
                groups.setdefault((aside.x(), aside.y()), []).append(row)
        for (dx, dy), rows in groups.items():
            painter.translate(dx, dy)
            if self.scale < NEAR:
                self._outlines(stage, rows, len(rows))
            else:
                self._cards(stage, rows, marks)
            painter.translate(-dx, -dy)

    # From far

    def _far(self, stage: Stage, marks: Marks, area: QRectF) -> None:
        """Plain boxes and straight wires: all there are, or of a large drawing those in ``area``, if they are few of
        them."""
        painter, drawing, style = self.painter, stage.drawing, self.style
        # Smooth edges cost more, and thousands of them are too small to show it.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(drawing) < SMOOTH)
        painter.setPen(style.wire_far)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        part = len(drawing) >= SMOOTH and PART * drawing.count_in(area, 8) < len(drawing)
        rows = drawing.rows_in(area, 8) if part else []
        tiny = self.scale < TINY and len(drawing.wires) > MANY_WIRES
        if part:
            painter.drawPath(drawing.path_of(drawing.wires_in(area)))
        else:
            painter.drawPath(drawing.long_path(SHORT) if tiny else drawing.far_path())
        painter.setPen(Qt.PenStyle.NoPen)
        painted = style.families, drawing.rectangles_of(rows) if part else drawing.far_rectangles()
        if stage.facts.heats():
            shown = rows if part else range(len(drawing))
            painted = self._by_heat(stage, [row for row in shown if drawing.names[row] not in drawing.frames])
        for brush, rectangles in zip(*painted, strict=True):
            if rectangles:
                painter.setBrush(brush)
                painter.drawRects(rectangles)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        wrong = [name for name in stage.facts.problems if stage.facts.severity(name) == "error"]
        for pen, names in ((style.problem_far, wrong), (style.selected_far, marks.selected)):
            rectangles = [drawing.rectangles[row] for row in map(drawing.rows.get, names) if row is not None]
            if rectangles:
                painter.setPen(pen)
                painter.drawRects(rectangles)

    def _by_heat(self, stage: Stage, rows: list[int]) -> tuple[list[QBrush], list[list[QRectF]]]:
        """Boxes by the colour that their value has, those without one first."""
        drawing, heats = stage.drawing, stage.facts.heats()
        found: list[list[QRectF]] = [[] for _ in range(HEAT_STEPS + 2)]
        for row in rows:
            at = heats.get(drawing.names[row])
            found[0 if at is None else 1 + round(at * HEAT_STEPS)].append(drawing.rectangles[row])
        sided = stage.facts.scale is not None and stage.facts.scale.two_sided
        fills = [self.style.heat(step / HEAT_STEPS, sided) for step in range(HEAT_STEPS + 1)]
        return [self.style.track, *fills], found

    def _outlines(self, stage: Stage, rows: list[int], crowd: int, named: bool = True) -> None:
        """Plain cards in batches: boxes, then stripes family by family, then names, if few are in view."""
        painter, style, scale, drawing = self.painter, self.style, self.scale, stage.drawing
        rectangles = [drawing.rectangles[row] for row in rows]
        painter.setPen(style.border_far)
        painter.setBrush(style.card)
        painter.drawRects(rectangles)
        if stage.facts.heats():
            for brush, boxes in list(zip(*self._by_heat(stage, rows), strict=True))[1:]:
                painter.setBrush(brush)
                painter.drawRects(boxes)
        painter.setPen(Qt.PenStyle.NoPen)
        families = drawing.families[rows].tolist()
        stripe = max(STRIPE, 3.2 / scale)
        for family in set(families):
            painter.setBrush(style.families[family])
            own = [box for box, each in zip(rectangles, families, strict=True) if each == family]
            painter.drawRects([QRectF(box.x(), box.y(), stripe, box.height()) for box in own])
        self.painted.outlines += len(rows)
        if not named or (scale < NAMES and crowd > FEW):
            return
        painter.setPen(style.text)
        self.painted.names += len(rows)
        wanted, least = lone_sizes(scale)
        inset = max(INSET, stripe + 3 / scale)
        for row, box in zip(rows, rectangles, strict=True):
            text, size = lone_name(drawing.names[row], box.width() - inset - 4, wanted, least)
            painter.setFont(style.name_fonts[size])
            cards.draw_text(painter, box.x() + inset, box.center().y(), text, style, bold=True)

    # Frames

    def _frames(self, stage: Stage, area: QRectF, marks: Marks, seen: QRectF) -> None:
        """Modules open in place: a tinted frame with a title, and their inside."""
        painter, style, drawing = self.painter, self.style, stage.drawing
        for name, frame in drawing.frames.items():
            rect = drawing.rect(name)
            if not rect.intersects(area):
                continue
            painter.setPen(style.frame_border)
            painter.setBrush(style.frame)
            painter.drawRoundedRect(rect, 2 * RADIUS, 2 * RADIUS)
            painter.setPen(style.wire if self.scale >= NAMES else style.wire_far)
            inputs = [port.point for port in drawing.ports(name) if port.side == "in"]
            stub = QPointF(STUB, 0) if drawing.right else QPointF(0, STUB)
            painter.drawLines([QLineF(point, point + stub) for point in inputs])
            painter.translate(frame.dx, frame.dy)
            inner = area.translated(-frame.dx, -frame.dy)
            self.paint(stage.inside[name], inner, inner if seen is area else seen.translated(-frame.dx, -frame.dy))
            painter.translate(-frame.dx, -frame.dy)
            if self.scale >= NAMES:
                sign = "" if not self.signs else "active" if name == marks.chevron else "quiet"
                frames.draw_title(painter, drawing, stage.facts, name, style, sign)

    # Wires

    def _wires(self, stage: Stage, area: QRectF, marks: Marks, seen: QRectF) -> None:
        painter, style, drawing = self.painter, self.style, stage.drawing
        rows = drawing.wires_in(area, 4)
        crowd = len(rows) if seen is area or self.scale >= NAMES else len(drawing.wires_in(seen, 4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.scale < NAMES and crowd > 2 * FEW:
            painter.setPen(style.wire_far)
            painter.drawPath(drawing.far_path())
        else:
            painter.setPen(style.wire)
            for row in rows:
                if drawing.wires[row] != marks.taken:
                    painter.drawPath(drawing.path(drawing.wires[row]))
            self.painted.curves += len(rows)
        if marks.way or marks.cut:
            painter.setPen(style.wire_problem)
            closed = set(pairwise(marks.way))
            for row in rows:
                if (drawing.wires[row].source, drawing.wires[row].target) in closed or drawing.wires[row] in marks.cut:
                    painter.drawPath(drawing.path(drawing.wires[row]))
        painter.setPen(style.wire_active)
        for wire in {*marks.wires, marks.hovered_wire, marks.drop_wire}:
            if wire is not None and wire in drawing.wire_rows and wire != marks.taken:
                painter.drawPath(drawing.path(wire))
        self._led(drawing, rows, marks)
        if self.scale >= LINES:
            self._pills(stage, rows, area, marks.taken)

    def _led(self, drawing: Drawing, rows: list[int], marks: Marks) -> None:
        """The points that singled out wires are led through."""
        if not drawing.led or self.scale < NAMES:
            return
        for row in rows:
            wire = drawing.wires[row]
            if wire in drawing.led and (wire in marks.wires or wire == marks.hovered_wire):
                points = [QPointF(x, y) for x, y in drawing.led[wire]]
                cards.draw_ports(self.painter, points, self.style.port_active, self.style, PORT + 1)

    def _pills(self, stage: Stage, rows: list[int], area: QRectF, taken: Wire | None) -> None:
        scale = self.painter.transform().m11()
        for rect, text, wire in pills_of(stage, rows):
            if wire != taken and rect.intersects(area):
                self._pill(rect, text, scale)
                self.painted.pills += 1

    def _pill(self, rect: QRectF, text: str, scale: float) -> None:
        style = self.style
        if self.sprites is None:
            cards.draw_pill(self.painter, rect, text, style)
            return
        place = QRectF(0, 0, rect.width(), rect.height())
        what = (text, style.theme.name)
        self.sprites.draw(self.painter, rect, what, scale, lambda own: cards.draw_pill(own, place, text, style))

    # Cards

    def _cards(self, stage: Stage, rows: list[int], marks: Marks) -> None:
        drawing, families = stage.drawing, stage.drawing.families
        scale = self.painter.transform().m11()
        later: list[int] = []
        if self.sprites is not None:
            self.sprites.smooth = len(rows) <= SMOOTH_CARDS
        for row in rows:
            name, rect = drawing.names[row], drawing.rectangles[row]
            sign = "active" if name == marks.chevron else "quiet"
            sign = sign if self.signs and drawing.is_module(name) else ""
            if self.sprites is not None and self.sprites.is_spent and not stage.facts.is_made(name):
                later.append(row)
                continue
            look = cards.Look(stage.facts.content(name), int(families[row]), name == marks.hovered, sign)
            if not self._card(rect, look, scale):
                later.append(row)
        self.painted.cards += len(rows) - len(later)
        if later:  # the next frames have them: this one was to be quick
            self._outlines(stage, later, len(later), named=False)

    def _card(self, rect: QRectF, look: cards.Look, scale: float) -> bool:
        painter, style = self.painter, self.style
        width, height = rect.width(), rect.height()
        if self.sprites is None:
            painter.translate(rect.topLeft())
            cards.draw_card(painter, width, height, look, style)
            painter.translate(-rect.topLeft())
            return True
        what = (look, style.theme.name)
        return self.sprites.draw(
            painter, rect, what, scale, lambda own: cards.draw_card(own, width, height, look, style)
        )

    def _ports(self, stage: Stage, rows: list[int], marks: Marks) -> None:
        drawing = stage.drawing
        points: list[QPointF] = []
        waiting: list[QPointF] = []
        dimmed: list[QPointF] = []
        for row in rows:
            name = drawing.names[row]
            open_inputs = stage.facts.open_inputs(name)
            for port in drawing.ports(name, free=name == marks.ports_of):
                is_open = port.side == "in" and port.port in open_inputs
                if marks.able is not None and not marks.able(port):
                    dimmed.append(port.point)
                else:
                    (waiting if is_open else points).append(port.point)
        cards.draw_ports(self.painter, points, self.style.port, self.style)
        cards.draw_ports(self.painter, waiting, self.style.port_open, self.style)
        cards.draw_ports(self.painter, dimmed, self.style.port_dimmed, self.style)
        if marks.port is not None and marks.port.block in drawing.rows:
            cards.draw_ports(self.painter, [marks.port.point], self.style.port_active, self.style, PORT + 1)
        self.painted.ports += len(points) + len(waiting)

    def _selection(self, stage: Stage, marks: Marks) -> None:
        painter, style, drawing = self.painter, self.style, stage.drawing
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.scale < NEAR:
            painter.setPen(style.problem_far)
            for name in stage.facts.problems:
                if stage.facts.severity(name) == "error" and name in drawing.rows:
                    painter.drawRect(drawing.rectangles[drawing.rows[name]])
        if marks.drop_block is not None and marks.drop_block in drawing.rows:
            painter.setPen(style.selected if self.scale >= NEAR else style.selected_far)
            painter.setBrush(style.accent_veil)
            painter.drawRoundedRect(drawing.rect(marks.drop_block), RADIUS, RADIUS)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(style.selected if self.scale >= NEAR else style.selected_far)
        for name in marks.selected:
            row = drawing.rows.get(name)
            if row is not None:
                radius = 2 * RADIUS if name in drawing.frames else RADIUS
                painter.drawRoundedRect(drawing.rectangles[row], radius, radius)
        if self.scale >= LINES:
            draw_repeating(painter, stage, marks, style)
