"""Pages beside the drawing: tabs made of what features register, keys, the way through them, what is kept."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from blockstudio.gui.document.places import Step
from blockstudio.gui.kit.theme import additions
from blockstudio.text import say
from tests.support.hands import click, press_key

ALT = Qt.KeyboardModifier.AltModifier


def test_a_page_has_a_tab_a_key_and_a_way_and_is_made_when_looked_at(open_window) -> None:
    window = open_window("cifar_resnet")
    desk, top, made = window.desk, window.top, []

    def make() -> QLabel:
        made.append(QLabel("a page"))
        return made[-1]

    names = set(top.navigation.buttons)
    desk.add_screen("last", make, title=say("Lesson of a test"), place=9)
    desk.add_screen("last.one", lambda: QLabel("one of them"), under="last")
    buttons = top.navigation.buttons
    assert set(buttons) == names | {"", "last"}
    assert (*buttons,)[0] == "" and (*buttons,)[-1] == "last" and not made
    window.resize(1900, 800)
    colour = next(item for _, item in desk.items["top"] if item.text().startswith("Colour"))
    assert buttons[""].isChecked() and buttons["last"].isVisible() and colour.isVisible()

    press_key(window.canvas, Qt.Key.Key_9, ALT)
    assert desk.screen == "last" and len(made) == 1 and window.pages.currentWidget() is made[0]
    assert buttons["last"].isChecked() and not buttons[""].isChecked() and not colour.isVisible()
    desk.set_crumbs("last.one", Step("resnet-8", "page.last"), Step("results"))
    desk.show_screen("last.one")
    assert buttons["last"].isChecked(), "a page under another one lights its tab"
    assert [link.text() for link in top.crumb.links] == ["Lesson of a test", "resnet-8"]
    click(top.crumb.links[0])
    assert desk.screen == "last" and len(made) == 1
    click(buttons[""])
    assert not desk.screen and buttons[""].isChecked() and colour.isVisible()
    click(buttons["last"])
    press_key(made[0], Qt.Key.Key_1, ALT)
    assert not desk.screen and len(made) == 1

    desk.show_screen("start")
    assert not any(button.isChecked() for button in buttons.values())


def test_pages_fold_into_one_button_in_a_narrow_window(open_window) -> None:
    window = open_window("cifar_resnet")
    navigation = window.top.navigation
    for place in range(3):
        window.desk.add_screen(f"p{place}", QLabel, title=say("A page of a test"), place=7 + place)
    least = window.minimumSizeHint().width()
    for width in (1900, 900):
        window.resize(width, 700)
        window.top._share()
        assert navigation.chip.isVisible() == (width == 900)
        assert navigation.buttons[""].isVisible() == (width == 1900)
        assert window.top.tabs.isTabVisible(0) and window.width() == width
    assert window.minimumSizeHint().width() <= max(least, 900)
    menu = navigation.chip.menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()][-1] == "A page of a test"
    menu.actions()[-1].trigger()
    assert window.desk.screen == "p2" and navigation.chip.text() == "A page of a test ▾"


def test_the_names_of_the_pages_under_the_drawing_are_whole_whichever_is_in_front(open_window, qtbot) -> None:
    """The one in front is bolder, and wider by a pixel."""
    window = open_window("googlenet")
    tabs = window.bottom.tabs
    for name in window.desk.pages:
        window.desk.show_page(name)
        qtbot.waitUntil(lambda: tabs.tabRect(tabs.count() - 1).right() < tabs.width())
        assert tabs.width() >= tabs.sizeHint().width()


def test_the_whole_style_sheet_is_there_before_the_first_page(open_window) -> None:
    """What a page brings along when it is made would hold from the next change of colours only."""
    window, before = open_window("plain"), len(additions)
    for name in window.desk.screens:
        window.desk.show_screen(name)
    assert len(additions) == before == 1
