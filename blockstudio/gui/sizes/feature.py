"""The size of the representation along the network, as a page under the drawing."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.gui.sizes.page import SizesPage
from blockstudio.text import say


def install(desk: Desk) -> SizesPage:
    """Put the page on the desk."""
    page = SizesPage(desk)
    desk.add_page("sizes", tr("Sizes"), page, 450)
    desk.add_commands(
        Command("view.sizes", say("Sizes of the representation"), lambda d: d.show_page("sizes"), "View", 430,
                keywords="bottleneck representation curve C·H·W values map"),
    )  # fmt: skip
    return page
