"""Puts the figures of the watched run's blocks on the desk: on cards, in a list, in the inspector, over the drawing."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.analysis import BlockReport, Level
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.measures import Measure
from blockstudio.gui.document.places import Panel
from blockstudio.gui.kit.text import tr
from blockstudio.gui.training.run_control import RunControl
from blockstudio.gui.training.watch.bar import AsTrained
from blockstudio.gui.training.watch.panel import WatchPanel
from blockstudio.gui.training.watch.section import WatchedBlock
from blockstudio.gui.training.watch.strip import DownTheNetwork
from blockstudio.gui.training.watch.trained import Trained
from blockstudio.gui.training.watch.watchable import WATCHABLE, Watchable
from blockstudio.text import say


class WatchedBlocks:
    """What follows the blocks of a run."""

    def __init__(self, desk: Desk, trainer: RunControl, strip: DownTheNetwork) -> None:
        self._desk, self._trainer = desk, trainer
        self.trained = Trained(desk)
        self.strip = strip
        self.panel = WatchPanel(desk, trainer, self.trained)
        desk.add_commands(*_commands(self.trained, trainer))
        self.bar = AsTrained(desk.commands, self.trained)
        for each in WATCHABLE:
            desk.session.add_measure(self._measure(each))
        desk.add_panel(Panel("watch", "left", self.panel, 150, tr("Watch")))
        desk.add_item("drawing", self.bar, 100)
        desk.add_section("block", lambda name: WatchedBlock(desk, self.trained, name), 20)
        self._serial = (0, 0)
        desk.watched.measured.connect(self._show)
        self.trained.changed.connect(self._show)
        trainer.progress.connect(self._on_progress)
        strip.strip.chosen.connect(desk.show_block)
        desk.session.selection_changed.connect(self._select)
        desk.session.path_changed.connect(self._select)

    def _measure(self, each: Watchable) -> Measure:
        def values() -> Mapping[str, float]:
            history = self.trained.blocks
            return history.latest(each.figure) if history is not None else {}

        def on(level: Level) -> dict[str, float | None]:
            known, before = values(), f"{level.path}." if level.path else ""
            return {name: known.get(before + name) for name in level.blocks} if known else {}

        def of(_: BlockReport, path: str) -> float | None:
            return values().get(path)

        words = tuple(tr(word) for word in each.words)
        return Measure(each.name, tr(each.title), tr(each.about), of, each.text, on, each.scale, not each.log, words)

    def _on_progress(self) -> None:
        """Say that there are new figures, if there are."""
        blocks = self._desk.watched.blocks
        serial = (id(blocks), blocks.serial if blocks is not None else 0)
        if serial != self._serial:
            self._serial = serial
            self._desk.watched.measured.emit()

    def _show(self) -> None:
        session = self._desk.session
        if session.heat in (each.name for each in WATCHABLE):
            session.metric_changed.emit()
        else:
            self.panel.refresh()
        self.strip.show_history(self._desk.watched.blocks)

    def _select(self, *_: object) -> None:
        session = self._desk.session
        name = session.selection[0] if len(session.selection) == 1 else ""
        self.strip.strip.select(f"{session.path}.{name}" if name and session.path else name)

    def stop(self) -> None:
        """The window closes."""
        self.trained.stop()


def _commands(trained: Trained, trainer: RunControl) -> tuple[Command[Desk], ...]:
    def differs(_: Desk) -> bool:
        return trained.differs

    def toggle(desk: Desk) -> None:
        shown = not desk.is_shown("watch")
        desk.set_shown("watch", shown)
        if not shown:
            desk.set_shown("palette", True)

    def measure(_: Desk, every: int) -> None:
        """Every so many steps; −1: never."""
        if every < 0:
            trainer.tell("unwatch")
        else:
            trainer.tell("watch", steps=every)

    return (
        Command("view.watch", say("Watch the blocks of the run"), toggle, "View", 301, ("Ctrl+Alt+4",),
                checked=lambda d: d.is_shown("watch"), keywords="gradient update activation overlay"),
        Command("watch.rate", say("How often the blocks of the run are measured"), measure, value=True),
        Command("view.as_trained", say("Show as trained"), lambda _: trained.show(True), "View", 302,
                enabled=lambda d: differs(d) and not trained.is_shown),
        Command("view.as_drawn", say("Back to the diagram"), lambda _: trained.show(False), "View", 303,
                enabled=lambda _: trained.is_shown),
        Command("run.apply_trained", say("Apply the trained sizes to the diagram"), lambda _: trained.apply(), "Run",
                220, enabled=differs),
    )  # fmt: skip
