"""What the window says stays out of the way: notes over the drawing, one at a time, gone with their cause; texts that
fade; a query that is selected; sensible dialogs; a panel that keeps its share."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from blockstudio.graph.format import SUFFIX
from blockstudio.gui.figure.dialog import sensible_columns
from tests.support.hands import press_key


def test_notes_lie_over_the_drawing_one_at_a_time(open_window, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    before = window.canvas.geometry(), window.canvas.mapTo(window, window.canvas.rect().topLeft())
    first = window.desk.say("Read this.", "info")
    second = window.desk.say("Decide.", "warning")
    QTest.qWait(0)
    assert (window.canvas.geometry(), window.canvas.mapTo(window, window.canvas.rect().topLeft())) == before
    assert second.isVisible() and not first.isVisible() and window.toasts.texts == ["Decide.", "Read this."]
    inside = window.canvas.mapTo(window.toasts.parentWidget(), window.canvas.rect().topLeft())
    assert QRectF(window.canvas.rect()).translated(inside).contains(QRectF(window.toasts.geometry()))
    timer = window.toasts._timer
    assert not timer.isActive(), "what is to be decided waits"
    second.put_away()
    assert first.isVisible() and timer.isActive()
    timer.timeout.emit()
    assert not window.toasts.notes and not window.toasts.isVisible()

    session = window.session
    session.do("wrong", *session_edits_that_fail())
    assert window.toasts.notes, "a refusal"
    session.diagram.add("ReLU", "extra")
    assert not window.toasts.notes, "goes with the next edit"
    window.documents.close()
    assert "unsaved changes" in window.toasts.texts[0]
    window.documents.write(window.documents.current, tmp_path / f"a{SUFFIX}")
    assert not window.toasts.notes, "saved: nothing is unsaved"


def test_over_a_screen_notes_lie_at_its_foot(open_window) -> None:
    window = open_window("nin_cifar10")
    window.desk.say("Decide.", "warning")
    top = window.toasts.geometry()
    window.desk.show_screen("runs")
    QTest.qWait(0)
    parent, page = window.toasts.parentWidget(), window.features.runs.page
    foot = window.toasts.geometry()
    lines = [QRect(each.mapTo(parent, QPoint()), each.size()) for each in page.findChildren(QLineEdit)]
    assert lines and not any(foot.intersects(line) for line in lines)
    end = window.pages.mapTo(parent, window.pages.rect().bottomLeft()).y()
    assert foot.top() > top.bottom() and 0 < end - foot.bottom() < foot.height()
    window.desk.show_drawing()
    QTest.qWait(0)
    assert window.toasts.geometry() == top


def session_edits_that_fail():
    from blockstudio.graph.edits import RemoveBlock

    return (RemoveBlock(scope="", name="nobody"),)


def test_texts_in_the_bar_fade(open_window, qtbot) -> None:
    window = open_window()
    status = window.status
    window.session.message.emit("Saved it")
    assert status.message.text() == "Saved it" and status._resting.isActive()
    status._resting.stop()
    status._fading.setDuration(1)
    status._resting.timeout.emit()
    qtbot.waitUntil(lambda: status.message.text() == "")


def test_the_start_page_selects_what_was_asked_and_forgets_it_after_use(open_window, qtbot) -> None:
    window = open_window()
    window.desk.show_screen("start")
    search = window.features.browser.page.search
    QTest.keyClicks(search, "nin")
    window.desk.show_drawing()
    window.desk.show_screen("start")
    assert search.selectedText() == "nin"
    press_key(search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.desk.screen)
    assert search.text() == ""


@pytest.mark.parametrize("preset", ["googlenet", "resnet34", "nin_cifar10"])
def test_about_a_network_says_nothing_of_the_programs_own(open_window, preset: str) -> None:
    window = open_window(preset)
    texts = [label.text() for label in window.features.inspector.page.findChildren(QLabel)]
    assert any(text.startswith("Paper: ") for text in texts)
    assert not [text for text in texts if text.startswith(("beside:", "short:", "preset:", "from:", "part_of:"))]


def test_a_tall_chain_is_cut_into_columns_by_default() -> None:
    assert sensible_columns(QRectF(0, 0, 300, 28 * 76)) > 1
    assert sensible_columns(QRectF(0, 0, 800, 600)) == 1 and sensible_columns(QRectF()) == 1


def test_the_panel_below_keeps_its_share(open_window) -> None:
    window = open_window()
    window.resize(1440, 1000)
    QTest.qWait(0)
    share = window.split.sizes()[1] / sum(window.split.sizes())
    window.resize(1100, 700)
    QTest.qWait(0)
    sizes = window.split.sizes()
    assert abs(sizes[1] / sum(sizes) - share) < 0.02 and sizes[0] > 2 * sizes[1]
