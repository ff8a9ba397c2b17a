"""Modules on the desk: their commands, and what the inspector says of them."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from blockstudio.errors import StudioError
from blockstudio.graph.files import make_folder
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.modules import acts
from blockstudio.gui.modules.drawing import described
from blockstudio.gui.modules.section import ModuleSection
from blockstudio.text import say


def _selected(desk: Desk) -> bool:
    return bool(desk.session.selection)


def _can_ungroup(desk: Desk) -> bool:
    return bool(acts.apart(desk.session))


def _one_module(desk: Desk) -> bool:
    return bool(acts.module_of(desk.session))


def _show_folder(desk: Desk) -> None:
    folder = desk.shelf.folder
    try:
        make_folder(folder)
    except StudioError as error:
        desk.say(str(error), "problem")
        return
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def install(desk: Desk) -> None:
    """Put them on the desk."""
    desk.add_commands(
        Command("edit.group", say("Group into a module"), lambda d: acts.group_selection(d.session), "Edit", 316,
                ("Ctrl+G",), enabled=_selected, keywords="module make combine", on_drawing=True),
        Command("edit.ungroup", say("Take apart"), lambda d: acts.ungroup_selection(d.session), "Edit", 317,
                ("Ctrl+Shift+G",), enabled=_can_ungroup, keywords="ungroup module dissolve repeat unroll",
                on_drawing=True),
        Command("edit.make_unique", say("Make unique"), lambda d: acts.unique_selection(d.session), "Edit", 318,
                enabled=_one_module, keywords="module copy own definition", on_drawing=True),
        Command("module.promote", say("Make a parameter of the module"),
                lambda d, wanted: acts.promote_parameter(d.session, *wanted), value=True),
        Command("module.keep", say("Keep in your library"), acts.keep, "Edit", 319, enabled=_one_module,
                keywords="module library save share reuse", on_drawing=True),
        Command("module.replace_kept", say("Replace the one in your library"), acts.replace_kept, value=True),
        Command("module.keep_beside", say("Keep both in your library"), acts.keep_beside, value=True),
        Command("module.rename_kept", say("Rename in your library"), lambda d, wanted: acts.rename_kept(d, *wanted),
                value=True),
        Command("module.remove_kept", say("Move the module to the bin"), acts.remove_kept, value=True),
        Command("module.restore_kept", say("Take the removed module back"), acts.restore_kept,
                enabled=lambda d: d.shelf.can_restore, keywords="undo delete remove bin library"),
        Command("module.insert", say("Add a kept module"), lambda d, wanted: acts.insert(d, *wanted), value=True),
        Command("module.folder", say("Show your library's folder"), _show_folder, keywords="module library share"),
    )  # fmt: skip
    desk.shelf.picture = described
    desk.add_section("block", lambda name: ModuleSection(desk, name), 50)
