"""A lesson in the window, with mouse and keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.mouse import click, press_key


def test_a_lesson_beside_the_drawing(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.documents.current.diagram.set("conv1", out_channels=32)
    mine = window.documents.current
    window.commands.run("lesson.open", "01_convolution")
    lessons = window.features.lessons
    panel, control = lessons.panel, lessons.control
    QApplication.processEvents()
    assert panel.isVisible() and not window.desk.is_shown("inspector")
    assert mine in window.documents.list and window.session.document is control.document
    assert window.session.lit == ("conv",) and not window.canvas.scene.lit_rects()[0].isEmpty()
    form = panel.forms["params"]
    field = form.inputs[""]
    qtbot.waitUntil(field.hasFocus)
    press_key(field, Qt.Key.Key_Return)
    assert form.verdict.text() and control.answer(form.question).tries == 0  # an empty answer is no try
    QTest.keyClicks(field, "14400")
    press_key(field, Qt.Key.Key_Return)
    assert field.property("state") == "wrong" and "bias" in form.hint.text()
    field.clear()
    QTest.keyClicks(field, "14 592")
    click(form.check_button)
    assert field.property("state") == "right" and "14,592" in form.explanation.text() and form.box.isVisible()
    assert QApplication.focusWidget() is panel.forms["macs"].inputs[""]
    click(panel.next)
    assert control.progress.step == 1 and window.session.diagram.main.block("conv").parameters["stride"] == 2
    QTest.keyClick(window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.AltModifier)
    QApplication.processEvents()
    assert control.progress.step == 0 and "14,592" in panel.forms["params"].explanation.text()
    # What the learner draws is not thrown away.
    own = control.document
    window.session.diagram.set("conv", stride=4)
    click(panel.next)
    assert own in window.documents.list and window.session.document is not own
    window.commands.run("lesson.close")
    assert not panel.isVisible() and window.desk.is_shown("inspector") and window.session.lit == ()
    window.commands.run("lesson.open", "01_convolution")
    assert control.progress.step == 1 and control.progress.answers["params"].state == "right"
