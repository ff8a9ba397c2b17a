"""The context menu of the drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMenu

from blockstudio.graph.edits import Edit, SetBlock
from blockstudio.gui.canvas.hand import dropping
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.kit.text import tr

if TYPE_CHECKING:
    from blockstudio.gui.canvas.canvas import Canvas


def menu_at(canvas: Canvas, at: QPointF) -> QMenu:
    """What can be done with what lies at a point of the viewport; selects the block there first."""
    menu = QMenu(canvas)
    found = hits.hit(canvas.root, canvas.camera.to_scene(at), canvas.camera.scale)
    canvas.go_to(found.stage)
    name = found.name
    if found.wire is not None:
        canvas.select_wires([found.wire])
        menu.addAction(tr("Delete wire"), canvas.delete)
        return menu
    if name is None:
        _on_nothing(canvas, menu, at)
        return menu
    if name not in canvas.session.selection:
        canvas.select_wires(())
        canvas.session.select([name])
    _on_blocks(canvas, menu, name)
    return menu


def _on_nothing(canvas: Canvas, menu: QMenu, at: QPointF) -> None:
    session = canvas.session
    point = canvas.to_stage(at)
    menu.addAction(tr("Paste here"), lambda: session.paste((point.x(), point.y())))
    menu.addAction(tr("Select all"), canvas.select_all)
    menu.addSeparator()
    menu.addAction(tr("Arrange"), session.arrange)
    menu.addAction(tr("Fit in window"), canvas.fit)
    if session.path:
        menu.addSeparator()
        menu.addAction(tr("Leave {0}", session.scope), session.leave)


def _on_blocks(canvas: Canvas, menu: QMenu, name: str) -> None:
    session = canvas.session
    if session.definition.block(name).type in session.diagram.modules:
        menu.addAction(tr("Enter {0}", name), lambda: session.enter(name))
        menu.addAction(tr("Close") if canvas.is_open(name) else tr("Open in place"), lambda: canvas.toggle_frame(name))
        menu.addSeparator()
    if len(session.selection) > 1:
        menu.addAction(tr("Wire in this order"), lambda: dropping.wire_in_order(canvas))
    off = all(session.definition.block(each).bypass is True for each in session.selection)
    menu.addAction(tr("Switch on") if off else tr("Bypass"), lambda: bypass(canvas, not off))
    menu.addSeparator()
    menu.addAction(tr("Cut"), session.cut)
    menu.addAction(tr("Copy"), session.copy)
    menu.addAction(tr("Duplicate"), session.duplicate)
    menu.addAction(tr("Delete"), canvas.delete)


def bypass(canvas: Canvas, off: bool) -> bool:
    """Switch the selected blocks off or on, as one step."""
    session = canvas.session
    edits: list[Edit] = [
        SetBlock(
            scope=session.scope, name=name, block=msgspec.structs.replace(session.definition.block(name), bypass=off)
        )
        for name in session.selection
    ]
    what = session.selection[0] if len(edits) == 1 else tr("{0} blocks", len(edits))
    return session.do(tr("Bypass {0}", what) if off else tr("Switch {0} on", what), *edits)
