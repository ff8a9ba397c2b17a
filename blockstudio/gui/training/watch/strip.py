"""Down the network: one figure of all blocks in the order in which the signal passes them, now and at an early step.

Vanishing and exploding gradients are a slope here.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import as_text, font, mix, notifier, theme
from blockstudio.gui.training.watch.watchable import WATCHABLE, Watchable
from blockstudio.runs.watching import OF_WEIGHTS, BlockHistory

LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 8.0, 22.0
BAND = 18.0
"""Width of what marks the selected block."""
SHOWN = ("watch.gradient", "watch.ratio", "watch.weight", "watch.deviation", "watch.dead", "watch.shift", "watch.time")
LONGEST = 160
"""Blocks up to which each has a dot."""


def family_of(session: Session) -> Callable[[str], str]:
    """The family of the block at a path of the document in view."""

    def find(path: str) -> str:
        scope, diagram, family = "", session.diagram, "module"
        for part in path.split("."):
            definition = diagram.definition(scope)
            if part.isdecimal() and part not in definition:
                continue
            if part not in definition:
                return "head"
            type_name = definition.block(part).type
            kind = diagram.kind(type_name)
            family, scope = (kind.family, scope) if kind is not None else ("module", type_name)
        return family

    return find


class Strip(QWidget):
    """The lines. `chosen` carries the path of the block that was clicked."""

    chosen = Signal(str)

    def __init__(self, family: Callable[[str], str]) -> None:
        """``family``: of the block at a path, for its tick."""
        super().__init__()
        self._family = family
        self._history: BlockHistory | None = None
        self._paths: list[str] = []
        self._now: dict[str, float] = {}
        self._then: dict[str, float] = {}
        self._apart: set[str] = set()
        """What stands beside the line."""
        self._selected = ""
        self.watchable: Watchable = WATCHABLE[0]
        self.setMinimumSize(160, 80)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Down the network"))
        notifier.changed.connect(self.update)

    def show_history(self, history: BlockHistory | None, then: int) -> None:
        """Show the last measurement beside the ``then``-th."""
        figure = self.watchable.figure
        self._history = history
        self._paths = history.units(figure) if history is not None else []
        families = {path: self._family(path) for path in self._paths}
        norms = {path for path, family in families.items() if family == "normalisation"}
        weights = figure in OF_WEIGHTS or figure == "ratio"
        self._apart = norms if weights and len(norms) < len(self._paths) else set()
        self._now = history.latest(figure) if history is not None else {}
        self._then = history.latest(figure, then) if history is not None and len(history) > 1 else {}
        self.update()

    def select(self, path: str) -> None:
        """Mark a block, or all that a module has in it."""
        if path != self._selected:
            self._selected = path
            self.update()

    @property
    def paths(self) -> list[str]:
        """What stands on the strip, from left to right."""
        return self._paths

    def at(self, path: str) -> QPointF:
        """Where a block stands now."""
        low, high = self._range()
        return QPointF(self._x(self._paths.index(path)), self._y(self._now[path], low, high))

    # Geometry

    def _x(self, index: int) -> float:
        room = self.width() - LEFT - RIGHT
        return LEFT + room * (index + 0.5) / max(1, len(self._paths))

    def _range(self) -> tuple[float, float]:
        known = [values[path] for values in (self._now, self._then) for path in self._paths if path in values]
        if not self.watchable.log:
            return 0.0, max([*known, 1e-9])
        known = [value for value in known if value > 0]
        if not known:
            return 0.1, 1.0
        low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
        return 10.0**low, 10.0 ** max(high, low + 1)

    def _y(self, value: float, low: float, high: float) -> float:
        if self.watchable.log:
            place = math.log(max(value, low) / low) / math.log(high / low)
        else:
            place = (value - low) / (high - low)
        return self.height() - BOTTOM - place * (self.height() - TOP - BOTTOM)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme()
        painter.setFont(font(11))
        if not self._paths:
            painter.setPen(colours.secondary)
            text = tr("No block has been measured yet.")
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), text)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = self._range()
        self._paint_axis(painter, low, high)
        self._paint_stages(painter)
        self._paint_selected(painter)
        last = theme().series[0]
        for values, colour in ((self._then, colours.secondary), (self._now, last)):
            points = {path: QPointF(self._x(row), self._y(values[path], low, high))
                      for row, path in enumerate(self._paths) if path in values}  # fmt: skip
            # A normalisation's few weights are on another scale than those of the layers: they would hide the slope.
            joined = [point for path, point in points.items() if path not in self._apart]
            painter.setPen(QPen(colour, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(joined)
            if len(points) <= LONGEST:
                for path, point in points.items():
                    painter.setBrush(colours.panel if path in self._apart else colour)
                    painter.drawEllipse(point, 1.8, 1.8)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        self._paint_values(painter, low, high)

    def _paint_axis(self, painter: QPainter, low: float, high: float) -> None:
        colours = theme()
        if self.watchable.log:
            first, last = round(math.log10(low)), round(math.log10(high))
            every = max(1, math.ceil((last - first) / 5))
            marks = [10.0**power for power in range(first, last + 1, every)]
        else:
            marks = [low, (low + high) / 2, high]
        for mark in marks:
            y = self._y(mark, low, high)
            painter.setPen(colours.hairline)
            painter.drawLine(QPointF(LEFT, y), QPointF(self.width() - RIGHT, y))
            painter.setPen(colours.secondary)
            place = QRectF(0, y - 8, LEFT - 6, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             self.watchable.text(mark))  # fmt: skip

    def _paint_stages(self, painter: QPainter) -> None:
        """Hairlines between the parts of the network, their names, and a tick in each block's colour."""
        colours, floor = theme(), self.height() - BOTTOM
        pitch = self._x(1) - self._x(0) if len(self._paths) > 1 else 8.0
        heads = [path.split(".")[0] for path in self._paths]
        begun = 0
        for row, path in enumerate(self._paths):
            painter.fillRect(QRectF(self._x(row) - min(4.0, pitch * 0.4), floor + 1, min(8.0, pitch * 0.8), 2.5),
                             colours.family(self._family(path)))  # fmt: skip
            if row + 1 == len(heads) or heads[row + 1] != heads[row]:
                left, right = self._x(begun) - pitch / 2, self._x(row) + pitch / 2
                if row + 1 < len(heads) and row > begun:
                    painter.setPen(colours.hairline)
                    painter.drawLine(QPointF(right, TOP), QPointF(right, floor))
                inside = self._selected.split(".")[0] == heads[row]
                painter.setFont(font(11, bold=inside))
                painter.setPen(colours.text if inside else colours.secondary)
                if painter.fontMetrics().horizontalAdvance(heads[row]) <= right - left:
                    place = QRectF(left, floor + 5, right - left, 16)
                    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, heads[row])
                painter.setFont(font(11))
                begun = row + 1

    def _marked(self) -> list[int]:
        chosen = self._selected
        return [row for row, path in enumerate(self._paths) if path == chosen or path.startswith(chosen + ".")]

    def _paint_selected(self, painter: QPainter) -> None:
        rows = self._marked() if self._selected else []
        if rows:
            left = min(self._x(rows[0]), self._x(rows[-1]) - BAND / 2) if len(rows) > 1 else self._x(rows[0]) - BAND / 2
            right = max(self._x(rows[-1]), left + BAND)
            band = QRectF(left, TOP, right - left, self.height() - TOP - BOTTOM)
            painter.fillRect(band, mix(theme().panel, theme().accent, 0.12))

    def _paint_values(self, painter: QPainter, low: float, high: float) -> None:
        """The numbers of the selected block beside its dots."""
        rows = self._marked() if self._selected else []
        if len(rows) != 1:
            return
        path = self._paths[rows[0]]
        x, taken = self._x(rows[0]), -100.0
        painter.setFont(font(11, bold=True))
        for values, colour in ((self._then, theme().text), (self._now, as_text(theme().series[0]))):
            if path not in values:
                continue
            y = max(TOP + 8, self._y(values[path], low, high) - 10)
            y = y + 16 if abs(y - taken) < 14 else y
            taken = y
            text = self.watchable.text(values[path])
            wide = painter.fontMetrics().horizontalAdvance(text)
            left = x + 6 if x + 6 + wide < self.width() else x - 6 - wide
            painter.setPen(colour)
            painter.drawText(QPointF(left, y + 4), text)

    # Mouse and keyboard

    def _row_at(self, x: float) -> int | None:
        if not self._paths:
            return None
        room = self.width() - LEFT - RIGHT
        return min(len(self._paths) - 1, max(0, int((x - LEFT) / max(1.0, room) * len(self._paths))))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().x())
        if row is not None:
            path = self._paths[row]
            self.setToolTip(f"{path}: {self.watchable.text(self._now[path])}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().x())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._paths[row])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._paths:
            super().keyPressEvent(event)
            return
        rows = self._marked()
        row = min(len(self._paths) - 1, max(0, (rows[0] if rows else -1 if step > 0 else 1) + step))
        self.chosen.emit(self._paths[row])


class DownTheNetwork(QWidget):
    """The strip with its head: which figure, which step stands beside the last one."""

    def __init__(self, family: Callable[[str], str]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(8)
        name = QLabel(tr("Down the network"))
        name.setFont(font(12, bold=True))
        self.figure = Chip(tr("What the strip shows"), self._fill_figures)
        self.then = Chip(tr("The step it is compared with"), self._fill_steps)
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        for widget in (name, self.figure):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.legend)
        head.addWidget(self.then)
        column.addLayout(head)
        self.strip = Strip(family)
        column.addWidget(self.strip, 1)
        self._history: BlockHistory | None = None
        self._then: int | None = None
        """The step chosen to compare with; ``None``: the first that was measured."""
        notifier.changed.connect(self._recolour)
        self._recolour()
        self._show()

    def _recolour(self) -> None:
        now = as_text(theme().series[0]).name()
        word = tr("now")
        self.legend.setText(f"<span style='color:{now}'>● {word}</span>")

    def show_history(self, history: BlockHistory | None) -> None:
        """Draw what was measured."""
        self._history = history
        self._show()

    def _show(self) -> None:
        history = self._history
        there = history is not None and len(history) > 0
        for widget in (self.legend, self.then):
            widget.setVisible(there)
        self.figure.set_text(tr(self.strip.watchable.title))
        index = 0
        if history is not None and there:
            index = 0 if self._then is None else history.index_at(self._then) or 0
            self.then.set_text(tr("● at step {step}", step=f"{history.steps[index]:,}"))
        self.strip.show_history(history, index)

    def _fill_figures(self, menu: QMenu) -> None:
        for each in WATCHABLE:
            if each.name in SHOWN:
                action = menu.addAction(tr(each.title))
                action.setCheckable(True)
                action.setChecked(each is self.strip.watchable)
                action.triggered.connect(lambda _=False, each=each: self.show_figure(each))

    def show_figure(self, watchable: Watchable) -> None:
        """Show another figure."""
        self.strip.watchable = watchable
        self._show()

    def _fill_steps(self, menu: QMenu) -> None:
        steps = self._history.steps if self._history is not None else []
        some = sorted({steps[round(part * (len(steps) - 1) / 8)] for part in range(9)}) if steps else []
        for step in some:
            action = menu.addAction(tr("step {step}", step=f"{step:,}"))
            action.triggered.connect(lambda _=False, step=step: self.compare_with(step))

    def compare_with(self, step: int) -> None:
        """Put another step beside the last one."""
        self._then = step
        self._show()
