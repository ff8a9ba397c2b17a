"""Tabs: readable names, a menu for those without room, numbers, files' names, keys, what is asked at the end."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QStyle, QStyleOptionTab

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import SUFFIX, load
from blockstudio.gui.document.document import Document
from blockstudio.gui.shell.tabs import Tabs, Title
from tests.support.hands import click, press_key

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_many_documents_in_a_narrow_window(open_window, tmp_path: Path) -> None:
    window = open_window()
    documents, tabs = window.documents, window.top.tabs
    for name in ("a network with quite a name", "second", "third", "fourth", "fifth", "sixth", "seventh"):
        documents.add(Document(Diagram(name)))
        window.session.diagram.add("ReLU", "relu")
    for width in (1440, 1000, 400):
        window.resize(width, 700)
        window.top._share()
        current = tabs.currentIndex()
        assert tabs.isTabVisible(current)
        name = tabs.tabText(current)
        assert tabs.tabRect(current).width() >= tabs.fontMetrics().horizontalAdvance(name) + 16, "with its ×"
        hidden = tabs.hidden()
        assert window.top.more.isVisible() == bool(hidden)
    assert hidden
    menu = window.top.more.menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == [tabs.tabText(index) for index in hidden]
    wanted = documents.list[hidden[0]]
    menu.actions()[0].trigger()
    assert documents.current is wanted and tabs.isTabVisible(tabs.currentIndex())

    window.canvas.setFocus()
    press_key(window.canvas, Qt.Key.Key_PageDown, CONTROL)
    assert documents.current is documents.list[(documents.list.index(wanted) + 1) % len(documents.list)]
    press_key(window.canvas, Qt.Key.Key_PageUp, CONTROL)
    press_key(window.canvas, Qt.Key.Key_Tab, CONTROL)
    press_key(window.canvas, Qt.Key.Key_Backtab, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert documents.current is wanted


def test_names_numbers_crosses_and_the_choice_at_the_end(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window()
    documents, tabs = window.documents, window.top.tabs
    for _ in range(2):
        window.session.diagram.add("ReLU", "relu")
        documents.new()
    window.session.diagram.add("ReLU", "relu")
    titles = [documents.title(each) for each in documents.list]
    assert titles == ["untitled", "untitled 2", "untitled 3"]
    first, second, third = documents.list
    documents.write(second, tmp_path / f"mine{SUFFIX}")
    assert documents.title(second) == "mine" and tabs.tabText(1) == "mine"
    assert documents.title(third) == "untitled 3", "the others keep theirs"

    documents.turn_to(second)
    click(tabs, tabs.cross_rect(1).center())
    assert documents.list == [first, third], "the × closes what is saved"
    window.session.show(third)
    documents.write(third, tmp_path / f"last{SUFFIX}")
    third.diagram.add("Add", "more")
    window.close()
    dialog = window.desk.dialog
    assert set(dialog.files) == {first, third}
    dialog.files[first].setChecked(False)
    click(dialog.ok)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert "more" in load(tmp_path / f"last{SUFFIX}").main.graph and first.file is None


def test_the_letters_of_the_active_tab_have_room(styled) -> None:
    """They are wider than those by which Qt shortens a name: it was cut at both ends."""
    tabs = Tabs()
    names = ["A residual unit of a slide, from 64 to 128 channels", "一个很长很长的网络图名称，标签页里放不下这么多字"]
    for name in names:
        tabs.show_titles([Title(name, True, ""), Title("other", False, "")], 0)
        tabs.ensurePolished()
        option = QStyleOptionTab()
        tabs.initStyleOption(option, 0)
        font = tabs.font()
        font.setWeight(font.Weight.DemiBold)
        room = tabs.style().subElementRect(QStyle.SubElement.SE_TabBarTabText, option, tabs).width()
        assert option.text.endswith("…") and QFontMetrics(font).horizontalAdvance(option.text) <= room
    tabs.deleteLater()
