"""*Save picture…*"""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.figure.dialog import FigureExport
from blockstudio.text import say


def install(desk: Desk) -> FigureExport:
    """Put pictures on the desk."""
    figures = FigureExport(desk)
    desk.add_commands(
        Command("file.picture", say("Save picture…"), lambda d: figures.ask(), "File", 220,
                enabled=lambda d: d.drawing is not None, keywords="export figure paper svg pdf png image"),
    )  # fmt: skip
    desk.on_close(figures.stop)
    return figures
