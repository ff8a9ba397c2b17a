"""Setting what is selected in order: on one line, at equal gaps, under one another; exchanging two blocks."""

from __future__ import annotations

from collections.abc import Callable

from blockstudio.errors import StudioError
from blockstudio.graph.edits import MoveBlocks
from blockstudio.graph.operations.swapping import swap
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.layout.aligning import Axis, Edge, Place, aligned, distributed, straightened
from blockstudio.layout.box import Size


def align(scene: Scene, edge: Edge) -> bool:
    """Bring the selected cards on one line, as one step."""
    return _move(
        scene,
        phrase("Align {0} blocks", len(scene.session.selection)),
        lambda places, sizes: aligned(places, sizes, edge),
    )


def distribute(scene: Scene, axis: Axis) -> bool:
    """Make the gaps between the selected cards equal, as one step."""
    return _move(
        scene,
        phrase("Distribute {0} blocks", len(scene.session.selection)),
        lambda places, sizes: distributed(places, sizes, axis),
    )


def straighten(scene: Scene) -> bool:
    """Put the selected blocks, or all of the level, under what feeds them (or beside it, where the signal goes to the
    right), as one step."""
    session, drawing = scene.session, scene.drawing
    chosen = session.selection or drawing.names
    count = len(session.selection)
    label = phrase("Straighten {0} blocks", count) if count else phrase("Straighten the wires")
    return _move(
        scene,
        label,
        lambda places, sizes: straightened(session.diagram, session.scope, places, sizes, chosen, drawing.right),
        True,
    )


def swap_selected(scene: Scene) -> bool:
    """Exchange the two selected blocks, as one step."""
    session = scene.session
    first, second = session.selection
    try:
        edits = swap(session.diagram, session.scope, first, second)
    except StudioError as error:
        session.refused.emit(str(error))
        return False
    loose = scene.loose_places()
    if loose:  # places that nobody chose change as well
        kept = {**loose, **{a: loose.get(b) for a, b in ((first, second), (second, first)) if b in loose}}
        edits = (*edits, MoveBlocks(scope=session.scope, to=dict(kept)))
    return session.do(phrase("Swap {0} and {1}", first, second), *edits)


Moved = Callable[[dict[str, Place], dict[str, Size]], dict[str, Place]]


def _move(scene: Scene, label: str, moved: Moved, all: bool = False) -> bool:
    """Carry out what a layout gives for the places of the selected cards, or of ``all``."""
    session, drawing = scene.session, scene.drawing
    names = [name for name in (drawing.names if all else session.selection) if not drawing.is_hidden(name)]
    places = {name: drawing.document_place(name) for name in names}
    sizes = {name: drawing.card_size(name) for name in names}
    to = moved(places, sizes)
    if not to:
        session.message.emit(tr("They stand so already"))
        return False
    return session.do(label, MoveBlocks(scope=session.scope, to={**scene.loose_places(), **to}))
