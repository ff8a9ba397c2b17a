"""The start page: the networks that come along, with what they are and cost, and the files opened lately."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis import analyze
from blockstudio.graph.diagram import MAIN
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.gui.parts import clear, count_text, heading, link, quiet
from blockstudio.gui.text import tr
from blockstudio.gui.theme import font, notifier, theme
from blockstudio.gui.work import Work

COLUMN = 330


class Facts(NamedTuple):
    """What a preset's card says."""

    preset: str
    title: str
    year: str
    text: str
    figures: str
    shape: tuple[tuple[str, float], ...]
    """A sketch: family and relative cost of the blocks on the main level, in order."""
    family: str


def facts(preset: str) -> Facts:
    """Read and analyse one preset. Raises `StudioError`."""
    from blockstudio.blocks import CATALOGUE

    diagram = load_preset(preset)
    found = analyze(diagram)
    figures = [tr("{count} parameters").format(count=count_text(found.parameters))]
    if found.macs:
        figures.append(tr("{count} MACs").format(count=count_text(found.macs)))
    figures.append(tr("depth {depth}").format(depth=found.depth))
    sketch = []
    for name, block in diagram.definition(MAIN).blocks():
        report = found.blocks.get(name)
        family = CATALOGUE[block.type].family if block.type in CATALOGUE else "module"
        sketch.append((family, ((report.macs or 0) if report is not None else 0) / max(1, found.macs)))
    text = diagram.description.partition(". ")[0].rstrip(".") + "."
    about = diagram.about
    return Facts(
        preset, diagram.name, about.get("year", ""), text, " · ".join(figures), tuple(sketch), about.get("family", "")
    )


class Sketch(QWidget):
    """The blocks of a network as a row of bars, as high as they are costly."""

    def __init__(self, shape: tuple[tuple[str, float], ...]) -> None:
        super().__init__()
        self._shape = shape[:64]
        self.setFixedHeight(22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        count = max(1, len(self._shape))
        step = min(12.0, self.width() / count)
        for index, (family, cost) in enumerate(self._shape):
            height = 4 + 18 * min(1.0, cost * 3) ** 0.6
            painter.setBrush(theme().family(family))
            painter.drawRect(int(index * step), round(22 - height), max(1, int(step) - 2), round(height))


class Card(QFrame):
    """One preset; Enter or a click opens it."""

    chosen = Signal(str)

    def __init__(self, preset: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.preset = preset
        self.words = preset
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(preset)
        self.setMinimumHeight(132)
        self.setMinimumWidth(200)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 10, 14, 10)
        self._column.setSpacing(5)
        title = QLabel(preset)
        title.setFont(font(13, bold=True))
        self._column.addWidget(title)
        self._column.addStretch(1)
        self.recolour()

    def recolour(self) -> None:
        colours = theme()
        self.setStyleSheet(
            f"QFrame#card {{ background: {colours.card.name()}; border: 1px solid {colours.card_border.name()};"
            f" border-radius: 7px; }}"
            f"QFrame#card:hover {{ border-color: {colours.accent.name()}; }}"
            f"QFrame#card:focus {{ border: 2px solid {colours.accent.name()}; }}"
        )

    def show_facts(self, found: Facts) -> None:
        """Fill in what was computed."""
        clear(self._column)
        head = QHBoxLayout()
        title = QLabel(found.title)
        title.setFont(font(13, bold=True))
        head.addWidget(title)
        name = quiet(" · ".join(filter(None, (found.preset, found.year))), wrap=False)
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head.addWidget(name, 1)
        self._column.addLayout(head)
        text = quiet(found.text)
        text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._column.addWidget(text, 1)
        self._column.addWidget(Sketch(found.shape))
        figures = QLabel(found.figures)
        figures.setFont(font(11, bold=True))
        self._column.addWidget(figures)
        self.words = f"{found.preset} {found.title} {found.year} {found.family} {found.text}".lower()
        self.setAccessibleName(f"{found.title}, {found.figures}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.preset)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.preset)
        else:
            super().keyPressEvent(event)


class StartPage(QScrollArea):
    """Cards of the presets; figures come in one after another from a worker while the page is in view."""

    preset_chosen = Signal(str)
    file_chosen = Signal(object)
    left = Signal()

    def __init__(self, recent: Callable[[], list[Path]], new: Callable[[], object], ask: Callable[[], object]) -> None:
        super().__init__()
        self.setAccessibleName(tr("Start page"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._recent = recent
        self._work = Work(self)
        self._asked = False
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(32, 26, 32, 26)
        column.setSpacing(10)
        head = QHBoxLayout()
        title = QLabel(tr("Networks"))
        title.setFont(font(18, bold=True))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search networks"))
        self.search.setAccessibleName(tr("Search networks"))
        self.search.setFixedWidth(240)
        self.search.textChanged.connect(lambda _: self._lay_out())
        self.search.returnPressed.connect(self._open_first)
        head.addWidget(title)
        head.addSpacing(16)
        head.addWidget(self.search)
        head.addStretch(1)
        head.addWidget(link(tr("Empty diagram"), new))
        head.addWidget(link(tr("Open a file…"), ask))
        column.addLayout(head)
        self._files = QVBoxLayout()
        column.addLayout(self._files)
        self._grid = QGridLayout()
        self._grid.setSpacing(14)
        column.addLayout(self._grid)
        column.addStretch(1)
        self.setWidget(holder)
        self.cards = [Card(name, holder) for name in preset_names()]
        for card in self.cards:
            card.chosen.connect(self.preset_chosen)
        notifier.changed.connect(self._recolour)
        self._columns = 0

    def _recolour(self) -> None:
        for card in self.cards:
            card.recolour()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_recent()
        if not self._asked:
            self._asked = True
            self._next(iter(self.cards))
        self.search.setFocus()

    def _next(self, cards: Iterator[Card]) -> None:
        """One preset after another, so that the worker never holds the interpreter for long."""
        card = next(cards, None)
        if card is None:
            return

        def done(found: Facts) -> None:
            card.show_facts(found)
            self._next(cards)

        self._work.run(lambda: facts(card.preset), done, lambda error: (card.setToolTip(str(error)), self._next(cards)))

    def _show_recent(self) -> None:
        clear(self._files)
        files = self._recent()[:6]
        if files:
            self._files.addWidget(heading(tr("Recent files")))
        for file in files:
            button = link(file.name, lambda file=file: self.file_chosen.emit(file))
            button.setToolTip(str(file))
            self._files.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        if files:
            self._files.addWidget(heading(tr("Presets")))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self) -> None:
        """As many columns as there is room for."""
        words = self.search.text().lower().split()
        shown = [card for card in self.cards if all(word in card.words.lower() for word in words)]
        columns = max(1, (self.viewport().width() - 50) // COLUMN)
        for card in self.cards:
            self._grid.removeWidget(card)
            card.setVisible(card in shown)
        for index, card in enumerate(shown):
            self._grid.addWidget(card, index // columns, index % columns)
        for index in range(max(columns, self._columns)):
            self._grid.setColumnStretch(index, 1 if index < columns else 0)
        self._columns = columns

    def _open_first(self) -> None:
        for card in self.cards:
            if not card.isHidden():
                self.preset_chosen.emit(card.preset)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def stop(self) -> None:
        self._work.cancel()
