"""Drawing a wire from port to port, and taking one by its end to plug it in elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import AddWire, Edit, RemoveWire
from blockstudio.gui.canvas.hand.connect import Verdict, judge
from blockstudio.gui.canvas.hand.gestures import Gesture
from blockstudio.gui.canvas.paint import cards
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene import hits, routes
from blockstudio.gui.canvas.scene.metrics import LINE_PX, PILL_HEIGHT, PORT, text_width
from blockstudio.gui.canvas.scene.ports import Port, free_port, port_names
from blockstudio.gui.kit.text import tr

if TYPE_CHECKING:
    from blockstudio.gui.canvas.canvas import Canvas


class DrawWire(Gesture):
    """From ``fixed``, the end that stays, to wherever the mouse lets go. ``taken`` is the wire that was pulled
    off a port to be plugged in elsewhere; let go over nothing, it is removed."""

    cursor = Qt.CursorShape.CrossCursor
    scrolls = True

    def __init__(self, canvas: Canvas, at: QPointF, fixed: Port, taken: Wire | None = None) -> None:
        super().__init__(canvas, at)
        self.fixed, self.taken = fixed, taken
        self.target: Port | None = None
        self.verdict: Verdict | None = None

    def begin(self) -> None:
        self.canvas.marks.taken = self.taken

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        before = self.target
        self.target = self._aim()
        self.canvas.show_free_port(self.target.block if self.target else None)
        if self.target != before:
            self.verdict = self._judge(self.target) if self.target is not None else None
        self.canvas.update()

    def _aim(self) -> Port | None:
        """The port that would be meant by letting go here: the nearest in reach, or the first free one of the
        block under the mouse."""
        canvas, side = self.canvas, "in" if self.fixed.side == "out" else "out"
        point = canvas.to_stage(self.at)
        near = hits.port_at(canvas.stage, point, canvas.camera.scale, side)
        name = near.block if near is not None else hits.block_at(canvas.stage, point)
        if name is None or (name == self.fixed.block and near is None):
            return None
        drawing = canvas.drawing
        if side == "in" and canvas.session.diagram.is_variadic(drawing.block(name).type):
            return self._slot(name, near)
        if near is not None:
            return near
        names = port_names(canvas.session.diagram, drawing.definition, name, side)
        taken = {wire.target_port for wire in drawing.definition.wires_into(name) if wire != self.taken}
        free = [port for port in names if side == "out" or port not in taken]
        return drawing.port(name, (free or names)[0], side) if names else None

    def _slot(self, name: str, near: Port | None) -> Port:
        """The input of a merge that is meant: the one in reach if it is free, else a new one."""
        drawing = self.canvas.drawing
        definition = drawing.definition
        if self.taken is not None and self.taken.target == name:
            return drawing.port(name, self.taken.target_port, "in")
        taken = {wire.target_port for wire in definition.wires_into(name)}
        if near is not None and near.port not in taken:
            return near
        return drawing.port(name, free_port(definition, name), "in")

    def _wire(self, target: Port) -> Wire:
        ends = (self.fixed, target) if self.fixed.side == "out" else (target, self.fixed)
        return Wire(ends[0].block, ends[0].port, ends[1].block, ends[1].port)

    def _judge(self, target: Port) -> Verdict:
        return judge(self.canvas.stage.facts, self._wire(target), self.taken)

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.cancel()
        session, taken, verdict = self.canvas.session, self.taken, self.verdict
        if verdict is None:
            if taken is not None:
                session.do(tr("Disconnect {0}", taken.target), RemoveWire(scope=session.scope, wire=taken))
            return
        if verdict.refused:
            session.refused.emit(verdict.text)
            return
        if verdict.wire == taken:
            return
        edits: list[Edit] = [RemoveWire(scope=session.scope, wire=taken)] if taken is not None else []
        edits.append(AddWire(scope=session.scope, wire=verdict.wire))
        session.do(tr("Wire {0} to {1}", verdict.wire.source, verdict.wire.target), *edits)

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        if self.taken is not None:
            self.canvas.select_wires([self.taken])
        else:
            self.canvas.select_wires(())
            self.canvas.session.select([self.fixed.block])

    def cancel(self) -> None:
        self.canvas.marks.taken = None
        self.canvas.show_free_port(None)

    # Painting

    def paint(self, painter: QPainter, style: Style) -> None:
        if not self.dragging:
            return
        camera, theme = self.canvas.camera, style.theme
        colour = theme.accent
        if self.verdict is not None and self.verdict.refused:
            colour = theme.problem
        elif self.verdict is not None and self.verdict.warned:
            colour = theme.warning
        snapped = self.target is not None and not (self.verdict and self.verdict.refused)
        target = self.target.point if snapped and self.target else self.canvas.to_stage(self.at)
        start, end = (self.fixed.point, target) if self.fixed.side == "out" else (target, self.fixed.point)
        curve = routes.curves(*(np.array([value]) for value in (start.x(), start.y(), end.x(), end.y())))[0]
        painter.save()
        painter.setTransform(camera.transform(), True)
        painter.translate(self.canvas.offset)
        painter.setPen(QPen(colour, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(routes.path(curve, None))
        cards.draw_ports(painter, [self.fixed.point, target], QPen(colour, 1.8), style, PORT + 1)
        painter.restore()
        if self.verdict is not None and self.verdict.text:
            self._tell(painter, style, self.verdict.text, QPen(colour))

    def _tell(self, painter: QPainter, style: Style, text: str, pen: QPen) -> None:
        """The verdict beside the cursor, kept inside the window."""
        width, height = text_width(text, LINE_PX) + 16, PILL_HEIGHT + 6
        x = min(self.at.x() + 16, self.canvas.width() - width - 4)
        y = min(self.at.y() + 14, self.canvas.height() - height - 4)
        cards.draw_label(painter, x, y, width, height, text, pen, style)
