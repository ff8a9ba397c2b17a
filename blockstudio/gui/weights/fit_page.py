"""How a file of weights fits the network: counts, what does not fit and why, and whether to use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from blockstudio.errors import shown
from blockstudio.gui.kit.parts import clear, hairline, link, quiet
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import font, theme

SHOWN = 2000
"""Keys of one sort that are listed; more are only counted."""
OPEN_AT_ONCE = 12
"""Up to so many keys a sort is listed open."""
LONGEST = 200
"""Letters of a key: they are somebody else's and may be anything."""
SIZE = QSize(620, 420)
BARE, ROW = 190, 24
"""Height of the panel without its list, and of a line of the list."""


@dataclass(frozen=True, slots=True)
class WeightsFit:
    """The report of ``blockstudio weights --json``."""

    names: str
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[tuple[str, str, str], ...]
    """Key, shape in the network, shape in the file."""
    kept: tuple[tuple[str, str, str], ...]
    settings: tuple[tuple[str, object], ...]

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> WeightsFit:
        """From the command's answer."""
        return cls(
            names="" if found["names"] == "same" else found["names"],
            matched=tuple(found["matched"]),
            missing=tuple(found["missing"]),
            unexpected=tuple(found["unexpected"]),
            mismatched=tuple(map(_shapes, found["mismatched"])),
            kept=tuple(map(_shapes, found["kept"])),
            settings=tuple(found["settings"].items()),
        )

    @property
    def complete(self) -> bool:
        """Whether everything fits but for a classifier of another number of classes."""
        return not (self.missing or self.unexpected or self.mismatched)

    @property
    def total(self) -> int:
        """Tensors of the network."""
        return len(self.matched) + len(self.missing) + len(self.mismatched) + len(self.kept)

    @property
    def kept_layers(self) -> tuple[str, ...]:
        """The classifiers that are kept aside."""
        return tuple(dict.fromkeys(key.rpartition(".")[0] for key, _, _ in self.kept))

    def headline(self) -> str:
        """The whole in one sentence."""
        matched = len(self.matched)
        if self.complete and not self.kept:
            text = tr("Every one of {count} tensors fits").format(count=f"{self.total:,}")
        else:
            text = tr("{matched} of the network's {total} tensors are in the file and fit").format(
                matched=f"{matched:,}", total=f"{self.total:,}"
            )
        return f"{text} ({tr('by the names of {library}').format(library=self.names)})." if self.names else f"{text}."

    def aside(self) -> str:
        """What becomes of a classifier for another number of classes; empty if there is none."""
        if not self.kept:
            return ""
        _, own, theirs = self.kept[0]
        return tr(
            "Kept aside: {layers}, for {theirs} classes in the file and {own} here. Training begins it with initial "
            "values, unless the data have {theirs} classes."
        ).format(
            layers=", ".join(self.kept_layers), theirs=f"{int(theirs.split('×')[0]):,}",
            own=f"{int(own.split('×')[0]):,}",
        )  # fmt: skip

    def groups(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """What was not taken: title, the reason, and keys with what can be said of each."""

        def both(rows: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str]]:
            text = tr("{own} here, {theirs} in the file")
            return [(key, text.format(own=own, theirs=theirs)) for key, own, theirs in rows]

        found = [
            (tr("Of another shape"), tr("the file is of a network with other sizes here"), both(self.mismatched)),
            (tr("Not in the file"), tr("they would have initial values"), [(key, "") for key in self.missing]),
            (tr("Only in the file"), tr("the network has no such tensor"), [(key, "") for key in self.unexpected]),
            (tr("Classifier, kept aside"), tr("for another number of classes"), both(self.kept)),
        ]
        return [group for group in found if group[2]]


def _shapes(item: Mapping[str, Any]) -> tuple[str, str, str]:
    expected, found = ("×".join(map(str, item[side])) or tr("scalar") for side in ("expected", "found"))
    return item["key"], expected, found


class WeightsPanel(QDialog):
    """Says what is being read, then how it fits. Not modal: the drawing can be used meanwhile. Escape leaves it."""

    used = Signal()
    """Begin with these weights."""
    other_wanted = Signal()
    setting_wanted = Signal(str, object)
    """A diagram parameter and the value under which everything fits."""

    def __init__(self, window: QWidget | None, network: str, file: Path, size: str) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Load weights"))
        self.setModal(False)
        self.result_shown: WeightsFit | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        title = QLabel(tr("{file} for {network}").format(file=file.name, network=network))
        title.setFont(font(15, bold=True))
        title.setTextFormat(Qt.TextFormat.PlainText)
        title.setToolTip(plain(str(file)))
        title.setWordWrap(True)
        column.addWidget(title)
        self.headline = QLabel()
        self.headline.setTextFormat(Qt.TextFormat.PlainText)
        self.headline.setWordWrap(True)
        self.headline.setFont(font(13))
        self.headline.setText(tr("Reading {size} and comparing it with the network…").format(size=size))
        column.addWidget(self.headline)
        self.detail = quiet(tr("Nothing in the file is executed, and the diagram stays as it is."))
        column.addWidget(self.detail)
        self._advice = QHBoxLayout()
        column.addLayout(self._advice)
        self._line = hairline()
        column.addWidget(self._line)
        self.list = self._make_list()
        column.addWidget(self.list, 1)
        self._line.hide()
        self.list.hide()
        column.addSpacing(4)
        buttons = QHBoxLayout()
        self.other = link(tr("Choose another file…"), self.other_wanted.emit)
        self.other.hide()
        self.leave = QPushButton(tr("Cancel"))
        self.leave.setProperty("role", "chip")
        self.leave.clicked.connect(self.reject)
        self.use = QPushButton(tr("Use these weights"))
        self.use.setProperty("role", "primary")
        self.use.clicked.connect(self.used)
        self.use.hide()
        buttons.addWidget(self.other)
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.use)
        column.addLayout(buttons)
        self.setMinimumWidth(SIZE.width() - 120)
        self.resize(SIZE.width(), self.sizeHint().height())

    def _make_list(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setAccessibleName(tr("What does not fit"))
        tree.setColumnCount(2)
        tree.setHeaderHidden(True)
        tree.setFrameShape(QFrame.Shape.NoFrame)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setUniformRowHeights(True)
        tree.setIndentation(14)
        tree.header().setStretchLastSection(True)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        return tree

    def show_result(self, result: WeightsFit) -> None:
        """Show how the file fits."""
        self.result_shown = result
        self.headline.setText(result.headline())
        self.headline.setFont(font(13, bold=True))
        self.detail.setText(result.aside() or tr("The file is read again when the training starts."))
        clear(self._advice)
        if result.settings:
            values = ", ".join(f"{key} = {_written(value)}" for key, value in result.settings)
            self._advice.addWidget(quiet(tr("Everything fits with {values}.").format(values=values), wrap=False))
            if len(result.settings) == 1:
                ((key, value),) = result.settings
                self._advice.addWidget(link(tr("Set it and look again"), lambda: self.setting_wanted.emit(key, value)))
            self._advice.addStretch(1)
        groups = result.groups()
        self._fill(groups)
        self._line.setVisible(bool(groups))
        self.list.setVisible(bool(groups))
        self.leave.setText(tr("Leave"))
        self.use.setText(tr("Use these weights") if result.complete else tr("Use what fits"))
        self.use.show()
        self.other.show()
        self.use.setDefault(True)
        self.use.setFocus()
        listed = sum(1 + (len(keys) if len(keys) <= OPEN_AT_ONCE else 0) for _, _, keys in groups)
        self.resize(self.width(), min(SIZE.height(), BARE + listed * ROW) if groups else self.sizeHint().height())

    def _fill(self, groups: list[tuple[str, str, list[tuple[str, str]]]]) -> None:
        self.list.clear()
        for title, why, rows in groups:
            top = QTreeWidgetItem([f"{title} · {len(rows):,}", why])
            top.setFont(0, font(12, bold=True))
            top.setForeground(1, theme().secondary)
            self.list.addTopLevelItem(top)
            for key, about in rows[:SHOWN]:
                top.addChild(QTreeWidgetItem([shown(key, LONGEST), about]))
            if len(rows) > SHOWN:
                top.addChild(QTreeWidgetItem([tr("and {count} more").format(count=f"{len(rows) - SHOWN:,}"), ""]))
            top.setExpanded(len(rows) <= OPEN_AT_ONCE)


def _written(value: object) -> str:
    return tr("on") if value is True else tr("off") if value is False else str(value)
