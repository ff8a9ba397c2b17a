"""What lies under a point of the drawing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPathStroker

from blockstudio.graph.annotations import Annotation
from blockstudio.graph.diagram import Wire
from blockstudio.gui.canvas.scene.annotated import title_chip, title_rect
from blockstudio.gui.canvas.scene.metrics import FAR, LINES, NEAR, PORT_REACH
from blockstudio.gui.canvas.scene.ports import Port
from blockstudio.gui.canvas.scene.stage import Stage, pills_of

WIRE_REACH = 6
EDGE_REACH = 4.0
"""How near to the edge of a note or frame, in pixels, the mouse takes hold of it."""
END_REACH = 16
"""How near to a wire's end, in pixels, the mouse takes the wire by that end."""


@dataclass(frozen=True, slots=True)
class Hit:
    """At most one of a port, a block and a wire, on ``stage``, which stands at ``offset`` in the scene."""

    stage: Stage
    offset: QPointF = field(default_factory=QPointF)
    port: Port | None = None
    block: str | None = None
    wire: Wire | None = None
    chevron: bool = False
    """On the sign that opens or shuts the block, a module."""
    annotation: Annotation | None = None
    """A note, or a frame by its title or edge: where nothing of the network lies."""
    edge: str = ""
    """The edges of it that the mouse takes hold of: ``l``, ``t``, ``r``, ``b`` or two of them."""

    @property
    def name(self) -> str | None:
        """The block that is meant: the one under the point or the one whose port is."""
        return self.block or (self.port.block if self.port is not None else None)


def hit(stage: Stage, point: QPointF, scale: float, over: Collection[str] = (), offset: QPointF | None = None) -> Hit:
    """The port, block or wire under ``point``, on ``stage`` or inside a module open on it. An open frame itself
    counts where nothing stands on it. Blocks of ``over`` lie over the others."""
    offset = offset if offset is not None else QPointF()
    port = port_at(stage, point, scale)
    if port is not None:
        return Hit(stage, offset, port=port)
    name = block_at(stage, point, over)
    if name is None:
        titled = title_at(stage, point, scale)
        if titled is not None:
            return Hit(stage, offset, annotation=titled)
        wire = wire_at(stage, point, scale)
        if wire is not None:
            return Hit(stage, offset, wire=wire)
        annotation, edge = annotation_at(stage, point, scale)
        return Hit(stage, offset, annotation=annotation, edge=edge)
    frame = stage.drawing.frames.get(name)
    if frame is not None:
        aside = QPointF(frame.dx, frame.dy)
        inner = hit(stage.inside[name], point - aside, scale, over, offset + aside)
        if inner.name is not None or inner.wire is not None or inner.annotation is not None:
            return inner
    sign = scale >= NEAR and stage.drawing.is_module(name) and stage.drawing.chevron(name).contains(point)
    return Hit(stage, offset, block=name, chevron=sign)


def level_at(stage: Stage, point: QPointF) -> Stage:
    """The innermost stage whose frame holds a point."""
    name = block_at(stage, point)
    frame = stage.drawing.frames.get(name) if name is not None else None
    if name is None or frame is None:
        return stage
    return level_at(stage.inside[name], point - QPointF(frame.dx, frame.dy))


def around(point: QPointF, reach: float) -> QRectF:
    """The square about a point."""
    return QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)


def block_at(stage: Stage, point: QPointF, over: Collection[str] = ()) -> str | None:
    """The topmost block or frame that covers a point; those of ``over`` lie over the others."""
    rows = stage.drawing.rows_in(around(point, 0))
    cards = [row for row in rows if stage.drawing.names[row] not in stage.drawing.frames]
    chosen = [row for row in cards if stage.drawing.names[row] in over] or cards or rows
    return stage.drawing.names[chosen[-1]] if chosen else None


def title_at(stage: Stage, point: QPointF, scale: float) -> Annotation | None:
    """The frame whose title is written at a point: it covers the wires there."""
    for area in reversed(stage.drawing.areas()):
        if area.title and title_chip(area, scale)[0].adjusted(-4, 0, 4, 0).contains(point):
            return Annotation("frame", area.name)
    return None


def annotation_at(stage: Stage, point: QPointF, scale: float) -> tuple[Annotation | None, str]:
    """The note or frame whose paper, title or edge lies under a point, and the edges that are meant."""
    reach = EDGE_REACH / scale
    for sheet in reversed(stage.drawing.sheets()):
        if sheet.rect.adjusted(-reach, 0, reach, 0).contains(point):
            edge = "".join(side for side in _edges(sheet.rect, point, reach) if side in "lr")
            return Annotation("note", sheet.name), edge
    for area in reversed(stage.drawing.areas()):
        if not area.rect.adjusted(-reach, -reach, reach, reach).contains(point):
            continue
        edge = _edges(area.rect, point, reach)
        if edge or title_rect(area).contains(point):
            return Annotation("frame", area.name), edge
    return None, ""


def _edges(rect: QRectF, point: QPointF, reach: float) -> str:
    sides = {
        "l": rect.left() - point.x(), "t": rect.top() - point.y(),
        "r": rect.right() - point.x(), "b": rect.bottom() - point.y(),
    }  # fmt: skip
    return "".join(side for side, aside in sides.items() if abs(aside) <= reach)


def port_at(
    stage: Stage,
    point: QPointF,
    scale: float,
    side: str = "",
    reach: float = PORT_REACH,
    accepts: Callable[[Port], bool] | None = None,
) -> Port | None:
    """The nearest port within reach (pixels), of one side or of either, and of those that are accepted."""
    if scale < FAR:
        return None
    reach = reach / scale
    best, nearest = None, reach * reach
    for row in stage.drawing.rows_in(around(point, reach)):
        for port in stage.drawing.ports(stage.drawing.names[row]):
            if side and port.side != side:
                continue
            aside = port.point - point
            distance = QPointF.dotProduct(aside, aside)
            if distance <= nearest and (accepts is None or accepts(port)):
                best, nearest = port, distance
    return best


def wire_at(
    stage: Stage, point: QPointF, scale: float, reach: float = WIRE_REACH, but: Collection[str] = ()
) -> Wire | None:
    """The wire within reach of a point, by its curve or its pill; none that begins or ends at a block of ``but``."""
    drawing, near = stage.drawing, around(point, reach / scale)
    rows = drawing.wires_in(near, 0)
    if scale >= LINES:
        for rect, _, wire in pills_of(stage, drawing.wires_in(near, 60)):
            if rect.contains(point) and wire.source not in but and wire.target not in but:
                return wire
    for row in reversed(rows):
        wire = drawing.wires[row]
        if wire.source in but or wire.target in but:
            continue
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * reach / scale)
        stroker.setCapStyle(Qt.PenCapStyle.RoundCap)
        if stroker.createStroke(drawing.path(wire)).contains(point):
            return wire
    return None


def end_of(stage: Stage, wire: Wire, point: QPointF, scale: float) -> str:
    """``"in"`` or ``"out"`` if the point is near that end of the wire, else nothing."""
    curve = stage.drawing.curves[stage.drawing.wire_rows[wire]].tolist()
    reach = END_REACH / scale
    if abs(curve[6] - point.x()) + abs(curve[7] - point.y()) < reach:
        return "in"
    return "out" if abs(curve[0] - point.x()) + abs(curve[1] - point.y()) < reach else ""
