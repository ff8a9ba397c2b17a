"""*While training* in the inspector: curves of the selected block, the weights inside it, BatchNorm, its time."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.kit.parts import NumberRow, clear, heading, link, shown
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, mix, theme
from blockstudio.gui.training.watch.curve import SmallCurve
from blockstudio.gui.training.watch.trained import Trained
from blockstudio.gui.training.watch.watchable import BY_NAME, Watchable, milliseconds, number, times
from blockstudio.runs.watching import BlockHistory

CURVES = ("watch.gradient", "watch.ratio", "watch.deviation", "watch.dead")
MOST_INSIDE = 12
"""Rows of the table; more are a count."""


class WatchedBlock(QWidget):
    """One block of the drawing in view, while a run that trains it is watched."""

    def __init__(self, desk: Desk, trained: Trained, name: str) -> None:
        super().__init__()
        self._desk, self._session, self._trained, self._name = desk, desk.session, trained, name
        self._level = desk.session.path
        self.curves: list[SmallCurve] = []
        """Empty until there is something to show: most blocks are looked at while nothing trains."""
        self._drawn: object = None
        desk.watched.measured.connect(self.refresh)
        trained.changed.connect(self.refresh)
        self.refresh()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.head = heading(tr("While training"))
        column.addWidget(self.head)
        self.curves = [SmallCurve(BY_NAME[each], tr(BY_NAME[each].title)) for each in CURVES]
        for curve in self.curves:
            column.addWidget(curve)
        self._inside = QWidget()
        self._table = QGridLayout(self._inside)
        self._table.setContentsMargins(0, 4, 0, 0)
        self._table.setHorizontalSpacing(10)
        self._table.setVerticalSpacing(2)
        self._table.setColumnStretch(0, 1)
        self.inside = heading(tr("Inside"))
        column.addWidget(self.inside)
        column.addWidget(self._inside)
        self.numbers = NumberRow()
        column.addWidget(self.numbers)

    def refresh_block(self, name: str) -> None:
        """Show what is known of the block, which may have another name."""
        self._name = name
        self.refresh()

    @property
    def path(self) -> str:
        """The block's place in the network; empty in a definition, which is seen at no place."""
        level = self._level
        if level.startswith(DEFINITION):
            return ""
        return f"{level}.{self._name}" if level else self._name

    def refresh(self) -> None:
        """Show the last measurement; nothing where the block has none."""
        history, path = self._trained.blocks, self.path
        there = history is not None and bool(path) and any(
            history.value(figure, path) is not None for figure in ("gradient", "deviation", "time")
        )  # fmt: skip
        shown(self, there)
        if history is None or not there:
            return
        if not self.curves:
            self._build()
        state = history.serial, path, theme()
        if state == self._drawn:
            return
        self._drawn = state
        self.head.setText(tr("While training · step {step}", step=f"{history.steps[-1]:,}").upper())
        for curve in self.curves:
            steps, values = history.curve(curve.watchable.figure, path)
            curve.show_values(steps, values, self._note(history, curve.watchable, path))
            curve.setVisible(values.size > 0)
        self._fill_table(history, path)
        self._fill_numbers(history, path)

    def _note(self, history: BlockHistory, watchable: Watchable, path: str) -> str:
        if watchable.figure != "dead":
            return ""
        channels = history.value("dead_channels", path)
        return tr("of outputs; channels: {count}", count=f"{channels:.0f}") if channels is not None else ""

    def _fill_table(self, history: BlockHistory, path: str) -> None:
        """The weights inside a module, each with its update on the colours of the cards."""
        clear(self._table)
        inside = [each for each in history.order("weight") if each.startswith(path + ".")]
        self.inside.setVisible(bool(inside))
        self._inside.setVisible(bool(inside))
        if not inside:
            return
        for column, title in enumerate((tr("gradient"), tr("update / weight"), tr("weight")), start=1):
            self._table.addWidget(_cell(title, quiet=True), 0, column, Qt.AlignmentFlag.AlignRight)
        for row, each in enumerate(inside[:MOST_INSIDE], start=1):
            name = link(each[len(path) + 1 :], partial(self._desk.show_block, each))
            self._table.addWidget(name, row, 0)
            for column, figure in enumerate(("gradient", "ratio", "weight"), start=1):
                value = history.value(figure, each)
                cell = _cell("–" if value is None else number(value))
                if figure == "ratio" and value:
                    cell.setStyleSheet(f"background: {_heat(value)}; border-radius: 3px; padding: 0 4px;")
                self._table.addWidget(cell, row, column, Qt.AlignmentFlag.AlignRight)
        if len(inside) > MOST_INSIDE:
            more = tr("and {count} more", count=len(inside) - MOST_INSIDE)
            self._table.addWidget(_cell(more, quiet=True), MOST_INSIDE + 1, 0, 1, 4)

    def _fill_numbers(self, history: BlockHistory, path: str) -> None:
        show = self.numbers.set
        shift, scale = history.value("shift", path), history.value("scale", path)
        drift = f"{number(shift)} σ, {times(scale)}" if shift is not None and scale is not None else ""
        show(tr("BatchNorm, batch against running"), drift,
             tr("Mean over the channels of the distance of the means, and of the ratio of the deviations"))  # fmt: skip
        forward, backward = history.value("forward", path), history.value("backward", path)
        times_of = [milliseconds(each) for each in (forward, backward) if each is not None]
        show(tr("forward, backward"), ", ".join(times_of))
        whole = sum(history.latest("time").get(each, 0.0) for each in history.order("time"))
        own = history.value("time", path)
        show(tr("of a step's time"), f"{100 * own / whole:.1f} %" if own is not None and whole else "")


def _heat(ratio: float) -> str:
    """The fill of a card with this ratio."""
    scale = BY_NAME["watch.ratio"].scale((ratio,))
    at = scale.place(ratio) if scale is not None else 0.5
    colours = theme()
    return mix(colours.card, colours.heat if at > 0.5 else colours.cold, abs(2 * at - 1)).name()


def _cell(text: str, quiet: bool = False) -> QLabel:
    label = QLabel(text)
    label.setFont(font(11))
    if quiet:
        label.setProperty("role", "secondary")
    return label
