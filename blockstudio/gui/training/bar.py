"""What a run is made of, and its buttons, in the bar over the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from blockstudio.gui.commands.registry import Commands
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.icons import glyph
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import notifier, theme
from blockstudio.gui.training.run_control import RunControl


class RunBar(QObject):
    """The data, the device, and the buttons that start, pause and stop."""

    def __init__(self, commands: Commands[Desk], trainer: RunControl) -> None:
        super().__init__(trainer)
        self._commands, self._trainer = commands, trainer
        self.data = Chip(tr("Data to train on"), self._fill_data)
        self.device = Chip(tr("Device and precision"), self._fill_device)
        self.train = QPushButton()
        self.train.setProperty("role", "primary")
        self.train.setMinimumWidth(88)
        self.stop = QPushButton(tr("Stop"))
        self.stop.setProperty("role", "chip")
        for button in (self.train, self.stop):  # a click leaves the keyboard where it is: with the drawing
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        commands.bind(self.train, "run.train", "run.pause", "run.resume")
        commands.bind(self.stop, "run.stop")
        self._train_icon = "play"
        notifier.changed.connect(self._colour)
        trainer.recipe_changed.connect(self._show_recipe)
        self._show_recipe()
        self.show_run("idle")

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """From left to right."""
        return self.data, self.device, self.train, self.stop

    def _fill_data(self, menu: QMenu) -> None:
        self._commands.refresh()
        self._commands.fill_choices(menu, "run.data")
        menu.addSeparator()
        self._commands.offer(menu, "run.data_folder")

    def _fill_device(self, menu: QMenu) -> None:
        self._commands.fill_choices(menu, "run.device")
        menu.addSeparator()
        self._commands.fill_choices(menu, "run.precision")

    def _show_recipe(self) -> None:
        recipe = self._trainer.recipe
        source = recipe.data.source
        self.data.set_text(Path(source).name if "/" in source or "\\" in source else source)
        self.device.set_text(f"{recipe.device} · {recipe.precision}")

    def show_run(self, state: str, asked: str = "", can_stop: bool = True) -> None:
        """The buttons for ``idle``, ``starting``, ``running`` or ``paused``; ``asked`` is what the trainer has yet to
        do."""
        text, icon = {
            "idle": (tr("Train"), "play"),
            "starting": (tr("Starting…"), "play"),
            "running": (tr("Pause"), "pause"),
            "paused": (tr("Resume"), "play"),
        }[state]
        if asked == "pause":
            text = tr("Pausing after this step…")
        self.train.setText(text)
        self.train.setAccessibleName(text)
        self.stop.setText(tr("Stopping after this step…") if asked == "stop" else tr("Stop"))
        self.train.setEnabled(not asked)
        self.stop.setEnabled(can_stop and asked != "stop")
        self._train_icon = icon
        if state == "idle" and self.stop.hasFocus():
            self.train.setFocus()
        self.stop.setVisible(state != "idle")
        self._colour()

    def _colour(self) -> None:
        colours = theme()
        self.train.setIcon(glyph(self._train_icon, colours.on_accent))
        self.stop.setIcon(glyph("stop", colours.text))
        for button in (self.train, self.stop):
            button.setIconSize(QSize(12, 12))
