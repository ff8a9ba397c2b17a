"""What a step of a lesson shows where: links, verdicts, the question that comes next."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from blockstudio.gui.kit.parts import LINK
from blockstudio.gui.kit.tick_box import TickBox
from tests.support.mouse import click, press_key


def letters(widget: QPushButton, within: QWidget) -> int:
    """Where the letters of a link begin."""
    return widget.mapTo(within, QPoint(LINK, 0)).x()


def opened(open_window, name: str, step: str):
    window = open_window()
    window.resize(1362, 700)
    window.commands.run("lesson.open", name)
    control = window.features.lessons.control
    window.commands.run("lesson.step", [each.id for each in control.lesson.steps].index(step))
    QApplication.processEvents()
    return window, control, window.features.lessons.panel


def test_links_begin_where_texts_do(open_window, qtbot) -> None:
    window = open_window()
    window.commands.run("page.lessons")
    page = window.desk.screen_widget("lessons")
    qtbot.waitUntil(lambda: len(page.links) == 12)
    QApplication.processEvents()
    for link in page.links.values():
        texts = [each for each in link.parent().findChildren(QLabel) if each.x() > link.x() and each.y() > link.y()]
        assert letters(link, page) == texts[0].mapTo(page, QPoint()).x()
    _, _, panel = opened(open_window, "06_batch_normalisation", "fold")
    form = panel.forms["slower"]
    assert letters(form.solve, panel) == form.title.mapTo(panel, QPoint()).x()
    experiment = next(each for each in panel.findChildren(QPushButton) if "experiment" in each.text())
    assert letters(experiment, panel) == form.title.mapTo(panel, QPoint()).x()


def test_a_step_without_a_drawing_has_nothing_to_show(open_window) -> None:
    window, _, panel = opened(open_window, "06_batch_normalisation", "scaling")
    assert not panel.show_me.isEnabled() and not window.commands.is_possible("lesson.show_me")
    window.commands.run("lesson.step", 2)
    assert panel.show_me.isEnabled() and window.commands.is_possible("lesson.show_me")


def test_the_keyboard_goes_to_the_part_that_is_spoken_of(open_window, qtbot) -> None:
    _, _, panel = opened(open_window, "06_batch_normalisation", "hand")
    form = panel.forms["moments"]
    form.inputs["mean"].setText("three")
    form.inputs["variance"].setText("14/3")
    click(form.check_button)
    assert form.verdict.text().startswith("Variance") and QApplication.focusWidget() is form.inputs["variance"]


def test_what_was_said_of_a_block_does_not_hold_for_another(open_window) -> None:
    window, _, panel = opened(open_window, "06_batch_normalisation", "drawing_bug")
    form = panel.forms["click"]
    window.session.select(["relu"])
    click(form.check_button)
    assert form.verdict.text() == "Not relu."
    window.session.select(["bn1"])
    assert form.chosen.text() == "Selected: bn1" and form.verdict.text() == "" and form.hint.isVisible()
    click(form.check_button)
    window.session.select(["relu"])
    assert form.verdict.text() == "Right: bn1."


def test_after_a_right_answer_the_next_question_is_in_view(open_window, qtbot) -> None:
    _, control, panel = opened(open_window, "06_batch_normalisation", "averages")
    for id, texts in (("left", {"twenty": "12.2", "later": "0.97"}), ("momentum", {"": "0.01"})):
        form = panel.forms[id]
        for name, text in texts.items():
            form.inputs[name].setText(text)
        press_key(form.inputs[name], Qt.Key.Key_Return)
        assert control.answer(form.question).state == "right"
        following = [*panel.forms.values()][[*panel.forms].index(id) + 1]
        for each in (form.check_button, following.check_button):
            qtbot.waitUntil(lambda each=each: each.visibleRegion().boundingRect() == each.rect())
    panel.grab()


def test_what_is_ticked_has_a_tick(open_window) -> None:
    _, _, panel = opened(open_window, "12_ensemble", "criticise")
    boxes = panel.forms["true"].choices
    QTest.mouseClick(boxes["share"], Qt.MouseButton.LeftButton)
    assert all(isinstance(each, TickBox) for each in boxes.values()) and boxes["share"].isChecked()
