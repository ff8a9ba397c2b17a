"""What can be done with the window itself."""

from __future__ import annotations

from PySide6.QtWidgets import QToolButton

from blockstudio.gui.commands.command_line import CommandLine
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.gui.shell import language
from blockstudio.gui.shell.colours import Colours
from blockstudio.text import say
from blockstudio.version import __version__


def _about(desk: Desk) -> None:
    text = tr("Block Studio {version}. Draw convolutional networks, see every shape and cost, train them.")
    desk.say(text.format(version=__version__))


def commands(colours: Colours, line: CommandLine, product: QToolButton) -> tuple[Command[Desk], ...]:
    """The commands of one window."""

    def close(desk: Desk) -> None:
        if desk.window is not None:
            desk.window.close()

    return (
        Command("file.quit", say("Quit"), close, "File", 390, ("Ctrl+Q",)),
        Command("view.bottom", say("Run, recipe and problems"),
                lambda d: d.set_shown("bottom", not d.is_shown("bottom")), "View", 320, ("Ctrl+Alt+3", "Ctrl+J"),
                checked=lambda d: d.is_shown("bottom")),
        Command("view.light", say("Light colours"), lambda d: colours.choose("light"), "View", 500,
                checked=lambda d: colours.chosen == "light", keywords="theme"),
        Command("view.dark", say("Dark colours"), lambda d: colours.choose("dark"), "View", 510,
                checked=lambda d: colours.chosen == "dark", keywords="theme night"),
        Command("view.system", say("Colours of the system"), lambda d: colours.choose("system"), "View", 520,
                checked=lambda d: colours.chosen == "system", keywords="theme"),
        Command("view.language", say("Language"), language.choose, "View", 530, choices=language.choices,
                keywords="english chinese translation"),
        Command("help.commands", say("All commands…"), lambda d: line.popup(), "Help", 100, ("Ctrl+K", "Ctrl+Shift+P")),
        Command("help.menu", say("Menu"), lambda d: product.showMenu(), "", 0, ("F10",)),
        Command("help.about", say("About Block Studio"), _about, "Help", 110),
    )  # fmt: skip
