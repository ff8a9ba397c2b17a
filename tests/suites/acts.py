"""Steps at random that between them make every kind of edit."""

from __future__ import annotations

import random
from collections.abc import Callable

from blockstudio.blocks import Parameter
from blockstudio.graph.annotations import COLOURS, Frame, Note
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import (
    AddModule,
    Edit,
    RemoveModule,
    RenameModule,
    SetDeclarations,
    SetDefault,
    SetFrame,
    SetNote,
    SetRoute,
    SetTexts,
)
from blockstudio.graph.operations.grouping import group
from blockstudio.graph.operations.promoting import promote
from blockstudio.graph.operations.replacing import make_unique, stand_in
from blockstudio.graph.operations.switching import set_pinned
from blockstudio.graph.operations.ungrouping import ungroup

KINDS = ("Conv2d", "ReLU", "BatchNorm2d", "Add", "Concat", "MaxPool2d", "Unit")


def steps(diagram: Diagram, drawn: random.Random, turn: int) -> dict[str, Callable[[], object]]:
    """What may be done next by name, all of it drawn already; new names hold ``turn``."""
    scope = drawn.choice(["", "", "", *diagram.modules])
    definition = diagram.definition(scope)
    names = list(definition.graph) or ["none"]
    name, other = drawn.choice(names), drawn.choice(names)
    wire = drawn.choice(definition.wires() or [None])
    module = drawn.choice([*diagram.modules] or ["none"])
    declared = diagram.declared(definition.block(name).type) if name in definition else {}
    key = drawn.choice([*declared] or ["none"])
    place = (drawn.uniform(-99.0, 99.0), drawn.uniform(-99.0, 99.0))
    number, flag = drawn.randrange(1, 99), drawn.choice([True, False])
    kind, colour = drawn.choice(KINDS), drawn.choice(COLOURS)
    times = drawn.choice([None, 2, "planes"])
    note, frame = drawn.choice([*definition.notes] or [f"note_{turn}"]), drawn.choice([*definition.frames] or ["none"])
    own = drawn.choice([*definition.parameters] or ["none"])
    sheet = Note(text=f"# {turn} 网络", at=place, colour=colour)
    more = Parameter(kind="int", default=number, minimum=1)

    def edits(*found: Edit) -> Callable[[], object]:
        return lambda: diagram.edit("Random", found)

    return {
        "add": lambda: diagram.add(kind, f"b{turn}", scope=scope),
        "connect": lambda: diagram.connect(name, other, scope=scope),
        "set": lambda: diagram.set(name, scope=scope, out_channels=number),
        "rename": lambda: diagram.rename(name, f"n{turn}", scope=scope),
        "remove": lambda: diagram.remove(name, scope=scope),
        "move": lambda: diagram.move(name, *place, scope=scope),
        "bypass": lambda: diagram.bypass(name, flag, scope=scope),
        "repeat": lambda: diagram.repeat(name, times, scope=scope),
        "remark": lambda: diagram.note(name, f"note {turn} ä 网络", scope=scope),
        "pin": lambda: diagram.edit("Pin", set_pinned(diagram, scope, {name: place}, flag)),
        "replace": lambda: diagram.edit("Replace", stand_in(diagram, scope, name, kind, {})),
        "route": edits(*([] if wire is None else [SetRoute(scope=scope, wire=wire, route=(place,))])),
        "note": edits(SetNote(scope=scope, name=f"note_{turn}", note=sheet)),
        "note away": edits(SetNote(scope=scope, name=note, note=None)),
        "frame": edits(SetFrame(scope=scope, name=f"frame_{turn}", frame=Frame(blocks=(name,), title=f"{turn}"))),
        "frame away": edits(SetFrame(scope=scope, name=frame, frame=None)),
        "texts": edits(SetTexts(name=f"victim {turn}", description=f"of {turn}", about={"turn": str(turn)})),
        "default": edits(SetDefault(scope=scope, key=own, value=number)),
        "declare": edits(SetDeclarations(scope=scope, parameters={**definition.parameters, f"p{turn}": more})),
        "module": edits(AddModule(name=f"M{turn}", description=f"made {turn}")),
        "module renamed": edits(RenameModule(name=module, to=f"R{turn}")),
        "module away": edits(RemoveModule(name=module)),
        "group": lambda: diagram.edit("Group", group(diagram, scope, dict.fromkeys((name, other))).edits),
        "ungroup": lambda: diagram.edit("Ungroup", ungroup(diagram, scope, name)),
        "unique": lambda: diagram.edit("Unique", make_unique(diagram, scope, name)),
        "promote": lambda: diagram.edit("Promote", promote(diagram, scope, name, key)[1]),
        "undo": diagram.undo,
        "redo": diagram.redo,
    }


OFTEN = ("add", "add", "add", "connect", "connect", "connect")
"""So that there is something to do the rest with."""
