"""Results: a page under *Runs*, and dropped pictures while it is in view."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtGui import QImageReader

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.results import SCREEN
from blockstudio.runs.run import RECIPE
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.gui.results.page import ResultsPage
    from blockstudio.runs.predictions import Part, Which

    Given: TypeAlias = tuple[Path, tuple[Part, Which], tuple[int, int] | None]
    """The run, which images and weights, and the cell of the matrix."""


class Results:
    """What was put on the desk; the page is made when somebody first looks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.page: ResultsPage | None = None
        desk.add_screen(SCREEN, self._make, self._focus, under="runs")
        desk.add_commands(
            Command("results.show", say("Results of a run"), self._open, value=True),
            Command("results.watched", say("Results of this run"), self._open_watched, "Run", 220,
                    enabled=lambda d: d.watched.run is not None, keywords="confusion matrix mistakes classes"),
        )  # fmt: skip
        desk.add_opener(self._takes, self._try)
        desk.add_opener(_is_run, lambda folder: self._open(desk, folder))
        desk.carry("results", self._give, self._take)
        desk.on_close(self.stop)

    def _make(self) -> ResultsPage:
        from blockstudio.gui.results.page import ResultsPage

        self.page = ResultsPage(self._desk)
        return self.page

    def _focus(self) -> None:
        if self.page is not None:
            self.page.take_keyboard()

    def _open(self, desk: Desk, directory: Path) -> None:
        desk.show_screen(SCREEN)
        if self.page is not None:
            self.page.show_run(directory)
            self.page.take_keyboard()

    def _open_watched(self, desk: Desk) -> None:
        if desk.watched.run is not None:
            self._open(desk, desk.watched.run.directory)

    def _give(self) -> Given | None:
        """What is in view, for the window that takes this one's place."""
        page = self.page
        if page is None or page.directory is None:
            return None
        return page.directory, (page.part, page.which), page.matrix.cell

    def _take(self, given: Given | None) -> None:
        """Show what another window showed."""
        if given is not None:
            directory, asked, cell = given
            self._desk.screen_widget(SCREEN)
            assert self.page is not None
            self.page.show_run(directory, asked)
            if cell is not None and self.page.found is not None:
                self.page.matrix.choose(*cell)

    def _takes(self, file: Path) -> bool:
        """A picture, or what is called one: what is wrong with it is said in place."""
        known = {bytes(each.data()).decode() for each in QImageReader.supportedImageFormats()}
        return self._desk.screen == SCREEN and file.suffix.lower()[1:] in known

    def _try(self, file: Path) -> None:
        if self.page is not None:
            self.page.trying.try_file(file)

    def stop(self) -> None:
        """The window closes."""
        if self.page is not None:
            self.page.stop()


def _is_run(folder: Path) -> bool:
    return os.path.isfile(folder / RECIPE)


def install(desk: Desk) -> Results:
    """Put results on the desk."""
    return Results(desk)
