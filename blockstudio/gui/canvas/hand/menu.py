"""The context menu of the drawing."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMenu, QWidget

from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.commands.registry import Commands
from blockstudio.gui.kit.text import tr

ON_NOTHING = (
    "edit.search",
    "edit.note",
    "edit.select_all",
    "",
    "view.arrange",
    "view.columns",
    "view.open_all",
    "view.close_all",
    "view.fit",
)
ON_WIRES = ("edit.search", "wire.earlier", "wire.later", "wire.free", "", "edit.delete")
ON_BLOCKS = (
    "edit.search", "edit.replace", "edit.pull_out", "edit.connect", "edit.wire_in_order", "edit.align",
    "edit.straighten", "edit.swap", "",
    "view.arrange_selection", "view.pin", "edit.unroll", "",
    "edit.bypass", "edit.freeze", "",
    "refactor.to", "edit.group", "edit.ungroup", "edit.make_unique", "edit.frame", "",
    "edit.cut", "edit.copy", "edit.duplicate", "edit.delete", "edit.delete_cut",
)  # fmt: skip
ON_ANNOTATIONS = ("edit.write", "edit.annotation_colour", "", "edit.cut", "edit.copy", "edit.duplicate", "edit.delete")
ON_MODULES = ("view.enter", "view.frame", "view.arrange_inside", "")
"""Commands; an empty one is a line between groups."""


def menu_at(surface: Surface, at: QPointF, parent: QWidget) -> QMenu:
    """What can be done with what lies at a point of the view; selects the block there first. It is about what is
    selected then, so it goes when the document changes."""
    scene, camera = surface.scene, surface.camera
    menu = QMenu(parent)
    found = hits.hit(scene.root, camera.to_scene(at), camera.scale, scene.marks.selected)
    scene.go_to(found.stage)
    scene.followed.connect(menu.close)
    name = found.name
    if found.wire is not None:
        scene.select_wires([found.wire])
        _offer(surface, menu, ON_WIRES)
    elif found.annotation is not None:
        if found.annotation not in scene.session.noted:
            scene.select_wires(())
            scene.session.select((), [found.annotation])
        _offer(surface, menu, ON_ANNOTATIONS)
    elif name is None:
        point = on_stage(surface, at)
        if surface.commands is not None:
            surface.commands.offer(menu, "edit.paste", (point.x(), point.y()), tr("Paste here"))
        _offer(surface, menu, ON_NOTHING)
        if scene.session.path:
            _offer(surface, menu, ("", "view.leave"))
    else:
        if name not in scene.session.selection:
            scene.select_wires(())
            scene.session.select([name])
        _offer(surface, menu, (*(ON_MODULES if scene.is_module(name) else ()), *ON_BLOCKS))
    return menu


def _offer(surface: Surface, menu: QMenu, ids: tuple[str, ...]) -> None:
    """Put those of the commands into a menu that this desk has and that can be done now."""
    commands = surface.commands
    if commands is None:
        return
    commands.refresh()
    for id in ids:
        if not id:
            menu.addSeparator()
        elif id not in commands.declared or not commands.is_possible(id):
            continue
        elif commands.declared[id].choices is None:
            commands.offer(menu, id)
        else:
            more = menu.addMenu(tr(commands.declared[id].text))
            if commands.declared[id].lazy:
                more.aboutToShow.connect(partial(_fill, commands, more, id))
            else:
                commands.fill_choices(more, id)


def _fill(commands: Commands[Any], menu: QMenu, id: str) -> None:
    if menu.isEmpty():
        commands.fill_choices(menu, id)
