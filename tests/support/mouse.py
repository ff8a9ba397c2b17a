"""The one driver of mouse and keys: real events on real widgets and windows."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Target = QWidget | QWindow
"""Through a window Qt finds the widget itself, as for a user; at a widget the event goes straight there."""
Point = QPoint | QPointF | tuple[float, float]


def point(at: Point) -> QPoint:
    """Whole pixels of the target."""
    if isinstance(at, tuple):
        return QPoint(round(at[0]), round(at[1]))
    return at.toPoint() if isinstance(at, QPointF) else at


def press(target: Target, at: Point, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
    QTest.mousePress(target, button, modifiers, point(at))


def move(target: Target, at: Point) -> None:
    QTest.mouseMove(target, point(at))
    QApplication.processEvents()


def release(target: Target, at: Point, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
    QTest.mouseRelease(target, button, modifiers, point(at))
    QApplication.processEvents()


def click(widget: QWidget, at: Point | None = None, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """A left click at a point of a widget that can be seen, or in its middle."""
    QApplication.processEvents()
    assert widget.isVisible(), f"{widget} cannot be seen"
    QTest.mouseClick(widget, LEFT, modifiers, point(at) if at is not None else widget.rect().center())
    QApplication.processEvents()


def double_click(widget: QWidget, at: Point) -> None:
    click(widget, at)
    QTest.mouseDClick(widget, LEFT, NONE, point(at))
    QApplication.processEvents()


def drag(
    target: Target,
    start: Point,
    end: Point,
    modifiers: Qt.KeyboardModifier = NONE,
    button: Qt.MouseButton = LEFT,
    steps: int = 6,
) -> None:
    """Press, move and release."""
    first, last = point(start), point(end)
    press(target, first, modifiers, button)
    for step in range(1, steps + 1):
        move(target, first + (last - first) * step / steps)
    release(target, last, modifiers, button)


def press_key(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press and release a key."""
    QTest.keyClick(widget, key, modifiers)
    QApplication.processEvents()
