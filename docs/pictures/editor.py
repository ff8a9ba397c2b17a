"""Pictures of the editor for the documentation, made by the real window.

    QT_QPA_PLATFORM=offscreen python docs/pictures/editor.py [NAME...] [--to FOLDER]

Pictures are of at most 200 kB; without names all are made.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

import blockstudio as bs
from blockstudio.graph.annotations import Annotation, Frame, Note
from blockstudio.graph.edits import SetFrame, SetNote
from blockstudio.gui.app.application import application
from blockstudio.gui.refactor.feature import offers
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings

SIZE, MOST = (1280, 800), 200_000
HERE = Path(__file__).parent
PASTED = """self.stem = nn.Sequential(
    nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
"""

WHY = """# Inception module

Four branches see **one** input at four scales, see [the paper](https://arxiv.org/abs/1409.4842).

- `1×1` reduces first
- *Concat* stacks the maps

> Going deeper
"""
COSTS = """| branch | MACs |
| --- | --- |
| 3×3 | 101 M |
| 5×5 | 12 M |
"""


class Hand:
    """The window and what is done in front of it."""

    def __init__(self, app: QApplication, window: StudioWindow, folder: Path) -> None:
        self.app, self.window, self.folder = app, window, folder

    def settle(self, seconds: float = 0.6) -> None:
        """Let the window work."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents()

    def open(self, preset: str | Path) -> None:
        """A preset or a file, in full view, without the panel below."""
        self.window.documents.open_now(preset)
        self.window.commands.run("view.bottom")
        self.settle()
        self.window.canvas.setFocus()
        self.window.canvas.fit()
        self.settle()

    def middle(self, name: str) -> QPoint:
        """The middle of a block on the canvas."""
        canvas = self.window.canvas
        return canvas.camera.to_view(canvas.block_rect(name).center()).toPoint()

    def drag(
        self, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:  # fmt: skip
        """Press and move; the button stays down for the picture."""
        canvas = self.window.canvas
        QTest.mousePress(canvas, button, modifiers, start)
        for step in range(1, 9):
            QTest.mouseMove(canvas, start + (end - start) * step / 8)
            self.app.processEvents()


def right(hand: Hand) -> QWidget:
    """A network drawn from left to right."""
    hand.open("googlenet")
    hand.window.commands.run("view.direction", True)
    return hand.window


def letters(hand: Hand) -> QWidget:
    """Letters on the ports that a wire can be drawn to by keys."""
    hand.open("module_inception")
    hand.window.session.select(["pool"])
    QTest.keyClick(hand.window.canvas, Qt.Key.Key_W)
    return hand.window


def several(hand: Hand) -> QWidget:
    """The fields that several blocks share."""
    hand.open("module_inception")
    hand.window.session.select(["conv3x3", "conv5x5", "reduce3x3", "reduce5x5"])
    return hand.window


def pasted(hand: Hand) -> QWidget:
    """PyTorch lines from the clipboard as wired blocks."""
    hand.window.commands.run("file.new")
    hand.window.commands.run("view.bottom")
    hand.settle()
    QApplication.clipboard().setText(PASTED)
    hand.window.commands.run("edit.paste")
    hand.settle()
    hand.window.canvas.fit()
    return hand.window


def guides(hand: Hand) -> QWidget:
    """A block that is dragged falls in line with its neighbours."""
    hand.open("module_inception")
    start = hand.middle("relu1")
    hand.drag(start, QPoint(start.x() + 3, hand.middle("conv3x3").y() - 2))
    return hand.window.canvas


def cut(hand: Hand) -> QWidget:
    """A line drawn with Ctrl and the right button through wires."""
    hand.open("module_inception")
    canvas = hand.window.canvas
    left, low = hand.middle("relu1"), hand.middle("relu3")
    hand.drag(
        QPoint(left.x() - 50, low.y() - 30), QPoint(low.x() + 60, low.y() + 62),
        Qt.MouseButton.RightButton, Qt.KeyboardModifier.ControlModifier,
    )  # fmt: skip
    return canvas


def circle(hand: Hand) -> QWidget:
    """A wire that would close a circle shows the way it would close."""
    hand.open("module_inception")
    canvas = hand.window.canvas
    start = canvas.port_point("concat", "out", "out").toPoint()
    hand.drag(start, canvas.port_point("conv1x1", "in", "in").toPoint())
    return canvas


def order(hand: Hand) -> QWidget:
    """A wire of a Concat chosen by key, to be moved among its inputs."""
    hand.open("module_inception")
    canvas = hand.window.canvas
    name = next(name for name, block in hand.window.session.definition.blocks() if block.type == "Concat")
    hand.window.session.select([name])
    for _ in range(2):
        QTest.keyClick(canvas, Qt.Key.Key_I)
    return canvas


def shortcuts(hand: Hand) -> QWidget:
    """The sheet of all keys."""
    hand.open("module_inception")
    hand.window.commands.run("help.shortcuts")
    hand.settle()
    dialog = hand.window.desk.dialog
    assert dialog is not None
    dialog.resize(640, 640)
    return dialog


def found(hand: Hand) -> QWidget:
    """Blocks found by type, parameter and module."""
    hand.open("resnet34")
    hand.window.commands.run("find.block")
    hand.settle()
    QTest.keyClicks(hand.window.features.find.line, "layer3 conv 256")
    return hand.window


def search(hand: Hand) -> QWidget:
    """The search at the end of a wire, with a ghost of what would come."""
    hand.open("googlenet")
    canvas = hand.window.canvas
    canvas.camera.zoom_to(1.2, canvas.camera.to_view(canvas.block_rect("dropout").center()))
    hand.settle()
    start = canvas.port_point("inception_4a", "output", "out").toPoint()
    place = canvas.camera.to_view(canvas.block_rect("dropout").center()).toPoint() + QPoint(150, 40)
    hand.drag(start, place)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    hand.settle()
    QTest.keyClicks(hand.app.focusWidget(), "pool")
    hand.settle()
    return canvas


def unrolled(hand: Hand) -> QWidget:
    """A network of 152 layers with every repeat unrolled and every module open."""
    hand.window.documents.open_now("resnet152")
    for command in ("view.bottom", "view.unrolled"):
        hand.window.commands.run(command)
        hand.settle(1.5)
    for _ in range(2):
        hand.window.commands.run("view.open_all")
        hand.settle(1.5)
    hand.window.canvas.fit()
    return hand.window


def notes(hand: Hand) -> QWidget:
    """Two frames, a note in Markdown, and a table in one."""
    diagram = bs.load("module_inception")
    diagram.edit("Notes", [
        SetFrame(scope="", name="three", frame=Frame(
            blocks=("reduce3x3", "relu2", "conv3x3", "relu3"), title="Reduce, then 3×3", colour="blue")),
        SetFrame(scope="", name="five", frame=Frame(
            blocks=("reduce5x5", "relu4", "conv5x5", "relu5"), title="Reduce, then 5×5", colour="violet")),
        SetNote(scope="", name="why", note=Note(text=WHY, at=(420, 0))),
        SetNote(scope="", name="costs", note=Note(text=COSTS, at=(420, 170), width=180, colour="green")),
    ])  # fmt: skip
    hand.open(saved(hand, diagram))
    hand.window.session.select((), [Annotation("note", "why")])
    return hand.window


def convert(hand: Hand) -> QWidget:
    """A 5×5 as two 3×3, on the drawing before it is done."""
    hand.open(saved(hand, net()))
    hand.window.desk.set_shown("palette", False)
    hand.window.session.select(["conv2"])
    hand.settle(2)
    hand.window.canvas.camera.pan(190, -90)
    hand.settle()
    hand.window.desk.preview_wanted.emit(offers(hand.window.desk)[0])
    return hand.window


def hint(hand: Hand) -> QWidget:
    """What could be better, beside the block, with what helps."""
    hand.open(saved(hand, net()))
    hand.window.session.select(["pool1"])
    return hand.window


def net() -> bs.Diagram:
    """A network that pools before it widens, with a large kernel."""
    net = bs.Builder("net", input=(3, 32, 32))
    for number, (width, size) in enumerate(((64, 3), (64, 5), (256, 3)), start=1):
        net.add("Conv2d", f"conv{number}", out_channels=width, kernel_size=size, padding=size // 2)
        net.add("BatchNorm2d", f"bn{number}")
        net.add("ReLU", f"relu{number}")
        if number == 2:
            net.add("MaxPool2d", "pool1", kernel_size=4, stride=4)
    net.add("GlobalAvgPool", "pool2")
    net.add("Flatten", "flatten")
    net.add("Linear", "fc", out_features=10)
    return net.finish()


def saved(hand: Hand, diagram: bs.Diagram) -> Path:
    """The diagram as a file that the window can open."""
    file = hand.folder / f"{diagram.name}.blocks.json"
    bs.save(diagram, file)
    return file


PICTURES: dict[str, Callable[[Hand], QWidget]] = {
    each.__name__: each
    for each in (
        right, letters, several, pasted, guides, cut, circle, order, shortcuts, found, search, unrolled,
        notes, convert, hint,
    )
}  # fmt: skip


def main() -> int:
    """Make the pictures that are named, or all; 1 if one is too large."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    arguments.add_argument("--to", type=Path, default=HERE)
    given = arguments.parse_args()
    app = application(dark=False)
    too_large = False
    with tempfile.TemporaryDirectory() as folder:
        settings.use_folder(Path(folder))
        for name in given.names or PICTURES:
            window = StudioWindow()
            window.resize(*SIZE)
            window.show()
            hand = Hand(app, window, Path(folder))
            hand.settle()
            shown = PICTURES[name](hand)
            hand.settle()
            target = given.to / f"{name}.png"
            shown.grab().save(str(target))
            picture = Image.open(target).convert("RGB").quantize(128)
            picture.save(target, optimize=True)
            too_large |= target.stat().st_size > MOST
            print(f"{target.name}: {target.stat().st_size:,} bytes")
            window.canvas.cancel_gesture()
            window.stop()
            window.hide()
            window.deleteLater()
            app.processEvents()
    return int(too_large)


if __name__ == "__main__":
    raise SystemExit(main())
