"""No word runs out of its place, in English and in Chinese, in a window of 1280 × 800."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QCheckBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QRadioButton,
    QTabBar,
    QToolButton,
    QWidget,
)

from blockstudio import text
from blockstudio.graph.presets import preset_folder
from blockstudio.gui.kit.han import HAN
from blockstudio.gui.kit.parts import Elided
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.lessons import lesson_names
from blockstudio.runs.predictions import write_predictions
from tests.gui.test_results_page import predictions
from tests.gui.test_translated import settle_all
from tests.support.hands import press_key
from tests.support.made_runs import made_run

WIDTH = 1280
DIALOGS = ("file.picture", "help.shortcuts", "file.import", "help.commands", "recipe.compare", "run.follow")
BLOCKS = ("conv1", "inception_3a", "pool1", "bn1")


def needs(widget: QWidget) -> Iterator[str]:
    """What a widget has too little room for. Labels that end in dots where there is none say so by their class."""
    kinds = QPushButton, QToolButton, QCheckBox, QRadioButton
    if isinstance(widget, Elided):
        return
    if isinstance(widget, QLabel) and widget.text() and not widget.pixmap():
        if widget.wordWrap():
            if widget.heightForWidth(widget.width()) > widget.height() + 2:
                yield f"{widget.text()!r} is {widget.heightForWidth(widget.width())} high, has {widget.height()}"
        elif widget.minimumSizeHint().width() > widget.width() + 1 and widget.minimumWidth() == 0:
            yield f"{widget.text()!r} is {widget.minimumSizeHint().width()} wide, has {widget.width()}"
    elif isinstance(widget, kinds) and widget.text():
        lines = widget.text().replace("&", "").split("\n")
        words = max(map(widget.fontMetrics().horizontalAdvance, lines))
        if words > widget.width():
            yield f"button {widget.text()!r} is {words} wide, has {widget.width()}"
    elif isinstance(widget, QHeaderView) and widget.model() is not None:
        for section in range(widget.count()):
            said = str(widget.model().headerData(section, widget.orientation()) or "")
            if said and not widget.isSectionHidden(section) and widget.isVisible():
                words = max(map(widget.fontMetrics().horizontalAdvance, said.split("\n")))
                if words > widget.sectionSize(section):
                    yield f"heading {said!r} is {words} wide, has {widget.sectionSize(section)}"
    elif isinstance(widget, QTabBar):
        for index in range(widget.count()):
            words = widget.fontMetrics().horizontalAdvance(widget.tabText(index))
            if words > widget.tabRect(index).width() and widget.elideMode() == widget.elideMode().ElideNone:
                yield f"tab {widget.tabText(index)!r} is {words} wide, has {widget.tabRect(index).width()}"


def cut_off(widget: QWidget, window: QWidget) -> Iterator[str]:
    """What stands outside of what holds it, where nobody can scroll there."""
    if not isinstance(widget, QLabel | QAbstractButton) or not getattr(widget, "text", str)():
        return
    above = widget.parentWidget()
    while above is not None and above is not window:
        if isinstance(above.parentWidget(), QAbstractScrollArea):
            bar = above.parentWidget().horizontalScrollBar()
            if bar.maximum() > bar.minimum():
                return
            break
        above = above.parentWidget()
    holder = above or window
    place = QRect(widget.mapTo(holder, QPoint()), widget.size())
    if place.left() < -1 or place.right() > holder.width() + 1:
        yield f"{widget.text()!r} stands at {place.left()}–{place.right()} in {holder.width()}"


def narrow(place: str, top: QWidget) -> Iterator[str]:
    for widget in [top, *top.findChildren(QWidget)]:
        if widget.isVisibleTo(top) and widget.width() > 1:
            for told in (*needs(widget), *cut_off(widget, top)):
                yield f"{place}: {type(widget).__name__}: {told}"


def wide(place: str, window: QWidget) -> Iterator[str]:
    """A window that its words make wider than it is to be."""
    if window.width() > WIDTH:
        yield f"{place}: the window is {window.width()} wide"


@pytest.fixture(params=["en", "zh-CN"])
def spoken(request: pytest.FixtureRequest, styled: QApplication) -> Iterator[str]:
    if request.param == "zh-CN" and not set(HAN) & set(QFontDatabase.families()):
        pytest.skip(f"there is no font with Chinese letters here: one of {', '.join(HAN)}")
    text.use_language(request.param)
    yield request.param
    text.use_language(text.ENGLISH)


@pytest.mark.slow
def test_every_word_has_room(spoken: str, open_window) -> None:
    window: StudioWindow = open_window("googlenet")
    window.resize(1280, 800)
    found: dict[str, None] = {}

    def look(place: str, top: QWidget = window) -> None:
        settle_all()
        found.update(dict.fromkeys(narrow(place, top)))
        found.update(dict.fromkeys(wide(place, window)))

    look("the window")
    for page in window.desk.pages:
        window.desk.show_page(page)
        look(f"page {page}")
    for screen in window.desk.screens:
        window.desk.show_screen(screen)
        look(f"screen {screen}")
    window.desk.show_drawing()
    for path in ("", "inception_3a"):
        window.session.go(path)
        look(f"level {path!r}")
    window.session.go("")
    for name in BLOCKS:
        if name in window.session.definition.graph:
            window.session.select([name])
            look(f"inspector of {name}")
    window.session.select(list(window.session.definition.graph)[:3])
    look("inspector of several")
    for id in DIALOGS:
        window.commands.run(id)
        settle_all()
        for top in QApplication.topLevelWidgets():
            if top.isVisible() and top is not window:
                look(id, top)
        if window.desk.dialog is not None:
            window.desk.dialog.close()
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_words_about_runs_and_experiments_have_room(spoken: str, open_window, qtbot, own_folder: Path) -> None:
    """Pages that are full of what training left: runs, results, curves, experiments with all that they say."""
    runs = own_folder / "runs"
    matrix = [[30 if row == column else 1 for column in range(10)] for row in range(10)]
    first = made_run(runs / "a-network-with-a-long-name-20260131-142501", test=0.83, confusion=matrix)
    made_run(runs / "three-20260131-142502", test=0.868, recipe={"optimizer.lr": 0.1})
    made_run(runs / "plain", network="cifar_plain", test=None)
    write_predictions(first.directory, predictions(classes=10))
    window: StudioWindow = open_window("cifar_resnet", n=1)
    window.resize(1280, 800)
    found: dict[str, None] = {}

    def look(place: str) -> None:
        settle_all()
        found.update(dict.fromkeys(narrow(place, window)))
        found.update(dict.fromkeys(wide(place, window)))

    window.features.training.trainer.attach(first)
    window.desk.show_page("run")
    look("curves below the drawing")
    window.desk.show_screen("runs")
    page = window.features.runs.page
    qtbot.waitUntil(lambda: page.store.complete)
    look("runs")
    for row in range(2):
        page.view.setCurrentIndex(page.model.index(row, 0))
        press_key(page.view, Qt.Key.Key_Space)
    look("two runs marked")
    window.commands.run("results.show", first.directory)
    look("results")
    window.desk.show_screen("laboratory")
    look("laboratory")
    for file in sorted((preset_folder() / "experiments").glob("*.experiment.json")):
        window.commands.run("experiment.open", file)
        look(f"experiment {file.name}")
    window.commands.run("experiment.all")
    window.commands.run("experiment.new")
    look("a new experiment")
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_words_of_every_lesson_have_room(spoken: str, open_window) -> None:
    """Every step, with its questions answered wrong, then with all that is told at the end."""
    window: StudioWindow = open_window()
    window.resize(1280, 800)
    lessons = window.features.lessons
    control, panel = lessons.control, lessons.panel
    found: dict[str, None] = {}
    for name in lesson_names():
        window.commands.run("lesson.open", name)
        for number, step in enumerate(control.lesson.steps):
            control.turn_to(number)
            for form in panel.forms.values():
                form.put({each: "0.00071" for each in form.inputs} if form.question.fields else "0.00071")
                form.check()
            settle_all()
            found.update(dict.fromkeys(narrow(f"{name} {step.id}, wrong", window)))
            found.update(dict.fromkeys(wide(f"{name} {step.id}", window)))
            for form in panel.forms.values():
                if form.question.kind != "mend":
                    form.reveal()
            settle_all()
            found.update(dict.fromkeys(narrow(f"{name} {step.id}, told", window)))
    assert not found, "\n".join(found)
