"""Another language holds at once: everything is said in it, and nothing that was open, selected or running is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

from blockstudio import text
from blockstudio.graph.edits import SetParameter
from blockstudio.gui.kit.text import phrase
from blockstudio.gui.shell import language
from blockstudio.gui.shell.window import StudioWindow
from tests.gui.test_translated import Reader, settle_all
from tests.support.made_runs import made_run

ENGLISH = re.compile(r"\b(the|and|of|is|are|with|no|not|open|show|this|from|all|network|block)\b", re.IGNORECASE)


@pytest.fixture
def replaced(open_window) -> Iterator[list[StudioWindow]]:
    """Windows that took another's place; they are closed at the end."""
    found: list[StudioWindow] = []
    yield found
    for window in found:
        window.stop()
        window.hide()
        window.deleteLater()
    language.settings().setValue(language.SETTING, text.ENGLISH)  # which `begin` reads
    language.begin(QApplication.instance())


def switched(window: StudioWindow, code: str, found: list[StudioWindow], qtbot) -> StudioWindow:
    window.replaced.connect(found.append)
    before = len(found)
    window.commands.run("view.language", code)
    qtbot.waitUntil(lambda: len(found) > before)
    return found[-1]


def test_a_window_goes_on_in_another_language(open_window, replaced, qtbot, tmp_path: Path, own_folder: Path) -> None:
    window: StudioWindow = open_window("plain")
    window.documents.open_now("resnet18")
    session = window.session
    assert session.do("widen", SetParameter(name="conv1", key="out_channels", value=96))
    assert session.do(phrase("Set {key}", key="stride"), SetParameter(name="conv1", key="stride", value=3))
    session.enter("layer1")
    session.select([next(iter(session.definition.graph))])
    run = made_run(tmp_path / "run")
    window.features.training.trainer.attach(run)
    window.session.recipe.set_fields({"batch_size": 33})
    window.desk.show_drawing()
    kept = (list(window.documents.list), session.path, session.selection, session.dirty)

    other = switched(window, text.PSEUDO, replaced, qtbot)

    assert not window.isVisible() and other.isVisible()
    session = other.session
    assert (list(other.documents.list), session.path, session.selection, session.dirty) == kept
    assert other.features.training.trainer.data.run.directory == run.directory
    assert session.recipe.value.batch_size == 33
    told: list[str] = []
    session.message.connect(told.append)
    session.undo()  # made in English, told in the language that is in use now
    assert told[-1] == text.pseudo("Undone: {label}").format(label=text.pseudo("Set {key}").format(key="stride"))
    session.undo()
    assert not session.dirty and session.diagram.main.block("conv1").parameters["out_channels"] == "width"
    session.redo()
    session.redo()
    assert other.desk.recovering.journals.keys() == set(other.documents.list)
    settle_all()
    reader = Reader(own_folder)
    reader.read("the window", other)
    # Names of blocks are cut and written in capitals.
    assert [found for found in reader.bare if ENGLISH.search(found)] == []


def test_qt_speaks_too(own_folder: Path, replaced) -> None:
    application = QApplication.instance()
    language.settings().setValue(language.SETTING, "zh-CN")
    language.begin(application)
    dialog = QFileDialog()
    assert dialog.windowTitle() and application.translate("QPlatformTheme", "Cancel") == "取消"
    dialog.deleteLater()
    language.settings().setValue(language.SETTING, "en")
    language.begin(application)
    assert application.translate("QPlatformTheme", "Cancel") == "Cancel"


def test_a_lesson_goes_on_in_another_language(open_window, replaced, qtbot) -> None:
    """Its drawing is called anew, and is still one that nobody has touched."""
    window: StudioWindow = open_window()
    window.commands.run("lesson.open", "09_residual_block")
    control = window.features.lessons.control
    document, english = control.document, control.document.diagram.name
    other = switched(window, "zh-CN", replaced, qtbot)
    lessons = other.features.lessons
    assert lessons.control.document is document and document.diagram.name == lessons.control.step.title != english
    assert document.diagram.name in [other.top.tabs.tabText(index) for index in range(other.top.tabs.count())]
    form = lessons.panel.forms["mend"]
    form.check()
    assert lessons.control.answer(form.question).tries == 0 and form.verdict.text()
    other.documents.new()
    assert "未命名" in other.documents.title(other.documents.current) and "未命名" in other.windowTitle()
