"""Questions to a trained network, in place of the drawing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from blockstudio.errors import StudioError
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.thumbnails import Thumbnails
from blockstudio.gui.kit.text import tr
from blockstudio.gui.laboratory.process import LabProcess
from blockstudio.gui.work.settings import runs_folder
from blockstudio.runs import Run
from blockstudio.runs.questions import GROUPS
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.gui.laboratory.page import LaboratoryPage


class Laboratory:
    """What was put on the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.process = LabProcess(desk)
        self.page: LaboratoryPage | None = None
        self._taken: tuple[Run | None, str] | None = None
        """Of the window in whose place this one is."""
        desk.add_screen("laboratory", self._make, self._focus, title=say("Laboratory"), place=5,
                        undo=self._undo)  # fmt: skip
        desk.add_commands(
            Command("laboratory.ask", say("Ask the run in view why"), lambda d: self.ask_watched(), "View", 470,
                    enabled=lambda d: d.watched.run is not None,
                    keywords="laboratory lesion cam gradient batchnorm interpret explain"),
            Command("laboratory.outputs", say("Show what blocks give on their cards"), lambda d: self.ready_outputs(),
                    "View", 471, enabled=lambda d: d.watched.run is not None,
                    keywords="thumbnail feature map activation hover"),
            Command("laboratory.open", say("Open a run in the laboratory…"), lambda d: self._open(), "View", 472,
                    keywords="ask folder trained"),
            Command("laboratory.run", say("Ask the run why"), lambda d, folder: self._ask_run(folder), value=True),
            Command("laboratory.undo", say("Undo the last lesion"), lambda d: self._page().by_hand.undo(),
                    enabled=lambda d: d.screen == "laboratory"),
            Command("laboratory.picture", say("Ask about a picture…"),
                    lambda d: self._choose_picture(),
                    enabled=lambda d: d.screen == "laboratory", keywords="image file open"),
            Command("laboratory.save_figure", say("Save the answer's figure…"),
                    lambda d: self._page().save("figure"),
                    enabled=lambda d: d.screen == "laboratory"),
            Command("laboratory.save_data", say("Save the answer's data…"),
                    lambda d: self._page().save("data"),
                    enabled=lambda d: d.screen == "laboratory"),
            *(
                Command(f"laboratory.{group}", say("Laboratory: {title}", title=title),
                        lambda d, group=group: self._turn_to(group), keywords="ask lesion paths cam batchnorm evaluate")
                for group, title in GROUPS.items()
            ),
        )  # fmt: skip
        desk.carry("laboratory", self._give, self._take)
        desk.on_close(self.process.stop)
        self.process.ready.connect(self._outputs_alone)
        self.process.changed.connect(self._forget_outputs)

    def _make(self) -> LaboratoryPage:
        from blockstudio.gui.laboratory.page import HAND, LaboratoryPage

        page = self.page = LaboratoryPage(self._desk, self.process)
        page.seeing.looked.connect(self.show_outputs)
        run, tab = self._taken or (None, HAND)
        run = run or self._desk.watched.run
        if run is not None:
            page.show_run(run)
            page.turn_to(tab)
        return page

    def _give(self) -> tuple[Run | None, str] | None:
        """The run that is asked and the tab in view, for the window that takes this one's place."""
        return self._taken if self.page is None else (self.page.run, self.page.tab)

    def _take(self, given: tuple[Run | None, str] | None) -> None:
        """What another window asked; the page is made when somebody looks."""
        self._taken = given

    def _page(self) -> LaboratoryPage:
        self._desk.screen_widget("laboratory")
        assert self.page is not None
        return self.page

    def _focus(self) -> None:
        self._page().take_keyboard()

    def _undo(self) -> Callable[[], object] | None:
        """What Undo takes back: the last click on a unit."""
        page = self._page()
        return page.by_hand.undo if page.can_undo else None

    def ask_watched(self) -> None:
        """Ask the run that is watched."""
        self._desk.show_screen("laboratory")
        run = self._desk.watched.run
        page = self._page()
        if run is not None and (page.run is None or page.run.directory != run.directory):
            page.show_run(run)

    def _open(self) -> None:
        """Choose the folder of a run."""
        self._desk.show_screen("laboratory")
        dialog = QFileDialog(self._desk.window, tr("Open a run"), str(self._desk.runs or runs_folder()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._page().open_run)
        self._desk.open_dialog(dialog)

    def _ask_run(self, folder: Path) -> None:
        """Ask this run."""
        self._desk.show_screen("laboratory")
        page = self._page()
        if page.run is None or page.run.directory != folder:
            page.open_run(str(folder))  # It may have gone since it was listed.

    def ready_outputs(self) -> None:
        """Have the network of the run that is watched ready, so that the cards can show what its blocks give."""
        if self._desk.watched.run is not None:
            self.process.turn_to(self._desk.watched.run.directory)

    def _outputs_alone(self) -> None:
        if self.page is None:  # Otherwise the page says which picture is in view.
            self.show_outputs(0)

    def show_outputs(self, image: int) -> None:
        """From now on cards show what their blocks give for this test image while the mouse rests on them."""
        if self.process.run is None:
            return
        try:
            network = Run(self.process.run).diagram()
        except StudioError:
            return  # The run's folder has gone meanwhile: the page says so when it is asked.

        def take(found: dict[str, Any]) -> None:
            from blockstudio.gui.laboratory.look_parts import image_of

            pictures = {path: image_of(picture) for path, picture in found["shown"].items()}
            self._desk.session.thumbnails = Thumbnails(network, pictures)

        self.process.ask({"show": "thumbnails", "image": image}, take, lambda error: None)

    def _forget_outputs(self) -> None:
        if self.process.run is None:
            self._desk.session.thumbnails = None

    def _choose_picture(self) -> None:
        self._page().choose_picture()

    def _turn_to(self, group: str) -> None:
        self._desk.show_screen("laboratory")
        self._page().turn_to(group)


def install(desk: Desk) -> Laboratory:
    """Put the page on the desk."""
    return Laboratory(desk)
