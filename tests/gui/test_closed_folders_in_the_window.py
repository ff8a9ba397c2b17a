"""Folders that may not be entered, names that are too long, links that go round, in the window: what is opened is told
in a note or on its page, lists show what they can see."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.graph import library
from blockstudio.graph.library import packed
from blockstudio.graph.presets import open_diagram
from blockstudio.gui.app import application
from blockstudio.gui.laboratory import saving
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings
from blockstudio.gui.work.bin import Bin
from blockstudio.runs import Recipe, create_run, with_fields
from tests.support.disks import ordinary_user
from tests.support.tiny import tiny_network

pytest.importorskip("torch")
pytestmark = [pytest.mark.fault, pytest.mark.skipif(os.name == "nt", reason="folders are closed otherwise there")]
LONG = "n" * 300
WHERE = ("closed", "closed/deeper", "closed/net.blocks.json", "sealed", "sealed/net.blocks.json", "sealed/run",
         "holder/run", LONG, f"{LONG}/x", "loop", "loop/x", "link")  # fmt: skip


@pytest.fixture
def places(closed_places: Path) -> Path:
    """Folders with a network, a kept module and a run, some closed."""
    for name in ("closed", "sealed", "holder"):
        place = closed_places / name
        place.mkdir()
        bs.save(tiny_network(), place / "net.blocks.json")
        library.keep(packed(open_diagram("resnet18"), "BasicBlock"), place / "modules")
        create_run(tiny_network(), with_fields(Recipe(), {"threads": 1, "steps": 4}), place / "run")
    for name, mode in (("closed", 0), ("sealed", 0o444), ("holder/run", 0)):
        (closed_places / name).chmod(mode)
    (closed_places / "loop").symlink_to("loop")
    (closed_places / "link").symlink_to("closed/deeper")
    return closed_places


OPENED: dict[str, Callable[[StudioWindow, Path], object]] = {
    "results": lambda window, place: window.commands.run("results.show", place),
    "laboratory": lambda window, place: window.commands.run("laboratory.run", place),
    "experiment": lambda window, place: window.commands.run("experiment.open", place / "a.experiment.json"),
    "lesson": lambda window, place: window.commands.run("lesson.open", place / "lesson.md"),
    "diagram": lambda window, place: window.documents.open_now(place),
    "dropped": lambda window, place: window.open_file(place),
    "data": lambda window, place: window.commands.run("data.use", str(place)),
    "figure": lambda window, place: saving.write(window.desk, place / "f.svg", "<svg/>", {}),
    "figure asked for": lambda window, place: saving.ask_where(window.desk, "figure", place, "f", "<svg/>", {}),
}


@pytest.mark.parametrize("name", OPENED)
def test_what_may_not_be_looked_at_can_be_opened_without_harm(open_window, name: str, places: Path) -> None:
    window = open_window("resnet18")
    OPENED[name](window, places / "nowhere")  # All that it imports is there.
    with ordinary_user():
        for path in WHERE:
            OPENED[name](window, places / path)
    window.desk.show_drawing()


@pytest.mark.parametrize("path", WHERE)
def test_the_window_starts_where_its_own_folder_is_closed(open_window, path: str, places: Path) -> None:
    settings.use_folder(places / "new")
    open_window("resnet18").close()
    settings.use_folder(places / path)
    window = open_window("resnet18")
    settings.remember_file(places / path)
    window.desk.show_drawing()
    with ordinary_user():
        for screen in window.desk.screens:
            window.desk.show_screen(screen)
        window.desk.show_drawing()
        window.commands.refresh()
    settings.use_folder(None)


def test_what_the_system_refuses_is_a_note_that_names_it(open_window, monkeypatch, places: Path) -> None:
    window = open_window("resnet18")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    application._catch(window)
    with ordinary_user():
        try:
            (places / "closed" / "x").is_dir()
        except PermissionError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    assert "ermission denied" in window.toasts.texts[0] and str(places / "closed" / "x") in window.toasts.texts[0]


def test_taking_back_to_a_closed_folder_is_an_error_of_the_system(places: Path) -> None:
    bin, file = Bin(), places / "holder" / "thing"
    file.write_text("x")
    bin.put(file)
    (places / "holder").chmod(0)
    with ordinary_user(), pytest.raises(OSError):
        bin.take_out()
