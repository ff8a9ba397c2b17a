"""Out of the window: files written by a real process of the command line, and what is said of it."""

from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from blockstudio.graph.presets import load_preset
from blockstudio.gui.export.exporting import Kind, kinds
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs import Recipe, Run, create_run, with_fields
from tests.support.hands import click, press_key

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PATIENCE = 120_000


def settle(window: StudioWindow, qtbot) -> str:
    """Wait until nothing is being written; the newest note."""
    qtbot.waitUntil(lambda: not window.features.export.busy, timeout=PATIENCE)
    return window.toasts.texts[0]


def choose(window: StudioWindow, file: Path, ending: str = ".py") -> None:
    """Open *Export…* by its key, choose a kind, type a name, press Enter."""
    press_key(window.canvas, Qt.Key.Key_E, CONTROL)
    dialog = window.features.export.dialog
    assert dialog is not None and dialog.isVisible()
    kind = next(kind for kind in kinds() if kind.ending == ending)
    dialog.selectNameFilter(kind.filter)
    dialog.filterSelected.emit(kind.filter)
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    assert line is not None and line.text().endswith(ending)
    line.setText(str(file))
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert not dialog.isVisible()


@pytest.fixture(autouse=True)
def dialogs_of_qt(monkeypatch) -> None:
    """Not the desktop's, which no test can type into."""
    from PySide6.QtWidgets import QApplication

    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)


def test_source_of_the_diagram_as_it_is_goes_into_a_file(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    window.session.diagram.set("", num_classes=7)
    target = tmp_path / "net.py"
    choose(window, target)
    assert window.features.export.busy and "Writing NIN (CIFAR-10) to net.py…" in window.toasts.texts
    text = settle(window, qtbot)
    assert text.startswith("net.py: ") and text.endswith("lines of PyTorch.")
    source = target.read_text()
    compile(source, "net.py", "exec")
    assert "num_classes: int = 7" in source
    assert window.toasts.texts == [text], "the note that it is under way is gone"
    copy = window.toasts.notes[0].buttons[1]
    assert copy.text() == "Copy path"
    click(copy)
    assert QGuiApplication.clipboard().text() == str(target)


def test_a_name_without_ending_gets_that_of_its_kind(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    choose(window, tmp_path / "net", ".csv")
    assert "net.csv: table of" in settle(window, qtbot)
    rows = list(csv.DictReader((tmp_path / "net.csv").open()))
    assert sum(int(row["parameters"] or 0) for row in rows) == window.session.analysis.parameters


def test_an_ending_that_is_typed_names_the_kind(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    choose(window, tmp_path / "net.tex", ".py")
    settle(window, qtbot)
    assert (tmp_path / "net.tex").read_text().startswith("\\begin{tabular}")


@pytest.mark.slow
def test_weights_go_into_a_safetensors_file(open_window, qtbot, tmp_path: Path) -> None:
    from safetensors import safe_open

    window = open_window("nin_cifar10")
    target = tmp_path / "start.safetensors"
    window.features.export.write(target, Kind(".safetensors", ""))
    assert "tensors, initial weights" in settle(window, qtbot)
    with safe_open(target, "np") as file:
        assert file.metadata()["network"] == "NIN (CIFAR-10)"
        total = sum(file.get_tensor(key).size for key in file.keys())  # noqa: SIM118 - no mapping
    assert total == window.session.analysis.parameters


@pytest.mark.slow
def test_onnx_takes_seconds_in_which_the_window_lives(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    target = tmp_path / "net.onnx"
    choose(window, target, ".onnx")
    window.session.diagram.add("ReLU", "extra")
    assert window.features.export.busy
    assert "ONNX, initial weights" in settle(window, qtbot)
    assert target.stat().st_size > 1_000_000


def test_cancelling_leaves_no_file_and_says_nothing(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet34")
    window.features.export.write(tmp_path / "net.onnx", Kind(".onnx", ""))
    (cancel,) = window.toasts.notes[0].buttons
    click(cancel)
    assert not window.features.export.busy and window.toasts.texts == []
    assert list(tmp_path.glob("*.onnx*")) == []


def test_closing_the_window_ends_what_is_under_way(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet34")
    window.features.export.write(tmp_path / "net.onnx", Kind(".onnx", ""))
    window.close()
    assert not window.features.export.busy and list(tmp_path.glob("*.onnx*")) == []


def test_errors_of_the_network_are_shown_in_place_of_a_file(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet34")
    window.session.diagram.set("conv1", groups=7)
    window.features.export.write(tmp_path / "net.py", Kind(".py", ""))
    assert not window.features.export.busy
    (text,) = window.toasts.texts
    assert text.startswith("Not exported. conv1: ")
    assert window.bottom.page == "problems" and not (tmp_path / "net.py").exists()
    window.features.export.write(tmp_path / "net.md", Kind(".md", "", table=True))
    assert "table of" in settle(window, qtbot)


def test_what_cannot_be_written_is_one_sentence(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    window.features.export.write(tmp_path / "nowhere" / "net.py", Kind(".py", ""))
    text = settle(window, qtbot)
    assert text.startswith("Not exported. ") and "there is no folder" in text
    assert window.toasts.notes[0].kind == "problem"


@pytest.mark.parametrize("ending", [".py", ".md"])
def test_a_file_that_the_dialog_did_not_ask_about_is_kept(open_window, qtbot, tmp_path: Path, ending: str) -> None:
    window = open_window("nin_cifar10")
    (tmp_path / f"net.v2{ending}").write_text("mine")
    choose(window, tmp_path / "net.v2", ending)
    assert "there already" in settle(window, qtbot)
    assert (tmp_path / f"net.v2{ending}").read_text() == "mine"


def test_source_goes_to_the_clipboard(open_window, qtbot) -> None:
    window = open_window("nin_cifar10")
    press_key(window.canvas, Qt.Key.Key_E, CONTROL | SHIFT)
    text = settle(window, qtbot)
    assert text.startswith("PyTorch source of NIN (CIFAR-10) copied: ")
    compile(QGuiApplication.clipboard().text(), "clipboard", "exec")


@pytest.fixture
def tiny_run(own_folder: Path) -> Run:
    recipe = with_fields(Recipe(), {"data.source": "digits", "steps": 2, "batch_size": 16})
    return create_run(load_preset("cifar_resnet", n=1), recipe, own_folder / "runs" / "tiny-20260131-142501")


def test_a_folder_for_inference_is_offered_for_a_run_with_weights(open_window, tiny_run: Run, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    action = window.desk.commands.actions["file.export_inference"]
    window.features.training.trainer.attach(tiny_run)
    window.desk.commands.refresh()
    assert not action.isEnabled() and "checkpoint" in action.toolTip()
    tiny_run.checkpoints.write(1, 0.5, lambda folder: [_some_weights(folder)])
    window.desk.commands.refresh()
    assert action.isEnabled()
    action.trigger()
    dialog = window.features.export.dialog
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    assert dialog.isVisible() and line.text() == "tiny-classifier"
    dialog.close()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    window.features.export.write_inference(tmp_path / "full", tiny_run)
    assert "is there already" in window.toasts.texts[0] and not window.features.export.busy


@pytest.mark.slow
def test_a_folder_for_inference_classifies_an_image(open_window, qtbot, tiny_run: Run, tmp_path: Path) -> None:
    from PIL import Image

    from blockstudio.training import train_run

    recipe = with_fields(Recipe(), {"steps": 2, "threads": 1})
    run = create_run(load_preset("cifar_resnet", n=1), recipe, tmp_path / "trained-20260131-142501")
    train_run(run)
    window = open_window("nin_cifar10")
    window.features.training.trainer.attach(run)
    window.desk.commands.run("file.export_inference")
    line = window.features.export.dialog.findChild(QLineEdit, "fileNameEdit")
    line.setText(str(tmp_path / "classifier"))
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert window.features.export.busy and "Writing trained-" in window.toasts.texts[0]
    assert settle(window, qtbot).startswith("classifier: model.pt2 and classify.py. Classify with:")
    Image.new("L", (12, 12), 90).save(tmp_path / "an image.png")
    command = [sys.executable, str(tmp_path / "classifier" / "classify.py"), str(tmp_path / "an image.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{tmp_path / 'an image.png'}: ") and done.stdout.strip().endswith("%)")


def test_a_run_in_view_offers_its_trained_weights_once_it_has_any(open_window, tiny_run: Run) -> None:
    window = open_window("nin_cifar10")
    window.features.training.trainer.attach(tiny_run)
    assert len(window.features.export.offered()) == len(kinds())
    tiny_run.checkpoints.write(1, 0.5, lambda folder: [_some_weights(folder)])
    trained = [kind for kind in window.features.export.offered() if kind.run]
    assert [kind.ending for kind in trained] == [".onnx", ".pt2", ".safetensors", ".pt", ".pth"]
    assert trained[2].title == "Weights, safetensors of the trained run tiny 31 Jan 14:25"
    press_key(window.canvas, Qt.Key.Key_E, CONTROL)
    dialog = window.features.export.dialog
    assert dialog is not None and len(dialog.nameFilters()) == len(kinds()) + 5
    dialog.close()


def _some_weights(folder: Path) -> str:
    (folder / "model.safetensors").write_bytes(b"weights")
    return "model.safetensors"


def test_weights_that_were_loaded_are_what_is_offered_first(open_window, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    window.session.initial_weights.change(weights=str(tmp_path / "good.safetensors"), partial=True)
    titles = [kind.title for kind in window.features.export.offered()]
    assert titles[:7] == [
        "PyTorch source", "ONNX with the weights of good.safetensors",
        "torch.export program with the weights of good.safetensors",
        "Weights, safetensors with the weights of good.safetensors",
        "Weights, state dict with the weights of good.safetensors",
        "Weights, state dict (.pth) with the weights of good.safetensors", "ONNX with initial weights",
    ]  # fmt: skip
    assert window.features.export.offered()[1].partial


@pytest.mark.slow
def test_weights_that_were_loaded_go_into_the_export(open_window, qtbot, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    window = open_window("nin_cifar10")
    window.features.export.write(tmp_path / "a.safetensors", Kind(".safetensors", ""))
    settle(window, qtbot)
    tensors = {key: tensor + 1 for key, tensor in load_file(tmp_path / "a.safetensors").items()}
    save_file(tensors, tmp_path / "good.safetensors")
    window.session.initial_weights.change(weights=str(tmp_path / "good.safetensors"))
    kind = next(kind for kind in window.features.export.offered() if kind.ending == ".safetensors")
    window.features.export.write(tmp_path / "b.safetensors", kind)
    assert settle(window, qtbot).endswith("tensors, weights of good.safetensors.")
    found = load_file(tmp_path / "b.safetensors")
    assert all((found[key] == tensor).all() for key, tensor in tensors.items()) and len(found) == len(tensors)
    tensors.pop(next(iter(tensors)))
    save_file(tensors, tmp_path / "good.safetensors")
    window.features.export.write(tmp_path / "c.safetensors", kind)
    assert settle(window, qtbot).startswith("Not exported. ") and not (tmp_path / "c.safetensors").exists()
    window.features.export.write(tmp_path / "c.safetensors", replace(kind, partial=True))
    assert "weights of good.safetensors" in settle(window, qtbot)


@pytest.mark.slow
def test_trained_weights_go_into_a_file(open_window, qtbot, tiny_run: Run, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    window.features.training.trainer.go_on(tiny_run)
    trainer = window.features.training.trainer
    qtbot.waitUntil(lambda: trainer.data is not None and trainer.data.status == "finished", timeout=PATIENCE)
    kind = next(kind for kind in window.features.export.offered() if kind.run and kind.ending == ".safetensors")
    window.features.export.write(tmp_path / "trained.safetensors", kind)
    assert "weights of" in settle(window, qtbot)
    assert (tmp_path / "trained.safetensors").exists()


def test_an_empty_diagram_offers_nothing_to_export(open_window) -> None:
    window = open_window()
    window.documents.new()
    assert not window.commands.actions["file.export"].isEnabled()
    assert not window.commands.run("file.copy_source")


def test_the_dialog_is_a_file_dialog_for_saving(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.features.export.ask()
    dialog = window.features.export.dialog
    assert dialog is not None and dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    assert dialog.nameFilters()[0] == "PyTorch source (*.py)"
    assert Path(dialog.selectedFiles()[0]).name == "resnet-18.py"
    dialog.close()


def test_a_table_that_cannot_be_written_is_told_in_words(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    kind = next(kind for kind in kinds() if kind.ending == ".md")
    for force in (False, True):
        window.features.export.write(tmp_path / ("x" * 300 + ".md"), kind, force=force)
        assert "it cannot be written: file name too long" in settle(window, qtbot)
    (tmp_path / "d.md").mkdir()
    window.features.export.write(tmp_path / "d.md", kind)
    assert "it is a folder" in settle(window, qtbot)
