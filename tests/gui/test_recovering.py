"""Work that was never saved survives the death of the window."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blockstudio.graph.format import dumps, load, save
from blockstudio.graph.presets import load_preset
from tests.support.hands import click

KILLED = """
import os, sys, pathlib
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
app = application(dark=False)
window = StudioWindow()
assert window.documents.open_now(sys.argv[2])
window.show()
app.processEvents()
window.session.diagram.add("ReLU", "first")
window.session.diagram.add("ReLU", "second")
app.processEvents()
os.kill(os.getpid(), 9)
"""


def kill_a_window(folder: Path, name: str | Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(name)], env=environment, timeout=120)
    assert done.returncode != 0


def test_work_of_a_killed_window_is_offered_and_restored(open_window, qtbot, own_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "net.blocks.json"
    save(load_preset("nin_cifar10"), file)
    kill_a_window(own_folder, file)

    window = open_window("resnet18")
    window.desk.start()
    qtbot.waitUntil(lambda: bool(window.toasts.notes))
    (note,) = window.toasts.notes
    assert "net.blocks.json" in note.label.text() and "2 changes" in note.label.text()
    click(note.buttons[0])
    qtbot.waitUntil(lambda: window.session.file == file)
    assert {"first", "second"} <= set(window.session.diagram.main.graph)
    assert window.session.dirty and "first" not in load(file).main.graph
    window.documents.save()
    assert dumps(load(file)) == dumps(window.session.diagram)
    assert not list((own_folder / "recovery").glob("*")), "what is saved needs no journal"


@pytest.mark.slow
def test_discarded_work_is_not_offered_again(open_window, qtbot, own_folder: Path) -> None:
    kill_a_window(own_folder, "resnet18")
    window = open_window()
    window.desk.start()
    qtbot.waitUntil(lambda: bool(window.toasts.notes))
    click(window.toasts.notes[0].buttons[1])
    assert not list((own_folder / "recovery").glob("*.journal"))


def test_a_window_closed_in_good_order_leaves_nothing(open_window, own_folder: Path) -> None:
    window = open_window("resnet18")
    window.session.diagram.add("ReLU", "extra")
    assert len(list((own_folder / "recovery").glob("*.journal"))) == 1
    window.documents.discard(window.documents.current)
    assert not list((own_folder / "recovery").glob("*.journal"))


def test_without_a_place_for_journals_one_is_told_once(open_window, own_folder: Path) -> None:
    (own_folder / "recovery").write_text("in the way")
    window = open_window("resnet18")
    window.session.diagram.add("ReLU", "one")
    window.session.diagram.add("ReLU", "two")
    assert [text for text in window.toasts.texts if "not protected" in text] == window.toasts.texts
    assert len(window.toasts.texts) == 1 and {"one", "two"} <= set(window.session.diagram.main.graph)
