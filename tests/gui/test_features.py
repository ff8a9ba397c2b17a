"""Features stand on a desk: each can be used with a desk and no window, and one more is one folder."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

import blockstudio.gui
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset
from blockstudio.gui.browser import feature as browser
from blockstudio.gui.canvas import feature as canvas
from blockstudio.gui.compare import feature as compare
from blockstudio.gui.document import feature as document
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.export import feature as export
from blockstudio.gui.export.exporting import kinds
from blockstudio.gui.figure import feature as figure
from blockstudio.gui.inspector import feature as inspector
from blockstudio.gui.panels import feature as panels
from blockstudio.gui.shell.features import names
from blockstudio.gui.tables import feature as tables
from blockstudio.gui.training import feature as training
from blockstudio.gui.weights import feature as weights
from tests.support.desks import end_desk


@pytest.fixture
def desk(qtbot, own_folder: Path) -> Iterator[Desk]:
    made = Desk(runs=own_folder / "runs")
    made.documents.add(Document(load_preset("resnet18")))
    yield made
    end_desk(made)


def test_nothing_but_the_window_lists_the_features() -> None:
    folders = sorted(path.parent.name for path in Path(blockstudio.gui.__file__).parent.glob("*/feature.py"))
    assert names() == folders and {"canvas", "document", "training"} <= set(folders)


def test_documents(desk: Desk, tmp_path: Path) -> None:
    document.install(desk)
    first = desk.session.diagram
    assert not desk.commands.run("edit.undo")
    first.set("conv1", out_channels=7)
    assert desk.commands.run("edit.undo") and first.history.undo_label is None
    desk.commands.run("edit.redo")
    desk.commands.run("file.close")
    (note,) = desk.toasts.notes
    assert [button.property("command") for button in note.buttons] == ["file.save_and_close", "file.discard"]
    note.buttons[1].click()
    assert desk.session.diagram is not first


def test_the_drawing(desk: Desk) -> None:
    drawing = canvas.install(desk)
    assert desk.commands.run("edit.select_all")
    assert set(desk.session.selection) == set(desk.session.definition.graph)
    desk.session.select(["conv1"])
    assert desk.commands.run("edit.bypass") and desk.session.definition.block("conv1").bypass is True
    assert desk.commands.run("edit.delete") and "conv1" not in desk.session.definition.graph
    assert desk.drawing is drawing
    drawing.deleteLater()


def test_the_palette_and_the_problems(desk: Desk) -> None:
    found = panels.install(desk)
    assert found.button.text() == "no problems"
    desk.session.diagram.set("conv1", groups=7)
    assert desk.pages["problems"].title != "Problems" and "problem" in found.button.text()
    (problem, *_) = desk.session.analysis.problems
    asked: list[str] = []
    desk.reveal_wanted.connect(asked.append)
    assert desk.commands.run("problem.show", problem) and asked == ["conv1"]
    desk.set_shown("palette", False)
    assert desk.commands.run("edit.find") and desk.is_shown("palette")


def test_the_inspector(desk: Desk) -> None:
    found = inspector.install(desk)
    weights.install(desk)
    desk.session.select(["conv1"])
    assert found.page is not None and {"out_channels", "bypass"} <= set(found.page.fields)
    assert "FreezeLine" in {type(each).__name__ for each in found.page.findChildren(QWidget)}


def test_a_page_that_cannot_be_made_says_so_and_the_next_selection_works(desk: Desk, monkeypatch) -> None:
    # pytest would keep the exceptions that are logged, and they what was made of a page.
    monkeypatch.setattr(logging.getLogger("blockstudio.gui.inspector.inspector"), "disabled", True)
    found = inspector.install(desk)
    broken = True

    def section(name: str) -> QWidget:
        if broken and name == "conv1":
            raise OverflowError("integer division result too large for a float")
        return QWidget()

    desk.add_section("block", section)
    for selection, there in ((["bn1"], True), (["conv1"], False), (["conv1", "bn1"], True), (["conv1"], False)):
        desk.session.select(selection)
        assert (found.page is not None) == there
        said = [each for each in found.findChildren(QLabel) if "cannot be shown" in each.text()]
        assert any(not each.isHidden() for each in said) != there
    broken = False
    desk.session.diagram.set("fc", out_features=8)
    assert found.page is not None, "what could not be shown is tried again after an edit"


def test_a_page_that_cannot_follow_an_edit_is_made_anew_later(desk: Desk, monkeypatch) -> None:
    found = inspector.install(desk)
    desk.session.select(["conv1"])
    monkeypatch.setattr(type(found.page), "refresh", lambda self: 1 / 0)
    desk.session.diagram.set("conv1", out_channels=9)
    assert found.page is None
    monkeypatch.undo()
    desk.session.select(["bn1"])
    assert found.page is not None and "momentum" in found.page.fields


def test_training(desk: Desk, own_folder: Path) -> None:
    found = training.install(desk)
    assert list(desk.pages) == ["run", "recipe"] and found.trainer.folder == own_folder / "runs"
    assert desk.commands.run("run.precision", "bf16") and found.trainer.recipe.precision == "bf16"
    assert found.bar.device.text().startswith("auto · bf16")
    assert not desk.commands.run("run.stop") and [ask() for ask in desk.questions] == [None]
    desk.documents.add(Document(Diagram("empty")))
    assert desk.commands.run("run.train")
    assert desk.toasts.texts == ["Not trained: there is no network yet. Open a preset or draw one first."]


def test_starting_weights(desk: Desk, tmp_path: Path) -> None:
    loader = weights.install(desk)
    canvas_free = desk.drawing is None
    desk.session.select(["conv1"])
    assert canvas_free and desk.commands.run("edit.freeze")
    assert desk.session.initial_weights.value.freeze == ("conv1",)
    assert desk.commands.run("start.unfreeze") and desk.session.initial_weights.value.freeze == ()
    (opener,) = desk.openers
    assert opener.accepts(tmp_path / "net.safetensors") and not opener.accepts(tmp_path / "net.json")
    desk.session.diagram.set("conv1", groups=7)
    loader.look(tmp_path / "net.safetensors")
    assert "without errors" in desk.toasts.texts[0] and loader.panel is None


def test_tables(desk: Desk) -> None:
    found = tables.install(desk)
    assert desk.commands.run("view.table") and desk.page == "table"
    assert desk.commands.run("table.levels", 3) and found.page.opened == 3


def test_comparing(desk: Desk) -> None:
    document.install(desk)
    found = compare.install(desk)
    assert desk.commands.run("view.compare") and desk.screen == "compare" and found.page is not None
    assert desk.commands.run("view.drawing") and not desk.screen and found.page is None
    for screen in desk.made_screens():
        screen.deleteLater()


def test_the_start_page(desk: Desk, qtbot) -> None:
    document.install(desk)
    found = browser.install(desk)
    assert desk.commands.run("file.presets") and found.page is not None
    page = found.page
    desk.commands.run("file.preset", ("resnet34", {}))
    qtbot.waitUntil(lambda: desk.session.diagram.name == "ResNet-34")
    assert not desk.screen
    page.deleteLater()


def test_exporting_a_table(desk: Desk, qtbot, tmp_path: Path) -> None:
    found = export.install(desk)
    document.install(desk)
    target = tmp_path / "net.md"
    found.write(target, next(kind for kind in kinds() if kind.ending == ".md"))
    qtbot.waitUntil(lambda: not found.busy)
    assert "conv1" in target.read_text(encoding="utf-8") and target.name in desk.toasts.texts[0]
    desk.toasts.notes[0].buttons[1].click()
    assert QApplication.clipboard().text() == str(target)


def test_pictures(desk: Desk, qtbot) -> None:
    figures = figure.install(desk)
    assert not desk.commands.run("file.picture"), "there is nothing to take a picture of"
    drawing = canvas.install(desk)
    assert desk.commands.run("file.picture") and desk.dialog is not None and not figures.busy
    desk.dialog.close()
    desk.dialog.deleteLater()
    drawing.deleteLater()


# One more

NEW = """
from PySide6.QtWidgets import QLabel

from blockstudio.gui.commands.registry import Command


def install(desk):
    page, counted = QLabel("counts"), []
    desk.add_page("counts", "Counts", page)
    desk.add_section("block", lambda name: QLabel(f"counts of {name}"))
    desk.add_commands(Command("counts.count", "Count", lambda d: counted.append(d.session.diagram.name), "Run", 900,
                              ("Ctrl+Alt+9",)))
    desk.on_close(lambda: counted.append("closed"))
    return counted
"""


@pytest.fixture
def one_more(tmp_path: Path, monkeypatch) -> Iterator[None]:
    """A folder of a feature that the program has not heard of."""
    (tmp_path / "rooms" / "counts").mkdir(parents=True)
    (tmp_path / "rooms" / "counts" / "__init__.py").touch()
    (tmp_path / "rooms" / "counts" / "feature.py").write_text(NEW, encoding="utf-8")
    monkeypatch.setattr(blockstudio.gui, "__path__", [*blockstudio.gui.__path__, str(tmp_path / "rooms")])
    yield
    for name in ("blockstudio.gui.counts", "blockstudio.gui.counts.feature"):
        sys.modules.pop(name, None)
    vars(blockstudio.gui).pop("counts", None)


def test_a_page_a_section_and_a_command_more_are_one_folder(one_more: None, open_window) -> None:
    window = open_window("resnet18")
    tabs = window.bottom.tabs
    assert tabs.tabText(tabs.count() - 1) == "Counts"
    tabs.setCurrentIndex(tabs.count() - 1)
    assert window.desk.page == "counts" and window.desk.pages["counts"].widget.isVisible()
    window.session.select(["conv1"])
    inspector = window.features.inspector
    texts = [getattr(each, "text", str)() for each in inspector.page.findChildren(QWidget)]
    assert "counts of conv1" in texts
    window.commands.actions["counts.count"].trigger()
    assert window.features.counts == [window.session.diagram.name]
    window.stop()
    assert window.features.counts[-1] == "closed"
