"""Drawing a wire from port to port, and taking one by its end to plug it in elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import AddWire, Edit, RemoveWire
from blockstudio.gui.canvas.hand.connect import Verdict, judge
from blockstudio.gui.canvas.hand.gesture import Drag
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.overlay import LooseWire, Tone
from blockstudio.gui.canvas.scene.ports import Port, free_port, port_names
from blockstudio.gui.kit.text import tr


class DrawWire(Drag):
    """From ``fixed``, the end that stays, to wherever the mouse lets go. ``taken`` is the wire that was pulled
    off a port to be plugged in elsewhere; let go over nothing, it is removed."""

    cursor = Qt.CursorShape.CrossCursor
    scrolls = True

    def __init__(self, surface: Surface, at: QPointF, fixed: Port, taken: Wire | None = None) -> None:
        super().__init__(surface, at)
        self.fixed, self.taken = fixed, taken
        self.target: Port | None = None
        self.verdict: Verdict | None = None

    def begin(self) -> None:
        self.scene.marks.taken = self.taken

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        before = self.target
        self.target = self._aim()
        self.scene.show_free_port(self.target.block if self.target else None)
        if self.target != before:
            self.verdict = self._judge(self.target) if self.target is not None else None
        self.scene.changed.emit()

    def _aim(self) -> Port | None:
        """The port that would be meant by letting go here: the nearest in reach, or the first free one of the
        block under the mouse."""
        scene, side = self.scene, "in" if self.fixed.side == "out" else "out"
        point = on_stage(self.surface, self.at)
        near = hits.port_at(scene.stage, point, self.surface.camera.scale, side)
        name = near.block if near is not None else hits.block_at(scene.stage, point)
        if name is None or (name == self.fixed.block and near is None):
            return None
        drawing = scene.drawing
        if side == "in" and scene.session.diagram.is_variadic(drawing.block(name).type):
            return self._slot(name, near)
        if near is not None:
            return near
        names = port_names(scene.session.diagram, drawing.definition, name, side)
        taken = {wire.target_port for wire in drawing.definition.wires_into(name) if wire != self.taken}
        free = [port for port in names if side == "out" or port not in taken]
        return drawing.port(name, (free or names)[0], side) if names else None

    def _slot(self, name: str, near: Port | None) -> Port:
        """The input of a merge that is meant: the one in reach if it is free, else a new one."""
        drawing = self.scene.drawing
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
        return judge(self.scene.stage.facts, self._wire(target), self.taken)

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.cancel()
        session, taken, verdict = self.scene.session, self.taken, self.verdict
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
            self.scene.select_wires([self.taken])
        else:
            self.scene.select_wires(())
            self.scene.session.select([self.fixed.block])

    def cancel(self) -> None:
        self.scene.marks.taken = None
        self.scene.show_free_port(None)

    def overlay(self) -> LooseWire | None:
        if not self.dragging:
            return None
        verdict, offset = self.verdict, self.scene.offset
        refused = verdict is not None and verdict.refused
        tone: Tone = "problem" if refused else "warning" if verdict is not None and verdict.warned else "plain"
        snapped = self.target is not None and not refused
        target = self.target.point if snapped and self.target else on_stage(self.surface, self.at)
        start, end = (self.fixed.point, target) if self.fixed.side == "out" else (target, self.fixed.point)
        return LooseWire(start + offset, end + offset, self.at, verdict.text if verdict is not None else "", tone)
