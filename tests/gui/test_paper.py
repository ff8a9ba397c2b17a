"""Tables under the canvas: the papers' own with their misprints, and the network block by block."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolTip

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import load, save
from blockstudio.graph.presets import load_preset
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.theme import DARK, set_theme, theme
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.tables.page import TablesPage
from blockstudio.report.paper import paper_names, paper_table
from tests.support.hands import click, press_key

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def show(window: StudioWindow, qtbot, key: Qt.Key = Qt.Key.Key_Y) -> TablesPage:
    """*Paper's table* (or another command) by its key; wait for the figures."""
    press_key(window.canvas, key, CONTROL | SHIFT)
    page = window.features.tables.page
    qtbot.waitUntil(lambda: page.isVisible() and not page.busy and page.view.table.rowCount() > 0)
    return page


def texts(page: TablesPage) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in page.view.table.lines]


def row_of(page: TablesPage, block: str) -> int:
    return next(row for row, line in enumerate(page.view.table.lines) if block in line.blocks)


def click_row(page: TablesPage, row: int, column: int = 0) -> None:
    page.view.scrollTo(page.view.table.index(row, 0))
    QApplication.processEvents()
    click(page.view.viewport(), page.view.visualRect(page.view.table.index(row, column)).center())


@pytest.mark.parametrize("name", paper_names())
def test_the_window_shows_what_the_command_line_prints(open_window, qtbot, name: str) -> None:
    window = open_window()
    window.documents.open_now(name)
    page = show(window, qtbot)
    assert page.shown_mode == "paper" and page.paper is not None
    still = load_preset(name)
    assert texts(page) == [list(row) for row in paper_table(name, still).rows]


def test_misprints_of_googlenet_are_marked_with_their_reason(open_window, qtbot) -> None:
    page = show(open_window("googlenet"), qtbot)
    row = row_of(page, "inception_4c")
    column = page.view.table.headings.index("params")
    cell = page.view.table.lines[row].cells[column]
    assert (cell.text, cell.tone) == ("463K ≠ 497K", "misprint")
    assert "509,440 weights" in cell.tip and "the paper prints 463K, true is 497K" in cell.tip
    index = page.view.table.index(row, column)
    assert index.data(Qt.ItemDataRole.ForegroundRole) == theme().warning
    page.view.scrollTo(index)
    at = page.view.visualRect(index).center()
    viewport = page.view.viewport()
    QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
    assert "509,440 weights" in QToolTip.text()
    assert "≠ inception (4c): 509,440 weights." in page.notes.text()
    assert not page.standing.isVisible()


def test_a_row_selects_its_blocks_on_the_canvas(open_window, qtbot) -> None:
    window = open_window("googlenet")
    page = show(window, qtbot)
    click_row(page, row_of(page, "conv2"))
    assert set(window.session.selection) == {"conv2_reduce", "conv2"}
    rect = window.canvas.camera.to_view(window.canvas.block_rect("conv2").center())
    assert window.canvas.rect().contains(rect.toPoint()), "it has been brought into view"
    press_key(page.view, Qt.Key.Key_Down)
    assert window.session.selection == ("pool2",)
    press_key(page.view, Qt.Key.Key_Escape)
    assert window.focusWidget() is window.canvas


def test_a_row_comes_up_from_inside_a_module(open_window, qtbot) -> None:
    window = open_window("googlenet")
    window.session.go("inception_3a")
    page = show(window, qtbot)
    click_row(page, row_of(page, "conv1"))
    assert window.session.path == "" and window.session.selection == ("conv1",)


def test_a_selected_block_marks_its_row(open_window, qtbot) -> None:
    window = open_window("googlenet")
    page = show(window, qtbot)
    window.session.select(["inception_5a"])
    assert page.view.currentIndex().row() == row_of(page, "inception_5a")
    assert window.session.selection == ("inception_5a",)


def test_the_computed_columns_follow_the_diagram(open_window, qtbot) -> None:
    window = open_window("googlenet")
    page = show(window, qtbot)
    window.session.diagram.set("inception_3a", ch1x1=128)
    row = row_of(page, "inception_3a")
    qtbot.waitUntil(lambda: texts(page)[row][-3] == "320×28×28")
    cell = page.view.table.lines[row].cells[-3]
    assert cell.tone == "differs" and cell.tip == "In the network that the table describes: 256×28×28"
    assert page.standing.text() == "2 of 19 rows differ from the table's network"
    assert page.standing.isVisible()
    assert page.view.table.lines[-1].cells[-2].tone == "differs", "the total too"
    window.session.undo()
    qtbot.waitUntil(lambda: texts(page)[row][-3] == "256×28×28")
    assert not page.standing.isVisible()


def test_a_block_that_is_gone_is_told(open_window, qtbot) -> None:
    window = open_window("googlenet")
    page = show(window, qtbot)
    row = row_of(page, "dropout")
    window.session.diagram.remove("dropout")
    qtbot.waitUntil(lambda: texts(page)[row][-3] == "not there")
    assert page.view.table.lines[row].cells[-3].tip == "This diagram has no dropout."
    window.session.select(["conv1"])
    click_row(page, row)
    assert window.session.selection == ("conv1",)


def test_the_setting_of_the_table_s_network_is_one_click_away(open_window, qtbot) -> None:
    window = open_window("resnet50")
    page = show(window, qtbot)
    assert page.standing.text() == "3 of 7 rows differ from the table's network"
    assert page.set_like_paper.text() == "Set version = v1"
    assert texts(page)[-1][-1] == "4,089,184,256"
    click(page.set_like_paper)
    qtbot.waitUntil(lambda: texts(page)[-1][-1] == "3,857,973,248")
    assert not page.set_like_paper.isVisible() and not page.standing.isVisible()
    window.session.undo()
    assert window.session.diagram.parameters["version"].default == "v1.5"


def test_a_file_made_from_a_preset_keeps_the_table(open_window, qtbot, tmp_path) -> None:
    diagram = load_preset("inception_v3")
    diagram.name = "mine"
    save(diagram, tmp_path / "mine.blocks.json")
    page = show(open_window(tmp_path / "mine.blocks.json"), qtbot)
    assert page.paper is not None and page.paper.preset == "inception_v3"
    assert load(tmp_path / "mine.blocks.json").about["preset"] == "inception_v3"


def test_without_a_paper_s_table_the_command_says_why(open_window, qtbot) -> None:
    window = open_window("vgg16")
    action = window.commands.actions["view.paper"]
    assert not action.isEnabled() and "No paper's table is known" in action.toolTip()
    menu = window.top.product.menu()
    menu.aboutToShow.emit()
    view = next(sub for sub in menu.findChildren(QMenu) if sub.title() == "View")
    assert view.toolTipsVisible()
    window.command_line.popup()
    QTest.keyClicks(window.command_line.line, "paper's")
    assert "No paper's table is known" in window.command_line.list.item(0).toolTip()
    window.documents.open_now("googlenet")
    assert action.isEnabled() and action.toolTip() != "", "the text that actions have by themselves"
    assert "No paper's" not in action.toolTip()


def test_turning_to_a_network_without_one_shows_the_network_itself(open_window, qtbot) -> None:
    window = open_window("googlenet")
    page = show(window, qtbot)
    window.documents.open_now("vgg16")
    qtbot.waitUntil(lambda: not page.busy and texts(page)[0][0] == "input")
    assert page.shown_mode == "network" and not page.buttons["paper"].isEnabled()
    assert not page.notes_area.isVisible()
    window.documents.turn_to(0)
    qtbot.waitUntil(lambda: page.shown_mode == "paper" and texts(page)[0][0] == "convolution")


# The network's own table


def test_the_network_s_own_table_opens_modules_and_leads_to_blocks(open_window, qtbot) -> None:
    window = open_window("resnet18")
    page = show(window, qtbot, Qt.Key.Key_T)
    assert [line[0] for line in texts(page)][:4] == ["input", "conv1", "bn1", "relu"]
    assert sum(int(line[3].replace(",", "") or 0) for line in texts(page)) == 11_689_512
    page.set_depth(2)
    qtbot.waitUntil(lambda: not page.busy and len(texts(page)) > 60)
    row = row_of(page, "layer2.1.conv2")
    assert texts(page)[row][:3] == ["    conv2", "Conv2d", "128×28×28"]
    click_row(page, row)
    assert window.session.path == "layer2.1" and window.session.selection == ("conv2",)
    assert page.view.currentIndex().row() == row


def test_switching_between_the_two_by_mouse(open_window, qtbot) -> None:
    window = open_window("googlenet")
    page = show(window, qtbot, Qt.Key.Key_T)
    assert page.levels.isVisible() and not page.notes_area.isVisible()
    click(page.buttons["paper"])
    qtbot.waitUntil(lambda: not page.busy and page.view.table.headings[1] == "patch size/stride")
    assert page.notes_area.isVisible() and not page.levels.isVisible()
    click(page.buttons["network"])
    qtbot.waitUntil(lambda: not page.busy and page.view.table.headings[0] == "block")


def test_an_edit_keeps_the_current_row_and_the_selection(open_window, qtbot) -> None:
    window = open_window("resnet18")
    page = show(window, qtbot, Qt.Key.Key_T)
    click_row(page, row_of(page, "fc"))
    window.session.diagram.set("", num_classes=10)
    qtbot.waitUntil(lambda: not page.busy and texts(page)[row_of(page, "fc")][2] == "10")
    assert page.view.currentIndex().row() == row_of(page, "fc") and window.session.selection == ("fc",)


def test_the_table_in_view_is_copied(open_window, qtbot) -> None:
    page = show(open_window("googlenet"), qtbot)
    chip = page.copy
    chip.menu().aboutToShow.emit()
    next(action for action in chip.menu().actions() if action.text() == "Copy as CSV").trigger()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert rows[0]["params"] == "2.7K ≠ 9.2K" and rows[0]["MACs"] == "118013952"


def test_an_empty_diagram_has_an_empty_table(open_window, qtbot) -> None:
    window = open_window()
    window.documents.add(Document(Diagram("nothing yet")))
    press_key(window.canvas, Qt.Key.Key_T, CONTROL | SHIFT)
    page = window.features.tables.page
    qtbot.waitUntil(lambda: not page.busy)
    assert texts(page) == []


def test_nothing_is_computed_for_a_page_that_nobody_sees(open_window, qtbot) -> None:
    window = open_window("googlenet")
    page = show(window, qtbot)
    window.desk.show_page("problems")
    window.session.diagram.set("", num_classes=10)
    assert not page.busy
    window.desk.show_page("table")
    qtbot.waitUntil(lambda: not page.busy and texts(page)[row_of(page, "fc")][-3] == "10")


@pytest.mark.parametrize("dark", [False, True])
def test_at_1440_all_columns_of_googlenet_are_in_view(open_window, qtbot, dark: bool) -> None:
    window = open_window("googlenet")
    if dark:
        set_theme(DARK)
    page = show(window, qtbot)
    assert page.view.horizontalScrollBar().maximum() == 0
    assert page.notes_area.isVisible() and page.notes_area.x() > page.view.x(), "the notes stand beside it"
    window.resize(1100, 700)
    QApplication.processEvents()
    assert page.notes_area.y() > page.view.y(), "the notes stand below it"
    assert page.view.viewport().height() > 100
