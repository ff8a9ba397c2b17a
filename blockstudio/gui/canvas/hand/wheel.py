"""Wheels and trackpads: who zooms and who pans."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

from blockstudio.gui.canvas.hand.surface import Surface

NOTCH = 120
"""Angle delta of one notch of a mouse wheel."""
STEP = 1.15
"""Zoom of one notch."""


def turn(surface: Surface, event: QWheelEvent) -> None:
    """A mouse wheel zooms to the cursor; two fingers on a trackpad pan. Ctrl zooms with either, Shift pans."""
    pixels, angle = event.pixelDelta(), event.angleDelta()
    modifiers = event.modifiers()
    touch = event.deviceType() == QInputDevice.DeviceType.TouchPad or not pixels.isNull()
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        zoom(surface, STEP ** (angle.y() / NOTCH), event.position())
    elif touch:
        moved = QPointF(pixels) if not pixels.isNull() else QPointF(angle) / 2
        surface.camera.pan(moved.x(), moved.y())
    elif modifiers & Qt.KeyboardModifier.ShiftModifier or (angle.x() and not angle.y()):
        surface.camera.pan((angle.y() or angle.x()) / 2, 0)
    else:
        zoom(surface, STEP ** (angle.y() / NOTCH), event.position())


def pinch(surface: Surface, event: QNativeGestureEvent) -> bool:
    """Two fingers apart or together; False for other gestures."""
    if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
        return False
    zoom(surface, 1 + event.value(), event.position())
    return True


def zoom(surface: Surface, ratio: float, about: QPointF) -> None:
    """Zoom by a ratio, the point under the cursor staying where it is."""
    surface.zoom_on(surface.camera.scale * ratio, about)
