"""The page *Data*: opens at once, fills in as it reads, and lets one see what the network will get."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QFontMetrics

from blockstudio.gui.data.grid import ClassGrid
from blockstudio.gui.data.page import DataPage, is_data, set_of
from blockstudio.gui.data.stages import FLAGS
from blockstudio.gui.data.survey import SurveyControl
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.runs import folder_tree


def photos(root: Path) -> Path:
    for label, (name, count) in enumerate((("boot", 40), ("coat", 10))):
        (root / name).mkdir(parents=True)
        for index in range(count):
            noise = np.random.default_rng(100 * label + index).random((12, 12, 3))
            Image.fromarray((noise * 255).astype(np.uint8)).save(root / name / f"{index:03}.png")
    (root / "boot" / "empty.png").write_bytes(b"")
    return root


def done(control: SurveyControl) -> bool:
    found = control.known.checked
    return bool(found) and found["done"] == found["total"] and bool(control.known.seen)


def test_a_folder_is_looked_at_from_the_names_to_the_last_pixel(qtbot, open_window, tmp_path: Path) -> None:
    window = open_window("cifar_resnet")
    desk, root = window.desk, photos(tmp_path / "photos")
    desk.session.recipe.set_fields({"augmentation.pad_crop": 2})
    desk.commands.run("page.data")
    page = desk.screen_widget("data")
    assert isinstance(page, DataPage) and isinstance(page.grid, ClassGrid)
    control = page.control
    drop = QMimeData()
    drop.setUrls([QUrl.fromLocalFile(str(root))])
    page.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, drop, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
    assert desk.session.recipe.value.data.source == str(root)
    # Names and counts are there before anything was read.
    qtbot.waitUntil(lambda: control.known.classes == ("boot", "coat"))
    assert control.known.totals() == [41, 10]
    qtbot.waitUntil(lambda: done(control) and len(control.known.tiles) == 2)
    assert [file["name"] for file in control.known.files] == ["boot/empty.png"]
    assert "51 of 51" in page.progress_text.text().replace("</span>", "").replace("<span style='font-weight:600'>", "")
    qtbot.waitUntil(lambda: len(control.known.stages) == 6)
    # A click explains a tile, an arrow the one beside it; R draws others.
    page.grid.setFocus()
    tiles = control.known.tiles[1]
    qtbot.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=page.grid.tile_rect(1, 1).center())
    assert control.known.chosen == (1, tiles[1].index)
    qtbot.keyClick(page.grid, Qt.Key.Key_Right)
    assert control.known.chosen == (1, tiles[2].index)
    before = [tile.index for tile in control.known.tiles[0]]
    qtbot.keyClick(page.grid, Qt.Key.Key_R)
    assert control.known.tiles == {}
    qtbot.waitUntil(lambda: len(control.known.tiles) == 2)
    assert [tile.index for tile in control.known.tiles[0]] != before
    # The split follows the recipe without another look at the files.
    page.side.fields["data.test"].setText("40 %")
    page.side.fields["data.test"].commit()
    assert desk.session.recipe.value.data.test == 0.4
    qtbot.waitUntil(lambda: control.known.counts["test"] == [16, 4])
    assert control.known.checked["done"] == 51
    page.grid.weigh_wanted.emit()
    assert desk.session.recipe.value.balance == "weights"
    # A set that is not there is a sentence and a place to drop one; the process before is gone.
    desk.session.recipe.set_fields({"data.source": str(tmp_path / "nowhere")})
    qtbot.waitUntil(lambda: control.trouble is not None)
    assert page.empty.isVisible() and "no such folder" in page.trouble.text() and not control.process.busy


def test_the_steps_of_a_tile_have_room_for_their_words_in_a_narrow_window(qtbot, open_window) -> None:
    window = open_window("cifar_resnet")
    desk = window.desk
    desk.session.recipe.set_fields({"augmentation.pad_crop": 2, "augmentation.flip": True, "augmentation.cutout": 4,
                                   "augmentation.color_jitter": 0.2})  # fmt: skip
    desk.commands.run("page.data")
    page = desk.screen_widget("data")
    assert isinstance(page, DataPage)
    qtbot.waitUntil(lambda: len(page.control.known.stages) >= 7)
    strip, stages = page.strip, page.control.known.stages
    for width in (1600, 1240, 960, 880):
        strip.resize(width, strip.height())
        right = 0
        for (picture, words), stage in zip(strip.places(), stages, strict=True):
            assert picture.left() >= right and words.right() < width
            assert QFontMetrics(font(12, bold=True)).horizontalAdvance(tr(stage.title)) <= words.width()
            body = words.adjusted(0, 20, 0, 0)
            assert body.contains(QFontMetrics(font(11)).boundingRect(body, FLAGS.value, tr(stage.text))), stage.text
            assert not picture.intersects(words)
            right = max(picture.right(), words.right())
        assert max(words.bottom() for _, words in strip.places()) <= strip.sizeHint().height()


def test_every_class_that_is_small_can_be_weighed_and_what_was_of_another_set_is_gone(
    qtbot, open_window, tmp_path: Path
) -> None:
    window = open_window("cifar_resnet")
    desk, root = window.desk, photos(tmp_path / "photos")
    for copy in range(6):
        Image.new("RGB", (12, 12), (copy, 0, 90)).save(root / "coat" / f"more{copy}.png")
    (root / "hat").mkdir()
    Image.new("RGB", (12, 12), (9, 0, 90)).save(root / "hat" / "one.png")
    (root / "tie").mkdir()
    Image.new("RGB", (12, 12), (9, 9, 90)).save(root / "tie" / "one.png")
    desk.session.recipe.set_fields({"data.source": str(root)})
    desk.commands.run("page.data")
    page = desk.screen_widget("data")
    assert isinstance(page, DataPage) and isinstance(page.grid, ClassGrid)
    qtbot.waitUntil(lambda: done(page.control) and bool(page.control.known.stages))
    assert page.chosen.text()
    page.grid.grab()
    links = page.grid.links()
    assert sorted(links) == [2, 3], "hat and tie"
    qtbot.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=links[3].center())
    assert desk.session.recipe.value.balance == "weights"
    # Nothing is said of a tile of the set before; few classes leave no hole above the steps.
    assert page.strip.mapTo(page, QPoint(0, 0)).y() - page.grid.mapTo(page, QPoint(0, 0)).y() < page.grid.height() + 60
    desk.session.recipe.set_fields({"data.source": "digits"})
    qtbot.waitUntil(lambda: page.control.recipe.data.source == "digits" and page.control.known.root != str(root))
    assert page.chosen.text() == "" or "png" not in page.chosen.text()


def test_files_that_hold_a_set_can_be_dropped() -> None:
    for name, whole in (("mnist.npz", True), ("train.csv", True), ("17flowers.tgz", True), ("X_train.npy", False),
                        ("train_32x32.mat", False), ("data_batch_1", False)):  # fmt: skip
        file = Path("/somewhere") / name
        assert is_data(file) and set_of(file) == (file if whole else file.parent)
    assert not is_data(Path("notes.txt"))


def test_a_look_through_a_large_folder_is_told_and_can_be_stopped(qtbot, open_window, tmp_path, monkeypatch) -> None:
    window = open_window("cifar_resnet")
    desk, root = window.desk, tmp_path / "disk"
    for name in "abcdefgh":
        (root / name / "inner").mkdir(parents=True)
    desk.commands.run("page.data")
    page = desk.screen_widget("data")
    control = page.control
    read, go_on, waiting = folder_tree._read, threading.Event(), threading.Event()

    def slow(place: str) -> folder_tree.Entries:
        if Path(place) == root / "b":
            waiting.set()
            go_on.wait()
        return read(place)

    monkeypatch.setattr(folder_tree, "_read", slow)
    monkeypatch.setattr(control.process, "start", lambda *_: None)
    desk.session.recipe.set_fields({"data.source": str(root)})
    try:
        qtbot.waitUntil(waiting.is_set)
        qtbot.waitUntil(page.let_go.isVisible)
        assert page.progress_text.text() == f"looking through folders: {control.look.folders}, with 0 files"
        qtbot.mouseClick(page.let_go, Qt.MouseButton.LeftButton)
    finally:
        go_on.set()
    qtbot.waitUntil(lambda: control.trouble is not None)
    assert control.trouble.code == folder_tree.ENDED and "it was stopped" in page.trouble.text()
    assert not page.let_go.isVisible()
