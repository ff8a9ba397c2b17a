"""The handle by which a card is repeated: ×1, ×2, ×3 ... at its corner while it alone is selected."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from blockstudio.blocks import ENDS
from blockstudio.gui.canvas.scene.stage import Marks, Stage

WIDTH, HEIGHT = 30.0, 16.0


def handle(stage: Stage, marks: Marks) -> tuple[str, QRectF] | None:
    """The block whose handle shows, and where; ``None`` without one: several are selected, it is open in place, it has
    not one way in and one out, or an expression says how often it repeats."""
    if len(marks.selected) != 1:
        return None
    (name,) = marks.selected
    drawing, diagram = stage.drawing, stage.facts.diagram
    if name not in drawing.rows or name in drawing.frames or name not in stage.facts.definition:
        return None
    block = stage.facts.definition.block(name)
    if block.type in ENDS or isinstance(block.repeat, str) or diagram.is_variadic(block.type):
        return None
    if len(diagram.input_ports(block.type)) != 1 or len(diagram.output_ports(block.type)) != 1:
        return None
    corner = drawing.rect(name).bottomRight()
    return name, QRectF(corner.x() - WIDTH + 6, corner.y() - HEIGHT / 2, WIDTH, HEIGHT)


def handle_at(stage: Stage, marks: Marks, point: QPointF) -> str | None:
    """The block whose handle is under a point of the stage."""
    found = handle(stage, marks)
    return found[0] if found is not None and found[1].contains(point) else None


def times(stage: Stage, marks: Marks, name: str) -> int:
    """How often a block stands for itself, as the handle says it."""
    if marks.repeating is not None and marks.repeating[0] == name:
        return marks.repeating[1]
    repeat = stage.facts.definition.block(name).repeat
    return repeat if isinstance(repeat, int) else 1
