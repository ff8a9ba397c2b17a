"""Runs: a page in the bar, and what can be done with runs on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from blockstudio.graph.format import SUFFIX
from blockstudio.gui.commands.registry import Act, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.gui.runs.difference import DifferencePanel
    from blockstudio.gui.runs.page import RunsPage, Shown
    from blockstudio.gui.runs.store import RunStore
    from blockstudio.runs.rows import Listed

SCREEN = "runs"
RESULTS = "results.show"


class Runs:
    """What was put on the desk; the page is made when it is first looked at."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.page: RunsPage | None = None
        desk.add_screen(SCREEN, self._make, self._focus, title=say("Runs"), place=3, undo=self._undo)
        desk.add_commands(
            Command("runs.diagrams", say("Open the diagram as trained"), self._open, value=True),
            Command("runs.open", say("Results of the run"), _open_results, value=True),
            Command("runs.take_recipe", say("Take the recipe of a run"), self._take_recipe, value=True),
            Command("runs.delete", say("Move the run to the bin"), self._delete, value=True),
            Command("runs.restore", say("Take the run back"), lambda _: self.store.restore(),
                    enabled=lambda _: self._can_restore, keywords="undo delete bin"),
            Command("runs.save_curves", say("Save the curves of runs"), self._save_curves, value=True),
            Command("runs.equal_fields", say("Show equal fields"), _show_equal, value=True),
        )  # fmt: skip
        desk.carry("runs", self._give, self._take)
        desk.on_close(self.stop)

    @cached_property
    def store(self) -> RunStore:
        """What reads the folder of runs."""
        from blockstudio.gui.runs.store import RunStore

        store = RunStore(self._desk)
        self._desk.on_close(store.stop)
        return store

    @property
    def _can_restore(self) -> bool:
        """Whether a run was moved to the bin here."""
        return "store" in vars(self) and self.store.can_restore

    def _make(self) -> RunsPage:
        from blockstudio.gui.runs.page import RunsPage

        self.page = RunsPage(self._desk, self.store)
        return self.page

    def _give(self) -> Shown | None:
        """What the page shows, for the window that takes this one's place."""
        return None if self.page is None else self.page.give()

    def _take(self, given: Shown | None) -> None:
        """Show what another window showed."""
        if given is not None:
            self._desk.screen_widget(SCREEN)
            assert self.page is not None
            self.page.take(given)

    def _focus(self) -> None:
        if self.page is not None:
            self.page.take_keyboard()

    def _undo(self) -> Callable[[], object] | None:
        return self.store.restore if self._can_restore else None

    def _open(self, desk: Desk, rows: list[Listed]) -> None:
        """The networks of runs as they were trained, each in a tab."""
        for row in rows:
            desk.documents.open_copy(row.directory / f"diagram{SUFFIX}")

    def _take_recipe(self, desk: Desk, row: Listed) -> None:
        """Train the next run as this one was; its starting weights stay those of the document."""
        values = {
            path: value for path, value in row.recipe.items() if path != "version" and not path.startswith("start.")
        }
        if desk.session.recipe.set_fields(values):
            desk.say(tr("The next run has the recipe of {run}.", run=row.name), "good",
                     Act(tr("Show it"), "view.recipe"))  # fmt: skip

    def _delete(self, desk: Desk, row: Listed) -> None:
        if self.store.delete(row):
            desk.say(tr("{run} is in the bin.", run=row.name), "info", Act(tr("Take it back"), "runs.restore"))

    def _save_curves(self, _: Desk, ending: str) -> None:
        if self.page is not None:
            self.page.curves.ask(ending)

    def stop(self) -> None:
        """The window closes."""
        if self.page is not None:
            self.page.difference.stop()
            self.page.curves.stop()


def _open_results(desk: Desk, row: Listed) -> None:
    """Results are another feature's; where it is not there a run opens as its diagram."""
    if RESULTS in desk.commands.declared:
        desk.commands.run(RESULTS, row.directory)
    else:
        desk.commands.run("runs.diagrams", [row])


def _show_equal(_: Desk, panel: DifferencePanel) -> None:
    panel.show_equal()


def install(desk: Desk) -> Runs:
    """Put runs on the desk."""
    return Runs(desk)
