"""What can be done on a scene without a mouse, each as one step."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from PySide6.QtCore import QPointF, QRectF

from blockstudio.analysis import Fix
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import MoveBlocks
from blockstudio.graph.operations.removing import detach_where_it_fits
from blockstudio.gui.canvas.hand.connect import judge
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.callouts import Link
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.placing import snap
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.text import say_many

ASIDE = 48.0
"""Between a chain and what is pulled out of it."""


def select_all(scene: Scene) -> None:
    """Select every block of the level, its notes and frames; not the ports of a module that is open in place."""
    drawing = scene.drawing
    scene.session.select((name for name in drawing.names if not drawing.is_hidden(name)), drawing.annotations())


def select_ends(scene: Scene) -> bool:
    """Select the blocks that have an output which nothing reads; False if there are none."""
    drawing, session = scene.drawing, scene.session
    definition, diagram = session.definition, session.diagram
    ends = []
    for name in drawing.names:
        read = {wire.source_port for wire in definition.wires_from(name)}
        open_outputs = set(diagram.output_ports(definition.block(name).type)) - read
        if open_outputs and not drawing.is_hidden(name):
            ends.append(name)
    scene.select_wires(())
    session.select(ends)
    return bool(ends)


def delete(scene: Scene, keep_cut: bool = False) -> bool:
    """Remove the selected wires and blocks as one step. The chain heals where one signal comes in and one leaves that
    fit, unless ``keep_cut``."""
    return scene.session.delete_selection(scene.marks.wires, None if keep_cut else fitting(scene))


def cut(scene: Scene) -> bool:
    """Put the selected blocks on the clipboard and take them out."""
    return scene.session.copy() and delete(scene)


def paste(surface: Surface, at: tuple[float, float] | None, pointer: QPointF | None) -> bool:
    """Add what is on the clipboard: into the wire that is selected or under the mouse, if it is a chain; else at
    ``at`` of the stage, at the mouse, on the level that is there, or beside where it was. ``pointer``: the mouse, in
    view coordinates."""
    scene = surface.scene
    into = next(iter(scene.marks.wires)) if len(scene.marks.wires) == 1 else None
    if at is None and into is None and pointer is not None:
        scene.go_to(hits.level_at(scene.root, surface.camera.to_scene(pointer)))
    x0, y0 = scene.drawing.origin
    point = None if pointer is None else on_stage(surface, pointer)
    if at is None and point is not None:
        at = point.x(), point.y()
        into = into or hits.wire_at(scene.stage, point, surface.camera.scale)
    done = scene.session.paste(None if at is None else (snap(at[0] - x0), snap(at[1] - y0)), into)
    return done and _show_selected(surface)


def duplicate(surface: Surface) -> bool:
    """Copies of the selected blocks beside them, in view."""
    return surface.scene.session.duplicate() and _show_selected(surface)


def _show_selected(surface: Surface) -> bool:
    """Bring what is selected into view, where it is not, as far as there is room for it."""
    scene, camera, view = surface.scene, surface.camera, surface.view_rect()
    rects = [scene.block_rect(name) for name in scene.session.selection]
    whole = reduce(QRectF.united, rects, QRectF())
    seen = camera.rect_to_view(whole)
    if seen.width() > view.width() or seen.height() > view.height():
        whole = rects[0]
    if rects and not view.contains(camera.rect_to_view(whole)):
        camera.reveal(whole)
    return True


def fitting(scene: Scene) -> Callable[[Wire], bool]:
    """Whether a wire that leads past blocks of the stage would be taken where it ends."""

    def fits(wire: Wire) -> bool:
        verdict = judge(scene.stage.facts, wire)
        return not (verdict.refused or verdict.warned)

    return fits


def pull_out(scene: Scene) -> bool:
    """Take the selected blocks out of their chain, which closes behind them where that fits, and put them beside it, as
    one step; False where they hang on nothing."""
    session, drawing = scene.session, scene.drawing
    names = session.selection
    edits = detach_where_it_fits(session.diagram, session.scope, names, fitting(scene))
    if not edits:
        session.message.emit(tr("They are wired to nothing else"))
        return False
    box = QRectF()
    for name in names:
        box = box.united(drawing.rect(name))
    dx, dy = (0.0, box.height() + ASIDE) if drawing.right else (box.width() + ASIDE, 0.0)
    places = {name: drawing.document_place(name) for name in names}
    to: dict[str, tuple[float, float] | None] = {name: (x + dx, y + dy) for name, (x, y) in places.items()}
    what = names[0] if len(names) == 1 else say_many("{count} block", "{count:,} blocks", len(names))
    moves = MoveBlocks(scope=session.scope, to=to)
    return session.do(phrase("Pull out {0}", what), *edits, moves, at=to[names[0]], carried=names)


def apply_fix(scene: Scene, fix: Fix) -> bool:
    """Do what a problem offers, as one step."""
    return scene.session.apply_fix(fix)


def follow_link(surface: Surface, link: Link) -> None:
    """Do what a link in a note says."""
    scene = surface.scene
    if link.command is not None and surface.commands is not None:
        id, value = link.command
        if id in surface.commands.declared:
            surface.commands.run(id, value)
    elif link.fix is not None:
        apply_fix(scene, link.fix)
    elif link.asks is not None:
        scene.session.fixes(link.asks)
