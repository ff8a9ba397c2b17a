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
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings

SIZE, MOST = (1280, 800), 200_000
HERE = Path(__file__).parent
PASTED = """self.stem = nn.Sequential(
    nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
"""


class Hand:
    """The window and what is done in front of it."""

    def __init__(self, app: QApplication, window: StudioWindow) -> None:
        self.app, self.window = app, window

    def settle(self, seconds: float = 0.6) -> None:
        """Let the window work."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents()

    def open(self, preset: str) -> None:
        """A preset, in full view, without the panel below."""
        self.window.documents.open_now(preset)
        self.window.commands.run("view.bottom")
        self.settle()
        self.window.canvas.setFocus()
        self.window.canvas.fit()
        self.settle()


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


PICTURES: dict[str, Callable[[Hand], QWidget]] = {each.__name__: each for each in (right, letters, several, pasted)}


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
            hand = Hand(app, window)
            hand.settle()
            shown = PICTURES[name](hand)
            hand.settle()
            target = given.to / f"{name}.png"
            shown.grab().save(str(target))
            picture = Image.open(target).convert("RGB").quantize(128)
            picture.save(target, optimize=True)
            too_large |= target.stat().st_size > MOST
            print(f"{target.name}: {target.stat().st_size:,} bytes")
            window.stop()
            window.hide()
            window.deleteLater()
            app.processEvents()
    return int(too_large)


if __name__ == "__main__":
    raise SystemExit(main())
