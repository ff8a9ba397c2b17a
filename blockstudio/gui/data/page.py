"""The page *Data*: what a run would be trained on, before it is."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.data.grid import LEFT, ClassGrid, part_colours
from blockstudio.gui.data.side import Side
from blockstudio.gui.data.stages import StageStrip
from blockstudio.gui.data.survey import SurveyControl
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import PageHead, out_of_field, section_title
from blockstudio.gui.kit.parts import bytes_text, duration_text, quiet, strong
from blockstudio.gui.kit.text import sentence, tr, tr_many
from blockstudio.gui.kit.theme import as_text, font, notifier, theme
from blockstudio.runs.array_files import ENDINGS as ARRAYS
from blockstudio.runs.known_sets import DATASETS
from blockstudio.runs.pixel_tables import ENDINGS as TABLES

VIEWS = (("train", False), ("validation", False), ("train", True))


class DataPage(QScrollArea):
    """See the module's text. A folder, IDX or CIFAR files dropped here become the set."""

    def __init__(self, desk: Desk, control: SurveyControl) -> None:
        super().__init__()
        self._desk, self.control = desk, control
        self.setAccessibleName(tr("Data"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptDrops(True)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(32, 20, 32, 20)
        column.setSpacing(10)
        column.addLayout(self._head())
        self.trouble = QLabel()
        self.trouble.setProperty("role", "problem")
        self.trouble.setWordWrap(True)
        column.addWidget(self.trouble)
        self.acts = QHBoxLayout()
        self.facts = quiet()
        column.addWidget(self.facts)
        self.grid = ClassGrid(control)
        self.grid.weigh_wanted.connect(lambda: desk.commands.run("data.weigh"))
        self.side = Side(desk, control)
        self.strip = StageStrip(control)
        self.body = QWidget()
        across = QHBoxLayout(self.body)
        across.setContentsMargins(0, 8, 0, 0)
        across.setSpacing(40)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(self._over_grid())
        left.addWidget(self.grid, 1000)  # as high as its rows: what is left over is below the strip
        left.addLayout(self._over_strip())
        left.addWidget(self.strip)
        left.addStretch(1)
        across.addLayout(left, 1)
        across.addWidget(self.side)
        column.addWidget(self.body, 1)
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setObjectName("drop")
        self.empty.setMinimumHeight(280)
        self.empty.setWordWrap(True)
        column.addWidget(self.empty)
        column.addStretch(0)
        self.setWidget(holder)
        control.changed.connect(self.show_known)
        control.looked.connect(self._show_progress)
        control.tiles_changed.connect(self._show_chosen)
        desk.session.recipe.changed.connect(self.show_known)
        notifier.changed.connect(self.recolour)
        self.recolour()
        self.show_known()

    def _head(self) -> PageHead:
        head = PageHead(tr("Data"))
        self.source = Chip(tr("Data to train on"), lambda menu: self._desk.commands.fill_choices(menu, "run.data"))
        folder = QPushButton(tr("Choose a folder…"))
        folder.setProperty("role", "chip")
        self._desk.commands.bind(folder, "run.data_folder")
        self.kind = quiet(wrap=False)
        head.add(self.source, folder, self.kind)
        self.progress_text = QLabel()
        self.progress_text.setFont(font(11))
        self.progress = QProgressBar()
        self.progress.setFixedSize(120, 6)
        self.progress.setTextVisible(False)
        self.let_go = self._desk.commands.link(tr("Stop"), "data.let_go")
        head.add_tools(self.progress_text, self.progress, self.let_go,
                       self._desk.commands.link(tr("Back to the drawing"), "view.drawing"))  # fmt: skip
        return head

    def _over_grid(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        holder = QWidget()
        holder.setFixedWidth(LEFT - 4)
        words = QHBoxLayout(holder)
        words.setContentsMargins(0, 0, 0, 0)
        words.addWidget(section_title(tr("Classes")))
        self.legend = QLabel()
        self.legend.setFont(font(11))
        words.addSpacing(8)
        words.addWidget(self.legend)
        words.addStretch(1)
        row.addWidget(holder)
        row.addWidget(section_title(tr("As the network will see them")))
        row.addSpacing(10)
        self.views = QButtonGroup(self)
        titles = (tr("train"), tr("validation"), tr("as stored"))
        for number, (text, (part, stored)) in enumerate(zip(titles, VIEWS, strict=True)):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(not number)
            button.clicked.connect(lambda _=False, part=part, stored=stored: self.control.show_part(part, stored))
            self.views.addButton(button, number)
            row.addWidget(button)
        row.addStretch(1)
        self.again = QPushButton(tr("⚄  Draw again   R"))
        self.again.setProperty("role", "chip")
        self.again.setToolTip(tr("Other images, other draws of chance"))
        self._desk.commands.bind(self.again, "data.draw")
        row.addWidget(self.again)
        return row

    def _over_strip(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 6, 0, 0)
        row.addWidget(section_title(tr("From file to input")))
        row.addSpacing(8)
        self.chosen = quiet(wrap=False)
        row.addWidget(self.chosen)
        row.addWidget(self._desk.commands.link(tr("change the steps"), "view.recipe"))
        row.addStretch(1)
        return row

    def recolour(self) -> None:
        """Colours of what is not painted by the style sheet."""
        names = (tr("train"), tr("validation"), tr("test"))
        marks = [
            f"<span style='color:{colour.name()}'>■</span> {name}"
            for colour, name in zip(part_colours(), names, strict=True)
        ]
        self.legend.setText("&nbsp; ".join(marks))
        self.empty.setStyleSheet(
            f"QLabel#drop {{ border: 1px dashed {theme().secondary.name()}; border-radius: 8px;"
            f" color: {as_text(theme().secondary).name()}; }}"
        )

    # Showing

    def show_known(self) -> None:
        """Show what is known by now."""
        known, data = self.control.known, self.control.recipe.data
        self.source.set_text(tr(DATASETS[data.source].title) if data.source in DATASETS else _brief(data.source))
        trouble = self.control.trouble
        self.trouble.setVisible(trouble is not None)
        self.body.setVisible(trouble is None)
        self.empty.setVisible(trouble is not None)
        if trouble is not None:
            hint = f" {sentence(trouble.hint)}" if trouble.hint else ""
            where = f"{trouble.where}: " if trouble.where else ""
            self.trouble.setText(f"{where}{sentence(trouble.message) if not where else tr(trouble.message)}{hint}")
            self.empty.setText(tr("Drop a folder with a subfolder for each class here, or IDX or CIFAR files."))
        self._show_kind()
        self._show_progress()
        self._show_facts()
        self._desk.set_crumbs("data")
        if known.title:
            self.setAccessibleDescription(tr(known.title))

    def _show_kind(self) -> None:
        known = self.control.known
        said = tr_many("images in {count} folder", "images in {count:,} folders", len(known.classes))
        self.kind.setText(
            f"{said} · {tr('a folder, IDX or CIFAR files dropped here open')}"
            if known.kind == "folder" and known.classes
            else tr("a folder, IDX or CIFAR files dropped here open")
        )

    def _show_progress(self) -> None:
        found = self.control.known.checked
        done, total = found.get("done", 0), found.get("total", 0)
        waiting = self.control.process.busy and self.control.trouble is None and (not total or done < total)
        self.progress.setVisible(waiting)
        self.progress_text.setVisible(waiting or bool(total))
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        look = self.control.look
        self.let_go.setVisible(look is not None and look.folders > 0)
        if look is not None and look.folders:
            self.progress_text.setText(tr(look.said()))
            return
        if not total:
            self.progress_text.setText(tr("reading images…") if self.control.known.classes else tr("reading names…"))
            return
        left = found.get("seconds_left")
        parts = [tr("checked {done} of {total} images").format(done=strong(f"{done:,}"), total=f"{total:,}")]
        if left is not None and left >= 1:
            parts.append(tr("{time} left").format(time=duration_text(left)))
        self.progress_text.setText(" · ".join(parts))

    def _show_facts(self) -> None:
        known = self.control.known
        total = sum(known.totals())
        parts = []
        if total:
            parts.append(tr_many("{count} image", "{count:,} images", total))
            parts.append(tr_many("{count} class", "{count:,} classes", len(known.classes)))
        if known.steps and known.batch_size:
            parts.append(
                tr_many(
                    "{count} step of {batch} an epoch",
                    "{count:,} steps of {batch} an epoch",
                    known.steps,
                    batch=known.batch_size,
                )
            )
        if known.bytes:
            parts.append(tr("in memory {size}", size=bytes_text(known.bytes)))
        if known.shape:
            shape = "×".join(map(str, known.shape))
            parts.append(
                tr("network takes {shape}", shape=shape)
                if known.fits
                else tr("no network that takes them; shown {shape}", shape=shape)
            )
        self.facts.setText("\n".join([" · ".join(parts), *(tr(note) for note in known.notes)]).strip())

    def _show_chosen(self) -> None:
        known = self.control.known
        if known.chosen is None:
            self.chosen.clear()
            return
        tiles = known.tiles.get(known.chosen[0], [])
        file = next((tile.file for tile in tiles if tile.index == known.chosen[1]), "")
        self.chosen.setText(tr("{file}, as drawn now; a click on any picture above puts it here.", file=file))

    # Window

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.control.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.control.watch(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not out_of_field(self):
                self._desk.commands.run("view.drawing")
        elif event.key() == Qt.Key.Key_R and not event.modifiers():
            self._desk.commands.run("data.draw")
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(is_data(Path(url.toLocalFile())) for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls()]
        found = next((file for file in files if is_data(file)), None)
        if found is not None:
            event.acceptProposedAction()
            self._desk.commands.run("data.use", str(set_of(found)))


PACKED = (ARRAYS[0], *TABLES, ".tgz", ".tar.gz", ".zip")
"""Endings of files that hold a whole set each."""
AMONG = (".bin", ".mat", ARRAYS[1])
"""Of files that are one of several in a folder."""


def is_data(file: Path) -> bool:
    """Whether a dropped file or folder may be a data set."""
    name = file.name.lower()
    return os.path.isdir(file) or "ubyte" in name or "_batch" in name or name.endswith((*PACKED, *AMONG))


def set_of(file: Path) -> Path:
    """What a dropped file is a part of: the folder of IDX or CIFAR files; itself, where it holds a whole set."""
    return file if os.path.isdir(file) or file.name.lower().endswith(PACKED) else file.parent


def _brief(source: str) -> str:
    home = str(Path.home())
    text = source.replace(home, "~", 1) if source.startswith(home) else source
    return text if len(text) <= 44 else "…" + text[-43:]
