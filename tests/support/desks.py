"""Desks without a window, for tests of one feature."""

from __future__ import annotations

from blockstudio.gui.document.desk import Desk
from tests.support.leavings import end_qt


def end_desk(desk: Desk) -> None:
    """Close a desk and delete what its features put there, which a window would own."""
    desk.close()
    widgets = [desk.toasts, *desk.made_screens(), *([desk.drawing] if desk.drawing is not None else [])]
    widgets += [place.widget for place in (*desk.pages.values(), *desk.panels.values())]
    widgets += [page.tools for page in desk.pages.values() if page.tools is not None]
    widgets += [widget for items in desk.items.values() for _, widget in items]
    for widget in widgets:
        widget.hide()
        widget.deleteLater()
    desk.deleteLater()
    end_qt()
