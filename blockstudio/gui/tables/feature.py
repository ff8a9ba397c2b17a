"""The network block by block, and the table that its paper prints, as a page under the drawing."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.tables.page import NO_PAPER, Tables, has_paper
from blockstudio.text import say


def install(desk: Desk) -> Tables:
    """Put the page on the desk."""
    tables = Tables(desk)
    desk.add_commands(
        Command("view.table", say("Table of this network"), lambda d: tables.show("network"), "View", 400,
                ("Ctrl+Shift+T",), keywords="summary shapes parameters macs"),
        Command("view.paper", say("Paper's table"), lambda d: tables.show("paper"), "View", 410, ("Ctrl+Shift+Y",),
                enabled=lambda d: has_paper(d.session.diagram), reason=NO_PAPER,
                keywords="misprints printed googlenet"),
        Command("table.levels", say("Levels of modules"), lambda d, depth: tables.page.set_depth(depth),
                choices=lambda d: tables.page.depths()),
        Command("table.sort", say("Sort the table by"), lambda d, column: tables.page.sort_by(column), "View", 420,
                choices=lambda d: tables.page.columns(), enabled=lambda d: tables.page.is_built,
                keywords="cost largest order"),
        Command("table.like_paper", say("Set as in the paper's table"), lambda d: tables.page.like_paper(),
                enabled=lambda d: tables.page.shown_mode == "paper", keywords="misprints"),
    )  # fmt: skip
    desk.on_close(tables.page.stop)
    return tables
