"""Settings that cannot be written, or that somebody else has written: the window opens, works and closes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from blockstudio.gui.kit.theme import LIGHT, theme
from blockstudio.gui.work import settings
from tests.support.disks import fill


def keys_of(file: Path) -> list[str]:
    return QSettings(str(file), QSettings.Format.IniFormat).allKeys()


def test_a_full_disk_keeps_the_settings_that_were_there(open_window, small_disk: Path) -> None:
    settings.use_folder(small_disk)
    first = open_window("resnet18")
    first.commands.run("view.dark")
    assert first.close()
    file = small_disk / "settings.ini"
    before = file.read_bytes()
    assert b"colours=dark" in before
    fill(small_disk)

    second = open_window("resnet18")
    second.commands.run("view.light")
    second.session.diagram.set("conv1", out_channels=96)
    assert theme() is LIGHT and second.session.diagram.main.block("conv1").parameters["out_channels"] == 96
    second.session.undo()
    assert second.close()

    assert file.read_bytes() == before
    settings.use_folder(None)


@pytest.mark.parametrize("kind", ["directory", "noise", "values"])
def test_settings_that_nobody_could_have_meant(open_window, own_folder: Path, kind: str) -> None:
    window = open_window("resnet18")
    assert window.close()
    file = own_folder / "settings.ini"
    known = keys_of(file)
    assert "window/share" in known
    file.unlink()
    if kind == "directory":
        file.mkdir()
    elif kind == "noise":
        file.write_bytes(random.Random(3).randbytes(4000))
    else:
        store = QSettings(str(file), QSettings.Format.IniFormat)
        for number, key in enumerate([*known, "view/colours", "view/language", "files/recent", "runs/folder"]):
            store.setValue(key, ("nan", "\0", ["a", "b"], "-1e999", "x" * 5000)[number % 5])
        store.sync()

    again = open_window("resnet18")
    again.session.diagram.set("conv1", out_channels=32)
    assert again.isVisible() and again.canvas.width() > 100
    again.session.undo()
    assert again.close()
