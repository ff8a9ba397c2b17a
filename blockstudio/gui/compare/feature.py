"""Networks side by side, in place of the drawing."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.compare.page import Comparing
from blockstudio.gui.document.desk import Desk
from blockstudio.text import say


def install(desk: Desk) -> Comparing:
    """Put the screen on the desk."""
    comparing = Comparing(desk)
    desk.add_commands(
        Command("view.compare", say("Compare networks…"), lambda d: d.show_screen("compare"), "View", 420,
                ("Ctrl+Shift+C",), keywords="table difference parameters macs stages factorising"),
    )  # fmt: skip
    desk.carry("compare", comparing.comparison.give, comparing.comparison.take)
    desk.on_close(comparing.comparison.stop)
    return comparing
