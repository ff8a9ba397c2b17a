"""The inspector beside the drawing."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Panel
from blockstudio.gui.inspector.inspector import Inspector
from blockstudio.text import say


def install(desk: Desk) -> Inspector:
    """Put it on the desk."""
    inspector = Inspector(desk)

    def focus(desk: Desk) -> None:
        hidden = not desk.is_shown("inspector")
        desk.set_shown("inspector", True)
        inspector.focus_first()
        if hidden and desk.session.selection:  # the drawing has less room now
            QTimer.singleShot(0, inspector, lambda: desk.reveal_wanted.emit(desk.session.selection[0]))

    desk.add_panel(Panel("inspector", "right", inspector, 240))
    desk.add_commands(
        Command("edit.rename", say("Rename or edit"), focus, "Edit", 330, ("F2",), on_drawing=True),
        Command("view.inspector", say("Inspector"), lambda d: d.set_shown("inspector", not d.is_shown("inspector")),
                "View",
                310, ("Ctrl+Alt+2",), checked=lambda d: d.is_shown("inspector")),
        Command("parameter.remove", say("Remove a parameter"), lambda d, key: inspector.remove_parameter(key),
                value=True),
    )  # fmt: skip
    return inspector
