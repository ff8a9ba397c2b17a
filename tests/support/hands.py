"""What a hand does: real mouse and key events on the real widgets, through the window's own event queue."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from blockstudio.gui.kit.fields import ChoiceField
from blockstudio.gui.shell.window import StudioWindow

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def press_key(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(widget, key, modifiers)
    QApplication.processEvents()


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """A left click in the middle of a widget that can be seen, or at a point of it."""
    QApplication.processEvents()
    assert widget.isVisible(), f"{widget} cannot be seen"
    QTest.mouseClick(widget, LEFT, NONE, at if at is not None else widget.rect().center())
    QApplication.processEvents()


def drag(window: StudioWindow, start: QPoint, end: QPoint, steps: int = 6) -> None:
    """Press, move and release, in coordinates of the window."""
    handle = window.windowHandle()
    QTest.mousePress(handle, LEFT, NONE, start)
    for step in range(1, steps + 1):
        QTest.mouseMove(handle, start + (end - start) * step / steps)
        QApplication.processEvents()
    QTest.mouseRelease(handle, LEFT, NONE, end)
    QApplication.processEvents()


def on_window(window: StudioWindow, widget: QWidget, at: QPoint) -> QPoint:
    return widget.mapTo(window, at)


def drag_from_palette(window: StudioWindow, title: str, at: tuple[int, int]) -> str:
    """Drag a line of the palette to ``at`` (pixels of the canvas); returns the name of the new block."""
    panel = window.features.panels.palette
    item = panel.item(title)
    assert item is not None, f"the palette does not show {title}"
    panel.list.scrollToItem(item)
    QApplication.processEvents()
    start = on_window(window, panel.list.viewport(), panel.list.visualItemRect(item).center())
    before = set(window.session.definition.graph)
    drag(window, start, on_window(window, window.canvas, QPoint(*at)))
    (name,) = set(window.session.definition.graph) - before
    return name


def wire(window: StudioWindow, source: str, target: str, port: str = "in") -> None:
    """Drag from the output of one block to an input of another."""
    canvas = window.canvas
    start = canvas.port_point(source, "out", "out").toPoint()
    end = canvas.port_point(target, port, "in").toPoint()
    drag(window, on_window(window, canvas, start), on_window(window, canvas, end))


def click_block(window: StudioWindow, name: str) -> None:
    """Select a block by clicking on it."""
    centre = window.canvas.camera.to_view(window.canvas.block_rect(name).center()).toPoint()
    click(window.canvas, centre)
    assert window.session.selection == (name,)


def type_into(field: QWidget, text: str, *, enter: bool = True) -> None:
    """Replace what a field holds by typing, and press Enter."""
    line = field.lineEdit() if isinstance(field, ChoiceField) else field
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    if text:
        QTest.keyClicks(line, text)
    else:
        QTest.keyClick(line, Qt.Key.Key_Delete)
    if enter:
        QTest.keyClick(line, Qt.Key.Key_Return)
    QApplication.processEvents()
