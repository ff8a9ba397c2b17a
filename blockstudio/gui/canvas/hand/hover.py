"""The mouse over the drawing, no button down: what is singled out, and how the cursor looks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from blockstudio.gui.canvas.hand.annotating import CURSORS
from blockstudio.gui.canvas.hand.surface import Surface
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.metrics import LINES


def hover(surface: Surface, at: QPointF) -> Qt.CursorShape:
    """Single out what is under the mouse, at ``at`` of the view; the cursor that fits it."""
    scene, scale = surface.scene, surface.camera.scale
    marks, notebook = scene.marks, scene.notebook
    point = surface.camera.to_scene(at)
    link = notebook.link_at(point) if scale >= LINES else None
    on_note = scale >= LINES and notebook.keeps(point)
    on_map = surface.map_point(at) is not None
    found = hits.Hit(scene.stage) if on_note or on_map else hits.hit(scene.root, point, scale, scene.marks.selected)
    here = found.stage is scene.stage
    name, wire, port = (found.name, found.wire, found.port) if here else (None, None, None)
    sign = name if found.chevron and name is not None else None
    mark = found.annotation if here else None
    before = (marks.hovered, marks.hovered_wire, marks.chevron, marks.port, notebook.link, marks.hovered_note)
    if (name, wire, sign, port, link, mark) != before:
        if name != marks.hovered and not on_note:
            marks.hovered = name
            scene.renote()
            scene.hovered.emit(name or "")
        marks.hovered_wire, marks.chevron, marks.port = wire, sign, port
        marks.hovered_note, notebook.link = mark, link
        scene.changed.emit()
    if link is not None or found.wire is not None or found.chevron:
        return Qt.CursorShape.PointingHandCursor
    if found.annotation is not None:
        return CURSORS.get(found.edge, Qt.CursorShape.SizeAllCursor)
    return Qt.CursorShape.CrossCursor if found.port else Qt.CursorShape.ArrowCursor


def leave(surface: Surface) -> None:
    """The mouse is elsewhere."""
    scene, marks = surface.scene, surface.scene.marks
    if marks.hovered or marks.hovered_wire or marks.hovered_note:
        marks.hovered_note = None
        marks.hovered = marks.hovered_wire = marks.chevron = marks.port = None
        scene.renote()
        scene.hovered.emit("")
        scene.changed.emit()
