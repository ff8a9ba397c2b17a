"""*Try an image*: a picture from outside, as it is and as the network sees it, and what the network says."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTemporaryDir
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from blockstudio.answers import Answer
from blockstudio.errors import StudioError
from blockstudio.formats import PIXELS
from blockstudio.graph.files import open_regular, write_atomic
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.page import image_of, section_title
from blockstudio.gui.kit.parts import link, quiet
from blockstudio.gui.kit.pictures import pixels_of
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.gui.work.child import Child
from blockstudio.gui.work.temporary import temporary_folder

SHOWN, SEEN = 108, 56


class _Bars(QWidget):
    """Classes with their shares."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[str, float]] = []
        self.setAccessibleName(tr("What the network says"))
        notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(210, 110)

    def show_answers(self, answers: list[tuple[str, float]]) -> None:
        self.answers = answers
        self.setMinimumHeight(22 * len(answers))
        self.setAccessibleDescription(", ".join(f"{name} {100 * share:.1f} %" for name, share in answers))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours, width = QPainter(self), theme(), self.width()
        for index, (name, share) in enumerate(self.answers):
            top = 22 * index
            painter.setFont(font(12, bold=index == 0))
            painter.setPen(colours.text if index == 0 else colours.secondary)
            room = QRectF(0, top, 0.42 * width - 6, 22)
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(width - 54, top, 54, 22), right, f"{100 * share:.1f} %")
            bar = QRectF(0.42 * width, top + 8, 0.58 * width - 62, 6)
            painter.fillRect(bar, colours.track)
            painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, 6),
                             colours.accent if index == 0 else colours.secondary)  # fmt: skip


class TryImage(QWidget):
    """A file that is dropped on the window, or chosen. A child process asks the network."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._run: Path | None = None
        self._which = "best"
        self.file: Path | None = None
        self._invert = "auto"
        self.child = Child(self)
        self.child.done.connect(self._took)
        self.dialog: QFileDialog | None = None
        self._folder: QTemporaryDir | None = None
        """For what is pasted."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(section_title(tr("Try an image")))
        head.addWidget(quiet(tr("drop one on the window, or"), wrap=False))
        self.paste = link(tr("paste it"), self.try_clipboard)
        head.addWidget(self.paste)
        head.addStretch(1)
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setProperty("role", "chip")
        self.choose.clicked.connect(self._ask)
        head.addWidget(self.choose)
        column.addLayout(head)
        line = QHBoxLayout()
        line.setSpacing(12)
        self.picture, self.seen, self.seen_text = QLabel(), QLabel(), quiet("", wrap=True)
        self.picture.setAccessibleName(tr("The picture"))
        self.seen.setAccessibleName(tr("The picture as the network sees it"))
        self.seen_text.setFixedWidth(SEEN + 16)
        inner = QVBoxLayout()
        inner.addWidget(self.seen)
        inner.addWidget(self.seen_text)
        inner.addStretch(1)
        self.bars = _Bars()
        line.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(inner)
        line.addWidget(self.bars, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(line)
        foot = QHBoxLayout()
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("role", "secondary")
        self.turn = link("", self._turn)
        self.turn.hide()
        foot.addWidget(self.sentence, 1)
        foot.addWidget(self.turn)
        column.addLayout(foot)
        column.addStretch(1)

    def show_run(self, run: Path, which: str) -> None:
        """The network that is asked from now on."""
        if (run, which) != (self._run, self._which):
            self._run, self._which = run, which
            if self.file is not None:
                self.try_file(self.file, self._invert)

    def try_file(self, file: Path, invert: str = "auto") -> None:
        """Ask the network about a picture."""
        if self._run is None:
            return
        try:
            with open_regular(file):
                self.file, self._invert = file, invert
        except OSError as error:
            self.file = None
            self.picture.clear()
            why = error.strerror or str(error)
            self._say(tr("{file} cannot be read: {why}.", file=file.name, why=why[:1].lower() + why[1:]), "problem")
            return
        image = QImage(str(file))
        self.picture.setPixmap(_fitted(image, SHOWN) if not image.isNull() else QPixmap())
        self.seen.clear()
        self.seen_text.clear()
        self.turn.hide()
        self.bars.show_answers([])
        self._say(tr("Asking the network…"))
        self.child.run(
            "evaluate", str(self._run), "--image", str(file), "--invert", invert, "--checkpoint", self._which
        )

    def try_clipboard(self) -> None:
        """Ask about the picture on the clipboard, or the file that was copied."""
        copied = QGuiApplication.clipboard().mimeData()
        urls = copied.urls() if copied is not None else []  # an empty clipboard has none
        files = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        if files:
            self.try_file(files[0])
            return
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self._say(tr("There is no picture on the clipboard."), "problem")
            return
        try:
            self._folder = self._folder or temporary_folder()
            file = Path(self._folder.path()) / f"{tr('clipboard')}{PIXELS}"
            write_atomic(file, pixels_of(image))
        except StudioError as error:
            self._say(sentence(str(error)), "problem")
            return
        self.try_file(file)

    def _took(self, answer: Answer) -> None:
        if answer.error is not None:
            self._say(sentence(str(answer.error)), "problem")
            return
        found: dict[str, Any] = answer.value["images"][0]
        self.bars.show_answers([(each["class"], each["share"]) for each in found["answers"]])
        channels, height, width = found["seen"]["size"]
        pixels = np.frombuffer(base64.b64decode(found["seen"]["pixels"]), np.uint8).reshape(height, width, channels)
        self.seen.setPixmap(_fitted(image_of(pixels), SEEN))
        self.seen_text.setText(
            tr("as seen\n{channels}×{height}×{width}", channels=channels, height=height, width=width)
        )
        assert self.file is not None
        size = tr("{file}, {width}×{height}", file=self.file.name, width=found["size"][0], height=found["size"][1])
        self._say(size)
        if found["ground"] or found["inverted"] or self._invert == "no":
            self.turn.setText(
                tr("inverted to match the training data") if found["inverted"] else tr("invert its colours")
            )
            self.turn.setToolTip(tr("The other way round"))
            self.turn.show()

    def _turn(self) -> None:
        if self.file is not None:
            self.try_file(self.file, "no" if self.turn.text() == tr("inverted to match the training data") else "yes")

    def _say(self, text: str, role: str = "secondary") -> None:
        self.sentence.setProperty("role", role)
        self.sentence.style().polish(self.sentence)
        self.sentence.setText(text)

    def _ask(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        dialog = self.dialog = QFileDialog(self._desk.window, tr("Try an image"), str(Path.home()))
        dialog.fileSelected.connect(lambda name: self.try_file(Path(name)))
        dialog.open()

    def stop(self) -> None:
        """The window closes."""
        self.child.cancel()
        if self._folder is not None:
            self._folder.remove()


def _fitted(image: QImage, size: int) -> QPixmap:
    small = image.width() < size
    mode = Qt.TransformationMode.FastTransformation if small else Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(image.scaled(size, size, Qt.AspectRatioMode.KeepAspectRatio, mode))
