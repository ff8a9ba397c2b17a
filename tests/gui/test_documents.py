"""Files: nothing that was drawn is lost, and what cannot be read is said in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from blockstudio.graph.format import dumps, load, save
from blockstudio.graph.presets import load_preset
from blockstudio.gui.shell.closing import ClosingDialog
from blockstudio.gui.work import settings
from blockstudio.runs import create_run
from tests.support.hands import click, press_key, type_into

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.blocks.json"
    save(load_preset("nin_cifar10"), path)
    return path


def change(window) -> None:
    window.session.diagram.add("ReLU", "extra")


def test_a_change_is_marked_saved_and_unmarked_by_undo(open_window, file: Path) -> None:
    window = open_window(file)
    title = window.top.tabs.tabText(0)
    change(window)
    assert window.top.tabs.tabText(0) == f"{title} ●" and window.windowTitle().startswith("●")
    window.session.undo()
    assert window.top.tabs.tabText(0) == title
    change(window)
    press_key(window.canvas, Qt.Key.Key_S, CONTROL)
    assert window.top.tabs.tabText(0) == title
    assert "extra" in load(file).main.graph
    window.session.undo()
    assert window.top.tabs.tabText(0) == f"{title} ●", "taking back what was saved is a change"


def test_a_preset_is_saved_under_a_name_of_ones_own(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    press_key(window.canvas, Qt.Key.Key_S, CONTROL)
    dialog = window.documents.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path / "mine"))
    dialog.close()
    saved = tmp_path / "mine.blocks.json"
    assert dumps(load(saved)) == dumps(window.session.diagram)
    assert window.session.file == saved and not window.session.dirty
    assert settings.recent_files() == [str(saved)]


def test_what_cannot_be_written_is_said_and_stays_unsaved(open_window, file: Path, tmp_path: Path) -> None:
    window = open_window(file)
    change(window)
    before = file.read_bytes()
    window.documents.write(window.documents.current, tmp_path / "no such folder" / "x.blocks.json")
    (text,) = window.toasts.texts
    assert "cannot be written" in text
    assert window.session.dirty and window.session.file == file and file.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "JSON"),
        (b"not json", "JSON"),
        (b'{"format": "blockstudio", "version": 2, "blocks": {"a": {"type": "Nope"}}}', "Nope"),
        (b'{"format": "blockstudio", "version": 999}', "version"),
        (b"\xff\xfe\x00\x01", "JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_a_malformed_file_is_one_sentence_and_nothing_is_lost(
    open_window, qtbot, tmp_path: Path, content: bytes, said: str
) -> None:
    window = open_window("resnet18")
    change(window)
    before = dumps(window.session.diagram)
    bad = tmp_path / "bad.blocks.json"
    bad.write_bytes(content)
    window.documents.open(bad)
    qtbot.waitUntil(lambda: bool(window.toasts.texts))
    (text,) = window.toasts.texts
    assert "bad.blocks.json" in text and said.lower() in text.lower() and "\n" not in text
    assert dumps(window.session.diagram) == before and window.session.dirty and len(window.documents.list) == 1


def test_an_unknown_name_suggests_the_nearest(open_window, qtbot) -> None:
    window = open_window()
    window.documents.open("resnet43")
    qtbot.waitUntil(lambda: bool(window.toasts.texts))
    assert "resnet43" in window.toasts.texts[0] and "resnet34" in window.toasts.texts[0]


def test_a_name_that_the_system_refuses_is_told(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    far = tmp_path / ("n" * 300)
    window.documents.open(far)
    qtbot.waitUntil(lambda: "name too long" in "".join(window.toasts.texts).lower())
    training = window.features.training
    for field in ("data.source", "start.weights"):
        training.trainer.set_fields({field: str(far)})
        qtbot.waitUntil(lambda: "name too long" in training.recipe.summary.text().lower())
        training.trainer.set_fields({field: "digits" if field == "data.source" else ""})
        qtbot.waitUntil(lambda: "name too long" not in training.recipe.summary.text().lower())


def test_a_file_dropped_on_the_window_opens_beside_the_others(open_window, qtbot, file: Path) -> None:
    window = open_window("resnet18")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    what = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entering = QDragEnterEvent(QPoint(700, 10), *what)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(700, 10), *what))
    qtbot.waitUntil(lambda: window.session.file == file)
    assert [window.documents.title(document) for document in window.documents.list] == [
        "ResNet-18",
        file.name.removesuffix(".blocks.json"),
    ]


def drop(window, file: Path) -> None:
    """Let a file go over the window, as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    what = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(700, 10), *what))
    QApplication.sendEvent(window, QDropEvent(QPointF(700, 10), *what))
    QApplication.processEvents()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cat.png", b"\x89PNG\r\n", "results of a run"),
        ("net.py", b"self.x = nn.Conv2d(3, 8, 3)", "paste them on the drawing"),
        ("a.txt", b"hello", "nothing that opens here"), ("b.gz", b"\x1f\x8b", "nothing that opens here"),
    ],
)  # fmt: skip
def test_of_a_file_that_is_none_of_ours_it_is_said_what_to_do_instead(
    open_window, tmp_path, name, content, told
) -> None:
    window = open_window("resnet18")
    (tmp_path / name).write_bytes(content)
    drop(window, tmp_path / name)
    assert any(name in text and told in text for text in window.toasts.texts)
    assert len(window.documents.list) == 1


def test_recipes_folders_of_images_and_of_runs_are_taken_where_they_belong(open_window, tmp_path) -> None:
    window = open_window("resnet18")
    (tmp_path / "mine.toml").write_text("epochs = 3\n")
    drop(window, tmp_path / "mine.toml")
    assert window.session.recipe.value.epochs == 3 and window.bottom.page == "recipe"

    run = create_run(window.session.diagram, window.session.recipe.value, tmp_path / "run")
    drop(window, run.directory)
    assert window.desk.screen == "results"

    window.desk.show_drawing()
    (tmp_path / "images" / "cat").mkdir(parents=True)
    drop(window, tmp_path / "images")
    assert window.session.recipe.value.data.source == str(tmp_path / "images") and window.desk.screen == "data"


def test_tabs_turn_to_documents_where_the_user_left_them(open_window, file: Path) -> None:
    window = open_window("resnet34")
    window.session.go("layer2.0")
    window.session.select(["conv1"])
    window.documents.open_now(file)
    assert window.session.path == ""
    click(window.top.tabs, window.top.tabs.tabRect(0).center())
    assert (window.session.path, window.session.selection) == ("layer2.0", ("conv1",))
    assert window.features.inspector.field("out_channels").isVisible()


def test_opening_an_open_file_turns_to_it(open_window, qtbot, file: Path) -> None:
    window = open_window(file)
    window.documents.open_now("resnet18")
    window.documents.open(file)
    assert window.session.file == file and len(window.documents.list) == 2


def test_closing_a_changed_tab_asks_in_a_note(open_window, file: Path) -> None:
    window = open_window(file)
    change(window)
    press_key(window.canvas, Qt.Key.Key_W, CONTROL)
    (note,) = window.toasts.notes
    assert "unsaved changes" in note.label.text() and window.session.file == file
    click(note.buttons[0])
    assert window.session.file is None and "extra" in load(file).main.graph


def test_closing_a_changed_tab_without_saving(open_window, file: Path) -> None:
    window = open_window(file)
    before = file.read_bytes()
    change(window)
    window.documents.close()
    click(window.toasts.notes[0].buttons[1])
    assert window.session.file is None and file.read_bytes() == before


def test_the_window_asks_before_it_closes_on_unsaved_work(open_window, qtbot, file: Path) -> None:
    window = open_window(file)
    change(window)
    window.close()
    dialog = window.desk.dialog
    assert isinstance(dialog, ClosingDialog) and window.isVisible()
    click(dialog.cancel)
    assert window.isVisible() and window.session.dirty
    window.close()
    click(window.desk.dialog.ok)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert "extra" in load(file).main.graph, "saving is what happens by default"


def test_a_file_changed_by_another_program_is_offered(open_window, qtbot, file: Path) -> None:
    window = open_window(file)
    other = load_preset("resnet18")
    save(other, file)
    qtbot.waitUntil(lambda: bool(window.toasts.notes))
    (note,) = window.toasts.notes
    assert "changed by another program" in note.label.text()
    click(note.buttons[0])
    qtbot.waitUntil(lambda: window.session.diagram.name == "ResNet-18")
    assert window.session.file == file and not window.session.dirty


def test_unsaved_work_is_not_overrun_by_a_change_on_disk(open_window, qtbot, file: Path) -> None:
    window = open_window(file)
    change(window)
    save(load_preset("resnet18"), file)
    qtbot.waitUntil(lambda: bool(window.toasts.notes))
    note = window.toasts.notes[0]
    assert "you have unsaved changes" in note.label.text()
    click(note.buttons[1])
    assert "extra" in window.session.diagram.main.graph


def test_ones_own_save_is_no_news(open_window, qtbot, file: Path) -> None:
    window = open_window(file)
    for _ in range(3):
        change(window)
        window.documents.save()
        window.session.undo()
    window.documents.save()
    other = file.with_name("other.blocks.json")
    other.write_bytes(file.read_bytes())
    os.replace(other, file)  # news at last: what came before it was none
    qtbot.waitUntil(lambda: bool(window.toasts.notes))
    assert len(window.toasts.notes) == 1


def test_a_file_that_is_gone_is_said(open_window, qtbot, file: Path) -> None:
    window = open_window(file)
    file.unlink()
    qtbot.waitUntil(lambda: bool(window.toasts.notes))
    assert "no longer there" in window.toasts.texts[0]
    window.documents.save()
    assert load(file).name == "NIN (CIFAR-10)"


def test_a_diagram_of_thousands_of_blocks_is_written_by_a_worker(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window()
    diagram = window.session.diagram
    with diagram.history.gesture("Many"):
        for index in range(500):
            diagram.add("ReLU", f"relu{index}")
    path = tmp_path / "big.blocks.json"
    done: list[bool] = []
    window.documents.write(window.documents.current, path, lambda: done.append(True))
    assert not done, "the window does not wait for it"
    diagram.add("ReLU", "later")
    qtbot.waitUntil(lambda: bool(done))
    assert "later" not in load(path).main.graph and window.session.dirty


def test_what_is_being_typed_goes_to_the_document_it_was_typed_for(open_window) -> None:
    window = open_window("resnet18")
    first = window.session.diagram
    window.session.select(["conv1"])
    window.documents.open_now("resnet34")
    window.session.select(["conv1"])
    window.documents.turn_to(0)
    type_into(window.features.inspector.field("out_channels"), "96", enter=False)
    click(window.top.tabs, window.top.tabs.tabRect(1).center())
    assert first.main.block("conv1").parameters["out_channels"] == 96
    assert window.session.diagram.main.block("conv1").parameters["out_channels"] != 96


def test_saving_takes_over_what_is_being_typed(open_window, file: Path) -> None:
    window = open_window(file)
    type_into(window.features.inspector.field("name"), "Mine", enter=False)
    press_key(window.features.inspector.field("name"), Qt.Key.Key_S, CONTROL)
    assert load(file).name == "Mine" and not window.session.dirty
