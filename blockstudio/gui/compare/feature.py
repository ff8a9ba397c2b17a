"""Networks side by side, in place of the drawing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.gui.compare.networks import ComparedNetworks, Given
    from blockstudio.gui.compare.page import ComparePage


class Comparing:
    """*Compare…*; the page is made when it is first asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page: ComparePage | None = None
        desk.add_screen("compare", self._make, lambda: self._page is not None and self._page.add_line.setFocus())
        desk.add_commands(
            Command("view.compare", say("Compare networks…"), lambda d: d.show_screen("compare"), "View", 420,
                    ("Ctrl+Shift+C",), keywords="table difference parameters macs stages factorising"),
        )  # fmt: skip
        desk.carry("compare", self._give, self._take)

    @cached_property
    def comparison(self) -> ComparedNetworks:
        """What is compared."""
        from blockstudio.gui.compare.networks import ComparedNetworks

        comparison = ComparedNetworks(self._desk.session, self._desk.documents)
        self._desk.on_close(comparison.stop)
        return comparison

    def _make(self) -> ComparePage:
        from blockstudio.gui.compare.page import ComparePage

        self._page = ComparePage(self._desk, self.comparison)
        return self._page

    @property
    def page(self) -> ComparePage | None:
        """The page, if it is in view."""
        return self._page if self._desk.screen == "compare" else None

    def _give(self) -> Given | None:
        return self.comparison.give() if "comparison" in vars(self) else None

    def _take(self, given: Given | None) -> None:
        if given is not None:
            self.comparison.take(given)


def install(desk: Desk) -> Comparing:
    """Put the screen on the desk."""
    return Comparing(desk)
