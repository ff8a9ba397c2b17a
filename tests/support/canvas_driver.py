"""What a hand does on the drawing: real mouse, wheel, key and drop events on the real canvas."""

from __future__ import annotations

import json

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.gui.canvas import MIME, Canvas
from blockstudio.gui.canvas.scene import telling
from tests.support.mouse import LEFT, NONE, Point, click, double_click, drag, move, point, press, release
from tests.support.mouse import press_key as key

__all__ = [
    "LEFT", "branch_off", "chevron", "click", "double_click", "drag", "drag_wire", "drop", "hover_drop", "key", "leave",
    "leave_drop", "middle", "move", "offer", "point", "press", "release", "tip", "turn_wheel", "wire_ends",
]  # fmt: skip
End = tuple[str, str]


def middle(canvas: Canvas, block: str) -> QPoint:
    """The middle of a block on the canvas."""
    return canvas.camera.to_view(canvas.block_rect(block).center()).toPoint()


def chevron(canvas: Canvas, block: str) -> QPoint:
    """The sign that opens a module instance of the session's level in place, on the canvas."""
    scene = canvas.scene
    return canvas.camera.to_view(scene.drawing.chevron(block).center() + scene.offset).toPoint()


def tip(canvas: Canvas, at: QPointF) -> str:
    """What the canvas tells of a point of it."""
    return telling.tip(canvas.scene.root, canvas.camera.to_scene(at), canvas.camera.scale)


def leave(canvas: Canvas) -> None:
    """The mouse leaves the canvas."""
    QApplication.sendEvent(canvas.viewport(), QEvent(QEvent.Type.Leave))


def turn_wheel(canvas: Canvas, at: Point, notches: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Turn a mouse wheel away from oneself by ``notches``."""
    here = QPointF(point(at))
    event = QWheelEvent(
        here, QPointF(canvas.mapToGlobal(here.toPoint())), QPoint(), QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)


def offer(type_name: str, **parameters: object) -> QMimeData:
    """What the palette puts into a drag."""
    data = QMimeData()
    data.setData(MIME, json.dumps({"type": type_name, "parameters": parameters}).encode())
    return data


def hover_drop(canvas: Canvas, data: QMimeData, at: Point) -> bool:
    """Drag ``data`` over a point; whether the canvas would take it."""
    here, action = point(at), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(here, action, data, LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), enter)
    if enter.isAccepted():
        QApplication.sendEvent(canvas.viewport(), QDragMoveEvent(here, action, data, LEFT, NONE))
    return enter.isAccepted()


def leave_drop(canvas: Canvas) -> None:
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())


def drop(canvas: Canvas, type_name: str, at: Point, **parameters: object) -> str:
    """Drop a palette entry at a point of the canvas; the name of the new block."""
    data = offer(type_name, **parameters)
    before = set(canvas.session.definition.graph)
    assert hover_drop(canvas, data, at)
    event = QDropEvent(QPointF(point(at)), Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), event)
    assert event.isAccepted()
    QApplication.processEvents()
    (name,) = set(canvas.session.definition.graph) - before
    return name


def drag_wire(canvas: Canvas, source: End, target: End, *, backwards: bool = False) -> None:
    """Drag from (block, output port) to (block, input port), or from the input to the output."""
    ends = canvas.port_point(*source, "out"), canvas.port_point(*target, "in")
    start, end = ends[::-1] if backwards else ends
    drag(canvas, start, end)


def branch_off(canvas: Canvas, source: str, type_name: str) -> str:
    """Look for a block by keys and have the signal branch off to it; its name."""
    before = set(canvas.session.definition.graph)
    canvas.session.select([source])
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.finder is not None
    QTest.keyClicks(canvas.finder.line, type_name)
    key(canvas.finder.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    (name,) = set(canvas.session.definition.graph) - before
    return name


def wire_ends(canvas: Canvas) -> set[str]:
    """The wires of the level in view as ``a -> b`` or ``a -> b:1``."""
    wires = canvas.session.definition.wires()
    return {
        f"{wire.source} -> {wire.target}" + (f":{wire.target_port}" if wire.target_port != "in" else "")
        for wire in wires
    }
