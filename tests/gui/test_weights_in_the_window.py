"""Load weights…, freeze, train: real files of weights, real dialogs, a real process that reads them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from safetensors.numpy import load_file, save, save_file

from blockstudio.blocks import Parameter
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetDeclarations
from blockstudio.graph.format import dumps
from blockstudio.graph.format import save as save_diagram
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.weights.inspector_section import FreezeLine
from tests.support.hands import click, press_key

PATIENCE = 240_000
CONTROL = Qt.KeyboardModifier.ControlModifier


def small(classes: int = 10) -> Diagram:
    diagram = Diagram("small")
    count = Parameter(kind="int", default=classes, minimum=1)
    diagram.history.do(SetDeclarations(scope="", parameters={"num_classes": count}))
    chain = [
        diagram.add("Input", "input", shape=[1, 8, 8]),
        diagram.add("Conv2d", "conv1", out_channels=4, kernel_size=3, padding=1, stride=2),
        diagram.add("BatchNorm2d", "bn1"),
        diagram.add("ReLU", "relu1"),
        diagram.add("Flatten", "flatten"),
        diagram.add("Linear", "fc", out_features="num_classes"),
        diagram.add("Output", "output"),
    ]
    for source, target in pairwise(chain):
        diagram.connect(source, target)
    return diagram


def weights(classes: int = 10) -> dict[str, np.ndarray]:
    """A state dict of `small`."""
    random = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "conv1.weight": (4, 1, 3, 3), "conv1.bias": (4,), "bn1.weight": (4,), "bn1.bias": (4,),
        "bn1.running_mean": (4,), "bn1.running_var": (4,), "fc.weight": (classes, 64), "fc.bias": (classes,),
    }  # fmt: skip
    found = {key: random.normal(0, 0.3, shape).astype(np.float32) for key, shape in shapes.items()}
    found["bn1.running_var"] = np.abs(found["bn1.running_var"]) + 1
    found["bn1.num_batches_tracked"] = np.array(7, np.int64)
    return found


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "small.blocks.json"
    save_diagram(small(), path)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trained.safetensors"
    save_file(weights(7), path)
    return path


def choose(window: StudioWindow, file: Path) -> None:
    """Load weights… from the line of commands, and answer the dialog."""
    press_key(window.canvas, Qt.Key.Key_K, CONTROL)
    QTest.keyClicks(window.command_line.line, "pretrained")
    press_key(window.command_line.line, Qt.Key.Key_Return)
    dialog = window.features.weights.dialog
    assert dialog is not None and dialog.isVisible()
    assert "*.safetensors" in dialog.nameFilters()[0] and "*.pth" in dialog.nameFilters()[0]
    dialog.fileSelected.emit(str(file))
    dialog.close()


def answered(window: StudioWindow, qtbot) -> None:
    qtbot.waitUntil(lambda: not window.features.weights.busy, timeout=PATIENCE)
    panel = window.features.weights.panel
    assert panel is None or panel.result_shown is not None


def rows(window: StudioWindow) -> dict[str, list[str]]:
    """What the list says, by group."""
    tree = window.features.weights.panel.list
    tops = [tree.topLevelItem(index) for index in range(tree.topLevelItemCount())]
    return {
        top.text(0): [f"{top.child(at).text(0)} {top.child(at).text(1)}".strip() for at in range(top.childCount())]
        for top in tops
    }


@pytest.mark.slow
def test_a_classifier_is_kept_aside_the_rest_is_frozen_and_stays_to_the_last_bit(
    open_window, qtbot, net: Path, file: Path
) -> None:
    window = open_window(net)
    before = dumps(window.session.diagram)
    choose(window, file)
    panel = window.features.weights.panel
    assert panel.isVisible() and not panel.isModal() and "Reading" in panel.headline.text()
    assert not panel.use.isVisible(), "there is nothing to use yet"
    answered(window, qtbot)
    assert panel.headline.text() == "7 of the network's 9 tensors are in the file and fit."
    assert "fc" in panel.detail.text() and "7 classes in the file and 10 here" in panel.detail.text()
    assert "unless the data have 7 classes" in panel.detail.text(), "then the run has as many, and takes it"
    assert rows(window) == {
        "Classifier, kept aside · 2": ["fc.weight 10×64 here, 7×64 in the file", "fc.bias 10 here, 7 in the file"]
    }
    press_key(panel.use, Qt.Key.Key_Return)
    assert window.features.weights.panel is None and window.features.training.trainer.recipe.start.weights == str(file)
    assert not window.features.training.trainer.recipe.start.partial
    (note,) = window.toasts.notes
    assert note.label.text() == "Training of small begins with trained.safetensors."
    freeze = next(button for button in note.buttons if "Freeze all but" in button.text())
    click(freeze)
    assert window.features.training.trainer.recipe.start.freeze == ("conv1", "bn1")
    assert dumps(window.session.diagram) == before and not window.session.dirty

    assert window.features.training.trainer.set_fields({"steps": 40, "lr": 0.02, "threads": 1})
    click(window.features.training.bar.train)
    qtbot.waitUntil(lambda: window.features.training.trainer.data is not None, timeout=PATIENCE)
    data = window.features.training.trainer.data
    qtbot.waitUntil(lambda: bool(data.finished or data.trouble), timeout=PATIENCE)
    assert data.trouble is None
    assert len(window.toasts.texts) == 1, "the run's notes, in place of the one that it would begin so"
    after, given = load_file(data.run.checkpoints.all()[-1].model), weights(7)
    for key in given:
        if not key.startswith("fc."):
            assert np.array_equal(after[key], given[key]), key
    assert after["fc.weight"].shape == (10, 64)
    assert data.finished["test_accuracy"] > 0.4, "the classifier learns on what it is given"
    assert any("fc keeps its initial values" in text for text in data.notes)
    figures = window.features.training.panel.figures.figures
    qtbot.waitUntil(lambda: figures.figure("trained parameters") == f"{10 * 64 + 10:,}")


class Trap:
    """A pickle of it makes a folder when it is executed."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param("truncated", "damaged", marks=pytest.mark.slow),
        pytest.param("trap", "never executed", marks=pytest.mark.slow),
        pytest.param("another", "not one key", marks=pytest.mark.slow),
        pytest.param("gone", "no such file", marks=pytest.mark.slow),
        pytest.param("not numbers", "conv1.weight holds values that are not numbers", marks=pytest.mark.slow),
    ],
)
def test_a_bad_file_is_one_sentence_and_nothing_is_executed(
    open_window, qtbot, net: Path, tmp_path: Path, kind: str, said: str
) -> None:
    bad = tmp_path / f"{kind}.pt"
    if kind == "truncated":
        bad = bad.with_suffix(".safetensors")
        bad.write_bytes(save(weights())[:-9])
    elif kind == "trap":
        bad.write_bytes(pickle.dumps(Trap(tmp_path / "ran")))
    elif kind == "another":
        bad = bad.with_suffix(".safetensors")
        save_file({f"encoder.{key}.w": value for key, value in weights().items()}, bad)
    elif kind == "not numbers":
        bad = bad.with_suffix(".safetensors")
        save_file({**weights(), "conv1.weight": np.full((4, 1, 3, 3), np.nan, np.float32)}, bad)
    window = open_window(net)
    before, start = dumps(window.session.diagram), window.session.initial_weights.value
    window.features.weights.look(bad)
    qtbot.waitUntil(lambda: bool(window.toasts.texts), timeout=PATIENCE)
    (text,) = window.toasts.texts
    assert text.startswith("Weights not loaded: ") and bad.name in text and said in text.lower() and "\n" not in text
    assert not (tmp_path / "ran").exists()
    assert window.features.weights.panel is None and not window.features.weights.busy
    assert dumps(window.session.diagram) == before and window.session.initial_weights.value == start
    if kind == "trap":
        pickle.loads(bad.read_bytes())  # noqa: S301 - whoever executes it falls into it
        assert (tmp_path / "ran").exists(), "the trap is a real one"


@pytest.mark.slow
def test_what_does_not_fit_is_listed_with_reasons_and_the_rest_can_be_used(
    open_window, qtbot, net: Path, tmp_path: Path
) -> None:
    found = weights()
    del found["bn1.weight"]
    found |= {"conv1.weight": np.zeros((4, 3, 5, 5), np.float32), "head.weight": np.zeros(2, np.float32)}
    file = tmp_path / "other.safetensors"
    save_file(found, file)
    window = open_window(net)
    drop(window, file)
    answered(window, qtbot)
    panel = window.features.weights.panel
    assert rows(window) == {
        "Of another shape · 1": ["conv1.weight 4×1×3×3 here, 4×3×5×5 in the file"],
        "Not in the file · 1": ["bn1.weight"],
        "Only in the file · 1": ["head.weight"],
    }
    assert panel.use.text() == "Use what fits"
    click(panel.use)
    assert (
        window.features.training.trainer.recipe.start.partial
        and window.features.training.trainer.recipe.start.weights == str(file)
    )


@pytest.mark.slow
def test_a_switch_under_which_everything_fits_is_offered_as_a_link(open_window, qtbot, tmp_path: Path) -> None:
    diagram = small()
    declared = {**diagram.parameters, "wide": Parameter(kind="bool", default=True)}
    diagram.history.do(SetDeclarations(scope="", parameters=declared))
    diagram.set("conv1", out_channels="8 if wide else 4")
    save_diagram(diagram, tmp_path / "wide.blocks.json")
    save_file(weights(), tmp_path / "narrow.safetensors")
    window = open_window(tmp_path / "wide.blocks.json")
    window.features.weights.look(tmp_path / "narrow.safetensors")
    answered(window, qtbot)
    panel = window.features.weights.panel
    click(next(button for button in panel.findChildren(QPushButton) if "look again" in button.text()))
    assert window.session.diagram.parameters["wide"].default is False
    assert window.session.diagram.history.undo_label == "Set wide"
    answered(window, qtbot)
    assert window.features.weights.panel.headline.text() == "Every one of 9 tensors fits."


def drop(window: StudioWindow, file: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    what = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entering = QDragEnterEvent(QPoint(700, 10), *what)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(700, 10), *what))


@pytest.mark.parametrize("how", ["escape", "cancel", "close the tab", "close the window"])
def test_reading_can_be_left_at_any_time(open_window, qtbot, net: Path, file: Path, how: str) -> None:
    window = open_window(net)
    drop(window, file)
    panel = window.features.weights.panel
    qtbot.waitUntil(panel.isVisible)
    assert window.features.weights.busy
    match how:
        case "escape":
            press_key(panel, Qt.Key.Key_Escape)
        case "cancel":
            click(panel.leave)
        case "close the tab":
            window.documents.close()
        case "close the window":
            window.close()
    assert not window.features.weights.busy and window.features.weights.panel is None
    assert not window.session.initial_weights.value.weights


@pytest.mark.slow
def test_a_network_that_was_edited_meanwhile_is_compared_again(open_window, qtbot, net: Path, file: Path) -> None:
    window = open_window(net)
    drop(window, file)
    answered(window, qtbot)
    window.session.diagram.set("conv1", out_channels=5)
    click(window.features.weights.panel.use)
    assert window.session.initial_weights.value.weights == "" and window.features.weights.busy
    assert "edited" in window.features.weights.panel.detail.text()
    answered(window, qtbot)
    assert not window.features.weights.panel.result_shown.complete
    click(window.features.weights.panel.use)
    assert window.session.initial_weights.value.weights == str(file) and window.session.initial_weights.value.partial


def test_weights_belong_to_the_document(open_window, net: Path, file: Path) -> None:
    window = open_window(net)
    window.session.initial_weights.change(weights=str(file), freeze=("conv1",))
    window.documents.open_now("nin_cifar10")
    assert (
        window.features.training.trainer.recipe.start.weights == ""
        and window.features.training.trainer.recipe.start.freeze == ()
    )
    window.documents.turn_to(0)
    assert window.features.training.trainer.recipe.start.weights == str(file)


def test_weights_are_taken_off_in_the_recipe(open_window, net: Path, file: Path) -> None:
    window = open_window(net)
    window.session.initial_weights.change(weights=str(file))
    window.desk.show_page("recipe")
    field = window.features.training.recipe.fields["start.weights"]
    QApplication.processEvents()
    assert file.name in field.name.accessibleName()
    click(field.off)
    assert window.session.initial_weights.value.weights == "" and field.name.text() == "Load…"


def test_a_file_is_looked_into_only_for_a_network(open_window, file: Path) -> None:
    window = open_window()
    drop(window, file)
    assert "no network" in window.toasts.texts[0] and not window.features.weights.busy
    window.session.diagram.add("Conv2d", "conv1")
    drop(window, file)
    assert "without errors" in window.toasts.texts[0] and not window.features.weights.busy


# Freezing


def freezing(window) -> FreezeLine:
    """The line *Frozen* on the inspector's page of a block."""
    (line,) = window.features.inspector.page.findChildren(FreezeLine)
    return line


def box(window: StudioWindow):
    return freezing(window).box


def frozen(window: StudioWindow, name: str) -> str:
    return window.canvas.scene.stage.facts.content(name).frozen


def test_a_block_is_frozen_from_the_inspector_and_its_card_says_so(open_window, qtbot) -> None:
    window = open_window("resnet18")
    session = window.session
    before = dumps(session.diagram)
    session.select(["layer1"])
    window.canvas.reveal("layer1")
    QApplication.processEvents()
    window.features.inspector.ensureWidgetVisible(box(window))
    drawn = window.canvas.grab().toImage()
    press_key(box(window), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: frozen(window, "layer1") == "all")
    assert window.canvas.grab().toImage() != drawn
    assert session.initial_weights.value.freeze == ("layer1",) and frozen(window, "layer2") == ""
    assert session.initial_weights.parameters == (11_689_512 - 147_968, 11_689_512)
    assert dumps(session.diagram) == before and not session.dirty
    press_key(box(window), Qt.Key.Key_Space)
    assert session.initial_weights.value.freeze == ()


def test_inside_a_module_only_that_place_is_frozen(open_window, qtbot) -> None:
    window = open_window("resnet18")
    session = window.session
    session.go("layer2.0")
    session.select(["conv1"])
    press_key(box(window), Qt.Key.Key_Space)
    assert session.initial_weights.value.freeze == ("layer2.0.conv1",)
    session.go("layer2.1")
    qtbot.waitUntil(lambda: frozen(window, "conv1") == "")
    session.go("")
    session.select(["layer2"])
    assert frozen(window, "layer2") == "part" and box(window).checkState() is Qt.CheckState.PartiallyChecked
    assert "layer2.0.conv1" in freezing(window).why.text()
    press_key(box(window), Qt.Key.Key_Space)
    assert session.initial_weights.value.freeze == ("layer2",), "what is around counts for what is inside"
    session.go("layer2.1")
    session.select(["bn1"])
    assert box(window).isChecked() and not box(window).isEnabled()
    assert freezing(window).why.text() == "with layer2"
    session.go("@BasicBlock")
    session.select(["bn1"])
    assert not box(window).isEnabled() and frozen(window, "bn1") == ""


def test_everything_before_a_block_is_frozen_with_it(open_window) -> None:
    window = open_window("resnet18")
    window.session.go("layer2.1")
    window.session.select(["conv2"])
    QApplication.processEvents()
    window.features.inspector.ensureWidgetVisible(freezing(window).up_to)
    click(freezing(window).up_to)
    assert set(window.session.initial_weights.value.freeze) == {
        "conv1", "bn1", "layer1", "layer2.0", "layer2.1.conv1", "layer2.1.bn1", "layer2.1.conv2",
    }  # fmt: skip


def test_the_networks_page_freezes_all_but_the_classifier(open_window) -> None:
    window = open_window("resnet18")
    window.session.initial_weights.change(weights="resnet18.pth")
    QApplication.processEvents()
    links = {button.text(): button for button in window.features.inspector.page.findChildren(QPushButton)}
    window.features.inspector.ensureWidgetVisible(links["Freeze all but the classifier"])
    click(links["Freeze all but the classifier"])
    assert window.session.initial_weights.value.freeze == ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")
    assert window.session.initial_weights.parameters[0] == 513_000


def test_the_inspector_is_no_wider_for_a_long_name(open_window) -> None:
    window = open_window("resnet18")
    window.session.initial_weights.change(weights="a-very-long-name-of-a-file-of-weights-from-somewhere-v2.safetensors")
    QApplication.processEvents()
    inspector = window.features.inspector
    assert inspector.widget().minimumSizeHint().width() <= inspector.minimumWidth()
    window.session.select(["layer1"])
    QApplication.processEvents()
    assert freezing(window).minimumSizeHint().width() <= inspector.minimumWidth() - 28


def test_frozen_blocks_keep_being_frozen_under_another_name(open_window) -> None:
    window = open_window("resnet18")
    session = window.session
    session.initial_weights.freeze(["layer1", "layer2.0.conv1", "layer2.1"])
    session.diagram.rename("layer2", "stage")
    session.diagram.rename("conv1", "first", scope="BasicBlock")
    assert session.initial_weights.value.freeze == ("layer1", "stage.0.first", "stage.1")
    session.undo()
    session.undo()
    assert session.initial_weights.value.freeze == ("layer1", "layer2.0.conv1", "layer2.1")


def test_a_removed_block_is_no_longer_frozen_until_undo_brings_it_back(open_window) -> None:
    window = open_window("resnet18")
    session = window.session
    said: list[str] = []
    session.message.connect(said.append)
    session.initial_weights.freeze(["conv1", "layer1"])
    session.select(["layer1"])
    press_key(window.canvas, Qt.Key.Key_Delete)
    QApplication.processEvents()
    assert session.initial_weights.value.freeze == ("conv1",) and any("layer1: gone" in text for text in said)
    assert "layer1: gone" in window.status.message.text(), "and it can be read"
    session.undo()
    QApplication.processEvents()
    assert set(session.initial_weights.value.freeze) == {"conv1", "layer1"} and any(
        "layer1: back" in text for text in said
    )
    assert "layer1: back" in window.status.message.text()


def test_after_unfreezing_all_undo_brings_nothing_back_frozen(open_window) -> None:
    window = open_window("resnet18")
    session = window.session
    session.initial_weights.freeze(["conv1", "layer1"])
    session.select(["layer1"])
    session.delete_selection()
    session.initial_weights.change(freeze=())
    session.undo()
    assert "layer1" in session.definition.graph and session.initial_weights.value.freeze == ()


def test_a_path_that_names_nothing_is_told_in_the_recipe(open_window, qtbot) -> None:
    window = open_window("nin_cifar10")
    window.desk.show_page("recipe")
    assert window.features.training.trainer.set_fields({"start.freeze": "mlpconv9"})
    qtbot.waitUntil(lambda: "mlpconv9" in window.features.training.recipe.summary.text(), timeout=PATIENCE)
    assert "Did you mean mlpconv" in window.features.training.recipe.summary.text()


def test_several_blocks_are_frozen_by_a_command_and_released_by_it(open_window) -> None:
    window = open_window("resnet18")
    window.session.select(["conv1", "layer1"])
    for expected in (("conv1", "layer1"), ()):
        press_key(window.canvas, Qt.Key.Key_K, CONTROL)
        QTest.keyClicks(window.command_line.line, "freeze in")
        press_key(window.command_line.line, Qt.Key.Key_Return)
        assert window.session.initial_weights.value.freeze == expected


@pytest.mark.slow
def test_published_weights_are_asked_for_by_name(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.desk.commands.run("file.published_weights")
    dialog = window.desk.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.textValueSelected.emit("resnet18")  # type: ignore[attr-defined]
    dialog.close()
    note = window.toasts.notes[0]
    assert "names no published weights" in note.label.text() and note.buttons[0].text() == "Try again"
    window.features.weights.look_published(" torchvision:no_such_network ")
    qtbot.waitUntil(lambda: not window.features.weights.busy, timeout=PATIENCE)
    assert "torchvision publishes no weights 'no_such_network'" in window.toasts.texts[0]
    assert window.session.initial_weights.value.weights == ""
