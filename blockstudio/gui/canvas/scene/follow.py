"""From the edits of one step to the rows of the drawing that they concern."""

from __future__ import annotations

from blockstudio.blocks import PORTS
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import (
    AddBlock,
    AddModule,
    AddWire,
    Edit,
    MoveBlocks,
    RemoveBlock,
    RemoveModule,
    RemoveWire,
    RenameBlock,
    RenameModule,
    SetBlock,
    SetFrame,
    SetNote,
    SetRoute,
)
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.placing import settle


def follow(drawing: Drawing, edits: tuple[Edit, ...]) -> bool:
    """Bring a drawing up to date; False if it must be built anew (ports of instances changed)."""
    definition = drawing.definition
    names: dict[str, None] = {}
    placed: dict[str, None] = {}
    wires: dict[Wire, None] = {}
    led: dict[Wire, None] = {}
    annotated = False
    for edit in edits:
        if isinstance(edit, RenameModule):
            return False
        if isinstance(edit, AddModule | RemoveModule):
            continue
        if edit.scope != drawing.scope:
            if drawing.wants_frames or _changes_ports(drawing, edit):
                return False
            continue
        match edit:
            case AddBlock(name=name) | RemoveBlock(name=name):
                names[name] = None
            case SetBlock(name=name):
                placed[name] = None
            case RenameBlock(name=old, to=new):
                if drawing.wants_frames:
                    return False
                if old in drawing.places:
                    drawing.places[new] = drawing.places[old]
                names |= {old: None, new: None}
                wires |= dict.fromkeys(wire for wire in drawing.wires if old in (wire.source, wire.target))
                if new in definition:
                    wires |= dict.fromkeys([*definition.wires_into(new), *definition.wires_from(new)])
            case MoveBlocks(to=to):
                placed |= dict.fromkeys(to)
            case SetRoute(wire=wire):
                led[wire] = None
            case SetNote() | SetFrame():
                annotated = True
            case AddWire(wire=wire) | RemoveWire(wire=wire):
                wires[wire] = led[wire] = None
    # A block that went and came again in one step may be another block.
    again = {name for name in names if name in drawing.rows and name in definition}
    if again:
        wires |= dict.fromkeys(wire for wire in drawing.wires if wire.source in again or wire.target in again)
        for name in again:
            wires |= dict.fromkeys([*definition.wires_into(name), *definition.wires_from(name)])
    there = {
        wire for wire in wires if definition.wire_into(wire.target, wire.target_port) == (wire.source, wire.source_port)
    }
    came = [name for name in names if name in definition and (name not in drawing.rows or name in again)]
    if drawing.wants_frames and (came or any(name not in definition for name in names)):
        return False
    drawing.disconnect(wire for wire in wires if wire not in there or wire.source in again or wire.target in again)
    for name in names:
        if name in drawing.rows and (name not in definition or name in again):
            drawing.remove(name)
    for name in came:
        known = drawing.block(name).at is not None or name in drawing.places
        drawing.add(name, None if known else settle(drawing, name))
    if placed:
        drawing.moved(placed)
    drawing.connect(wire for wire in wires if wire in there)
    routes = definition.routes
    for wire in led:
        if wire in routes or wire in drawing.led:
            drawing.lead(wire)
    if annotated:
        drawing.annotate()
    return True


def _changes_ports(drawing: Drawing, edit: Edit) -> bool:
    """Whether an edit inside a module changes the ports of its instances on this level."""
    match edit:
        case AddBlock(block=block):
            return block.type in PORTS and bool(drawing.definition.of_type(edit.scope))
        case RemoveBlock() | RenameBlock():
            return bool(drawing.definition.of_type(edit.scope))
    return False
