"""*Save picture…*: what of the drawing goes into a figure and how, then the file. Another process writes it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol, cast

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QGridLayout,
    QLabel,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis.costs import COSTS
from blockstudio.answers import Answer
from blockstudio.formats import rows
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import MoveBlocks
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.canvas.scene.staging import join
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.parts import dialog_buttons, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font
from blockstudio.gui.work.child import DIAGRAM, Child
from blockstudio.gui.work.settings import settings


class OnScreen(Protocol):
    """The drawing, as far as a picture of it needs to know."""

    session: Session
    scene: Scene


PAGE = 1.2
"""Height to width of a picture that fits a page."""
MOST_COLUMNS = 6


class FigureDialog(QDialog):
    """What goes into the picture. Emits `decided` with the options of ``blockstudio export`` unless cancelled."""

    decided = Signal(object)

    def __init__(self, window: QWidget | None, canvas: OnScreen) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Save picture"))
        self.setModal(True)
        self._canvas = canvas
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        title = QLabel(tr("Save picture"))
        title.setFont(font(13, bold=True))
        column.addWidget(title)
        column.addWidget(quiet(tr("SVG and PDF are lines and letters, for papers. PNG is for everything else.")))
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(9)
        grid.setColumnStretch(3, 1)
        chosen = len(canvas.session.selection)
        level = canvas.scene.root.path.removeprefix(DEFINITION)
        blocks = tr_many("Selected block", "{count} selected blocks", chosen)
        self.whole, self.selected = self._pair(
            grid, tr("Show"), tr("All of {0}", level) if level else tr("Whole network"), blocks
        )
        self.selected.setEnabled(chosen > 0)
        if not chosen:
            self.selected.setText(tr("Selected blocks"))
        self.as_shown, self.shut = self._pair(grid, tr("Modules"), tr("As on screen"), tr("Closed"))
        for button in (self.as_shown, self.shut):
            button.setEnabled(bool(canvas.scene.root.inside))
        if not canvas.scene.root.inside:
            self.shut.setChecked(True)
        self.light, self.dark = self._pair(grid, tr("Colours"), tr("Light, on white"), tr("Dark"))
        self.no_bars, self.bars = self._pair(grid, tr("Cost bars"), tr("None"), tr("As on screen"))
        self.columns = QSpinBox()
        self.columns.setRange(1, 20)
        self.columns.setFixedWidth(64)
        self.columns.setValue(sensible_columns(canvas.scene.bounds()))
        self.columns.setAccessibleName(tr("Columns"))
        self.columns.setToolTip(tr("Cut a tall picture into columns side by side"))
        grid.addWidget(self._name(tr("Columns"), self.columns), grid.rowCount(), 0)
        self.columns.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(self.columns, grid.rowCount() - 1, 1)
        grid.addWidget(quiet(tr("side by side, if it is tall"), wrap=False), grid.rowCount() - 1, 2)
        column.addLayout(grid)
        self.cancel, self.ok = dialog_buttons(column, tr("Cancel"), tr("Save as…"), self.reject, self._decide)
        self.whole.setFocus()

    def _name(self, text: str, buddy: QWidget) -> QLabel:
        label = quiet(text, wrap=False)
        label.setBuddy(buddy)
        return label

    def _pair(self, grid: QGridLayout, name: str, first: str, second: str) -> tuple[QRadioButton, QRadioButton]:
        row, group = grid.rowCount(), QButtonGroup(self)
        found = QRadioButton(first), QRadioButton(second)
        grid.addWidget(self._name(name, found[0]), row, 0)
        for place, button in enumerate(found):
            button.setAccessibleDescription(name)
            group.addButton(button)
            grid.addWidget(button, row, place + 1)
        found[0].setChecked(True)
        return found

    def options(self) -> list[str]:
        """The options of ``blockstudio export`` for what is chosen."""
        canvas = self._canvas
        only = canvas.session.selection if self.selected.isChecked() else ()
        stage = canvas.scene.stage if only else canvas.scene.root
        found = [f"--inside={stage.path.removeprefix(DEFINITION)}"] if stage.path else []
        if only:
            found += ["--blocks", *only]
        opened = open_in(stage, only) if self.as_shown.isChecked() else []
        if opened:
            found += ["--expand", *opened]
        if self.columns.value() > 1:
            found.append(f"--columns={self.columns.value()}")
        if self.bars.isChecked():
            found.append(f"--bars={canvas.session.metric}")
        if canvas.session.heat in COSTS:
            found.append(f"--heat={canvas.session.heat}")
        return [*found, "--dark"] if self.dark.isChecked() else found

    def _decide(self) -> None:
        self.accept()
        self.decided.emit(self.options())


def sensible_columns(bounds: QRectF) -> int:
    """As many columns as make what lies in ``bounds`` about as wide as a page: a tall chain is cut."""
    if bounds.isEmpty():
        return 1
    ratio = bounds.height() / max(bounds.width(), 1.0) / PAGE
    return max(1, min(MOST_COLUMNS, round(math.sqrt(ratio))))


def open_in(stage: Stage, only: tuple[str, ...] = ()) -> list[str]:
    """Paths of the instances that are open in a stage, or in these blocks of it."""
    found = []
    for name, inner in stage.inside.items():
        if not only or name in only:
            found += [join(stage.path, name), *open_in(inner)]
    return found


def placed(canvas: OnScreen, columns: bool = False) -> Diagram:
    """The diagram with every block that is in view where it stands there. A figure that is to have ``columns`` of its
    own cuts a level anew that nobody has put anywhere, which may stand in others there."""
    still = copy_diagram(canvas.session.diagram)
    for stage, _ in canvas.scene.stages():
        drawing, definition = stage.drawing, still.definition(stage.drawing.scope)
        if columns and stage is canvas.scene.root and canvas.scene.staging.is_loose(drawing.scope):
            continue
        loose: dict[str, tuple[float, float] | None] = {
            name: drawing.document_place(name) for name in drawing.names if definition.block(name).at is None
        }
        MoveBlocks(scope=drawing.scope, to=loose).apply(still)
    return still


class FigureExport(QObject):
    """Pictures of what the window shows."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._children: set[Child] = set()

    @property
    def busy(self) -> bool:
        """Whether a picture is being written."""
        return bool(self._children)

    def ask(self) -> None:
        """Ask what goes into the picture, then for the file."""
        dialog = FigureDialog(self._desk.window, self._on_screen)
        dialog.decided.connect(self._ask_file)
        self._desk.open_dialog(dialog)

    @property
    def _on_screen(self) -> OnScreen:
        return cast(OnScreen, self._desk.drawing)

    def _ask_file(self, options: list[str]) -> None:
        documents = self._desk.documents
        folder = Path(str(settings().value("files/folder", Path.home())))
        stem = documents.title(documents.current).removesuffix(".blocks.json").replace("/", "-")
        kinds = {f"{tr(form.title)} (*{form.ending})": form for form in rows("figure")}
        first = next(iter(kinds.values()))
        window = self._desk.window
        dialog = QFileDialog(window, tr("Save picture"), str(folder / f"{stem}{first.ending}"), ";;".join(kinds))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(kinds[chosen].ending[1:]))
        dialog.setDefaultSuffix(first.ending[1:])
        dialog.fileSelected.connect(lambda name: self.write(Path(name), options))
        self._desk.open_dialog(dialog)

    def write(self, target: Path, options: list[str]) -> None:
        """Have a picture written; a note tells when it is there."""
        self._desk.session.message.emit(tr("Writing {0}…", target.name))
        arguments = ("export", DIAGRAM, "--force", f"--output={target}", *options)
        # Each picture has a process of its own: one more does not end the one before.
        child = Child(self)
        self._children.add(child)
        child.done.connect(lambda answer: self._written(child, target, answer))
        child.run(*arguments, diagram=placed(self._on_screen, any(each.startswith("--columns=") for each in arguments)))

    def _written(self, child: Child, target: Path, answer: Answer) -> None:
        self._children.discard(child)
        child.deleteLater()
        if answer.error is not None:
            self._desk.say(str(answer.error), "problem")
            return
        words = answer.value["written"]
        self._desk.session.message.emit(tr("Saved {0}: {1}", target.name, words))

    def stop(self) -> None:
        """Whoever closes the window does not wait for a picture."""
        for child in self._children:
            child.cancel()
        self._children.clear()
