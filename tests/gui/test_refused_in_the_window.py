"""What the window writes on a disk that is full, read-only or somebody else's: one note, what was there before, and
nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTemporaryDir
from PySide6.QtGui import QColor

from blockstudio.gui.data.process import SurveyProcess
from blockstudio.gui.kit.plotting import Line
from blockstudio.gui.laboratory import saving
from blockstudio.gui.lessons import progress
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings, temporary
from blockstudio.gui.work.child import DIAGRAM, Child
from blockstudio.runs import Recipe
from tests.support.disks import HOW, everything, refused_command, refusing

pytestmark = pytest.mark.fault
EXPECTED = {"full": "the disk is full", "read-only": "ead-only file system", "not allowed": "ermission denied"}


def problems(window: StudioWindow) -> list[str]:
    """What notes say of what went wrong."""
    return [text for text in window.toasts.texts if "cannot be" in text]


@pytest.mark.parametrize("how", HOW)
def test_settings_and_answers_that_cannot_be_kept_are_told_once(open_window, qtbot, small_disk: Path, how: str) -> None:
    settings.use_folder(small_disk)
    window = open_window("resnet18")
    progress.keep("lesson", progress.Progress(step=1))
    settings.remember_file(small_disk / "net.blocks.json")
    settings.settings().sync()
    before = everything(small_disk)
    with refusing(small_disk, how):
        for step in range(2, 5):
            progress.keep("lesson", progress.Progress(3, step, {"q": progress.Answered("long " * 600, "right", step)}))
            settings.remember_file(small_disk / f"net{step}.blocks.json")
        window.commands.run("view.dark")
        qtbot.waitUntil(lambda: bool(problems(window)))
        window.commands.run("view.light")
        assert len(problems(window)) == 1, window.toasts.texts
        (told,) = problems(window)
        assert "answers of lessons cannot be kept" in told and "settings.ini" in told
        assert ("bytes are needed" in told) == (how == "full")
        assert progress.load("lesson").answers["q"].tries == 4, "they hold while the window is open"
    assert everything(small_disk) == before
    settings.remember_file(small_disk / "later.blocks.json")
    settings.settings().sync()
    assert b"later.blocks.json" in (small_disk / "settings.ini").read_bytes(), "there is room again"
    settings.use_folder(None)


WRITTEN: dict[str, Callable[[StudioWindow, Path], object]] = {
    "module": lambda window, place: keep_module(window),
    "curves as outlines": lambda window, place: curves(window).save_as(place / "curves.svg"),
    "curves as pixels": lambda window, place: curves(window).save_as(place / "curves.png"),
    "figure": lambda window, place: saving.write(window.desk, place / "lab" / "f.svg", "<svg/>" * 900, {}),
    "data": lambda window, place: saving.write(window.desk, place / "lab" / "f.json", "", {"x": [1] * 3000}),
    "lesson": lambda window, place: write_lesson(window, place / "results.html"),
}


def keep_module(window: StudioWindow) -> None:
    """One of the drawing's modules into the user's library."""
    window.desk.show_drawing()
    module = next(name for name, block in window.session.diagram.main.blocks() if block.type == "BasicBlock")
    window.session.select([module])
    window.commands.run("module.keep")


def write_lesson(window: StudioWindow, file: Path) -> None:
    """The results of a lesson that is open."""
    window.commands.run("lesson.open", "01_convolution")
    window.commands.run("lesson.write", file)


def curves(window: StudioWindow):
    """Those of the runs' page, with a line in each."""
    window.commands.run("page.runs")
    found = window.desk.screen_widget("runs").curves
    steps = np.arange(900.0)
    for each in found.charts:
        each.chart.show_lines([Line("a run", QColor("red"), steps, steps % 7, steps % 7)])
    return found


@pytest.mark.parametrize("how", HOW)
def test_what_is_saved_says_so_and_leaves_what_was_there(open_window, qtbot, small_disk: Path, how: str) -> None:
    window = open_window("resnet18")
    settings.use_folder(small_disk)
    (small_disk / "data").mkdir()
    for name in ("curves.svg", "curves.png", "results.html"):
        (small_disk / name).write_text("old")
    refused = list[str]()
    window.session.refused.connect(refused.append)
    with refusing(small_disk, how):
        before = everything(small_disk)
        for name, act in WRITTEN.items():
            window.toasts.clear()
            refused.clear()
            act(window, small_disk)
            said = [text for text in (*window.toasts.texts, *refused) if "cannot be" in text]
            assert said and (EXPECTED[how] in said[-1] or "write-protected" in said[-1]), (name, window.toasts.texts)
            assert everything(small_disk) == before, name
    settings.use_folder(None)


@pytest.fixture
def no_temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The system's place for temporary folders takes none."""
    monkeypatch.setattr(temporary, "QTemporaryDir", lambda: QTemporaryDir(str(tmp_path / "nowhere" / "XXXXXX")))


def test_without_a_temporary_folder_nothing_is_written_elsewhere(
    open_window, qtbot, no_temporary: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    window = open_window("resnet18")
    child, answers = Child(), []
    child.done.connect(answers.append)
    child.run("export", DIAGRAM, "-o", "-", diagram=window.session.diagram)
    qtbot.waitUntil(lambda: bool(answers))
    survey, failed = SurveyProcess(window), []
    survey.failed.connect(failed.append)
    survey.start(Recipe(), window.session.diagram)
    window.commands.run("experiment.new")
    form = window.desk.screen_widget("experiments").library.form
    form.grid.setPlainText("seed: 1, 2")
    for said in (str(answers[0].error), str(failed[0]), form.said.text()):
        assert "no temporary folder can be made" in said and "TMPDIR" in said, said
    assert list((tmp_path / "work").iterdir()) == [] and not form.make.isEnabled()
    child.deleteLater()


@pytest.mark.parametrize("how", HOW)
def test_a_picture_that_cannot_be_written_is_told_in_a_line(
    how: str, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refused_command(("export", "alexnet", "--force", "-o", "out/net.svg"), small_disk, how, capsys)
