"""The page on which networks are compared: their figures, where the cost lies, what factorising saves."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QCompleter,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis.costs import DEFAULT, by_size
from blockstudio.errors import StudioError
from blockstudio.graph.presets import preset_names
from blockstudio.gui.compare.bars import RatioBar, StageBars
from blockstudio.gui.compare.networks import ComparedNetwork, ComparedNetworks
from blockstudio.gui.compare.table import CompareView
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.table_chip import TableChip
from blockstudio.gui.kit.page import out_of_field
from blockstudio.gui.kit.parts import clear, link, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.report.compare import compare_table, stage_table
from blockstudio.report.factorise import factorisation_table, factorisations
from blockstudio.report.table import Table

EXAMPLE = ("resnet50", "resnet101", "alexnet")
"""Offered where there is nothing to compare yet."""
SIDE_BY_SIDE = 1000
"""From this width on, bars and factorisations stand beside each other."""


class ComparePage(QScrollArea):
    """See the module's text. Escape leads back to the drawing."""

    def __init__(self, desk: Desk, comparison: ComparedNetworks) -> None:
        super().__init__()
        self._desk, self.comparison = desk, comparison
        self.setAccessibleName(tr("Compare networks"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.cost = DEFAULT
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(32, 22, 32, 26)
        column.setSpacing(8)
        column.addLayout(self._head())
        self.trouble = QLabel()
        self.trouble.setProperty("role", "problem")
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        column.addWidget(self.trouble)
        self.back = QHBoxLayout()
        column.addLayout(self.back)
        self.view = CompareView(comparison)
        self.view.open_wanted.connect(self._open)
        column.addWidget(self.view)
        self.hint = quiet()
        column.addWidget(self.hint)
        column.addSpacing(14)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._parts.setSpacing(40)
        self._parts.addLayout(self._stages(), 3)
        self._parts.addLayout(self._factorisations(), 2)
        column.addLayout(self._parts)
        column.addStretch(1)
        self.setWidget(holder)
        comparison.changed.connect(self._show)
        self.view.table.modelReset.connect(self._show)
        self.view.table.layoutChanged.connect(self._show)

    # Building

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        title = QLabel(tr("Compare"))
        title.setFont(font(18, bold=True))
        head.addWidget(title)
        head.addSpacing(16)
        self.add_line = QLineEdit()
        self.add_line.setPlaceholderText(tr("Add a network: resnet101, alexnet, …"))
        self.add_line.setAccessibleName(tr("Add a network"))
        self.add_line.setFixedWidth(260)
        completer = QCompleter(preset_names(), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(12)
        words = completer.popup()
        assert words is not None  # a completer makes one when asked
        words.setObjectName("completions")
        self._words = words
        completer.activated.connect(self._add)
        self.add_line.setCompleter(completer)
        self.add_line.returnPressed.connect(lambda: self._add(self.add_line.text()))
        self.add_line.textEdited.connect(lambda _: self.trouble.hide())
        head.addWidget(self.add_line)
        self.example = link(tr("Try {names}").format(names=", ".join(EXAMPLE)), self._add_example)
        head.addWidget(self.example)
        head.addStretch(1)
        self.copy = TableChip(self._desk, tr("the networks"), "comparison", self.table)
        head.addWidget(self.copy)
        head.addSpacing(8)
        head.addWidget(self._desk.commands.link(tr("Back to the drawing"), "view.drawing"))
        return head

    def _stages(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(_section(tr("Where the cost lies")))
        head.addSpacing(10)
        self.costs = QButtonGroup(self)
        self.cost_buttons: dict[str, QPushButton] = {}
        for cost, title in ((cost.name, cost.title) for cost in by_size()):
            button = QPushButton(tr(title))
            button.setCheckable(True)
            button.setChecked(cost == self.cost)
            button.setAccessibleName(tr("Bars show {cost}").format(cost=tr(title)))
            button.clicked.connect(lambda _=False, cost=cost: self._choose_cost(cost))
            self.costs.addButton(button)
            self.cost_buttons[cost] = button
            head.addWidget(button)
        head.addSpacing(10)
        self.shares = QPushButton(tr("as shares"))
        self.shares.setCheckable(True)
        self.shares.setToolTip(tr("Every bar over the whole width; without it all have one scale."))
        self.shares.toggled.connect(lambda _: self._show())
        head.addWidget(self.shares)
        head.addStretch(1)
        self.copy_stages = TableChip(self._desk, tr("the stages"), "stages", self.stages)
        head.addWidget(self.copy_stages)
        column.addLayout(head)
        self.bars = StageBars()
        column.addWidget(self.bars)
        self.bars_hint = quiet(tr("By size of map, as a part of the image's sides. Point at a piece for its figures."))
        column.addWidget(self.bars_hint)
        column.addStretch(1)
        return column

    def _factorisations(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(_section(tr("What factorising saves")))
        head.addStretch(1)
        head.addWidget(TableChip(self._desk, tr("what factorising saves"), "factorising", factorisation_table))
        column.addLayout(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for place, text in ((0, tr("layer")), (1, tr("weights")), (2, tr("in its place")), (3, tr("weights"))):
            label = quiet(text, wrap=False)
            grid.addWidget(label, 0, place, right if place % 2 else Qt.AlignmentFlag.AlignLeft)
        self.savings: list[tuple[str, str, str, str, str]] = []
        for row, each in enumerate(factorisations(), start=1):
            texts = (tr(each.layer), f"{each.weights:,}", tr(each.parts), f"{each.parts_weights:,}", each.change_text)
            self.savings.append(texts)
            for place, text in enumerate(texts[:4]):
                grid.addWidget(QLabel(text), row, place, right if place % 2 else Qt.AlignmentFlag.AlignVCenter)
            change = QLabel(texts[4])
            change.setFont(font(12, bold=True))
            bar = RatioBar(1 + each.change)
            bar.setToolTip(tr("{left} of {all} weights are left").format(left=texts[3], all=texts[1]))
            grid.addWidget(bar, row, 4)
            grid.addWidget(change, row, 5, right)
        grid.setColumnStretch(4, 1)
        column.addLayout(grid)
        note = tr(
            "Weights without biases. 64 channels in and out of every layer; the change is the same for any number, "
            "and for MACs at stride 1."
        )
        column.addWidget(quiet(note))
        column.addStretch(1)
        return column

    # Doing

    def _add(self, text: str) -> None:
        """Take in the preset that was typed or chosen from the list."""
        if not text.strip():
            return
        try:
            entry = self.comparison.add_preset(text)
        except StudioError as error:
            self.trouble.setText(str(error))
            self.trouble.show()
            return
        self.trouble.hide()
        self._words.hide()
        self._select(entry)
        # Only then: the completer puts its word into the line after this.
        QTimer.singleShot(0, self.add_line, self.add_line.clear)

    def _add_example(self) -> None:
        for name in EXAMPLE:
            self.comparison.add_preset(name)
        self.add_line.setFocus()

    def _select(self, entry: ComparedNetwork) -> None:
        if entry in self.view.table.entries:
            self.view.selectRow(self.view.table.entries.index(entry))

    def _open(self, entry: ComparedNetwork) -> None:
        """Show the network itself."""
        if isinstance(entry.source, Document):
            self._desk.documents.turn_to(entry.source)
            self._desk.show_drawing()
        else:
            self._desk.documents.open(entry.source)

    def _choose_cost(self, cost: str) -> None:
        self.cost = cost
        self._show()

    # Showing

    def table(self) -> Table | None:
        """The networks as they stand, for the clipboard and files."""
        profiles, reference = self.comparison.figures(self.view.table.entries)
        return compare_table(profiles, reference) if profiles and reference is not None else None

    def stages(self) -> Table | None:
        """The stages of the networks as they stand."""
        profiles, _ = self.comparison.figures(self.view.table.entries)
        return stage_table(profiles, self.cost, bars=False) if profiles else None

    def _show(self) -> None:
        if not self.isVisible():
            return
        comparison = self.comparison
        profiles, _ = comparison.figures(self.view.table.entries)
        self.bars.show_profiles(profiles, self.cost, self.shares.isChecked())
        self.example.setVisible(len(comparison.entries) < 2)
        few = tr("Add networks above to compare them with each other and with the diagrams that are open.")
        text = tr(
            "Differences are to {name}; the circle before a row, or Space on it, makes them be to that one. Del or × "
            "takes a row out, a double click opens it."
        )
        reference = comparison.reference
        self.hint.setText(few if reference is None or len(profiles) < 2 else text.format(name=reference.name))
        self._show_dismissed()

    def _show_dismissed(self) -> None:
        """Open diagrams that were taken out can come back."""
        clear(self.back)
        for document in self.comparison.dismissed:
            name = self._desk.documents.title(document)
            put_back = lambda document=document: self.comparison.add_document(document)  # noqa: E731
            self.back.addWidget(link(tr("Put {name} back").format(name=name), put_back))
        if self.comparison.dismissed:
            self.back.addStretch(1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.comparison.set_active(True)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.comparison.set_active(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.viewport().width() >= SIDE_BY_SIDE
        self._parts.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not out_of_field(self):
                self._desk.commands.run("view.drawing")
        else:
            super().keyPressEvent(event)


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(font(14, bold=True))
    label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
    return label
