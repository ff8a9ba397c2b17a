"""The run in view: how far it is, its figures, its curves, and the list of all runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.commands.registry import Commands
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.parts import Elided, NumberRow, bytes_text, duration_text, quiet, strong
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.gui.training.run_control import RunControl
from blockstudio.gui.training.run_list import STATUS_WORDS, RunList, percent
from blockstudio.gui.training.watch.strip import DownTheNetwork

if TYPE_CHECKING:
    from blockstudio.gui.document.curves import CurvesPanel, Subject
    from blockstudio.gui.training.run_data import RunData


LEAST = 680
"""Pixels to which the page can be narrowed."""


class RunFigures(QWidget):
    """Left: name and state, progress, figures, and what can be done about a run that ended badly."""

    def __init__(self, commands: Commands[Desk], trainer: RunControl) -> None:
        super().__init__()
        self._trainer = trainer
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
        self.figures = NumberRow()
        self.trouble = quiet()
        self.trouble.setProperty("role", "problem")
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.go_on = commands.link(tr("Continue this run"), "run.continue")
        column.addWidget(self.title)
        column.addWidget(self.bar)
        column.addLayout(pace)
        column.addWidget(self.figures)
        column.addWidget(self.trouble)
        column.addWidget(self.go_on, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

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
        name = name_and_time(data.run.name)[0]
        self.title.setText(f"{strong(name)} <span style='color:{theme().secondary.name()}'>· {words}</span>")
        self.title.setToolTip(plain(str(data.run.directory)))
        self.bar.setValue(round(1000 * data.share))
        speed = data.last.get("images_per_second")
        self.pace.setText(tr("{count} images/s").format(count=f"{speed:,.0f}") if speed else "")
        left = state.seconds_left if state is not None else None
        self.left.setText(
            tr("{time} left").format(time=duration_text(left)) if left is not None and status == "running" else ""
        )
        self._show_figures(data)
        trouble = tr(state.message) if state is not None and (status in ("failed", "lost") or state.at_chance) else ""
        if data.trouble is not None and data.trouble["type"] == "diverged":
            trouble += " " + tr(
                "Try a lower learning rate, warm-up or gradient clipping; the last good checkpoint is kept."
            )
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
        self.go_on.setVisible(status in ("stopped", "lost", "failed"))

    def _show_figures(self, data: RunData) -> None:
        show = self.figures.set
        trained, total = data.started.get("trainable"), data.started.get("parameters")
        show(tr("trained parameters"), f"{trained:,}" if trained is not None and trained != total else "")
        train, validation = data.epochs.last("train_loss"), data.epochs.last("validation_accuracy")
        running = data.steps.last("loss")
        show(tr("train loss"), _decimal(running if running is not None else train))
        accuracy = data.steps.last("accuracy")
        show(tr("train accuracy"), percent(accuracy))
        test = data.finished.get("test_accuracy") if data.finished else None
        learnt = data.state is None or not data.state.at_chance
        show(tr("validation accuracy"), percent(validation), role="good" if learnt else "")
        show(tr("test accuracy"), percent(test), role="good" if learnt else "problem")
        rate = data.steps.last("lr")
        show(tr("learning rate"), "" if rate is None or data.finished else f"{rate:.3g}")
        extra = [value for value in data.last.get("aux") or [] if isinstance(value, int | float)]
        self._show_expected(data)
        show(tr("auxiliary losses"), ", ".join(f"{value:.2f}" for value in extra))

    def _show_expected(self, data: RunData) -> None:
        """Memory and time, beside what they were expected to be before the run began."""
        expected, show = data.expected, self.figures.set
        used = data.last.get("memory") or data.blocks.used
        about = tr("The most that the training has taken: of the device, or of the whole process in main memory")
        text = bytes_text(used) if used is not None else ""
        if used is not None and expected is not None:
            text = tr("{found}, expected {expected}", found=text, expected=bytes_text(expected.memory.total))
        show(tr("memory"), text, about)
        seconds = data.finished.get("seconds") if data.finished else None
        text = duration_text(seconds) if isinstance(seconds, int | float) else ""
        time = expected.time if expected is not None else None
        if text and time is not None:
            text = tr("{found}, expected {expected}", found=text, expected=duration_text(time.seconds))
        elif time is not None:
            text = tr("expected {expected}", expected=duration_text(time.seconds))
        show(tr("time"), text, tr("By the run {run}.", run=time.by) if time is not None else "")


class TrainingPanel(QWidget):
    """Figures, curves, runs. The curves are made when there is something to draw; their tools stand beside the tabs."""

    def __init__(self, desk: Desk, trainer: RunControl, family: Callable[[str], str]) -> None:
        """``family``: of the block at a path."""
        super().__init__()
        self._desk, self._trainer = desk, trainer
        self.strip = DownTheNetwork(family)
        self.curves: CurvesPanel | None = None
        self.tools = QWidget()
        QHBoxLayout(self.tools).setContentsMargins(0, 0, 0, 0)
        self._drawn: object = None
        self._measured = False
        line = QHBoxLayout(self)
        line.setContentsMargins(14, 8, 14, 8)
        line.setSpacing(24)
        self.stack = QStackedWidget()
        self.empty = quiet(tr("No run is in view. Train starts one; earlier ones stand on the right."))
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.empty)
        self.figures = RunFigures(desk.commands, trainer)
        self._left = QScrollArea()  # a low window has not room for every figure
        self._left.setWidget(self.figures)
        self._left.setWidgetResizable(True)
        self._left.setFrameShape(QFrame.Shape.NoFrame)
        self._left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._left.setFixedWidth(300)
        self._left.hide()
        side = QWidget()
        side.setFixedWidth(270)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        title = QLabel(tr("Runs"))
        title.setFont(font(12, bold=True))
        self.folder = Elided()
        head = QHBoxLayout()
        head.addWidget(title)
        head.addWidget(self.folder, 1)
        column.addLayout(head)
        self.list = RunList(trainer)
        column.addWidget(self.list, 1)
        line.addWidget(self._left)
        line.addWidget(self.stack, 2)
        line.addWidget(self.strip, 1)
        line.addWidget(side)
        self._side = side
        self.list.chosen.connect(lambda run: self._trainer.attach(run))
        self.list.overlaid.connect(lambda run: self._trainer.overlay(run))
        trainer.run_changed.connect(self._turn)
        trainer.progress.connect(self.refresh)
        trainer.runs_changed.connect(self._show_runs)
        notifier.changed.connect(self.refresh)
        self._show_runs()

    def _show_runs(self) -> None:
        self.folder.setText(_from_home(self._trainer.folder))
        self.folder.setToolTip(plain(str(self._trainer.folder)))
        self.list.refresh()

    def _turn(self) -> None:
        """Another run is in view."""
        there = self._trainer.data is not None
        self._left.setVisible(there)
        if there and self.curves is None:
            self._make_curves()
        self.stack.setCurrentWidget(self.curves if there and self.curves is not None else self.empty)
        self.empty.setVisible(not there)
        self._show_strip()
        self.list.refresh()
        self.refresh()

    def _make_curves(self) -> None:
        from blockstudio.gui.document.curves import CurvesPanel

        self.curves = CurvesPanel(self._desk, "run.save_curves", ("loss", "accuracy"), part="both", names=False)
        self.stack.addWidget(self.curves)
        inner = self.tools.layout()
        assert inner is not None
        inner.addWidget(self.curves.tools)

    def stop(self) -> None:
        """The window closes."""
        if self.curves is not None:
            self.curves.stop()

    def refresh(self) -> None:
        """Draw what is new, if anybody can see it."""
        if not self.isVisible():
            return
        data = self._trainer.data
        shown = [] if data is None else [data, *self._trainer.others]
        state = [(each, each.state, each.steps.size, each.epochs.size) for each in shown], theme()
        if state == self._drawn:
            return
        self._drawn = state
        self.figures.refresh()
        self._show_strip()
        if self.curves is not None:
            self.curves.show_subjects([_subject(each, place) for place, each in enumerate(shown)])
        self.list.viewport().update()

    def _show_strip(self) -> None:
        """The strip stands beside the curves where blocks are measured."""
        data = self._trainer.data
        self._measured = data is not None and bool(data.blocks.paths)
        self._fit()

    def _fit(self) -> None:
        """Where all of it has no room the list of runs goes, which the page *Runs* has too, and then the strip."""
        line = self.layout()
        assert line is not None
        margins, gap = line.contentsMargins(), line.spacing()
        room = self.width() - margins.left() - margins.right() - self.stack.minimumSizeHint().width()
        room -= 0 if self._left.isHidden() else self._left.width() + gap
        for part, wanted in ((self.strip, self._measured), (self._side, True)):
            needs = max(part.minimumSizeHint().width(), part.minimumWidth()) + gap
            part.setVisible(wanted and (needs <= room or self._left.isHidden()))
            room -= 0 if part.isHidden() else needs

    def minimumSizeHint(self) -> QSize:
        """It makes no window wider than one without the list of runs."""
        size = super().minimumSizeHint()
        return QSize(min(size.width(), LEAST), size.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._trainer.watch_list(True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._trainer.watch_list(False)


def _subject(data: RunData, place: int) -> Subject:
    """A run among those whose curves are drawn."""
    from blockstudio.gui.document.curves import Subject

    colours = theme().series
    name = name_and_time(data.run.name)
    text = f"{name[0]} {name[1].rpartition(' ')[2]}".strip()
    return Subject(data.run.directory, text, colours[place % len(colours)], data.curves, data.active)


def _decimal(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 100 else f"{value:.3g}"


def _from_home(folder: Path) -> str:
    """A folder as people write it: ``~/BlockStudio/runs``."""
    home = Path.home()
    return str(Path("~") / folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)
