"""Drawing wires from port to port, from one block or from all that are selected, and taking one by its end to plug it
in elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit, RemoveWire
from blockstudio.graph.operations.connecting import attach, closing
from blockstudio.gui.canvas.hand.connect import Verdict, judge
from blockstudio.gui.canvas.hand.gesture import Drag
from blockstudio.gui.canvas.hand.start import Start
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.metrics import PORT_REACH
from blockstudio.gui.canvas.scene.overlay import LooseWire, Tone
from blockstudio.gui.canvas.scene.ports import Port, free_port, port_names
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.text import say_many

MAGNET = 30.0
"""So near, in pixels, a port that can take the wire draws it on."""


class DrawWire(Drag):
    """From ``fixed``, the end that stays, to wherever the mouse lets go. ``taken`` is the wire that was pulled
    off a port to be plugged in elsewhere; let go over nothing, it is removed. ``together``: outputs of several blocks,
    ``fixed`` among them, that are wired along in this order. A new wire let go over nothing opens the search."""

    cursor = Qt.CursorShape.CrossCursor
    scrolls = True

    def __init__(
        self, surface: Surface, at: QPointF, fixed: Port, taken: Wire | None = None, together: Sequence[Port] = ()
    ) -> None:
        super().__init__(surface, at)
        self.fixed, self.taken = fixed, taken
        self.together = tuple(together) or (fixed,)
        self.target: Port | None = None
        self.verdict: Verdict | None = None
        self._able: dict[tuple[str, str, str], bool] = {}
        self._closing: set[str] = set()
        """Blocks at which it would close a circle."""

    @property
    def _side(self) -> str:
        """The side of the ports it may end at."""
        return "in" if self.fixed.side == "out" else "out"

    def begin(self) -> None:
        self.scene.marks.taken = self.taken
        self.scene.marks.able = self.able
        names = {port.block for port in self.together}
        self._closing = closing(self.scene.drawing.definition, names, self.fixed.side == "out", self.taken)

    def able(self, port: Port) -> bool:
        """Whether a port can take the wire, shapes included; the others are dimmed."""
        if port.side != self._side:
            return port in self.together
        key = (port.block, port.port, port.side)
        if key not in self._able:
            verdict = None if port.block in self._closing else self._judge(port, open=True)
            self._able[key] = verdict is not None and not verdict.refused and not verdict.warned
        return self._able[key]

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        before = self.target
        self.target = self._aim()
        self.scene.show_free_port(self.target.block if self.target else None)
        if self.target != before:
            self.verdict = self._judge(self.target) if self.target is not None else None
        self.scene.changed.emit()

    def _aim(self) -> Port | None:
        """The port that would be meant by letting go here: the nearest in reach, a bit further away one that can take
        the wire, or one of the block under the mouse."""
        scene, side, scale = self.scene, self._side, self.surface.camera.scale
        point = on_stage(self.surface, self.at)
        near = hits.port_at(scene.stage, point, scale, side)
        over = hits.block_at(scene.stage, point)
        over = None if over is not None and over in scene.drawing.frames else over
        if near is None and over is None:
            near = hits.port_at(scene.stage, point, scale, side, MAGNET, self.able)
        name = near.block if near is not None else over
        if name is None or (name == self.fixed.block and near is None):
            return None
        drawing = scene.drawing
        if side == "in" and scene.session.diagram.is_variadic(drawing.block(name).type):
            return self._slot(name, near, point)
        if near is not None:
            return near
        names = port_names(scene.session.diagram, drawing.definition, name, side)
        taken = {wire.target_port for wire in drawing.definition.wires_into(name) if wire != self.taken}
        ports = [drawing.port(name, port, side) for port in names]
        free = [port for port in ports if side == "out" or port.port not in taken]
        return next((port for port in (*free, *ports) if self.able(port)), next(iter((*free, *ports)), None))

    def _slot(self, name: str, near: Port | None, point: QPointF) -> Port:
        """The input of a merge that is meant: the one in reach if it is free, else a new one. Its own wire takes the
        place of the one that is nearest."""
        drawing = self.scene.drawing
        definition = drawing.definition
        if self.taken is not None and self.taken.target == name:
            card, right = drawing.rect(name), drawing.right
            if (point.x() - card.left() if right else point.y() - card.top()) > PORT_REACH:
                return drawing.port(name, self.taken.target_port, "in")
            ports = [port for port in drawing.ports(name) if port.side == "in"]
            aside = [port.point - point for port in ports]
            return ports[min(range(len(ports)), key=lambda k: abs(aside[k].y() if right else aside[k].x()))]
        taken = {wire.target_port for wire in definition.wires_into(name)}
        if near is not None and near.port not in taken:
            return near
        return drawing.port(name, free_port(definition, name), "in")

    def _wires(self, target: Port) -> tuple[Wire, ...]:
        """The wires that it would make, all that are drawn together, as far as there are inputs for them."""
        if self.fixed.side == "in":
            return (Wire(target.block, target.port, self.fixed.block, self.fixed.port),)
        diagram, definition = self.scene.session.diagram, self.scene.drawing.definition
        sources = [port for port in self.together if port.block != target.block] or [self.fixed]
        if diagram.is_variadic(definition.block(target.block).type):
            first = int(target.port) if self.taken is not None else int(free_port(definition, target.block))
            ports = [target.port] if len(sources) == 1 else [str(first + index) for index in range(len(sources))]
        else:
            inputs = port_names(diagram, definition, target.block, "in")
            ports = [target.port, *(port for port in inputs if port != target.port)]
        return tuple(
            Wire(source.block, source.port, target.block, port) for source, port in zip(sources, ports, strict=False)
        )

    def _judge(self, target: Port, open: bool = False) -> Verdict:
        wire, *more = self._wires(target)
        wanted = sum(port.block != target.block for port in self.together)
        if self.fixed.side == "out" and 1 + len(more) < wanted:
            return Verdict(wire, tr("Takes {0} wires, not {1}", 1 + len(more), wanted), refused=True)
        return judge(self.scene.stage.facts, wire, self.taken, more, open)

    def drop(self, modifiers: Qt.KeyboardModifier) -> None:
        self.cancel()
        session, taken, verdict = self.scene.session, self.taken, self.verdict
        if verdict is None:
            self._dropped_on_paper()
            return
        if verdict.refused:
            session.refused.emit(verdict.text)
            return
        edits: list[Edit] = []
        try:
            for wire in (verdict.wire, *verdict.more):
                edits += attach(session.diagram, session.scope, wire, taken)
        except StudioError as error:
            session.refused.emit(str(error))
            return
        if edits:
            count = 1 + len(verdict.more)
            what = verdict.wire.source if count == 1 else say_many("{count} block", "{count:,} blocks", count)
            session.do(phrase("Wire {0} to {1}", what, verdict.wire.target), *edits)

    def _dropped_on_paper(self) -> None:
        session, taken = self.scene.session, self.taken
        if taken is not None:
            session.do(phrase("Disconnect {0}", taken.target), RemoveWire(scope=session.scope, wire=taken))
            return
        at = on_stage(self.surface, self.at)
        name = hits.block_at(self.scene.stage, at)
        if name is not None and name not in self.scene.drawing.frames:
            return
        if self.fixed.side == "in":
            self.surface.search(Start(target=(self.fixed.block, self.fixed.port), at=at))
        else:
            sources = tuple((port.block, port.port) for port in self.together)
            self.surface.search(Start(sources, at=at))

    def click(self, modifiers: Qt.KeyboardModifier) -> None:
        if self.taken is not None:
            self.scene.select_wires([self.taken])
        else:
            self.scene.select_wires(())
            self.scene.session.select([self.fixed.block])

    def cancel(self) -> None:
        self.scene.marks.taken = self.scene.marks.able = None
        self.scene.marks.way = ()
        self.scene.show_free_port(None)

    def overlay(self) -> LooseWire | None:
        if not self.dragging:
            return None
        verdict, offset = self.verdict, self.scene.offset
        refused = verdict is not None and verdict.refused
        tone: Tone = "problem" if refused else "warning" if verdict is not None and verdict.warned else "plain"
        self.scene.marks.way = verdict.circle if verdict is not None else ()
        snapped = self.target is not None and not refused
        target = self.target.point if snapped and self.target else on_stage(self.surface, self.at)
        start, end = (self.fixed.point, target) if self.fixed.side == "out" else (target, self.fixed.point)
        others = [port for port in self.together if port != self.fixed]
        more = tuple((port.point + offset, target + offset) for port in others)
        text = verdict.text if verdict is not None else ""
        return LooseWire(start + offset, end + offset, self.at, text, tone, more, snapped, self.scene.drawing.right)
