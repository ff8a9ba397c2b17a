"""The size of the representation along the network, as a page under the drawing."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.gui.sizes.page import SizesPage
from blockstudio.text import say

SHARE = 0.4
"""Of the height, which a curve needs to be read."""


def _show(desk: Desk) -> None:
    desk.show_page("sizes")
    desk.room_wanted.emit(SHARE)


def install(desk: Desk) -> SizesPage:
    """Put the page on the desk."""
    page = SizesPage(desk)
    desk.add_page("sizes", tr("Sizes"), page, 450)
    desk.add_commands(
        Command("view.sizes", say("Sizes of the representation"), _show, "View", 430,
                keywords="bottleneck representation curve C·H·W values map"),
    )  # fmt: skip
    return page
