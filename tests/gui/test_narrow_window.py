"""A window of 1100 × 700 pixels: nothing is cut off, and nothing makes it wider."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QToolButton

from blockstudio.gui.app.application import FRAME, fit_to_screen
from blockstudio.gui.canvas.scene.metrics import LINES
from blockstudio.gui.shell.side import ROOM, USUAL
from blockstudio.gui.shell.window import StudioWindow
from tests.support.hands import click
from tests.support.mouse import double_click

NARROW = (1100, 700)


def narrow(window: StudioWindow) -> StudioWindow:
    window.resize(*NARROW)
    QApplication.processEvents()
    assert (window.width(), window.height()) == NARROW
    return window


@pytest.mark.parametrize("everything", [False, True])
def test_labels_of_the_recipe_are_whole(open_window, everything: bool) -> None:
    window = narrow(open_window("cifar_resnet"))
    window.desk.show_page("recipe")
    form = window.features.training.recipe
    if everything:
        click(form.more)
    QApplication.processEvents()
    labels = [label for _, each, _ in form._columns_of for label in each.labels.values() if label.isVisible()]
    assert {"Learning rate", "Weight decay", "Pad and crop"} <= {label.text() for label in labels}
    cut = [label.text() for label in labels if label.width() < label.sizeHint().width()]
    assert not cut
    choices = [field for field in form.fields.values() if isinstance(field, QComboBox) and field.isVisible()]
    assert choices and all(field.width() >= field.minimumSizeHint().width() for field in choices)
    assert everything or form.horizontalScrollBar().maximum() == 0


def test_the_way_through_the_levels_is_whole_or_not_there(open_window, qtbot) -> None:
    window = open_window("googlenet")
    bar = window.top
    for opened in (None, "resnet34", "layer1"):
        if opened == "layer1":
            window.session.enter(opened)
        elif opened is not None:
            window.documents.open_now(opened)
        for width in range(1100, 1500, 40):
            window.resize(width, 700)
            qtbot.waitUntil(lambda: bar.crumb.width() in (0, *range(bar.crumb.sizeHint().width(), 1500)), timeout=2000)


def test_inside_a_module_the_way_back_is_there_where_the_pages_fold_for_it(open_window, qtbot) -> None:
    window = open_window("cifar_resnet")
    bar = window.top
    for width in (1300, 1362):
        window.resize(width, 740)
        window.session.go("layer1.0")
        qtbot.waitUntil(lambda: bar.crumb.width() >= bar.crumb.sizeHint().width() > 0)
        window.session.go("")


def test_tabs_beside_a_full_bar_are_whole(open_window) -> None:
    window = open_window("cifar_resnet")
    window.documents.open_now("cifar_resnet")
    bar = window.top
    counts = set()
    for width in range(1100, 1500, 4):
        window.resize(width, 740)
        bar._share()
        bar.layout().activate()
        assert bar.tabs.width() >= bar.tabs.sizeHint().width(), width
        assert bar.tabs.tabRect(0).left() >= 0 or not bar.tabs.isTabVisible(0), width
        counts.add(len(bar.tabs.hidden()))
    assert counts == {0, 1}


def test_what_the_status_bar_tells_makes_the_window_no_wider(open_window) -> None:
    window = narrow(open_window("resnet18"))
    told = "513,000 of 11,689,512 parameters are trained, and a sentence that goes on for long after that"
    window.session.message.emit(told)
    QApplication.processEvents()
    assert window.width() == NARROW[0]
    assert window.status.message.toolTip() == told
    assert window.features.panels.button.geometry().right() < NARROW[0]


def test_a_window_opens_no_larger_than_the_screen(open_window) -> None:
    window = open_window("nin_cifar10")
    room = window.screen().availableGeometry().size() - FRAME
    assert window.height() > room.height(), "the test's screen is a small one"
    fit_to_screen(window)
    QApplication.processEvents()
    assert window.height() == room.height()
    assert window.width() == max(room.width(), window.minimumSizeHint().width())


def test_pictures_on_the_buttons_of_a_file_dialog_are_whole(open_window) -> None:
    dialog = QFileDialog(open_window())
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.show()
    QApplication.processEvents()
    buttons = [
        button for button in dialog.findChildren(QToolButton) if button.isVisible() and not button.icon().isNull()
    ]
    assert len(buttons) >= 5
    for button in buttons:
        image = button.grab().toImage()
        ground = image.pixel(0, image.height() // 2)
        drawn = [x for x in range(image.width()) for y in range(image.height()) if image.pixel(x, y) != ground]
        assert max(drawn) - min(drawn) >= 6, button.objectName()
    dialog.close()


def test_a_lesson_the_parameters_and_the_drawing_have_room_side_by_side(open_window, qtbot) -> None:
    window = open_window()
    window.resize(1366, 740)
    window.commands.run("lesson.open", "03_inception")
    canvas, session = window.canvas, window.session
    qtbot.waitUntil(lambda: "conv5x5" in session.definition and canvas.width() > 600 and not canvas.busy)

    QApplication.processEvents()

    def is_whole() -> bool:
        bounds = canvas.camera.rect_to_view(canvas.scene.bounds())
        return canvas.view_rect().contains(bounds) and canvas.camera.scale >= LINES

    assert is_whole()
    scale = canvas.camera.scale
    middle = canvas.camera.to_view(canvas.block_rect("pool").center()).toPoint()
    double_click(canvas, middle)
    inspector = window.desk.panels["inspector"].widget
    qtbot.waitUntil(lambda: inspector.isVisible() and ROOM <= canvas.width() < 600)
    assert is_whole(), "it was seen whole"
    window.desk.set_shown("inspector", False)
    qtbot.waitUntil(lambda: canvas.camera.scale == scale)

    window.commands.run("lesson.close")
    qtbot.waitUntil(lambda: inspector.width() == USUAL)


def test_the_way_through_the_levels_comes_before_other_tabs_and_they_before_the_way_to_the_whole(open_window, qtbot):
    window = open_window("resnet34")
    bar = window.top
    window.documents.open_now("module_inception")
    window.resize(1432, 860)
    qtbot.waitUntil(lambda: not bar.tabs.hidden())
    window.session.select(["reduce3x3", "relu2", "conv3x3", "relu3"])
    window.commands.run("edit.group")
    window.session.enter(*window.session.selection)
    qtbot.waitUntil(lambda: bar.crumb.width() >= bar.crumb.sizeHint().width())
    assert [link.text() for link in bar.crumb.links] == ["Inception module"]
