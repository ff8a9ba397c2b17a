"""Wires by command: between what is selected, and among the inputs of a merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.connecting import connect, order_input
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.kit.text import phrase, tr, tr_many


def outputs(scene: Scene, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The first outputs of blocks, in the order of the drawing; those without one are left out."""
    diagram, definition = scene.session.diagram, scene.session.definition
    ports = {name: diagram.output_ports(definition.block(name).type) for name in in_order(scene.drawing, names)}
    return tuple((name, found[0]) for name, found in ports.items() if found)


def in_order(drawing: Drawing, names: Iterable[str]) -> list[str]:
    """Blocks from left to right, of one column from top to bottom: as the inputs of a merge read them; where the
    signal goes to the right, from top to bottom."""
    there = [name for name in dict.fromkeys(names) if name in drawing.rows]
    middles = {name: drawing.rect(name).center() for name in there}
    if drawing.right:
        return sorted(there, key=lambda name: (middles[name].y(), middles[name].x()))
    return sorted(there, key=lambda name: (middles[name].x(), middles[name].y()))


def connect_selected(scene: Scene) -> bool:
    """Wire what is selected to the block that was selected last, in the order of the drawing, as one step."""
    *sources, target = scene.session.selection
    return connect_to(scene, sources, target)


def connect_to(scene: Scene, names: Sequence[str], target: str, port: str = "") -> bool:
    """Wire blocks, in the order of the drawing, to one, as one step; False, and said why, if that cannot be."""
    session, sources = scene.session, in_order(scene.drawing, names)
    what = sources[0] if len(sources) == 1 else tr_many("{count} block", "{count:,} blocks", len(sources))
    return _do(
        scene,
        tr("Wire {0} to {1}", what, target),
        lambda: connect(session.diagram, session.scope, sources, target, port),
    )


def move_input(scene: Scene, by: int) -> bool:
    """Move the selected wire to the next place among the inputs of its merge, as one step; it stays selected."""
    session = scene.session
    wire = ordered_wire(scene)
    if wire is None:
        return False
    ports = [each.target_port for each in session.definition.wires_into(wire.target)]
    place = ports.index(wire.target_port) + by
    if not 0 <= place < len(ports):
        return False
    label = phrase("Order the inputs of {0}", wire.target)
    done = _do(scene, label, lambda: order_input(session.diagram, session.scope, wire, ports[place]))
    if done:
        scene.select_wires([wire._replace(target_port=ports[place])])
    return done


def next_wire(scene: Scene) -> bool:
    """Select a wire by key: the first into the block that is selected, then the next into the same block."""
    session, chosen = scene.session, scene.marks.wires
    if len(chosen) == 1:
        (wire,) = chosen
        wires = session.definition.wires_into(wire.target) if wire.target in session.definition else []
        place = wires.index(wire) + 1 if wire in wires else 0
    else:
        wires = session.definition.wires_into(session.selection[-1]) if session.selection else []
        place = 0
    if wires:
        scene.select_wires([wires[place % len(wires)]])
    return bool(wires)


def ordered_wire(scene: Scene) -> Wire | None:
    """The selected wire, if it is the only one and runs into one of several inputs of a merge."""
    if len(scene.marks.wires) != 1:
        return None
    (wire,) = scene.marks.wires
    session = scene.session
    if wire.target not in session.definition or wire not in session.definition.wires_into(wire.target):
        return None
    variadic = session.diagram.is_variadic(session.definition.block(wire.target).type)
    return wire if variadic and len(session.definition.wires_into(wire.target)) > 1 else None


def _do(scene: Scene, label: str, edits: Callable[[], Sequence[Edit]]) -> bool:
    """Carry out what an operation gives; what it refuses is said."""
    try:
        found = edits()
    except StudioError as error:
        scene.session.refused.emit(str(error))
        return False
    return bool(found) and scene.session.do(label, *found)
