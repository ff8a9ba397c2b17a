"""The run in view: how far it is, its figures, its curves, and the list of all runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.parts import Figures, duration_text, link, quiet
from blockstudio.gui.text import tr
from blockstudio.gui.theme import font, notifier, theme
from blockstudio.gui.trainer import RunRow, Trainer

if TYPE_CHECKING:
    from blockstudio.gui.curves import Curves

STATUS_WORDS = {
    "new": "not started",
    "running": "running",
    "paused": "paused",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
    "lost": "interrupted",
}
_RUN = Qt.ItemDataRole.UserRole


class RunFigures(QWidget):
    """Left: name and state, progress, figures, and what can be done about a run that ended badly."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self._trainer = trainer
        self.setFixedWidth(300)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.RichText)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the run"))
        pace = QHBoxLayout()
        self.pace, self.left = QLabel(), QLabel()
        for label in (self.pace, self.left):
            label.setProperty("role", "label")
        pace.addWidget(self.pace)
        pace.addStretch(1)
        pace.addWidget(self.left)
        self.figures = Figures()
        self.trouble = quiet()
        self.trouble.setProperty("role", "problem")
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.go_on = link(tr("Continue this run"), self._continue)
        column.addWidget(self.title)
        column.addWidget(self.bar)
        column.addLayout(pace)
        column.addWidget(self.figures)
        column.addWidget(self.trouble)
        column.addWidget(self.go_on, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def _continue(self) -> None:
        if self._trainer.data is not None:
            self._trainer.go_on(self._trainer.data.run)

    def refresh(self) -> None:
        data = self._trainer.data
        if data is None:
            return
        state, status = data.state, data.status
        words = tr(STATUS_WORDS[status])
        if status in ("running", "paused") and state is not None and state.epochs:
            words = tr("epoch {epoch} of {epochs}").format(epoch=max(1, state.epoch), epochs=state.epochs)
            if status == "paused":
                words += " · " + tr("paused")
        elif status == "running" and not data.started:
            words = tr("starting")
        name = _short(data.run.name)
        self.title.setText(f"<b>{name}</b> <span style='color:{theme().secondary.name()}'>· {words}</span>")
        self.title.setToolTip(str(data.run.directory))
        self.bar.setValue(round(1000 * data.share))
        speed = data.last.get("images_per_second")
        self.pace.setText(tr("{count} images/s").format(count=f"{speed:,.0f}") if speed else "")
        left = state.seconds_left if state is not None else None
        self.left.setText(
            tr("{time} left").format(time=duration_text(left)) if left is not None and status == "running" else ""
        )
        self._show_figures()
        trouble = state.message if state is not None and status in ("failed", "lost") else ""
        if data.trouble is not None and data.trouble["type"] == "diverged":
            trouble += " " + tr(
                "Try a lower learning rate, warm-up or gradient clipping; the last good checkpoint is kept."
            )
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
        self.go_on.setVisible(status in ("stopped", "lost", "failed"))

    def _show_figures(self) -> None:
        data, show = self._trainer.data, self.figures.set
        train, validation = data.epochs.last("train_loss"), data.epochs.last("validation_accuracy")
        running = data.steps.last("loss")
        show(tr("train loss"), _decimal(running if running is not None else train))
        accuracy = data.steps.last("accuracy")
        show(tr("train accuracy"), _percent(accuracy))
        show(tr("validation accuracy"), _percent(validation), role="good")
        test = data.finished.get("test_accuracy") if data.finished else None
        show(tr("test accuracy"), _percent(test), role="good")
        rate = data.steps.last("lr")
        show(tr("learning rate"), "" if rate is None or data.finished else f"{rate:.3g}")
        extra = [value for value in data.last.get("aux") or [] if isinstance(value, int | float)]
        show(tr("auxiliary losses"), ", ".join(f"{value:.2f}" for value in extra))


class RunList(QListWidget):
    """All runs of the folder, the newest first."""

    chosen = Signal(object)

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self._trainer = trainer
        self.setAccessibleName(tr("Runs"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.itemActivated.connect(self._choose)
        self.itemClicked.connect(self._choose)
        notifier.changed.connect(self.refresh)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_RUN))

    def refresh(self) -> None:
        watched = self._trainer.data.run.directory if self._trainer.data is not None else None
        colours = theme()
        self.clear()
        for row in self._trainer.runs[:200]:
            run, state = row.run, row.state
            item = QListWidgetItem(f"{_short(run.name)}   {tr(STATUS_WORDS[state.status])}{_result(row)}")
            item.setData(_RUN, run)
            item.setToolTip(f"{run.directory}\n{state.message}".strip())
            if state.active:
                item.setForeground(colours.accent)
            elif state.status in ("failed", "lost"):
                item.setForeground(colours.problem)
            self.addItem(item)
            if run.directory == watched:
                self.setCurrentItem(item)


class TrainingPanel(QWidget):
    """Figures, curves, runs. The curves are made when there is something to draw."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self._trainer = trainer
        self.curves: Curves | None = None
        line = QHBoxLayout(self)
        line.setContentsMargins(14, 8, 14, 8)
        line.setSpacing(24)
        self.stack = QStackedWidget()
        self.empty = quiet(tr("No run is in view. Train starts one; earlier ones stand on the right."))
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.empty)
        self.figures = RunFigures(trainer)
        self.figures.hide()
        side = QWidget()
        side.setFixedWidth(270)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        title = QLabel(tr("Runs"))
        title.setFont(font(12, bold=True))
        self.folder = quiet("", wrap=False)
        self.folder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addWidget(self.folder, 1)
        column.addLayout(head)
        self.list = RunList(trainer)
        column.addWidget(self.list, 1)
        line.addWidget(self.figures)
        line.addWidget(self.stack, 1)
        line.addWidget(side)
        self.list.chosen.connect(lambda run: self._trainer.attach(run))
        trainer.run_changed.connect(self._turn)
        trainer.progress.connect(self.refresh)
        trainer.runs_changed.connect(self._show_runs)
        notifier.changed.connect(self.refresh)
        self._show_runs()

    def _show_runs(self) -> None:
        self.folder.setText(str(self._trainer.folder))
        self.folder.setToolTip(str(self._trainer.folder))
        self.list.refresh()

    def _turn(self) -> None:
        """Another run is in view."""
        there = self._trainer.data is not None
        self.figures.setVisible(there)
        if there and self.curves is None:
            from blockstudio.gui.curves import Curves

            self.curves = Curves()
            self.stack.addWidget(self.curves)
        self.stack.setCurrentWidget(self.curves if there else self.empty)
        self.list.refresh()
        self.refresh()

    def refresh(self) -> None:
        """Draw what is new."""
        self.figures.refresh()
        if self.curves is not None:
            self.curves.show_data(self._trainer.data)

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._trainer.watch_list(True)

    def hideEvent(self, event) -> None:
        super().hideEvent(event)
        self._trainer.watch_list(False)


def _short(name: str) -> str:
    """``resnet-34-20260131-142501`` as ``resnet-34 · 31 Jan 14:25``."""
    head, _, stamp = name.rpartition("-")
    stem, _, day = head.rpartition("-")
    try:
        made = time.strptime(f"{day}-{stamp}", "%Y%m%d-%H%M%S")
    except ValueError:
        return name
    return f"{stem} · {made.tm_mday} {time.strftime('%b %H:%M', made)}"


def _result(row: RunRow) -> str:
    state = row.state
    if state.status == "finished":
        return f"   {_percent(row.test_accuracy)}"
    if state.steps and state.status in ("running", "paused"):
        return f"   {100 * state.step / state.steps:.0f} %"
    return ""


def _percent(value: object) -> str:
    return f"{value * 100:.1f} %" if isinstance(value, int | float) else ""


def _decimal(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 100 else f"{value:.3g}"
