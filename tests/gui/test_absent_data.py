"""A data set that is not there: marked in the menu, told before a run exists, with buttons; devices likewise."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMenu

from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs import devices
from tests.support.hands import click
from tests.support.published import svhn


@pytest.fixture
def window(open_window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudioWindow:
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path / "data"))
    found: StudioWindow = open_window("nin_cifar10")
    return found


def entries(window: StudioWindow, id: str) -> dict[str, tuple[str, bool, str]]:
    """What a menu of choices offers: text, enabled, tip."""
    menu = QMenu(window)
    window.desk.commands.fill_choices(menu, id)
    return {action.text().split(" (")[0]: (action.text(), action.isEnabled(), action.toolTip())
            for action in menu.actions() if action.text()}  # fmt: skip


def test_absent_sets_are_marked_and_absent_devices_grey(window: StudioWindow, tmp_path: Path, monkeypatch) -> None:
    found = entries(window, "run.data")
    header = list(found).index("Not on this computer yet")
    assert not found["Not on this computer yet"][1]
    assert list(found).index("Digits") < header < list(found).index("SVHN") and "246 MB" in found["SVHN"][2]
    assert found["SVHN"][1], "it can be chosen; what to do about it is then said"
    svhn(tmp_path / "data" / "svhn")
    found = entries(window, "run.data")
    assert list(found).index("SVHN") < list(found).index("Not on this computer yet")
    monkeypatch.setattr(devices, "_has_cuda", lambda: False)
    devices.absent_devices.cache_clear()
    found = entries(window, "run.device")
    assert found["auto"][1] and found["cpu"][1] and not found["cuda"][1] and "NVIDIA" in found["cuda"][2]
    window.desk.show_page("recipe")
    form = window.features.training.recipe
    form.more.setChecked(True)
    box = form.fields["device"]
    enabled = [bool(box.model().item(row).isEnabled()) for row in range(box.count())]  # type: ignore[union-attr]
    assert dict(zip(("auto", "cpu", "cuda"), enabled, strict=False)) == {"auto": True, "cpu": True, "cuda": False}
    devices.absent_devices.cache_clear()


def test_an_absent_set_is_told_before_a_run_exists_with_what_to_do(window: StudioWindow, qtbot, tmp_path: Path) -> None:
    training = window.features.training
    training.trainer.set_fields({"data.source": "svhn"})
    window.desk.show_page("recipe")
    form = training.recipe
    qtbot.waitUntil(lambda: form.download.isVisible(), timeout=20_000)
    assert form.summary.text() == "SVHN is not on this computer yet."
    assert (form.download.text(), form.choose.text()) == ("Download (246 MB)", "Choose folder…")
    window.desk.commands.run("run.train")
    qtbot.waitUntil(lambda: bool(window.toasts.notes), timeout=20_000)
    note = window.toasts.notes[0]
    assert note.label.text() == "Not trained: SVHN is not on this computer yet."
    assert [button.text() for button in note.buttons] == ["Download (246 MB)", "Choose folder…"]
    assert training.trainer.data is None and not list(training.trainer.folder.glob("*"))

    # A folder without it is refused, the right one is taken.
    click(note.buttons[1])
    dialog = window.desk.dialog
    assert isinstance(dialog, QFileDialog)
    (tmp_path / "else").mkdir()
    dialog.fileSelected.emit(str(tmp_path / "else"))
    assert window.toasts.texts[0].startswith("SVHN is not in ")
    dialog.fileSelected.emit(str(svhn(tmp_path / "mine")))
    dialog.close()
    assert training.trainer.recipe.data.folder == str(tmp_path / "mine")
    qtbot.waitUntil(lambda: not form.download.isVisible(), timeout=20_000)

    # The button in the recipe asks for the download; nothing is fetched before a run begins.
    training.trainer.set_fields({"data.source": "stl10", "data.folder": ""})
    qtbot.waitUntil(lambda: form.download.text() == "Download (2.6 GB)", timeout=20_000)
    click(form.download)
    assert training.trainer.recipe.data.download
    qtbot.waitUntil(lambda: not form.download.isVisible(), timeout=20_000)
    training.trainer.set_fields({"data.source": "flowers17", "data.download": False})
    qtbot.waitUntil(lambda: "robots.ox.ac.uk" in form.summary.text(), timeout=20_000)
    assert not form.download.isVisible() and form.choose.isVisible()
