"""The queue: what trains, what waits, what has failed and why; on which machines."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from blockstudio.experiments import Outcome, Place, Trial
from blockstudio.experiments.place import LIBRARY, MOST, TITLES, EngineName, missing
from blockstudio.experiments.queue import cores
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.experiments.control import ExperimentControl
from blockstudio.gui.kit.page import section_title
from blockstudio.gui.kit.parts import Elided, clear, quiet
from blockstudio.gui.kit.text import plain, tr, tr_many
from blockstudio.gui.kit.theme import font

NAMED = 6


class QueuePanel(QWidget):
    """See the module's text."""

    def __init__(self, desk: Desk, control: ExperimentControl) -> None:
        super().__init__()
        self._desk, self._control = desk, control
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(section_title(tr("Queue")))
        head.addSpacing(10)
        self.engines = QButtonGroup(self)
        self.engine_buttons: dict[str, QPushButton] = {}
        reasons = {engine: reason for engine in LIBRARY if (reason := missing(engine)) is not None}
        for engine, title in TITLES.items():
            button = QPushButton(tr(title))
            button.setCheckable(True)
            button.setChecked(engine == "local")
            button.setEnabled(engine not in reasons)
            button.setToolTip(tr(reasons[engine]) if engine in reasons else "")
            button.setAccessibleDescription(button.toolTip())
            button.clicked.connect(lambda _=False, engine=engine: self.choose(engine))
            self.engines.addButton(button)
            self.engine_buttons[engine] = button
            head.addWidget(button)
        head.addStretch(1)
        head.addWidget(quiet(tr("at once"), wrap=False))
        self.at_once = QSpinBox()
        self.at_once.setRange(1, 256)
        self.at_once.setValue(control.at_once)
        self.at_once.setAccessibleName(tr("Trials at once"))
        self.at_once.valueChanged.connect(self._set_at_once)
        head.addWidget(self.at_once)
        head.addWidget(quiet(tr_many("of {count} core", "of {count} cores", cores()), wrap=False))
        column.addLayout(head)
        self.engine_note = quiet(" ".join(tr(reason) for reason in reasons.values()))
        self.engine_note.setVisible(bool(reasons))
        column.addWidget(self.engine_note)
        column.addWidget(self._make_fields())
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        column.addLayout(self._rows)
        self._shown: object = None
        control.changed.connect(self.show_queue)
        control.opened.connect(self.show_place)
        self.show_place()

    def _make_fields(self) -> QWidget:
        """What one trial takes on an engine, and where it is."""
        self.fields = QWidget()
        line = QHBoxLayout(self.fields)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.address = QLineEdit()
        self.address.setPlaceholderText(tr("head:6379, or empty: a cluster of this machine's own"))
        self.address.setAccessibleName(tr("Address of the Ray cluster"))
        self.cpus, self.gpus = QDoubleSpinBox(), QDoubleSpinBox()
        for field, name, least in ((self.cpus, tr("Processors a trial"), 0.5), (self.gpus, tr("Cards a trial"), 0.0)):
            field.setRange(least, MOST)
            field.setDecimals(2)
            field.setAccessibleName(name)
        self._address_title = quiet(tr("address"), wrap=False)
        line.addWidget(self._address_title)
        line.addWidget(self.address, 1)
        for title, field in ((tr("processors a trial"), self.cpus), (tr("cards a trial"), self.gpus)):
            line.addWidget(quiet(title, wrap=False))
            line.addWidget(field)
        line.addStretch(0)
        self.address.textChanged.connect(lambda _: self._take_fields())
        for field in (self.cpus, self.gpus):
            field.valueChanged.connect(lambda _: self._take_fields())
        return self.fields

    def _set_at_once(self, count: int) -> None:
        self._control.at_once = count

    def choose(self, engine: EngineName) -> None:
        """Train on another engine from the next start on; its fields stand under it."""
        if engine != self._control.place.name:
            self._control.place = Place(engine)
        self.show_place()

    def show_place(self) -> None:
        """Show the engine and its settings."""
        place = self._control.place
        self.engine_buttons[place.name].setChecked(True)
        for field, value in ((self.cpus, place.cpus), (self.gpus, place.gpus)):
            field.blockSignals(True)
            field.setDecimals(0 if place.name == "slurm" else 2)
            field.setValue(value)
            field.blockSignals(False)
        if self.address.text() != place.address:
            self.address.blockSignals(True)
            self.address.setText(place.address)
            self.address.blockSignals(False)
        for widget in (self._address_title, self.address):
            widget.setVisible(place.name == "ray")
        self.fields.setVisible(place.name != "local")

    def _take_fields(self) -> None:
        name = self._control.place.name
        address = self.address.text().strip() if name == "ray" else ""
        self._control.place = Place(name, address, self.cpus.value(), self.gpus.value())

    def show_queue(self) -> None:
        """Show the trials that are not finished."""
        standing = [(trial, trial.outcome()) for trial in self._control.trials]
        shown = [(trial.name, outcome.status, outcome.step, outcome.message) for trial, outcome in standing]
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._rows)
        failed = [each for each in standing if each[1].status == "failed"]
        going = [each for each in standing if each[1].status in ("running", "paused", "stopped", "lost", "asked")]
        waiting = [each for each in standing if each[1].status == "queued"]
        for trial, outcome in [*going, *failed][: 2 * NAMED]:
            self._rows.addWidget(self._row(trial, outcome))
        if waiting:
            names = " · ".join(trial.name for trial, _ in waiting[:2])
            text = tr_many("{count} more: {names}", "{count:,} more: {names} …", len(waiting), names=names)
            self._rows.addWidget(_line("secondary", text, quiet(tr("waiting"), wrap=False)))
        if not going and not failed and not waiting:
            self._rows.addWidget(quiet(tr("Every trial is finished.")))

    def _row(self, trial: Trial, outcome: Outcome) -> QWidget:
        if outcome.status == "failed":
            end = QWidget()
            line = QHBoxLayout(end)
            line.setContentsMargins(0, 0, 0, 0)
            line.addWidget(self._desk.commands.link(tr("try again"), "experiment.retry"))
            line.addWidget(self._desk.commands.link(tr("log"), "experiment.log", trial))
            return _line("problem", tr("{name}: {reason}", name=trial.name, reason=tr(outcome.message)), end)
        bar = QProgressBar()
        bar.setFixedSize(130, 6)
        bar.setTextVisible(False)
        bar.setRange(0, outcome.steps or 1)
        bar.setValue(outcome.step if outcome.steps else 0)
        words = {
            "running": "", "paused": tr("paused"), "stopped": tr("stopped"),
            "lost": tr("its trainer is gone; it goes on from its last checkpoint"),
            "asked": tr("trained; the laboratory is asked about it"),
        }[outcome.status]  # fmt: skip
        end = QWidget()
        line = QHBoxLayout(end)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(bar)
        share = 100 * outcome.step / outcome.steps if outcome.steps else 0
        line.addWidget(QLabel(f"{share:.0f} %"))
        line.addWidget(quiet(words, wrap=False))
        return _line("good" if outcome.status == "running" else "secondary", trial.name, end)


def _line(role: str, text: str, end: QWidget) -> QWidget:
    holder = QWidget()
    holder.setFixedHeight(26)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    dot = QLabel("●")
    dot.setProperty("role", role)
    dot.setFont(font(9))
    name = Elided()
    name.setText(text)
    name.setToolTip(plain(text))
    row.addWidget(dot)
    row.addWidget(name, 1)
    row.addWidget(end)
    row.setAlignment(Qt.AlignmentFlag.AlignVCenter)
    return holder
