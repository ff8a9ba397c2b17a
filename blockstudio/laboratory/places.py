"""Places in a network that can be asked for: what a block, or a module as a whole, hands on."""

from __future__ import annotations

from blockstudio.blocks import Shape
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import suggestion
from blockstudio.graph.expand import Port
from blockstudio.laboratory.subject import Subject
from blockstudio.text import say


def place_of(subject: Subject, block: str, *, maps: bool = False) -> Port:
    """The value that a block hands on.

    Args:
        subject: Whose network.
        block: Path of a block (``layer1.0.conv1``), or of a module or repeated part (``layer1.0``, ``layer1``) with one
            value that goes on.
        maps: Refuse what is no feature map.

    Raises:
        StudioError: ``lab.block`` if there is none, several, or no map.
    """
    trunk = subject.trunk
    order = [name for unit in trunk.units for name in unit.blocks]
    inside = {name for name in order if name == block or name.startswith(f"{block}.")}
    if not inside:
        hint = suggestion(block, list(dict.fromkeys([*(unit.name for unit in trunk.units), *order])))
        raise StudioError("lab.block", say("there is no block of this name on the way to the output."), where=block,
                          hint=hint)  # fmt: skip
    result = trunk.units[-1].result
    leaving = {
        Port(wire.source, wire.source_port)
        for name, wires in trunk.wires.items() if name not in inside
        for wire in wires if wire.source in inside
    }  # fmt: skip
    if result.path in inside:
        leaving.add(result)
    if len(leaving) != 1:
        raise StudioError("lab.block", say("hands on {count} values, so it is not clear which is meant.",
                                           count=len(leaving)), where=block)  # fmt: skip
    (place,) = leaving
    if maps and len(shape_at(subject, place)) != 3:
        text = say("gives {shape}, no feature maps.", shape="×".join(map(str, shape_at(subject, place))))
        raise StudioError("lab.block", text, where=block)
    return place


def shape_at(subject: Subject, place: Port) -> Shape:
    """``(C, H, W)`` or ``(F,)``."""
    return subject.trunk.analysis.blocks[place.path].output_shapes[place.port]
