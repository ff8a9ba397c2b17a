"""The page of results: matrix, pictures of a cell, figures by class, mistakes, a picture from outside; files kept."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication

from blockstudio.gui.kit.theme import DARK, LIGHT, set_theme
from blockstudio.gui.results import classes
from blockstudio.gui.results.classes import ROW
from blockstudio.gui.results.matrix import LEFT, TOP
from blockstudio.gui.results.page import ResultsPage
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.predictions import MATRIX, Facts, Predictions, path_of, read_predictions, write_predictions
from tests.support.hands import press_key
from tests.support.made_runs import made_run
from tests.support.tiny import tiny_network


def predictions(count: int = 400, classes: int = 4) -> Predictions:
    draws = np.random.default_rng(0)
    label = draws.integers(0, classes, count).astype(np.int32)
    answers = np.where(draws.random(count) < 0.7, label, draws.integers(0, classes, count)).astype(np.int32)
    share = (0.5 + 0.5 * draws.random(count)).astype(np.float32)
    both = np.column_stack([answers, (answers + 1) % classes]).astype(np.int32)
    shares = np.column_stack([share, 1 - share]).astype(np.float32)
    own = np.where(answers == label, share, 0.01).astype(np.float32)
    cells, counts = np.unique(label.astype(np.int64) * classes + answers, return_counts=True)
    place = np.minimum((share * 10).astype(int), 9)
    right = answers == label
    bins = np.stack([np.bincount(place, weight, 10) for weight in (None, right, share)])
    facts = Facts(part="test", which="last", step=7, epoch=2, images=count, loss=0.5, top=(float(right.mean()), 1.0),
                  classes=tuple(f"class <{each}>" for each in range(classes)), seen=(1, 8, 8))  # fmt: skip
    index = np.arange(count, dtype=np.int32)
    pictures = np.full((count, 8, 8, 1), 90, np.uint8)
    return Predictions(facts, index, label, both, shares, own, index, pictures, cells, counts.astype(np.int64), bins)


def opened(window: StudioWindow, directory: Path) -> ResultsPage:
    window.commands.run("results.show", directory)
    page = window.features.results.page
    assert page is not None
    return page


def test_a_run_that_is_not_at_its_end_is_asked_about_its_validation_images(open_window, own_folder: Path) -> None:
    ended = made_run(own_folder / "runs" / "ended", test=0.9)
    trained = made_run(own_folder / "runs" / "trained", test=None)
    window = open_window()
    page = opened(window, ended.directory)
    assert page.part == "test" and "still being trained" not in page.empty.label.text()
    opened(window, trained.directory)
    # It has nothing to answer with, and says so rather than that its latest checkpoint answers.
    assert page.part == "validation" and "no checkpoint yet" in page.empty.label.text()
    page.trying.show_run(ended.directory, "last")
    QGuiApplication.clipboard().clear()
    page.trying.paste.click()
    assert "no picture" in page.trying.sentence.text() and page.trying.file is None


def test_results_open_from_the_file_that_the_run_keeps(open_window, qtbot, own_folder: Path) -> None:
    run = made_run(own_folder / "runs" / "resnet-8-20260131-142501")
    found = predictions()
    write_predictions(run.directory, found)
    window = open_window("cifar_resnet")
    window.resize(1600, 1000)
    page = opened(window, run.directory)
    assert page.area.isVisible() and not page.child.busy and window.focusWidget() is page.matrix
    assert [link.text() for link in window.top.crumb.links] == ["Runs"] or "Runs" in window.top.crumb.links[0].text()
    assert window.top.navigation.buttons["runs"].isChecked()
    count, true, said = found.most_confused(1)[0]
    assert page.matrix.cell == (true, said) and len(page.pictures.tiles) == min(42, count)
    shares = [float(tile.lines[0][0].split()[0]) for tile in page.pictures.tiles]
    assert shares == sorted(shares, reverse=True), "the surest first"
    assert f"class <{true}> taken for" in page.cell_title.text() and "&lt;" in page.figures.text()

    page.matrix.choose(1, 1)
    press_key(page.matrix, Qt.Key.Key_Right)
    assert page.matrix.cell == (1, 2) and len(page._rows) == found.matrix[1, 2]
    assert page.by_class.current == 1
    wide = page.matrix._size[0]
    qtbot.mouseClick(page.matrix, Qt.MouseButton.LeftButton, pos=QPoint(LEFT + wide * 3 + 5, TOP + 5))
    assert page.matrix.cell == (0, 3)
    page.kind.choose("class")
    assert float(page.matrix.text_of(0, 0)) == pytest.approx(100 * found.by_class[0, 1], abs=0.06)
    page.kind.choose("answers")
    assert float(page.matrix.text_of(0, 0)) == pytest.approx(100 * found.by_class[0, 0], abs=0.06)
    orders = []
    for order in ("surest", "loss", "nearly"):
        page.order.choose(order)
        orders.append([int(row) for row in page._worst_rows])
        assert orders[-1] == found.mistakes(order)[:10].tolist()
    page.worst.choose(2)
    row = int(page._worst_rows[2])
    assert page.matrix.cell == (found.label[row], found.answers[row, 0])
    table = page._table()
    assert table is not None and len(table.rows) == 5
    set_theme(DARK)
    assert not page.grab().isNull()
    for label in (page.figures, page.sure_title):  # colours that stand in the texts change, too
        assert DARK.secondary.name() in label.text() and LIGHT.secondary.name() not in label.text()
    page._turn("validation", "last")
    assert page.empty.isVisible() and "not been asked" in page.empty.label.text()
    path_of(run.directory, "test", "last").write_bytes(b"damaged")
    page._turn("test", "last")
    assert "not what was written" in page.empty.label.text()
    press_key(page, Qt.Key.Key_Escape)
    assert window.desk.screen == "runs"


@pytest.mark.slow
def test_a_network_is_asked_from_the_window(open_window, qtbot, own_folder: Path, tmp_path: Path) -> None:
    from blockstudio.training.trainer import train_run

    recipe = with_fields(Recipe(), {"epochs": 2, "threads": 1, "batch_size": 64})
    run: Run = create_run(tiny_network(), recipe, own_folder / "runs" / "tiny")
    train_run(run)
    window = open_window()
    page = opened(window, run.directory)
    assert page.found is not None
    told: list[float] = []
    page.child.progressed.connect(lambda share, _: told.append(share))
    page._turn("train", "last")
    page.make()
    qtbot.waitUntil(lambda: not page.child.busy, timeout=200_000)
    assert page.found is not None and page.found.facts.part == "train", page.empty.label.text()
    assert told and told[-1] == 1.0 and read_predictions(run.directory, "train", "last").facts.images > 1000

    file = tmp_path / "digit.png"
    Image.fromarray(page.found.pictures[0, :, :, 0]).save(file)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    drop = QDropEvent(QPoint(50, 50).toPointF(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                      Qt.KeyboardModifier.NoModifier)  # fmt: skip
    window.dropEvent(drop)
    trying = page.trying
    qtbot.waitUntil(lambda: len(trying.bars.answers) == 5)
    assert "1×8×8" in trying.seen_text.text() and "digit.png, 8×8" in trying.sentence.text()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    window.open_file(bad)
    qtbot.waitUntil(lambda: "bad.png" in trying.sentence.text())
    assert trying.sentence.property("role") == "problem" and not trying.bars.answers


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_what_is_no_file_is_told_and_holds_nobody(open_window, own_folder: Path, tmp_path: Path) -> None:
    run = made_run(own_folder / "runs" / "ended", test=0.9)
    write_predictions(run.directory, predictions())
    trying = opened(open_window(), run.directory).trying
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("pipe.png", "gone.png", "."):
        trying.try_file(tmp_path / name)
        assert "cannot be read" in trying.sentence.text() and trying.file is None and not trying.child.busy


def test_more_classes_than_a_matrix_has_are_shown_without_one(
    open_window, qtbot, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_run(own_folder / "runs" / "resnet-8-20260131-142501")
    found = predictions(3_000, MATRIX + 500)
    write_predictions(run.directory, found)
    window = open_window("cifar_resnet")
    page = opened(window, run.directory)
    _, true, said = found.most_confused(1)[0]
    assert page.matrix.cell == (true, said) and len(page.pictures.tiles) == len(found.cell(true, said))
    assert page.matrix.height() < 100
    written: list[str] = []
    monkeypatch.setattr(classes, "percent", lambda share: written.append("") or "")
    page.by_class.grab(page.by_class.rect().adjusted(0, 0, 0, 300 - page.by_class.height()))
    assert 0 < len(written) <= 40, "only rows in view are worked out"
    qtbot.mouseClick(page.by_class, Qt.MouseButton.LeftButton, pos=QPoint(20, ROW * 8 + 5))
    assert page.matrix.cell == (7, 7)
    qtbot.mouseClick(page.matrix, Qt.MouseButton.LeftButton)
    press_key(page.matrix, Qt.Key.Key_Right)
    page._go_to_mistake(0)
    row = page._worst_rows[0]
    assert page.matrix.cell == (found.label[row], found.answers[row, 0])
    assert not window.grab().isNull()
