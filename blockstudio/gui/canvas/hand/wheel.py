"""Wheels and trackpads: who zooms and who pans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

if TYPE_CHECKING:
    from blockstudio.gui.canvas.surface import Surface

NOTCH = 120
"""Angle delta of one notch of a mouse wheel."""
STEP = 1.15
"""Zoom of one notch."""


def turn(canvas: Surface, event: QWheelEvent) -> None:
    """A mouse wheel zooms to the cursor; two fingers on a trackpad pan. Ctrl zooms with either, Shift pans."""
    pixels, angle = event.pixelDelta(), event.angleDelta()
    modifiers = event.modifiers()
    touch = event.deviceType() == QInputDevice.DeviceType.TouchPad or not pixels.isNull()
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        zoom(canvas, STEP ** (angle.y() / NOTCH), event.position())
    elif touch:
        moved = QPointF(pixels) if not pixels.isNull() else QPointF(angle) / 2
        canvas.pan(moved.x(), moved.y())
    elif modifiers & Qt.KeyboardModifier.ShiftModifier or (angle.x() and not angle.y()):
        canvas.pan((angle.y() or angle.x()) / 2, 0)
    else:
        zoom(canvas, STEP ** (angle.y() / NOTCH), event.position())


def pinch(canvas: Surface, event: QNativeGestureEvent) -> bool:
    """Two fingers apart or together; False for other gestures."""
    if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
        return False
    zoom(canvas, 1 + event.value(), event.position())
    return True


def zoom(canvas: Surface, ratio: float, about: QPointF) -> None:
    """Zoom by a ratio, the point under the cursor staying where it is."""
    canvas.zoom_on(canvas.camera.scale * ratio, about)
