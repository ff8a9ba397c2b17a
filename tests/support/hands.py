"""What a hand does in the window, by mouse and keys."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from blockstudio.gui.kit.fields import ChoiceField
from blockstudio.gui.shell.window import StudioWindow
from tests.support.mouse import click, drag, press_key

__all__ = ["click", "click_block", "drag_from_palette", "on_window", "press_key", "type_into", "wire"]


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
    drag(window.windowHandle(), start, on_window(window, window.canvas, QPoint(*at)))
    (name,) = set(window.session.definition.graph) - before
    return name


def wire(window: StudioWindow, source: str, target: str, port: str = "in") -> None:
    """Drag from the output of one block to an input of another."""
    canvas = window.canvas
    start = canvas.port_point(source, "out", "out").toPoint()
    end = canvas.port_point(target, port, "in").toPoint()
    drag(window.windowHandle(), on_window(window, canvas, start), on_window(window, canvas, end))


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
