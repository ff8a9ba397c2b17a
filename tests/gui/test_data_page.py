"""The page *Data*: opens at once, fills in as it reads, and lets one see what the network will get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from blockstudio.gui.data.grid import ClassGrid
from blockstudio.gui.data.page import DataPage
from blockstudio.gui.data.survey import SurveyControl


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
