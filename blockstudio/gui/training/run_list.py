"""The list of runs: what was trained, when, and how it stands."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.gui.training.run_control import RunControl, RunRow

STATUS_WORDS = {
    "new": "not started",
    "running": "running",
    "paused": "paused",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
    "lost": "interrupted",
}
_ROW = Qt.ItemDataRole.UserRole
CIRCLE = 24
"""Pixels at the left for the mark of the curves."""
SHOWN = 300
"""Runs listed at most."""


class _RunLine(QStyledItemDelegate):
    """A circle in the colour of the curves if they are drawn, name and time, how it stands on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(160, 25)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: RunRow = index.data(_ROW)
        colours, rect = theme(), QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.hover if selected else colours.field)
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 5, 5)
        status, result = row.state.status, _result(row)
        colour = {
            "running": colours.link,
            "paused": colours.link,
            "failed": colours.problem,
            "lost": colours.problem,
        }
        painter.setFont(font(12))
        painter.setPen(colour.get(status, colours.good if result and not row.state.at_chance else colours.secondary))
        right = result or tr(STATUS_WORDS[status])
        width = painter.fontMetrics().horizontalAdvance(right)
        painter.drawText(rect.adjusted(0, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, right)
        name, made = name_and_time(row.run.name)
        room = rect.adjusted(CIRCLE, 0, -16 - width, 0)
        view = option.widget
        assert isinstance(view, RunList)
        curves = view.colour_of(row.run.directory)
        painter.setPen(QPen(curves or colours.faint, 1.2))
        painter.setBrush(curves or Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(rect.left() + CIRCLE / 2, rect.center().y() + 0.5), 4, 4)
        painter.setPen(colours.text)
        made_width = painter.fontMetrics().horizontalAdvance(f"{made}  ")
        fits = painter.fontMetrics().horizontalAdvance(f"{name}   ") + made_width < room.width()
        shown = painter.fontMetrics().elidedText(
            name, Qt.TextElideMode.ElideRight, int(room.width() - (made_width if fits else 0))
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
        if fits:
            painter.setPen(colours.secondary)
            painter.drawText(
                room.adjusted(painter.fontMetrics().horizontalAdvance(f"{shown}   "), 0, 0, 0),
                Qt.AlignmentFlag.AlignVCenter,
                made,
            )
        painter.restore()


class RunList(QListWidget):
    """All runs of the folder, the newest first. A click shows a run; on its circle, or with Space, its curves are drawn
    over those of the one in view."""

    chosen = Signal(object)
    overlaid = Signal(object)

    def __init__(self, trainer: RunControl) -> None:
        super().__init__()
        self._trainer = trainer
        self.setAccessibleName(tr("Runs"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setItemDelegate(_RunLine(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemActivated.connect(self._choose)
        self.itemClicked.connect(self._click)
        self._pressed = QPoint()
        notifier.changed.connect(self.viewport().update)

    def colour_of(self, directory: Path) -> QColor | None:
        """Of the curves that are drawn of a run; ``None`` if there are none."""
        data, series = self._trainer.data, theme().series
        shown = [each.run.directory for each in ([] if data is None else [data, *self._trainer.others])]
        return series[shown.index(directory) % len(series)] if directory in shown else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() == Qt.Key.Key_Space and item is not None:
            self.overlaid.emit(item.data(_ROW).run)
        else:
            super().keyPressEvent(event)

    def _click(self, item: QListWidgetItem) -> None:
        circle = self._pressed.x() < CIRCLE and self._trainer.data is not None
        (self.overlaid if circle else self.chosen).emit(item.data(_ROW).run)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_ROW).run)

    def refresh(self) -> None:
        watched = self._trainer.data.run.directory if self._trainer.data is not None else None
        self.clear()
        for row in self._trainer.runs[:SHOWN]:
            item = QListWidgetItem(f"{row.run.name}, {tr(STATUS_WORDS[row.state.status])}")
            item.setData(_ROW, row)
            item.setToolTip(f"{row.run.directory}\n{tr(row.state.message)}".strip())
            self.addItem(item)
            if row.run.directory == watched:
                self.setCurrentItem(item)


def _result(row: RunRow) -> str:
    state = row.state
    if state.status == "finished":
        return percent(row.test_accuracy)
    if state.steps and state.status in ("running", "paused"):
        return f"{100 * state.step / state.steps:.0f} %"
    return ""


def percent(value: object) -> str:
    """``96.4 %``; empty for what is no number."""
    return f"{value * 100:.1f} %" if isinstance(value, int | float) else ""
