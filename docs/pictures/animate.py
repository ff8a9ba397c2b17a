"""Animations of the real window, driven by keys and the mouse.

    QT_QPA_PLATFORM=offscreen python docs/pictures/animate.py [NAME...] [--to FOLDER]

Each is a GIF of at most 1 MB; without names all are made.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QBuffer, Qt
from PySide6.QtGui import QCursor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings

SIZE, SHOWN = (1200, 750), (840, 525)
"""Of the window, and of the animation, in pixels."""
COLOURS, MOST = 48, 1_000_000
SCALES = (1.0, 0.97, 0.94, 0.9)
"""So large, smaller where the file would be larger than `MOST` bytes: fewer colours would be all of one blue."""
HERE = Path(__file__).parent
Mod = Qt.KeyboardModifier
Key = Qt.Key


class Film:
    """Frames of a window, and the hand in front of it."""

    def __init__(self, app: QApplication, window: StudioWindow, shown: tuple[int, int] = SHOWN) -> None:
        self.app, self.window, self.shown = app, window, shown
        self.frames: list[tuple[Image.Image, int]] = []

    def settle(self, seconds: float = 0.2) -> None:
        """Let the window work."""
        end = time.monotonic() + seconds
        while time.monotonic() < end or self.window.canvas.painter.waits:
            self.app.processEvents()

    def shot(self, ms: int) -> None:
        """One frame, shown for so long; alike ones become one."""
        image = self.window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.ReadWrite)
        image.save(buffer, "PPM")
        frame = Image.open(io.BytesIO(bytes(buffer.data().data())))
        frame.load()
        if self.frames and self.frames[-1][0].tobytes() == frame.tobytes():
            self.frames[-1] = frame, self.frames[-1][1] + ms
        else:
            self.frames.append((frame, ms))

    def glide(self, count: int = 3) -> None:
        """What moves, in a few frames."""
        for _ in range(count):
            self.settle(0.045)
            self.shot(50)
        self.settle()

    def key(self, key: Key, modifiers: Mod = Mod.NoModifier) -> None:
        QTest.keyClick(self.app.focusWidget() or self.window.canvas, key, modifiers)
        self.app.processEvents()

    def add(self, text: str, ms: int = 420) -> None:
        """Tab, words, Enter."""
        self.key(Key.Key_Tab)
        QTest.keyClicks(self.app.focusWidget(), text)
        self.settle(0.1)
        self.shot(ms)
        self.key(Key.Key_Return)
        self.glide(2)
        self.shot(220)

    def write(self, file: Path) -> None:
        """The animation, with one palette; raises `ValueError` if it is too large at every scale."""
        for scale in SCALES:
            self._write(file, (round(self.shown[0] * scale), round(self.shown[1] * scale)))
            size = file.stat().st_size
            print(f"{file.name}: {len(self.frames)} frames, {scale:.0%}, {size / 1000:,.0f} kB")
            if size <= MOST:
                return
        raise ValueError(f"{file} is larger than {MOST:,} bytes")

    def _write(self, file: Path, size: tuple[int, int]) -> None:
        frames = [frame.resize(size, Image.Resampling.LANCZOS) for frame, _ in self.frames]
        some = frames[:: max(1, len(frames) // 12)]
        sheet = Image.new("RGB", (size[0], size[1] * len(some)))
        for row, frame in enumerate(some):
            sheet.paste(frame, (0, row * size[1]))
        palette = sheet.quantize(COLOURS, dither=Image.Dither.NONE)
        images = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        images[0].save(
            file, save_all=True, append_images=images[1:], duration=[ms for _, ms in self.frames], loop=0,
            optimize=False, disposal=1,
        )  # fmt: skip


def inception(film: Film) -> None:
    """The Inception module drawn with keys alone, then trained on digits while the curves move."""
    window = film.window
    window.desk.set_shown("bottom", False)
    window.canvas.setFocus()
    film.settle()
    film.shot(600)
    for step in (
        "in 1 8 8", "1x1 16", "[", "1x1 12", "3x3 24", "[", "[", "1x1 4", "5x5 8", "[", "[", "same", "1x1 8",
    ):  # fmt: skip
        if step == "[":
            film.key(Key.Key_BracketLeft)
            film.settle(0.05)
        else:
            film.add(step)
    film.key(Key.Key_E)
    film.shot(300)
    for step in ("c", "relu", "gap", "flatten", "linear 10", "ou"):
        film.add(step, 300)
    film.key(Key.Key_L, Mod.ControlModifier)
    film.glide(4)
    window.canvas.fit()
    film.settle(0.4)
    film.shot(1200)
    trainer = window.features.training.trainer
    trainer.set_fields({"data.source": "digits", "steps": 400, "optimizer.lr": 0.1})
    window.desk.set_shown("bottom", True)
    QTest.mouseClick(window.features.training.bar.train, Qt.MouseButton.LeftButton)
    film.settle(1.0)
    window.canvas.fit()
    last, end = -1, time.monotonic() + 150
    while time.monotonic() < end:
        film.settle(0.25)
        data = trainer.data
        done = int(data.steps.size) if data is not None else 0
        if done > last + 12:
            film.shot(140)
            last = done
        if data is not None and not data.active and done:
            break
    film.settle(0.8)
    film.shot(2500)


def room(film: Film) -> None:
    """A block put into a wire: what is downstream makes room; deleted, the gap closes; undone, all is as before."""
    window, canvas = film.window, film.window.canvas
    window.documents.open_now("resnet18")
    window.desk.set_shown("bottom", False)
    film.settle(0.5)
    canvas.zoom_to(1.0)
    canvas.reveal("conv1")
    film.settle()
    film.shot(900)
    canvas.scene.select_wires([wire for wire in window.session.definition.wires() if wire.source == "bn1"])
    canvas.setFocus()
    film.settle()
    film.shot(500)
    film.add("dropout", 700)
    film.glide(4)
    film.shot(900)
    film.key(Key.Key_Delete)
    film.glide(5)
    film.shot(900)
    film.key(Key.Key_Z, Mod.ControlModifier)
    film.glide(5)
    film.shot(700)


def group(film: Film) -> None:
    """Blocks made a module with one key, opened in place, and dissolved again."""
    window = film.window
    window.documents.open_now("module_inception")
    window.desk.set_shown("bottom", False)
    film.settle(0.5)
    film.shot(800)
    names = [name for name, block in window.session.definition.blocks() if block.type not in ("Input", "Output")]
    window.session.select(names)
    film.shot(800)
    film.key(Key.Key_G, Mod.ControlModifier)
    film.glide(4)
    film.settle(0.3)
    film.shot(1100)
    (made,) = window.session.selection
    window.canvas.toggle_frame(made)
    window.canvas.fit()
    film.settle(0.3)
    film.shot(1300)
    window.session.undo()
    window.canvas.fit()
    film.settle(0.3)
    film.shot(900)


def difference(film: Film) -> None:
    """Two states of a network side by side, gone through one difference after the other."""
    window, session = film.window, film.window.session
    window.documents.open_now("resnet34")
    film.settle(0.4)
    settings.data_folder().mkdir(parents=True, exist_ok=True)
    session.save(settings.data_folder() / "resnet34.json")
    session.select(["maxpool"])
    window.canvas.delete()
    session.select(["relu"])
    window.canvas.insert_block("Dropout", {})
    film.settle(0.4)
    film.shot(900)
    window.commands.run("split.saved")
    film.settle(0.5)
    film.shot(1300)
    for _ in range(3):
        window.commands.run("split.next")
        film.settle(0.3)
        film.shot(1100)


FILMS: dict[str, Callable[[Film], None]] = {
    "inception": inception, "room": room, "group": group, "difference": difference,
}  # fmt: skip


def make(name: str, folder: Path) -> None:
    """One animation."""
    app = application(dark=False)
    with tempfile.TemporaryDirectory() as own:
        settings.use_folder(Path(own))
        window = StudioWindow(Path(own) / "runs", remember=False)
        window.resize(*SIZE)
        QCursor.setPos(*SIZE)
        window.show()
        window.activateWindow()
        film = Film(app, window)
        film.settle(0.3)
        try:
            FILMS[name](film)
            film.write(folder / f"{name}.gif")
        finally:
            window.stop()
            window.hide()
            QWidget.deleteLater(window)
            app.processEvents()
            settings.use_folder(None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FILMS))
    parser.add_argument("--to", type=Path, default=HERE)
    given = parser.parse_args()
    for name in given.names or FILMS:
        make(name, given.to)


if __name__ == "__main__":
    main()
