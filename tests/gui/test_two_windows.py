"""Two windows on one file: what the first saved is not lost by the second without being asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from blockstudio.graph.format import load, save
from blockstudio.graph.presets import load_preset
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.difference import DifferenceDialog, difference
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.documents import Unwritten
from blockstudio.gui.document.stamps import stamp_of
from tests.support.desks import end_desk
from tests.support.hands import click, press_key

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.blocks.json"
    save(load_preset("nin_cifar10"), path)
    return path


@pytest.fixture
def two(open_window, file: Path):
    """Windows on one file; the first has saved the block ``first``, the second has ``second`` unsaved."""
    one, other = open_window(file), open_window(file)
    one.session.diagram.add("ReLU", "first")
    one.documents.save()
    other.session.diagram.add("ReLU", "second")
    return one, other


def asking(window):
    """The note that asks, with its buttons by their titles."""
    (note,) = [note for note in window.toasts.notes if note.label.text().startswith("Not saved")]
    return {button.text(): button for button in note.buttons}


def blocks(file: Path) -> set[str]:
    return {name for name in ("first", "second") if name in load(file).main.graph}


def test_the_second_save_asks_and_overwrites_on_request(two, file: Path) -> None:
    _, other = two
    press_key(other.canvas, Qt.Key.Key_S, CONTROL)
    assert blocks(file) == {"first"} and other.session.dirty
    buttons = asking(other)
    assert list(buttons) == ["Save as…", "Overwrite", "Show the difference"]
    click(buttons["Overwrite"])
    assert blocks(file) == {"second"} and not other.session.dirty
    other.session.diagram.add("ReLU", "third")
    other.documents.save()
    assert not other.session.dirty, "the file is as this window wrote it"


def test_the_first_window_is_asked_in_its_turn(two, file: Path) -> None:
    one, other = two
    other.documents.save()
    click(asking(other)["Overwrite"])
    one.session.diagram.add("ReLU", "third")
    one.documents.save()
    assert blocks(file) == {"second"} and one.session.dirty
    assert asking(one)


def test_saved_under_another_name_both_are_kept(two, file: Path, tmp_path: Path) -> None:
    _, other = two
    other.documents.save()
    click(asking(other)["Save as…"])
    dialog = other.documents.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path / "mine"))
    dialog.close()
    mine = tmp_path / "mine.blocks.json"
    assert (blocks(file), blocks(mine)) == ({"first"}, {"second"}) and other.session.file == mine


def test_the_difference_is_shown_with_the_ways_on(two, qtbot, file: Path) -> None:
    _, other = two
    other.documents.save()
    click(asking(other)["Show the difference"])
    qtbot.waitUntil(lambda: isinstance(other.desk.dialog, DifferenceDialog))
    dialog = other.desk.dialog
    changed = [line for line in dialog.view.toPlainText().splitlines() if line[:1] in "+-"]
    assert any(line.startswith("-") and '"first"' in line for line in changed)
    assert any(line.startswith("+") and '"second"' in line for line in changed)
    assert blocks(file) == {"first"}
    (overwrite,) = [button for button in dialog.ways if button.text() == "Overwrite"]
    click(overwrite)
    assert blocks(file) == {"second"} and not dialog.isVisible()


def test_a_window_that_closes_with_saving_stays_until_that_is_answered(two, qtbot, file: Path) -> None:
    _, other = two
    other.close()
    click(other.desk.dialog.ok)
    assert other.isVisible() and blocks(file) == {"first"}
    click(asking(other)["Overwrite"])
    qtbot.waitUntil(lambda: not other.isVisible())
    assert blocks(file) == {"second"}


def test_after_keep_mine_saving_is_not_asked_about_again(two, qtbot, file: Path) -> None:
    _, other = two
    qtbot.waitUntil(lambda: bool(other.toasts.notes))
    (note,) = other.toasts.notes
    click(next(button for button in note.buttons if button.text() == "Keep mine"))
    other.documents.save()
    assert blocks(file) == {"second"} and not other.session.dirty


def test_the_same_bytes_written_again_are_no_change(open_window, file: Path) -> None:
    window = open_window(file)
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    os.replace(copy, file)
    window.session.diagram.add("ReLU", "second")
    window.documents.save()
    assert blocks(file) == {"second"}


def test_the_same_size_and_time_with_other_bytes_is_a_change(open_window, file: Path) -> None:
    window = open_window(file)
    before = file.stat()
    content = file.read_bytes()
    assert content.count(b"NIN (CIFAR-10)") == 1
    file.write_bytes(content.replace(b"NIN (CIFAR-10)", b"nin (cifar-10)"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    window.session.diagram.add("ReLU", "second")
    window.documents.save()
    assert asking(window) and load(file).name == "nin (cifar-10)"


def test_a_large_diagram_is_asked_about_too_and_its_own_saves_are_not(qtbot, tmp_path: Path) -> None:
    file = tmp_path / "large.blocks.json"
    diagram = load_preset("nin_cifar10")
    for index in range(450):
        diagram.add("ReLU", f"relu{index}")
    save(diagram, file)
    desk = Desk()
    asked: list[Unwritten] = []
    desk.documents.note.connect(lambda request: asked.append(request.acts[1].value))
    try:
        document = Document(load(file), file)
        desk.documents.add(document)
        done: list[bool] = []
        for name in ("one", "two"):
            document.diagram.add("ReLU", name)
            desk.documents.save(document, lambda: done.append(True))
        qtbot.waitUntil(lambda: len(done) == 2)
        assert asked == []
        save(load_preset("nin_cifar10"), file)
        document.diagram.add("ReLU", "three")
        desk.documents.save(document, lambda: done.append(True))
        assert [unwritten.document for unwritten in asked] == [document] and len(done) == 2
        desk.documents.write(*asked[0], ask=False)
        qtbot.waitUntil(lambda: len(done) == 3)
        assert "three" in load(file).main.graph
    finally:
        end_desk(desk)


def test_what_is_edited_while_the_file_is_read_again_is_asked_about(open_window, qtbot, file: Path) -> None:
    window = open_window(file)
    document = window.documents.current
    window.documents.reload(document)
    window.session.diagram.add("ReLU", "second")  # before the reader is done: its answer comes with an event
    qtbot.waitUntil(lambda: bool(window.toasts.notes))
    (note,) = window.toasts.notes
    assert [button.text() for button in note.buttons] == ["Load theirs", "Keep mine"]
    assert window.documents.current is document and "second" in window.session.diagram.main


def test_a_stamp_is_of_files_only(tmp_path: Path) -> None:
    assert stamp_of(tmp_path) is None and stamp_of(tmp_path / "nothing") is None
    os.mkfifo(tmp_path / "pipe")
    assert stamp_of(tmp_path / "pipe") is None


def test_the_lines_of_a_difference() -> None:
    assert difference("a\nb\nc\n", "a\nB\nc\n").splitlines()[1:] == [" a", "-b", "+B", " c"]
    assert difference("a\n", "a\n") == ""
