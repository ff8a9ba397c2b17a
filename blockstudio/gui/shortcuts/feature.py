"""F1 shows the keys of all commands; any of them can be changed."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.shortcuts.bindings import Bindings
from blockstudio.gui.shortcuts.sheet import ShortcutSheet
from blockstudio.text import say


def install(desk: Desk) -> Bindings:
    """Put the sheet's command on the desk."""
    bindings = Bindings(desk)

    def show(desk: Desk) -> None:
        desk.open_dialog(ShortcutSheet(desk, bindings))

    desk.add_commands(
        Command("help.shortcuts", say("Keyboard shortcuts…"), show, "Help", 90, ("F1", "Ctrl+?"),
                keywords="keys shortcut rebind help"),
    )  # fmt: skip
    return bindings
