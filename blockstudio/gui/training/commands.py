"""What can be done with runs and with the recipe of the next one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog

from blockstudio.graph.format import SUFFIX
from blockstudio.gui.commands.registry import Act, Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.gui.training.run_control import RunControl
from blockstudio.gui.work.settings import settings
from blockstudio.runs.datasets import is_absent
from blockstudio.runs.devices import absent_devices
from blockstudio.runs.known_sets import DATASETS, megabytes_text
from blockstudio.runs.recipe import FIELDS, get_field
from blockstudio.runs.start import REMOTE
from blockstudio.text import say


def commands(trainer: RunControl) -> tuple[Command[Desk], ...]:
    """The commands of one trainer."""

    def is_in(*states: str) -> Callable[[Desk], bool]:
        return lambda _: trainer.state in states and not trainer.asked

    def can_stop(_: Desk) -> bool:
        return trainer.can_stop

    def watching(_: Desk) -> bool:
        return trainer.data is not None

    def ended_early(_: Desk) -> bool:
        return trainer.data is not None and trainer.data.status in ("stopped", "lost", "failed")

    def go_on(_: Desk) -> None:
        if trainer.data is not None:
            trainer.go_on(trainer.data.run)

    def open_diagram(desk: Desk) -> None:
        """Open the network as the run in view trains it."""
        if trainer.data is not None:
            desk.documents.open_copy(trainer.data.run.directory / f"diagram{SUFFIX}")

    def is_far(_: Desk) -> bool:
        """A trainer of another machine is at work."""
        return trainer.data is not None and trainer.data.active and os.path.exists(trainer.data.run.directory / REMOTE)

    def fetch(desk: Desk) -> None:
        trainer.tell("fetch")
        desk.say(tr("Its latest checkpoint is being fetched into the run's folder here."), "info")

    def set_runs_folder(name: str) -> None:
        settings().setValue("runs/folder", name)
        trainer.set_folder(Path(name))

    def ask_runs_folder(desk: Desk) -> None:
        _ask_folder(desk, tr("Folder of runs"), trainer.folder, set_runs_folder)

    def ask_place(desk: Desk) -> None:
        """Where a run of another machine is."""
        dialog = QInputDialog(desk.window)
        dialog.setWindowTitle(tr("Run of another machine"))
        dialog.setLabelText(tr("The machine as ssh knows it, and the run's directory there:"))
        dialog.setTextValue(str(settings().value("runs/place", "host:runs/name")))
        dialog.setOkButtonText(tr("Follow"))

        def take(place: str) -> None:
            settings().setValue("runs/place", place)
            trainer.follow(place.strip())

        dialog.textValueSelected.connect(take)
        desk.open_dialog(dialog)

    def ask_data_folder(desk: Desk) -> None:
        title = tr("Folder with images")
        _ask_folder(desk, title, Path.home(), lambda name: trainer.set_fields({"data.source": name}))

    def data_sets(_: Desk) -> Iterable[Choice]:
        data = trainer.recipe.data
        absent = [name for name, known in DATASETS.items() if not known.built_in and is_absent(name, data.folder)]
        # A line divides those that come with the program from those that are files, and those from what is not here.
        before = True
        for name in (*(name for name in DATASETS if name not in absent), *absent):
            known = DATASETS[name]
            if name in absent[:1]:
                yield Choice(tr("Not on this computer yet"), "", separator=True, enabled=False)
            tip = tr(known.help)
            if name in absent and known.megabytes:
                tip = tr("{help} To be downloaded: {size}.", help=known.help, size=megabytes_text(known.megabytes))
            line = before and not known.built_in and name not in absent
            yield Choice(tr(known.title), name, name == data.source, tip, separator=line)
            before = known.built_in

    def folder_label(_: Desk) -> str:
        chosen = trainer.recipe.data.source
        return tr("Folder of images…") if chosen in DATASETS else tr("Folder: {name}").format(name=chosen)

    def choices(path: str) -> Callable[[Desk], Iterable[Choice]]:
        return lambda _: (Choice(each, each, get_field(trainer.recipe, path) == each) for each in FIELDS[path].choices)

    def can_download(_: Desk) -> bool:
        known = DATASETS.get(trainer.recipe.data.source)
        return known is not None and bool(known.torchvision)

    def devices(_: Desk) -> Iterable[Choice]:
        absent, chosen = absent_devices(), trainer.recipe.device
        for each in FIELDS["device"].choices:
            yield Choice(each, each, each == chosen, tr(absent.get(each, "")), enabled=each not in absent)

    def download(desk: Desk, start: bool = False) -> None:
        """Let the next run fetch its data; from a run that was refused, begin it at once."""
        if trainer.set_fields({"data.download": True}) and start:
            trainer.train()

    def ask_set_folder(desk: Desk) -> None:
        name = trainer.recipe.data.source
        known = DATASETS.get(name)
        if known is None:
            ask_data_folder(desk)
            return

        def take(chosen: str) -> None:
            if is_absent(name, chosen):
                desk.say(tr("{title} is not in {folder}.", title=known.title, folder=chosen), "problem",
                         Act(tr("Choose folder…"), "run.set_folder"))  # fmt: skip
                return
            if trainer.set_fields({"data.folder": chosen, "data.download": False}):
                desk.say(tr("{title} is read from {folder}.", title=known.title, folder=chosen), "good")

        _ask_folder(desk, tr("Folder with {title}", title=known.title), Path.home(), take)

    def setter(path: str) -> Callable[[Desk, str], object]:
        return lambda _, value: trainer.set_fields({path: value})

    return (
        Command("run.train", say("Train"), lambda d: trainer.train(), "Run", 100, ("F5",), enabled=is_in("idle")),
        Command("run.pause", say("Pause"), lambda d: trainer.tell("pause"), "Run", 110, ("F6",),
                enabled=is_in("running")),
        Command("run.resume", say("Resume"), lambda d: trainer.tell("resume"), "Run", 120, ("F7",),
                enabled=is_in("paused")),
        Command("run.stop", say("Stop"), lambda d: trainer.tell("stop"), "Run", 130, ("Shift+F5",),
                enabled=can_stop),
        Command("run.continue", say("Continue this run"), go_on, "Run", 140, enabled=ended_early,
                keywords="resume checkpoint"),
        Command("run.follow", say("Follow a run of another machine…"), ask_place, "Run", 150, enabled=is_in("idle"),
                keywords="ssh remote attach server cluster"),
        Command("run.fetch", say("Fetch its latest checkpoint"), fetch, "Run", 160, enabled=is_far,
                keywords="ssh remote download weights"),
        Command("run.folder", say("Folder of runs…"), ask_runs_folder, "Run", 200),
        Command("run.diagram", say("Open the diagram of this run"), open_diagram, "Run", 210, enabled=watching),
        Command("run.data", say("Data to train on"), setter("data.source"), choices=data_sets),
        Command("run.data_folder", say("Folder of images…"), ask_data_folder, label=folder_label,
                checked=lambda d: trainer.recipe.data.source not in DATASETS, keywords="data set train"),
        Command("run.device", say("Device"), setter("device"), choices=devices),
        Command("run.download", say("Download the data set"), download, enabled=can_download,
                keywords="data set fetch"),
        Command("run.set_folder", say("Choose the data set's folder…"), ask_set_folder,
                keywords="data set where"),
        Command("run.precision", say("Precision"), setter("precision"), choices=choices("precision")),
        Command("view.run", say("Run"), lambda d: d.show_page("run"), "View", 350, ("Ctrl+Shift+U",)),
        Command("view.recipe", say("Recipe"), lambda d: d.show_page("recipe"), "View", 340, ("Ctrl+Shift+R",)),
    )  # fmt: skip


def _ask_folder(desk: Desk, title: str, folder: Path, then: Callable[[str], object]) -> None:
    dialog = QFileDialog(desk.window, title, str(folder))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.fileSelected.connect(then)
    desk.open_dialog(dialog)
