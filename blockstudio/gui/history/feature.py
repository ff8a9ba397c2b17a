"""The page *History*, and the way back to what is saved."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.history.page import HistoryPage
from blockstudio.gui.kit.text import tr
from blockstudio.text import say


def _show(desk: Desk, page: HistoryPage) -> None:
    desk.show_page("history")
    page.list.setFocus()


def _revert(desk: Desk) -> None:
    """By the steps, which redo brings back; where the saved one is gone from them, by the file."""
    document = desk.session.document
    history = document.diagram.history
    place = history.place_of(document.saved_at)
    if place is not None:
        history.go_to(place)
    elif document.file is not None:
        desk.documents.reload(document)


def _can_revert(desk: Desk) -> bool:
    document = desk.session.document
    known = document.diagram.history.place_of(document.saved_at) is not None
    return document.dirty and (known or document.file is not None)


def install(desk: Desk) -> HistoryPage:
    """Put the page on the desk."""
    page = HistoryPage(desk)
    desk.add_page("history", tr("History"), page, 500)
    desk.add_commands(
        Command("view.history", say("History"), lambda d: _show(d, page), "View", 335, ("Ctrl+Alt+Z",),
                keywords="undo redo steps list"),
        Command("file.revert", say("Revert to saved"), _revert, "File", 215, enabled=_can_revert,
                keywords="undo all discard changes"),
    )  # fmt: skip
    return page
