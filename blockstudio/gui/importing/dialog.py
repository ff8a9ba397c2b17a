"""*Import…*: other people's networks, from files and by name. Another process draws them; errors stand in place."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from blockstudio.answers import Answer
from blockstudio.formats import ONNX, PROGRAM
from blockstudio.graph.format import SUFFIX
from blockstudio.gui.kit.parts import dialog_buttons, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.gui.work.child import Child
from blockstudio.gui.work.settings import settings
from blockstudio.gui.work.temporary import temporary_folder

ENDINGS = (ONNX, PROGRAM)

NOT_PROVEN = 1
"""Exit code of an import that was drawn and not proven."""


class ImportDialog(QDialog):
    """Asks for a network, has it drawn, and stays until that has gone well or is given up."""

    drawn = Signal(object, object)
    """The file with the diagram, in a folder that goes with the dialog, and what was proven of it."""

    def __init__(self, window: QWidget | None) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Import"))
        self.setModal(True)
        self.setMinimumWidth(520)
        self._folder = temporary_folder()
        self._child = Child(self)
        self._child.done.connect(self._ended)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        title = QLabel(tr("Import"))
        title.setFont(font(13, bold=True))
        column.addWidget(title)
        about = tr(
            "A network of torchvision or timm by name, or an .onnx or .pt2 file. It is drawn, compiled and compared "
            "with the original; nothing in a file is executed."
        )
        column.addWidget(quiet(about))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(9)
        self.source = QLineEdit(str(settings().value("files/import_source", "")))
        self.source.setPlaceholderText("torchvision:densenet121")
        self.source.setAccessibleName(tr("Network"))
        self.choose = QPushButton(tr("Choose file…"))
        self.choose.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.addWidget(self.source, 1)
        row.addWidget(self.choose)
        grid.addWidget(self._name(tr("Network"), self.source), 0, 0)
        grid.addLayout(row, 0, 1)
        self.image = QLineEdit()
        self.image.setPlaceholderText(tr("the network's own"))
        self.image.setAccessibleName(tr("Image, C H W"))
        self.image.setToolTip(tr("Channels, height and width of an image: 3 224 224"))
        grid.addWidget(self._name(tr("Image, C H W"), self.image), 1, 0)
        grid.addWidget(self.image, 1, 1)
        column.addLayout(grid)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.said = quiet()
        self.said.setAccessibleName(tr("Progress"))
        column.addWidget(self.bar)
        column.addWidget(self.said)
        self.bar.hide()
        self.said.hide()
        column.addStretch(1)
        self.cancel, self.ok = dialog_buttons(column, tr("Cancel"), tr("Import"), self.reject, self._begin)
        self.source.textChanged.connect(self._check)
        self._check()
        self.source.selectAll()
        self.source.setFocus()
        self.finished.connect(lambda _: self._child.cancel())

    def _name(self, text: str, buddy: QWidget) -> QLabel:
        label = quiet(text, wrap=False)
        label.setBuddy(buddy)
        return label

    @property
    def busy(self) -> bool:
        """Whether a network is being drawn."""
        return self._child.busy

    def _check(self) -> None:
        """A file has the size of its images in it."""
        text = self.source.text().strip()
        self.ok.setEnabled(bool(text) and not self.busy)
        self.image.setEnabled(not text.endswith(PROGRAM) and not self.busy)

    def _choose(self) -> None:
        folder = str(settings().value("files/import_folder", settings().value("files/folder", str(Path.home()))))
        chosen, _ = QFileDialog.getOpenFileName(
            self, tr("Import"), folder, tr("Networks ({endings})", endings="*.onnx *.pt2")
        )
        if chosen:
            settings().setValue("files/import_folder", str(Path(chosen).parent))
            self.source.setText(chosen)

    def _begin(self) -> None:
        source, sizes = self.source.text().strip(), re.findall(r"\d+", self.image.text())
        if self.image.isEnabled() and self.image.text().strip() and len(sizes) != 3:
            self._tell(tr("The image wants three numbers: channels, height, width."), "problem")
            self.image.setFocus()
            return
        target = str(Path(self._folder.path()) / f"network{SUFFIX}")
        more = ["--input", *sizes] if self.image.isEnabled() and sizes else []
        self.bar.show()
        self._tell(tr("Drawing {network} and comparing it with the original…", network=source), "secondary")
        self._child.run("import", source, "-o", target, "--force", *more)
        self._lock(True)

    def _ended(self, answer: Answer) -> None:
        self.bar.hide()
        self._lock(False)
        if answer.error is not None or answer.code not in (0, NOT_PROVEN):
            self._tell(str(answer.error or tr("It was not drawn.")), "problem")
            self.source.setFocus()
            return
        settings().setValue("files/import_source", self.source.text().strip())
        self.drawn.emit(Path(self._folder.path()) / f"network{SUFFIX}", answer.value)
        self.accept()

    def _lock(self, locked: bool) -> None:
        for widget in (self.source, self.choose):
            widget.setEnabled(not locked)
        self._check()

    def _tell(self, text: str, role: str) -> None:
        self.said.setText(text)
        self.said.setProperty("role", role)
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.show()
