"""What makes two diagrams the same network drawn for other sizes."""

from __future__ import annotations

from typing import TypeAlias

from blockstudio.graph.definition import Wire
from blockstudio.graph.diagram import Diagram

Structure: TypeAlias = dict[str, tuple[dict[str, str], frozenset[Wire]]]


def structure(diagram: Diagram) -> Structure:
    """The types of all blocks by their names, and their wires, for each definition. Parameters, names of diagrams and
    places on the canvas do not count."""
    definitions = {"": diagram.main, **diagram.modules}
    return {
        scope: ({name: block.type for name, block in each.blocks()}, frozenset(each.wires()))
        for scope, each in definitions.items()
    }
