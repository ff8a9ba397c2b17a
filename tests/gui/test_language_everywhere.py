"""The language changes while each page is in view: all of it is said anew, what it showed is still there, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from blockstudio.graph.presets import preset_folder
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work.worker import Work
from blockstudio.lessons import lesson_names
from blockstudio.runs.predictions import write_predictions
from tests.gui.test_language import ENGLISH, replaced, switched
from tests.gui.test_results_page import predictions
from tests.gui.test_translated import NAMES, painted, settle_all, told, words_of_data
from tests.gui.test_words_have_room import narrow
from tests.support.made_runs import made_run

__all__ = ["replaced"]
WORD = re.compile(r"[A-Za-z]{2,}")
KEPT = "Mixup kB best final lr arXiv Veit Wilber and Belongie section train lesions torchvision densenet"
"""Names beside those that are known."""


def test_what_is_in_view_goes_along(open_window, replaced, qtbot, own_folder: Path) -> None:
    """Zoom, colours and modules open in place; results with their cell; runs and networks that are compared."""
    run = made_run(own_folder / "runs" / "one-20260131-142501")
    made_run(own_folder / "runs" / "two-20260131-142502")
    write_predictions(run.directory, predictions())
    window: StudioWindow = open_window("module_inception")
    window.canvas.camera.zoom_to(0.8)
    window.session.heat = "parameters"
    seen = window.canvas.camera.give()
    window.desk.show_screen("runs")
    runs = window.features.runs.page
    qtbot.waitUntil(lambda: runs.store.complete)
    runs.filter.setText("one")
    runs.mark(runs.model.rows[0])
    window.desk.show_screen("compare")
    compared = window.features.compare.comparison
    compared.set_reference(compared.add_preset("alexnet"))
    window.commands.run("results.show", run.directory)
    window.features.results.page.matrix.choose(1, 2)
    title = window.features.results.page.cell_title.text()
    window.features.training.trainer.attach(run)
    window.desk.set_shown("bottom", False)
    other = switched(window, "zh-CN", replaced, qtbot)
    assert not other.desk.is_shown("bottom") and other.toasts.texts == []
    assert other.features.training.trainer.data.run.directory == run.directory
    assert other.desk.screen == "results" and other.features.results.page.isVisible()
    page = other.features.results.page
    assert page.directory == run.directory and page.matrix.cell == (1, 2) and page.cell_title.text() not in ("", title)
    assert other.session.heat == "parameters" and other.canvas.camera.give()[0] == seen[0]
    other.desk.show_screen("runs")
    runs = other.features.runs.page
    qtbot.waitUntil(lambda: runs.store.complete)
    assert runs.filter.text() == "one" and runs.marked == [run.directory] and len(runs.model.rows) == 1
    other.desk.show_screen("compare")
    compared = other.features.compare.comparison
    assert [each.source for each in compared.entries][1:] == ["alexnet"] and compared.reference is compared.entries[1]


def test_what_gave_room_to_a_lesson_comes_back_in_the_next_window(open_window, replaced, qtbot) -> None:
    window: StudioWindow = open_window("plain")
    window.commands.run("lesson.open", "01_convolution")
    assert not window.desk.is_shown("inspector")
    other = switched(window, "zh-CN", replaced, qtbot)
    assert not other.desk.is_shown("inspector") and other.features.lessons.panel.isVisible()
    other.commands.run("lesson.close")
    assert other.desk.is_shown("inspector") and other.desk.is_shown("bottom")


PAGES = ("run", "recipe", "problems", "hints", "table", "history", "sizes")
SCREENS = ("start", "data", "experiments", "laboratory", "lessons")
OVER = ("file.picture", "help.shortcuts", "file.import", "recipe.compare", "help.commands", "help.about")
"""What stands over the window is gone with it, and can be had anew."""
PARTS = 6
SOON_MS = 1_000
"""Of a timer: something waits for a moment, not for somebody to read a note."""
Place = tuple[str, Callable[[StudioWindow], object]]


def places(folder: Path) -> Iterator[Place]:
    """Everything that can be in view, and how one gets there."""
    experiments = preset_folder() / "experiments"
    run = folder / "runs" / "one-20260131-142501"

    def page(name: str) -> Callable[[StudioWindow], object]:
        return lambda window: window.desk.show_page(name)

    def screen(name: str) -> Callable[[StudioWindow], object]:
        return lambda window: window.desk.show_screen(name)

    def command(id: str, *values: object) -> Callable[[StudioWindow], object]:
        return lambda window: window.commands.run(id, *values)

    def inside(window: StudioWindow) -> None:
        window.session.enter("inception_3a")
        window.session.select(["conv3x3"])

    def in_place(window: StudioWindow) -> None:
        window.canvas.scene.open_all(["inception_3a", "inception_3b"])
        window.session.heat = "macs"

    def compared(window: StudioWindow) -> None:
        window.desk.show_screen("compare")
        window.features.compare.comparison.add_preset("resnet50")

    def marked(window: StudioWindow) -> None:
        window.desk.show_screen("runs")
        runs = window.features.runs.page
        for _ in range(400):
            QApplication.processEvents()
        for row in list(runs.model.rows):
            runs.mark(row)

    def asked(window: StudioWindow) -> None:
        window.commands.run("results.show", run)
        window.features.results.page.matrix.choose(1, 2)

    def lesson(window: StudioWindow) -> None:
        window.commands.run("lesson.open", "05_do_not_squeeze")
        panel = window.features.lessons.panel
        QTest.keyClicks(next(iter(panel.forms["largest"].inputs.values())), "12")
        panel.forms["largest"].check()

    yield "drawing", lambda window: window.desk.show_drawing()
    yield "inside", inside
    yield "open in place", in_place
    yield from (
        (f"page {name}", page(name)) for name in ("run", "recipe", "problems", "hints", "table", "history", "sizes")
    )
    yield "paper", command("view.paper")
    yield from ((f"screen {name}", screen(name)) for name in SCREENS)
    yield "compare", compared
    yield "runs", marked
    yield "results", asked
    yield "split", lambda window: window.commands.run("split.document", window.documents.list[0])
    for name in ("lesions", "mlpconv", "family_counted"):
        yield f"experiment {name}", command("experiment.open", experiments / f"{name}.experiment.json")
    yield "a new experiment", command("experiment.new")
    yield "lesson", lesson
    yield from ((id, command(id)) for id in OVER)


def shown() -> list[QWidget]:
    """The window and what stands over it."""
    return [top for top in QApplication.topLevelWidgets() if top.isVisible()]


def seen(*widgets: QWidget) -> set[str]:
    """Texts that can be seen, without figures."""
    settle_all()
    found = {text for top in widgets for text in painted(top)}
    found |= {label.text() for top in widgets for label in top.findChildren(QLabel) if label.isVisible()}
    return {plain(text) for text in found if text.strip()}


def said(*widgets: QWidget) -> set[str]:
    """Those, and all that is told otherwise or stands on pages that are not in front."""
    return seen(*widgets) | {plain(text) for top in widgets for text in told(top) if text.strip()}


def plain(text: str) -> str:
    """Without figures, marks of HTML, addresses and names that are cut."""
    return re.sub(r"<[^>]*>|&\w+;|/\S+|https?:\S+|\S*…\S*|\w+[_.]\w+", " ", re.sub(r"\d[\d.,:]*", "#", text)).strip()


def rest(window: StudioWindow, qtbot) -> None:
    """Wait for all that was begun: hints, conversions and what fits the data are found in workers, a moment later."""

    def is_at_rest() -> bool:
        timers = [timer for timer in window.findChildren(QTimer) if timer.isActive() and timer.isSingleShot()]
        busy = [work for work in window.findChildren(Work) if work.busy]
        return not busy and not any(timer.interval() < SOON_MS for timer in timers)

    qtbot.waitUntil(is_at_rest)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_said_anew_and_back(open_window, replaced, qtbot, own_folder: Path, part: int) -> None:
    run = made_run(own_folder / "runs" / "one-20260131-142501", test=0.83)
    made_run(own_folder / "runs" / "three-20260131-142502", test=0.868, recipe={"optimizer.lr": 0.1})
    write_predictions(run.directory, predictions())
    window: StudioWindow = open_window("plain")
    window.documents.open_now("googlenet")
    window.resize(1280, 800)
    window.features.training.trainer.attach(run)
    names = words_of_data() | set(re.findall(r"[A-Za-z]+", f"{own_folder} {NAMES} {KEPT} {' '.join(lesson_names())}"))
    wrong: list[str] = []
    for place, go in list(places(own_folder))[part::PARTS]:
        go(window)
        rest(window, qtbot)
        english, before = said(*shown()), seen(*shown())
        window = switched(window, "zh-CN", replaced, qtbot)
        window.resize(1280, 800)
        if place in OVER:
            wrong += [f"{place}: still there: {top.windowTitle()!r}" for top in shown() if top is not window]
            go(window)
        rest(window, qtbot)
        chinese = said(*shown())
        left = sorted(
            text
            for text in english & chinese
            if "arXiv" not in text and any(word not in names for word in WORD.findall(text))
        )
        wrong += [f"{place}: still English: {text!r}" for text in left]
        wrong += [f"{place}: {text}" for top in shown() for text in narrow("Chinese", top)]
        wrong += [f"{place}: the window is {window.width()} wide"] if window.width() > 1280 else []
        window = switched(window, "en", replaced, qtbot)
        window.resize(1280, 800)
        if place in OVER:
            go(window)
        rest(window, qtbot)
        gone = {text for text in before - seen(*shown()) if ENGLISH.search(text)}
        wrong += [f"{place}: gone after two changes: {text!r}" for text in sorted(gone)]
        if window.desk.dialog is not None:
            window.desk.dialog.close()
        if window.features.lessons.control.walk is not None:
            window.commands.run("lesson.close")
        window.session.go("")
        window.desk.show_drawing()
    assert not wrong, "\n".join(wrong)
