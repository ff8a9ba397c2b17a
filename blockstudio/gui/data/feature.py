"""What the network is trained on, in place of the drawing."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.runs.run import RECIPE
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.gui.data.page import DataPage
    from blockstudio.gui.data.survey import SurveyControl


class DataSet:
    """What was put on the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.page: DataPage | None = None
        desk.add_screen("data", self._make, self._focus, title=say("Data"), place=2)
        desk.add_commands(
            Command("data.draw", say("Draw other samples"), lambda d: self.control.draw_again(),
                    enabled=lambda d: d.screen == "data", keywords="die random augmentation"),
            Command("data.check", say("Check the data set again"), lambda d: self.control.restart(),
                    enabled=lambda d: d.screen == "data"),
            Command("data.let_go", say("Stop looking through the folder"), lambda d: self.control.let_go(),
                    enabled=lambda d: self.page is not None and self.control.look is not None),
            Command("data.weigh", say("Weigh classes by their size"),
                    lambda d: d.session.recipe.set_fields({"balance": "weights"}), keywords="balance imbalance loss"),
            Command("data.damaged", say("Damaged images"),
                    lambda d, value: d.session.recipe.set_fields({"data.damaged": value}), value=True),
            Command("data.use", say("Train on this folder"), self._use, value=True),
            Command("data.open_folder", say("Open the data set's folder"), lambda d: self._open_folder(),
                    enabled=lambda d: self.page is not None and bool(self.control.known.root)),
        )  # fmt: skip
        desk.add_opener(_is_set, self._train_on)

    @cached_property
    def control(self) -> SurveyControl:
        """What looks at the data."""
        from blockstudio.gui.data.survey import SurveyControl

        control = SurveyControl(self._desk.session)
        self._desk.on_close(control.stop)
        return control

    def _make(self) -> DataPage:
        from blockstudio.gui.data.page import DataPage

        self.page = DataPage(self._desk, self.control)
        return self.page

    def _focus(self) -> None:
        if self.page is not None:
            self.page.grid.setFocus()

    def _use(self, desk: Desk, folder: str) -> None:
        """The set that was dropped."""
        desk.session.recipe.set_fields({"data.source": folder})

    def _train_on(self, folder: Path) -> None:
        """A folder that was dropped on the window and is nothing else."""
        self._desk.commands.run("data.use", str(folder))
        self._desk.show_screen("data")

    def _open_folder(self) -> None:
        folder = Path(self.control.known.root)
        if os.path.isdir(folder):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _is_set(folder: Path) -> bool:
    """A folder, but not a run's."""
    return os.path.isdir(folder) and not os.path.isfile(folder / RECIPE)


def install(desk: Desk) -> DataSet:
    """Put the page on the desk."""
    return DataSet(desk)
