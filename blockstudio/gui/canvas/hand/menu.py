"""The context menu of the drawing."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMenu, QWidget

from blockstudio.graph.edits import Edit, SetBlock
from blockstudio.gui.canvas.hand import acts, dropping
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.kit.text import tr


def menu_at(surface: Surface, at: QPointF, parent: QWidget) -> QMenu:
    """What can be done with what lies at a point of the view; selects the block there first. It knows blocks by
    name, so it goes when the document changes."""
    scene, camera = surface.scene, surface.camera
    menu = QMenu(parent)
    found = hits.hit(scene.root, camera.to_scene(at), camera.scale)
    scene.go_to(found.stage)
    scene.followed.connect(menu.close)
    name = found.name
    if found.wire is not None:
        scene.select_wires([found.wire])
        menu.addAction(tr("Delete wire"), lambda: acts.delete(scene))
        return menu
    if name is None:
        _on_nothing(surface, menu, at)
        return menu
    if name not in scene.session.selection:
        scene.select_wires(())
        scene.session.select([name])
    _on_blocks(surface, menu, name)
    return menu


def _on_nothing(surface: Surface, menu: QMenu, at: QPointF) -> None:
    scene, session = surface.scene, surface.scene.session
    point = on_stage(surface, at)
    menu.addAction(tr("Paste here"), lambda: session.paste((point.x(), point.y())))
    menu.addAction(tr("Select all"), lambda: acts.select_all(scene))
    menu.addSeparator()
    menu.addAction(tr("Arrange"), session.arrange)
    menu.addAction(tr("Fit in window"), surface.camera.fit)
    if session.path:
        menu.addSeparator()
        menu.addAction(tr("Leave {0}", session.scope), session.leave)


def _on_blocks(surface: Surface, menu: QMenu, name: str) -> None:
    scene, session = surface.scene, surface.scene.session
    if session.definition.block(name).type in session.diagram.modules:
        menu.addAction(tr("Enter {0}", name), lambda: session.enter(name))
        menu.addAction(tr("Close") if scene.is_open(name) else tr("Open in place"), lambda: surface.toggle_frame(name))
        menu.addSeparator()
    if len(session.selection) > 1:
        menu.addAction(tr("Wire in this order"), lambda: dropping.wire_in_order(scene))
    off = all(session.definition.block(each).bypass is True for each in session.selection)
    menu.addAction(tr("Switch on") if off else tr("Bypass"), lambda: bypass(scene, not off))
    menu.addSeparator()
    menu.addAction(tr("Cut"), session.cut)
    menu.addAction(tr("Copy"), session.copy)
    menu.addAction(tr("Duplicate"), session.duplicate)
    menu.addAction(tr("Delete"), lambda: acts.delete(scene))


def bypass(scene: Scene, off: bool) -> bool:
    """Switch the selected blocks off or on, as one step."""
    session = scene.session
    edits: list[Edit] = [
        SetBlock(
            scope=session.scope, name=name, block=msgspec.structs.replace(session.definition.block(name), bypass=off)
        )
        for name in session.selection
    ]
    what = session.selection[0] if len(edits) == 1 else tr("{0} blocks", len(edits))
    return session.do(tr("Bypass {0}", what) if off else tr("Switch {0} on", what), *edits)
