"""The palette beside the drawing, and the problems under it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from blockstudio.analysis import Problem
from blockstudio.gui.commands.registry import COMMAND, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Panel
from blockstudio.gui.kit.text import tr
from blockstudio.gui.panels.palette import Entry, Palette
from blockstudio.gui.panels.problems_page import ProblemsButton, ProblemsPanel, counted
from blockstudio.text import say


@dataclass
class Panels:
    """What was put on the desk."""

    palette: Palette
    problems: ProblemsPanel
    button: ProblemsButton


def install(desk: Desk) -> Panels:
    """Put both on the desk."""
    palette, problems = Palette(desk.session, desk.shelf), ProblemsPanel(desk)

    def putting(entry: Entry) -> tuple[str, object]:
        """The command that puts an entry into the drawing, and its value."""
        if entry.kept is not None:
            return "module.insert", (entry.kept,)
        return "edit.add", (entry.type, entry.parameters)

    def find(desk: Desk) -> None:
        desk.set_shown("palette", True)
        palette.focus_search()

    def show(_: Desk, problem: Problem) -> None:
        problems.go(problem)

    def count(_: object = None) -> None:
        number = sum(counted(desk))
        desk.title_page("problems", tr("Problems {count}").format(count=number) if number else tr("Problems"))

    def offer(entry: Entry, at: QPoint) -> None:
        menu = QMenu(palette)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        desk.commands.offer(menu, *putting(entry), tr("Put into the drawing"))
        if entry.is_own:
            menu.addSeparator()
            rename = menu.addAction(tr("Rename"))
            rename.setProperty(COMMAND, "module.rename_kept")
            rename.triggered.connect(lambda: palette.list.editItem(palette.list.currentItem()))
            desk.commands.offer(menu, "module.remove_kept", entry.kept, tr("Move to the bin"))
            menu.addSeparator()
            desk.commands.offer(menu, "module.folder")
        menu.popup(at)

    palette.chosen.connect(lambda entry: desk.commands.run(*putting(entry)))
    palette.list.menu_wanted.connect(offer)
    palette.list.removed.connect(lambda entry: desk.commands.run("module.remove_kept", entry.kept))
    palette.list.renamed.connect(lambda entry, to: desk.commands.run("module.rename_kept", (entry.kept, to)))
    desk.on_start(desk.shelf.warm)
    desk.on_close(palette.list.rest)
    palette.left.connect(desk.focus)
    desk.add_panel(Panel("palette", "left", palette, 150, tr("Blocks")))
    desk.add_page("problems", tr("Problems"), problems, 300)
    for signal in (desk.session.edited, desk.session.opened):
        signal.connect(count)
    count()
    desk.add_commands(
        Command("view.palette", say("Palette"), lambda d: d.set_shown("palette", not d.is_shown("palette")), "View",
                300,
                ("Ctrl+Alt+1",), checked=lambda d: d.is_shown("palette")),
        Command("view.problems", say("Problems"), lambda d: d.show_page("problems"), "View", 330, ("Ctrl+Shift+M",)),
        Command("edit.find", say("Find a block type"), find, "Edit", 345, keywords="palette search add"),
        Command("problem.show", say("Show the block of a problem"), show, value=True),
    )  # fmt: skip
    button = ProblemsButton(desk)
    desk.add_item("status", button, 100)
    return Panels(palette, problems, button)
