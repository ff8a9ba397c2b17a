"""The page Runs: table, filter, marks, curves, what differs, names and tags, the bin; and hundreds of runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from blockstudio.gui.kit.theme import DARK, LIGHT, set_theme
from blockstudio.gui.runs.page import RunsPage
from blockstudio.gui.runs.table import MARK
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs.events import EventWriter
from blockstudio.runs.label import Label, read_label, write_label
from blockstudio.runs.rows import Listed
from blockstudio.runs.run import EVENTS, Run
from tests.support.hands import press_key, type_into
from tests.support.made_runs import made_run


@pytest.fixture
def folder(own_folder: Path) -> Path:
    runs = own_folder / "runs"
    made_run(runs / "three-20260131-142501", test=0.83, recipe={"optimizer.lr": 0.3}, rise=0.005)
    made_run(runs / "three-20260131-142502", test=0.868, recipe={"optimizer.lr": 0.1})
    made_run(runs / "plain", network="cifar_plain", test=None)
    made_run(runs / "question" / "a-seed0", test=0.5)
    write_label(runs / "plain", Label(tags=("keep",), note="all ReLUs dead"))
    return runs


def opened(window: StudioWindow, qtbot) -> RunsPage:
    window.desk.show_screen("runs")
    page = window.features.runs.page
    assert page is not None
    qtbot.waitUntil(lambda: page.store.complete)
    return page


def row_of(page: RunsPage, name: str) -> Listed:
    return next(row for row in page.store.rows if row.run.name == name)


def names(page: RunsPage) -> list[str]:
    return [row.run.name for row in page.model.rows]


def test_the_table_is_filtered_sorted_and_written_into(open_window, qtbot, folder: Path) -> None:
    window = open_window("cifar_resnet")
    assert window.features.runs.page is None and not window.features.runs.store.rows, "nothing before somebody looks"
    page = opened(window, qtbot)
    view, model = page.view, page.model
    assert sorted(names(page)) == ["plain", "three-20260131-142501", "three-20260131-142502"]
    assert "1 in experiments" in page.experiments.text() and window.focusWidget() is view
    page.sort("test")
    assert names(page)[0].endswith("502") and names(page)[-1] == "plain"
    page.sort("test")
    assert names(page)[0].endswith("501"), "again: the other way round"
    differs = [model.text(row, model.columns[2]) for row in model.rows]
    assert differs[0] == "lr 0.3", "the network has a column of its own"

    type_into(page.filter, "test > 85")
    assert names(page) == ["three-20260131-142502"] and page.count.text() == "1 of 3 runs"
    page.filter.setText("tset > 85")
    assert "test" in page.count.text() and names(page), "what is wrong is said in place, the rows stay"
    page.filter.setText("nothing of the kind")
    assert page.stack.currentWidget() is page.empty and page.empty.label.text() == "No run fits."
    page.filter.clear()
    page.experiments.click()
    assert len(names(page)) == 4
    page.experiments.click()

    view.go_to(row_of(page, "plain"))
    view.setFocus()
    press_key(view, Qt.Key.Key_F2)
    editor = view.findChild(QLineEdit)
    assert editor is not None and editor.text() == "plain"
    editor.setText("the plain one")
    press_key(editor, Qt.Key.Key_Return)
    view.write("tags")
    editor = next(each for each in view.findChildren(QLineEdit) if each.isVisible())
    editor.setText("keep, batch norm")
    press_key(editor, Qt.Key.Key_Return)
    assert read_label(folder / "plain") == Label(
        name="the plain one", tags=("keep", "batch norm"), note="all ReLUs dead"
    )

    page.turn_column("optimizer.lr")
    assert "lr" in [column.title for column in model.columns]
    page.copy.copy(".csv")
    assert (
        "the plain one" in QGuiApplication.clipboard().text().splitlines()[0:9][-1]
        or "lr" in (QGuiApplication.clipboard().text().splitlines()[0])
    )
    press_key(view, Qt.Key.Key_Escape)
    assert not window.desk.screen


def test_marked_runs_have_curves_named_by_what_differs_and_two_are_compared(
    open_window, qtbot, folder: Path, tmp_path: Path
) -> None:
    window = open_window("cifar_resnet")
    page = opened(window, qtbot)
    view, curves, difference = page.view, page.curves, page.difference
    assert not curves.first.chart.lines and "Mark up to six" in curves.first.chart.empty
    first, second = row_of(page, "three-20260131-142501"), row_of(page, "three-20260131-142502")
    view.go_to(first)
    press_key(view, Qt.Key.Key_Space)
    circle = view.visualRect(page.model.index(page.model.rows.index(second), 0)).center()
    assert circle.x() < MARK
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=circle)
    assert page.marked_rows() == [first, second] and page.model.colour_of(second) is not None
    assert [line.name for line in curves.first.chart.lines] == ["lr 0.3", "lr 0.1"]
    assert curves.first.chart.lines[0].ring is None and 80 < curves.first.chart.lines[1].ring < 100
    assert [line.x.size for line in curves.second.chart.lines] == [100, 100]
    curves.first.chart._point(50.0)
    assert curves.second.chart.cursor_x == 50.0 and "50" in curves.first.head.text() and "%" in curves.first.head.text()
    curves.axis.choose("epoch")
    assert curves.first.chart.lines[0].x[-1] == pytest.approx(2.0)
    curves.part.choose("validation")
    assert [line.y.tolist() for line in curves.first.chart.lines] == [[0.45, 0.9]] * 2
    curves.first.pick("lr")
    assert curves.first.chart.lines[0].y.max() == 0.05, "there is no validation of it"
    curves.first.pick("accuracy")
    curves.part.choose("train")
    for ending in (".csv", ".svg", ".png"):
        curves.save_as(tmp_path / f"curves{ending}")
    qtbot.waitUntil(lambda: (tmp_path / "curves.csv").exists())
    assert (tmp_path / "curves.csv").read_text().count("\n") == 401
    assert b"lr 0.3" in (tmp_path / "curves.svg").read_bytes() and (tmp_path / "curves.png").stat().st_size > 2000

    qtbot.waitUntil(lambda: difference.found is not None)
    lines = {line[0]: line for line in difference.table.lines}
    assert (lines["optimizer.lr"][1:4] == ("0.3", "0.1", "÷ 3") and "67" in lines["recipe"][3]) or lines["recipe"][3]
    assert lines["test accuracy"][1:4] == ("83.0 %", "86.8 %", "+3.8 points")
    assert lines["steps to 80 %"][1] == "never" and {card.status for card in difference.found.cards} == {"same"}
    difference.turn.click()
    qtbot.waitUntil(lambda: difference.found.rows[0].first == "0.1")
    page.mark(row_of(page, "plain"))
    difference._pick(row_of(page, "plain"), 1)
    qtbot.waitUntil(lambda: any(card.status == "changed" for card in difference.found.cards))
    window.commands.run("runs.take_recipe", first)
    assert window.session.recipe.value.optimizer.lr == 0.3
    of_runs = next(each for each in difference.findChildren(QPushButton) if "experiment" in each.text())
    of_runs.click()
    control = window.features.experiments.control
    qtbot.waitUntil(lambda: control.plan is not None)
    asked = control.plan.experiment
    assert [row["optimizer.lr"] for row in asked.rows] == [0.3, 0.1] and len(asked.networks) == 2
    assert len(control.plan.variants) == 4 and asked.recipe["steps"] == 100 and asked.seeds == (0, 1, 2)
    window.desk.show_screen("runs")
    window.commands.run("runs.diagrams", [first, row_of(page, "plain")])
    qtbot.waitUntil(lambda: len(window.documents.list) == 3)
    assert not window.desk.screen


def test_all_columns_and_the_whole_difference_fit_into_a_small_window(open_window, qtbot, folder: Path) -> None:
    window = open_window("cifar_resnet")
    window.resize(1366, 768)
    page = opened(window, qtbot)
    qtbot.waitUntil(lambda: page.view.viewport().width() > 1000)
    header, difference = page.view.horizontalHeader(), page.difference
    assert header.length() <= page.view.viewport().width() and not page.view.horizontalScrollBar().maximum()
    # What is cut by that stands in the tip.
    network = [column.key for column in page.model.columns].index("network") + 1
    tip = page.model.index(0, network).data(Qt.ItemDataRole.ToolTipRole)
    assert page.model.rows[0].network in tip and str(page.model.rows[0].directory) in tip
    # Without a pair the sentence stands under its title, not in the middle of nothing.
    title = next(label for label in difference.findChildren(QLabel) if label.text() == "What differs")
    assert title.y() < 12 and difference.sentence.y() < 60
    for name in ("three-20260131-142501", "three-20260131-142502"):
        page.mark(row_of(page, name))
    qtbot.waitUntil(lambda: difference.found is not None)
    set_theme(DARK)
    assert [line.colour for line in page.curves.first.chart.lines] == list(DARK.series[:2])
    assert difference._colours == list(DARK.series[:2])
    set_theme(LIGHT)
    assert not difference._area.horizontalScrollBar().maximum()


def test_the_read_out_goes_with_the_curves_that_it_was_of(open_window, qtbot, own_folder: Path) -> None:
    made_run(own_folder / "runs" / "long", steps=100)
    made_run(own_folder / "runs" / "brief", steps=10)
    page = opened(open_window("cifar_resnet"), qtbot)
    for name in ("long", "brief"):
        page.mark(row_of(page, name))
    page.curves.first.chart._point(90.0)
    assert "90" in page.curves.first.head.text()
    page.mark(row_of(page, "long"))
    page.curves._tell(page.curves.first.chart.cursor_x)
    assert "90" not in page.curves.first.head.text(), "the other has no such step"


def test_a_run_goes_to_the_bin_and_comes_back(
    open_window, qtbot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    window = open_window("cifar_resnet")
    page = opened(window, qtbot)
    window.session.diagram.remove("fc")
    before = len(window.session.diagram.graph)
    page.view.go_to(row_of(page, "plain"))
    page.view.setFocus()
    press_key(page.view, Qt.Key.Key_Delete)
    assert not (folder / "plain").exists() and "plain" not in names(page)
    assert "in the bin" in window.toasts.texts[-1]
    window.commands.refresh()
    assert window.commands.run("edit.undo")
    assert Run(folder / "plain").recipe() and len(window.session.diagram.graph) == before
    qtbot.waitUntil(lambda: "plain" in names(page))
    assert not window.commands.is_possible("edit.undo"), "the drawing's edits are not taken back from here"
    assert not window.commands.is_possible("runs.restore")
    # Where the system has no bin for the folder, the runs have one of their own.
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/none")
    assert page.store.delete(row_of(page, "plain")) and not (folder / "plain").exists()
    page.store.restore()
    assert Run(folder / "plain").recipe()


def test_five_hundred_runs_and_a_million_points(open_window, qtbot, own_folder: Path) -> None:
    window = open_window()
    made_run(own_folder / "runs" / "seed", network="cifar_plain")
    page = opened(window, qtbot)
    (seed,) = page.store.rows
    page.store.watch(False)
    qtbot.waitUntil(lambda: not page.store.is_reading)  # a look that had begun would bring the old rows back
    many = []
    for number in range(500):
        row = Listed(seed.run, seed.made + number, network=f"net {number % 7}", parameters=seed.parameters,
                     recipe={**seed.recipe, "optimizer.lr": 0.1 * (1 + number % 5), "seed": number})  # fmt: skip
        row.run = Run(seed.directory)
        row.run.directory = own_folder / "runs" / f"run-{number}"
        row.state, row.finished = seed.state, {"test_accuracy": number / 500, "seconds": 1.0}
        many.append(row)
    draws = np.random.default_rng(0)
    for row in many[:6]:
        count = 1_000_000 // 6
        x = np.arange(1, count + 1, dtype=float)
        loss = np.exp(-x / count) + 0.1 * draws.random(count)
        row.curves.steps.append(np.vstack([x, x / 100, loss, 1 - loss / 2, *([np.full(count, np.nan)] * 4)]))
    page.store.rows = many
    page.refresh()
    assert len(page.model.rows) == 500
    page.filter.setText("lr = 0.1, test > 50")
    assert len(page.model.rows) == 49
    page.filter.clear()
    for row in many[:6]:
        page.mark(row)
    QApplication.processEvents()
    width = page.curves.first.chart.width()
    assert 0 < page.curves.first.chart.points <= 6 * 2 * 2 * width, "no more is painted than can be seen"
    smoothings = page.curves.smoothings
    page.curves.first.chart._point(1000.0)
    page.curves.axis.choose("seconds")
    page.refresh()
    assert page.curves.smoothings == smoothings == 12, "smoothed once, whatever is asked of them"
    page.mark(row := many[10])
    assert row.directory not in page.marked and "six" in window.toasts.texts[-1]


def test_a_running_run_moves_in_the_table(open_window, qtbot, folder: Path) -> None:
    window = open_window()
    page = opened(window, qtbot)
    plain = row_of(page, "plain")
    page.mark(plain)
    before = page.curves.first.chart.lines[0].x.size
    events = EventWriter(folder / "plain" / EVENTS)
    events.write("step", step=101, loss=0.1, accuracy=0.99, lr=0.1)
    events.close()
    page.store.look()
    qtbot.waitUntil(lambda: page.curves.first.chart.lines[0].x.size == before + 1)
    assert page.view.current is not None and page.marked_rows() == [plain]


def test_a_folder_that_is_no_place_of_runs_is_told_once(qtbot, open_window, monkeypatch) -> None:
    window = open_window("cifar_resnet")
    desk = window.desk
    desk.commands.run("page.runs")
    store = desk.screen_widget("runs").store
    qtbot.waitUntil(lambda: store.complete)
    for name in "abc":
        (store.folder / name).mkdir(parents=True)
    monkeypatch.setattr("blockstudio.runs.rows.MOST_IDLE", 2)
    told: list[str] = []
    store.failed.connect(told.append)
    for _ in range(2):
        qtbot.waitUntil(lambda: not store.is_reading)
        store.look()
        qtbot.waitUntil(lambda: not store.is_reading)
    assert len(told) == 1 and "more than 2 folders that are no runs" in told[0]
