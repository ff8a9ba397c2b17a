"""Menus of the top bar, filled when they open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from blockstudio.graph.presets import preset_names
from blockstudio.gui.kit.text import tr
from blockstudio.gui.shell.actions import MENUS
from blockstudio.runs.datasets import DATASETS
from blockstudio.runs.recipe import FIELDS, get_field

if TYPE_CHECKING:
    from blockstudio.gui.shell.window import StudioWindow

BUILT_IN = 2
"""The first sets of the list come with the program; a line divides them from those that are files."""


def fill_product_menu(window: StudioWindow, menu: QMenu) -> None:
    """File, Edit, View, Run and Help as submenus, made once the commands exist."""
    menu.aboutToShow.connect(lambda: _fill_product(window, menu))


def _fill_product(window: StudioWindow, menu: QMenu) -> None:
    menu.clear()
    window.commands.refresh()
    for name in MENUS:
        sub = menu.addMenu(tr(name))
        sub.setToolTipsVisible(True)
        more = {"file.presets": lambda sub: _presets(window, sub), "file.open": lambda sub: _recent(window, sub)}
        window.commands.fill(sub, name, more)


def _presets(window: StudioWindow, menu: QMenu) -> None:
    sub = menu.addMenu(tr("Preset"))
    for name in preset_names():
        sub.addAction(name, lambda name=name: window.documents.open(name))


def _recent(window: StudioWindow, menu: QMenu) -> None:
    files = window.documents.recent()
    sub = menu.addMenu(tr("Recent files"))
    sub.setEnabled(bool(files))
    for file in files:
        sub.addAction(file.name, lambda file=file: window.documents.open(file)).setToolTip(str(file))


def fill_data_menu(window: StudioWindow, menu: QMenu) -> None:
    """Named sets, then a folder of one's own."""
    chosen = window.trainer.recipe.data.source
    menu.setToolTipsVisible(True)
    for index, (name, known) in enumerate(DATASETS.items()):
        if index == BUILT_IN:
            menu.addSeparator()
        action = menu.addAction(known.title)
        action.setToolTip(known.help)
        action.setCheckable(True)
        action.setChecked(name == chosen)
        action.triggered.connect(lambda _=False, name=name: window.trainer.set_fields({"data.source": name}))
    menu.addSeparator()
    folder = menu.addAction(tr("Folder of images…") if chosen in DATASETS else tr("Folder: {name}").format(name=chosen))
    folder.setCheckable(True)
    folder.setChecked(chosen not in DATASETS)
    folder.triggered.connect(lambda _=False: window.ask_data_folder())


def fill_device_menu(window: StudioWindow, menu: QMenu) -> None:
    """Devices and precisions."""
    for path in ("device", "precision"):
        for choice in FIELDS[path].choices:
            action = menu.addAction(choice)
            action.setCheckable(True)
            action.setChecked(get_field(window.trainer.recipe, path) == choice)
            action.triggered.connect(
                lambda _=False, path=path, choice=choice: window.trainer.set_fields({path: choice})
            )
        menu.addSeparator()
