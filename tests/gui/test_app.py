"""The program as it is started: `blockstudio [NAME_OR_FILE]`, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blockstudio import folders
from blockstudio.gui.work import settings

STARTED = """
import json, pathlib, sys
from PySide6.QtCore import QTimer
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app import application as app
from blockstudio.gui.shell.window import StudioWindow

qt = app.application()
said = {}

def look():
    window = next((each for each in qt.topLevelWidgets() if isinstance(each, StudioWindow) and each.isVisible()), None)
    if window is None:
        return
    turns.stop()
    said.update(
        start=window.features.browser.page is not None,
        name=window.session.diagram.name,
        classes=window.session.diagram.parameters["num_classes"].default if window.session.diagram.parameters else None,
        notes=window.toasts.texts,
        dark=window.colours.chosen,
    )
    window.close()

turns = QTimer(interval=0)
turns.timeout.connect(look)
turns.start()
from blockstudio.cli import main
code = main(sys.argv[2:])
print(json.dumps({**said, "code": code}))
"""


def start(folder: Path, *arguments: str) -> dict:
    import json

    done = subprocess.run(
        [sys.executable, "-c", STARTED, str(folder), *arguments],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_without_a_name_it_shows_the_start_page(own_folder: Path) -> None:
    said = start(own_folder)
    assert said["start"] and said["code"] == 0 and said["notes"] == []


@pytest.mark.slow
def test_a_preset_with_a_value_and_dark_colours(own_folder: Path) -> None:
    said = start(own_folder, "resnet34", "--set", "num_classes=7", "--dark")
    assert (said["start"], said["name"], said["classes"], said["dark"]) == (False, "ResNet-34", 7, "dark")


@pytest.mark.parametrize("name", ["nothing.blocks.json", pytest.param("./resnet3", marks=pytest.mark.slow)])
def test_a_bad_name_is_a_note_over_the_start_page(own_folder: Path, name: str) -> None:
    said = start(own_folder, name)
    assert said["start"] and len(said["notes"]) == 1 and name in said["notes"][0]


@pytest.mark.slow
def test_the_log_keeps_what_went_wrong_out_of_sight(own_folder: Path) -> None:
    start(own_folder, "resnet34")
    log = own_folder / "data" / "window.log"
    assert not log.exists() or "Traceback" not in log.read_text()


def test_the_window_s_runs_lie_where_the_command_s_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    assert settings.runs_folder() == folders.runs() == tmp_path / "runs"
