"""The palette: search, keys, drags, the diagram's own modules."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.blocks import CATALOGUE
from blockstudio.gui.panels.palette import Entry
from blockstudio.gui.shell.window import StudioWindow
from tests.support.hands import drag_from_palette, on_window, press_key


def shown(window: StudioWindow) -> list[str]:
    return [item.text() for item in window.features.panels.palette.visible_items()]


def test_every_block_type_can_be_found(open_window) -> None:
    window = open_window()
    items = {item.data(Qt.ItemDataRole.UserRole).type for item in window.features.panels.palette.visible_items()}
    assert items == set(CATALOGUE)


def test_search_filters_and_enter_adds_the_best_hit(open_window) -> None:
    window = open_window()
    panel = window.features.panels.palette
    window.canvas.setFocus()
    panel.focus_search()
    QTest.keyClicks(panel.search, "max pool")
    assert shown(window) and all("MaxPool" in title for title in shown(window))
    press_key(panel.search, Qt.Key.Key_Return)
    (block,) = [block for _, block in window.session.definition.blocks()]
    assert block.type == "MaxPool2d" and block.at is not None
    assert window.canvas.hasFocus()


def test_words_of_the_papers_find_blocks(open_window) -> None:
    window = open_window()
    for words, title in (
        ("pointwise", "1×1 Conv"),
        ("1x1", "1×1 Conv"),
        ("lrn", "LocalResponseNorm"),
        ("bn", "BatchNorm2d"),
    ):
        window.features.panels.palette.search.setText(words)
        assert title in shown(window), words


def test_arrows_walk_the_list_and_enter_adds(open_window) -> None:
    window = open_window()
    panel = window.features.panels.palette
    window.commands.run("edit.find")
    QTest.keyClicks(panel.search, "add")
    press_key(panel.search, Qt.Key.Key_Down)
    assert panel.list.hasFocus()
    chosen: list[Entry] = []
    panel.chosen.connect(chosen.append)
    press_key(panel.list, Qt.Key.Key_Return)
    assert chosen[0].type == "Add"


def test_escape_clears_and_then_leaves(open_window) -> None:
    window = open_window()
    window.commands.run("edit.find")
    QTest.keyClicks(window.features.panels.palette.search, "conv")
    press_key(window.features.panels.palette.search, Qt.Key.Key_Escape)
    assert window.features.panels.palette.search.text() == ""
    press_key(window.features.panels.palette.search, Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()


def test_a_block_lands_where_it_is_dropped(open_window) -> None:
    window = open_window()
    name = drag_from_palette(window, "Conv2d", (400, 240))
    rect = window.canvas.block_rect(name)
    middle = window.canvas.camera.to_view(rect.center())
    assert abs(middle.x() - 400) <= 16 and abs(middle.y() - 240) <= 16
    assert window.session.definition.block(name).parameters == {"kernel_size": 3, "padding": 1}
    assert window.session.selection == (name,)


def test_escape_or_a_release_elsewhere_drops_nothing(open_window) -> None:
    window = open_window()
    panel, handle = window.features.panels.palette, window.windowHandle()
    start = on_window(window, panel.list.viewport(), panel.list.visualItemRect(panel.item("Conv2d")).center())
    over = on_window(window, window.canvas, QPoint(300, 200))
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(handle, left, none, start)
    QTest.mouseMove(handle, over)
    QApplication.processEvents()
    assert window.canvas.gesture is not None
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert window.canvas.gesture is None
    QTest.mouseRelease(handle, left, none, over)
    QTest.mousePress(handle, left, none, start)
    QTest.mouseMove(handle, over)
    aside = on_window(window, window.features.inspector, QPoint(40, 200))
    QTest.mouseMove(handle, aside)
    QTest.mouseRelease(handle, left, none, aside)
    QApplication.processEvents()
    assert len(window.session.definition.graph) == 0 and window.canvas.gesture is None


def test_modules_of_the_diagram_are_offered_and_can_be_dragged(open_window) -> None:
    window = open_window("googlenet")
    assert "Inception" in shown(window)
    name = drag_from_palette(window, "Inception", (200, 200))
    assert window.session.definition.block(name).type == "Inception"
    window.session.diagram.module("Extra")
    assert "Extra" in shown(window)
    window.session.undo()
    assert "Extra" not in shown(window)
