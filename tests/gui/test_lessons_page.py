"""A lesson in the window, with mouse and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton

from blockstudio.gui.canvas.scene.telling import describe
from blockstudio.gui.kit import toasts
from blockstudio.gui.lessons import progress as kept
from blockstudio.gui.sizes.page import SizesPage
from blockstudio.lessons import lesson_names
from blockstudio.text import ENGLISH, PSEUDO, pseudo, use_language
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
    assert window.session.veiled and "14,592" not in window.status.parameters.text()
    field = form.inputs[""]
    qtbot.waitUntil(field.hasFocus)
    press_key(field, Qt.Key.Key_Return)
    assert form.verdict.text() and control.answer(form.question).tries == 0  # an empty answer is no try
    QTest.keyClicks(field, "14400")
    press_key(field, Qt.Key.Key_Return)
    assert field.property("state") == "wrong" and "bias" in form.hint.text()
    # The second question's answer stays hidden until that was tried.
    assert window.session.veiled == {"macs"} and "14,592" in window.status.parameters.text()
    assert not window.status.macs.isVisible()
    field.clear()
    QTest.keyClicks(field, "14 592")
    click(form.check_button)
    assert field.property("state") == "right" and "14,592" in form.explanation.text() and form.box.isVisible()
    assert QApplication.focusWidget() is panel.forms["macs"].inputs[""]
    click(panel.next)
    assert control.progress.step == 1 and window.session.diagram.main.block("conv").parameters["stride"] == 2
    _shapes_are_asked(window)
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


def _shapes_are_asked(window) -> None:
    """Neither wire, card, tip nor inspector tells the shape that a step asks for; all do once it was tried."""
    facts = window.canvas.scene.root.facts
    wire = window.session.diagram.main.wires_into("output")[0]
    assert facts.pill(wire) == "?×?×?" and facts.content("output").line == "Output"
    assert facts.pill(window.session.diagram.main.wires_into("conv")[0]) == "3×32×32"
    assert not any("16" in line for line in describe(facts, "conv"))
    form = window.features.lessons.panel.forms["shape"]
    window.commands.run("view.inspector")
    for block, told in (("conv", False), ("", False), ("conv", True)):
        if told:
            QTest.keyClicks(form.inputs[""], "192 32 32")
            press_key(form.inputs[""], Qt.Key.Key_Return)
            facts = window.canvas.scene.root.facts
            assert facts.pill(wire) == "192×16×16" and "192×16×16" in facts.content("output").line
            assert any("192×16×16" in line for line in describe(facts, "conv"))
            assert window.session.veiled == {"macs"}
        window.session.select([block] if block else [])
        QApplication.processEvents()
        texts = " ".join(label.text() for label in window.features.inspector.findChildren(QLabel) if label.isVisible())
        assert ("192×16×16" in texts) is (told and bool(block)), (block, told)
        assert "3,686,400" not in texts and "3.7 M" not in texts
    window.commands.run("view.inspector")


def test_answers_by_keys_alone(open_window, qtbot) -> None:
    """Enter checks a choice and presses a button; a part that is missing is no try, nor is a right answer given again;
    what was said of another answer goes; the row below comes after the questions."""
    window = open_window()
    window.resize(1280, 800)
    window.commands.run("lesson.open", "01_convolution")
    lessons = window.features.lessons
    panel, control = lessons.panel, lessons.control
    control.turn_to(3)
    form = panel.forms["larger"]
    first = next(iter(form.choices.values()))
    qtbot.waitUntil(first.hasFocus)
    press_key(first, Qt.Key.Key_Return)
    assert control.answer(form.question).tries == 0 and form.verdict.text()
    press_key(first, Qt.Key.Key_Space)
    assert not form.verdict.text()
    press_key(first, Qt.Key.Key_Return)
    assert control.answer(form.question).tries == 1 and form.verdict.text()
    click(form.choices["larger"])
    assert not form.verdict.text()
    press_key(form.choices["larger"], Qt.Key.Key_Return)
    assert control.answer(form.question).state == "right"
    press_key(form.choices["larger"], Qt.Key.Key_Return)
    assert control.answer(form.question).tries == 2
    totals = panel.forms["totals"]
    QTest.keyClicks(totals.inputs["cifar"], "966986")
    press_key(totals.inputs["cifar"], Qt.Key.Key_Return)
    assert control.answer(totals.question).tries == 0 and totals.inputs["imagenet"].hasFocus()
    QTest.keyClicks(totals.inputs["imagenet"], "7,000,000")
    press_key(totals.inputs["imagenet"], Qt.Key.Key_Return)
    assert control.answer(totals.question).tries == 1
    # The hint came into view.
    QApplication.processEvents()
    hint, view = totals.hint, panel.area.viewport()
    assert hint.mapTo(view, hint.rect().bottomLeft()).y() <= view.height()
    kept = panel.drafts()
    assert kept == {"totals": {"cifar": "966986", "imagenet": "7,000,000"}}
    panel.show_step()
    panel.put(kept)
    assert panel.forms["totals"].inputs["imagenet"].text() == "7,000,000"
    last = panel.forms["totals"].solve
    last.setFocus()
    for wanted in (panel.back, panel.show_me, panel.next):
        for _ in range(4):  # links of the steps that follow
            QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
            if QApplication.focusWidget() is wanted:
                break
        assert QApplication.focusWidget() is wanted
    press_key(panel.next, Qt.Key.Key_Return)
    assert control.progress.step == 4


def test_the_curve_is_there_to_be_read(open_window) -> None:
    """The page of sizes does not tell the largest before it was asked for; then it does."""
    window = open_window()
    window.commands.run("lesson.open", "05_do_not_squeeze")
    panel = window.features.lessons.panel
    QApplication.processEvents()
    page = next(each for each in window.findChildren(SizesPage) if each.isVisible())
    assert page.said.text() and "802,816" not in page.said.text()
    assert page.view.height() >= 240  # a curve, not a line
    for id, text in (("largest", "802816"), ("ends", "50176")):
        form = panel.forms[id]
        for field in form.inputs.values():
            QTest.keyClicks(field, text)
        click(form.check_button)
    assert "802,816" in page.said.text() and not window.session.veiled


def test_lessons_of_ones_own_and_of_strangers(open_window, qtbot, tmp_path) -> None:
    window = open_window()
    lessons = window.features.lessons
    for text in ("", "no lesson", "\0\0", "---\ntitle: x\n---\n" * 9):
        file = tmp_path / "bad.md"
        file.write_text(text, encoding="utf-8")
        window.open_file(file)
        assert "bad.md" in window.toasts.texts[-1] and lessons.control.walk is None and not lessons.panel.isVisible()
    window.commands.run("lesson.open", tmp_path / "none.md")
    assert lessons.control.walk is None
    mine = tmp_path / "mine.md"
    mine.write_text(
        "---\ntitle: Mine\n---\n\n## One {#one}\n\n```studio\nopen no_such\n```\n\n<script>x</script> ![p](file:///etc/passwd)\n\n"
        "## Two {#two}\n\n```studio\nnew Two\nadd input Input shape=[1,8,8]\n```\n\n"
        "### Click it {#click}\n\n```answer block\nexpect: 'input'\n```\n",
        encoding="utf-8",
    )
    window.open_file(mine)
    panel, control = lessons.panel, lessons.control
    assert panel.isVisible() and "mine.md:8" in panel.trouble.text() and panel.title.text() == "Mine"
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    form = panel.forms["click"]
    window.desk.show_block("input")
    QApplication.processEvents()
    window.session.select([])
    click(window.canvas, window.canvas.camera.to_view(window.canvas.block_rect("input").center()))
    assert "input" in form.chosen.text()
    click(form.check_button)
    assert control.answer(form.question).state == "right" and panel.trouble.isHidden()
    window.commands.run("lesson.close")
    window.desk.show_screen("lessons")
    page = lessons.page
    qtbot.waitUntil(lambda: len(page.links) >= len(lesson_names()))
    click(page.links["01_convolution"])
    assert control.lesson.name == "01_convolution" and window.desk.screen == ""
    window.commands.run("lesson.open", mine)
    assert control.progress.step == 1 and control.progress.right() == 1
    window.commands.run("lesson.anew")
    assert control.progress.step == 0 and control.progress.right() == 0


def answer_wrong_empty_right(window, form) -> None:
    """Each question with nothing, with something wrong, and right, by mouse and keys."""
    control, question = window.features.lessons.control, form.question
    click(form.check_button)
    assert control.answer(question).tries == 0 and form.verdict.text()
    if question.kind in ("number", "shape"):
        for right in (False, True):
            expected = control.walk.expected(form.step, question)
            for name, field in form.inputs.items():
                value = expected[name]
                text = "×".join(map(str, value)) if isinstance(value, tuple) else f"{value:.5g}" if isinstance(
                    value, float) else str(value)  # fmt: skip
                click(field)
                field.selectAll()
                QTest.keyClicks(field, text if right else "0 0 7" if question.kind == "shape" else "0.00071")
            press_key(field, Qt.Key.Key_Return)
            assert control.answer(question).state == ("right" if right else "wrong"), question.id
    elif question.kind in ("choice", "several"):
        expected = control.walk.expected(form.step, question)[""]
        rights = expected if isinstance(expected, tuple) else (expected,)
        wrong = next(name for name in form.choices if name not in rights)
        QTest.mouseClick(form.choices[wrong], Qt.MouseButton.LeftButton)
        click(form.check_button)
        assert control.answer(question).state == "wrong", question.id
        if question.kind == "several":
            QTest.mouseClick(form.choices[wrong], Qt.MouseButton.LeftButton)
        for name in rights:
            QTest.mouseClick(form.choices[name], Qt.MouseButton.LeftButton)
        click(form.check_button)
    elif question.kind == "block":
        expected = control.walk.expected(form.step, question)[""]
        right = expected[0] if isinstance(expected, tuple) else expected
        wrong = next(name for name in window.session.diagram.main.graph if name not in expected)
        for name in (wrong, right):
            window.desk.show_block(name)
            QApplication.processEvents()
            canvas = window.canvas
            click(canvas, canvas.camera.to_view(canvas.block_rect(name).center()))
            assert window.session.selection == (name,)
            click(form.check_button)
            assert control.answer(question).state == ("wrong" if name == wrong else "right")
    else:
        mend(window, form)
    assert control.answer(question).state == "right", question.id


def mend(window, form) -> None:
    """The drawing is damaged further, which is wrong; then it is what the solution is."""
    control, question = window.features.lessons.control, form.question
    diagram = window.session.diagram
    last = next(name for name, block in diagram.main.blocks() if block.type == "Output")
    diagram.rename(last, "out")
    click(form.check_button)
    assert control.answer(question).state == "wrong", question.id
    click(next(each for each in form.findChildren(QPushButton) if each.property("command") == "lesson.solution"))
    QApplication.processEvents()
    click(form.check_button)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["en", "zh-CN"])
@pytest.mark.parametrize("name", lesson_names())
def test_every_lesson_is_walked_in_the_window(open_window, qtbot, own_folder, name: str, code: str) -> None:
    use_language(code)
    try:
        window = open_window()
        window.commands.run("lesson.open", name)
        lessons = window.features.lessons
        control, panel = lessons.control, lessons.panel
        assert control.lesson.language == code and control.lesson.missing == ()
        for number, step in enumerate(control.lesson.steps):
            assert control.progress.step == number
            QApplication.processEvents()
            assert panel.trouble.isHidden() and not window.toasts.texts, step.id
            lit = control.lit(step)
            assert window.session.lit == tuple(lit)
            assert all(not rect.isEmpty() for rect in window.canvas.scene.lit_rects()), step.id
            for question in step.questions:
                form = panel.forms[question.id]
                panel.area.ensureWidgetVisible(form)
                QApplication.processEvents()
                answer_wrong_empty_right(window, form)
            assert control.is_done(number) or not step.questions
            if number + 1 < len(control.lesson.steps):
                click(panel.next)
        assert control.progress.right() == len(control.lesson.questions)
        for ending in (".html", ".pdf"):
            window.commands.run("lesson.write", own_folder / f"results{ending}")
            assert (own_folder / f"results{ending}").stat().st_size > 5000
    finally:
        use_language("en")


def test_the_next_window_goes_on_with_the_lesson_and_gives_back_what_it_had_the_room_of(open_window) -> None:
    first = open_window("plain")
    assert "control" not in vars(first.features.lessons), "nothing is made before a lesson is opened"
    first.commands.run("lesson.open", "01_convolution")
    first.features.lessons.control.turn_to(1)
    first.close()
    second = open_window()
    assert not second.desk.is_shown("inspector")
    second.desk.start()
    lessons = second.features.lessons
    assert lessons.panel.isVisible() and lessons.control.step is lessons.control.lesson.steps[1]
    assert not second.desk.is_shown("inspector")
    second.commands.run("lesson.close")
    assert second.desk.is_shown("inspector") and second.desk.is_shown("bottom")
    second.close()
    third = open_window()
    third.desk.start()
    assert third.desk.is_shown("inspector") and not third.features.lessons.is_open


def test_answers_of_two_windows_are_both_kept(own_folder) -> None:
    one, other = kept.load("mine"), kept.load("mine")
    one.of("first").tries, one.of("first").state = 1, "right"
    kept.keep("mine", one)
    other.of("second").tries, other.of("second").state = 2, "wrong"
    kept.keep("mine", other)
    found = kept.load("mine")
    assert found.answers["first"].state == "right" and found.answers["second"].tries == 2
    kept.forget("mine")
    assert kept.load("mine").answers == {}


def test_a_table_keeps_back_what_a_lesson_asks(open_window, qtbot) -> None:
    """Columns of figures that are asked, sums, areas, what is true of misprints; all of it comes with the answer."""
    window = open_window()
    window.commands.run("lesson.open", "11_resnet_family")
    lessons = window.features.lessons
    lessons.control.turn_to(2)
    page = window.features.tables.page
    qtbot.waitUntil(lambda: page.paper is not None and not page.busy)
    view, last = page.view, page.view.model().columnCount() - 1
    assert page.isVisible() and view.isColumnHidden(last) and view.isColumnHidden(last - 1)
    assert "≠" not in page.notes.text() and page.notes.text() == ""
    for id in ("giga", "cut", "v15"):
        lessons.panel.forms[id].reveal()
    qtbot.waitUntil(lambda: not page.busy and not view.isColumnHidden(last))
    assert page.notes.text() and not view.isColumnHidden(last - 1)
    window.session.veiled = frozenset({"macs"})
    window.commands.run("view.table")
    qtbot.waitUntil(lambda: not page.busy and page.title.text() == "" and page.shown_mode == "network")
    assert view.isColumnHidden(view.model().columnCount() - 1) and not page.areas.pieces


@pytest.mark.parametrize(("lesson", "id"), [("10_degradation", "params"), ("01_convolution", "totals")])
def test_a_hint_that_sends_to_the_bar_finds_it_there(open_window, lesson: str, id: str) -> None:
    """Another question of the step asks for parameters as well; a right answer keeps them back for that one."""
    window = open_window()
    window.commands.run("lesson.open", lesson)
    lessons = window.features.lessons
    number = next(
        place for place, step in enumerate(lessons.control.lesson.steps) if id in {q.id for q in step.questions}
    )
    lessons.control.turn_to(number)
    form = lessons.panel.forms[id]
    for field in form.inputs.values():
        assert "parameters" in window.session.veiled
        QTest.keyClicks(field, "1")
    press_key(next(iter(form.inputs.values())), Qt.Key.Key_Return)
    assert form.hint.isVisible() and window.status.parameters.isVisible()
    assert f"{window.session.analysis.parameters:,}" in window.status.parameters.text()


def test_a_drawing_to_mend_keeps_nothing_back_and_is_judged_as_it_is(open_window) -> None:
    window = open_window()
    window.commands.run("lesson.open", "03_inception")
    lessons = window.features.lessons
    lessons.control.turn_to(4)
    form = lessons.panel.forms["drawn"]
    assert not window.session.veiled and window.status.parameters.isVisible()
    window.session.diagram.set("conv5x5", out_channels=16)
    click(form.check_button)
    assert form.verdict.text() and form.hint.isVisible()
    window.session.diagram.set("conv5x5", out_channels=8)
    assert not form.verdict.text() and lessons.control.answer(form.question).tries == 1


def test_bars_tell_nothing_of_what_is_asked_and_notes_of_files_pass(open_window) -> None:
    window = open_window()
    window.commands.run("lesson.open", "03_inception")
    window.commands.run("lesson.step", 1)
    QApplication.processEvents()
    facts = window.canvas.scene.root.facts
    assert "parameters" in window.session.veiled and facts.metric == "" and facts.content("conv3x3").part < 0
    for question in window.features.lessons.control.step.questions:
        window.features.lessons.control.reveal(question)
    assert window.canvas.scene.root.facts.content("conv3x3").part == 1
    window.desk.say_written(Path("a.html"), "written")
    assert window.toasts._timer.interval() == toasts.LONGER * toasts.SHOWN_MS and window.toasts._timer.isActive()
    use_language(PSEUDO)
    window.commands.run("lesson.open_file")
    use_language(ENGLISH)
    assert window.desk.dialog.labelText(QFileDialog.DialogLabel.LookIn) == pseudo("Look in:")
    window.desk.dialog.close()
